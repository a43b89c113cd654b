"""A purchase that its buyer's bank takes back, as it is at the provider and as we have heard of it."""

from typing import Any

from tests.news import hear
from tests.worlds import Account, buy

from farthing import disputes, payments
from farthing.disputes import Dispute
from farthing.orders import Order
from farthing.payments import Payment
from farthing.world import World


async def payment_of(world: World, order: Order) -> Payment:
    """The payment that paid for the order."""
    async with world.db.transaction("test") as tx:
        (found,) = [payment for payment in await payments.of_order(tx, order.id) if payment.settles]
    return found


async def complain(world: World, account: Account, order: Order, **fields: Any) -> dict[str, Any]:
    """The buyer goes to the bank; nothing is told to us yet."""
    payment = await payment_of(world, order)
    return await account.complain(str(payment.provider_payment_id), **fields)


async def disputed(world: World, account: Account, **fields: Any) -> tuple[Order, Dispute]:
    """A paid order that is disputed, and we know it."""
    order = await buy(world, account)
    await complain(world, account, order, **fields)
    await hear(world, account)
    return order, await dispute_of(world, order)


async def dispute_of(world: World, order: Order) -> Dispute:
    async with world.db.transaction("test") as tx:
        (found,) = await disputes.of_order(tx, order.id)
    return found
