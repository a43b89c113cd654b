"""What is written when money goes back: promised first, in one transaction with the job that sends it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from farthing import events, jobs, ledger, orders, tax
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid, NotFound
from farthing.ids import OrderId, PaymentId, RefundId
from farthing.ledger import Account, Move
from farthing.lifecycles import ORDER, REFUND, OrderStatus, RefundStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import asked_for, line_store, returned, store
from farthing.payments.model import Payment, Refund, RefundReason, WantedLine, check_refund, refund_verb
from farthing.payments.shares import RefundLine, choose, spread
from farthing.providers import SeenRefund

EVENT: Final[dict[RefundStatus, events.EventName]] = {
    RefundStatus.PENDING: "refund.pending",
    RefundStatus.SUCCEEDED: "refund.succeeded",
    RefundStatus.FAILED: "refund.failed",
    RefundStatus.CANCELED: "refund.canceled",
}


async def refund_order(
    tx: Transaction,
    order_id: OrderId,
    money: Money | None,
    *,
    reason: RefundReason,
    note: str | None,
    lines: Sequence[WantedLine] = (),
) -> Refund:
    """Promise part of what an order's buyer paid: an amount, some of its lines, or all that is left of it.

    Raises Conflict where there is none. An amount is spread over the lines by what they cost.
    """
    payment, parts = await plan(tx, order_id, money, lines)
    total = Money(sum(part.amount for part in parts), payment.asked.currency)
    return await promise(tx, payment, total, reason=reason, note=note, parts=parts)


async def plan(
    tx: Transaction, order_id: OrderId, money: Money | None, lines: Sequence[WantedLine] = ()
) -> tuple[Payment, list[RefundLine]]:
    """The payment that a refund would be of, locked, and what would go back of each line. Raises as the refund would."""
    if money is not None and lines:
        raise Invalid("Say how much, or which lines, and not both: a line may have an amount of its own.", param="lines")
    payment, wanted = await what_to_refund(tx, order_id, money)
    standings = await line_store.standings(tx, await orders.get(tx, order_id))
    if not lines:
        return payment, spread(standings, wanted)
    parts = choose(standings, lines)
    check_refund(payment, Money(sum(part.amount for part in parts), wanted.currency))
    return payment, parts


async def what_to_refund(tx: Transaction, order_id: OrderId, money: Money | None) -> tuple[Payment, Money]:
    """The payment that a refund would be of, locked, and how much it would be. Changes nothing. Raises as the refund would."""
    order = await orders.lock(tx, order_id)
    payments = [payment for payment in await store.of_order(tx, order_id) if payment.settles]
    if not payments:
        raise Conflict(f"{order.id} is {order.status}: nothing was paid that could be refunded.")
    payment = await store.lock(tx, payments[0].id)
    if money is None and not payment.refundable:
        raise Conflict(f"{order.id} has nothing left to refund: all of it went back, is on its way, or pays for an exchange.")
    # An amount of nothing is an amount: refused, and never "all of it".
    wanted = payment.refundable if money is None else money
    check_refund(payment, wanted)
    return payment, wanted


async def promise(
    tx: Transaction,
    payment: Payment,
    money: Money,
    *,
    reason: RefundReason,
    note: str | None,
    parts: Sequence[RefundLine] = (),
    retry_of: RefundId | None = None,
) -> Refund:
    """Set the money aside and schedule the call that sends it back. The caller holds the order's lock.

    `parts` says what goes back of each line; without it the amount is spread over them.
    """
    check_refund(payment, money)
    refund = _new(tx, payment, money, reason=reason, note=note, requested_by=tx.actor)
    refund = replace(refund, retry_of=retry_of)
    await _set_aside(tx, payment, refund, parts)
    await jobs.schedule(tx, "payments.send_refund", refund=str(refund.id))
    return refund


async def record_refund(tx: Transaction, provider: str, livemode: bool, seen: SeenRefund) -> OrderId | None:
    """Bring a refund up to what the provider says; one made in its dashboard becomes ours. None: it is not about us."""
    found = await _find(tx, provider, livemode, seen)
    if isinstance(found, Refund):
        order = await orders.lock(tx, found.order_id)
        payment = await store.lock(tx, found.payment_id)
        refund = await store.lock_refund(tx, found.id)
    elif found is not None:
        order = await orders.lock(tx, found.order_id)
        payment = await store.lock(tx, found.id)
        # Two deliveries of the news may have met here: whoever waited finds the other's row.
        again = await store.find_refund_by_provider_id(tx, provider, livemode, seen.id)
        refund = again or await _adopt(tx, payment, seen)
    else:
        return None
    verb = refund_verb(refund, seen)
    if verb is not None:
        await _move(tx, order, payment, refund, verb, provider_refund_id=seen.id, failure=seen.failure_reason)
    if seen.status == "pending" and seen.pending_reason != refund.pending_reason:
        await store.save_pending_reason(tx, refund.id, seen.pending_reason)
    return order.id


async def withdraw_unsent(tx: Transaction, id: RefundId) -> Refund:
    """Take back a promise that was never asked of the provider; one that was is left as it is. Returns how it stands."""
    found = await store.get_refund(tx, id)
    order = await orders.lock(tx, found.order_id)
    payment = await store.lock(tx, found.payment_id)
    refund = await store.lock_refund(tx, id)
    if refund.status == RefundStatus.PROMISED and refund.asked_at is None:
        await _move(tx, order, payment, refund, "cancel", provider_refund_id=None, failure=None)
    return await store.get_refund(tx, id)


async def refuse(tx: Transaction, id: RefundId, reason: str) -> None:
    """The provider said no, and meant it: the promise is taken back, for somebody to see."""
    found = await store.get_refund(tx, id)
    order = await orders.lock(tx, found.order_id)
    payment = await store.lock(tx, found.payment_id)
    refund = await store.lock_refund(tx, id)
    if REFUND.allows(refund.status, "fail"):
        await _move(tx, order, payment, refund, "fail", provider_refund_id=None, failure=reason)


async def _find(tx: Transaction, provider: str, livemode: bool, seen: SeenRefund) -> Refund | Payment | None:
    """Our refund, or else our payment that theirs gives back."""
    if known := await store.find_refund_by_provider_id(tx, provider, livemode, seen.id):
        return known
    if seen.reference is not None:
        try:
            return await store.get_refund(tx, RefundId.parse(seen.reference))
        except NotFound:
            pass
    if seen.payment_id is None:
        return None
    return await store.find_by_provider_id(tx, provider, livemode, seen.payment_id)


async def _adopt(tx: Transaction, payment: Payment, seen: SeenRefund) -> Refund:
    """A refund that somebody made at the provider: booked as our own would be."""
    refund = _new(tx, payment, seen.money, reason="provider", note=None, requested_by=f"provider:{payment.provider}")
    refund = replace(refund, provider_refund_id=seen.id)
    await _set_aside(tx, payment, refund, made_already=True)
    return refund


async def _set_aside(
    tx: Transaction, payment: Payment, refund: Refund, parts: Sequence[RefundLine] = (), *, made_already: bool = False
) -> None:
    if not await store.reserve_refund(tx, payment.id, refund.money.amount, made_already=made_already):
        raise Conflict(f"{payment.id} has {payment.refundable} left to refund, not {refund.money}.")
    await store.insert_refund(tx, refund, livemode=payment.livemode)
    if payment.settles:
        await returned.set_aside(tx, await orders.get(tx, payment.order_id), refund, parts, made_already=made_already)
    move = Move(ledger.REFUNDS_OWED, _borne_by(payment), refund.money)
    await ledger.post(tx, "refund_promised", str(refund.id), move, order=payment.order_id)
    await events.record(
        tx,
        "refund.promised",
        order=payment.order_id,
        refund=refund.id,
        payment=payment.id,
        amount={"amount": refund.money.amount, "currency": refund.money.currency},
        reason=refund.reason,
        note=refund.note,
    )


async def _move(
    tx: Transaction,
    order: Order,
    payment: Payment,
    refund: Refund,
    verb: str,
    *,
    provider_refund_id: str | None,
    failure: str | None,
) -> None:
    status = REFUND.move(refund.status, verb)
    await store.save_refund(tx, refund, status, provider_refund_id=provider_refund_id, failure_reason=failure)
    gone = await returned.gone(tx, order)
    await _book(tx, payment, refund, status)
    if status in (RefundStatus.FAILED, RefundStatus.CANCELED):
        await returned.withdraw(tx, order, refund.id)
    await events.record(
        tx,
        EVENT[status],
        order=order.id,
        refund=refund.id,
        payment=payment.id,
        amount={"amount": refund.money.amount, "currency": refund.money.currency},
        failure=failure,
        line_items=await returned.described(tx, order, refund.id),
    )
    await _follow(tx, order, payment.id)
    await asked_for.follow(tx, order.id, refund.id, status)
    if refund.reason == "provider":
        await asked_for.cover(tx, order.id, refund.id, status)
    await returned.follow(tx, order.id, gone)
    if status == RefundStatus.SUCCEEDED and payment.settles:
        # Last: whoever draws the next number waits for this commit.
        parts = [(part.line, part.quantity) for part in await line_store.of_refund(tx, refund.id)]
        await tax.credit_order(tx, order.id, refund.id, parts)


async def _book(tx: Transaction, payment: Payment, refund: Refund, status: RefundStatus) -> None:
    """Move the amounts and the money along with the refund."""
    amount, bank = refund.money.amount, ledger.provider(payment.provider)
    back = Move(_borne_by(payment), ledger.REFUNDS_OWED, refund.money)
    match status:
        case RefundStatus.SUCCEEDED:
            await store.move_refunding(tx, payment.id, refunding=-amount, refunded=amount)
            await line_store.move(tx, refund.id, line_store.ARRIVED)
            move = Move(bank, ledger.REFUNDS_OWED, refund.money)
            await ledger.post(tx, "refund", str(refund.id), move, order=payment.order_id)
        case RefundStatus.FAILED if refund.status == RefundStatus.SUCCEEDED:
            await store.move_refunding(tx, payment.id, refunding=0, refunded=-amount)
            await line_store.move(tx, refund.id, line_store.RETURNED)
            returned = Move(ledger.REFUNDS_OWED, bank, refund.money)
            await ledger.post(tx, "refund_returned", str(refund.id), returned, back, order=payment.order_id)
        case RefundStatus.FAILED | RefundStatus.CANCELED:
            await store.move_refunding(tx, payment.id, refunding=-amount, refunded=0)
            await line_store.move(tx, refund.id, line_store.WITHDRAWN)
            await ledger.post(tx, "refund_withdrawn", str(refund.id), back, order=payment.order_id)
        case RefundStatus.PENDING | RefundStatus.PROMISED:
            pass


async def _follow(tx: Transaction, order: Order, payment_id: PaymentId) -> None:
    """An order whose whole price is back is refunded; and the other way round."""
    payment = await store.get(tx, payment_id)
    if not payment.settles or payment.received is None:
        return
    whole = payment.refunded_amount == payment.received.amount
    if whole and ORDER.allows(order.status, "refund"):
        await orders.mark_refunded(tx, order)
    elif not whole and order.status == OrderStatus.REFUNDED:
        await orders.reinstate(tx, order)


def _borne_by(payment: Payment) -> Account:
    """The account that a refund of this payment is taken from: our revenue, or what was never ours."""
    return ledger.REFUNDS if payment.settles else ledger.SURPLUS


def _new(
    tx: Transaction, payment: Payment, money: Money, *, reason: RefundReason, note: str | None, requested_by: str
) -> Refund:
    return Refund(
        id=RefundId.new(),
        payment_id=payment.id,
        order_id=payment.order_id,
        provider=payment.provider,
        provider_refund_id=None,
        status=RefundStatus.PROMISED,
        money=money,
        reason=reason,
        note=note,
        failure_reason=None,
        requested_by=requested_by,
        promised_at=tx.now,
        asked_at=None,
        succeeded_at=None,
    )
