"""What people deliver, over HTTP: look, and say how far it is."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from farthing import orders
from farthing.errors import Conflict, Forbidden, Invalid, Malformed, NotFound, Unauthenticated
from farthing.fulfillment import service, store
from farthing.fulfillment.store import Fulfillment
from farthing.http.bodies import CURSOR_MAX, Body, ListShown, Shown, Storable, listed, read_id, refuses
from farthing.http.credentials import Known, OnlyServer
from farthing.http.state import TheWorld
from farthing.ids import LineItemId, OrderId
from farthing.lifecycles import FulfillmentStatus
from farthing.paging import Page

UNITS_MAX = 1_000_000

router = APIRouter(prefix="/v1/orders/{id}/fulfillments", tags=["fulfillments"])


class NewFulfillment(Body):
    """Without units: somebody has begun."""

    line_item: str = Field(max_length=CURSOR_MAX, description="A line of kind service.")
    delivered_units: int = Field(0, ge=0, le=UNITS_MAX, description="How many units are delivered by now, all in all.")
    note: Annotated[str, StringConstraints(max_length=service.NOTE_MAX), Storable] | None = None


class FulfillmentShown(Shown):
    id: str
    object: Literal["fulfillment"] = "fulfillment"
    order: str
    line_item: str
    status: FulfillmentStatus
    units: int
    delivered_units: int
    note: str | None
    created_at: datetime
    due_at: datetime | None
    delivered_at: datetime | None

    @classmethod
    def of(cls, work: Fulfillment) -> "FulfillmentShown":
        return cls(
            id=str(work.id),
            order=str(work.order_id),
            line_item=str(work.line_id),
            status=work.status,
            units=work.units,
            delivered_units=work.delivered_units,
            note=work.note,
            created_at=work.created_at,
            due_at=work.due_at,
            delivered_at=work.delivered_at,
        )


@router.get("", operation_id="fulfillments_list", responses=refuses(Unauthenticated, NotFound))
async def list_fulfillments(world: TheWorld, caller: Known, id: str) -> ListShown[FulfillmentShown]:
    """What people do for the order: one for each line of kind service."""
    order_id = OrderId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        await orders.get_for(tx, caller, order_id)
        found = await store.of_order(tx, order_id)
    return listed(Page(found, None), FulfillmentShown.of)


@router.post(
    "",
    operation_id="fulfillments_create",
    status_code=201,
    responses=refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid),
)
async def fulfill(world: TheWorld, caller: OnlyServer, id: str, wanted: NewFulfillment) -> FulfillmentShown:
    """Say how far a service is. Saying the same again changes nothing."""
    order_id, line = OrderId.parse(id), read_id(LineItemId, wanted.line_item, param="line_item")
    work = await world.db.run(
        caller.actor, lambda tx: service.advance_to(tx, order_id, line, wanted.delivered_units, note=wanted.note)
    )
    return FulfillmentShown.of(work)
