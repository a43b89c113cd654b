"""A job that is refused, and its money."""

from farthing import job_postings, orders
from farthing.db import Transaction
from farthing.ids import JobPostingId
from farthing.job_postings import JobPosting
from farthing.lifecycles import OrderStatus
from farthing.payments import line_store, refunds
from farthing.payments.model import WantedLine


async def reject_posting(tx: Transaction, id: JobPostingId, reason: str, *, refund: bool) -> JobPosting:
    """Reject a posting; with `refund` promise what is left of its lines and their add-ons, in the same transaction.

    Raises Conflict where it waits for nobody's approval, or where its money cannot go back: then nothing is done.
    """
    for id_ in sorted({line.order_id for line in (await job_postings.get(tx, id)).live_lines}):
        await orders.lock(tx, id_)
    posting = await job_postings.reject(tx, id, reason)
    by_order: dict[object, list[job_postings.PostingLine]] = {}
    for line in posting.live_lines if refund else ():
        by_order.setdefault(line.order_id, []).append(line)
    for lines in by_order.values():
        order = await orders.get(tx, lines[0].order_id)
        if order.status != OrderStatus.PAID:
            continue
        going = {line.id for line in orders.with_addons(order.lines, {line.line_id for line in lines})}
        left = [each.line.id for each in await line_store.standings(tx, order) if each.line.id in going and each.left]
        if left:
            await refunds.refund_order(
                tx,
                order.id,
                None,
                reason="requested_by_customer",
                note=f"job rejected: {reason}"[:500],
                lines=[WantedLine(line) for line in left],
            )
    return posting
