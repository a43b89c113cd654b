"""What can be done about giving money back. Each takes the open transaction; locks go order, payment, refunds, request."""

from datetime import UTC, datetime

from farthing import events, fulfillment, orders, payments
from farthing.catalog import RefundPolicy, RefundRole
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden
from farthing.ids import OrderId, RefundId, RefundRequestId
from farthing.lifecycles import REFUND_REQUEST, RefundRequestStatus, RefundStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import Payment, Refund, RefundLine, RefundReason, WantedLine
from farthing.refunds import store
from farthing.refunds.limits import check_limits, check_one_is_enough, person_of
from farthing.refunds.model import RefundRequest, Wanted
from farthing.refunds.previewing import check_figure, figures


async def create(
    tx: Transaction,
    order_id: OrderId,
    wanted: Wanted,
    *,
    reason: RefundReason,
    note: str | None,
    role: RefundRole,
    policy: RefundPolicy,
    figure: str | None = None,
) -> Refund:
    """Promise a refund on one person's word. A job sends it.

    With the `figure` of a preview it is made at those figures or not at all (Conflict, with the new ones). Raises Forbidden
    above what the role may give back, Conflict above what one person may, or where that much is not left.
    """
    payment, parts = await payments.plan(tx, order_id, wanted.money, wanted.lines)
    if figure is not None:
        order = await orders.get(tx, order_id)
        check_figure(figures(order, payment, await payments.standings(tx, order), parts, policy), figure)
    total = _total(payment, parts)
    check_one_is_enough(policy, with_earlier(payment, total))
    await check_person(tx, policy, role, total)
    return await payments.promise(tx, payment, total, reason=reason, note=note, parts=parts)


async def request(
    tx: Transaction,
    order_id: OrderId,
    wanted: Wanted,
    *,
    reason: RefundReason,
    message: str | None,
    policy: RefundPolicy,
    by_buyer: bool,
) -> RefundRequest:
    """Ask for money back. A buyer's request within the policy is approved at once; else it waits for a person.

    A buyer who names no amount gets what is not used up. Raises Conflict where nothing of that is left, or where the order
    has an open request already: one at a time.
    """
    order = await orders.lock(tx, order_id)
    if (found := await store.find_open(tx, order_id)) is not None:
        raise Conflict(f"{order_id} has a refund request already: {found.id} is {found.status}.")
    allowed = await _allowed(tx, order, policy)
    everything = wanted == Wanted()
    if by_buyer and everything and policy.leave_out_used:
        wanted = _unused(order, allowed)
    payment, parts = await payments.plan(tx, order_id, wanted.money, wanted.lines)
    total = _total(payment, parts)
    made = RefundRequest(
        id=RefundRequestId.new(),
        order_id=order_id,
        refund_id=None,
        status=RefundRequestStatus.REQUESTED,
        money=total,
        lines=tuple(WantedLine(p.line, p.quantity or None, Money(p.amount, total.currency)) for p in parts if p.chosen),
        reason=reason,
        message=message,
        note=None,
        requested_by=tx.actor,
        needs_second=policy.needs_second(with_earlier(payment, total)),
        first_approver=None,
        second_approver=None,
        closed_by=None,
        requested_at=tx.now,
        closed_at=None,
    )
    if not await store.insert(tx, made):
        raise Conflict(f"{order_id} has a refund request already.")
    by = "customer" if by_buyer else "staff"
    await _record(tx, "refund_request.requested", made, by=by, needs_second=made.needs_second)
    covered = all(part.amount <= allowed.get(str(part.line), 0) for part in parts) and await _unseen(tx, order, allowed, parts)
    if by_buyer and policy.auto_approve and covered and not made.needs_second and policy.in_window(order.paid_at, tx.now):
        await _grant(tx, made, payment, parts, person="policy", note=None)
    return await store.get(tx, made.id)


async def approve(
    tx: Transaction, id: RefundRequestId, *, role: RefundRole, policy: RefundPolicy, note: str | None = None
) -> RefundRequest:
    """Give one person's word; with all the words that it takes, the refund is promised in the same transaction.

    Raises Conflict where the request is closed, where the same person would be both, and where what is left of the order is
    not what was asked for any more.
    """
    found = await store.get(tx, id)
    payment, parts = await payments.plan(tx, found.order_id, found.wanted.money, found.wanted.lines)
    found = await store.get(tx, id, lock=True)
    REFUND_REQUEST.move(found.status, "approve")
    person, total = person_of(tx.actor), _total(payment, parts)
    if total != found.money:
        raise Conflict(f"{id} is about {found.money}, but {total} would go back now: decline it, and refund what is right.")
    needs = found.needs_second or policy.needs_second(with_earlier(payment, total))
    if needs and found.first_approver == person:
        raise Conflict(f"{id} takes the word of two people: somebody else has to approve it as well.")
    await check_person(tx, policy, role, total)
    if needs and found.first_approver is None:
        await store.save_first_approval(tx, id, person, note)
        await _record(tx, "refund_request.first_approved", found)
        return await store.get(tx, id)
    await _grant(tx, found, payment, parts, person=person, note=note)
    return await store.get(tx, id)


async def decline(tx: Transaction, id: RefundRequestId, *, note: str | None = None) -> RefundRequest:
    """Say no. An approved one only where its refund came to nothing."""
    found = await _lock(tx, id)
    if found.refund_id is not None and found.status == RefundRequestStatus.APPROVED:
        refund = await payments.get_refund(tx, found.refund_id)
        if refund.status not in (RefundStatus.FAILED, RefundStatus.CANCELED):
            raise Conflict(f"{id} is approved, and its refund is {refund.status}: there is nothing to decline any more.")
    return await _close(tx, found, "decline", "refund_request.declined", note)


