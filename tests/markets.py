"""A marketplace in a running shop in which the demo customer sells, and what buyers buy of it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeVar

from tests.marketplace.conftest import MARKET, Market
from tests.sellers.selling import onboarded
from tests.shops import Shop
from tests.wares import behind
from tests.worlds import CARD, Account, session_of

from farthing import catalog, checkout, orders, sellers
from farthing.catalog import CartItem, Catalog
from farthing.checkout import Buyer
from farthing.orders import Order
from farthing.sellers import Seller
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
    """What goes on beside the browser. The demo customer and linus may sell."""

    async def inside(world: World, account: Account) -> T:
        there = replace(world, catalog=SELLS)
        found = [await _seller(there, account, external_id) for external_id in (DEMO, "linus")]
        return await work(Market(there, account, *found))

    return behind(shop, inside)


async def bought(market: Market, *items: CartItem, card: str = CARD) -> Order:
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
    assert (await market.account.pay(session, card)).status_code == 200
    await checkout.sync(market.world, session, actor="test")
    return await market.do(lambda tx: orders.get(tx, started.order_id))


async def _seller(world: World, account: Account, external_id: str) -> Seller:
    async with world.db.transaction("test") as tx:
        found = await sellers.find_by_external_id(tx, external_id, livemode=False)
    return found if found and found.may_sell else await onboarded(world, account, external_id)
