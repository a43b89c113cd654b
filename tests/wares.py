"""A marketplace in a running shop: sellers who went through onboarding, and what they sell."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import httpx
from tests.sellers.selling import onboarded
from tests.shops import Shop
from tests.worlds import Account, Outbox

from farthing import catalog, listings
from farthing.db import Database, Transaction
from farthing.money import Money
from farthing.providers.stripe import Stripe
from farthing.sellers import Seller
from farthing.world import World

T = TypeVar("T")

SOLD = """
currency = "usd"
[shop]
name = "The quay market"
support_email = "hello@quay.example"
[marketplace]
country = "US"
holding_days = 3
[[marketplace.fees]]
platform_basis_points = 1000
[shipping]
countries = ["US", "DE"]
[products.thing]
name = "Something of a seller's"
kind = "goods"
goods = { listed = true }
[products.bag]
name = "A bag to carry it home in"
description = "Strong cotton, the quay printed on one side."
kind = "goods"
price = "5.00 USD"
goods = { counted = false }
"""


@dataclass(frozen=True, slots=True)
class Sold:
    """What somebody sells, and how many there are."""

    title: str
    description: str
    amount: int
    stock: int


WARES: Mapping[str, Sequence[Sold]] = {
    "potter": (
        Sold("A blue bowl", "Thrown by hand, glazed with copper. No two are alike.", 2400, 3),
        Sold("A jug for milk", "Half a litre, and it does not drip.", 3100, 12),
    ),
    "weaver": (Sold("A long scarf", "Lambswool, two metres, warmer than it looks.", 3900, 9), Sold("A rug", "", 18000, 0)),
}


def open_market(shop: Shop) -> None:
    """Have them all onboarded, and what they sell for sale."""

    async def work(world: World, account: Account) -> None:
        for name, wares in WARES.items():
            seller = await onboarded(world, account, name)

            await world.db.run("test", partial(_offer, world, seller, wares))

    behind(shop, work)


async def _offer(world: World, seller: Seller, wares: Sequence[Sold], tx: Transaction) -> None:
    for number, each in enumerate(wares):
        wanted = listings.Wanted(each.title, each.description, prices=[Money(each.amount, "usd")])
        made = await listings.create(tx, world.catalog, seller.id, str(number), wanted, livemode=False, stock=each.stock)
        await listings.publish(tx, made.id)


def behind(shop: Shop, work: Callable[[World, Account], Awaitable[T]]) -> T:
    """Do something in the shop's house, elsewhere: a browser under test has an event loop in this thread."""

    async def inside() -> T:
        db = Database(shop.dsn)
        await db.open()
        provider = Stripe(shop.key, livemode=False, webhook_secrets=["whsec_x"], base=shop.sandbox.url)
        world = World(shop.settings, db, provider, catalog.parse(SOLD), Outbox())
        try:
            async with httpx.AsyncClient(base_url=shop.sandbox.url, auth=httpx.BasicAuth(shop.key, ""), timeout=20) as http:
                return await work(world, Account(shop.key, http))
        finally:
            await provider.close()
            await db.close()

    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(lambda: asyncio.run(inside())).result()
