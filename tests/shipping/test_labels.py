"""A label is wanted, asked for once, and its parcel leaves; what goes wrong between is found again or given back."""

import asyncio
from dataclasses import replace

import pytest
from tests.news import happened, hear, sound, work
from tests.shipping.conftest import HOME, ORIGIN, WEAK, Depot
from tests.worlds import unchanged

from farthing import addresses, erasure, orders, payments, seller_orders, shipping
from farthing.carriers import Parcel
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid
from farthing.lifecycles import LabelStatus, SellerFulfillment, ShipmentStatus
from farthing.money import Money
from farthing.shipping import Label, Wanted
from farthing.shipping.actions import request_label


async def labels(depot: Depot, label: Label) -> list[Label]:
    return await depot.market.do(lambda tx: shipping.of_seller_order(tx, label.seller_order_id))


async def read(depot: Depot, label: Label) -> Label:
    return await depot.market.do(lambda tx: shipping.get(tx, label.id))


async def time_passes(depot: Depot) -> None:
    """For what is asked again."""

    async def earlier(tx: Transaction) -> None:
        await tx.run("UPDATE labels SET ask_again_at = ask_again_at - interval '1 day'")

    await depot.market.do(earlier)


@pytest.mark.covers("S004-17")
async def test_a_label_brings_the_number_and_its_parcel_leaves(depot: Depot) -> None:
    part = await depot.sold(await depot.lamp())
    rates = await shipping.rates(depot.world, part.id, WEAK, origin=ORIGIN, actor="test")
    assert (rates[0].carrier, rates[0].service, str(rates[0].money)) == ("usps", "GroundAdvantage", "4.12 USD")
    label, parcel = await depot.sent(part)
    assert (label.status, label.amount, label.carrier) == (LabelStatus.BOUGHT, Money(412, "usd"), "usps")
    assert (parcel.status, parcel.tracking_number) == (ShipmentStatus.SHIPPED, label.tracking_number)
    assert parcel.tracking_url is not None
    assert (await depot.part(part)).fulfillment_status == SellerFulfillment.SHIPPED
    bought = await depot.theirs(f"shipments/{label.id}")
    assert bought["tracking_code"] == label.tracking_number
    assert (bought["from_address"]["name"], bought["to_address"]["street1"]) == (ORIGIN.name, HOME.line1)
    told = await happened(depot.world, part.order_id)
    assert told[-3:] == ["label.requested", "seller_order.shipped", "label.bought"]
    with pytest.raises(Conflict, match="is sent already"):
        await depot.label(part)
    assert await sound(depot.world)


@pytest.mark.parametrize("path", ["/easypost/v2/shipments", "/easypost/v2/shipments/*/buy"])
@pytest.mark.parametrize("kind", ["lost_response", "500_after"])
async def test_a_lost_answer_is_unknown_and_the_label_is_found_again_and_paid_for_once(
    depot: Depot, path: str, kind: str
) -> None:
    part = await depot.sold(await depot.lamp())
    await depot.market.account.fail_next(kind, path)
    label = await depot.label(part)
    assert (label.status, label.refused_because) == (LabelStatus.REQUESTED, None)
    with pytest.raises(Conflict, match="being bought"):
        await depot.label(part)
    assert await shipping.ask_again(depot.world) == 0
    await time_passes(depot)
    assert await shipping.ask_again(depot.world) == 1
    label = await read(depot, label)
    assert label.status == LabelStatus.BOUGHT
    assert (await depot.theirs(f"shipments/{label.id}"))["tracking_code"] == label.tracking_number
    trackers = await depot.theirs("trackers")
    assert len(trackers["trackers"]) == 1
    assert await sound(depot.world)


async def test_what_costs_more_than_was_agreed_is_not_bought(depot: Depot) -> None:
    part = await depot.sold(await depot.lamp())
    dear = await depot.label(part, max=Money(411, "usd"))
    assert (dear.status, dear.amount) == (LabelStatus.REFUSED, None)
    assert dear.refused_because == "usps GroundAdvantage costs 4.12 USD by now, and 4.11 USD at most was agreed on"
    euros = await depot.label(part, max=Money(9900, "eur"))
    assert "4.12 USD, and 99.00 EUR was agreed on" in str(euros.refused_because)
    unknown = await depot.label(part, carrier="ups", service="Teleport")
    assert unknown.refused_because == "ups Teleport does not carry this parcel there"
    assert (await depot.theirs("trackers"))["trackers"] == []
    assert (await depot.part(part)).fulfillment_status == SellerFulfillment.UNFULFILLED


async def test_what_cannot_be_sent_gets_no_label_and_nothing_is_written(depot: Depot) -> None:
    part = await depot.sold(await depot.lamp())
    order = part.order_id
    async with unchanged(depot.world):
        for parcel in (Parcel(0), Parcel(2_000_000)):
            with pytest.raises(Invalid, match="weighs"):
                await depot.label(part, parcel=parcel)
        with pytest.raises(Invalid, match="service"):
            await depot.label(part, service="")
    paid = await depot.market.do(lambda tx: orders.get(tx, order))
    await depot.market.do(lambda tx: orders.hold_access(tx, paid))
    async with unchanged(depot.world):
        with pytest.raises(Conflict, match="disputed"):
            await depot.label(part)
        with pytest.raises(Conflict, match="disputed"):
            await shipping.rates(depot.world, part.id, WEAK, actor="test")
    await depot.market.do(lambda tx: orders.release_access(tx, paid))
    await depot.market.do(lambda tx: payments.refund_order(tx, order, None, reason="requested_by_customer", note=None))
    await work(depot.world)
    await hear(depot.world, depot.market.account)
    with pytest.raises(Conflict, match="nothing is sent"):
        await depot.label(part)


