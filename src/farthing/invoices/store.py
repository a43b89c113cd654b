"""Invoices, their lines, their payments and refunds in the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import LiteralString

from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import CustomerId, InvoiceId, InvoicePaymentId, InvoiceRefundId, SubscriptionId
from farthing.invoices.model import Invoice, InvoiceLine, InvoicePayment, InvoiceRefund
from farthing.lifecycles import InvoiceRefundStatus, InvoiceStatus
from farthing.money import Money
from farthing.paging import Page, checked_limit
from farthing.providers import SeenInvoiceLine

SELECT: LiteralString = """
    SELECT id, customer_id, subscription_id, provider, livemode, provider_invoice_id, provider_number, status, billing_reason,
        currency, subtotal_amount, discount_amount, tax_amount, total_amount, due_amount, paid_amount, remaining_amount,
        period_start, period_end, attempt_count, told_attempts, next_payment_attempt_at, hosted_url, pdf_url, issued_at,
        finalized_at, paid_at, voided_at, look, seen_at
    FROM invoices
"""

PAYMENT: LiteralString = """
    SELECT id, invoice_id, provider, livemode, provider_payment_id, amount, currency, tax_amount, refunded_amount,
        refunded_tax_amount, fee_amount, fee_currency, paid_at
    FROM invoice_payments
"""

REFUND: LiteralString = """
    SELECT id, invoice_payment_id, provider_refund_id, status, amount, tax_amount, currency, failure_reason FROM invoice_refunds
"""


async def get(tx: Transaction, id: InvoiceId) -> Invoice:
    found = await tx.find(_invoice, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no invoice {id}.")
    return found


async def find_by_provider_id(tx: Transaction, provider: str, livemode: bool, id: str) -> Invoice | None:
    """Held until the commit."""
    return await tx.find(
        _invoice,
        SELECT + " WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_invoice_id = %(id)s FOR UPDATE",
        provider=provider,
        livemode=livemode,
        id=id,
    )


async def of_subscription(tx: Transaction, subscription: SubscriptionId) -> list[Invoice]:
    """Newest first."""
    return await tx.all(
        _invoice,
        SELECT + " WHERE subscription_id = %(subscription)s ORDER BY issued_at DESC, id DESC",
        subscription=subscription,
    )


async def unsettled_since(tx: Transaction, provider: str, livemode: bool, provider_subscription_id: str) -> datetime | None:
    """When the oldest invoice was made that may still move, or the newest of all. None: we know of none.

    What is paid or void stays so, and what is newer than the newest is after it: a look from here on misses nothing.
    """
    since: datetime | None = await tx.value(
        """
        SELECT coalesce(min(invoices.issued_at) FILTER (WHERE invoices.status NOT IN ('paid', 'void')), max(invoices.issued_at))
        FROM invoices JOIN subscriptions ON subscriptions.id = invoices.subscription_id
        WHERE subscriptions.provider = %(provider)s AND subscriptions.livemode = %(livemode)s
            AND subscriptions.provider_subscription_id = %(id)s
        """,
        provider=provider,
        livemode=livemode,
        id=provider_subscription_id,
    )
    return since


async def list_page(
    tx: Transaction,
    *,
    limit: int,
    cursor: InvoiceId | None = None,
    customer: CustomerId | None = None,
    subscription: SubscriptionId | None = None,
    status: InvoiceStatus | None = None,
) -> Page[Invoice]:
    """Newest first."""
    rows = await tx.all(
        _invoice,
        SELECT
        + """
        WHERE (%(cursor)s::uuid IS NULL OR id < %(cursor)s) AND (%(customer)s::uuid IS NULL OR customer_id = %(customer)s)
            AND (%(subscription)s::uuid IS NULL OR subscription_id = %(subscription)s)
            AND (%(status)s::text IS NULL OR status = %(status)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        cursor=cursor,
        customer=customer,
        subscription=subscription,
        status=status,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda invoice: invoice.id)


