"""A whole marketplace on loopback ports, for a browser: sellers who may sell, what they list, what was bought of it.

What a browser does not do is done in a thread of its own, because the browser's event loop runs in that of the test.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import httpx
from pydantic import SecretStr
from tests.marketplace.conftest import MARKET, Market
from tests.sellers.selling import onboarded
from tests.shops import Shop
from tests.worlds import Account, Outbox, session_of

from farthing import catalog, checkout, orders, sellers
from farthing.catalog import CartItem, Catalog
from farthing.checkout import Buyer
from farthing.config import Settings
from farthing.db import Database
from farthing.orders import Order
from farthing.providers.stripe import Stripe
from farthing.world import World

T = TypeVar("T")

DEMO: Final = "demo-customer"
SELLS: Final[Catalog] = catalog.parse(
    MARKET
    + """
[shipping]
countries = ["US", "DE"]

[legal]
name = "The test market Ltd"
address = ["1 Harbour Road", "Portsmouth"]
country = "GB"
tax_rate = 20
"""
)
HOME: Final = {
    "name": "Ada Lovelace",
    "line1": "12 St James's Square",
    "city": "Austin",
    "state": "TX",
    "postal_code": "78701",
    "country": "US",
}


def outside(shop: Shop, work: Callable[[Market], Awaitable[T]]) -> T:
    """What the rooms of a running shop do, with its database and its account. The demo customer and linus may sell."""

    async def whole() -> T:
        async with _market(shop) as market:
            return await work(market)

    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(asyncio.run, whole()).result()


async def bought(market: Market, *items: CartItem) -> Order:
    """A whole purchase, with an address to send it to."""
    started = await checkout.start(
        market.world,
        items=items,
        buyer=Buyer("ada", "ada@example.com", "Ada Lovelace"),
        success_url=f"{market.world.settings.base_url}/thanks",
        cancel_url=f"{market.world.settings.base_url}/cart",
        actor="test",
        shipping_address=HOME,
    )
    session = await session_of(market.world, started.id)
    assert (await market.account.pay(session)).status_code == 200
    await checkout.sync(market.world, session, actor="test")
    return await market.do(lambda tx: orders.get(tx, started.order_id))


@asynccontextmanager
async def _market(shop: Shop) -> AsyncIterator[Market]:
    settings = Settings(
        env="dev",
        database_url=SecretStr(shop.dsn),
        base_url=shop.url,
        secret_key=SecretStr("a secret of the tests, long enough to sign with"),
        stripe_secret_key=SecretStr(shop.key),
        stripe_api_base=shop.sandbox.url,
    )
    db, provider = Database(shop.dsn), Stripe(shop.key, livemode=False, webhook_secrets=[], base=shop.sandbox.url)
    await db.open()
    async with httpx.AsyncClient(base_url=shop.sandbox.url, auth=httpx.BasicAuth(shop.key, ""), timeout=20) as http:
        account, world = Account(shop.key, http), World(settings, db, provider, SELLS, Outbox())
        found = [await _seller(world, account, external_id) for external_id in (DEMO, "linus")]
        yield Market(world, account, *found)
    await provider.close()
    await db.close()


async def _seller(world: World, account: Account, external_id: str) -> sellers.Seller:
    async with world.db.transaction("test") as tx:
        found = await sellers.find_by_external_id(tx, external_id, livemode=False)
    return found if found and found.may_sell else await onboarded(world, account, external_id)
