"""What is for sale and what it costs: farthing.toml, the pricing of carts, and keeping the provider's copy the same."""

from farthing.catalog.cart import CartItem, Discount, PricedCart, PricedLine
from farthing.catalog.constants import python, typescript
from farthing.catalog.contents import Content, Offers, Resolver, checked_reference, offers
from farthing.catalog.delivering import SHIPPING, delivered, is_sent, rate_for, rates_for
from farthing.catalog.example import EXAMPLE
from farthing.catalog.flow import Applied, apply, plan
from farthing.catalog.legal import Legal
from farthing.catalog.localizing import localized
from farthing.catalog.marketplace import Marketplace
from farthing.catalog.model import (
    BulkDiscount,
    Catalog,
    Display,
    DisputeAccess,
    DisputePolicy,
    PriceRange,
    Product,
    ProductKind,
    Shop,
    Tier,
    Translation,
)
from farthing.catalog.planning import Drift, Plan, lookup_key, plan_lookup_key
from farthing.catalog.plans import Interval, PlanPrice, SubscriptionPolicy, TrialMark
from farthing.catalog.plans import Plan as SubscriptionPlan
from farthing.catalog.policy import RefundPolicy, RefundRole, within
from farthing.catalog.pricing import checked_metadata, price
from farthing.catalog.provider_env import env_lines
from farthing.catalog.reducing import credited, discounted
from farthing.catalog.returning import ReturnPolicy
from farthing.catalog.shipping import Shipping, ShippingRate
from farthing.catalog.standing import Standing, standings
from farthing.catalog.steps import Line
from farthing.catalog.store import find_product_id, plan_price_id, product_of, provider_price_ids
from farthing.catalog.toml import json_schema, load, parse
from farthing.catalog.values import read_amount, read_percent

__all__ = [
    "EXAMPLE",
    "SHIPPING",
    "Applied",
    "BulkDiscount",
    "CartItem",
    "Catalog",
    "Content",
    "Discount",
    "Display",
    "DisputeAccess",
    "DisputePolicy",
    "Drift",
    "Interval",
    "Legal",
    "Line",
    "Marketplace",
    "Offers",
    "Plan",
    "PlanPrice",
    "PriceRange",
    "PricedCart",
    "PricedLine",
    "Product",
    "ProductKind",
    "RefundPolicy",
    "RefundRole",
    "Resolver",
    "ReturnPolicy",
    "Shipping",
    "ShippingRate",
    "Shop",
    "Standing",
    "SubscriptionPlan",
    "SubscriptionPolicy",
    "Tier",
    "Translation",
    "TrialMark",
    "apply",
    "checked_metadata",
    "checked_reference",
    "credited",
    "delivered",
    "discounted",
    "env_lines",
    "find_product_id",
    "is_sent",
    "json_schema",
    "load",
    "localized",
    "lookup_key",
    "offers",
    "parse",
    "plan",
    "plan_lookup_key",
    "plan_price_id",
    "price",
    "product_of",
    "provider_price_ids",
    "python",
    "rate_for",
    "rates_for",
    "read_amount",
    "read_percent",
    "standings",
    "typescript",
    "within",
]
