"""Finding orders by what people have at hand: a number, an id, an email, the last four digits of a card."""

from typing import Final

from farthing.db import Transaction
from farthing.errors import NotFound
from farthing.ids import DisputeId, Id, OrderId, PaymentId, RefundId, RefundRequestId
from farthing.paging import Page

NUMBER_MAX: Final = 2**63 - 1


async def orders(tx: Transaction, words: str, *, limit: int, cursor: OrderId | None) -> Page[OrderId]:
    """Ids, newest first. Every comparison is exact, so that each can use an index; addresses match in any case."""
    number = int(words) if words.isascii() and words.isdigit() and int(words) <= NUMBER_MAX else None
    ids = await tx.all(
        lambda row: OrderId.of(row["id"]),
        """
        SELECT id FROM orders
        WHERE (%(cursor)s::uuid IS NULL OR id < %(cursor)s) AND (
            number = %(number)s OR id = %(id)s OR lower(email) = lower(%(words)s)
            OR customer_id IN (
                SELECT id FROM customers WHERE external_id = %(words)s OR lower(email) = lower(%(words)s)
            )
            OR id IN (
                SELECT order_id FROM payments
                WHERE id = %(payment)s OR card_last4 = %(words)s
                    OR provider_payment_id = %(words)s OR provider_charge_id = %(words)s
            )
            OR id IN (SELECT order_id FROM checkouts WHERE provider_checkout_id = %(words)s)
            OR id IN (SELECT order_id FROM refunds WHERE id = %(refund)s OR provider_refund_id = %(words)s)
            OR id IN (SELECT order_id FROM refund_requests WHERE id = %(request)s)
            OR id IN (SELECT order_id FROM disputes WHERE id = %(dispute)s OR provider_dispute_id = %(words)s)
        )
        ORDER BY id DESC LIMIT %(limit)s
        """,
        cursor=cursor,
        number=number,
        words=words,
        id=_id(OrderId, words),
        payment=_id(PaymentId, words),
        refund=_id(RefundId, words),
        request=_id(RefundRequestId, words),
        dispute=_id(DisputeId, words),
        limit=limit + 1,
    )
    return Page.of(ids, limit, lambda found: found)


def _id(kind: type[Id], words: str) -> Id | None:
    try:
        return kind.parse(words)
    except NotFound:
        return None
