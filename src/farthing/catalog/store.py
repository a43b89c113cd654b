"""What of the catalog has reached the provider, in the database."""

from collections.abc import Mapping

import orjson

from farthing.catalog.planning import KnownPrice, KnownProduct, Memory, plan_lookup_key
from farthing.catalog.plans import PlanPrice
from farthing.db import Row, Transaction
from farthing.money import Money
from farthing.providers import Recurring


async def memory(tx: Transaction, provider: str, *, livemode: bool) -> Memory:
    products = await tx.all(
        _product,
        """
        SELECT product, provider_product_id, applied FROM provider_products
        WHERE provider = %(provider)s AND livemode = %(livemode)s
        ORDER BY product
        """,
        provider=provider,
        livemode=livemode,
    )
    prices = await _prices(tx, provider, livemode=livemode)
    return Memory({product.key: product for product in products}, {price.lookup_key: price for price in prices})


async def provider_price_ids(tx: Transaction, provider: str, *, livemode: bool) -> Mapping[str, tuple[str, Money]]:
    """Lookup key → the provider's price and what it says. Use one only where it still says what the order says.

    A price may be archived between this look and its use: the provider then refuses it.
    """
    prices = await _prices(tx, provider, livemode=livemode)
    return {price.lookup_key: (price.provider_price_id, price.unit) for price in prices}


async def find_product_id(tx: Transaction, provider: str, product: str, *, livemode: bool) -> str | None:
    found: str | None = await tx.value(
        """
        SELECT provider_product_id FROM provider_products
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND product = %(product)s
        """,
        provider=provider,
        livemode=livemode,
        product=product,
    )
    return found


async def plan_price_id(
    tx: Transaction, provider: str, plan: str, price: PlanPrice, currency: str, *, livemode: bool
) -> str | None:
    """The provider's price of it; None where what was applied is not what the file says."""
    wanted = (price.amounts[currency], Recurring(price.interval, price.interval_count))
    lookup = plan_lookup_key(plan, price.key, currency)
    known = next((each for each in await _prices(tx, provider, livemode=livemode) if each.lookup_key == lookup), None)
    return known.provider_price_id if known is not None and (known.unit, known.recurring) == wanted else None


async def product_of(tx: Transaction, provider: str, provider_product_id: str, *, livemode: bool) -> str | None:
    """The product of farthing.toml that stands behind one of the provider's; also one that is not sold any more."""
    found: str | None = await tx.value(
        """
        SELECT product FROM provider_products
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_product_id = %(id)s
        """,
        provider=provider,
        livemode=livemode,
        id=provider_product_id,
    )
    return found


async def save_product(
    tx: Transaction, provider: str, product: str, id: str, applied: Mapping[str, object], *, livemode: bool
) -> None:
    await tx.run(
        """
        INSERT INTO provider_products (provider, livemode, product, provider_product_id, applied, applied_at)
        VALUES (%(provider)s, %(livemode)s, %(product)s, %(id)s, %(applied)s, %(now)s)
        ON CONFLICT (provider, livemode, product) DO UPDATE
        SET provider_product_id = excluded.provider_product_id, applied = excluded.applied, applied_at = excluded.applied_at
        """,
        provider=provider,
        livemode=livemode,
        product=product,
        id=id,
        applied=orjson.dumps(applied).decode(),
        now=tx.now,
    )


async def save_price(tx: Transaction, provider: str, price: KnownPrice, *, livemode: bool) -> None:
    await tx.run(
        """
        INSERT INTO provider_prices
            (provider, livemode, lookup_key, product, provider_price_id, unit_amount, currency, interval, interval_count,
            applied_at)
        VALUES (%(provider)s, %(livemode)s, %(lookup_key)s, %(product)s, %(id)s, %(amount)s, %(currency)s, %(interval)s,
            %(count)s, %(now)s)
        ON CONFLICT (provider, livemode, lookup_key) DO UPDATE
        SET product = excluded.product, provider_price_id = excluded.provider_price_id, unit_amount = excluded.unit_amount,
            currency = excluded.currency, interval = excluded.interval, interval_count = excluded.interval_count,
            applied_at = excluded.applied_at
        """,
        provider=provider,
        livemode=livemode,
        lookup_key=price.lookup_key,
        product=price.product,
        id=price.provider_price_id,
        amount=price.unit.amount,
        currency=price.unit.currency,
        interval=None if price.recurring is None else price.recurring.interval,
        count=None if price.recurring is None else price.recurring.count,
        now=tx.now,
    )


async def forget_price(tx: Transaction, provider: str, lookup_key: str, *, livemode: bool) -> None:
    await tx.run(
        """
        DELETE FROM provider_prices
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND lookup_key = %(lookup_key)s
        """,
        provider=provider,
        livemode=livemode,
        lookup_key=lookup_key,
    )


async def _prices(tx: Transaction, provider: str, *, livemode: bool) -> list[KnownPrice]:
    return await tx.all(
        _price,
        """
        SELECT lookup_key, product, provider_price_id, unit_amount, currency, interval, interval_count FROM provider_prices
        WHERE provider = %(provider)s AND livemode = %(livemode)s
        ORDER BY lookup_key
        """,
        provider=provider,
        livemode=livemode,
    )


def _product(row: Row) -> KnownProduct:
    return KnownProduct(row["product"], row["provider_product_id"], row["applied"])


def _price(row: Row) -> KnownPrice:
    recurring = None if row["interval"] is None else Recurring(row["interval"], row["interval_count"])
    unit = Money(row["unit_amount"], row["currency"])
    return KnownPrice(row["lookup_key"], row["product"], row["provider_price_id"], unit, recurring)
