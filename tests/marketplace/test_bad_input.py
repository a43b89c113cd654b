"""What does not fit is refused with a reason, and nothing is written: before a cart is ordered, paid, sent or taken back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.api.conftest import Connect, api, connect, secret
from tests.marketplace.conftest import MARKET, Market, of
from tests.marketplace.test_canceling import arrive
from tests.marketplace.test_one_payment_many_sellers import parts, usd
from tests.marketplace.test_over_http import ADA, GRACE, people
from tests.marketplace.test_returning import arrived, ask, days_ago
from tests.news import happened, read, sound
from tests.worlds import buy, session_of, start, unchanged

from farthing import catalog, checkout, inventory, listings, payments, seller_orders, sellers
from farthing.catalog import CartItem
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Invalid, NotFound, OutOfStock, ReturnWindowOver
from farthing.ids import ListingId, SellerOrderId, ShipmentId
from farthing.lifecycles import OrderStatus
from farthing.listings import Listing
from farthing.orders import Order

__all__ = ["api", "connect", "people", "secret"]

WHERE = {"name": "Ada", "line1": "1 Main St", "city": "Springfield", "state": "IL", "postal_code": "62701", "country": "US"}


@pytest.mark.covers("S004-16", "S004-22")
async def test_a_cart_that_cannot_be_sold_is_refused_and_nothing_is_written(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp", stock=2)
    wrong: Sequence[tuple[CartItem, str | None, type[FarthingError], str]] = [
        (CartItem("", listing=str(ListingId.new())), None, NotFound, "There is no listing"),
        (of(lamp, 3), None, OutOfStock, "only 2 are left"),
        (of(lamp), "eur", Invalid, "eur"),
    ]
    async with unchanged(market.world):
        for item, currency, refusal, said in wrong:
            with pytest.raises(refusal, match=said):
                await _place(market, item, currency=currency)
    await market.do(lambda tx: sellers.suspend(tx, market.grace.id, "looks strange"))
    async with unchanged(market.world):
        with pytest.raises(Conflict, match="its seller may not sell"):
            await _place(market, of(lamp))


async def _place(market: Market, item: CartItem, *, currency: str | None = None) -> Order:
    buyer = checkout.Buyer("ada", "ada@example.com", "Ada")
    order, _ = await checkout.place_order(market.world, items=[item], buyer=buyer, actor="test", currency=currency)
    return order


async def test_a_country_that_is_not_served_is_refused(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp")
    shop = catalog.parse(MARKET + '\n[shipping]\ncountries = ["US"]\n')
    there = replace(market, world=replace(market.world, catalog=shop))
    buyer = checkout.Buyer("ada", "ada@example.com", "Ada")

    async def place(**where: str) -> Order:
        order, _ = await checkout.place_order(
            there.world, items=[of(lamp)], buyer=buyer, actor="test", shipping_address={**WHERE, **where}
        )
        return order

    async with unchanged(market.world):
        with pytest.raises(Invalid) as refused:
            await place(country="DE", postal_code="10115", city="Berlin")
        assert "country" in str(refused.value.param)
    assert (await place()).status == OrderStatus.OPEN


@pytest.mark.covers("S004-16")
async def test_who_raises_the_price_or_stops_selling_after_the_order_has_sold_at_the_price_of_then(market: Market) -> None:
    lamp, vase = await market.lists(market.grace, "lamp", 2000), await market.lists(market.grace, "vase", 500)
    started = await start(market.world, of(lamp), of(vase))
    await market.do(lambda tx: listings.change(tx, market.world.catalog, lamp.id, listings.Wanted(prices=[usd(9900)])))
    await market.do(lambda tx: listings.archive(tx, vase.id))
    await market.do(lambda tx: sellers.suspend(tx, market.grace.id, "gone"))
    session = await session_of(market.world, started.id)
    assert (await market.account.pay(session)).status_code == 200
    await checkout.sync(market.world, session, actor="test")
    order = await read(market.world, started.order_id)
    assert (order.status, order.total) == (OrderStatus.PAID, usd(2500))
    assert [part.seller_id for part in await parts(market, order)] == [market.grace.id]
    async with unchanged(market.world):
        with pytest.raises(Conflict, match="may not sell"):
            await start(market.world, of(lamp))
    assert await sound(market.world)


async def test_what_is_not_paid_or_called_off_is_not_sent_and_a_number_is_one_parcel(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp", 2000)
    started = await start(market.world, of(lamp))
    assert await market.do(lambda tx: seller_orders.of_order(tx, started.order_id)) == []
    with pytest.raises(NotFound, match="no seller order"):
        await market.do(lambda tx: seller_orders.ship(tx, SellerOrderId.new(), carrier="dhl"))
    one, two, off = [await buy(market.world, market.account, of(lamp)) for _ in range(3)]
    await market.do(lambda tx: payments.refund_order(tx, off.id, None, reason="requested_by_customer", note=None))
    await arrive(market)
    sent, other, canceled = [(await parts(market, order))[0] for order in (one, two, off)]
    await market.do(lambda tx: seller_orders.ship(tx, sent.id, carrier="dhl", tracking_number="JD01"))
    async with unchanged(market.world):
        with pytest.raises(Conflict, match="nothing is sent"):
            await market.do(lambda tx: seller_orders.ship(tx, canceled.id, carrier="dhl"))
        with pytest.raises(Conflict, match="another parcel"):
            await market.do(lambda tx: seller_orders.ship(tx, other.id, carrier="DHL", tracking_number="JD01"))


async def test_a_text_that_cannot_be_stored_is_refused_and_breaks_nothing(people: Connect, market: Market, secret: str) -> None:
    lamp = await market.lists(market.grace, "lamp")
    order = await buy(market.world, market.account, of(lamp))
    (part,) = await parts(market, order)
    came = {"line_item": str(part.lines[0].line_id), "restocked": 1, "location": "\0"}
    received = {"kind": "received", "quantity": 1, "reference": "\0"}
    async with people(**GRACE) as grace, people(Authorization=f"Bearer {secret}") as shop, unchanged(market.world):
        for http, method, path, body in (
            (grace, "POST", f"/v1/seller-orders/{part.id}/shipments", {"carrier": "dhl", "tracking_url": "https://x/\0"}),
            (grace, "POST", f"/v1/shipments/{ShipmentId.new()}/receipt", {"lines": [came]}),
            (grace, "PATCH", f"/v1/listings/{lamp.id}", {"image_url": "https://x/\0"}),
            (shop, "POST", f"/v1/stock/items/{lamp.stock}/movements", received),
            (shop, "GET", "/v1/stock/items?cursor=%00", None),
        ):
            refused = await http.request(method, path, json=body)
            assert refused.status_code == 422, (path, refused.text)


async def test_after_its_window_a_return_is_refused_over_http_with_until_when_it_was(people: Connect, market: Market) -> None:
    order, part, _ = await arrived(market, 1)
    await days_ago(market, 15)
    line = str(part.lines[0].line_id)
    async with people(**ADA) as ada, unchanged(market.world):
        (may,) = (await ada.get(f"/v1/orders/{order.id}/returnable")).json()["data"]
        assert (may["quantity"], may["why_not"]) == (0, "window_over")
        wanted = {"lines": [{"line_item": line, "quantity": 1, "reason": "other"}]}
        refused = (await ada.post(f"/v1/seller-orders/{part.id}/returns", json=wanted)).json()
    assert (refused["status"], refused["code"], refused["until"]) == (
        409,
        "return_window_over",
        may["until"].replace("Z", "+00:00"),
    )
    with pytest.raises(ReturnWindowOver):
        await ask(market, part)


async def test_what_is_sold_before_it_is_there_is_sent_when_it_is(people: Connect, market: Market) -> None:
    later = (market.world.clock.now() + timedelta(days=30)).isoformat()
    body = {"sku": "lamp", "title": "A lamp to come", "prices": [{"amount": 2000, "currency": "usd"}], "preorder_max": 3}
    async with people(**GRACE) as grace:
        assert (await grace.post("/v1/listings", json=body)).json()["param"] == "available_from"
        over = {**body, "available_from": "2020-01-01T00:00:00Z"}
        assert (await grace.post("/v1/listings", json=over)).status_code == 422
        made = (await grace.post("/v1/listings", json={**body, "available_from": later})).json()
        assert (made["available"], made["available_from"] is not None) == (3, True)
        await grace.post(f"/v1/listings/{made['id']}/publication")
    lamp = await market.do(lambda tx: _listing(tx, made["id"]))
    order = await buy(market.world, market.account, of(lamp, 3))
    with pytest.raises(OutOfStock):
        await start(market.world, of(lamp))
    (part,) = await parts(market, order)
    line = part.lines[0].line_id
    async with unchanged(market.world):
        with pytest.raises(Conflict, match="still to come"):
            await market.do(lambda tx: seller_orders.ship(tx, part.id, carrier="dhl"))
    await market.do(lambda tx: inventory.receive(tx, lamp.stock, 2))
    with pytest.raises(Conflict, match="1 are still to come"):
        await market.do(lambda tx: seller_orders.ship(tx, part.id, [(line, 3)], carrier="dhl"))
    parcel = await market.do(lambda tx: seller_orders.ship(tx, part.id, carrier="dhl"))
    assert list(parcel.lines) == [(line, 2)]
    assert "stock.arrived" in await happened(market.world, order.id)
    assert await sound(market.world)


async def _listing(tx: Transaction, id: str) -> Listing:
    return await listings.get(tx, ListingId.parse(id))


@pytest.mark.covers("S004-6", "S004-16")
async def test_an_order_says_how_far_its_three_states_are_and_how_it_came_there(
    people: Connect, market: Market, secret: str
) -> None:
    lamp = await market.lists(market.grace, "lamp")
    order = await buy(market.world, market.account, of(lamp, 2))
    async with people(**ADA) as ada, people(**GRACE) as grace, people(Authorization=f"Bearer {secret}") as shop:
        path = f"/v1/orders/{order.id}"
        (part,) = (await ada.get(f"{path}/seller-orders")).json()["data"]
        one = {"lines": [{"line_item": part["lines"][0]["line_item"], "quantity": 1}]}
        await ada.post(f"/v1/seller-orders/{part['id']}/cancellations", json=one)
        await grace.post(f"/v1/seller-orders/{part['id']}/shipments", json={"carrier": "dhl"})
        await arrive(market)
        seen = (await ada.get(path)).json()
        (part,) = (await ada.get(f"{path}/seller-orders")).json()["data"]
        assert (seen["status"], seen["payment_status"], part["fulfillment_status"]) == ("paid", "partially_refunded", "shipped")
        told = (await ada.get(f"{path}/history")).json()["data"]
        steps = [(each["axis"], each["type"], each["by"]) for each in told]
        assert [step for step in steps if step[0] == "order"] == [
            ("order", "order.placed", "shop"),
            ("order", "order.paid", "shop"),
        ]
        assert {"payment.succeeded", "refund.promised", "refund.succeeded"} <= {step[1] for step in steps}
        assert [step for step in steps if step[0] == "fulfillment"] == [
            ("fulfillment", "seller_order.confirmed", "shop"),
            ("fulfillment", "seller_order.units_canceled", "buyer"),
            ("fulfillment", "seller_order.shipped", "seller"),
        ]
        assert {each["actor"] for each in told} == {None}
        assert None not in {each["actor"] for each in (await shop.get(f"{path}/history")).json()["data"]}
        assert (await grace.get(f"{path}/history")).status_code == 404
