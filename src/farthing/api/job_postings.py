"""Job postings over HTTP: look; approve and reject, for the shop's own servers."""

from datetime import datetime
from typing import Annotated, Literal

import fastapi
from fastapi import APIRouter
from pydantic import Field

from farthing import customers, job_postings, payments
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, Invalid, Malformed, NotFound, Unauthenticated
from farthing.http.bodies import Body, Line, ListShown, MoneyShown, PageQuery, Shown, listed, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known, OnlyServer
from farthing.http.state import TheWorld
from farthing.ids import JobPostingId, public
from farthing.job_postings import JobPosting
from farthing.lifecycles import JobPostingStatus
from farthing.paging import Page

router = APIRouter(prefix="/v1/job-postings", tags=["job postings"])


class JobPostingQuery(PageQuery):
    status: JobPostingStatus | None = None
    job: Line | None = Field(None, description="Your own id of a job.")


class JobPostingShown(Shown):
    id: str
    object: Literal["job_posting"] = "job_posting"
    job: str = Field(description="The host's own id of the job.")
    status: JobPostingStatus
    customer: str
    order: str | None = Field(description="The order it was bought with last.")
    published_at: datetime | None
    expires_at: datetime | None
    rejected_reason: str | None
    addons: list[str] = Field(description="Products that accompany it.")
    paid: list[MoneyShown] = Field(description="For its time, one sum for each currency.")

    @classmethod
    def of(cls, posting: JobPosting) -> "JobPostingShown":
        return cls(
            id=str(posting.id),
            job=posting.job,
            status=posting.status,
            customer=str(posting.customer_id),
            order=public(posting.order_id),
            published_at=posting.published_at,
            expires_at=posting.expires_at,
            rejected_reason=posting.rejected_reason,
            addons=list(posting.selected),
            paid=[MoneyShown.of(money) for money in posting.paid],
        )


class Rejection(Body):
    reason: Line = Field(description="What the buyer is told.")
    refund: bool = Field(False, description="Give back all that was paid for it.")


@router.get("", operation_id="job_postings_list", responses=refuses(Unauthenticated, Invalid))
async def list_postings(
    world: TheWorld, caller: Known, query: Annotated[JobPostingQuery, fastapi.Query()]
) -> ListShown[JobPostingShown]:
    """Newest first. A customer sees their own."""
    cursor = query.after(JobPostingId)
    async with world.db.transaction(caller.actor) as tx:
        own = await _own(tx, caller)
        if own is None and isinstance(caller, CustomerCaller):
            return listed(Page((), None), JobPostingShown.of)
        page = await job_postings.list_page(
            tx, limit=query.limit, cursor=cursor, status=query.status, job=query.job, customer=own.id if own else None
        )
    return listed(page, JobPostingShown.of)


@router.get("/{id}", operation_id="job_postings_get", responses=refuses(Unauthenticated, NotFound))
async def get_posting(world: TheWorld, caller: Known, id: str) -> JobPostingShown:
    """One job posting. Somebody else's does not exist for a customer."""
    posting_id = JobPostingId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        posting = await job_postings.get(tx, posting_id)
        own = await _own(tx, caller)
    if isinstance(caller, CustomerCaller) and (own is None or own.id != posting.customer_id):
        raise NotFound(f"There is no job posting {posting_id}.")
    return JobPostingShown.of(posting)


@router.post(
    "/{id}/approval",
    operation_id="job_postings_approve",
    responses=refuses(Unauthenticated, Forbidden, NotFound, Conflict),
)
async def approve(world: TheWorld, caller: OnlyServer, id: str) -> JobPostingShown:
    """Publish a posting that waits for approval: its time starts now."""
    posting_id = JobPostingId.parse(id)
    return JobPostingShown.of(await world.db.run(caller.actor, lambda tx: job_postings.approve(tx, posting_id)))


@router.post(
    "/{id}/rejection",
    operation_id="job_postings_reject",
    responses=refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid),
)
async def reject(world: TheWorld, caller: OnlyServer, id: str, wanted: Rejection) -> JobPostingShown:
    """Refuse a posting that waits for approval, and give its money back where that is asked for."""
    posting_id = JobPostingId.parse(id)

    async def work(tx: Transaction) -> JobPosting:
        return await payments.reject_posting(tx, posting_id, wanted.reason, refund=wanted.refund)

    return JobPostingShown.of(await world.db.run(caller.actor, work))


async def _own(tx: Transaction, caller: Server | CustomerCaller) -> customers.Customer | None:
    if isinstance(caller, Server):
        return None
    return await customers.find_by_external_id(tx, caller.identity.external_id)
