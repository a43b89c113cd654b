"""An order with its money over HTTP, and giving money back."""

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints

from farthing import orders
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, Invalid, KeyInUse, KeyReused, Malformed, NotFound, Unauthenticated
from farthing.http import idempotency
from farthing.http.bodies import Body, ListShown, MoneyIn, Storable, listed, refuses
from farthing.http.callers import Server
from farthing.http.credentials import Known, OnlyServer
from farthing.http.headers import IdempotencyKey, key_of, mark_replayed
from farthing.http.idempotency import Answer, Key
from farthing.http.state import TheWorld
from farthing.ids import OrderId
from farthing.paging import Page
from farthing.payments import refunds, store
from farthing.payments.present import OrderDetailShown, RefundShown, detail_of, refund_shown

NOTE_MAX = 500

router = APIRouter(prefix="/v1/orders/{id}")


@router.get("", operation_id="orders_get", tags=["orders"], responses=refuses(Unauthenticated, NotFound))
async def get_order(world: TheWorld, caller: Known, id: str) -> OrderDetailShown:
    """One order with its line items, payments and refunds."""
    order_id = OrderId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        order = await orders.get_for(tx, caller, order_id)
        return await detail_of(tx, order, for_staff=isinstance(caller, Server))


@router.get("/refunds", operation_id="refunds_list", tags=["refunds"], responses=refuses(Unauthenticated, NotFound))
async def list_refunds(world: TheWorld, caller: Known, id: str) -> ListShown[RefundShown]:
    """All refunds of the order, oldest first."""
    order_id = OrderId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        await orders.get_for(tx, caller, order_id)
        staff = isinstance(caller, Server)
        found = [await refund_shown(tx, each, for_staff=staff) for each in await store.refunds_of_order(tx, order_id)]
    return listed(Page(found, None), lambda shown: shown)


class NewRefund(Body):
    """Without an amount, all that is left goes back."""

    amount: MoneyIn | None = None
    reason: Literal["requested_by_customer", "duplicate", "fraudulent"] = "requested_by_customer"
    note: Annotated[str, StringConstraints(max_length=NOTE_MAX), Storable] | None = Field(None, description="For staff.")


@router.post(
    "/refunds",
    operation_id="refunds_create",
    tags=["refunds"],
    status_code=201,
    responses=refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, KeyInUse, Invalid, KeyReused),
)
async def create_refund(
    world: TheWorld, caller: OnlyServer, id: str, wanted: NewRefund, response: Response, header: IdempotencyKey = None
) -> RefundShown:
    """Promise part of what was paid, or all of it. The refund is sent by a job; `status` says how far it is."""
    order_id = OrderId.parse(id)
    key = key_of(header, caller, f"refund {order_id}", wanted.model_dump())
    answer, replayed = await world.db.run(caller.actor, lambda tx: _refund_once(tx, order_id, wanted, key))
    if replayed:
        mark_replayed(response)
    return answer


async def _refund_once(tx: Transaction, order: OrderId, wanted: NewRefund, key: Key | None) -> tuple[RefundShown, bool]:
    """Key, refund and answer are one commit: there is no moment at which one is there without the others."""
    claim = await idempotency.claim(tx, key) if key else idempotency.Claim()
    if claim.answer is not None:
        return RefundShown.model_validate_json(claim.answer.body), True
    money = wanted.amount.money() if wanted.amount else None
    refund = await refunds.refund_order(tx, order, money, reason=wanted.reason, note=wanted.note)
    shown = await refund_shown(tx, refund, for_staff=True)
    if key:
        await idempotency.begin(tx, key, refund.id)
        await idempotency.remember(tx, key, Answer(201, shown.model_dump_json().encode()))
    return shown, False