async def withdraw(tx: Transaction, id: RefundRequestId) -> RefundRequest:
    """The buyer does not want it any more."""
    return await _close(tx, await _lock(tx, id), "withdraw", "refund_request.withdrawn", None)


async def retry(tx: Transaction, id: RefundId, *, role: RefundRole, policy: RefundPolicy) -> Refund:
    """Try a refund that failed again: a new row, with a key of its own, of the same lines. Once for each failure.

    It needs no second person again: the same sum was granted before.
    """
    failed = await payments.get_refund(tx, id)
    await orders.lock(tx, failed.order_id)
    payment = await payments.lock(tx, failed.payment_id)
    failed = await payments.lock_refund(tx, id)
    if failed.status not in (RefundStatus.FAILED, RefundStatus.CANCELED):
        raise Conflict(f"{id} is {failed.status}: only a refund that came to nothing is tried again.")
    if (again := await store.find_retry(tx, id)) is not None:
        raise Conflict(f"{id} was tried again already: see {again}.")
    await check_person(tx, policy, role, failed.money)
    chosen = [part for part in await payments.lines_of_refund(tx, id) if part.chosen]
    lines = [WantedLine(p.line, p.quantity or None, Money(p.amount, failed.money.currency)) for p in chosen]
    parts = (await payments.plan(tx, failed.order_id, None, lines))[1] if lines else ()
    made = await payments.promise(
        tx, payment, failed.money, reason=failed.reason, note=failed.note, parts=parts, retry_of=failed.id
    )
    await store.hand_on(tx, failed.id, made.id)
    return made


async def _grant(
    tx: Transaction, found: RefundRequest, payment: Payment, parts: list[RefundLine], *, person: str, note: str | None
) -> None:
    refund = await payments.promise(tx, payment, found.money, reason=found.reason, note=note, parts=parts)
    if not await store.save_approval(tx, found.id, refund.id, person, note):
        raise Conflict(f"{found.id} was closed in the meantime.")
    await _record(tx, "refund_request.approved", found, refund=refund.id)


async def _lock(tx: Transaction, id: RefundRequestId) -> RefundRequest:
    await orders.lock(tx, (await store.get(tx, id)).order_id)
    return await store.get(tx, id, lock=True)


async def _close(tx: Transaction, found: RefundRequest, verb: str, event: events.EventName, note: str | None) -> RefundRequest:
    await store.close(tx, found, REFUND_REQUEST.move(found.status, verb), tx.actor, note)
    await _record(tx, event, found)
    return await store.get(tx, found.id)


async def _allowed(tx: Transaction, order: Order, policy: RefundPolicy) -> dict[str, int]:
    """Of each line: how much the policy gives back by itself."""
    allowed = {}
    for standing in await payments.standings(tx, order):
        used = (await fulfillment.used(tx, order, standing.line)).amount if policy.leave_out_used else 0
        allowed[str(standing.line.id)] = max(0, standing.left - used)
    return allowed


async def _unseen(tx: Transaction, order: Order, allowed: dict[str, int], parts: list[RefundLine]) -> bool:
    """Whether nobody has to look at what its buyer has, or is sent, for what is left of the price."""
    lines = {line.id: line for line in order.lines}
    wholes = [(lines[part.line], part.amount == allowed.get(str(part.line))) for part in parts]
    return all([await fulfillment.goes_back_unseen(tx, line, whole=whole) for line, whole in wholes])


def _unused(order: Order, allowed: dict[str, int]) -> Wanted:
    """All of it where nothing is used up; else what is left of each line."""
    lines = [
        WantedLine(line.id, amount=Money(allowed[str(line.id)], line.total.currency))
        for line in order.lines
        if allowed[str(line.id)]
    ]
    if not lines and any(line.total for line in order.lines) and order.paid_at is not None:
        raise Conflict(f"Nothing of {order.id} is left to ask for: it went back already, or is used up.")
    return Wanted(lines=tuple(lines))


async def check_person(tx: Transaction, policy: RefundPolicy, role: RefundRole, money: Money) -> None:
    """Raises Forbidden above the limits of the role, of one refund and of a day."""
    if tx.actor.startswith("customer:"):
        raise Forbidden("A customer gives no money back.")
    if role not in policy.daily:
        check_limits(policy, role, money, Money.zero(money.currency))
        return
    midnight = datetime.combine(tx.now.astimezone(UTC).date(), datetime.min.time(), UTC)
    today = await store.given_back(tx, person_of(tx.actor), money.currency, midnight)
    check_limits(policy, role, money, today)


async def _record(tx: Transaction, event: events.EventName, found: RefundRequest, **data: object) -> None:
    amount = {"amount": found.money.amount, "currency": found.money.currency}
    await events.record(tx, event, order=found.order_id, request=found.id, amount=amount, **data)


def _total(payment: Payment, parts: list[RefundLine]) -> Money:
    return Money(sum(part.amount for part in parts), payment.asked.currency)


def with_earlier(payment: Payment, total: Money) -> Money:
    """What of the order would be back or on its way: small steps do not go around the second person."""
    return Money(payment.refunding_amount + payment.refunded_amount + total.amount, total.currency)
