"""What is for sale and what it costs: farthing.toml, the pricing of carts, and keeping the provider's copy the same."""

from farthing.catalog.example import EXAMPLE
from farthing.catalog.flow import Applied, apply, plan
from farthing.catalog.model import Catalog, Product, ProductKind, Shop
from farthing.catalog.planning import Drift, Plan, lookup_key
from farthing.catalog.pricing import CartItem, PricedCart, PricedLine, checked_metadata, price
from farthing.catalog.steps import Line
from farthing.catalog.store import provider_price_ids
from farthing.catalog.toml import json_schema, load, parse

__all__ = [
    "EXAMPLE",
    "Applied",
    "CartItem",
    "Catalog",
    "Drift",
    "Line",
    "Plan",
    "PricedCart",
    "PricedLine",
    "Product",
    "ProductKind",
    "Shop",
    "apply",
    "checked_metadata",
    "json_schema",
    "load",
    "lookup_key",
    "parse",
    "plan",
    "price",
    "provider_price_ids",
]
