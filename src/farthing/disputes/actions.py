"""What is written when a provider says how a dispute stands. One transaction: state, books, access, audit trail and jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from farthing import events, fulfillment, invoices, ledger, orders, payments, payouts
from farthing.db import Transaction
from farthing.disputes import store
from farthing.disputes.model import OVER, REMINDERS, Dispute, Policy, access_of, reminder, status_of
from farthing.ids import DisputeId
from farthing.ledger import Account, Move
from farthing.lifecycles import DisputeStatus, OrderStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import NOT_OURS, Payment, Recorded
from farthing.providers import SeenDispute, SeenFraudWarning

EVENT: Final[Mapping[DisputeStatus, events.EventName]] = {
    DisputeStatus.WARNING_UNDER_REVIEW: "dispute.under_review",
    DisputeStatus.UNDER_REVIEW: "dispute.under_review",
    DisputeStatus.APPEAL_UNDER_REVIEW: "dispute.under_review",
    DisputeStatus.NEEDS_RESPONSE: "dispute.escalated",
    DisputeStatus.APPEAL_NEEDS_RESPONSE: "dispute.appealed",
    DisputeStatus.WON: "dispute.won",
    DisputeStatus.LOST: "dispute.lost",
    DisputeStatus.WARNING_CLOSED: "dispute.closed",
    DisputeStatus.PREVENTED: "dispute.closed",
}
"""What is told when a dispute comes to be like this."""

LOSS_ACCOUNTS: Final = {account.name: account for account in (ledger.DISPUTE_LOSSES, ledger.SURPLUS)}


@dataclass(frozen=True, slots=True)
class Look:
    """A look at the provider. One that began later knows everything that an earlier one knows."""

    number: int
    policy: Policy
    """What the catalog says about access."""
    sellers_bear_fees: bool = False
    """What `[marketplace]` says of what a bank charges."""


async def record_dispute(tx: Transaction, provider: str, livemode: bool, seen: SeenDispute, look: Look) -> Recorded:
    """Bring our dispute, and what hangs on it, up to what the provider says. Repeating it, and being late, changes nothing."""
    found = None if seen.payment_id is None else await payments.find_by_provider_id(tx, provider, livemode, seen.payment_id)
    if found is None:
        of_invoice = await invoices.record_dispute(tx, provider, livemode, seen, look.number)
        return Recorded(None) if of_invoice else NOT_OURS
    order = await orders.lock(tx, found.order_id)
    payment = await payments.lock(tx, found.id)
    before = await store.find_by_provider_id(tx, provider, livemode, seen.id)
    if before is not None and before.look > look.number:
        return Recorded(order.id)
    after = _seen(tx, before or _new(tx, order, payment, seen, look), seen, look, known=before is not None)
    after = await _post_movements(tx, payment, after, seen)
    after = await _post_loss(tx, order, payment, after)
    await _charge_sellers(tx, payment, after, look)
    if payment.settles:
        after = replace(after, access=access_of(look.policy, after.status))
    await store.save(tx, after)
    await _follow(tx, order, after)
    await _tell(tx, before, after)
    await tell_if_paid_twice(tx, after.id)
    return Recorded(order.id)


async def record_fraud_warning(tx: Transaction, provider: str, livemode: bool, seen: SeenFraudWarning) -> Recorded:
    """Write a bank's suspicion down, once, for somebody to see: a refund now may avoid the dispute, and its fee."""
    found = None if seen.payment_id is None else await payments.find_by_provider_id(tx, provider, livemode, seen.payment_id)
    if found is None:
        return NOT_OURS
    if await store.insert_warning(tx, found, seen):
        await events.record(
            tx,
            "payment.fraud_warning",
            order=found.order_id,
            payment=found.id,
            fraud_type=seen.fraud_type,
            reason=f"the bank suspects: {seen.fraud_type.replace('_', ' ')}",
        )
    else:
        await store.save_warning(tx, found, seen)
    return Recorded(found.order_id)


async def remind(tx: Transaction, id: DisputeId) -> None:
    """Tell once of each of the days that are left. The row's lock keeps two sweeps from telling twice."""
    dispute = await store.lock(tx, id)
    days = reminder(dispute, tx.now)
    if days is None:
        return
    await store.save(tx, replace(dispute, reminded_days=days))
    await events.record(
        tx,
        "dispute.evidence_due",
        order=dispute.order_id,
        **_named(dispute),
        amount=_plain(dispute.money),
        days=days,
        evidence_due_by=_moment(dispute),
        reason=f"within {days} {'day' if days == 1 else 'days'}",
    )


