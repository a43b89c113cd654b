"""It has come: what was in the parcel, what goes on the shelf, and what goes back to the buyer."""

from collections.abc import Sequence

from farthing import inventory, orders, refunds, seller_orders
from farthing.db import Transaction
from farthing.errors import Conflict
from farthing.ids import ReturnId, ShipmentId
from farthing.lifecycles import RETURN, OrderStatus, ReturnStatus, ShipmentStatus
from farthing.orders import Order
from farthing.refunds import Judge, Units
from farthing.returns import store
from farthing.returns.actions import lock, tell
from farthing.returns.model import Found, Return, ReturnLine, checked_found, checked_words
from farthing.returns.offering import disputed


async def receive(
    tx: Transaction, id: ReturnId, found: Sequence[Found] | None = None, *, note: str | None = None, judge: Judge | None = None
) -> Return:
    """What was in the parcel, looked at; all of it is as new where nothing is said. What came is paid back here, unless it
    was before, it was exchanged, or the bank has the money.

    What goes on the shelf and what is of no use are movements of the stock. Raises Conflict for what came already.
    """
    back, order = await lock(tx, id)
    RETURN.move(back.status, "receive")
    came = checked_found(back, found)
    await store.save_received(tx, id, came, checked_words(note, "note"))
    await _put_away(tx, order, came, reason=f"return {back.number}")
    for each in came:
        awaited = next(line.quantity for line in back.lines if line.line == each.line)
        await seller_orders.end_return(tx, each.line, awaited=awaited, came=each.restocked + each.written_off)
    back = await store.get(tx, id)
    await tell(tx, "return.received", back, came=_described(back))
    if await disputed(tx, order):
        return back  # the bank has the money, and decides whose it is
    return await _settle(tx, back, order, judge)


async def receive_parcel(
    tx: Transaction,
    id: ShipmentId,
    found: Sequence[Found] | None = None,
    *,
    note: str | None = None,
    judge: Judge | None = None,
) -> Return:
    """A parcel that never arrived is back with its seller: the buyer has all of their money for what was in it.

    Raises Conflict for a parcel that its carrier has not returned, and for one that was taken in before.
    """
    parcel = await seller_orders.get_shipment(tx, id)
    order = await orders.lock(tx, (await seller_orders.get(tx, parcel.seller_order_id)).order_id)
    parcel = await seller_orders.get_shipment(tx, id)
    if parcel.status != ShipmentStatus.RETURNED:
        raise Conflict(
            f"{id} is {parcel.status}: only a parcel that came back is taken in.", extra={"state": str(parcel.status)}
        )
    if parcel.settled_how == "resend":
        raise Conflict(f"What was in {id} is sent again already.", extra={"state": "resend"})
    part = await seller_orders.get(tx, parcel.seller_order_id)
    names = {line.line_id: line.name for line in part.lines}
    position, number = await store.next_number(tx, part.id, part.number)
    back = Return(
        id=ReturnId.new(),
        seller_order_id=part.id,
        order_id=part.order_id,
        number=number,
        livemode=part.livemode,
        status=ReturnStatus.IN_TRANSIT,
        shipment_id=id,
        way_back="seller",
        refund_at="receipt",
        restocking_basis_points=0,
        requested_by=tx.actor,
        requested_at=tx.now,
        message=None,
        note=None,
        decided_by=tx.actor,
        decided_at=tx.now,
        send_before=None,
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        sent_at=tx.now,
        received_by=None,
        received_at=None,
        refund_id=None,
        exchange_order_id=None,
        closed_at=None,
        lines=tuple(ReturnLine(line, names[line], quantity, "undeliverable", 0, 0) for line, quantity in parcel.lines),
    )
    came = checked_found(back, found)
    if not await store.insert(tx, back, position):
        raise Conflict(f"{id} was taken in already.")
    await store.save_received(tx, back.id, came, checked_words(note, "note"))
    await _put_away(tx, order, came, reason=f"return {number}")
    await seller_orders.take_parcel_back(tx, parcel)
    back = await store.get(tx, back.id)
    await tell(tx, "return.received", back, came=_described(back), shipment=id)
    if await disputed(tx, order):
        return back
    return await _settle(tx, back, order, judge)


async def refund(tx: Transaction, id: ReturnId, *, judge: Judge | None = None) -> Return:
    """Pay back what came while the bank had the money. Raises Conflict where it has it still, or all of that is done."""
    back, order = await lock(tx, id)
    RETURN.move(back.status, "refund")
    if await disputed(tx, order):
        raise Conflict(f"The payment of {back.number} is disputed: the bank decides.")
    return await _settle(tx, back, order, judge)


async def _settle(tx: Transaction, back: Return, order: Order, judge: Judge | None) -> Return:
    """What is given back for what came, or that nothing is."""
    paid = back.refund_id
    if paid is None and back.exchange_order_id is None and order.status == OrderStatus.PAID:
        promised = await refunds.give_back(tx, order, _units(back), note=back.number, judge=judge)
        if promised is not None:
            paid = promised.id
            await store.save_refund(tx, back.id, paid)
    verb = "close" if paid is None else "refund"
    await store.close(tx, back.id, RETURN.move(back.status, verb))
    after = await store.get(tx, back.id)
    await tell(tx, "return.closed" if paid is None else "return.refunded", after, refund=paid)
    return after


def _units(back: Return) -> list[Units]:
    """What came, less what is kept for the shelf; of a parcel that never arrived, all that was in it."""
    counts = [(line, line.quantity if back.shipment_id is not None else line.came) for line in back.lines]
    return [Units(line.line, count, back.kept_points(line)) for line, count in counts if count]


async def _put_away(tx: Transaction, order: Order, came: Sequence[Found], *, reason: str) -> None:
    counted = {line.id for line in order.lines if line.details.get("counted")}
    skus = {line.id: str(line.details.get("sku")) for line in order.lines}
    for each in sorted(came, key=lambda each: skus[each.line]):
        if each.line in counted and each.restocked + each.written_off:
            await inventory.take_in(
                tx,
                each.line,
                restocked=each.restocked,
                written_off=each.written_off,
                reason=reason,
                location=each.location,
            )


def _described(back: Return) -> list[dict[str, object]]:
    return [{"id": str(line.line), "restocked": line.restocked, "written_off": line.written_off} for line in back.lines]
