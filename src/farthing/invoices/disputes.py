"""A bank takes back what paid for an invoice, or asks about it: heard, in the books, and seen. There is no order behind it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from farthing import events, ledger
from farthing.db import Row, Transaction
from farthing.ids import InvoiceDisputeId, InvoiceId, InvoicePaymentId
from farthing.invoices import store
from farthing.invoices.model import InvoicePayment
from farthing.ledger import Move
from farthing.lifecycles import DISPUTE, DisputeStatus
from farthing.money import Money
from farthing.providers import SeenDispute

OVER: Final = frozenset({DisputeStatus.WARNING_CLOSED, DisputeStatus.WON, DisputeStatus.LOST, DisputeStatus.PREVENTED})


@dataclass(frozen=True, slots=True)
class InvoiceDispute:
    """What may be used stays: a decision about the subscription is the shop's. The bank is answered at the provider."""

    id: InvoiceDisputeId
    invoice_payment_id: InvoicePaymentId
    provider: str
    livemode: bool
    provider_dispute_id: str
    status: DisputeStatus
    money: Money
    reason: str
    evidence_due_by: datetime | None
    withdrawn_amount: int
    reinstated_amount: int
    fee: Money | None
    lost_amount: int
    losses_posted: int
    look: int
    opened_at: datetime
    closed_at: datetime | None

    @property
    def withheld_amount(self) -> int:
        """What the bank has of it now."""
        return self.withdrawn_amount - self.reinstated_amount


async def record_dispute(tx: Transaction, provider: str, livemode: bool, seen: SeenDispute, look: int) -> bool:
    """Bring ours, and the books, up to what was seen; False where it is of no invoice's payment. Repeating changes nothing."""
    payment = None if seen.payment_id is None else await store.find_payment(tx, provider, livemode, seen.payment_id)
    if payment is None:
        return False
    before = await _find(tx, provider, livemode, seen.id)
    if before is not None and before.look > look:
        return True
    after = await _post_movements(tx, _seen(tx, before, payment, seen, look), seen)
    after = await _post_loss(tx, after)
    await _save(tx, after)
    if before is None:
        await _tell(tx, "invoice.disputed", payment, after)
    elif before.status != after.status or before.withheld_amount != after.withheld_amount:
        await _tell(tx, "invoice.dispute_changed", payment, after)
    return True


def _seen(
    tx: Transaction, before: InvoiceDispute | None, payment: InvoicePayment, seen: SeenDispute, look: int
) -> InvoiceDispute:
    """A status that Stripe adds later decides nothing."""
    known = None if before is None else before.status
    status = DisputeStatus(seen.status) if seen.status in set(DisputeStatus) else known or DisputeStatus.UNDER_REVIEW
    if known is not None:
        DISPUTE.verb(known, status)
    closed = before.closed_at if before is not None else None
    return InvoiceDispute(
        id=InvoiceDisputeId.new() if before is None else before.id,
        invoice_payment_id=payment.id,
        provider=payment.provider,
        livemode=payment.livemode,
        provider_dispute_id=seen.id,
        status=status,
        money=seen.money,
        reason=seen.reason,
        evidence_due_by=seen.evidence_due_by,
        withdrawn_amount=0 if before is None else before.withdrawn_amount,
        reinstated_amount=0 if before is None else before.reinstated_amount,
        fee=None if before is None else before.fee,
        lost_amount=0 if before is None else before.lost_amount,
        losses_posted=0 if before is None else before.losses_posted,
        look=look,
        opened_at=seen.opened_at,
        closed_at=(closed or tx.now) if status in OVER else None,
    )


async def _post_movements(tx: Transaction, dispute: InvoiceDispute, seen: SeenDispute) -> InvoiceDispute:
    """Each movement of the provider is a fact that is posted once."""
    bank = ledger.provider(dispute.provider)
    for moved in seen.movements:
        took, fee = moved.money.amount < 0, moved.fee
        money = -moved.money if took else moved.money
        kind = "dispute_withdrawn" if took else "dispute_reinstated"
        moves = (
            Move(bank, ledger.DISPUTED, money) if took else Move(ledger.DISPUTED, bank, money),
            Move(bank, ledger.DISPUTE_FEES, fee) if fee.amount >= 0 else Move(ledger.DISPUTE_FEES, bank, -fee),
        )
        if await ledger.post(tx, kind, f"{seen.id} {moved.id}", *moves):
            dispute = replace(
                dispute,
                withdrawn_amount=dispute.withdrawn_amount + (money.amount if took else 0),
                reinstated_amount=dispute.reinstated_amount + (0 if took else money.amount),
                fee=fee if dispute.fee is None else dispute.fee + fee,
            )
    return dispute


async def _post_loss(tx: Transaction, dispute: InvoiceDispute) -> InvoiceDispute:
    """A decision that is contested takes the loss back."""
    lost = dispute.withheld_amount if dispute.status == DisputeStatus.LOST else 0
    if lost == dispute.lost_amount:
        return dispute
    currency, number = dispute.money.currency, dispute.losses_posted
    if dispute.lost_amount:
        back = Move(ledger.DISPUTE_LOSSES, ledger.DISPUTED, Money(dispute.lost_amount, currency))
        await ledger.post(tx, "dispute_loss_reversed", f"{dispute.id} {number}", back)
    if lost:
        number += 1
        gone = Move(ledger.DISPUTED, ledger.DISPUTE_LOSSES, Money(lost, currency))
        await ledger.post(tx, "dispute_lost", f"{dispute.id} {number}", gone)
    return replace(dispute, lost_amount=lost, losses_posted=number)