async def tell_if_paid_twice(tx: Transaction, id: DisputeId) -> None:
    """The buyer has a refund and the bank's money as well: no rule can decide that, so somebody is told, once."""
    dispute = await store.lock(tx, id)
    payment = await payments.get(tx, dispute.payment_id)
    twice = min(payment.paid_twice_amount, dispute.withheld_amount)
    if not twice or payment.refunding_amount or dispute.paid_twice_told_at is not None:
        return
    await store.save(tx, replace(dispute, paid_twice_told_at=tx.now))
    await events.record(
        tx, "dispute.paid_twice", order=dispute.order_id, **_named(dispute), amount=_plain(Money(twice, dispute.money.currency))
    )


def reminders_from() -> timedelta:
    """How long before its deadline a dispute is first told of."""
    return timedelta(days=max(REMINDERS))


def _new(tx: Transaction, order: Order, payment: Payment, seen: SeenDispute, look: Look) -> Dispute:
    return Dispute(
        id=DisputeId.new(),
        payment_id=payment.id,
        order_id=order.id,
        order_number=order.number,
        provider=payment.provider,
        livemode=payment.livemode,
        provider_dispute_id=seen.id,
        status=status_of(seen.status, None),
        money=seen.money,
        reason=seen.reason,
        network_reason_code=seen.network_reason_code,
        evidence_due_by=seen.evidence_due_by,
        submission_count=seen.submission_count,
        withdrawn_amount=0,
        reinstated_amount=0,
        fee=None,
        lost_amount=0,
        lost_to=None,
        losses_posted=0,
        access="kept",
        reminded_days=None,
        paid_twice_told_at=None,
        look=look.number,
        looked_at=tx.now,
        opened_at=seen.opened_at,
        submitted_at=None,
        closed_at=None,
    )


def _seen(tx: Transaction, dispute: Dispute, seen: SeenDispute, look: Look, *, known: bool) -> Dispute:
    """A new deadline is told of anew."""
    status = status_of(seen.status, dispute.status if known else None)
    over = status in OVER
    return replace(
        dispute,
        status=status,
        money=seen.money,
        reason=seen.reason,
        network_reason_code=seen.network_reason_code,
        evidence_due_by=seen.evidence_due_by,
        submission_count=seen.submission_count,
        reminded_days=dispute.reminded_days if seen.evidence_due_by == dispute.evidence_due_by else None,
        look=look.number,
        looked_at=tx.now,
        submitted_at=dispute.submitted_at or (tx.now if seen.submission_count else None),
        closed_at=(dispute.closed_at or tx.now) if over else None,
    )


async def _post_movements(tx: Transaction, payment: Payment, dispute: Dispute, seen: SeenDispute) -> Dispute:
    """Each movement of the provider is a fact that is posted once: what is in the books already is left out."""
    bank = ledger.provider(payment.provider)
    withheld = dispute.withheld_amount
    for moved in seen.movements:
        took = moved.money.amount < 0
        money = -moved.money if took else moved.money
        kind = "dispute_withdrawn" if took else "dispute_reinstated"
        funds = Move(bank, ledger.DISPUTED, money) if took else Move(ledger.DISPUTED, bank, money)
        fee = (
            Move(bank, ledger.DISPUTE_FEES, moved.fee) if moved.fee.amount >= 0 else Move(ledger.DISPUTE_FEES, bank, -moved.fee)
        )
        if not await ledger.post(tx, kind, f"{dispute.provider_dispute_id} {moved.id}", funds, fee, order=dispute.order_id):
            continue
        dispute = replace(
            dispute,
            withdrawn_amount=dispute.withdrawn_amount + (money.amount if took else 0),
            reinstated_amount=dispute.reinstated_amount + (0 if took else money.amount),
            fee=_added(dispute.fee, moved.fee),
        )
    if dispute.withheld_amount != withheld:
        await payments.withhold(tx, payment.id, dispute.withheld_amount - withheld)
    return dispute


