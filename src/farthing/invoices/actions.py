"""What is written when the provider says how an invoice stands: the row, the books and the audit trail, in one transaction."""

from dataclasses import dataclass, replace
from datetime import datetime

from farthing import catalog, credits, events, ledger, tax
from farthing.catalog import Legal
from farthing.db import Transaction
from farthing.ids import CustomerId, InvoiceId, InvoicePaymentId, InvoiceRefundId, SubscriptionId
from farthing.invoices import store
from farthing.invoices.model import Invoice, InvoicePayment, InvoiceRefund, refunded_tax, tax_part
from farthing.invoices.taxing import is_reverse_charge, tax_lines
from farthing.ledger import Move
from farthing.lifecycles import INVOICE, INVOICE_REFUND, InvoiceRefundStatus, InvoiceStatus
from farthing.money import Money
from farthing.providers import SeenInvoice, SeenRefund
from farthing.tax import Source


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the provider: which of two began later."""

    number: int
    provider: str
    livemode: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    invoice: Invoice
    newly_paid: bool


async def record(
    tx: Transaction,
    seen: SeenInvoice,
    look: Look,
    *,
    customer: CustomerId,
    subscription: SubscriptionId | None,
    legal: Legal | None = None,
) -> Outcome:
    """Bring our row, its lines and the books up to what was seen. Repeating it, or an older look, changes nothing."""
    before = await store.find_by_provider_id(tx, look.provider, look.livemode, seen.id)
    if before is not None and before.look > look.number:
        return Outcome(before, newly_paid=False)
    wanted = InvoiceStatus(seen.status)
    if before is not None:
        INVOICE.verb(before.status, wanted)
    after = _mirrored(tx, seen, look, before, customer=customer, subscription=subscription)
    failed = after.status == InvoiceStatus.OPEN and after.attempt_count > after.told_attempts
    if failed:
        after = replace(after, told_attempts=after.attempt_count)
    await store.save(tx, after)
    if before is None or before.status == InvoiceStatus.DRAFT:
        products = {line.product_id for line in seen.lines if line.product_id is not None}
        plans = {id: await catalog.product_of(tx, look.provider, id, livemode=look.livemode) for id in sorted(products)}
        await store.save_lines(tx, after, seen.lines, plans)
    for paid in seen.payments:
        await _post(tx, after, paid.payment_id, Money(paid.amount, seen.currency), paid.paid_at or seen.paid_at or tx.now)
    newly_paid = after.status == InvoiceStatus.PAID and (before is None or before.status != InvoiceStatus.PAID)
    if newly_paid:
        await events.record(tx, "invoice.paid", order=None, **_told(after))
        if after.told_attempts and after.billing_reason != "subscription_create":
            days = ((after.paid_at or tx.now) - after.issued_at).days
            await events.record(tx, "invoice.recovered", order=None, **_told(after), attempts=after.told_attempts, days=days)
    if failed:
        at = after.next_payment_attempt_at
        await events.record(
            tx,
            "invoice.payment_failed",
            order=None,
            **_told(after),
            attempt=after.attempt_count,
            next_attempt_at=None if at is None else at.isoformat(),
        )
    if before is None or before.status != after.status:
        await _issue(tx, after, seen, legal)
    return Outcome(after, newly_paid)


async def _issue(tx: Transaction, invoice: Invoice, seen: SeenInvoice, legal: Legal | None) -> None:
    """Our tax invoice of it from when it is final, be it paid or not; and once it is void, the credit note that takes it back.

    The numbers are drawn last: whoever draws the next one waits for this commit.
    """
    source = Source(invoice_id=invoice.id, subscription_id=invoice.subscription_id)
    if invoice.status == InvoiceStatus.VOID:
        await tax.cancel(tx, source)
    elif legal is not None and invoice.status != InvoiceStatus.DRAFT and invoice.total_amount > 0:
        await tax.issue(
            tx,
            source,
            tax_lines(seen),
            legal,
            customer=invoice.customer_id,
            currency=invoice.currency,
            livemode=invoice.livemode,
            reverse=is_reverse_charge(seen),
        )


def _mirrored(
    tx: Transaction,
    seen: SeenInvoice,
    look: Look,
    before: Invoice | None,
    *,
    customer: CustomerId,
    subscription: SubscriptionId | None,
) -> Invoice:
    return Invoice(
        id=InvoiceId.new() if before is None else before.id,
        customer_id=customer,
        subscription_id=subscription,
        provider=look.provider,
        livemode=look.livemode,
        provider_invoice_id=seen.id,
        provider_number=seen.number,
        status=InvoiceStatus(seen.status),
        billing_reason=seen.billing_reason,
        currency=seen.currency,
        subtotal_amount=seen.subtotal,
        discount_amount=max(seen.discount, 0),
        tax_amount=seen.tax,
        total_amount=seen.total,
        due_amount=seen.amount_due,
        paid_amount=seen.amount_paid,
        remaining_amount=seen.amount_remaining,
        period_start=seen.period_start,
        period_end=seen.period_end,
        attempt_count=seen.attempt_count,
        told_attempts=0 if before is None else before.told_attempts,
        next_payment_attempt_at=seen.next_attempt_at,
        hosted_url=seen.hosted_url,
        pdf_url=seen.pdf_url,
        issued_at=seen.created_at,
        finalized_at=seen.finalized_at,
        paid_at=(seen.paid_at or tx.now) if seen.status == "paid" else seen.paid_at,
        voided_at=seen.voided_at,
        look=look.number,
        seen_at=tx.now,
    )


def _told(invoice: Invoice) -> dict[str, object]:
    amount = invoice.total if invoice.status == InvoiceStatus.PAID else Money(invoice.remaining_amount, invoice.currency)
    return {
        "invoice": invoice.id,
        "subscription": invoice.subscription_id,
        "customer": invoice.customer_id,
        "amount": {"amount": amount.amount, "currency": amount.currency},
        "reason": invoice.billing_reason,
        "number": invoice.provider_number,
        "url": invoice.hosted_url,
    }


async def _post(tx: Transaction, invoice: Invoice, provider_payment_id: str, money: Money, paid_at: datetime) -> None:
    payment = InvoicePayment(
        id=InvoicePaymentId.new(),
        invoice_id=invoice.id,
        provider=invoice.provider,
        livemode=invoice.livemode,
        provider_payment_id=provider_payment_id,
        money=money,
        tax=tax_part(money, invoice.total_amount, invoice.tax_amount),
        refunded_amount=0,
        refunded_tax_amount=0,
        fee=None,
        paid_at=paid_at,
    )
    if await store.insert_payment(tx, payment):
        held = ledger.provider(payment.provider)
        await ledger.post(
            tx,
            "payment",
            str(payment.id),
            Move(ledger.SUBSCRIPTIONS, held, money - payment.tax),
            Move(ledger.TAXES, held, payment.tax),
        )


async def knows_payment(tx: Transaction, provider: str, livemode: bool, provider_payment_id: str) -> bool:
    """Whether a payment of the provider paid for an invoice."""
    return await store.find_payment(tx, provider, livemode, provider_payment_id) is not None


async def learn_fee(tx: Transaction, provider: str, livemode: bool, provider_payment_id: str, fee: Money) -> None:
    """What the provider kept of it. Once."""
    payment = await store.find_payment(tx, provider, livemode, provider_payment_id)
    if payment is None or payment.fee is not None:
        return
    await store.save_fee(tx, payment.id, fee)
    await ledger.post(tx, "fee", str(payment.id), Move(ledger.provider(provider), ledger.FEES, fee))
    invoice = await store.get(tx, payment.invoice_id)
    await events.record(
        tx,
        "invoice.fee_known",
        invoice=invoice.id,
        subscription=invoice.subscription_id,
        fee={"amount": fee.amount, "currency": fee.currency},
    )


async def record_refund(tx: Transaction, provider: str, livemode: bool, seen: SeenRefund) -> bool:
    """Bring a refund of an invoice's payment up to what was seen; False where it is of no such payment."""
    payment = None if seen.payment_id is None else await store.find_payment(tx, provider, livemode, seen.payment_id)
    if payment is None:
        return False
    before = await store.find_refund(tx, provider, livemode, seen.id)
    wanted = InvoiceRefundStatus(seen.status)
    refund = before or InvoiceRefund(
        InvoiceRefundId.new(), payment.id, seen.id, InvoiceRefundStatus.PENDING, seen.money, 0, seen.failure_reason
    )
    if before is not None and before.status in (InvoiceRefundStatus.FAILED, InvoiceRefundStatus.CANCELED):
        return True
    verb = INVOICE_REFUND.verb(refund.status, wanted) if (refund.status, wanted) != _LATE else None
    if verb is None and before is not None:
        return True
    if verb == "succeed":
        refund = await _give_back(tx, payment, refund)
    elif refund.status == InvoiceRefundStatus.SUCCEEDED and verb is not None:
        await _take_again(tx, payment, refund)
    if verb is not None:
        refund = replace(refund, status=wanted, failure_reason=seen.failure_reason)
    await store.save_refund(tx, payment, refund)
    return True


