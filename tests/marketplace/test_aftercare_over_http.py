"""Canceling and returning over HTTP: who may say what."""

from typing import Any

from tests.api.conftest import Connect, api, connect, secret
from tests.marketplace.conftest import Market, of
from tests.marketplace.test_canceling import arrive
from tests.marketplace.test_one_payment_many_sellers import parts
from tests.marketplace.test_over_http import ADA, GRACE, LINUS, people
from tests.marketplace.test_paying_sellers import delivered
from tests.news import sound
from tests.worlds import buy

__all__ = ["api", "connect", "people", "secret"]


async def test_buyer_seller_and_shop_call_off_what_is_theirs(people: Connect, market: Market, secret: str) -> None:
    lamp, novel = await market.lists(market.grace, "lamp"), await market.lists(market.linus, "novel")
    order = await buy(market.world, market.account, of(lamp, 3), of(novel))
    graces, _ = await parts(market, order)
    path, line = f"/v1/seller-orders/{graces.id}/cancellations", str(graces.lines[0].line_id)
    one: dict[str, Any] = {"lines": [{"line_item": line, "quantity": 1}]}
    async with (
        people(**GRACE) as grace,
        people(**LINUS) as linus,
        people(**ADA) as ada,
        people(Authorization=f"Bearer {secret}") as shop,
    ):
        assert (await linus.post(path, json=one)).status_code == 404
        first = await ada.post(path, json=one, headers={"Idempotency-Key": "one"})
        again = await ada.post(path, json=one, headers={"Idempotency-Key": "one"})
        assert (first.status_code, first.json(), first.json()["party"]) == (201, again.json(), "buyer")
        assert (await grace.post(path, json=one)).json()["param"] == "reason"
        assert (await grace.post(path, json=one | {"reason": "broken"})).json()["party"] == "seller"
        assert (await shop.post(path, json={})).json()["party"] == "platform"
        found = (await ada.get(path)).json()["data"]
        assert [(each["party"], each["reason"], each["lines"][0]["quantity"]) for each in found] == [
            ("buyer", None, 1),
            ("seller", "broken", 1),
            ("platform", None, 1),
        ]
        assert (await linus.get(path)).status_code == 404
        rest = await ada.post(f"/v1/orders/{order.id}/cancellation")
        assert rest.status_code == 200, rest.text
        assert (await ada.post(f"/v1/orders/{order.id}/cancellation")).status_code == 200
        await arrive(market)
        assert (await ada.get(f"/v1/orders/{order.id}")).json()["status"] == "refunded"
    assert await sound(market.world)


