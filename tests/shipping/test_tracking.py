"""Parcels are followed by asking and by being told; what arrives starts the holding period, what goes wrong is seen."""

import hashlib
import hmac
import json

import httpx
import pytest
from starlette.requests import Request
from tests.news import happened, sound, work
from tests.shipping.conftest import SECRET, Depot

from farthing import inventory, payments, returns, seller_orders, shipping, webhooks
from farthing.carriers import TrackingStatus
from farthing.db import Transaction
from farthing.errors import CarrierError, Conflict
from farthing.lifecycles import SellerFulfillment, SellerOrderStatus, ShipmentStatus
from farthing.seller_orders import Shipment
from farthing.webhooks import CarrierDoor, Inbox

HOUR, DAY = 3600, 86_400


async def time_passes(depot: Depot) -> None:
    async def earlier(tx: Transaction) -> None:
        await tx.run("UPDATE shipments SET track_again_at = track_again_at - interval '1 day'")

    await depot.market.do(earlier)


async def looked(depot: Depot, parcel: Shipment) -> Shipment:
    """What the sweep finds out."""
    await time_passes(depot)
    assert await shipping.track_due(depot.world) == 1
    return await depot.market.do(lambda tx: seller_orders.get_shipment(tx, parcel.id))


async def trouble(depot: Depot) -> list[object]:
    return list(await depot.market.do(lambda tx: shipping.troubled(tx, livemode=False, limit=10)))


@pytest.mark.covers("S004-17")
async def test_a_parcel_moves_with_the_clock_and_its_arrival_starts_the_holding_period(depot: Depot) -> None:
    part = await depot.sold(await depot.lamp())
    label, parcel = await depot.sent(part)
    assert (await looked(depot, parcel)).tracking_status == TrackingStatus.PRE_TRANSIT
    account = depot.market.account
    await account.advance(12 * HOUR)
    parcel = await looked(depot, parcel)
    assert (parcel.status, parcel.tracking_status) == (ShipmentStatus.IN_TRANSIT, TrackingStatus.IN_TRANSIT)
    assert parcel.expected_at is not None
    await account.advance(4 * DAY + 6 * HOUR)
    assert (await looked(depot, parcel)).tracking_status == TrackingStatus.OUT_FOR_DELIVERY
    await account.advance(DAY)
    parcel = await looked(depot, parcel)
    assert (parcel.status, parcel.track_again_at) == (ShipmentStatus.DELIVERED, None)
    done = await depot.part(part)
    assert (done.status, done.fulfillment_status) == (SellerOrderStatus.COMPLETED, SellerFulfillment.DELIVERED)
    assert done.completed_at is not None
    assert done.release_at is not None
    assert (done.release_at - done.completed_at).days == 3
    assert await shipping.track_due(depot.world) == 0
    told = [each for each in await happened(depot.world, part.order_id) if each.startswith("shipment")]
    assert told == ["shipment.tracked"] * 3 + ["shipment.delivered", "shipment.tracked"]
    assert (await depot.parcel(label)).tracking_detail == "Delivered"
    assert await sound(depot.world)


@pytest.mark.covers("S004-17")
async def test_a_signed_event_is_stored_answered_and_then_acted_on(depot: Depot) -> None:
    part = await depot.sold(await depot.lamp())
    _, parcel = await depot.sent(part)
    inbox = Inbox(depot.world.db)
    door = CarrierDoor(depot.carrier, inbox)

    async def app(scope: object, receive: object, send: object) -> None:
        response = await door(Request(scope, receive))  # type: ignore[arg-type]
        await response(scope, receive, send)  # type: ignore[arg-type]

    await depot.happens(parcel.tracking_number, "deliver")
    heard = await deliveries(depot)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://shop") as http:
        for body, headers in heard * 2:
            assert (await http.post("/webhooks/easypost", content=body, headers=headers)).status_code == 200
        body, headers = heard[-1]
        for wrong in ({}, {"x-hmac-signature": "hmac-sha256-hex=" + "0" * 64}):
            assert (await http.post("/webhooks/easypost", content=body, headers=wrong)).status_code == 400
        assert (await http.post("/webhooks/easypost", content=body + b" ", headers=headers)).status_code == 400
    assert (await depot.market.do(lambda tx: seller_orders.get_shipment(tx, parcel.id))).status == ShipmentStatus.SHIPPED
    await inbox.close()
    while await webhooks.drain(depot.world):
        pass
    assert (await depot.market.do(lambda tx: seller_orders.get_shipment(tx, parcel.id))).status == ShipmentStatus.DELIVERED
    counts = await depot.market.do(webhooks.counts)
    assert counts["processed"] >= len(heard)
    assert await sound(depot.world)


