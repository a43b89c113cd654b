"""Calling off what is not sent, over HTTP: its buyer, its seller, or the shop's servers."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints

from farthing import seller_orders
from farthing.cancellations import actions, store
from farthing.cancellations.model import REASON_MAX, Cancellation, Party
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, Invalid, KeyInUse, KeyReused, Malformed, NotFound, Unauthenticated
from farthing.http import idempotency
from farthing.http.bodies import CURSOR_MAX, Body, ListShown, Shown, Storable, read_id, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known
from farthing.http.headers import IdempotencyKey, key_of, mark_replayed
from farthing.http.idempotency import Key
from farthing.http.state import TheWorld
from farthing.ids import LineItemId, SellerOrderId, public
from farthing.refunds import Judge
from farthing.world import World

LINES_MAX = 50
PARTIES: tuple[Party, ...] = ("platform", "seller", "buyer")
"""Whoever is several of them acts as the first."""

router = APIRouter(prefix="/v1", tags=["seller orders"])


class UnitsIn(Body):
    line_item: str = Field(max_length=CURSOR_MAX)
    quantity: int = Field(ge=1, le=1_000_000)


class NewCancellation(Body):
    """Without lines: all that is not sent."""

    lines: list[UnitsIn] | None = Field(None, min_length=1, max_length=LINES_MAX)
    reason: Annotated[str, StringConstraints(min_length=1, max_length=REASON_MAX), Storable] | None = Field(
        None, description="A seller says why."
    )


class CanceledLineShown(Shown):
    line_item: str
    quantity: int


class SellerOrderCancellationShown(Shown):
    id: str
    object: Literal["cancellation"] = "cancellation"
    seller_order: str
    order: str
    party: Party = Field(description="Who called it off.")
    reason: str | None
    refund: str | None = Field(description="Null where nothing of it was left to give back.")
    canceled_at: datetime
    lines: list[CanceledLineShown]

    @classmethod
    def of(cls, made: Cancellation) -> "SellerOrderCancellationShown":
        return cls(
            id=str(made.id),
            seller_order=str(made.seller_order_id),
            order=str(made.order_id),
            party=made.party,
            reason=made.reason,
            refund=public(made.refund_id),
            canceled_at=made.canceled_at,
            lines=[CanceledLineShown(line_item=str(line), quantity=quantity) for line, quantity in made.lines],
        )


@router.post(
    "/seller-orders/{id}/cancellations",
    operation_id="cancellations_create",
    status_code=201,
    responses=refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, KeyInUse, Invalid, KeyReused),
)
async def cancel(
    world: TheWorld, caller: Known, id: str, wanted: NewCancellation, response: Response, header: IdempotencyKey = None
) -> SellerOrderCancellationShown:
    """Some units, or all that is not sent, are called off, and what was paid for them goes back."""
    part = SellerOrderId.parse(id)
    key = key_of(header, caller, f"cancel {part}", wanted.model_dump())
    answer, replayed = await world.db.run(caller.actor, lambda tx: _cancel_once(tx, world, caller, part, wanted, key))
    if replayed:
        mark_replayed(response)
    return answer


@router.get(
    "/seller-orders/{id}/cancellations", operation_id="cancellations_list", responses=refuses(Unauthenticated, NotFound)
)
async def list_cancellations(world: TheWorld, caller: Known, id: str) -> ListShown[SellerOrderCancellationShown]:
    """What was called off of it, oldest first: for its buyer, its seller and the shop's servers."""
    async with world.db.transaction(caller.actor) as tx:
        part = await seller_orders.get(tx, SellerOrderId.parse(id))
        await seller_orders.parties(tx, caller, part)
        found = await store.of_seller_order(tx, part.id)
    shown = [SellerOrderCancellationShown.of(each) for each in found]
    return ListShown[SellerOrderCancellationShown](data=shown, has_more=False, next_cursor=None)


async def _cancel_once(
    tx: Transaction, world: World, caller: Server | CustomerCaller, id: SellerOrderId, wanted: NewCancellation, key: Key | None
) -> tuple[SellerOrderCancellationShown, bool]:
    """Key, cancellation and answer are one commit."""
    whose = await seller_orders.parties(tx, caller, await seller_orders.get(tx, id))

    async def work() -> tuple[UUID, SellerOrderCancellationShown]:
        lines = wanted.lines
        made = await actions.cancel(
            tx,
            id,
            None if lines is None else [(read_id(LineItemId, each.line_item, param="lines"), each.quantity) for each in lines],
            party=next(party for party in PARTIES if party in whose),
            reason=wanted.reason,
            policy=world.catalog.returns,
            judge=Judge("server", world.catalog.refunds) if isinstance(caller, Server) else None,
        )
        return made.id, SellerOrderCancellationShown.of(made)

    return await idempotency.once(tx, key, SellerOrderCancellationShown, work)
