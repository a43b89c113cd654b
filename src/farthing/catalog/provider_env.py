"""The provider's ids as lines of an .env file, for programs beside Farthing, which itself finds prices by their lookup keys."""

from farthing.catalog import store
from farthing.catalog.model import Catalog
from farthing.catalog.planning import lookup_key
from farthing.world import World


def variable(what: str, product: str, currency: str | None = None) -> str:
    """STRIPE_PRICE_UPSELL_EMAIL_BLAST for the product upsell-email-blast; another currency than the catalog's is added."""
    words = [word.upper().replace("-", "_") for word in ("stripe", what, product, currency) if word]
    return "_".join(words)


async def env_lines(world: World) -> list[str]:
    """A line for each product and each price that was applied, in the order of farthing.toml."""
    provider = world.provider
    async with world.db.transaction("catalog") as tx:
        known = await store.memory(tx, provider.name, livemode=provider.livemode)
    catalog, lines = world.catalog, []
    for key, product in catalog.products.items():
        if key in known.products:
            lines.append(f"{variable('product', key)}={known.products[key].provider_product_id}")
        for currency in product.prices:
            price = known.prices.get(lookup_key(key, currency))
            if price is not None:
                other = None if currency == _own(catalog, key) else currency
                lines.append(f"{variable('price', key, other)}={price.provider_price_id}")
    return lines


def _own(catalog: Catalog, product: str) -> str:
    """The currency that needs no name: the catalog's, or the product's only one."""
    prices = catalog.products[product].prices
    return catalog.currency if catalog.currency in prices else next(iter(prices))
