"""What is written when a label is wanted, bought or given back, and when a carrier sees a parcel."""

from datetime import datetime, timedelta
from typing import Any, Final

from farthing import addresses, events, orders, seller_orders
from farthing.addresses import Address
from farthing.carriers import BoughtLabel, SeenTracking, TrackingStatus
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid
from farthing.ids import LabelId, SellerOrderId, ShipmentId
from farthing.lifecycles import LABEL, SHIPMENT, LabelStatus, ShipmentStatus
from farthing.money import Money
from farthing.seller_orders import SellerOrder, Shipment
from farthing.shipping import store
from farthing.shipping.model import REFUSALS_MAX, VERBS, Label, Wanted, believed, checked, next_look

FIRST_SWEEP: Final = timedelta(seconds=30)
"""Whoever wants a label asks for it at once; after this long a sweep does."""

SERVICE_MAX: Final = 100
NOT_YET_CARRIED: Final = frozenset({None, TrackingStatus.PRE_TRANSIT, TrackingStatus.UNKNOWN})


async def request_label(tx: Transaction, id: SellerOrderId, wanted: Wanted, *, sold_by: str) -> Label:
    """The intention to buy one, under the order's lock. Raises Conflict for what is not sent, or not to there."""
    order, lines = await seller_orders.sendable(tx, id, wanted.lines)
    await ends(tx, order)
    if not 1 <= len(wanted.service) <= SERVICE_MAX or not wanted.service.isprintable():
        raise Invalid("Name a service as the rates do.", param="service")
    if wanted.max.amount < 1:
        raise Invalid("Say how much it may cost at most.", param="max")
    label = Label(
        id=LabelId.new(),
        seller_order_id=id,
        shipment_id=None,
        livemode=order.livemode,
        sold_by=sold_by,
        status=LabelStatus.REQUESTED,
        carrier=wanted.carrier,
        service=wanted.service,
        max=wanted.max,
        amount=None,
        parcel=checked(wanted.parcel),
        lines=lines,
        quote_id=None,
        tracking_number=None,
        label_url=None,
        refused_because=None,
        requested_at=tx.now,
        asked_at=None,
        bought_at=None,
        refund_asked_at=None,
        closed_at=None,
        ask_again_at=tx.now + FIRST_SWEEP,
    )
    if not await store.insert(tx, label):
        raise Conflict(f"A label for {order.number} is being bought at this moment.")
    await _tell(tx, "label.requested", label, order)
    return label


async def ends(tx: Transaction, order: SellerOrder) -> tuple[Address, Address]:
    """Where it is sent from and to. Raises Conflict where one of them is not known."""
    origin = await store.find_origin(tx, order.seller_id)
    if origin is None:
        raise Conflict(f"Nobody has said yet where {order.number} is sent from: say it with `from`.", param="from")
    to = await addresses.find(tx, order.order_id)
    if to is None:
        raise Conflict(f"Nobody has said where {order.number} is sent to.")
    return origin, to


async def record_bought(tx: Transaction, id: LabelId, bought: BoughtLabel) -> None:
    """It is paid for: its parcel leaves. Where that is not possible any more, its money is asked back."""
    label = await _locked(tx, id)
    if label.status != LabelStatus.REQUESTED:
        return
    try:
        parcel = await seller_orders.ship(
            tx,
            label.seller_order_id,
            label.lines,
            carrier=bought.carrier,
            tracking_number=bought.tracking_number,
            tracking_url=bought.tracking_url,
            followed_by=label.sold_by if bought.tracker_id else None,
            tracker_id=bought.tracker_id,
        )
    except Conflict as conflict:
        status = LABEL.move(label.status, "ask_refund")
        await store.save_bought(tx, id, status, bought, None, because=conflict.detail)
        await _tell(tx, "label.unused", label, reason=conflict.detail, amount=_plain(bought.money))
        return
    await store.save_bought(tx, id, LABEL.move(label.status, "buy"), bought, parcel.id, because=None)
    await _tell(tx, "label.bought", label, amount=_plain(bought.money), shipment=parcel.id)


async def refuse(tx: Transaction, id: LabelId, because: str) -> None:
    """The carrier said no, or wants more than was agreed on: nothing was paid."""
    label = await _locked(tx, id)
    if LABEL.allows(label.status, "refuse"):
        await store.save_refused(tx, id, because)
        await _tell(tx, "label.refused", label, reason=because)


async def request_refund(tx: Transaction, id: LabelId) -> Label:
    """Its money is wanted back. Raises Conflict once its parcel was carried. Harmless when repeated."""
    label = await _locked(tx, id)
    if label.status in (LabelStatus.REFUND_REQUESTED, LabelStatus.REFUNDED):
        return label
    status = LABEL.move(label.status, "ask_refund")
    if label.shipment_id is None:
        raise Conflict(f"{id} is not paid for yet.")
    parcel = await seller_orders.get_shipment(tx, label.shipment_id)
    if parcel.status != ShipmentStatus.SHIPPED or parcel.tracking_status not in NOT_YET_CARRIED:
        raise Conflict(f"The parcel of {id} is with its carrier: a label that was used is not refunded.")
    await store.save_refund(tx, id, status)
    await _tell(tx, "label.refund_requested", label)
    return await store.get(tx, id)


