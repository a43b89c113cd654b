"""How each product of farthing.toml stands at the provider, as far as we know: by our memory alone, nobody is called."""

from typing import Literal

from farthing.catalog import store
from farthing.catalog.model import Catalog, Product
from farthing.catalog.planning import Memory, applied, wanted
from farthing.db import Transaction

Standing = Literal["applied", "changed", "new", "archived"]


async def standings(tx: Transaction, catalog: Catalog, provider: str, *, livemode: bool) -> dict[str, Standing]:
    """Key → whether it was applied as it is now. What somebody changed at the provider only a plan can see."""
    memory = await store.memory(tx, provider, livemode=livemode)
    return {product.key: _standing(product, memory) for product in catalog.products.values()}


def _standing(product: Product, memory: Memory) -> Standing:
    known = memory.products.get(product.key)
    if known is None:
        return "new" if product.active else "archived"
    if not product.active:
        return "changed" if known.applied.get("active") else "archived"
    item = wanted(product)
    same_words = dict(known.applied) == dict(applied(item))
    prices = {price.lookup_key: price.unit for price in item.prices}
    remembered = {price.lookup_key: price.unit for price in memory.prices.values() if price.product == product.key}
    return "applied" if same_words and prices == remembered else "changed"