_LATE = (InvoiceRefundStatus.SUCCEEDED, InvoiceRefundStatus.PENDING)
"""An older look: it has succeeded since."""


async def _give_back(tx: Transaction, payment: InvoicePayment, refund: InvoiceRefund) -> InvoiceRefund:
    back = payment.refunded_amount + refund.money.amount
    of_tax = refunded_tax(payment, refund.money)
    await store.save_refunded(tx, payment.id, back, payment.refunded_tax_amount + of_tax.amount)
    held = ledger.provider(payment.provider)
    moves = Move(held, ledger.REFUNDS, refund.money - of_tax), Move(held, ledger.TAXES, of_tax)
    await ledger.post(tx, "refund", str(refund.id), *moves)
    await _tell(tx, "invoice.refunded", payment, refund)
    refund = replace(refund, tax_amount=of_tax.amount)
    await store.save_refund(tx, payment, refund)
    # Of the money that had not gone back before: what it brought goes with it.
    left, id = payment.money.amount - payment.refunded_amount, str(payment.invoice_id)
    invoice = await store.get(tx, payment.invoice_id)
    await credits.hold_given(tx, invoice.customer_id, [id], str(refund.id), refund.money.amount, left)
    gone = sum(each.refunded_amount for each in await store.payments_of(tx, payment.invoice_id))
    source = Source(invoice_id=invoice.id, invoice_refund_id=refund.id, subscription_id=invoice.subscription_id)
    await tax.credit(tx, source, gone)
    return refund


async def _take_again(tx: Transaction, payment: InvoicePayment, refund: InvoiceRefund) -> None:
    """The bank returned it."""
    back = payment.refunded_amount - refund.money.amount
    await store.save_refunded(tx, payment.id, back, payment.refunded_tax_amount - refund.tax_amount)
    held, of_tax = ledger.provider(payment.provider), Money(refund.tax_amount, refund.money.currency)
    moves = Move(ledger.REFUNDS, held, refund.money - of_tax), Move(ledger.TAXES, held, of_tax)
    await ledger.post(tx, "refund_returned", str(refund.id), *moves)
    owner = (await store.get(tx, payment.invoice_id)).customer_id
    await credits.let_go_given(tx, owner, [str(payment.invoice_id)], str(refund.id))
    await _tell(tx, "invoice.refund_returned", payment, refund)


async def _tell(tx: Transaction, type: events.EventName, payment: InvoicePayment, refund: InvoiceRefund) -> None:
    invoice = await store.get(tx, payment.invoice_id)
    money = {"amount": refund.money.amount, "currency": refund.money.currency}
    about = {"invoice": invoice.id, "subscription": invoice.subscription_id, "customer": invoice.customer_id}
    await events.record(tx, type, order=None, **about, refund=refund.id, amount=money)
