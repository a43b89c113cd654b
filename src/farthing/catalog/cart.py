"""What is asked for, and what it costs: a cart before and after its pricing. Plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from farthing.catalog.model import Product
from farthing.money import Money


@dataclass(frozen=True, slots=True)
class CartItem:
    """What a buyer asks for. `metadata` is kept with the line: an engraving, a seat."""

    product: str
    quantity: int = 1
    metadata: Mapping[str, str] = field(default_factory=dict)
    price: Money | None = None
    """What the buyer wants to pay for each: only where the product lets them, and within its bounds."""
    for_line: str | None = None
    """Of an add-on that is bought later: the id of the paid line item that it accompanies."""
    content: str | None = None
    """Which of the host's content is bought, by the host's own id: for a product of that kind."""
    listing: str | None = None
    """What of a seller's is bought, by the listing's id: then the product need not be named."""

    @property
    def reference(self) -> str | None:
        """What it is, where the product alone does not say it."""
        return self.content if self.listing is None else self.listing


@dataclass(frozen=True, slots=True)
class PricedLine:
    product: Product
    quantity: int
    unit: Money
    amount: Money
    """Before discounts."""
    metadata: Mapping[str, str]
    discounts: Sequence[Money] = ()
    """What each of the cart's discounts takes off this line, in their order."""
    for_line: str | None = None
    base: int | None = None
    """Of an add-on: which line of this cart it accompanies, where it is one of this cart."""

    @property
    def content(self) -> str | None:
        """Which content of the host's, where it is one: then `product` is the product as that content is sold."""
        reference: str | None = self.product.options.get("reference") if self.product.kind == "content" else None
        return reference

    @property
    def listing(self) -> str | None:
        """What of a seller's it is, where it is."""
        found: str | None = self.product.options.get("listing") if self.product.kind == "goods" else None
        return found

    @property
    def discount(self) -> Money:
        return sum(self.discounts, start=Money.zero(self.amount.currency))

    @property
    def total(self) -> Money:
        return self.amount - self.discount


@dataclass(frozen=True, slots=True)
class Discount:
    """Why a cart costs less: a bulk discount by its key, a coupon with the code that was typed, or what came back for it."""

    kind: Literal["bulk", "coupon", "exchange"]
    key: str
    name: str
    code: str | None
    amount: Money


@dataclass(frozen=True, slots=True)
class PricedCart:
    lines: Sequence[PricedLine]
    subtotal: Money
    """Before discounts."""
    total: Money
    currency: str
    discounts: Sequence[Discount] = ()

    @property
    def discount(self) -> Money:
        return self.subtotal - self.total