async def record_refund_asked(tx: Transaction, id: LabelId, again_at: datetime) -> None:
    """The carrier has taken note: the parcel does not leave, and what was in it waits to be sent again."""
    label = await _locked(tx, id)
    if label.status != LabelStatus.REFUND_REQUESTED:
        return
    await _call_off(tx, label)
    await store.ask_again(tx, id, again_at)


async def record_refunded(tx: Transaction, id: LabelId) -> None:
    label = await _locked(tx, id)
    if LABEL.allows(label.status, "refund"):
        await _call_off(tx, label)
        await store.save_refund(tx, id, LabelStatus.REFUNDED)
        await _tell(tx, "label.refunded", label)


async def refuse_refund(tx: Transaction, id: LabelId, because: str) -> None:
    """The label stays paid for; its parcel is as it was."""
    label = await _locked(tx, id)
    if LABEL.allows(label.status, "refuse_refund"):
        await store.save_refund(tx, id, LabelStatus.REFUND_REFUSED, because=because)
        await _tell(tx, "label.refund_refused", label, reason=because)


async def record_tracking(tx: Transaction, id: ShipmentId, company: str, seen: SeenTracking, *, asked_at: datetime) -> Shipment:
    """What the carrier saw, and what follows from it. A look that began before the last one that is written down is old."""
    parcel = await _locked_parcel(tx, id)
    if parcel.tracked_at is not None and asked_at < parcel.tracked_at:
        return parcel
    seen = believed(seen, parcel.shipped_at)
    moved = parcel.tracking_status != seen.status
    await store.save_tracking(tx, id, company, seen, asked_at=asked_at, again_at=None)
    verb = VERBS.get(seen.status)
    if verb is not None and SHIPMENT.allows(parcel.status, verb):
        await seller_orders.move_shipment(tx, id, verb)
    now = await seller_orders.get_shipment(tx, id)
    if now.settled_at is None:
        at = next_look(now.status, seen.status, closed_at=now.closed_at, now=tx.now)
        await store.save_tracking(tx, id, company, seen, asked_at=asked_at, again_at=at)
    if moved:
        order = await seller_orders.get(tx, now.seller_order_id)
        await events.record(
            tx,
            "shipment.tracked",
            order=order.order_id,
            seller_order=order.id,
            number=order.number,
            shipment=id,
            carrier=now.carrier,
            tracking_number=now.tracking_number,
            tracking_status=seen.status,
            expected_at=seen.expected_at,
        )
    return await seller_orders.get_shipment(tx, id)


async def record_unknown(tx: Transaction, id: ShipmentId, because: str, *, again_at: datetime) -> None:
    """The carrier knows nothing of the number. After some times nobody asks any more, and it is told."""
    parcel = await _locked_parcel(tx, id)
    if parcel.track_again_at is None:
        return
    if await store.count_refusal(tx, id, because) < REFUSALS_MAX:
        await store.look_again(tx, id, again_at)
        return
    await store.look_again(tx, id, None)
    order = await seller_orders.get(tx, parcel.seller_order_id)
    await events.record(tx, "shipment.not_followed", order=order.order_id, shipment=id, carrier=parcel.carrier, reason=because)


async def _call_off(tx: Transaction, label: Label) -> None:
    if label.shipment_id is None:
        return
    parcel = await seller_orders.get_shipment(tx, label.shipment_id)
    if SHIPMENT.allows(parcel.status, "cancel"):
        await seller_orders.move_shipment(tx, parcel.id, "cancel")


async def _locked(tx: Transaction, id: LabelId) -> Label:
    order = await seller_orders.get(tx, (await store.get(tx, id)).seller_order_id)
    await orders.lock(tx, order.order_id)
    return await store.get(tx, id)


async def _locked_parcel(tx: Transaction, id: ShipmentId) -> Shipment:
    parcel = await seller_orders.get_shipment(tx, id)
    await orders.lock(tx, (await seller_orders.get(tx, parcel.seller_order_id)).order_id)
    return await seller_orders.get_shipment(tx, id)


async def _tell(tx: Transaction, name: events.EventName, label: Label, order: SellerOrder | None = None, **more: Any) -> None:
    of = order or await seller_orders.get(tx, label.seller_order_id)
    await events.record(
        tx,
        name,
        order=of.order_id,
        seller_order=of.id,
        number=of.number,
        label=label.id,
        carrier=label.carrier,
        service=label.service,
        **more,
    )


def _plain(money: Money) -> dict[str, Any]:
    return {"amount": money.amount, "currency": money.currency}
