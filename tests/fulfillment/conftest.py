"""A job board on the fixtures of a whole world."""

import pytest
from tests.boards import board
from tests.news import hear, work
from tests.worlds import Account, account, outbox, sandbox, settings, world

from farthing import payments
from farthing.orders import Order
from farthing.world import World

__all__ = ["account", "outbox", "sandbox", "settings", "world"]


@pytest.fixture
def shop(world: World) -> World:
    return board(world)


async def give_back(world: World, account: Account, order: Order) -> None:
    """All of an order's money, until it has arrived."""
    async with world.db.transaction("test") as tx:
        await payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None)
    await work(world)
    await hear(world, account)
