"""The pages of a seller: what they see and do, and what of other sellers does not exist for them."""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Protocol

import httpx
import pytest
from tests.api.conftest import signed_in
from tests.marketplace.conftest import Market, of
from tests.marketplace.test_canceling import arrive
from tests.marketplace.test_disputed_earnings import decided, disputed
from tests.marketplace.test_one_payment_many_sellers import arrives, parts
from tests.marketplace.test_paying_sellers import settle, time_passes
from tests.marketplace.test_returning import approved, arrived
from tests.news import happened, sound
from tests.pages.visitor import Visitor
from tests.worlds import buy

from farthing import inventory, listings, returns, seller_orders, web
from farthing.errors import Conflict
from farthing.lifecycles import ListingStatus, SellerFulfillment
from farthing.money import Money

ATTEMPT = re.compile(r'name="attempt" value="([^"]+)"')


class Browse(Protocol):
    """Another browser, of this user of the host."""

    def __call__(self, user: str) -> AbstractAsyncContextManager[Visitor]: ...


@pytest.fixture
def browse(market: Market) -> Browse:
    pages = web.build(market.world, authenticate=signed_in)

    @asynccontextmanager
    async def opened(user: str) -> AsyncIterator[Visitor]:
        transport = httpx.ASGITransport(pages, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers={"X-User": user}) as http:
            yield Visitor(http)

    return opened


async def test_a_seller_lists_changes_publishes_and_counts_a_product(market: Market, browse: Browse) -> None:
    lamp = {"title": "A lamp", "sku": "LAMP", "price_usd": "49.00", "stock": "3", "max_quantity": "5", "category": "lighting"}
    async with browse("grace") as grace:
        assert "Begin with one thing" in (await grace.get("/seller/products")).text
        await grace.get("/seller/products/new")
        for wrong, said in (
            ({"price_usd": "49.001"}, "more decimals"),
            ({"price_usd": ""}, "This is missing"),
            ({"price_usd": "0"}, "more than nothing"),
            ({"title": ""}, "This is missing"),
            ({"stock": "-1"}, "whole number"),
            ({"category": "No Such!"}, "A category is"),
            ({"image_url": "javascript:alert(1)"}, "begins with https://"),
        ):
            refused = await grace.post("/seller/products/new", **lamp | wrong)
            assert (refused.status_code, said in refused.text) == (422, True), (wrong, refused.text)
        made = await grace.post("/seller/products/new", **lamp)
        path = made.headers["location"]
        assert "It is a draft" in await grace.follow(made)
        assert "a listing &#39;LAMP&#39; already" in (await grace.post("/seller/products/new", **lamp)).text
        (listing,) = (await market.do(lambda tx: listings.list_page(tx, livemode=False, limit=5))).items
        assert (listing.prices["usd"], listing.status) == (Money(4900, "usd"), ListingStatus.DRAFT)
        assert "Buyers can order it now" in await grace.follow(await grace.post(f"{path}/status", move="publish"))
        changed = {"title": "A lamp of brass", "price_usd": "45", "max_quantity": "2", "description": "Heavy."}
        assert "A lamp of brass" in await grace.follow(await grace.post(path, **changed))
        assert "whole number" in (await grace.post(path, **changed | {"max_quantity": "1001"})).text
        attempt = {"attempt": "once"}
        for _ in range(2):
            await grace.post(f"{path}/stock", how="received", quantity="4", **attempt)
        assert (await market.do(lambda tx: inventory.get(tx, listing.stock))).on_hand == 7
        page = await grace.follow(await grace.post(f"{path}/stock", how="counted", quantity="6"))
        assert "counted by the seller" in page
        assert (await grace.get(f"{path}?before={'9' * 30}")).status_code == 200, "a number that no movement has"
        assert (await grace.get(f"{path}/archival")).status_code == 200
        assert "Withdrawn" in await grace.follow(await grace.post(f"{path}/status", move="archive"))
        assert "archived" in await grace.follow(await grace.post(f"{path}/status", move="publish"))
        assert (await grace.post(f"{path}/status", move="sell")).status_code == 400
    assert (await market.do(lambda tx: inventory.get(tx, listing.stock))).on_hand == 6
    assert await sound(market.world)