async def save(tx: Transaction, invoice: Invoice) -> None:
    """Insert it, or bring its row to this."""
    await tx.run(
        """
        INSERT INTO invoices (id, customer_id, subscription_id, provider, livemode, provider_invoice_id, provider_number,
            status, billing_reason, currency, subtotal_amount, discount_amount, tax_amount, total_amount, due_amount,
            paid_amount, remaining_amount, period_start, period_end, attempt_count, told_attempts, next_payment_attempt_at,
            hosted_url, pdf_url, issued_at, finalized_at, paid_at, voided_at, look, seen_at)
        VALUES (%(id)s, %(customer)s, %(subscription)s, %(provider)s, %(livemode)s, %(provider_id)s, %(number)s, %(status)s,
            %(reason)s, %(currency)s, %(subtotal)s, %(discount)s, %(tax)s, %(total)s, %(due)s, %(paid)s,
            %(remaining)s, %(period_start)s, %(period_end)s, %(attempts)s, %(told)s, %(next_attempt)s, %(hosted_url)s,
            %(pdf_url)s, %(issued_at)s, %(finalized_at)s, %(paid_at)s, %(voided_at)s, %(look)s, %(seen_at)s)
        ON CONFLICT (id) DO UPDATE SET subscription_id = excluded.subscription_id, provider_number = excluded.provider_number,
            status = excluded.status, billing_reason = excluded.billing_reason, subtotal_amount = excluded.subtotal_amount,
            discount_amount = excluded.discount_amount, tax_amount = excluded.tax_amount,
            total_amount = excluded.total_amount, due_amount = excluded.due_amount, paid_amount = excluded.paid_amount,
            remaining_amount = excluded.remaining_amount, period_start = excluded.period_start,
            period_end = excluded.period_end, attempt_count = excluded.attempt_count, told_attempts = excluded.told_attempts,
            next_payment_attempt_at = excluded.next_payment_attempt_at, hosted_url = excluded.hosted_url,
            pdf_url = excluded.pdf_url, finalized_at = excluded.finalized_at, paid_at = excluded.paid_at,
            voided_at = excluded.voided_at, look = excluded.look, seen_at = excluded.seen_at
        """,
        id=invoice.id,
        customer=invoice.customer_id,
        subscription=invoice.subscription_id,
        provider=invoice.provider,
        livemode=invoice.livemode,
        provider_id=invoice.provider_invoice_id,
        number=invoice.provider_number,
        status=invoice.status,
        reason=invoice.billing_reason,
        currency=invoice.currency,
        subtotal=invoice.subtotal_amount,
        discount=invoice.discount_amount,
        tax=invoice.tax_amount,
        total=invoice.total_amount,
        due=invoice.due_amount,
        paid=invoice.paid_amount,
        remaining=invoice.remaining_amount,
        period_start=invoice.period_start,
        period_end=invoice.period_end,
        attempts=invoice.attempt_count,
        told=invoice.told_attempts,
        next_attempt=invoice.next_payment_attempt_at,
        hosted_url=invoice.hosted_url,
        pdf_url=invoice.pdf_url,
        issued_at=invoice.issued_at,
        finalized_at=invoice.finalized_at,
        paid_at=invoice.paid_at,
        voided_at=invoice.voided_at,
        look=invoice.look,
        seen_at=invoice.seen_at,
    )


async def save_lines(
    tx: Transaction, invoice: Invoice, lines: Sequence[SeenInvoiceLine], plans: Mapping[str, str | None]
) -> None:
    """The invoice's lines are these. `plans`: the provider's product → ours."""
    await tx.run("DELETE FROM invoice_lines WHERE invoice_id = %(invoice)s", invoice=invoice.id)
    for position, line in enumerate(lines):
        await tx.run(
            """
            INSERT INTO invoice_lines (invoice_id, provider_line_id, position, description, quantity, amount, discount_amount,
                tax_amount, currency, period_start, period_end, proration, of_subscription, plan, provider_price_id)
            VALUES (%(invoice)s, %(line)s, %(position)s, %(description)s, %(quantity)s, %(amount)s, %(discount)s,
                %(tax)s, %(currency)s, %(period_start)s, %(period_end)s, %(proration)s, %(of_subscription)s, %(plan)s,
                %(price)s)
            """,
            invoice=invoice.id,
            line=line.id,
            position=position,
            description=line.description,
            quantity=line.quantity,
            amount=line.amount,
            discount=max(line.discount, 0),
            tax=line.tax,
            currency=invoice.currency,
            period_start=line.period_start,
            period_end=line.period_end,
            proration=line.proration,
            of_subscription=line.of_subscription,
            plan=plans.get(line.product_id or ""),
            price=line.price_id,
        )


