"""Payments and refunds in the database."""

from datetime import datetime
from typing import LiteralString

import orjson

from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import OrderId, PaymentId, RefundId
from farthing.lifecycles import PaymentStatus, RefundStatus
from farthing.money import Money
from farthing.payments.intent_json import from_json, to_json
from farthing.payments.model import Payment, Refund
from farthing.providers import SeenPayment

PAYMENT: LiteralString = """
    SELECT id, order_id, provider, livemode, provider_payment_id, provider_charge_id, status, settles, amount, currency,
        received_amount, received_currency, fee_amount, fee_currency, refunding_amount, refunded_amount, withheld_amount,
        surplus_reason, failure_code, failure_message, card_brand, card_last4, opened_at, succeeded_at, live, capture_method,
        request, return_url, authorized_at, capture_before, capture_amount, capture_asked_at, capture_attempts,
        close_asked_at, confirmations,
        CASE WHEN settles THEN (SELECT coalesce(sum(exchanged_amount), 0)::bigint FROM line_items
            WHERE line_items.order_id = payments.order_id) ELSE 0 END AS exchanged_amount
    FROM payments
"""

REFUND: LiteralString = """
    SELECT id, payment_id, order_id, provider, provider_refund_id, status, amount, currency, reason, note, failure_reason,
        requested_by, promised_at, asked_at, succeeded_at, pending_reason, retry_of
    FROM refunds
"""


