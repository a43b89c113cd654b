"""The catalog's half of Stripe: products that carry our mark, and their prices.

A product gets an id of our own, so that making it a second time is found out by Stripe itself, whatever happened to the first
answer. A price has no such id; its lookup key names it, and moves to the newest one.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import stripe

from farthing.errors import Invalid, ProviderError
from farthing.money import Money
from farthing.providers.protocol import CatalogItem, CatalogPrice, Recurring, SeenPrice, SeenProduct
from farthing.providers.stripe import seen
from farthing.providers.stripe.client import as_json, translated

PRODUCT_MARK: Final = "farthing_product"
"""Metadata of a product: its key in farthing.toml."""

PRODUCT_ID: Final = "farthing_"
"""Our ids of products are this and the key."""

PAGE: Final = 100


class StripeCatalog:
    """What `PaymentProvider` asks under "What is for sale"."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._stripe = client

    async def catalog(self) -> list[SeenProduct]:
        """Reads all products and prices of the account: the search by metadata lags behind what was just written."""
        products = [plain async for plain in self._products()]
        found: dict[str, dict[str, SeenPrice]] = {}
        for active in (True, False):  # a price that is archived in between is in both lists, and the later is right
            async for plain in self._prices(active):
                price = _price(plain)
                found.setdefault(price.product_id, {})[price.id] = price
        return [_product(plain, found.get(plain["id"], {})) for plain in products if _key(plain) is not None]

    async def create_product(self, item: CatalogItem, *, key: str) -> SeenProduct:
        """Where it exists already, because the answer was lost or its mark was removed, it is brought to the same state."""
        id = PRODUCT_ID + item.key
        params: stripe.params.ProductCreateParams = {"id": id, "name": item.name, "active": item.active}
        params["metadata"] = {PRODUCT_MARK: item.key}
        if item.description:
            params["description"] = item.description
        try:
            with translated():
                made = await self._stripe.v1.products.create_async(params, {"idempotency_key": f"catalog:{key}"})
        except ProviderError as error:
            if error.extra.get("provider_code") != "resource_already_exists":
                raise
            return await self.update_product(id, item, key=f"{key}:again")
        return _product(as_json(made), {})

    async def update_product(self, id: str, item: CatalogItem, *, key: str) -> SeenProduct:
        params: stripe.params.ProductUpdateParams = {
            "name": item.name,
            "description": item.description or "",  # nothing is sent for None, and "" clears
            "active": item.active,
            "metadata": {PRODUCT_MARK: item.key},
        }
        with translated():
            changed = await self._stripe.v1.products.update_async(id, params, {"idempotency_key": f"catalog:{key}"})
        return _product(as_json(changed), {})

    async def archive_product(self, id: str, *, key: str) -> SeenProduct:
        with translated():
            changed = await self._stripe.v1.products.update_async(id, {"active": False}, {"idempotency_key": f"catalog:{key}"})
        return _product(as_json(changed), {})

    async def create_price(self, product_id: str, price: CatalogPrice, *, key: str) -> SeenPrice:
        params: stripe.params.PriceCreateParams = {
            "product": product_id,
            "currency": price.unit.currency,
            "unit_amount": price.unit.amount,
            "lookup_key": price.lookup_key,
            "transfer_lookup_key": True,
        }
        if price.recurring is not None:
            every: Any = {"interval": price.recurring.interval, "interval_count": price.recurring.count}
            params["recurring"] = every
            params["metadata"] = {seen.PRICE_MARK: price.name or ""}
        with translated():
            made = await self._stripe.v1.prices.create_async(params, {"idempotency_key": f"catalog:{key}"})
        return _price(as_json(made))

    async def archive_price(self, id: str, *, key: str) -> SeenPrice:
        with translated():
            changed = await self._stripe.v1.prices.update_async(id, {"active": False}, {"idempotency_key": f"catalog:{key}"})
        return _price(as_json(changed))

    async def _products(self) -> AsyncIterator[dict[str, Any]]:
        with translated():
            page = await self._stripe.v1.products.list_async({"limit": PAGE})
            async for product in page.auto_paging_iter():
                yield as_json(product)

    async def _prices(self, active: bool) -> AsyncIterator[dict[str, Any]]:
        """Without `active`, Stripe lists active prices only."""
        with translated():
            page = await self._stripe.v1.prices.list_async({"limit": PAGE, "active": active})
            async for price in page.auto_paging_iter():
                yield as_json(price)


def _key(product: Mapping[str, Any]) -> str | None:
    """Its mark, or where somebody removed that, what our id says."""
    mark = (product.get("metadata") or {}).get(PRODUCT_MARK)
    if mark:
        return str(mark)
    id: str = product["id"]
    return id.removeprefix(PRODUCT_ID) if id.startswith(PRODUCT_ID) else None


def _product(product: Mapping[str, Any], prices: Mapping[str, SeenPrice]) -> SeenProduct:
    return SeenProduct(
        id=product["id"],
        key=_key(product) or "",
        name=product["name"],
        description=product.get("description") or None,
        active=product["active"],
        prices=tuple(prices.values()),
    )


def _price(price: Mapping[str, Any]) -> SeenPrice:
    return SeenPrice(
        id=price["id"],
        lookup_key=price.get("lookup_key"),
        unit=_unit(price),
        active=price["active"],
        product_id=seen.id_of(price["product"]) or "",
        recurring=_recurring(price),
    )


def _recurring(price: Mapping[str, Any]) -> Recurring | None:
    every = price.get("recurring")
    return Recurring(every["interval"], every["interval_count"]) if every else None


def _unit(price: Mapping[str, Any]) -> Money | None:
    """What one costs; None where that is not one amount: tiers, packages, a choice of the buyer, what was used."""
    metered = (price.get("recurring") or {}).get("usage_type", "licensed") != "licensed"
    plain = price["billing_scheme"] == "per_unit" and not metered
    if not plain or price.get("unit_amount") is None or price.get("transform_quantity") or price.get("custom_unit_amount"):
        return None
    try:
        return Money(price["unit_amount"], price["currency"])
    except Invalid:  # a currency that we do not take
        return None
