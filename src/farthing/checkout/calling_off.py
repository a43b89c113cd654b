"""An order that nobody wants any more: before it is paid, or before any of it is sent."""

from farthing import cancellations, orders
from farthing.cancellations import Party
from farthing.checkout import ways
from farthing.db import Transaction
from farthing.errors import Conflict
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus
from farthing.orders import Order
from farthing.refunds import Judge
from farthing.world import World

__all__ = ["Party", "call_off"]


async def call_off(world: World, id: OrderId, *, actor: str, party: Party, reason: str | None = None) -> Order:
    """An open order is canceled; of a paid one nothing is sent, and its money goes back. Once it is canceled it cannot be
    paid, and what was paid before that is paid back: whichever comes first at the provider.

    Raises Conflict where something was sent, nothing of it is sent, or the bank is still at it.
    """

    async def work(tx: Transaction) -> Order:
        judge = Judge("server", world.catalog.refunds) if party == "platform" else None
        await cancellations.cancel_order(tx, id, party=party, reason=reason, policy=world.catalog.returns, judge=judge)
        return await orders.get(tx, id)

    if await _paid(world, id):
        return await world.db.run(actor, work)
    try:
        return await ways.cancel_order(world, id, actor=actor)
    except Conflict:
        if not await _paid(world, id):
            raise
        return await world.db.run(actor, work)  # somebody paid at this moment


async def _paid(world: World, id: OrderId) -> bool:
    async with world.db.transaction("checkout") as tx:
        return (await orders.get(tx, id)).status == OrderStatus.PAID
