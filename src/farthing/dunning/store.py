"""Tries to collect, and what was told of money that did not come, in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from farthing.db import Row, Transaction
from farthing.dunning.debts import LAPSING, Attempt
from farthing.ids import InvoiceAttemptId, InvoiceId, SubscriptionId
from farthing.lifecycles import InvoiceAttemptStatus
from farthing.money import Money

SELECT: LiteralString = """
    SELECT id, invoice_id, subscription_id, provider_method_id, provider_setup_id, status, code, asked_at, answered_at
    FROM invoice_attempts
"""


async def insert(tx: Transaction, attempt: Attempt) -> None:
    await tx.run(
        """
        INSERT INTO invoice_attempts (id, invoice_id, subscription_id, provider_method_id, provider_setup_id, status, asked_at)
        VALUES (%(id)s, %(invoice)s, %(subscription)s, %(method)s, %(setup)s, 'asking', %(now)s)
        """,
        id=attempt.id,
        invoice=attempt.invoice_id,
        subscription=attempt.subscription_id,
        method=attempt.provider_method_id,
        setup=attempt.provider_setup_id,
        now=tx.now,
    )


async def get(tx: Transaction, id: InvoiceAttemptId) -> Attempt:
    found = await tx.find(_attempt, SELECT + " WHERE id = %(id)s", id=id)
    assert found is not None, f"{id} cannot be gone"
    return found


async def lock(tx: Transaction, id: InvoiceAttemptId) -> Attempt:
    found = await tx.find(_attempt, SELECT + " WHERE id = %(id)s FOR UPDATE", id=id)
    assert found is not None, f"{id} cannot be gone"
    return found


async def find_open(tx: Transaction, invoice: InvoiceId) -> Attempt | None:
    return await tx.find(_attempt, SELECT + " WHERE invoice_id = %(invoice)s AND status = 'asking'", invoice=invoice)


async def find_of_setup(tx: Transaction, setup: str) -> Attempt | None:
    return await tx.find(_attempt, SELECT + " WHERE provider_setup_id = %(setup)s", setup=setup)


async def of_invoice(tx: Transaction, invoice: InvoiceId) -> list[Attempt]:
    """Oldest first."""
    return await tx.all(_attempt, SELECT + " WHERE invoice_id = %(invoice)s ORDER BY asked_at, id", invoice=invoice)


async def count_since(tx: Transaction, invoice: InvoiceId, since: datetime) -> int:
    found: int = await tx.value(
        "SELECT count(*) AS tries FROM invoice_attempts WHERE invoice_id = %(invoice)s AND asked_at > %(since)s",
        invoice=invoice,
        since=since,
    )
    return found


async def save_answer(tx: Transaction, id: InvoiceAttemptId, status: InvoiceAttemptStatus, code: str | None) -> None:
    await tx.run(
        """
        UPDATE invoice_attempts SET status = %(status)s, code = %(code)s, answered_at = %(now)s
        WHERE id = %(id)s AND status = 'asking'
        """,
        id=id,
        status=status,
        code=code,
        now=tx.now,
    )


async def unanswered(tx: Transaction, *, before: datetime, limit: int) -> list[InvoiceAttemptId]:
    """In any order: none blocks the others."""
    return await tx.all(
        lambda row: InvoiceAttemptId.of(row["id"]),
        "SELECT id FROM invoice_attempts WHERE status = 'asking' AND asked_at <= %(before)s ORDER BY random() LIMIT %(limit)s",
        before=before,
        limit=limit,
    )


# What an invoice failed for, and what is owed.


@dataclass(frozen=True, slots=True)
class Overdue:
    """What one subscription owes, for lists."""

    money: Money
    tries: int
    next_at: datetime | None


async def overdue(tx: Transaction, ids: Sequence[SubscriptionId]) -> dict[SubscriptionId, Overdue]:
    """Of each that owes something, its newest invoice that waits for money."""
    rows = await tx.all(
        lambda row: (
            SubscriptionId.of(row["subscription_id"]),
            Overdue(Money(row["remaining_amount"], row["currency"]), row["attempt_count"], row["next_payment_attempt_at"]),
        ),
        """
        SELECT DISTINCT ON (subscription_id) subscription_id, remaining_amount, currency, attempt_count, next_payment_attempt_at
        FROM invoices WHERE subscription_id = ANY(%(ids)s) AND status = 'open' AND remaining_amount > 0
        ORDER BY subscription_id, issued_at DESC
        """,
        ids=list(ids),
    )
    return dict(rows)


async def save_code(tx: Transaction, invoice: InvoiceId, code: str | None) -> None:
    await tx.run("UPDATE invoices SET failure_code = %(code)s WHERE id = %(invoice)s", invoice=invoice, code=code)


async def code_of(tx: Transaction, invoice: InvoiceId) -> str | None:
    found: str | None = await tx.value("SELECT failure_code FROM invoices WHERE id = %(invoice)s", invoice=invoice)
    return found


# What is told once.


async def lapsed(tx: Transaction, *, limit: int) -> list[SubscriptionId]:
    """Those whose money never came, which cannot be used any more, and of which that was not told."""
    return await tx.all(
        lambda row: SubscriptionId.of(row["id"]),
        """
        SELECT id FROM subscriptions
        WHERE (status = ANY(%(lapsing)s) OR (status = 'canceled' AND cancel_reason = 'payment_failed'))
            AND status IN ('past_due', 'unpaid', 'paused', 'canceled') AND paid_until IS NOT NULL
            AND coalesce(grace_until, paid_until) <= %(now)s AND lapsed_told_of IS DISTINCT FROM paid_until
        ORDER BY paid_until LIMIT %(limit)s
        """,
        lapsing=[str(each) for each in LAPSING],
        now=tx.now,
        limit=limit,
    )


async def mark_lapse_told(tx: Transaction, id: SubscriptionId, until: datetime) -> bool:
    """Whether this call is the one that tells."""
    return bool(
        await tx.run(
            """
            UPDATE subscriptions SET lapsed_told_of = %(until)s
            WHERE id = %(id)s AND lapsed_told_of IS DISTINCT FROM %(until)s
            """,
            id=id,
            until=until,
        )
    )


async def charges_to_check(tx: Transaction, *, before: datetime, limit: int) -> list[tuple[SubscriptionId, datetime]]:
    """Those that are charged soon, with when, and of which nobody looked yet whether the card will still be good."""
    return await tx.all(
        lambda row: (SubscriptionId.of(row["id"]), row["current_period_end"]),
        """
        SELECT id, current_period_end FROM subscriptions
        WHERE status IN ('active', 'trialing') AND current_period_end > %(now)s AND current_period_end <= %(before)s
            AND card_checked_for IS DISTINCT FROM current_period_end AND cancel_at IS NULL AND NOT cancel_at_period_end
        ORDER BY current_period_end LIMIT %(limit)s
        """,
        now=tx.now,
        before=before,
        limit=limit,
    )


async def mark_checked(tx: Transaction, id: SubscriptionId, charge_at: datetime) -> None:
    await tx.run("UPDATE subscriptions SET card_checked_for = %(at)s WHERE id = %(id)s", id=id, at=charge_at)


async def mark_card_told(tx: Transaction, id: SubscriptionId, card: str) -> bool:
    """Whether this call is the one that tells."""
    return bool(
        await tx.run(
            "UPDATE subscriptions SET card_told_of = %(card)s WHERE id = %(id)s AND card_told_of IS DISTINCT FROM %(card)s",
            id=id,
            card=card,
        )
    )


def _attempt(row: Row) -> Attempt:
    ids = {
        "id": InvoiceAttemptId.of(row["id"]),
        "invoice_id": InvoiceId.of(row["invoice_id"]),
        "subscription_id": SubscriptionId.of(row["subscription_id"]),
        "status": InvoiceAttemptStatus(row["status"]),
    }
    return Attempt(**{**row, **ids})
