"""What is for sale: products, their prices, and what a paid one turns into. Plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from farthing.money import Money

ProductKind = Literal["access", "custom"]


@dataclass(frozen=True, slots=True)
class Product:
    """One thing for sale. `prices` holds one price for each currency.

    A paid line of kind "access" grants `features`, for `access_days` or for ever; "custom" is left to the host's hook.
    """

    key: str
    name: str
    description: str | None
    kind: ProductKind
    features: tuple[str, ...]
    access_days: int | None
    max_quantity: int
    active: bool
    prices: Mapping[str, Money]
    options: Mapping[str, Any] = field(default_factory=dict)
    """What its kind needs to know of it: the sub-table named after the kind. Plain JSON."""


@dataclass(frozen=True, slots=True)
class Shop:
    """Who sells: named on pages and in emails."""

    name: str
    support_email: str | None


@dataclass(frozen=True, slots=True)
class Catalog:
    """All of `farthing.toml`. `currency` is that of a cart which names none."""

    currency: str
    shop: Shop
    products: Mapping[str, Product]
