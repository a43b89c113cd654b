"""Orders over HTTP: the list. One order comes with its money, and is shown where that is known."""

from typing import Annotated

import fastapi
from fastapi import APIRouter

from farthing.errors import Invalid, Unauthenticated
from farthing.http.bodies import ListShown, PageQuery, listed, refuses
from farthing.http.credentials import Known
from farthing.http.state import TheWorld
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus
from farthing.orders import sight
from farthing.orders.present import OrderShown

router = APIRouter(prefix="/v1/orders", tags=["orders"])


class OrderQuery(PageQuery):
    status: OrderStatus | None = None


@router.get("", operation_id="orders_list", responses=refuses(Unauthenticated, Invalid))
async def list_orders(world: TheWorld, caller: Known, query: Annotated[OrderQuery, fastapi.Query()]) -> ListShown[OrderShown]:
    """Newest first. A customer sees their own."""
    cursor = query.after(OrderId)
    async with world.db.transaction(caller.actor) as tx:
        page = await sight.page_for(tx, caller, limit=query.limit, cursor=cursor, status=query.status)
    return listed(page, OrderShown.of)
