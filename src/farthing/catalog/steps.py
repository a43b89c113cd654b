"""The steps of a plan: each is one thing to do at the provider and to remember, and can say itself in lines for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from farthing.money import Money
from farthing.providers import CatalogItem, CatalogPrice, Recurring, SeenPrice

Verb = Literal[
    "create product",
    "update product",
    "archive product",
    "adopt product",
    "create price",
    "archive price",
    "adopt price",
    "forget price",
]


@dataclass(frozen=True, slots=True)
class Line:
    """One change as it is shown. `what` is the part of the product that changes, or the provider's id of it."""

    verb: Verb
    product: str
    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Change:
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CreateProduct:
    item: CatalogItem

    @property
    def lines(self) -> list[Line]:
        return [Line("create product", self.item.key, "product", None, self.item.name)]


@dataclass(frozen=True, slots=True)
class UpdateProduct:
    id: str
    item: CatalogItem
    changes: Sequence[Change]

    @property
    def lines(self) -> list[Line]:
        return [Line("update product", self.item.key, change.what, change.before, change.after) for change in self.changes]


@dataclass(frozen=True, slots=True)
class AdoptProduct:
    """It is as it should be, and we do not know it yet: nothing is called, its id is remembered."""

    id: str
    item: CatalogItem

    @property
    def lines(self) -> list[Line]:
        return [Line("adopt product", self.item.key, self.id, self.item.name, self.item.name)]


@dataclass(frozen=True, slots=True)
class ArchiveProduct:
    """Never deleted: old orders point to it. Its prices stay as they are, for the day it is sold again."""

    id: str
    key: str
    name: str
    description: str | None

    @property
    def lines(self) -> list[Line]:
        return [Line("archive product", self.key, "product", self.name, None)]


@dataclass(frozen=True, slots=True)
class SetPrice:
    """One price is current, the others are archived, and only then we remember it.

    In this order nothing is forgotten when we are interrupted: until the last moment our memory names the price that is to be
    archived. `current` is the price that is right already, else a new one is made. `seen` are all prices the product has.
    """

    product: str
    price: CatalogPrice
    current: SeenPrice | None
    retired: Sequence[SeenPrice]
    seen: Sequence[str]

    @property
    def lines(self) -> list[Line]:
        archived = _archived(self.product, self.retired)
        if self.current is None:
            former = self.retired[0] if self.retired else None
            before = None if former is None else money_words(former.unit, former.recurring)
            after = money_words(self.price.unit, self.price.recurring)
            return [Line("create price", self.product, price_words(self.price), before, after), *archived]
        shown = money_words(self.price.unit, self.price.recurring)
        adopted = Line("adopt price", self.product, self.current.id, shown, shown)
        return [adopted, *archived]


@dataclass(frozen=True, slots=True)
class RetirePrice:
    """The product is not sold in this currency any more."""

    product: str
    lookup_key: str
    retired: Sequence[SeenPrice]

    @property
    def lines(self) -> list[Line]:
        return _archived(self.product, self.retired) or [Line("forget price", self.product, self.lookup_key, None, None)]


Step = CreateProduct | UpdateProduct | AdoptProduct | ArchiveProduct | SetPrice | RetirePrice


def _archived(product: str, retired: Sequence[SeenPrice]) -> list[Line]:
    shown = [(price.id, money_words(price.unit, price.recurring)) for price in retired]
    return [Line("archive price", product, id, words or "another kind of price", None) for id, words in shown]


def price_words(price: CatalogPrice) -> str:
    """Which price of its product it is."""
    return f"price in {price.unit.currency}" if price.name is None else f"price {price.name} in {price.unit.currency}"


def money_words(unit: Money | None, recurring: Recurring | None) -> str | None:
    if unit is None:
        return None
    return str(unit) if recurring is None else f"{unit} {recurring}"
