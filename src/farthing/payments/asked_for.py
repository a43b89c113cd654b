"""A refund that somebody asked for: the request follows it, in the same transaction."""

from farthing import events
from farthing.db import Transaction
from farthing.ids import OrderId, RefundId, RefundRequestId
from farthing.lifecycles import RefundStatus


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
