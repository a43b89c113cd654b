"""A marketplace: two sellers who may sell, what they list, and a shop that keeps a part of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import pytest
from tests.sellers.selling import onboarded
from tests.worlds import Account, account, lone_sandbox, outbox, sandbox, settings, world

from farthing import catalog, listings
from farthing.catalog import CartItem
from farthing.db import Transaction
from farthing.listings import Listing
from farthing.money import Money
from farthing.sellers import Seller
from farthing.world import World

__all__ = ["account", "lone_sandbox", "outbox", "sandbox", "settings", "world"]

T = TypeVar("T")

MARKET = """
currency = "usd"

[shop]
name = "The test market"

[marketplace]
country = "US"
holding_days = 3

[[marketplace.fees]]
platform_basis_points = 1000

[[marketplace.fees]]
category = "books"
platform_basis_points = 1500
platform_amounts = ["0.30 USD"]

[products.thing]
name = "Something of a seller's"
kind = "goods"
[products.thing.goods]
listed = true

[products.bag]
name = "A bag of the market's own"
kind = "goods"
price = "5.00 USD"
[products.bag.goods]
counted = false
"""


@dataclass(frozen=True, slots=True)
class Market:
    world: World
    account: Account
    grace: Seller
    linus: Seller

    async def do(self, act: Callable[[Transaction], Awaitable[T]]) -> T:
        return await self.world.db.run("test", act)

    async def lists(
        self, seller: Seller, sku: str, amount: int = 2000, *, stock: int = 10, category: str | None = None
    ) -> Listing:
        """Something new for sale."""

        async def work(tx: Transaction) -> Listing:
            wanted = listings.Wanted(title=f"{sku} of {seller.name}", prices=[Money(amount, "usd")], category=category)
            made = await listings.create(tx, self.world.catalog, seller.id, sku, wanted, livemode=False, stock=stock)
            return await listings.publish(tx, made.id)

        return await self.do(work)


def of(listing: Listing, quantity: int = 1) -> CartItem:
    return CartItem("", quantity, listing=str(listing.id))


@pytest.fixture
async def market(world: World, account: Account) -> Market:
    there = replace(world, catalog=catalog.parse(MARKET))
    grace = await onboarded(there, account, "grace")
    linus = await onboarded(there, account, "linus")
    return Market(there, account, grace, linus)
