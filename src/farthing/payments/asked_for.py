"""A refund that somebody asked for: the request follows it, in the same transaction."""

from typing import LiteralString

from farthing import events
from farthing.db import Transaction
from farthing.ids import OrderId, RefundId, RefundRequestId
from farthing.lifecycles import RefundStatus

GIVEN: LiteralString = """
    (SELECT coalesce(sum(given.amount), 0) FROM refunds given
    WHERE given.order_id = request.order_id AND given.currency = request.currency AND given.reason = 'provider'
        AND given.status = 'succeeded' AND given.promised_at >= request.requested_at)
"""
COVER: LiteralString = (
    """
    UPDATE refund_requests request SET status = 'covered', closed_at = %(now)s, closed_by = %(actor)s, note = %(note)s
    WHERE order_id = %(order)s AND status = 'requested' AND amount <= """  # noqa: S608 - literals
    + GIVEN
    + " RETURNING id"
)
UNCOVER: LiteralString = (
    """
    UPDATE refund_requests request SET status = 'requested', closed_at = NULL, closed_by = NULL
    WHERE order_id = %(order)s AND status = 'covered' AND NOT EXISTS (
        SELECT FROM refund_requests other WHERE other.order_id = request.order_id AND other.status IN ('requested', 'approved')
    ) AND amount > """  # noqa: S608 - literals
    + GIVEN
    + " RETURNING id"
)


async def follow(tx: Transaction, order: OrderId, refund: RefundId, status: RefundStatus) -> None:
    """Fulfilled when the money is with the buyer, and open again where the bank returns it."""
    if status == RefundStatus.SUCCEEDED:
        request = await tx.value(
            """
            UPDATE refund_requests SET status = 'refunded', closed_at = %(now)s
            WHERE refund_id = %(refund)s AND status = 'approved' RETURNING id
            """,
            refund=refund,
            now=tx.now,
        )
        if request is not None:
            await events.record(tx, "refund_request.refunded", order=order, request=RefundRequestId.of(request), refund=refund)
    elif status == RefundStatus.FAILED:
        await tx.run(
            """
            UPDATE refund_requests SET status = 'approved', closed_at = NULL
            WHERE refund_id = %(refund)s AND status = 'refunded'
            """,
            refund=refund,
        )


async def cover(tx: Transaction, order: OrderId, refund: RefundId, status: RefundStatus) -> None:
    """What somebody gave back at the provider may be all that a buyer asked for: then nobody has to answer any more.

    What was given back before the request is none of it. The caller holds the order's lock.
    """
    if status == RefundStatus.SUCCEEDED:
        note = f"Given back at the provider: {refund}."
        closed = await tx.value(COVER, order=order, now=tx.now, actor=tx.actor, note=note)
        if closed is not None:
            id = RefundRequestId.of(closed)
            await events.record(tx, "refund_request.covered", order=order, request=id, refund=refund, reason=note)
    elif status == RefundStatus.FAILED:
        opened = await tx.value(UNCOVER, order=order)
        if opened is not None:
            await events.record(tx, "refund_request.uncovered", order=order, request=RefundRequestId.of(opened), refund=refund)