@pytest.mark.covers("S004-17")
async def test_a_seller_sends_what_was_bought_and_sees_their_money_until_it_is_sent(market: Market, browse: Browse) -> None:
    lamp = await market.lists(market.grace, "lamp", 2000)
    order = await buy(market.world, market.account, of(lamp, 3))
    (part,) = await parts(market, order)
    line = str(part.lines[0].line_id)
    path = f"/seller/orders/{part.id}"
    async with browse("grace") as grace:
        assert part.number in (await grace.get("/seller/orders")).text
        page = (await grace.get(path)).text
        assert "$54.00" in page
        assert (await grace.get(f"{path}/packing-slip")).status_code == 409, "nobody asked where to"
        attempt = ATTEMPT.findall(page)[0]
        parcel = {"attempt": attempt, "carrier": "DHL", "tracking_number": "JD1", f"units:{line}": "1"}
        for wrong, said in (
            ({f"units:{line}": "4"}, "3 are left to send"),
            ({f"units:{line}": "0"}, "at least one thing"),
            ({f"units:{line}": "some"}, "whole number"),
            ({"carrier": "a carrier?"}, "A carrier is named"),
            ({"tracking_url": "javascript:1"}, "A link begins"),
        ):
            refused = await grace.post(f"{path}/shipments", **parcel | wrong)
            assert (refused.status_code // 100, said in refused.text) == (4, True), wrong
        for _ in range(2):
            assert "It is on its way" in await grace.follow(await grace.post(f"{path}/shipments", **parcel))
        assert len(await market.do(lambda tx: seller_orders.shipments_of(tx, part.id))) == 1
        again = await grace.post(f"{path}/shipments", **parcel | {"attempt": "another"})
        assert "is another parcel" in again.text
        await grace.post(f"{path}/shipments", **parcel | {"attempt": "x", "tracking_number": "JD2", f"units:{line}": "2"})
        assert "A parcel leaves" not in (await grace.get(path)).text
        assert "Nothing waits to be sent" in (await grace.get("/seller/orders")).text
        assert "Not delivered yet" in (await grace.get("/seller/balance")).text
        for sent_off in await market.do(lambda tx: seller_orders.shipments_of(tx, part.id)):
            await market.do(partial(arrives, sent_off.id))
        assert "on hold until" in (await grace.get("/seller/balance")).text
        assert "Nothing was sent to you yet" in (await grace.get("/seller/payouts")).text
        await time_passes(market, 3)
        assert "goes out with the next payout" in (await grace.get("/seller/balance")).text
        await settle(market)
        sent = (await grace.get("/seller/payouts")).text
        assert ("Sent" in sent, "$54.00" in sent, part.number in sent) == (True, True, True)
        assert "Sent to you" in (await grace.get(path)).text
        assert "$54.00" in (await grace.get("/seller")).text
    (part,) = await parts(market, order)
    assert part.fulfillment_status == SellerFulfillment.DELIVERED
    assert (await happened(market.world, order.id)).count("seller_order.shipped") == 2


async def test_while_a_bank_asks_about_the_payment_the_page_lets_nothing_be_sent(market: Market, browse: Browse) -> None:
    order = await buy(market.world, market.account, of(await market.lists(market.grace, "lamp")))
    (part,) = await parts(market, order)
    await disputed(market, order)
    async with browse("grace") as grace:
        page = (await grace.get(f"/seller/orders/{part.id}")).text
        assert ("Send nothing before" in page, "A parcel leaves" in page) == (True, False)
        assert "has decided" in fact(page, "On hold")
        fields = {"carrier": "dhl", f"units:{part.lines[0].line_id}": "1"}
        assert (await grace.post(f"/seller/orders/{part.id}/shipments", **fields)).status_code == 409
    assert await market.do(lambda tx: seller_orders.shipments_of(tx, part.id)) == []


async def test_once_a_bank_has_decided_for_the_buyer_the_page_does_not_say_that_it_asks(market: Market, browse: Browse) -> None:
    order = await buy(market.world, market.account, of(await market.lists(market.grace, "lamp")))
    (part,) = await parts(market, order)
    dispute = await disputed(market, order)
    await decided(market, dispute, "lost")
    async with browse("grace") as grace:
        page = (await grace.get(f"/seller/orders/{part.id}")).text
    assert ("bank asks" in page, "before it has decided" in page, "On hold" in page) == (False, False, False)
    assert ("took the money" in page, "A parcel leaves" in page) == (True, False)
    assert (fact(page, "Went back to the buyer"), fact(page, "Left for you")) == ("−$18.00 USD", "$0.00 USD")
    with pytest.raises(Conflict, match="was disputed, and the bank has decided"):
        await market.do(lambda tx: seller_orders.ship(tx, part.id, carrier="dhl"))


async def test_what_was_sent_to_a_seller_and_goes_back_with_a_return_is_said_on_the_page(
    market: Market, browse: Browse
) -> None:
    _, part, _ = await arrived(market)
    await time_passes(market, 3)
    await settle(market)
    back = await approved(market, part, 2)
    await market.do(lambda tx: returns.receive(tx, back.id))
    await arrive(market)
    async with browse("grace") as grace:
        page = (await grace.get(f"/seller/orders/{part.id}")).text
        for label, told in (("Your share", "$54.00"), ("Went back to the buyer", "−$36.00"), ("Left for you", "$18.00")):
            assert fact(page, label) == f"{told} USD", label
        assert fact(page, "To be taken back").startswith("$36.00, from your account")
        await settle(market)
        page = (await grace.get(f"/seller/orders/{part.id}")).text
    assert (fact(page, "Left for you"), "To be taken back" in page, "Sent to you" in page) == ("$18.00 USD", False, True)


def fact(page: str, label: str) -> str:
    """What the page says beside that label."""
    (found,) = re.findall(f"<dt>{label}</dt><dd>(.*?)</dd>", page, re.DOTALL)
    return re.sub(r"<[^>]+>", "", found).strip()


async def test_what_is_another_sellers_does_not_exist(market: Market, browse: Browse) -> None:
    lamp = await market.lists(market.grace, "lamp")
    (part,) = await parts(market, await buy(market.world, market.account, of(lamp)))
    before = await happened(market.world)
    async with browse("linus") as linus, browse("ada") as ada:
        slip = f"/seller/orders/{part.id}/packing-slip"
        for path in (f"/seller/orders/{part.id}", slip, f"/seller/products/{lamp.id}", f"/seller/products/{lamp.id}/archival"):
            assert (await linus.get(path)).status_code == 404, path
            assert (await ada.get(path)).headers["location"] == "/seller", path
        for path, fields in (
            (f"/seller/orders/{part.id}/shipments", {"carrier": "dhl", f"units:{part.lines[0].line_id}": "1"}),
            (f"/seller/products/{lamp.id}", {"title": "Mine", "price_usd": "1", "max_quantity": "1"}),
            (f"/seller/products/{lamp.id}/status", {"move": "archive"}),
            (f"/seller/products/{lamp.id}/stock", {"how": "counted", "quantity": "0"}),
        ):
            assert (await linus.post(path, **fields)).status_code == 404, path
            assert (await ada.post(path, **fields)).headers["location"] == "/seller", path
        for path in ("/seller/orders?show=all", "/seller/products", "/seller/balance", "/seller/payouts"):
            assert part.number not in (await linus.get(path)).text
            assert lamp.title not in (await linus.get(path)).text
    assert await happened(market.world) == before