async def lines_of(tx: Transaction, invoice: InvoiceId) -> list[InvoiceLine]:
    return await tx.all(
        _line,
        """
        SELECT invoice_id, provider_line_id, description, quantity, amount, discount_amount, tax_amount, currency, period_start,
            period_end, proration, of_subscription, plan, provider_price_id
        FROM invoice_lines WHERE invoice_id = %(invoice)s ORDER BY position
        """,
        invoice=invoice,
    )


async def paid_until(tx: Transaction, subscription: SubscriptionId) -> datetime | None:
    """The end of the time that the newest paid invoice is for. What gives back is for no time; nor is what was added once.

    The newest and not the latest end: whoever goes from years to months has paid until the end of the month.
    """
    found: datetime | None = await tx.value(
        """
        SELECT max(line.period_end) AS until FROM invoices invoice JOIN invoice_lines line ON line.invoice_id = invoice.id
        WHERE invoice.subscription_id = %(subscription)s AND invoice.status = 'paid' AND line.of_subscription
            AND line.amount >= 0
        GROUP BY invoice.id, invoice.issued_at ORDER BY invoice.issued_at DESC, until DESC LIMIT 1
        """,
        subscription=subscription,
    )
    return found


# The money.


async def insert_payment(tx: Transaction, payment: InvoicePayment) -> bool:
    """False where it is known already."""
    inserted = await tx.run(
        """
        INSERT INTO invoice_payments (id, invoice_id, provider, livemode, provider_payment_id, amount, currency, tax_amount,
            paid_at)
        VALUES (%(id)s, %(invoice)s, %(provider)s, %(livemode)s, %(provider_id)s, %(amount)s, %(currency)s, %(tax)s,
            %(paid_at)s)
        ON CONFLICT (provider, livemode, provider_payment_id) DO NOTHING
        """,
        id=payment.id,
        invoice=payment.invoice_id,
        provider=payment.provider,
        livemode=payment.livemode,
        provider_id=payment.provider_payment_id,
        amount=payment.money.amount,
        currency=payment.money.currency,
        tax=payment.tax.amount,
        paid_at=payment.paid_at,
    )
    return bool(inserted)


async def payments_of(tx: Transaction, invoice: InvoiceId) -> list[InvoicePayment]:
    return await tx.all(_payment, PAYMENT + " WHERE invoice_id = %(invoice)s ORDER BY id", invoice=invoice)


async def find_payment(tx: Transaction, provider: str, livemode: bool, id: str) -> InvoicePayment | None:
    """Held until the commit."""
    return await tx.find(
        _payment,
        PAYMENT + " WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_payment_id = %(id)s FOR UPDATE",
        provider=provider,
        livemode=livemode,
        id=id,
    )


async def save_fee(tx: Transaction, id: InvoicePaymentId, fee: Money) -> None:
    await tx.run(
        """
        UPDATE invoice_payments SET fee_amount = %(fee)s, fee_currency = %(currency)s
        WHERE id = %(id)s AND fee_amount IS NULL
        """,
        id=id,
        fee=fee.amount,
        currency=fee.currency,
    )


