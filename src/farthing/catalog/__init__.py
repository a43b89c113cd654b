"""What is for sale and what it costs: farthing.toml, the pricing of carts, and keeping the provider's copy the same."""

from farthing.catalog.example import EXAMPLE
from farthing.catalog.model import Catalog, Product, ProductKind, Shop
from farthing.catalog.pricing import CartItem, PricedCart, PricedLine, price
from farthing.catalog.toml import json_schema, load, parse

__all__ = [
    "EXAMPLE",
    "CartItem",
    "Catalog",
    "PricedCart",
    "PricedLine",
    "Product",
    "ProductKind",
    "Shop",
    "json_schema",
    "load",
    "parse",
    "price",
]
