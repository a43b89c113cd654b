"""What became of an order, on its three axes: the order, its money, and what is sent; for its buyer and the shop's servers."""

from datetime import datetime
from typing import Final, Literal

from fastapi import APIRouter
from pydantic import Field

from farthing import customers, events, orders
from farthing.errors import NotFound, Unauthenticated
from farthing.events import Event
from farthing.http.bodies import ListShown, Shown, listed, refuses
from farthing.http.callers import Server
from farthing.http.credentials import Known
from farthing.http.state import TheWorld
from farthing.ids import OrderId
from farthing.paging import Page

router = APIRouter(prefix="/v1", tags=["orders"])

Axis = Literal["order", "payment", "fulfillment"]
Who = Literal["buyer", "seller", "shop", "provider"]

AXES: Final[dict[str, Axis]] = {
    "order": "order",
    "payment": "payment",
    "refund": "payment",
    "dispute": "payment",
    "seller_order": "fulfillment",
    "shipment": "fulfillment",
    "return": "fulfillment",
    "fulfillment": "fulfillment",
}
"""What an event is about → the axis that it moves. What stands in no axis is the shop's own business."""

INTERNAL: Final = frozenset(
    {"payment.surplus", "payment.fee_known", "payment.fraud_warning", "seller_order.held", "seller_order.let_go"}
)
"""Of the shop and its sellers alone."""


class HistoryEntryShown(Shown):
    axis: Axis
    type: str = Field(examples=["seller_order.shipped"])
    happened_at: datetime
    by: Who
    actor: str | None = Field(description="For servers: who exactly.")
    number: str | None = Field(description="Of a seller's part, or of a return, where it is about one.")


@router.get("/orders/{id}/history", operation_id="orders_history", responses=refuses(Unauthenticated, NotFound))
async def history(world: TheWorld, caller: Known, id: str) -> ListShown[HistoryEntryShown]:
    """Every change of its three states, oldest first: what, when and by whom."""
    staff = isinstance(caller, Server)
    async with world.db.transaction(caller.actor) as tx:
        order = await orders.get_for(tx, caller, OrderId.parse(id))
        buyer = (await customers.get(tx, order.customer_id)).external_id
        found = [
            event
            for event in await events.of_order(tx, order.id)
            if _axis(event) is not None and (staff or event.type not in INTERNAL)
        ]
    return listed(Page(found, None), lambda event: _shown(event, buyer, staff=staff))


def _axis(event: Event) -> Axis | None:
    return AXES.get(event.type.partition(".")[0])


def _shown(event: Event, buyer: str | None, *, staff: bool) -> HistoryEntryShown:
    axis, number = _axis(event), event.data.get("number")
    assert axis is not None, "only those were asked for"
    return HistoryEntryShown(
        axis=axis,
        type=event.type,
        happened_at=event.happened_at,
        by=_who(event.actor, buyer),
        actor=event.actor if staff else None,
        number=None if number is None or axis == "order" else str(number),
    )


def _who(actor: str, buyer: str | None) -> Who:
    if actor == "guest" or actor == f"customer:{buyer}":
        return "buyer"
    if actor.startswith("customer:"):
        return "seller"
    return "provider" if actor.startswith("provider:") else "shop"