async def without_fee(tx: Transaction, *, before: datetime, after: datetime, limit: int) -> list[str]:
    """The provider's ids of payments whose fee should be known by now."""
    return await tx.all(
        lambda row: str(row["provider_payment_id"]),
        """
        SELECT provider_payment_id FROM invoice_payments
        WHERE fee_amount IS NULL AND paid_at BETWEEN %(after)s AND %(before)s ORDER BY random() LIMIT %(limit)s
        """,
        before=before,
        after=after,
        limit=limit,
    )


async def save_refunded(tx: Transaction, id: InvoicePaymentId, amount: int, tax: int) -> None:
    await tx.run(
        "UPDATE invoice_payments SET refunded_amount = %(amount)s, refunded_tax_amount = %(tax)s WHERE id = %(id)s",
        id=id,
        amount=amount,
        tax=tax,
    )


async def find_refund(tx: Transaction, provider: str, livemode: bool, id: str) -> InvoiceRefund | None:
    return await tx.find(
        _refund,
        REFUND + " WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_refund_id = %(id)s FOR UPDATE",
        provider=provider,
        livemode=livemode,
        id=id,
    )


async def refunds_of(tx: Transaction, payment: InvoicePaymentId) -> list[InvoiceRefund]:
    return await tx.all(_refund, REFUND + " WHERE invoice_payment_id = %(payment)s ORDER BY id", payment=payment)


async def save_refund(tx: Transaction, payment: InvoicePayment, refund: InvoiceRefund) -> None:
    await tx.run(
        """
        INSERT INTO invoice_refunds (id, invoice_payment_id, provider, livemode, provider_refund_id, status, amount, tax_amount,
            currency, failure_reason, seen_at)
        VALUES (%(id)s, %(payment)s, %(provider)s, %(livemode)s, %(provider_id)s, %(status)s, %(amount)s, %(tax)s, %(currency)s,
            %(failure)s, %(now)s)
        ON CONFLICT (id) DO UPDATE SET status = excluded.status, tax_amount = excluded.tax_amount,
            failure_reason = excluded.failure_reason, seen_at = excluded.seen_at
        """,
        id=refund.id,
        payment=payment.id,
        provider=payment.provider,
        livemode=payment.livemode,
        provider_id=refund.provider_refund_id,
        status=refund.status,
        amount=refund.money.amount,
        tax=refund.tax_amount,
        currency=refund.money.currency,
        failure=refund.failure_reason,
        now=tx.now,
    )


def _invoice(row: Row) -> Invoice:
    ids = {
        "id": InvoiceId.of(row["id"]),
        "customer_id": CustomerId.of(row["customer_id"]),
        "subscription_id": None if row["subscription_id"] is None else SubscriptionId.of(row["subscription_id"]),
        "status": InvoiceStatus(row["status"]),
    }
    return Invoice(**{**row, **ids})


def _line(row: Row) -> InvoiceLine:
    return InvoiceLine(**{**row, "invoice_id": InvoiceId.of(row["invoice_id"])})


def _payment(row: Row) -> InvoicePayment:
    return InvoicePayment(
        id=InvoicePaymentId.of(row["id"]),
        invoice_id=InvoiceId.of(row["invoice_id"]),
        provider=row["provider"],
        livemode=row["livemode"],
        provider_payment_id=row["provider_payment_id"],
        money=Money(row["amount"], row["currency"]),
        tax=Money(row["tax_amount"], row["currency"]),
        refunded_amount=row["refunded_amount"],
        refunded_tax_amount=row["refunded_tax_amount"],
        fee=None if row["fee_amount"] is None else Money(row["fee_amount"], row["fee_currency"]),
        paid_at=row["paid_at"],
    )


def _refund(row: Row) -> InvoiceRefund:
    return InvoiceRefund(
        id=InvoiceRefundId.of(row["id"]),
        invoice_payment_id=InvoicePaymentId.of(row["invoice_payment_id"]),
        provider_refund_id=row["provider_refund_id"],
        status=InvoiceRefundStatus(row["status"]),
        money=Money(row["amount"], row["currency"]),
        tax_amount=row["tax_amount"],
        failure_reason=row["failure_reason"],
    )
