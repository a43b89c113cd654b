"""Giving money back, over HTTP: refunds and what they would do."""

from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter, Response

from farthing import orders, payments
from farthing.catalog import RefundPolicy
from farthing.db import Transaction
from farthing.errors import (
    Conflict,
    Forbidden,
    Invalid,
    KeyInUse,
    KeyReused,
    Malformed,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    Unauthenticated,
)
from farthing.http import idempotency
from farthing.http.bodies import ListShown, PageQuery, listed, refuses
from farthing.http.callers import Server
from farthing.http.credentials import Known, OnlyServer
from farthing.http.headers import IdempotencyKey, key_of, mark_replayed
from farthing.http.idempotency import Key
from farthing.http.state import TheWorld
from farthing.ids import OrderId, RefundId
from farthing.lifecycles import RefundStatus
from farthing.paging import Page
from farthing.payments import RefundShown, refund_shown
from farthing.refunds import actions, flow, previewing, store
from farthing.refunds.bodies import NewRefund, WantedIn
from farthing.refunds.model import Wanted
from farthing.refunds.present import RefundPreviewShown
from farthing.world import World

router = APIRouter(prefix="/v1", tags=["refunds"])

SEEN = refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid)


class RefundQuery(PageQuery):
    status: RefundStatus | None = None


@router.get("/orders/{id}/refunds", operation_id="refunds_list", responses=refuses(Unauthenticated, NotFound))
async def list_refunds(world: TheWorld, caller: Known, id: str) -> ListShown[RefundShown]:
    """All refunds of the order, oldest first."""
    order_id = OrderId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        await orders.get_for(tx, caller, order_id)
        staff = isinstance(caller, Server)
        found = [await refund_shown(tx, each, for_staff=staff) for each in await payments.refunds_of_order(tx, order_id)]
    return listed(Page(found, None), lambda shown: shown)


@router.post(
    "/orders/{id}/refunds",
    operation_id="refunds_create",
    status_code=201,
    responses=refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, KeyInUse, Invalid, KeyReused),
)
async def create_refund(
    world: TheWorld, caller: OnlyServer, id: str, wanted: NewRefund, response: Response, header: IdempotencyKey = None
) -> RefundShown:
    """Promise an amount, some lines, or all that is left. The refund is sent by a job; `status` says how far it is."""
    order_id = OrderId.parse(id)
    key = key_of(header, caller, f"refund {order_id}", wanted.model_dump())
    policy = world.catalog.refunds
    answer, replayed = await world.db.run(caller.actor, lambda tx: _refund_once(tx, order_id, wanted, key, policy))
    if replayed:
        mark_replayed(response)
    return answer


@router.get("/orders/{id}/refund-preview", operation_id="refunds_preview_all", responses=SEEN)
async def preview_all(world: TheWorld, caller: OnlyServer, id: str) -> RefundPreviewShown:
    """What a refund of all that is left would do."""
    return await _preview(world, caller, OrderId.parse(id), Wanted())


@router.post("/orders/{id}/refund-preview", operation_id="refunds_preview", responses=SEEN)
async def preview(world: TheWorld, caller: OnlyServer, id: str, wanted: WantedIn) -> RefundPreviewShown:
    """What a refund would do: who bears what, what becomes of the order and of what was granted. Changes nothing."""
    return await _preview(world, caller, OrderId.parse(id), wanted.wanted())


@router.get("/refunds", operation_id="refunds_list_all", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def list_all_refunds(
    world: TheWorld, caller: OnlyServer, query: Annotated[RefundQuery, fastapi.Query()]
) -> ListShown[RefundShown]:
    """Refunds of all orders, newest first."""
    cursor = query.after(RefundId)
    async with world.db.transaction(caller.actor) as tx:
        page = await store.refund_ids(tx, limit=query.limit, cursor=cursor, status=query.status)
        found = [await _shown(tx, id) for id in page.items]
    return listed(Page(found, page.next_cursor), lambda shown: shown)


@router.get("/refunds/{id}", operation_id="refunds_get", responses=refuses(Unauthenticated, Forbidden, NotFound))
async def get_refund(world: TheWorld, caller: OnlyServer, id: str) -> RefundShown:
    refund_id = RefundId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        return await _shown(tx, refund_id)


@router.post(
    "/refunds/{id}/retry",
    operation_id="refunds_retry",
    status_code=201,
    responses=refuses(Unauthenticated, Forbidden, NotFound, Conflict, Invalid),
)
async def retry_refund(world: TheWorld, caller: OnlyServer, id: str) -> RefundShown:
    """Try a refund that failed again: a new one with a key of its own, once for each failure."""
    refund_id, policy = RefundId.parse(id), world.catalog.refunds

    async def work(tx: Transaction) -> RefundShown:
        made = await actions.retry(tx, refund_id, role="server", policy=policy)
        return await refund_shown(tx, made, for_staff=True)

    return await world.db.run(caller.actor, work)


@router.post(
    "/refunds/{id}/cancellation",
    operation_id="refunds_cancel",
    responses=refuses(Unauthenticated, Forbidden, NotFound, Conflict, ProviderError, ProviderUnavailable),
)
async def cancel_refund(world: TheWorld, caller: OnlyServer, id: str) -> RefundShown:
    """Call off a refund that was not sent yet, or that the provider can still cancel."""
    found = await flow.cancel(world, RefundId.parse(id), actor=caller.actor)
    async with world.db.transaction(caller.actor) as tx:
        return await refund_shown(tx, found, for_staff=True)


async def _preview(world: World, caller: Server, order: OrderId, wanted: Wanted) -> RefundPreviewShown:
    async with world.db.transaction(caller.actor) as tx:
        return RefundPreviewShown.of(await previewing.preview(tx, order, wanted, world.catalog.refunds))


async def _shown(tx: Transaction, id: RefundId) -> RefundShown:
    return await refund_shown(tx, await payments.get_refund(tx, id), for_staff=True)


async def _refund_once(
    tx: Transaction, order: OrderId, wanted: NewRefund, key: Key | None, policy: RefundPolicy
) -> tuple[RefundShown, bool]:
    async def create() -> tuple[UUID, RefundShown]:
        refund = await actions.create(
            tx,
            order,
            wanted.wanted(),
            reason=wanted.reason,
            note=wanted.note,
            role="server",
            policy=policy,
            figure=wanted.figure,
        )
        return refund.id, await refund_shown(tx, refund, for_staff=True)

    return await idempotency.once(tx, key, RefundShown, create)
