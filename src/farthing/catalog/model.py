"""What is for sale: products, their prices, and what a paid one turns into. Plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from farthing.catalog.alert_policy import AlertPolicy
from farthing.catalog.legal import Legal
from farthing.catalog.marketplace import Marketplace
from farthing.catalog.plans import Plan, SubscriptionPolicy
from farthing.catalog.policy import RefundPolicy
from farthing.catalog.returning import ReturnPolicy
from farthing.catalog.shipping import Shipping
from farthing.discounts.model import Coupon
from farthing.money import Money

ProductKind = Literal["access", "content", "custom", "download", "goods", "job_posting", "service", "credits", "plan"]
"""Our own kinds. A host may register others."""


@dataclass(frozen=True, slots=True)
class PriceRange:
    """The bounds of a price that the buyer says: a donation, pay what you want."""

    min: Money
    max: Money
    suggested: tuple[Money, ...] = ()


@dataclass(frozen=True, slots=True)
class Tier:
    """From `quantity` on, each costs `unit`: all of them, not only those above."""

    quantity: int
    unit: Money


@dataclass(frozen=True, slots=True)
class Display:
    """How pages show a product."""

    badge: str | None = None
    features: tuple[str, ...] = ()
    icon: str | None = None
    order: int = 0
    highlighted: bool = False


@dataclass(frozen=True, slots=True)
class Translation:
    """A product in another language. What is None stays as it is."""

    name: str | None = None
    description: str | None = None
    badge: str | None = None
    features: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class BulkDiscount:
    """Whoever buys `quantity` units of these products or kinds (of all, where none are named) pays less for them."""

    key: str
    name: str
    quantity: int
    basis_points: int
    products: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    def covers(self, product: "Product") -> bool:
        return product.key in self.products or product.kind in self.kinds or not (self.products or self.kinds)


@dataclass(frozen=True, slots=True)
class Product:
    """One thing for sale. `prices` holds one price for each currency, `ranges` the bounds where the buyer says it.

    A paid line of kind "access" grants `features`, for `access_days` or for ever; of "content" it makes the buyer the owner of
    the host's content that the cart names; of "download" it grants files; "custom" is left to the host's hook.
    """

    key: str
    name: str
    description: str | None
    kind: str
    """One of `ProductKind`, or one that the host registered."""
    features: tuple[str, ...]
    access_days: int | None
    max_quantity: int
    active: bool
    prices: Mapping[str, Money]
    capture: Literal["automatic", "manual"] = "automatic"
    """Whether the money for it is taken at once, or only kept until the host captures it."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What its kind needs to know of it: the sub-table named after the kind. Plain JSON."""
    addon_of: tuple[str, ...] = ()
    """Products that it may only accompany; empty where it is sold by itself."""
    addon_max: int = 1
    """How many of it may accompany one of the other."""
    ranges: Mapping[str, PriceRange] = field(default_factory=dict)
    tiers: Mapping[str, tuple[Tier, ...]] = field(default_factory=dict)
    """Volume prices by currency, the smallest quantity first."""
    display: Display = Display()
    translations: Mapping[str, Translation] = field(default_factory=dict)
    """By locale, such as de or pt-BR."""
    plan: Plan | None = None
    """Of kind "plan": what is paid again and again. Such a product has no other prices."""
    tax_rate: str | None = None
    """In percent, such as "19": the tax that is in its price. None where nobody says it."""

    @property
    def currencies(self) -> list[str]:
        """In which it is sold."""
        recurring = [currency for price in self.plan.prices.values() for currency in price.amounts] if self.plan else []
        return sorted({*self.prices, *self.ranges, *recurring})

    def unit_for(self, quantity: int, currency: str) -> Money:
        """What each of so many costs. Raises KeyError where it has no price of its own in the currency."""
        reached = [tier.unit for tier in self.tiers.get(currency, ()) if tier.quantity <= quantity]
        return reached[-1] if reached else self.prices[currency]


@dataclass(frozen=True, slots=True)
class Shop:
    """Who sells: named on pages and in emails."""

    name: str
    support_email: str | None
    locale: str = "en"
    """What buyers read who named no locale."""
    platform_fee_basis_points: int = 0
    """Our share of what sellers sell as content, in hundredths of a percent, where the product says nothing else."""
    organization_fee_basis_points: int = 0


@dataclass(frozen=True, slots=True)
class EmailRules:
    """Which emails are sent, and when."""

    receipt: bool = False
    reminder_days: int = 7
    off: tuple[str, ...] = ()


DisputeAccess = Literal["keep", "suspend", "revoke"]


@dataclass(frozen=True, slots=True)
class DisputePolicy:
    """What a disputed order's buyer may still use, and what banks are told of our refunds."""

    access: DisputeAccess = "suspend"
    refund_policy: str | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """All of `farthing.toml`. `currency` is that of a cart which names none."""

    currency: str
    shop: Shop
    products: Mapping[str, Product]
    coupons: Mapping[str, Coupon] = field(default_factory=dict)
    bulk_discounts: Mapping[str, BulkDiscount] = field(default_factory=dict)
    emails: EmailRules = EmailRules()
    disputes: DisputePolicy = field(default_factory=DisputePolicy)
    refunds: RefundPolicy = field(default_factory=RefundPolicy)
    returns: ReturnPolicy = field(default_factory=ReturnPolicy)
    subscriptions: SubscriptionPolicy = field(default_factory=SubscriptionPolicy)
    alerts: AlertPolicy = field(default_factory=AlertPolicy)
    legal: Legal | None = None
    shipping: Shipping | None = None
    """Where goods are sent to; None: nobody is asked where to."""
    marketplace: Marketplace = field(default_factory=Marketplace)
