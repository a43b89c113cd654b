"""What is said about a return before it comes. Each takes the open transaction, and the order's lock first."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from farthing import events, orders, refunds, seller_orders
from farthing.catalog import ReturnPolicy
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid, NotFound, ReturnWindowOver
from farthing.ids import ReturnId, SellerOrderId
from farthing.lifecycles import RETURN, OrderStatus, ReturnStatus
from farthing.orders import Order
from farthing.refunds import Judge, Units
from farthing.returns import offering, store
from farthing.returns.model import Asked, Return, Returnable, ReturnLine, Wanted, check_asked, checked_words, way_back
from farthing.seller_orders import SellerOrder

TRACKING_MAX: Final = 100
CARRIER_MAX: Final = 63
WHY_NOT: Final = {
    "not_delivered": "{name} has not arrived: nothing of it can be sent back yet.",
    "not_returnable": "{name} is not taken back.",
    "disputed": "The payment of {name} is disputed: the bank decides.",
    "refunded": "{name} was paid back already, or is about to be.",
    "returned": "All of {name} that arrived came back, or is about to.",
}


async def request(
    tx: Transaction,
    id: SellerOrderId,
    asked: Sequence[Asked],
    *,
    message: str | None = None,
    policy: ReturnPolicy,
    wanted: Wanted = "refund",
    by_buyer: bool = True,
) -> Return:
    """Ask to send something of a seller order back. Where the policy says so, a buyer in time is answered at once.

    Raises ReturnWindowOver after its time, Conflict for more than arrived, or for what was paid back already.
    """
    check_asked(asked)
    order = await orders.lock(tx, (await seller_orders.get(tx, id)).order_id)
    part = await seller_orders.get(tx, id)
    names = _check_may(part, asked, {each.line: each for each in await offering.offer(tx, part, policy)})
    made = await _new(tx, order, part, asked, names, policy, wanted=wanted, message=checked_words(message, "message"))
    for each in asked:
        await seller_orders.await_return(tx, each.line, each.quantity)
    await tell(tx, "return.requested", made, party="buyer" if by_buyer else "platform")
    if by_buyer and policy.auto_approve:
        return await approve(tx, made.id, policy=policy, by="policy")
    return made


async def approve(
    tx: Transaction,
    id: ReturnId,
    *,
    policy: ReturnPolicy,
    note: str | None = None,
    by: str | None = None,
    judge: Judge | None = None,
) -> Return:
    """It may be sent. Where its money goes back at once, that is promised here."""
    back, order = await lock(tx, id)
    RETURN.move(back.status, "approve")
    until = tx.now + timedelta(days=policy.send_days)
    await store.save_approved(tx, id, by=by or tx.actor, note=checked_words(note, "note"), send_before=until)
    if back.refund_at == "approval":
        units = [Units(line.line, line.quantity, back.kept_points(line)) for line in back.lines]
        refund = await refunds.give_back(tx, order, units, note=back.number, judge=judge)
        if refund is not None:
            await store.save_refund(tx, id, refund.id)
    back = await store.get(tx, id)
    await tell(tx, "return.approved", back, send_before=until.isoformat(), refund=back.refund_id)
    return back


async def decline(tx: Transaction, id: ReturnId, *, note: str | None) -> Return:
    """Say no, and why."""
    back, _ = await lock(tx, id)
    said = checked_words(note, "note")
    if said is None:
        raise Invalid("Say why: the buyer asks.", param="note")
    await store.save_decided(tx, id, RETURN.move(back.status, "decline"), by=tx.actor, note=said)
    return await _let_go(tx, back, "return.declined")


async def withdraw(tx: Transaction, id: ReturnId) -> Return:
    """The buyer keeps it. Raises Conflict where its money went back already."""
    back, _ = await lock(tx, id)
    if back.refund_id is not None:
        raise Conflict(f"The money of {back.number} went back already: send it.")
    await store.close(tx, id, RETURN.move(back.status, "withdraw"))
    return await _let_go(tx, back, "return.withdrawn")


async def lapse(tx: Transaction, id: ReturnId) -> bool:
    """It was never sent: nobody waits for it any more. False where it was sent in the meantime.

    What was paid back at its approval stays paid back; should it come after all, it is taken in.
    """
    back, _ = await lock(tx, id)
    late = back.send_before is not None and back.send_before <= tx.now
    if not late or not RETURN.allows(back.status, "lapse"):
        return False
    await store.close(tx, id, RETURN.move(back.status, "lapse"))
    await _let_go(tx, back, "return.lapsed")
    return True


async def send(tx: Transaction, id: ReturnId, *, carrier: str | None = None, tracking_number: str | None = None) -> Return:
    """It is on its way back."""
    back, _ = await lock(tx, id)
    status = RETURN.move(back.status, "send")
    assert status == ReturnStatus.IN_TRANSIT
    await store.save_sent(
        tx, id, _line(carrier, CARRIER_MAX, "carrier"), _line(tracking_number, TRACKING_MAX, "tracking_number")
    )
    back = await store.get(tx, id)
    await tell(tx, "return.sent", back, carrier=back.carrier, tracking_number=back.tracking_number)
    return back


async def lock(tx: Transaction, id: ReturnId) -> tuple[Return, Order]:
    order = await orders.lock(tx, (await store.get(tx, id)).order_id)
    return await store.get(tx, id), order


async def tell(tx: Transaction, name: events.EventName, back: Return, **more: Any) -> None:
    part = await seller_orders.get(tx, back.seller_order_id)
    lines = [{"id": str(line.line), "name": line.name, "quantity": line.quantity, "reason": line.reason} for line in back.lines]
    await events.record(
        tx,
        name,
        **{"return": back.id},
        order=back.order_id,
        number=back.number,
        seller_order=part.id,
        seller=part.seller_id,
        way_back=back.way_back,
        wanted=back.wanted,
        line_items=lines,
        **more,
    )


async def _let_go(tx: Transaction, back: Return, name: events.EventName) -> Return:
    for line in back.lines:
        await seller_orders.end_return(tx, line.line, awaited=line.quantity, came=0)
    after = await store.get(tx, back.id)
    await tell(tx, name, after, **({"refund": back.refund_id} if back.refund_id is not None else {}))
    return after


def _check_may(part: SellerOrder, asked: Sequence[Asked], offered: dict[Any, Returnable]) -> dict[Any, str]:
    for each in asked:
        if each.line not in offered:
            raise NotFound(f"There is no line item {each.line} in {part.number}.", param="lines")
        may = offered[each.line]
        if may.why_not == "window_over" and may.until is not None:
            raise ReturnWindowOver(
                f"{may.name} could be sent back until {may.until:%Y-%m-%d}.",
                param="lines",
                extra={"until": may.until.isoformat()},
            )
        if may.why_not is not None:
            raise Conflict(WHY_NOT[may.why_not].format(name=may.name), param="lines", extra={"why_not": may.why_not})
        if each.quantity > may.quantity:
            raise Conflict(f"Of {may.name} {may.quantity} can be sent back, not {each.quantity}.", param="lines")
    return {line: may.name for line, may in offered.items()}


async def _new(
    tx: Transaction,
    order: Order,
    part: SellerOrder,
    asked: Sequence[Asked],
    names: dict[Any, str],
    policy: ReturnPolicy,
    *,
    wanted: Wanted,
    message: str | None,
) -> Return:
    if order.status != OrderStatus.PAID:
        raise Conflict(f"{order.number} is {order.status}: nothing of it is sent back.", extra={"state": str(order.status)})
    position, number = await store.next_number(tx, part.id, part.number)
    made = Return(
        id=ReturnId.new(),
        seller_order_id=part.id,
        order_id=part.order_id,
        number=number,
        livemode=part.livemode,
        status=ReturnStatus.REQUESTED,
        shipment_id=None,
        way_back=way_back(asked, policy.way_back),
        refund_at=policy.refund_at if wanted == "refund" else "receipt",
        restocking_basis_points=policy.restocking_basis_points,
        requested_by=tx.actor,
        requested_at=tx.now,
        message=message,
        note=None,
        decided_by=None,
        decided_at=None,
        send_before=None,
        carrier=None,
        tracking_number=None,
        sent_at=None,
        received_by=None,
        received_at=None,
        refund_id=None,
        exchange_order_id=None,
        wanted=wanted,
        credit_amount=None,
        closed_at=None,
        lines=tuple(ReturnLine(each.line, names[each.line], each.quantity, each.reason, 0, 0) for each in asked),
    )
    await store.insert(tx, made, position)
    return made


def _line(text: str | None, most: int, param: str) -> str | None:
    found = (text or "").strip()
    if len(found) > most or not found.isprintable():
        raise Invalid(f"That is a printable text of at most {most} characters.", param=param)
    return found or None