async def get(tx: Transaction, id: PaymentId) -> Payment:
    found = await tx.find(payment_of, PAYMENT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no payment {id}.")
    return found


async def lock(tx: Transaction, id: PaymentId) -> Payment:
    """Held until the commit. The caller holds the lock of its order already."""
    found = await tx.find(payment_of, PAYMENT + " WHERE id = %(id)s FOR UPDATE", id=id)
    assert found is not None, f"{id} cannot be gone"
    return found


async def find_order_id(tx: Transaction, id: PaymentId) -> OrderId | None:
    return await tx.find(lambda row: OrderId.of(row["order_id"]), "SELECT order_id FROM payments WHERE id = %(id)s", id=id)


async def find_by_provider_id(tx: Transaction, provider: str, livemode: bool, provider_payment_id: str) -> Payment | None:
    return await tx.find(
        payment_of,
        PAYMENT
        + """
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_payment_id = %(provider_payment_id)s
        """,
        provider=provider,
        livemode=livemode,
        provider_payment_id=provider_payment_id,
    )


async def of_order(tx: Transaction, order: OrderId) -> list[Payment]:
    return await tx.all(payment_of, PAYMENT + " WHERE order_id = %(order)s ORDER BY id", order=order)


async def unfinished(tx: Transaction, *, before: datetime, after: datetime, limit: int) -> list[str]:
    """The provider's ids of payments whose end or fee we do not know. In any order: one that never ends blocks no other."""
    return await tx.all(
        lambda row: str(row["provider_payment_id"]),
        """
        SELECT provider_payment_id FROM payments
        WHERE (status = 'processing' OR (received_amount IS NOT NULL AND fee_amount IS NULL))
            AND provider_payment_id IS NOT NULL AND coalesce(succeeded_at, opened_at) BETWEEN %(after)s AND %(before)s
        ORDER BY random() LIMIT %(limit)s
        """,
        before=before,
        after=after,
        limit=limit,
    )


async def unfinished_refunds(tx: Transaction, *, before: datetime, limit: int) -> list[str]:
    """The provider's ids of refunds that are on their way."""
    return await tx.all(
        lambda row: str(row["provider_refund_id"]),
        """
        SELECT provider_refund_id FROM refunds
        WHERE status = 'pending' AND provider_refund_id IS NOT NULL AND promised_at <= %(before)s
        ORDER BY random() LIMIT %(limit)s
        """,
        before=before,
        limit=limit,
    )


async def insert(tx: Transaction, payment: Payment) -> None:
    await tx.run(
        """
        INSERT INTO payments (id, order_id, provider, livemode, provider_payment_id, status, amount, currency, opened_at,
            live, capture_method, request, return_url)
        VALUES (%(id)s, %(order)s, %(provider)s, %(livemode)s, %(provider_payment_id)s, %(status)s, %(amount)s,
            %(currency)s, %(now)s, %(live)s, %(capture_method)s, %(request)s, %(return_url)s)
        """,
        id=payment.id,
        order=payment.order_id,
        provider=payment.provider,
        livemode=payment.livemode,
        provider_payment_id=payment.provider_payment_id,
        status=payment.status,
        amount=payment.asked.amount,
        currency=payment.asked.currency,
        now=tx.now,
        live=payment.live,
        capture_method=payment.capture_method,
        request=None if payment.request is None else orjson.dumps(to_json(payment.request)).decode(),
        return_url=payment.return_url,
    )


async def save_received(
    tx: Transaction, payment: Payment, seen: SeenPayment, received: Money, status: PaymentStatus, surplus: str | None
) -> None:
    """The money is in. What it is for was decided by the caller."""
    await tx.run(
        """
        UPDATE payments SET status = %(status)s, settles = %(settles)s, received_amount = %(amount)s,
            received_currency = %(currency)s, surplus_reason = %(surplus)s, succeeded_at = %(now)s,
            provider_payment_id = %(seen)s, provider_charge_id = coalesce(%(charge)s, provider_charge_id),
            card_brand = coalesce(%(brand)s, card_brand), card_last4 = coalesce(%(last4)s, card_last4),
            failure_code = NULL, failure_message = NULL, live = false,
            capture_amount = CASE WHEN capture_method = 'manual' AND %(settles)s THEN %(amount)s END
        WHERE id = %(id)s
        """,
        id=payment.id,
        status=status,
        settles=surplus is None,
        amount=received.amount,
        currency=received.currency,
        surplus=surplus,
        now=tx.now,
        seen=seen.id,
        charge=seen.charge_id,
        brand=seen.card_brand,
        last4=seen.card_last4,
    )


async def save_status(tx: Transaction, payment: Payment, seen_id: str | None, status: PaymentStatus) -> None:
    await tx.run(
        """
        UPDATE payments SET status = %(status)s, provider_payment_id = coalesce(provider_payment_id, %(seen)s),
            live = live AND %(status)s <> 'canceled'
        WHERE id = %(id)s
        """,
        id=payment.id,
        status=status,
        seen=seen_id,
    )


async def save_decline(tx: Transaction, payment: Payment, seen: SeenPayment, status: PaymentStatus) -> None:
    await tx.run(
        """
        UPDATE payments SET status = %(status)s, provider_payment_id = %(seen)s, provider_charge_id = %(charge)s,
            failure_code = %(code)s, failure_message = %(message)s
        WHERE id = %(id)s
        """,
        id=payment.id,
        status=status,
        seen=seen.id,
        charge=seen.charge_id,
        code=seen.failure_code,
        message=seen.failure_message,
    )


async def save_details(tx: Transaction, payment: Payment, seen: SeenPayment) -> None:
    """What is known only after the money is in: fee, charge and card."""
    await tx.run(
        """
        UPDATE payments SET fee_amount = coalesce(fee_amount, %(fee)s), fee_currency = coalesce(fee_currency, %(currency)s),
            provider_charge_id = coalesce(%(charge)s, provider_charge_id),
            card_brand = coalesce(%(brand)s, card_brand), card_last4 = coalesce(%(last4)s, card_last4)
        WHERE id = %(id)s
        """,
        id=payment.id,
        fee=None if seen.fee is None else seen.fee.amount,
        currency=None if seen.fee is None else seen.fee.currency,
        charge=seen.charge_id,
        brand=seen.card_brand,
        last4=seen.card_last4,
    )


async def reserve_refund(tx: Transaction, payment: PaymentId, amount: int, *, made_already: bool = False) -> bool:
    """Set the amount aside, if that much is left: one guarded statement, so that two at once cannot both have it.

    What a bank withholds is not ours to promise; what the provider gave back already is a fact beside it.
    """
    return bool(
        await tx.run(
            """
            UPDATE payments SET refunding_amount = refunding_amount + %(amount)s
            WHERE id = %(id)s AND received_amount - refunding_amount - refunded_amount
                - CASE WHEN %(made_already)s THEN 0 ELSE withheld_amount END >= %(amount)s
            """,
            id=payment,
            amount=amount,
            made_already=made_already,
        )
    )


async def withhold(tx: Transaction, payment: PaymentId, amount: int) -> None:
    """A bank took this much of it, or returned it: a signed amount."""
    await tx.run(
        "UPDATE payments SET withheld_amount = withheld_amount + %(amount)s WHERE id = %(id)s", id=payment, amount=amount
    )


async def move_refunding(tx: Transaction, payment: PaymentId, *, refunding: int, refunded: int) -> None:
    """Change what is on its way back and what is back, by signed amounts."""
    await tx.run(
        """
        UPDATE payments SET refunding_amount = refunding_amount + %(refunding)s,
            refunded_amount = refunded_amount + %(refunded)s
        WHERE id = %(id)s
        """,
        id=payment,
        refunding=refunding,
        refunded=refunded,
    )


async def insert_refund(tx: Transaction, refund: Refund, *, livemode: bool) -> None:
    await tx.run(
        """
        INSERT INTO refunds (id, payment_id, order_id, provider, livemode, provider_refund_id, status, amount, currency,
            reason, note, requested_by, promised_at, retry_of)
        VALUES (%(id)s, %(payment)s, %(order)s, %(provider)s, %(livemode)s, %(provider_refund_id)s, %(status)s, %(amount)s,
            %(currency)s, %(reason)s, %(note)s, %(requested_by)s, %(now)s, %(retry_of)s)
        """,
        id=refund.id,
        payment=refund.payment_id,
        order=refund.order_id,
        provider=refund.provider,
        livemode=livemode,
        provider_refund_id=refund.provider_refund_id,
        status=refund.status,
        amount=refund.money.amount,
        currency=refund.money.currency,
        reason=refund.reason,
        note=refund.note,
        requested_by=refund.requested_by,
        now=tx.now,
        retry_of=refund.retry_of,
    )


async def get_refund(tx: Transaction, id: RefundId) -> Refund:
    found = await tx.find(_refund, REFUND + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no refund {id}.")
    return found


async def lock_refund(tx: Transaction, id: RefundId) -> Refund:
    found = await tx.find(_refund, REFUND + " WHERE id = %(id)s FOR UPDATE", id=id)
    assert found is not None, f"{id} cannot be gone"
    return found


async def find_refund_by_provider_id(tx: Transaction, provider: str, livemode: bool, id: str) -> Refund | None:
    return await tx.find(
        _refund,
        REFUND + " WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_refund_id = %(id)s",
        provider=provider,
        livemode=livemode,
        id=id,
    )


async def refunds_of_order(tx: Transaction, order: OrderId) -> list[Refund]:
    return await tx.all(_refund, REFUND + " WHERE order_id = %(order)s ORDER BY id", order=order)


async def save_refund(
    tx: Transaction, refund: Refund, status: RefundStatus, *, provider_refund_id: str | None, failure_reason: str | None
) -> None:
    await tx.run(
        """
        UPDATE refunds SET status = %(status)s, provider_refund_id = coalesce(%(provider_refund_id)s, provider_refund_id),
            failure_reason = %(failure_reason)s, pending_reason = CASE WHEN %(status)s = 'pending' THEN pending_reason END,
            succeeded_at = CASE WHEN %(status)s = 'succeeded' THEN %(now)s ELSE succeeded_at END,
            closed_at = CASE WHEN %(status)s IN ('succeeded', 'failed', 'canceled') THEN %(now)s END
        WHERE id = %(id)s
        """,
        id=refund.id,
        status=status,
        provider_refund_id=provider_refund_id,
        failure_reason=failure_reason,
        now=tx.now,
    )


async def mark_refund_asked(tx: Transaction, id: RefundId) -> bool:
    """We are about to ask the provider for it: from here on it may have happened. False: it is not promised any more."""
    return bool(
        await tx.run(
            "UPDATE refunds SET asked_at = coalesce(asked_at, %(now)s) WHERE id = %(id)s AND status = 'promised'",
            id=id,
            now=tx.now,
        )
    )


async def save_pending_reason(tx: Transaction, id: RefundId, reason: str | None) -> None:
    await tx.run("UPDATE refunds SET pending_reason = %(reason)s WHERE id = %(id)s", id=id, reason=reason)


def payment_of(row: Row) -> Payment:
    received = row["received_amount"]
    fee = row["fee_amount"]
    return Payment(
        id=PaymentId.of(row["id"]),
        order_id=OrderId.of(row["order_id"]),
        provider=row["provider"],
        livemode=row["livemode"],
        provider_payment_id=row["provider_payment_id"],
        provider_charge_id=row["provider_charge_id"],
        status=PaymentStatus(row["status"]),
        settles=row["settles"],
        asked=Money(row["amount"], row["currency"]),
        received=None if received is None else Money(received, row["received_currency"]),
        fee=None if fee is None else Money(fee, row["fee_currency"]),
        refunding_amount=row["refunding_amount"],
        refunded_amount=row["refunded_amount"],
        withheld_amount=row["withheld_amount"],
        surplus_reason=row["surplus_reason"],
        failure_code=row["failure_code"],
        failure_message=row["failure_message"],
        card_brand=row["card_brand"],
        card_last4=row["card_last4"],
        opened_at=row["opened_at"],
        succeeded_at=row["succeeded_at"],
        live=row["live"],
        capture_method=row["capture_method"],
        request=None if row["request"] is None else from_json(row["request"]),
        return_url=row["return_url"],
        authorized_at=row["authorized_at"],
        capture_before=row["capture_before"],
        capture_amount=row["capture_amount"],
        capture_asked_at=row["capture_asked_at"],
        capture_attempts=row["capture_attempts"],
        close_asked_at=row["close_asked_at"],
        confirmations=row["confirmations"],
        exchanged_amount=row["exchanged_amount"],
    )


def _refund(row: Row) -> Refund:
    return Refund(
        id=RefundId.of(row["id"]),
        payment_id=PaymentId.of(row["payment_id"]),
        order_id=OrderId.of(row["order_id"]),
        provider=row["provider"],
        provider_refund_id=row["provider_refund_id"],
        status=RefundStatus(row["status"]),
        money=Money(row["amount"], row["currency"]),
        reason=row["reason"],
        note=row["note"],
        failure_reason=row["failure_reason"],
        requested_by=row["requested_by"],
        promised_at=row["promised_at"],
        asked_at=row["asked_at"],
        succeeded_at=row["succeeded_at"],
        pending_reason=row["pending_reason"],
        retry_of=None if row["retry_of"] is None else RefundId.of(row["retry_of"]),
    )
