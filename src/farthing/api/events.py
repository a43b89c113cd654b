"""The audit trail over HTTP, for the shop's own servers: it tells of everybody."""

from datetime import datetime
from typing import Annotated, Any, Literal

import fastapi
from fastapi import APIRouter
from pydantic import Field

from farthing import events, orders
from farthing.errors import Forbidden, Invalid, NotFound, Unauthenticated
from farthing.events import Event, EventName
from farthing.http.bodies import CURSOR_MAX, ListShown, PageQuery, Shown, listed, read_id, refuses
from farthing.http.credentials import OnlyServer
from farthing.http.state import TheWorld
from farthing.ids import EventId, OrderId, public
from farthing.paging import Page

router = APIRouter(prefix="/v1", tags=["events"])


class EventQuery(PageQuery):
    type: EventName | None = None
    order: str | None = Field(None, max_length=CURSOR_MAX, description="The id of an order.")


class EventShown(Shown):
    id: str
    object: Literal["event"] = "event"
    type: EventName
    happened_at: datetime
    actor: str = Field(examples=["api_key:api_key_01k9h4w3q8fvtb7m2x5c6d0e1f"])
    order: str | None
    data: dict[str, Any]

    @classmethod
    def of(cls, event: Event) -> "EventShown":
        return cls(
            id=str(event.id),
            type=event.type,
            happened_at=event.happened_at,
            actor=event.actor,
            order=public(event.order_id),
            data=event.data,
        )


@router.get("/events", operation_id="events_list", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def list_events(
    world: TheWorld, caller: OnlyServer, query: Annotated[EventQuery, fastapi.Query()]
) -> ListShown[EventShown]:
    """Newest first."""
    cursor = query.after(EventId)
    order = None if query.order is None else read_id(OrderId, query.order, param="order")
    async with world.db.transaction(caller.actor) as tx:
        page = await events.list_page(tx, limit=query.limit, cursor=cursor, type=query.type, order=order)
    return listed(page, EventShown.of)


@router.get("/events/{id}", operation_id="events_get", responses=refuses(Unauthenticated, Forbidden, NotFound))
async def get_event(world: TheWorld, caller: OnlyServer, id: str) -> EventShown:
    event_id = EventId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        event = await events.find(tx, event_id)
    if event is None:
        raise NotFound(f"There is no event {event_id}.")
    return EventShown.of(event)


@router.get("/orders/{id}/timeline", operation_id="orders_timeline", responses=refuses(Unauthenticated, Forbidden, NotFound))
async def show_timeline(world: TheWorld, caller: OnlyServer, id: str) -> ListShown[EventShown]:
    """All that happened to the order, oldest first."""
    order_id = OrderId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        await orders.get_for(tx, caller, order_id)
        return listed(Page(await events.of_order(tx, order_id), None), EventShown.of)