async def test_a_buyer_asks_a_seller_decides_and_takes_it_in(people: Connect, market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp")
    order = await buy(market.world, market.account, of(lamp, 2))
    (part,) = await parts(market, order)
    line = str(part.lines[0].line_id)
    wanted = {"lines": [{"line_item": line, "quantity": 1, "reason": "damaged"}], "message": "The shade is torn."}
    path = f"/v1/seller-orders/{part.id}/returns"
    async with people(**GRACE) as grace, people(**LINUS) as linus, people(**ADA) as ada:
        early = await ada.post(path, json=wanted)
        assert (early.status_code, early.json()["why_not"]) == (409, "not_delivered")
        await delivered(market, order)
        (may,) = (await ada.get(f"/v1/orders/{order.id}/returnable")).json()["data"]
        assert (may["quantity"], may["why_not"]) == (2, None)
        assert (await linus.post(path, json=wanted)).status_code == 404
        assert (await grace.post(path, json=wanted)).status_code == 403
        asked = await ada.post(path, json=wanted)
        assert (asked.status_code, asked.json()["status"], asked.json()["way_back"]) == (201, "requested", "seller")
        own = f"/v1/returns/{asked.json()['id']}"
        assert [(await who.get(own)).status_code for who in (ada, grace, linus)] == [200, 200, 404]
        assert [len((await who.get("/v1/returns")).json()["data"]) for who in (ada, grace, linus)] == [1, 1, 0]
        assert (await ada.post(f"{own}/approval", json={})).status_code == 403
        assert (await grace.post(f"{own}/approval", json={"note": "To the back door."})).json()["status"] == "approved"
        assert (await grace.post(f"{own}/dispatch", json={})).status_code == 403
        assert (await ada.post(f"{own}/dispatch", json={"carrier": "dhl"})).json()["status"] == "in_transit"
        assert (await ada.post(f"{own}/receipt", json={})).status_code == 403
        nowhere = {"lines": [{"line_item": line, "restocked": 1, "location": "the moon"}]}
        assert (await grace.post(f"{own}/receipt", json=nowhere)).status_code == 404
        came = {"lines": [{"line_item": line, "written_off": 1}]}
        done = (await grace.post(f"{own}/receipt", json=came)).json()
        assert (done["status"], done["lines"][0]["written_off"]) == ("refunded", 1)
        refund = (await ada.get(f"/v1/orders/{order.id}/refunds")).json()["data"][0]
        assert (refund["id"], refund["amount"]["amount"]) == (done["refund"], 2000)
        late = await ada.post(path, json={"lines": [{"line_item": line, "quantity": 2, "reason": "other"}]})
        assert late.status_code == 409
    assert await sound(market.world)


async def test_a_whole_paid_order_is_called_off_once_and_only_before_it_is_sent(people: Connect, market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp")
    paid, sent = [await buy(market.world, market.account, of(lamp)) for _ in range(2)]
    await delivered(market, sent)
    async with people(**ADA) as ada, people(**GRACE) as grace:
        for _ in range(2):
            answer = await ada.post(f"/v1/orders/{paid.id}/cancellation")
            assert answer.status_code == 200, answer.text
        refused = await ada.post(f"/v1/orders/{sent.id}/cancellation")
        assert (refused.status_code, "on its way" in refused.json()["detail"]) == (409, True)
        assert (await grace.post(f"/v1/orders/{sent.id}/cancellation")).status_code == 404
    assert len((await parts(market, paid))[0].lines) == 1
    await arrive(market)
    assert await sound(market.world)


async def test_a_buyer_takes_something_else_for_what_came_back(people: Connect, market: Market) -> None:
    lamp, vase = await market.lists(market.grace, "lamp", 2000), await market.lists(market.grace, "vase", 2500)
    order = await buy(market.world, market.account, of(lamp))
    await delivered(market, order)
    (part,) = await parts(market, order)
    asked = {
        "lines": [{"line_item": str(part.lines[0].line_id), "quantity": 1, "reason": "changed_mind"}],
        "wanted": "exchange",
    }
    cart = {"items": [{"listing": str(vase.id)}]}
    async with people(**GRACE) as grace, people(**LINUS) as linus, people(**ADA) as ada:
        back = (await ada.post(f"/v1/seller-orders/{part.id}/returns", json=asked)).json()
        own = f"/v1/returns/{back['id']}"
        assert (await ada.post(f"{own}/exchange", json=cart)).status_code == 409
        await grace.post(f"{own}/approval", json={})
        assert (await grace.post(f"{own}/receipt", json={})).json()["status"] == "received"
        assert [(await who.post(f"{own}/exchange", json=cart)).status_code for who in (linus, grace)] == [404, 403]
        made = (await ada.post(f"{own}/exchange", json=cart)).json()
        assert (made["order"]["status"], made["order"]["total"]["amount"]) == ("open", 500)
        assert made["returned"]["exchange_order"] == made["order"]["id"]
        page = {"success_url": "https://shop.example/thanks", "cancel_url": "https://shop.example/cart"}
        assert (await ada.post(f"/v1/orders/{made['order']['id']}/checkout-sessions", json=page)).status_code == 201
        assert (await ada.post(f"{own}/refund")).status_code == 403
        assert (await grace.post(f"{own}/refund")).json()["status"] == "received"
    assert await sound(market.world)
