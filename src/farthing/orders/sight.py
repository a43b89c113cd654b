"""Which orders a caller sees: a server all of them, a customer their own. What is not theirs does not exist for them."""

from farthing import customers
from farthing.db import Transaction
from farthing.errors import NotFound
from farthing.http.callers import CustomerCaller, Server
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus
from farthing.orders import store
from farthing.orders.model import Order
from farthing.paging import Page


async def get_for(tx: Transaction, caller: Server | CustomerCaller, id: OrderId) -> Order:
    """Raises NotFound for the order of somebody else, in the words of one that does not exist."""
    order = await store.get(tx, id)
    if isinstance(caller, CustomerCaller):
        own = await customers.find_by_external_id(tx, caller.identity.external_id)
        if own is None or own.id != order.customer_id:
            raise NotFound(f"There is no order {id}.")
    return order


async def page_for(
    tx: Transaction,
    caller: Server | CustomerCaller,
    *,
    limit: int,
    cursor: OrderId | None = None,
    status: OrderStatus | None = None,
) -> Page[Order]:
    """Newest first; of a customer only their own."""
    if isinstance(caller, Server):
        return await store.list_page(tx, limit=limit, cursor=cursor, status=status)
    own = await customers.find_by_external_id(tx, caller.identity.external_id)
    if own is None:
        return Page((), None)
    return await store.list_page(tx, limit=limit, cursor=cursor, status=status, customer=own.id)
