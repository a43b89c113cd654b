"""`farthing job-postings`: what is on the board, and what waits for somebody's approval."""

from __future__ import annotations

from typing import Literal

from farthing import job_postings as room
from farthing import payments
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.db import Transaction
from farthing.ids import JobPostingId
from farthing.job_postings import JobPosting
from farthing.lifecycles import JobPostingStatus

Status = Literal["pending_approval", "published", "expired", "unpublished", "rejected"]


async def list_(*, status: Status | None = None, limit: int = 25, cursor: str | None = None) -> int:
    """List job postings, newest first.

    For example:

        farthing job-postings list --status pending_approval

    Parameters
    ----------
    status
        Only those in this status.
    limit
        How many, at most 100.
    cursor
        Go on after this posting: the next_cursor of the page before.
    """
    after = JobPostingId.parse(cursor) if cursor else None
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        page = await room.list_page(tx, limit=limit, cursor=after, status=JobPostingStatus(status) if status else None)
    rows = [(p.job, p.id, show.status(p.status), show.at(p.expires_at), ", ".join(p.selected)) for p in page.items]
    document = {"data": [_summary(posting) for posting in page.items], "next_cursor": page.next_cursor}
    terminal().show(document, show.table(("Job", "Id", "Status", "Until", "Add-ons"), rows))
    if page.next_cursor:
        terminal().say(f"There are more: --cursor {page.next_cursor}")
    return 0


async def approve(job: str, /) -> int:
    """Publish a job that waits for approval: its time starts now.

    For example:

        farthing job-postings approve job-17

    Parameters
    ----------
    job
        Your own id of the job.
    """

    async def work(tx: Transaction) -> JobPosting:
        return await room.approve(tx, (await room.get_by_job(tx, job)).id)

    async with opening.world() as world:
        posting = await world.db.run(ACTOR, work)
    said = f"{show.said(job)} is {show.status(posting.status)} until {show.at(posting.expires_at)}."
    terminal().show(_summary(posting), said)
    return 0


async def reject(job: str, /, *, reason: str, refund: bool = False) -> int:
    """Refuse a job that waits for approval.

    For example:

        farthing job-postings reject job-17 --reason "It is no job." --refund --yes

    Parameters
    ----------
    job
        Your own id of the job.
    reason
        What the buyer is told.
    refund
        Give back all that was paid for it.
    """

    async def work(tx: Transaction) -> JobPosting:
        return await payments.reject_posting(tx, (await room.get_by_job(tx, job)).id, reason, refund=refund)

    terminal().confirm(f"Reject {job}{' and give its money back' if refund else ''}?")
    async with opening.world() as world:
        posting = await world.db.run(ACTOR, work)
    terminal().show(_summary(posting), f"{show.said(job)} is {show.status(posting.status)}.")
    return 0


def _summary(posting: JobPosting) -> dict[str, object]:
    names = ("id", "job", "status", "published_at", "expires_at", "rejected_reason")
    return {name: getattr(posting, name) for name in names} | {"addons": list(posting.selected), "paid": list(posting.paid)}
