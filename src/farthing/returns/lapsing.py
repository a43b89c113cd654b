"""What is done by itself: what was never sent is not awaited for ever, and an exchange ends with the order it is for."""

from functools import partial
from typing import Final

from farthing.db import Transaction
from farthing.ids import ReturnId
from farthing.lifecycles import ReturnStatus
from farthing.returns import actions, receiving, store
from farthing.returns.offering import disputed
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


async def end_exchanges(world: World) -> int:
    """The order that replaces what came is paid, or nobody can pay it any more: then the money goes back."""
    async with world.db.transaction("sweep") as tx:
        due = await store.exchanging(tx, limit=SWEEP_MAX)
    for id in due:
        await world.db.run("sweep", partial(_end, id))
    return len(due)


async def _end(id: ReturnId, tx: Transaction) -> None:
    back, order = await actions.lock(tx, id)
    if back.status == ReturnStatus.RECEIVED and back.exchange_order_id is not None and not await disputed(tx, order):
        await receiving.settle_exchange(tx, back, order)


async def _lapse(id: ReturnId, tx: Transaction) -> bool:
    return await actions.lapse(tx, id)
