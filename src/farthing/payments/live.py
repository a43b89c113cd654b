"""Payments that are not over, in the database: the one way to pay an order, what is kept for us, and what is due for a look."""

from datetime import datetime, timedelta
from typing import LiteralString

from farthing.db import Transaction
from farthing.ids import OrderId, PaymentId
from farthing.lifecycles import PaymentStatus
from farthing.paging import Page, checked_limit
from farthing.payments.model import Payment
from farthing.payments.store import PAYMENT, payment_of
from farthing.providers import SeenPayment


async def of_order(tx: Transaction, order: OrderId) -> Payment | None:
    """The way in which the order can be paid now. The caller holds the order's lock."""
    return await tx.find(payment_of, PAYMENT + " WHERE order_id = %(order)s AND live FOR UPDATE", order=order)


async def list_page(
    tx: Transaction,
    *,
    limit: int,
    cursor: PaymentId | None = None,
    status: PaymentStatus | None = None,
    order: OrderId | None = None,
) -> Page[Payment]:
    """Newest first."""
    rows = await tx.all(
        payment_of,
        PAYMENT
        + """
        WHERE (%(cursor)s::uuid IS NULL OR id < %(cursor)s) AND (%(status)s::text IS NULL OR status = %(status)s)
            AND (%(order)s::uuid IS NULL OR order_id = %(order)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        cursor=cursor,
        status=status,
        order=order,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda payment: payment.id)


async def counts(tx: Transaction) -> dict[str, int]:
    """How many there are of each status."""
    rows = await tx.all(
        lambda row: (str(row["status"]), int(row["count"])), "SELECT status, count(*) AS count FROM payments GROUP BY status"
    )
    return dict(rows)


async def save_known(tx: Transaction, id: PaymentId, provider_payment_id: str) -> bool:
    """The provider answered: keep its name for the payment. False where it was known."""
    return bool(
        await tx.run(
            "UPDATE payments SET provider_payment_id = %(name)s WHERE id = %(id)s AND provider_payment_id IS NULL",
            id=id,
            name=provider_payment_id,
        )
    )


async def save_authorized(tx: Transaction, payment: Payment, seen: SeenPayment, *, fits: bool) -> None:
    """The money is kept for us; where it is kept for nothing, it is to be let go."""
    await tx.run(
        """
        UPDATE payments SET status = 'authorized', authorized_at = %(now)s, capture_before = %(before)s,
            provider_payment_id = %(seen)s, provider_charge_id = coalesce(%(charge)s, provider_charge_id),
            card_brand = coalesce(%(brand)s, card_brand), card_last4 = coalesce(%(last4)s, card_last4),
            failure_code = NULL, failure_message = NULL, live = live AND %(fits)s,
            close_asked_at = CASE WHEN %(fits)s THEN close_asked_at ELSE coalesce(close_asked_at, %(now)s) END
        WHERE id = %(id)s
        """,
        id=payment.id,
        now=tx.now,
        before=seen.capture_before,
        seen=seen.id,
        charge=seen.charge_id,
        brand=seen.card_brand,
        last4=seen.card_last4,
        fits=fits,
    )


async def save_deadline(tx: Transaction, payment: Payment, before: datetime) -> None:
    await tx.run("UPDATE payments SET capture_before = %(before)s WHERE id = %(id)s", id=payment.id, before=before)


async def ask_capture(tx: Transaction, payment: Payment, amount: int) -> None:
    """Each asking is an attempt with a key of its own at the provider."""
    await tx.run(
        """
        UPDATE payments SET capture_amount = %(amount)s, capture_asked_at = %(now)s, capture_attempts = capture_attempts + 1
        WHERE id = %(id)s AND status = 'authorized' AND close_asked_at IS NULL
        """,
        id=payment.id,
        amount=amount,
        now=tx.now,
    )


async def withdraw_capture(tx: Transaction, id: PaymentId, *, attempt: int) -> bool:
    """The provider refused, and still keeps the money: somebody may ask again. False where that is old news."""
    return bool(
        await tx.run(
            """
            UPDATE payments SET capture_amount = NULL, capture_asked_at = NULL
            WHERE id = %(id)s AND status = 'authorized' AND capture_attempts = %(attempt)s AND capture_asked_at IS NOT NULL
            """,
            id=id,
            attempt=attempt,
        )
    )


async def ask_close(tx: Transaction, id: PaymentId) -> None:
    await tx.run("UPDATE payments SET close_asked_at = coalesce(close_asked_at, %(now)s) WHERE id = %(id)s", id=id, now=tx.now)


async def withdraw_close(tx: Transaction, id: PaymentId) -> None:
    """The buyer was quicker: the bank is at it, and what comes of it stands."""
    await tx.run("UPDATE payments SET close_asked_at = NULL WHERE id = %(id)s AND status = 'processing'", id=id)


async def count_confirmation(tx: Transaction, id: PaymentId) -> int:
    number: int = await tx.value(
        "UPDATE payments SET confirmations = confirmations + 1 WHERE id = %(id)s RETURNING confirmations", id=id
    )
    return number


async def take_look(tx: Transaction, id: PaymentId, *, every: timedelta) -> bool:
    """Whether it is time to ask the provider again for somebody who waits. Of many at once, one is told so."""
    return bool(
        await tx.run(
            """
            UPDATE payments SET looked_at = %(now)s WHERE id = %(id)s AND provider_payment_id IS NOT NULL
                AND status IN ('open', 'processing', 'authorized') AND (looked_at IS NULL OR looked_at <= %(before)s)
            """,
            id=id,
            now=tx.now,
            before=tx.now - every,
        )
    )


CALLED_OFF_OR_OVER: LiteralString = """
    id IN (
        SELECT payment.id FROM payments payment JOIN orders ON orders.id = payment.order_id AND orders.status = 'open'
            LEFT JOIN checkouts page ON page.payment_id = payment.id AND page.status IN ('starting', 'open')
        WHERE payment.live AND payment.status = 'open' AND page.id IS NULL
            AND (orders.expires_at <= %(now)s OR orders.cancel_requested_at <= %(before)s)
    )
"""


async def due_to_close(tx: Transaction, *, before: datetime, limit: int) -> list[Payment]:
    """What somebody wants closed, and ways to pay without a page whose order's time is over. In any order."""
    return await tx.all(
        payment_of,
        PAYMENT
        + """
        WHERE (status IN ('open', 'authorized') AND close_asked_at <= %(before)s) OR """
        + CALLED_OFF_OR_OVER
        + """
        ORDER BY random() LIMIT %(limit)s
        """,
        before=before,
        now=tx.now,
        limit=limit,
    )


async def unanswered(tx: Transaction, *, before: datetime, limit: int) -> list[Payment]:
    """Intents that were asked for, and nobody knows what came of it."""
    return await tx.all(
        payment_of,
        PAYMENT
        + """
        WHERE live AND status = 'open' AND request IS NOT NULL AND provider_payment_id IS NULL AND opened_at <= %(before)s
        ORDER BY random() LIMIT %(limit)s
        """,
        before=before,
        limit=limit,
    )


async def half_captured(tx: Transaction, *, before: datetime, limit: int) -> list[Payment]:
    """Captures that were asked for, and nobody knows what came of it."""
    return await tx.all(
        payment_of,
        PAYMENT + " WHERE status = 'authorized' AND capture_asked_at <= %(before)s ORDER BY random() LIMIT %(limit)s",
        before=before,
        limit=limit,
    )


async def run_out(tx: Transaction, *, looked_before: datetime, limit: int) -> list[Payment]:
    """What nobody captured in time, and was not looked at lately."""
    return await tx.all(
        payment_of,
        PAYMENT
        + """
        WHERE status = 'authorized' AND capture_before <= %(now)s AND (looked_at IS NULL OR looked_at <= %(looked)s)
        ORDER BY random() LIMIT %(limit)s
        """,
        now=tx.now,
        looked=looked_before,
        limit=limit,
    )


async def warn_of(tx: Transaction, *, before: datetime, limit: int) -> list[Payment]:
    """What must be captured by then and nobody was warned of; marked, so that they are warned once."""
    return await tx.all(
        payment_of,
        """
        WITH due AS (
            SELECT id FROM payments WHERE status = 'authorized' AND capture_before <= %(before)s AND expiry_warned_at IS NULL
                AND close_asked_at IS NULL AND capture_asked_at IS NULL
            LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        )
        UPDATE payments SET expiry_warned_at = %(now)s WHERE id IN (SELECT id FROM due)
        RETURNING *, 0 AS exchanged_amount
        """,
        before=before,
        now=tx.now,
        limit=limit,
    )
