"""The provider's ids as lines of an .env file, for programs beside Farthing, which itself finds prices by their lookup keys."""

from collections.abc import Iterator, Mapping

from farthing.catalog import store
from farthing.catalog.model import Catalog, Product
from farthing.catalog.planning import lookup_key, plan_lookup_key
from farthing.money import Money
from farthing.world import World


def variable(what: str, product: str, currency: str | None = None, *, price: str | None = None) -> str:
    """STRIPE_PRICE_UPSELL_EMAIL_BLAST for the product upsell-email-blast.

    The key of a plan's price is added where it has several for sale, and another currency than the catalog's.
    """
    words = [word.upper().replace("-", "_") for word in ("stripe", what, product, price, currency) if word]
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
        for lookup, name in _named(catalog, product):
            if lookup in known.prices:
                lines.append(f"{name}={known.prices[lookup].provider_price_id}")
    return lines


def _named(catalog: Catalog, product: Product) -> Iterator[tuple[str, str]]:
    """The lookup key of each price that is for sale, and the name of its variable."""
    for currency in product.prices:
        yield lookup_key(product.key, currency), variable("price", product.key, _other(catalog, product.prices, currency))
    for_sale = [price for price in product.plan.prices.values() if price.active] if product.plan else []
    for price in for_sale:
        named = price.key if len(for_sale) > 1 else None
        for currency in price.amounts:
            other = _other(catalog, price.amounts, currency)
            yield plan_lookup_key(product.key, price.key, currency), variable("price", product.key, other, price=named)


def _other(catalog: Catalog, prices: Mapping[str, Money], currency: str) -> str | None:
    """None for the currency that needs no name: the catalog's, or the first one."""
    own = catalog.currency if catalog.currency in prices else next(iter(prices))
    return None if currency == own else currency
