"""The sweep of what is kept for orders past its time: the page is closed by then, unless the provider does not answer."""

from datetime import timedelta
from functools import partial
from typing import Final

from farthing import inventory, orders, payments
from farthing.db import Transaction
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus, PaymentStatus
from farthing.world import World

LATE: Final = timedelta(minutes=15)
"""How much longer than its order something is kept: a page closes by itself, and its last buyer is paying."""

LOOK_AGAIN: Final = timedelta(days=1)
SWEEP_MAX: Final = 100
WAITED_FOR: Final = frozenset({PaymentStatus.PROCESSING, PaymentStatus.AUTHORIZED})
"""The buyer has paid as far as they can."""


async def let_stock_go(world: World) -> int:
    """Each order in a transaction of its own. Money that comes all the same asks for it again."""
    async with world.db.transaction("sweep") as tx:
        due = await inventory.due(tx, before=tx.now - LATE, limit=SWEEP_MAX)
    done = 0
    for order in due:
        done += await world.db.run("sweep", partial(_let_go, order))
    return done


async def _let_go(id: OrderId, tx: Transaction) -> int:
    order = await orders.lock(tx, id)
    way = await payments.way_of_order(tx, id)
    if order.status == OrderStatus.OPEN and way is not None and way.status in WAITED_FOR:
        await inventory.extend(tx, id, tx.now + LOOK_AGAIN)
        return 0
    return await inventory.lapse(tx, id)
