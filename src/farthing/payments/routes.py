"""An order with its money over HTTP, and giving money back."""

from fastapi import APIRouter

from farthing import orders
from farthing.errors import NotFound, Unauthenticated
from farthing.http.bodies import refuses
from farthing.http.callers import Server
from farthing.http.credentials import Known
from farthing.http.state import TheWorld
from farthing.ids import OrderId
from farthing.payments.present import OrderDetailShown, detail_of

NOTE_MAX = 500

router = APIRouter(prefix="/v1/orders/{id}")


@router.get("", operation_id="orders_get", tags=["orders"], responses=refuses(Unauthenticated, NotFound))
async def get_order(world: TheWorld, caller: Known, id: str) -> OrderDetailShown:
    """One order with its line items, payments and refunds."""
    order_id = OrderId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        order = await orders.get_for(tx, caller, order_id)
        return await detail_of(tx, order, for_staff=isinstance(caller, Server))