async def deliveries(depot: Depot) -> list[tuple[bytes, dict[str, str]]]:
    """The events of its account, as EasyPost would send them."""
    tracker = (await depot.theirs("trackers"))["trackers"][0]
    found = []
    for number, status in enumerate(("in_transit", "delivered")):
        event = {"id": f"evt_{number}", "object": "Event", "mode": "test", "description": "tracker.updated"}
        body = json.dumps(event | {"result": tracker | {"status": status}, "created_at": "2026-11-01T10:00:00Z"}).encode()
        signature = "hmac-sha256-hex=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        found.append((body, {"x-hmac-signature": signature}))
    return found


async def test_a_parcel_that_is_lost_is_sent_again_or_written_off_and_seen_until_then(depot: Depot) -> None:
    lamp = await depot.lamp(stock=2)
    part = await depot.sold(lamp)
    _, parcel = await depot.sent(part)
    await depot.happens(parcel.tracking_number, "lose")
    parcel = await looked(depot, parcel)
    assert parcel.status == ShipmentStatus.LOST
    assert await trouble(depot) == [parcel.id]
    for _ in range(2):
        await depot.market.do(lambda tx: seller_orders.settle(tx, parcel.id, "resend"))
    with pytest.raises(Conflict, match="nothing to decide"):
        await depot.market.do(lambda tx: seller_orders.settle(tx, parcel.id, "write_off"))
    assert await trouble(depot) == []
    (stock, *_) = (await depot.market.do(lambda tx: inventory.list_items(tx, limit=10, after=None))).items
    assert (stock.on_hand, stock.available) == (0, 0)
    second, again = await depot.sent(part)
    # What was given up turns up after all: what was decided stands.
    await depot.market.do(lambda tx: seller_orders.move_shipment(tx, parcel.id, "deliver"))
    await depot.happens(second.tracking_number, "lose")
    again = await looked(depot, again)
    await depot.market.do(lambda tx: seller_orders.settle(tx, again.id, "write_off"))
    assert (await depot.part(part)).status == SellerOrderStatus.CANCELED
    assert await sound(depot.world)


async def test_what_is_lost_and_paid_back_is_not_sent_again_even_where_the_bank_returns_the_money(depot: Depot) -> None:
    part = await depot.sold(await depot.lamp(stock=2))
    _, parcel = await depot.sent(part)
    await depot.happens(parcel.tracking_number, "lose")
    await looked(depot, parcel)
    refund = await depot.market.do(
        lambda tx: payments.refund_order(tx, part.order_id, None, reason="requested_by_customer", note=None)
    )
    with pytest.raises(Conflict, match="paid back, or about to be"):
        await depot.market.do(lambda tx: seller_orders.settle(tx, parcel.id, "resend"))
    await depot.market.do(lambda tx: seller_orders.settle(tx, parcel.id, "write_off"))
    await work(depot.world)
    await depot.market.do(lambda tx: payments.refunds.refuse(tx, refund.id, "the account is closed"))
    after = await depot.part(part)
    assert (after.status, after.lines[0].to_ship) == (SellerOrderStatus.CANCELED, 0)
    assert await sound(depot.world)


async def test_a_parcel_that_comes_back_is_on_the_shelf_again(depot: Depot) -> None:
    part = await depot.sold(await depot.lamp(stock=1))
    _, parcel = await depot.sent(part)
    await depot.happens(parcel.tracking_number, "return")
    parcel = await looked(depot, parcel)
    assert (parcel.status, await trouble(depot)) == (ShipmentStatus.RETURNED, [parcel.id])
    with pytest.raises(Conflict, match="take it in"):
        await depot.market.do(lambda tx: seller_orders.settle(tx, parcel.id, "write_off"))
    await depot.market.do(lambda tx: returns.receive_parcel(tx, parcel.id))
    with pytest.raises(Conflict, match="nothing to decide"):
        await depot.market.do(lambda tx: seller_orders.settle(tx, parcel.id, "resend"))
    assert await trouble(depot) == []
    (stock, *_) = (await depot.market.do(lambda tx: inventory.list_items(tx, limit=10, after=None))).items
    assert (stock.on_hand, stock.available) == (1, 1)
    assert (await depot.part(part)).status == SellerOrderStatus.CANCELED
    assert "return.refunded" in await happened(depot.world, part.order_id)
    assert await sound(depot.world)