async def _tell(tx: Transaction, type: events.EventName, payment: InvoicePayment, dispute: InvoiceDispute) -> None:
    invoice = await store.get(tx, payment.invoice_id)
    due = dispute.evidence_due_by
    await events.record(
        tx,
        type,
        order=None,
        dispute=dispute.id,
        provider_dispute=dispute.provider_dispute_id,
        invoice=invoice.id,
        subscription=invoice.subscription_id,
        customer=invoice.customer_id,
        amount={"amount": dispute.money.amount, "currency": dispute.money.currency},
        reason=dispute.reason,
        status=dispute.status,
        evidence_due_by=None if due is None else due.isoformat(),
    )


async def disputes_of(tx: Transaction, invoice: InvoiceId) -> list[InvoiceDispute]:
    return await tx.all(
        _dispute,
        """
        SELECT dispute.* FROM invoice_disputes dispute JOIN invoice_payments payment ON payment.id = dispute.invoice_payment_id
        WHERE payment.invoice_id = %(invoice)s ORDER BY dispute.id
        """,
        invoice=invoice,
    )


async def silent_disputes(tx: Transaction, *, before: datetime, limit: int) -> list[str]:
    """The provider's ids of undecided ones that nobody looked at since then."""
    return await tx.all(
        lambda row: str(row["provider_dispute_id"]),
        """
        SELECT provider_dispute_id FROM invoice_disputes WHERE closed_at IS NULL AND seen_at < %(before)s
        ORDER BY random() LIMIT %(limit)s
        """,
        before=before,
        limit=limit,
    )


async def _find(tx: Transaction, provider: str, livemode: bool, id: str) -> InvoiceDispute | None:
    return await tx.find(
        _dispute,
        """
        SELECT * FROM invoice_disputes
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_dispute_id = %(id)s FOR UPDATE
        """,
        provider=provider,
        livemode=livemode,
        id=id,
    )


async def _save(tx: Transaction, dispute: InvoiceDispute) -> None:
    await tx.run(
        """
        INSERT INTO invoice_disputes (id, invoice_payment_id, provider, livemode, provider_dispute_id, status, amount, currency,
            reason, evidence_due_by, withdrawn_amount, reinstated_amount, fee_amount, fee_currency, lost_amount, losses_posted,
            look, opened_at, closed_at, seen_at)
        VALUES (%(id)s, %(payment)s, %(provider)s, %(livemode)s, %(theirs)s, %(status)s, %(amount)s, %(currency)s, %(reason)s,
            %(due)s, %(withdrawn)s, %(reinstated)s, %(fee)s, %(fee_currency)s, %(lost)s, %(losses)s, %(look)s, %(opened_at)s,
            %(closed_at)s, %(now)s)
        ON CONFLICT (id) DO UPDATE SET status = excluded.status, amount = excluded.amount, reason = excluded.reason,
            evidence_due_by = excluded.evidence_due_by, withdrawn_amount = excluded.withdrawn_amount,
            reinstated_amount = excluded.reinstated_amount, fee_amount = excluded.fee_amount,
            fee_currency = excluded.fee_currency, lost_amount = excluded.lost_amount, losses_posted = excluded.losses_posted,
            look = excluded.look, closed_at = excluded.closed_at, seen_at = excluded.seen_at
        """,
        id=dispute.id,
        payment=dispute.invoice_payment_id,
        provider=dispute.provider,
        livemode=dispute.livemode,
        theirs=dispute.provider_dispute_id,
        status=dispute.status,
        amount=dispute.money.amount,
        currency=dispute.money.currency,
        reason=dispute.reason,
        due=dispute.evidence_due_by,
        withdrawn=dispute.withdrawn_amount,
        reinstated=dispute.reinstated_amount,
        fee=0 if dispute.fee is None else dispute.fee.amount,
        fee_currency=None if dispute.fee is None else dispute.fee.currency,
        lost=dispute.lost_amount,
        losses=dispute.losses_posted,
        look=dispute.look,
        opened_at=dispute.opened_at,
        closed_at=dispute.closed_at,
        now=tx.now,
    )


def _dispute(row: Row) -> InvoiceDispute:
    fee = row["fee_currency"]
    return InvoiceDispute(
        id=InvoiceDisputeId.of(row["id"]),
        invoice_payment_id=InvoicePaymentId.of(row["invoice_payment_id"]),
        provider=row["provider"],
        livemode=row["livemode"],
        provider_dispute_id=row["provider_dispute_id"],
        status=DisputeStatus(row["status"]),
        money=Money(row["amount"], row["currency"]),
        reason=row["reason"],
        evidence_due_by=row["evidence_due_by"],
        withdrawn_amount=row["withdrawn_amount"],
        reinstated_amount=row["reinstated_amount"],
        fee=None if fee is None else Money(row["fee_amount"], fee),
        lost_amount=row["lost_amount"],
        losses_posted=row["losses_posted"],
        look=row["look"],
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
    )
