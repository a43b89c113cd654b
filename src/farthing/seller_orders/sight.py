"""Who somebody is to a seller's part of an order."""

from typing import Literal

from farthing import customers, orders, sellers
from farthing.db import Transaction
from farthing.errors import NotFound
from farthing.http.callers import CustomerCaller, Server
from farthing.seller_orders.model import SellerOrder

Party = Literal["buyer", "seller", "platform"]


async def parties(tx: Transaction, caller: Server | CustomerCaller, part: SellerOrder) -> frozenset[Party]:
    """Whoever buys what they sell is both. Raises NotFound for a stranger, in the words of one that does not exist."""
    if isinstance(caller, Server):
        return frozenset({"platform"})
    found: set[Party] = set()
    who = caller.identity.external_id
    if part.seller_id is not None and (await sellers.get(tx, part.seller_id)).external_id == who:
        found.add("seller")
    buyer = await customers.find_by_external_id(tx, who)
    if buyer is not None and (await orders.get(tx, part.order_id)).customer_id == buyer.id:
        found.add("buyer")
    if not found:
        raise NotFound(f"There is no seller order {part.id}.")
    return frozenset(found)
