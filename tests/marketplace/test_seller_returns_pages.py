"""A seller calls off what they cannot send, and decides about what comes back, on their pages."""

import pytest
from tests.marketplace.conftest import Market, of
from tests.marketplace.test_one_payment_many_sellers import parts
from tests.marketplace.test_paying_sellers import delivered
from tests.marketplace.test_seller_pages import Browse, browse
from tests.news import sound
from tests.worlds import buy

from farthing import cancellations, inventory, payments, returns
from farthing.lifecycles import ReturnStatus
from farthing.returns import Asked, Return
from farthing.seller_orders import SellerOrder

__all__ = ["browse"]


async def asked_back(market: Market, part: SellerOrder, quantity: int) -> Return:
    asked = [Asked(part.lines[0].line_id, quantity, "changed_mind")]
    policy = market.world.catalog.returns
    return await market.do(lambda tx: returns.request(tx, part.id, asked, message="Too bright <b>by far</b>", policy=policy))


async def test_what_a_seller_cannot_send_is_called_off_once_and_the_buyer_has_their_money(
    market: Market, browse: Browse
) -> None:
    lamp = await market.lists(market.grace, "lamp", 2000)
    order = await buy(market.world, market.account, of(lamp, 3))
    (part,) = await parts(market, order)
    line, path = str(part.lines[0].line_id), f"/seller/orders/{part.id}/cancellation"
    form = {f"units:{line}": "1", f"left:{line}": "3", "why": "One is broken."}
    async with browse("grace") as grace, browse("linus") as linus:
        assert "What you cannot send" in (await grace.get(path)).text
        assert (await linus.get(path)).status_code == 404
        assert (await linus.post(path, **form)).status_code == 404
        for wrong in ({f"units:{line}": "4"}, {f"units:{line}": "0"}, {f"left:{line}": "2"}):
            assert (await grace.post(path, **form | wrong)).status_code // 100 == 4, wrong
        assert "The buyer has their money back" in (await grace.follow(await grace.post(path, **form))).replace(
            "the b", "The b"
        )
        again = await grace.post(path, **form)
        assert (again.status_code, "Look again" in again.text) == (409, True)
    (made,) = await market.do(lambda tx: cancellations.of_order(tx, order.id))
    assert (made.party, made.lines[0][1], made.reason) == ("seller", 1, "One is broken.")
    (refund,) = await market.do(lambda tx: payments.refunds_of_order(tx, order.id))
    assert refund.money.amount == 2000
    assert await sound(market.world)


@pytest.mark.parametrize("ending", ["declined", "taken back"])
async def test_a_seller_decides_about_what_comes_back(market: Market, browse: Browse, ending: str) -> None:
    lamp = await market.lists(market.grace, "lamp", 2000)
    order = await buy(market.world, market.account, of(lamp, 2))
    await delivered(market, order)
    (part,) = await parts(market, order)
    back = await asked_back(market, part, 2)
    line, path = str(part.lines[0].line_id), f"/seller/orders/returns/{back.id}"
    async with browse("grace") as grace, browse("linus") as linus:
        for way in ("", "/approval", "/decline", "/receipt"):
            refused = await (linus.post(path + way, note="x") if way else linus.get(path))
            assert refused.status_code == 404, way
        assert back.number in (await grace.get("/seller/orders/returns")).text
        page = (await grace.get(path)).text
        assert ("Too bright &lt;b&gt;by far" in page, "changed their mind" in page) == (True, True)
        if ending == "declined":
            assert "Say why" in (await grace.post(f"{path}/decline")).text
            assert "Declined" in await grace.follow(await grace.post(f"{path}/decline", note="It was used."))
        else:
            assert "To be sent back" in await grace.follow(await grace.post(f"{path}/approval"))
            came = {f"shelf:{line}": "1", f"lost:{line}": "1"}
            assert "whole number" in (await grace.post(f"{path}/receipt", **came | {f"shelf:{line}": "-1"})).text
            assert (await grace.post(f"{path}/receipt", **came | {f"lost:{line}": "2"})).status_code // 100 == 4
            assert "It is taken in" in await grace.follow(await grace.post(f"{path}/receipt", **came))
            assert (await grace.post(f"{path}/receipt", **came)).status_code == 409
    found = await market.do(lambda tx: returns.get(tx, back.id))
    assert found.status == (ReturnStatus.DECLINED if ending == "declined" else ReturnStatus.REFUNDED)
    assert (await market.do(lambda tx: inventory.get(tx, lamp.stock))).on_hand == (8 if ending == "declined" else 9)
    assert await sound(market.world)
