"""Requests for money back, over HTTP: a buyer files and withdraws their own, the shop's servers decide."""

from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter, Response

from farthing import customers, orders
from farthing.catalog import RefundPolicy
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, Invalid, KeyInUse, KeyReused, Malformed, NotFound, Unauthenticated
from farthing.http import idempotency
from farthing.http.bodies import ListShown, PageQuery, listed, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known, OnlyServer
from farthing.http.headers import IdempotencyKey, key_of, mark_replayed
from farthing.http.idempotency import Key
from farthing.http.state import TheWorld
from farthing.ids import CustomerId, OrderId, RefundRequestId
from farthing.lifecycles import RefundRequestStatus
from farthing.paging import Page
from farthing.refunds import actions, store
from farthing.refunds.bodies import Decision, NewRequest
from farthing.refunds.model import RefundRequest
from farthing.refunds.present import RefundRequestShown

router = APIRouter(prefix="/v1", tags=["refund requests"])

DECIDES = refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid)

Caller = Server | CustomerCaller


class RequestQuery(PageQuery):
    status: RefundRequestStatus | None = None


@router.post(
    "/orders/{id}/refund-requests",
    operation_id="refund_requests_create",
    status_code=201,
    responses=refuses(Malformed, Unauthenticated, NotFound, Conflict, KeyInUse, Invalid, KeyReused),
)
async def create_request(
    world: TheWorld, caller: Known, id: str, wanted: NewRequest, response: Response, header: IdempotencyKey = None
) -> RefundRequestShown:
    """Ask for money back. Within the shop's policy it is approved at once; otherwise it waits for a person."""
    order_id, policy = OrderId.parse(id), world.catalog.refunds
    key = key_of(header, caller, f"refund request {order_id}", wanted.model_dump())
    answer, replayed = await world.db.run(caller.actor, lambda tx: _ask_once(tx, caller, order_id, wanted, key, policy))
    if replayed:
        mark_replayed(response)
    return answer


@router.get(
    "/orders/{id}/refund-requests",
    operation_id="refund_requests_of_order",
    responses=refuses(Unauthenticated, NotFound, Invalid),
)
async def requests_of_order(
    world: TheWorld, caller: Known, id: str, query: Annotated[RequestQuery, fastapi.Query()]
) -> ListShown[RefundRequestShown]:
    """All requests about the order, newest first."""
    order_id, cursor = OrderId.parse(id), query.after(RefundRequestId)
    async with world.db.transaction(caller.actor) as tx:
        await orders.get_for(tx, caller, order_id)
        page = await store.list_page(tx, limit=query.limit, cursor=cursor, status=query.status, order=order_id)
    return listed(page, lambda request: RefundRequestShown.of(request, for_staff=isinstance(caller, Server)))


@router.get("/refund-requests", operation_id="refund_requests_list", responses=refuses(Unauthenticated, Invalid))
async def list_requests(
    world: TheWorld, caller: Known, query: Annotated[RequestQuery, fastapi.Query()]
) -> ListShown[RefundRequestShown]:
    """Newest first. A customer sees their own."""
    cursor = query.after(RefundRequestId)
    async with world.db.transaction(caller.actor) as tx:
        own = await _own(tx, caller)
        if isinstance(caller, CustomerCaller) and own is None:
            page: Page[RefundRequest] = Page((), None)
        else:
            page = await store.list_page(tx, limit=query.limit, cursor=cursor, status=query.status, customer=own)
    return listed(page, lambda request: RefundRequestShown.of(request, for_staff=isinstance(caller, Server)))


@router.get("/refund-requests/{id}", operation_id="refund_requests_get", responses=refuses(Unauthenticated, NotFound))
async def get_request(world: TheWorld, caller: Known, id: str) -> RefundRequestShown:
    request_id = RefundRequestId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        found = await _get_for(tx, caller, request_id)
    return RefundRequestShown.of(found, for_staff=isinstance(caller, Server))


@router.post("/refund-requests/{id}/approval", operation_id="refund_requests_approve", responses=DECIDES)
async def approve_request(world: TheWorld, caller: OnlyServer, id: str, decision: Decision) -> RefundRequestShown:
    """Grant it. Above the shop's limit it takes another person as well; all API keys are one person together."""
    request_id, policy = RefundRequestId.parse(id), world.catalog.refunds

    async def work(tx: Transaction) -> RefundRequest:
        return await actions.approve(tx, request_id, role="server", policy=policy, note=decision.note)

    return RefundRequestShown.of(await world.db.run(caller.actor, work), for_staff=True)


@router.post("/refund-requests/{id}/decline", operation_id="refund_requests_decline", responses=DECIDES)
async def decline_request(world: TheWorld, caller: OnlyServer, id: str, decision: Decision) -> RefundRequestShown:
    request_id = RefundRequestId.parse(id)
    found = await world.db.run(caller.actor, lambda tx: actions.decline(tx, request_id, note=decision.note))
    return RefundRequestShown.of(found, for_staff=True)


@router.post(
    "/refund-requests/{id}/withdrawal",
    operation_id="refund_requests_withdraw",
    responses=refuses(Unauthenticated, NotFound, Conflict),
)
async def withdraw_request(world: TheWorld, caller: Known, id: str) -> RefundRequestShown:
    """Not wanted any more."""
    request_id = RefundRequestId.parse(id)

    async def work(tx: Transaction) -> RefundRequest:
        await _get_for(tx, caller, request_id)
        return await actions.withdraw(tx, request_id)

    return RefundRequestShown.of(await world.db.run(caller.actor, work), for_staff=isinstance(caller, Server))


async def _own(tx: Transaction, caller: Caller) -> CustomerId | None:
    if isinstance(caller, Server):
        return None
    found = await customers.find_by_external_id(tx, caller.identity.external_id)
    return None if found is None else found.id


async def _get_for(tx: Transaction, caller: Caller, id: RefundRequestId) -> RefundRequest:
    """Somebody else's is refused in the words for one that does not exist."""
    found = await store.get(tx, id)
    try:
        await orders.get_for(tx, caller, found.order_id)
    except NotFound:
        raise NotFound(f"There is no refund request {id}.") from None
    return found


async def _ask_once(
    tx: Transaction, caller: Caller, order: OrderId, wanted: NewRequest, key: Key | None, policy: RefundPolicy
) -> tuple[RefundRequestShown, bool]:
    await orders.get_for(tx, caller, order)
    buyer = isinstance(caller, CustomerCaller)

    async def ask() -> tuple[UUID, RefundRequestShown]:
        made = await actions.request(
            tx, order, wanted.wanted(), reason=wanted.reason, message=wanted.message, policy=policy, by_buyer=buyer
        )
        return made.id, RefundRequestShown.of(made, for_staff=not buyer)

    return await idempotency.once(tx, key, RefundRequestShown, ask)