async def _post_loss(tx: Transaction, order: Order, payment: Payment, dispute: Dispute) -> Dispute:
    """What the bank has for good is no longer ours to get back, nor any seller's. A decision that is contested takes the loss
    back.
    """
    lost = dispute.withheld_amount if dispute.status == DisputeStatus.LOST else 0
    if lost == dispute.lost_amount:
        return dispute
    currency, number = dispute.money.currency, dispute.losses_posted
    if dispute.lost_to is not None:
        back = Move(LOSS_ACCOUNTS[dispute.lost_to], ledger.DISPUTED, Money(dispute.lost_amount, currency))
        await ledger.post(tx, "dispute_loss_reversed", f"{dispute.id} {number}", back, order=dispute.order_id)
        if payment.settles:
            await payments.take_back_loss(tx, order, f"{dispute.id} {number}")
    if lost:
        number += 1
        target = _borne_by(payment, lost)
        move = Move(ledger.DISPUTED, target, Money(lost, currency))
        await ledger.post(tx, "dispute_lost", f"{dispute.id} {number}", move, order=dispute.order_id)
        if payment.settles:
            await payments.bear_loss(tx, order, f"{dispute.id} {number}", Money(lost, currency))
        return replace(dispute, lost_amount=lost, lost_to=target.name, losses_posted=number)
    return replace(dispute, lost_amount=0, lost_to=None)


async def _charge_sellers(tx: Transaction, payment: Payment, dispute: Dispute, look: Look) -> None:
    """What the bank charges for a lost dispute is for the sellers to bear, where the shop says so."""
    if look.sellers_bear_fees and payment.settles and dispute.lost_amount and dispute.fee is not None:
        await store.save(tx, dispute)
        await payouts.charge_dispute_fee(tx, dispute.order_id, dispute.id, dispute.fee)


def _borne_by(payment: Payment, lost: int) -> Account:
    """Money that paid for nothing was never ours: the bank has brought it back to the buyer for us."""
    assert payment.received is not None, f"{payment.id} is disputed, so it was received"
    owed = payment.received.amount - payment.refunding_amount - payment.refunded_amount
    return ledger.SURPLUS if not payment.settles and owed >= lost else ledger.DISPUTE_LOSSES


async def _follow(tx: Transaction, order: Order, dispute: Dispute) -> None:
    """Access is held while any dispute of the order says so; afterwards a paid order has it again."""
    held = dispute.access != "kept" or await store.holding(tx, order.id)
    if held and order.access_held_at is None:
        order = await orders.hold_access(tx, order)
        await fulfillment.suspend(tx, order)
    elif not held and order.access_held_at is not None:
        order = await orders.release_access(tx, order)
        back = await payments.gone(tx, order)
        for line in order.lines:
            if order.status == OrderStatus.PAID and line.id not in back:
                await fulfillment.restore_line(tx, order, line)
    if held and dispute.status == DisputeStatus.LOST:
        await fulfillment.revoke_suspended(tx, order)


async def _tell(tx: Transaction, before: Dispute | None, after: Dispute) -> None:
    facts = _named(after) | {"amount": _plain(after.money), "reason": after.reason}
    if before is None:
        told = facts | {
            "provider_dispute": after.provider_dispute_id,
            "status": str(after.status),
            "inquiry": after.inquiry,
            "evidence_due_by": _moment(after),
        }
        await events.record(tx, "dispute.opened", order=after.order_id, **told)
    currency = after.money.currency
    if taken := after.withdrawn_amount - (0 if before is None else before.withdrawn_amount):
        amount = _plain(Money(taken, currency))
        await events.record(tx, "dispute.funds_withdrawn", order=after.order_id, **_named(after), amount=amount)
    if returned := after.reinstated_amount - (0 if before is None else before.reinstated_amount):
        amount = _plain(Money(returned, currency))
        await events.record(tx, "dispute.funds_reinstated", order=after.order_id, **_named(after), amount=amount)
    moved = after.status not in (DisputeStatus.NEEDS_RESPONSE, DisputeStatus.WARNING_NEEDS_RESPONSE)
    if before is None:
        if moved:
            await events.record(tx, EVENT[after.status], order=after.order_id, **facts)
    elif before.status != after.status:
        await events.record(tx, EVENT[after.status], order=after.order_id, **facts | {"evidence_due_by": _moment(after)})


def _added(one: Money | None, other: Money) -> Money | None:
    if one is None:
        return other or None
    return one + other if other.currency == one.currency else one


def _named(dispute: Dispute) -> dict[str, object]:
    return {"dispute": str(dispute.id), "payment": str(dispute.payment_id)}


def _moment(dispute: Dispute) -> str | None:
    return None if dispute.evidence_due_by is None else dispute.evidence_due_by.isoformat()


def _plain(money: Money) -> dict[str, object]:
    return {"amount": money.amount, "currency": money.currency}
