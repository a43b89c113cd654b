"""A shop whose goods can run out, on the fixtures of a whole world."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from tests.worlds import account, lone_sandbox, outbox, sandbox, settings, world

from farthing import catalog, inventory
from farthing.db import Transaction
from farthing.inventory import StockItem
from farthing.world import World

__all__ = ["account", "lone_sandbox", "outbox", "sandbox", "settings", "world"]

T = TypeVar("T")

GOODS = """
currency = "eur"

[products.lamp]
name = "A lamp"
kind = "goods"
price = "40.00 EUR"
max_quantity = 100
[products.lamp.goods]
sku = "LAMP-1"

[products.vase]
name = "A vase"
kind = "goods"
price = "25.00 EUR"

[products.clock]
name = "A clock"
kind = "goods"
price = "90.00 EUR"
[products.clock.goods]
late_payment = "hold"

[products.chair]
name = "A chair"
kind = "goods"
price = "70.00 EUR"
[products.chair.goods]
late_payment = "back_order"

[products.card]
name = "A greeting card"
kind = "goods"
price = "3.00 EUR"
[products.card.goods]
counted = false
"""


@pytest.fixture
def shop(world: World) -> World:
    return replace(world, catalog=catalog.parse(GOODS))


async def do(world: World, act: Callable[[Transaction], Awaitable[T]]) -> T:
    return await world.db.run("cli:clerk", act)


async def stock(world: World, sku: str, quantity: int, *, location: str = "main", **said: object) -> StockItem:
    """So many of something lie there."""

    async def work(tx: Transaction) -> StockItem:
        if location != "main":
            await inventory.place_named(tx, location, location.title(), priority=1)
        await inventory.define(tx, sku, sku.title(), **said)  # type: ignore[arg-type]
        if quantity:
            await inventory.receive(tx, sku, quantity, location=location)
        return await inventory.get(tx, sku)

    return await do(world, work)


async def left(world: World, sku: str) -> tuple[int, int, int]:
    """What lies on all shelves, what of it is kept, and what is promised of what is to come."""
    item = await do(world, lambda tx: inventory.get(tx, sku))
    return item.on_hand, item.on_hand - item.available, item.backordered
