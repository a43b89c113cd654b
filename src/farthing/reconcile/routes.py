"""Reconciliations and discrepancies over HTTP, for the shop's own servers."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import fastapi
from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints

from farthing import jobs
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, Invalid, KeyInUse, KeyReused, Malformed, NotFound, Unauthenticated
from farthing.http import idempotency
from farthing.http.bodies import CURSOR_MAX, Body, ListShown, PageQuery, Shown, Storable, listed, read_id, refuses
from farthing.http.credentials import OnlyServer
from farthing.http.headers import IdempotencyKey, key_of, mark_replayed
from farthing.http.idempotency import Key
from farthing.http.state import TheWorld
from farthing.ids import DiscrepancyId, OrderId, ReconciliationId, public
from farthing.lifecycles import DiscrepancyStatus, ReconciliationStatus
from farthing.reconcile import actions, flow, store
from farthing.reconcile.actions import NOTE_MAX
from farthing.reconcile.model import Discrepancy, DiscrepancyKind, Reconciliation
from farthing.reconcile.nightly import BACK, TASK
from farthing.world import World

router = APIRouter(prefix="/v1", tags=["reconciliation"])


class ReconciliationShown(Shown):
    id: str
    object: Literal["reconciliation"] = "reconciliation"
    status: ReconciliationStatus
    since: datetime | None = Field(description="From when on objects are compared; null: everything, and the balance.")
    heals: bool
    compared: int
    foreign: int = Field(description="Objects there that belong to somebody else.")
    found: int
    healed: int
    open: int
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    failure: str | None

    @classmethod
    def of(cls, run: Reconciliation) -> "ReconciliationShown":
        return cls(
            id=str(run.id),
            status=run.status,
            since=run.since,
            heals=run.heals,
            compared=run.compared,
            foreign=run.foreign,
            found=run.found,
            healed=run.healed,
            open=run.left_open,
            asked_at=run.asked_at,
            started_at=run.started_at,
            finished_at=run.finished_at,
            failure=run.failure,
        )


class DiscrepancyShown(Shown):
    id: str
    object: Literal["discrepancy"] = "discrepancy"
    kind: DiscrepancyKind
    subject: str = Field(description="The provider's id of the object.")
    field: str
    ours: str | None
    theirs: str | None
    order: str | None
    status: DiscrepancyStatus
    reason: str | None = Field(description="Why it is not healed by itself.")
    note: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    closed_at: datetime | None
    closed_by: str | None

    @classmethod
    def of(cls, found: Discrepancy) -> "DiscrepancyShown":
        difference = found.difference
        return cls(
            id=str(found.id),
            kind=difference.kind,
            subject=difference.subject,
            field=difference.field,
            ours=difference.ours,
            theirs=difference.theirs,
            order=public(difference.order_id),
            status=found.status,
            reason=found.reason,
            note=found.note,
            first_seen_at=found.first_seen_at,
            last_seen_at=found.last_seen_at,
            closed_at=found.closed_at,
            closed_by=found.closed_by,
        )


class NewReconciliation(Body):
    """A job does it at once. With `heal` differences go through the normal path, as a webhook would have."""

    days: int | None = Field(None, ge=1, le=3650, description="How far back; 30 where nothing is said.")
    full: bool = Field(False, description="Everything there ever was, and the books' balance.")
    heal: bool = False


class DiscrepancyQuery(PageQuery):
    status: DiscrepancyStatus | None = None
    order: str | None = Field(None, max_length=CURSOR_MAX, description="The id of an order.")


class Acceptance(Body):
    note: Annotated[str, StringConstraints(min_length=1, max_length=NOTE_MAX), Storable]


@router.post(
    "/reconciliations",
    operation_id="reconciliations_create",
    status_code=202,
    responses=refuses(Malformed, Unauthenticated, Forbidden, KeyInUse, Invalid, KeyReused),
)
async def create(
    world: TheWorld, caller: OnlyServer, wanted: NewReconciliation, response: Response, header: IdempotencyKey = None
) -> ReconciliationShown:
    """Compare our rows with the provider's lists. The answer says that it will be done; look again for what came of it."""
    if wanted.full and wanted.days is not None:
        raise Invalid("Send days or full, not both.", param="days")
    key = key_of(header, caller, "reconciliation", wanted.model_dump())
    answer, replayed = await world.db.run(caller.actor, lambda tx: _create_once(tx, world, wanted, key))
    if replayed:
        mark_replayed(response)
    return answer


async def _create_once(
    tx: Transaction, world: World, wanted: NewReconciliation, key: Key | None
) -> tuple[ReconciliationShown, bool]:
    async def create() -> tuple[UUID, ReconciliationShown]:
        back = BACK if wanted.days is None else timedelta(days=wanted.days)
        since = None if wanted.full else tx.now - back
        provider = world.provider
        id = await flow.start(tx, provider.name, provider.livemode, since=since, heals=wanted.heal)
        await jobs.schedule(tx, TASK, reconciliation=str(id))
        return id, ReconciliationShown.of(await store.get_run(tx, id))

    return await idempotency.once(tx, key, ReconciliationShown, create, status=202)


@router.get("/reconciliations", operation_id="reconciliations_list", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def list_runs(
    world: TheWorld, caller: OnlyServer, query: Annotated[PageQuery, fastapi.Query()]
) -> ListShown[ReconciliationShown]:
    """Newest first."""
    cursor = query.after(ReconciliationId)
    async with world.db.transaction(caller.actor) as tx:
        page = await store.runs_page(tx, limit=query.limit, cursor=cursor)
    return listed(page, ReconciliationShown.of)


@router.get(
    "/reconciliations/{id}", operation_id="reconciliations_get", responses=refuses(Unauthenticated, Forbidden, NotFound)
)
async def get_run(world: TheWorld, caller: OnlyServer, id: str) -> ReconciliationShown:
    run = ReconciliationId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        return ReconciliationShown.of(await store.get_run(tx, run))


@router.get("/discrepancies", operation_id="discrepancies_list", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def list_discrepancies(
    world: TheWorld, caller: OnlyServer, query: Annotated[DiscrepancyQuery, fastapi.Query()]
) -> ListShown[DiscrepancyShown]:
    """Newest first."""
    cursor = query.after(DiscrepancyId)
    order = None if query.order is None else read_id(OrderId, query.order, param="order")
    async with world.db.transaction(caller.actor) as tx:
        page = await store.list_page(tx, limit=query.limit, cursor=cursor, status=query.status, order=order)
    return listed(page, DiscrepancyShown.of)


@router.get("/discrepancies/{id}", operation_id="discrepancies_get", responses=refuses(Unauthenticated, Forbidden, NotFound))
async def get_discrepancy(world: TheWorld, caller: OnlyServer, id: str) -> DiscrepancyShown:
    discrepancy = DiscrepancyId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        return DiscrepancyShown.of(await store.get(tx, discrepancy))


@router.post(
    "/discrepancies/{id}/acceptance",
    operation_id="discrepancies_accept",
    responses=refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid),
)
async def accept(world: TheWorld, caller: OnlyServer, id: str, acceptance: Acceptance) -> DiscrepancyShown:
    """Live with it: it is not counted any more, as long as both sides stay as they are."""
    discrepancy = DiscrepancyId.parse(id)
    return DiscrepancyShown.of(await world.db.run(caller.actor, lambda tx: actions.accept(tx, discrepancy, acceptance.note)))
