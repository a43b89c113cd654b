"""It has come: what was in the parcel, what goes on the shelf, and what goes back to the buyer."""

from collections.abc import Sequence
from dataclasses import replace

from farthing import inventory, orders, payments, refunds, seller_orders
from farthing.db import Transaction
from farthing.errors import Conflict
from farthing.ids import OrderId, RefundId, ReturnId, ShipmentId
from farthing.lifecycles import RETURN, OrderStatus, ReturnStatus, ShipmentStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.refunds import Judge, Units
from farthing.returns import store
from farthing.returns.actions import lock, tell
from farthing.returns.model import Found, Return, ReturnLine, checked_found, checked_words
from farthing.returns.offering import disputed
from farthing.shares import WHOLE


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
    if late := back.status == ReturnStatus.LAPSED:
        await _check_late(tx, back, came)
    await store.save_received(tx, id, came, checked_words(note, "note"))
    await _put_away(tx, order, came, reason=f"return {back.number}")
    for each in came:
        awaited = next(line.quantity for line in back.lines if line.line == each.line)
        came_of_it = each.restocked + each.written_off
        await seller_orders.end_return(tx, each.line, awaited=0 if late else awaited, came=came_of_it)
    back = await store.get(tx, id)
    await tell(tx, "return.received", back, came=_described(back))
    if await disputed(tx, order):
        return back  # the bank has the money, and decides whose it is
    if back.wanted == "exchange" and any(line.came for line in back.lines):
        return back  # its buyer chooses something else
    return await _settle(tx, back, order, judge)


async def _check_late(tx: Transaction, back: Return, came: Sequence[Found]) -> None:
    """Raise Conflict for what lapsed and was never paid back, or is asked for again: that return is taken in."""
    may = {line.line_id: line.returnable for line in (await seller_orders.get(tx, back.seller_order_id)).lines}
    if back.refund_id is None or any(each.restocked + each.written_off > may[each.line] for each in came):
        raise Conflict(
            f"{back.number} was not sent in its time, and is not awaited: its buyer asks again, or you give the money back.",
            extra={"state": str(back.status)},
        )


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
        wanted="refund",
        credit_amount=None,
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
    """Pay back what came while the bank had the money, or was to be exchanged and is not. Raises Conflict where the bank has it
    still, where the order that replaces it may yet be paid, or where all of that is done."""
    back, order = await lock(tx, id)
    RETURN.move(back.status, "refund")
    if back.exchange_order_id is not None:
        return await settle_exchange(tx, back, order)
    if await disputed(tx, order):
        raise Conflict(f"The payment of {back.number} is disputed: the bank decides.")
    return await _settle(tx, back, order, judge)


async def worth(tx: Transaction, back: Return, order: Order) -> Money:
    """What is to be had for what came: all that was paid for it."""
    return sum(await refunds.worth(tx, order, _units(back)), start=Money.zero(order.total.currency))


async def link_exchange(tx: Transaction, back: Return, order: Order, replaced_by: OrderId, credit: Money) -> Return:
    """That order replaces what came, and so much was taken off it. Both orders are locked, or new."""
    await store.save_exchange(tx, back.id, replaced_by, credit.amount)
    units = _units(back)
    prices = await refunds.worth(tx, order, units)
    await _set_aside(tx, back, order, units, credit.split([price.amount for price in prices]))
    back = await store.get(tx, back.id)
    await tell(tx, "return.exchanged", back, replaced_by=replaced_by)
    return await settle_exchange(tx, back, order)


async def settle_exchange(tx: Transaction, back: Return, order: Order) -> Return:
    """Once the order that replaces it is paid, what it did not use up goes back; where that came to nothing, all of it.

    Nothing while it is open. The returned order is locked.
    """
    assert back.exchange_order_id is not None, "it is exchanged"
    replaced_by = await orders.get(tx, back.exchange_order_id)
    if replaced_by.status == OrderStatus.OPEN:
        return back
    await _let_go(tx, back)
    if replaced_by.paid_at is None:
        await store.save_exchange(tx, back.id, None, None)
        return await _settle(tx, await store.get(tx, back.id), order, None)
    units = _units(back)
    prices = await refunds.worth(tx, order, units)
    used = Money(min(back.credit_amount or 0, sum(price.amount for price in prices)), order.total.currency)
    kept = used.split([price.amount for price in prices])
    # Nothing is kept for the shelf of what is taken instead; of what goes back as money it is: a trifle saves none of it.
    shelf = [(price - part).amount * unit.kept_points // WHOLE for unit, price, part in zip(units, prices, kept, strict=True)]
    rest = [replace(u, kept_points=0, kept=p.amount + s) for u, p, s in zip(units, kept, shelf, strict=True)]
    promised = await refunds.give_back(tx, order, rest, note=back.number) if used < sum(prices, start=used - used) else None
    if promised is not None:
        await store.save_refund(tx, back.id, promised.id)
    return await _close(tx, back, None if promised is None else promised.id)


async def _set_aside(tx: Transaction, back: Return, order: Order, units: Sequence[Units], kept: Sequence[Money]) -> None:
    """While the other order may be paid, what pays for it is not given back as money as well.

    From then on it is the price of what was had so: where that goes back, nobody sends it.
    """
    left = {standing.line.id: standing.units_left for standing in await payments.standings(tx, order)}
    for unit, money in zip(units, kept, strict=True):
        count = min(unit.quantity, left[unit.line])
        if not await payments.set_exchanged(tx, unit.line, money.amount, count):
            raise Conflict(f"Of what came back with {back.number} less is left than {money}: look again at what went back.")
        await store.set_aside(tx, back.id, unit.line, money.amount, count)


async def _let_go(tx: Transaction, back: Return) -> None:
    for line, amount, quantity in await store.aside(tx, back.id):
        await payments.set_exchanged(tx, line, -amount, -quantity)
        await store.set_aside(tx, back.id, line, 0, 0)


async def _settle(tx: Transaction, back: Return, order: Order, judge: Judge | None) -> Return:
    """What is given back for what came, or that nothing is."""
    paid = back.refund_id
    if paid is None and order.status == OrderStatus.PAID:
        promised = await refunds.give_back(tx, order, _units(back), note=back.number, judge=judge)
        if promised is not None:
            paid = promised.id
            await store.save_refund(tx, back.id, paid)
    return await _close(tx, back, paid)


async def _close(tx: Transaction, back: Return, paid: RefundId | None) -> Return:
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
