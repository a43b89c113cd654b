"""Disputes over HTTP: the list, one of them, its evidence, and answering the bank."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints

from farthing.db import Transaction
from farthing.disputes import answers, store
from farthing.disputes.model import TEXT_MAX, Answer
from farthing.disputes.present import AnswerShown, DisputeShown, EvidenceShown
from farthing.errors import Conflict, Forbidden, Invalid, KeyInUse, KeyReused, Malformed, NotFound, Unauthenticated
from farthing.http import idempotency
from farthing.http.bodies import Body, ListShown, PageQuery, Storable, listed, read_id, refuses
from farthing.http.callers import Server
from farthing.http.credentials import OnlyServer
from farthing.http.headers import IdempotencyKey, key_of, mark_replayed
from farthing.http.idempotency import Key
from farthing.http.state import TheWorld
from farthing.ids import DisputeId, OrderId
from farthing.lifecycles import DisputeStatus
from farthing.world import World

router = APIRouter(prefix="/v1/disputes", tags=["disputes"])

SEEN = (Unauthenticated, Forbidden, NotFound)
ANSWERED = (Unauthenticated, Forbidden, NotFound, Conflict, KeyInUse, Invalid, KeyReused)


class DisputeQuery(PageQuery):
    status: DisputeStatus | None = None
    unanswered: bool = Field(False, description="Only those that wait for us.")
    order: str | None = Field(None, max_length=64)


@router.get("", operation_id="disputes_list", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def list_disputes(
    world: TheWorld, caller: OnlyServer, query: Annotated[DisputeQuery, fastapi.Query()]
) -> ListShown[DisputeShown]:
    """Newest first."""
    cursor = query.after(DisputeId)
    order = None if query.order is None else read_id(OrderId, query.order, param="order")
    async with world.db.transaction(caller.actor) as tx:
        page = await store.list_page(
            tx, limit=query.limit, cursor=cursor, status=query.status, unanswered=query.unanswered, order=order
        )
    return listed(page, DisputeShown.of)


@router.get("/{id}", operation_id="disputes_get", responses=refuses(*SEEN))
async def get_dispute(world: TheWorld, caller: OnlyServer, id: str) -> DisputeShown:
    """One dispute, as we last saw it at the provider."""
    dispute_id = DisputeId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        return DisputeShown.of(await store.get(tx, dispute_id))


@router.get("/{id}/evidence", operation_id="disputes_evidence", responses=refuses(*SEEN))
async def get_evidence(world: TheWorld, caller: OnlyServer, id: str) -> EvidenceShown:
    """What would be submitted, or was: collected from our records until somebody edits it."""
    dispute_id = DisputeId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        return EvidenceShown.of(await answers.evidence_of(tx, world.catalog, dispute_id))


EvidenceText = Annotated[str, StringConstraints(max_length=TEXT_MAX), Storable]


class EvidenceChanges(Body):
    """Fields of evidence with their new texts; null or an empty text takes one out. The others stay."""

    evidence: dict[Annotated[str, StringConstraints(max_length=60)], EvidenceText | None] = Field(
        examples=[{"access_activity_log": "2026-11-01 10:03 UTC  The guide was downloaded."}]
    )


@router.patch(
    "/{id}/evidence",
    operation_id="disputes_save_evidence",
    responses=refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid),
)
async def save_evidence(world: TheWorld, caller: OnlyServer, id: str, changes: EvidenceChanges) -> EvidenceShown:
    """Keep a draft with these texts changed. Nothing is sent."""
    dispute_id = DisputeId.parse(id)

    async def work(tx: Transaction) -> EvidenceShown:
        return EvidenceShown.of(await answers.save_evidence(tx, world.catalog, dispute_id, changes.evidence))

    return await world.db.run(caller.actor, work)


@router.post("/{id}/submission", operation_id="disputes_submit", status_code=201, responses=refuses(*ANSWERED))
async def submit(
    world: TheWorld, caller: OnlyServer, id: str, response: Response, header: IdempotencyKey = None
) -> AnswerShown:
    """Promise the bank our evidence; a job sends it at once. It cannot be taken back or edited afterwards."""
    dispute_id = DisputeId.parse(id)

    async def work(tx: Transaction) -> Answer:
        return await answers.submit(tx, world.catalog, dispute_id)

    return await _once(world, caller, response, key_of(header, caller, f"submit {dispute_id}", {}), work)


@router.post("/{id}/acceptance", operation_id="disputes_accept", status_code=201, responses=refuses(*ANSWERED))
async def accept(
    world: TheWorld, caller: OnlyServer, id: str, response: Response, header: IdempotencyKey = None
) -> AnswerShown:
    """Promise to tell the bank that the buyer is right. The money is lost, and the fee of the dispute."""
    dispute_id = DisputeId.parse(id)

    async def work(tx: Transaction) -> Answer:
        return await answers.accept(tx, dispute_id)

    return await _once(world, caller, response, key_of(header, caller, f"accept {dispute_id}", {}), work)


async def _once(
    world: World, caller: Server, response: Response, key: Key | None, promise: Callable[[Transaction], Awaitable[Answer]]
) -> AnswerShown:

    async def work(tx: Transaction) -> tuple[AnswerShown, bool]:
        async def make() -> tuple[UUID, AnswerShown]:
            promised = await promise(tx)
            return promised.id, AnswerShown.of(promised)

        return await idempotency.once(tx, key, AnswerShown, make)

    shown, replayed = await world.db.run(caller.actor, work)
    if replayed:
        mark_replayed(response)
    return shown
