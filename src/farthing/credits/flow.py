"""The sweep: credits whose time is over."""

from functools import partial
from typing import Final

from farthing.credits import actions, store
from farthing.db import Transaction
from farthing.ids import CustomerId
from farthing.world import World

SWEEP_MAX: Final = 100


async def expire_due(world: World) -> int:
    """Each customer in a transaction of its own. What has run out cannot be spent before it either."""
    async with world.db.transaction("sweep") as tx:
        due = await store.customers_with_over(tx, limit=SWEEP_MAX)
    for customer in due:
        await world.db.run("sweep", partial(_expire, customer))
    return len(due)


async def _expire(customer: CustomerId, tx: Transaction) -> None:
    await actions.expire(tx, customer)
