"""The rows behind a figure: which payments failed, which plans were begun."""

from dataclasses import dataclass
from datetime import date, datetime

from farthing.db import Row, Transaction
from farthing.ids import CustomerId, OrderId
from farthing.lifecycles import CheckoutStatus
from farthing.money import Money


@dataclass(frozen=True, slots=True)
class FailedPayment:
    """Of an order, or of an invoice: then there is no order."""

    customer_id: CustomerId
    order_id: OrderId | None
    amount: Money
    reason: str
    attempts: int
    recovered: bool
    failed_at: datetime


async def failed_payments(
    tx: Transaction,
    first: date,
    last: date,
    *,
    livemode: bool,
    currency: str | None = None,
    reason: str | None = None,
    limit: int,
) -> list[FailedPayment]:
    """Newest first."""
    return await tx.all(
        _failed,
        """
        SELECT customer_id, order_id, amount, currency, reason, attempts, recovered, failed_at
        FROM failed_payments_between(%(first)s::timestamp AT TIME ZONE 'UTC', (%(last)s + 1)::timestamp AT TIME ZONE 'UTC')
        WHERE livemode = %(livemode)s AND (%(currency)s::text IS NULL OR currency = %(currency)s)
            AND (%(reason)s::text IS NULL OR reason = %(reason)s)
        ORDER BY failed_at DESC LIMIT %(limit)s
        """,
        first=first,
        last=last,
        livemode=livemode,
        currency=currency,
        reason=reason,
        limit=limit,
    )


@dataclass(frozen=True, slots=True)
class BegunPlan:
    """A wish to begin a plan, and what became of it."""

    customer_id: CustomerId
    plan: str
    amount: Money
    status: CheckoutStatus
    paid: bool
    started_at: datetime


async def begun(
    tx: Transaction,
    first: date,
    last: date,
    *,
    livemode: bool,
    currency: str | None = None,
    plan: str | None = None,
    limit: int,
) -> list[BegunPlan]:
    """Newest first."""
    return await tx.all(
        _begun,
        """
        -- Chosen first: whether each was paid is asked of these alone.
        WITH chosen AS MATERIALIZED (
            SELECT id, customer_id, plan, unit_amount * quantity AS amount, currency, status, started_at
            FROM subscription_starts
            WHERE started_at >= %(first)s::timestamp AT TIME ZONE 'UTC'
                AND started_at < (%(last)s + 1)::timestamp AT TIME ZONE 'UTC' AND livemode = %(livemode)s
                AND (%(currency)s::text IS NULL OR currency = %(currency)s)
                AND (%(plan)s::text IS NULL OR plan = %(plan)s)
            ORDER BY started_at DESC LIMIT %(limit)s
        )
        SELECT chosen.*, EXISTS (
            SELECT FROM subscriptions AS one JOIN invoices ON invoices.subscription_id = one.id
            WHERE one.start_id = chosen.id AND invoices.status = 'paid' AND invoices.paid_amount > 0
        ) AS paid
        FROM chosen ORDER BY started_at DESC
        """,
        first=first,
        last=last,
        livemode=livemode,
        currency=currency,
        plan=plan,
        limit=limit,
    )


def _failed(row: Row) -> FailedPayment:
    return FailedPayment(
        customer_id=CustomerId.of(row["customer_id"]),
        order_id=None if row["order_id"] is None else OrderId.of(row["order_id"]),
        amount=Money(row["amount"], row["currency"]),
        reason=row["reason"],
        attempts=row["attempts"],
        recovered=row["recovered"],
        failed_at=row["failed_at"],
    )


def _begun(row: Row) -> BegunPlan:
    return BegunPlan(
        customer_id=CustomerId.of(row["customer_id"]),
        plan=row["plan"],
        amount=Money(row["amount"], row["currency"]),
        status=CheckoutStatus(row["status"]),
        paid=row["paid"],
        started_at=row["started_at"],
    )