async def test_a_parcel_that_came_back_is_sent_again_with_what_is_in_it(depot: Depot) -> None:
    part = await depot.sold(await depot.lamp(stock=1))
    _, parcel = await depot.sent(part)
    await depot.happens(parcel.tracking_number, "return")
    parcel = await looked(depot, parcel)
    await depot.market.do(lambda tx: seller_orders.settle(tx, parcel.id, "resend"))
    with pytest.raises(Conflict, match="sent again already"):
        await depot.market.do(lambda tx: returns.receive_parcel(tx, parcel.id))
    _, second = await depot.sent(part)
    await depot.happens(second.tracking_number, "deliver")
    assert (await looked(depot, second)).status == ShipmentStatus.DELIVERED
    assert (await depot.part(part)).status == SellerOrderStatus.COMPLETED
    assert await sound(depot.world)


async def test_a_late_parcel_is_seen_and_may_still_arrive(depot: Depot) -> None:
    part = await depot.sold(await depot.lamp())
    _, parcel = await depot.sent(part)
    await depot.happens(parcel.tracking_number, "delay", seconds=3 * DAY)
    parcel = await looked(depot, parcel)
    assert (parcel.status, parcel.tracking_status) == (ShipmentStatus.SHIPPED, TrackingStatus.EXCEPTION)
    assert await trouble(depot) == [parcel.id]
    await depot.market.account.advance(9 * DAY)
    assert (await looked(depot, parcel)).status == ShipmentStatus.DELIVERED
    assert await trouble(depot) == []


async def test_a_number_of_ones_own_is_followed_and_one_that_nobody_knows_not_for_ever(depot: Depot) -> None:
    lamp = await depot.lamp()
    mine, wrong = await depot.sold(lamp), await depot.sold(lamp)
    parcel = await depot.market.do(lambda tx: seller_orders.ship(tx, mine.id, carrier="UPS", tracking_number="EZ4000000004"))
    assert parcel.tracking_url == "https://www.ups.com/track?tracknum=EZ4000000004"
    assert (await looked(depot, parcel)).status == ShipmentStatus.DELIVERED
    with pytest.raises(Conflict, match="another parcel"):
        await depot.market.do(lambda tx: seller_orders.ship(tx, wrong.id, carrier="ups", tracking_number="EZ4000000004"))
    lost = await depot.market.do(lambda tx: seller_orders.ship(tx, wrong.id, carrier="ups", tracking_number="no number"))
    assert lost.tracking_url is None
    for _ in range(5):
        with pytest.raises(CarrierError):
            await depot.look(lost)
    assert "shipment.not_followed" in await happened(depot.world, wrong.order_id)
    await time_passes(depot)
    assert await shipping.track_due(depot.world) == 0


async def test_the_number_of_a_parcel_that_arrived_long_ago_is_not_believed(depot: Depot) -> None:
    await depot.carrier.follow("ups", "EZ4000000004")
    part = await depot.sold(await depot.lamp())
    parcel = await depot.market.do(lambda tx: seller_orders.ship(tx, part.id, carrier="ups", tracking_number="EZ4000000004"))

    async def much_later(tx: Transaction) -> None:
        await tx.run("UPDATE shipments SET shipped_at = shipped_at + interval '3 days'")

    await depot.market.do(much_later)
    parcel = await looked(depot, parcel)
    assert (parcel.status, parcel.tracking_status) == (ShipmentStatus.SHIPPED, TrackingStatus.EXCEPTION)
    assert "another parcel?" in str(parcel.tracking_detail)
    assert await trouble(depot) == [parcel.id]


async def test_an_outage_of_the_carrier_changes_nothing(depot: Depot) -> None:
    part = await depot.sold(await depot.lamp())
    _, parcel = await depot.sent(part)
    await depot.happens(parcel.tracking_number, "deliver")
    await depot.market.account.fail_next("500_before", "/easypost/v2/trackers/*", method="GET")
    assert (await looked(depot, parcel)).status == ShipmentStatus.SHIPPED
    assert (await looked(depot, parcel)).status == ShipmentStatus.DELIVERED
