"""The sweep of what is approved and was never sent."""

from functools import partial
from typing import Final

from farthing.db import Transaction
from farthing.ids import ReturnId
from farthing.returns import actions, store
from farthing.world import World

SWEEP_MAX: Final = 100


async def lapse_due(world: World) -> int:
    """Each in a transaction of its own. What its seller earned is not held for it any longer."""
    async with world.db.transaction("sweep") as tx:
        due = await store.due_to_lapse(tx, limit=SWEEP_MAX)
    done = 0
    for id in due:
        done += await world.db.run("sweep", partial(_lapse, id))
    return done


async def _lapse(id: ReturnId, tx: Transaction) -> bool:
    return await actions.lapse(tx, id)