async def test_a_buyer_is_not_forgotten_while_something_is_to_be_sent_to_them(depot: Depot) -> None:
    part = await depot.sold(await depot.lamp())
    buyer = (await depot.market.do(lambda tx: orders.get(tx, part.order_id))).customer_id
    async with unchanged(depot.world):
        with pytest.raises(Conflict, match="still to be sent, and its address is needed"):
            await erasure.erase(depot.world, buyer, actor="test")
    await depot.sent(part)
    await erasure.erase(depot.world, buyer, actor="test")
    assert await depot.market.do(lambda tx: addresses.find(tx, part.order_id)) is None


async def test_a_label_to_an_address_that_is_forgotten_is_refused_and_not_asked_for_for_ever(depot: Depot) -> None:
    part = await depot.sold(await depot.lamp())
    wanted = Wanted(WEAK, "usps", "GroundAdvantage", Money(500, "usd"))
    await depot.market.do(lambda tx: shipping.keep_origin(tx, seller=part.seller_id, address=ORIGIN))
    label = await depot.market.do(lambda tx: request_label(tx, part.id, wanted, sold_by=depot.carrier.name))

    async def forget(tx: Transaction) -> None:
        await tx.run("DELETE FROM shipping_addresses WHERE order_id = %(order)s", order=part.order_id)

    await depot.market.do(forget)
    await shipping.send_label(depot.world, label.id)
    label = await read(depot, label)
    assert (label.status, label.refused_because) == (LabelStatus.REFUSED, f"Nobody has said where {part.number} is sent to.")
    assert await sound(depot.world)


async def test_two_clicks_buy_one_label(depot: Depot) -> None:
    for _ in range(10):
        part = await depot.sold(await depot.lamp())
        answers = await asyncio.gather(*(depot.label(part) for _ in range(3)), return_exceptions=True)
        assert sum(isinstance(each, Label) for each in answers) == 1, answers
    assert len((await depot.theirs("trackers"))["trackers"]) == 10
    assert await sound(depot.world)


async def test_a_label_that_came_too_late_is_given_back(depot: Depot) -> None:
    part = await depot.sold(await depot.lamp())
    await depot.market.account.fail_next("lost_response", "/easypost/v2/shipments/*/buy")
    label = await depot.label(part)
    line = part.lines[0].line_id
    await depot.market.do(lambda tx: seller_orders.cancel_line(tx, line, because="the buyer changed their mind"))
    await time_passes(depot)
    await shipping.ask_again(depot.world)
    label = await read(depot, label)
    assert (label.status, label.shipment_id) == (LabelStatus.REFUND_REQUESTED, None)
    assert "nothing is sent" in str(label.refused_because)
    assert "label.unused" in await happened(depot.world, part.order_id)
    await shipping.ask_again(depot.world)
    await depot.happens(label.tracking_number, "settle_refund")
    await time_passes(depot)
    await shipping.ask_again(depot.world)
    assert (await read(depot, label)).status == LabelStatus.REFUNDED


async def test_a_label_is_given_back_before_its_parcel_is_carried_and_the_goods_wait_again(depot: Depot) -> None:
    part = await depot.sold(await depot.lamp())
    label, parcel = await depot.sent(part)
    given = await shipping.refund_label(depot.world, label.id, actor="test")
    assert given.status == LabelStatus.REFUND_REQUESTED
    assert (await depot.parcel(label)).status == ShipmentStatus.CANCELED
    assert (await depot.part(part)).fulfillment_status == SellerFulfillment.UNFULFILLED
    await depot.happens(parcel.tracking_number, "settle_refund")
    await time_passes(depot)
    await shipping.ask_again(depot.world)
    assert (await read(depot, label)).status == LabelStatus.REFUNDED
    second, _ = await depot.sent(part)
    assert second.tracking_number != label.tracking_number
    assert [each.status for each in await labels(depot, label)] == [LabelStatus.REFUNDED, LabelStatus.BOUGHT]
    assert await sound(depot.world)
    await depot.happens(second.tracking_number, "scan")
    # We have not heard of it: the carrier knows better.
    refused = await shipping.refund_label(depot.world, second.id, actor="test")
    assert (refused.status, (await depot.parcel(second)).status) == (LabelStatus.REFUND_REFUSED, ShipmentStatus.SHIPPED)
    await depot.look(await depot.parcel(second))
    with pytest.raises(Conflict, match="cannot ask_refund"):
        await shipping.refund_label(depot.world, second.id, actor="test")
    assert await sound(depot.world)


async def test_without_a_carrier_nothing_is_asked_of_one(depot: Depot) -> None:
    part = await depot.sold(await depot.lamp())
    alone = replace(depot.world, carrier=None)
    assert await shipping.ask_again(alone) == await shipping.track_due(alone) == 0
    with pytest.raises(Conflict, match="EASYPOST_API_KEY"):
        await shipping.rates(alone, part.id, WEAK, actor="test")
