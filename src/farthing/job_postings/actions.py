"""What happens to a job posting: bought, approved, rejected, over, taken back. Each takes `tx`, and records what it did.

A host publishes its own row in the same transaction, with a hook on these events that runs `when="in_transaction"`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from farthing import events
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, Invalid
from farthing.events import EventName
from farthing.ids import CustomerId, JobPostingId, LineItemId, OrderId
from farthing.job_postings import store
from farthing.job_postings.model import JobPosting, PostingLine
from farthing.lifecycles import JOB_POSTING, JobPostingStatus

JOB_MAX: Final = 255
REASON_MAX: Final = 500
NOTHING: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Bought:
    """A paid line of kind "job_posting"."""

    job: str
    customer_id: CustomerId
    line: PostingLine
    remind_before: timedelta | None
    addons: Sequence[tuple[LineItemId, str, int]]
    """Line, product and quantity of what came with it."""


async def check_owner(tx: Transaction, job: str, customer: CustomerId) -> None:
    """Raise Forbidden unless the job may become, or is, this customer's: the first buyer owns it.

    Of two who order at the same moment the second is refused, for as long as the first may still pay.
    """
    await store.wait_for_turn(tx, job)
    posting = await store.find(tx, job)
    taken = await store.ordered_by_another(tx, job, customer) if posting is None else posting.customer_id != customer
    if taken:
        raise Forbidden(f"The job {job[:64]!r} is another customer's.", param="items")


async def buy(tx: Transaction, bought: Bought, *, anybody: bool) -> JobPosting:
    """Publish the job, or put it before whoever approves it; what is on the board already stays longer.

    Harmless when repeated. Unless `anybody` may buy for it, a job that came to be another customer's meanwhile gets nothing:
    that is recorded as job.refused, for somebody to refund.
    """
    posting = await store.ensure(tx, bought.job, bought.customer_id)
    if posting.customer_id != bought.customer_id and not anybody:
        await _tell(tx, "job.refused", posting, order=bought.line.order_id, reason="it is another customer's")
        return posting
    if not await store.insert_line(tx, posting, bought.line):
        return posting
    for line, product, quantity in bought.addons:
        await store.insert_addon(tx, posting.id, line, product, quantity)
    posting = replace(posting, remind_before=bought.remind_before)
    return await _add_time(tx, posting, bought.line.length, needs_approval=bought.line.approval, order=bought.line.order_id)


async def approve(tx: Transaction, id: JobPostingId) -> JobPosting:
    """Its time starts now. Raises Conflict where it waits for nobody."""
    posting = await store.lock(tx, id)
    if posting.status != JobPostingStatus.PENDING_APPROVAL:
        raise Conflict(f"{id} is {posting.status}: it waits for nobody's approval.")
    posting = replace(posting, approved_at=tx.now)
    return await _publish(tx, posting, posting.waiting, order=posting.order_id)


async def reject(tx: Transaction, id: JobPostingId, reason: str) -> JobPosting:
    """It will not be published; the time that was bought stays its own until the money is back. The caller locks the orders."""
    reason = reason.strip()
    if not 1 <= len(reason) <= REASON_MAX or "\0" in reason:
        raise Invalid(f"A rejection has a reason, of at most {REASON_MAX} characters.", param="reason")
    posting = await store.lock(tx, id)
    status = JOB_POSTING.move(posting.status, "reject")
    rejected = replace(posting, status=status, rejected_reason=reason)
    await store.save(tx, rejected)
    await _tell(tx, "job.rejected", rejected, reason=reason)
    return rejected


async def take_back(tx: Transaction, line: LineItemId, *, addons_left: Sequence[OrderId] = ()) -> None:
    """The line's price went back: what is left of its time goes, and with the last line the job leaves the board.

    `addons_left` are later orders whose add-ons now accompany nothing: somebody decides about their money.
    """
    posting, own = await _lock_of_line(tx, line)
    if posting is None or own is None or own.revoked_at is not None:
        return
    held = min(posting.remaining(tx.now), own.length)
    await store.save_revoked(tx, line, held)
    lines = tuple(replace(each, revoked_at=tx.now, held=held) if each is own else each for each in posting.lines)
    left = posting.remaining(tx.now) - held
    posting = replace(posting, lines=lines)
    if posting.status == JobPostingStatus.PUBLISHED and left > NOTHING and posting.live_lines:
        shorter = _timed(posting, tx.now + left)
        await store.save(tx, shorter)
        await _tell(tx, "job.shortened", shorter, order=own.order_id)
    elif JOB_POSTING.allows(posting.status, "unpublish") and not (left and posting.live_lines):
        await _unpublish(tx, posting, own.order_id, addons_left)
    else:
        await store.save(tx, replace(posting, waiting=left))


async def give_again(tx: Transaction, line: LineItemId) -> None:
    """The refund did not happen: the line has what was left of it."""
    posting, own = await _lock_of_line(tx, line)
    if posting is None or own is None or own.held is None:
        return
    await store.save_revoked(tx, line, None)
    lines = tuple(replace(each, revoked_at=None, held=None) if each is own else each for each in posting.lines)
    posting = replace(posting, lines=lines)
    if own.held == NOTHING:
        return
    if posting.status == JobPostingStatus.REJECTED:
        await store.save(tx, replace(posting, waiting=posting.waiting + own.held))
        return
    await _add_time(tx, posting, own.held, needs_approval=own.approval, order=own.order_id)


async def add_addon(tx: Transaction, base: LineItemId, addon: LineItemId, product: str, quantity: int) -> None:
    """Bought later, or given again. What came with the posting is known already, and told with it."""
    posting, own = await _lock_of_line(tx, base)
    if posting is None or own is None:
        return
    new = await store.insert_addon(tx, posting.id, addon, product, quantity)
    if new or await store.save_addon(tx, addon, None):
        await _tell(tx, "job.addon_added", await store.get(tx, posting.id), product=product)


async def remove_addon(tx: Transaction, base: LineItemId, addon: LineItemId, product: str) -> None:
    posting, own = await _lock_of_line(tx, base)
    if posting is not None and own is not None and await store.save_addon(tx, addon, tx.now):
        await _tell(tx, "job.addon_removed", await store.get(tx, posting.id), product=product)


async def expire(tx: Transaction, id: JobPostingId) -> bool:
    """Do what is due for one posting: its end, or the word before it. False where somebody was faster."""
    posting = await store.lock(tx, id)
    if posting.status != JobPostingStatus.PUBLISHED or posting.expires_at is None:
        return False
    if posting.expires_at <= tx.now:
        over = replace(posting, status=JOB_POSTING.move(posting.status, "expire"), remind_at=None)
        await store.save(tx, over)
        await _tell(tx, "job.expired", over)
        return True
    if posting.remind_at is not None and posting.remind_at <= tx.now:
        told = replace(posting, remind_at=None)
        await store.save(tx, told)
        await _tell(tx, "job.expiring", told)
        return True
    return False


async def _add_time(
    tx: Transaction, posting: JobPosting, length: timedelta, *, needs_approval: bool, order: OrderId
) -> JobPosting:
    if posting.status == JobPostingStatus.PUBLISHED:
        assert posting.expires_at is not None, "the database holds it"
        longer = _timed(posting, posting.expires_at + length)
        await store.save(tx, longer)
        return await _tell(tx, "job.extended", longer, order=order)
    waiting = posting.waiting + length
    # Whoever looked at a job once need not look again: except where they said no.
    if not needs_approval or (posting.approved_at is not None and posting.status != JobPostingStatus.REJECTED):
        return await _publish(tx, posting, waiting, order=order)
    if posting.status == JobPostingStatus.PENDING_APPROVAL:
        submitted = replace(posting, waiting=waiting)
    else:
        submitted = _off(posting, JOB_POSTING.move(posting.status, "submit"), waiting=waiting)
    await store.save(tx, submitted)
    return await _tell(tx, "job.submitted", submitted, order=order)


async def _publish(tx: Transaction, posting: JobPosting, length: timedelta, *, order: OrderId | None) -> JobPosting:
    status = JOB_POSTING.move(posting.status, "publish")
    published = replace(posting, status=status, waiting=NOTHING, published_at=tx.now, rejected_reason=None)
    published = _timed(published, tx.now + length)
    await store.save(tx, published)
    return await _tell(tx, "job.published", published, order=order)


async def _unpublish(tx: Transaction, posting: JobPosting, order: OrderId, addons_left: Sequence[OrderId]) -> None:
    gone = _off(posting, JOB_POSTING.move(posting.status, "unpublish"), waiting=NOTHING)
    await store.save(tx, gone)
    await _tell(tx, "job.unpublished", gone, order=order, addons_left=list(dict.fromkeys(addons_left)))


def _off(posting: JobPosting, status: JobPostingStatus, *, waiting: timedelta) -> JobPosting:
    """Not on the board: no times."""
    return replace(
        posting, status=status, waiting=waiting, published_at=None, expires_at=None, remind_at=None, rejected_reason=None
    )


def _timed(posting: JobPosting, expires_at: datetime) -> JobPosting:
    remind_at = None if posting.remind_before is None else expires_at - posting.remind_before
    # Of what was bought for less than that there is nothing to be reminded.
    if remind_at is not None and posting.published_at is not None and remind_at <= posting.published_at:
        remind_at = None
    return replace(posting, expires_at=expires_at, remind_at=remind_at)


async def _lock_of_line(tx: Transaction, line: LineItemId) -> tuple[JobPosting | None, PostingLine | None]:
    id = await store.find_of_line(tx, line)
    if id is None:
        return None, None
    posting = await store.lock(tx, id)
    return posting, next(each for each in posting.lines if each.line_id == line)


async def _tell(
    tx: Transaction, name: EventName, posting: JobPosting, *, order: OrderId | None = None, **more: object
) -> JobPosting:
    posting = await store.get(tx, posting.id)
    await events.record(tx, name, order=order or posting.order_id, **posting.described(), **more)
    return posting
