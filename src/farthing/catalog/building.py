"""The tables of a farthing.toml that was checked become the catalog."""

from collections.abc import Mapping, Sequence
from typing import Any

from farthing.catalog.alert_tables import alerts_of
from farthing.catalog.display_tables import DisplayTable, TranslationTable
from farthing.catalog.legal import LegalTable, legal_of
from farthing.catalog.marketplace import marketplace_of
from farthing.catalog.model import (
    BulkDiscount,
    Catalog,
    Display,
    DisputePolicy,
    EmailRules,
    PriceRange,
    Product,
    Shop,
    Tier,
    Translation,
)
from farthing.catalog.plan_tables import plan_of
from farthing.catalog.plans import SubscriptionPolicy
from farthing.catalog.price_tables import BulkDiscountTable, CouponTable, RangeTable
from farthing.catalog.refund_tables import policy_of
from farthing.catalog.returning import returns_of
from farthing.catalog.shipping import shipping_of
from farthing.catalog.tables import File, ProductTable
from farthing.catalog.values import read_amount, read_percent, read_price
from farthing.discounts import Coupon
from farthing.money import Money


def built(file: File, own: Mapping[str, Mapping[str, Any]]) -> Catalog:
    """`own`: options of products whose kind is the application's own."""
    return Catalog(
        currency=file.currency,
        shop=Shop(**file.shop.model_dump()),
        products={key: _product(key, table, own.get(key), file.legal) for key, table in file.products.items()},
        coupons={key: _coupon(key, table) for key, table in file.coupons.items()},
        bulk_discounts={key: _bulk(key, table) for key, table in file.bulk_discounts.items()},
        emails=EmailRules(file.emails.receipt, file.emails.reminder_days, tuple(file.emails.off)),
        disputes=DisputePolicy(file.disputes.access, file.disputes.refund_policy or None),
        refunds=policy_of(file.refunds),
        returns=returns_of(file.returns),
        subscriptions=SubscriptionPolicy(**file.subscriptions.model_dump()),
        alerts=alerts_of(file.alerts),
        legal=legal_of(file.legal),
        shipping=shipping_of(file.shipping, None if file.legal is None else file.legal.tax_rate),
        marketplace=marketplace_of(file.marketplace),
    )


def _product(key: str, table: ProductTable, own: Mapping[str, Any] | None, legal: LegalTable | None) -> Product:
    return Product(
        key=key,
        name=table.name,
        description=table.description or None,
        kind=table.kind,
        features=tuple(table.features),
        access_days=table.access_days,
        max_quantity=table.max_quantity,
        active=table.active,
        prices={
            price.currency: price for price in (read_price(text) for text in table.written_prices if isinstance(text, str))
        },
        options=_options(key, table) if own is None else own,
        addon_of=tuple(table.addon_of),
        addon_max=table.addon_max,
        capture=table.capture,
        ranges={found.min.currency: found for found in (_range(t) for t in table.written_prices if isinstance(t, RangeTable))},
        tiers=_tiers(table),
        display=_display(table.display),
        translations={locale: _translation(words) for locale, words in table.translations.items()},
        plan=None if table.plan is None else plan_of(table.plan),
        tax_rate=table.tax_rate or (legal.tax_rate if legal is not None and table.kind != "plan" else None),
    )


def _options(key: str, table: ProductTable) -> Mapping[str, Any]:
    found = table.kind_options
    return {**found, "sku": found["sku"] or key} if table.kind == "goods" else found


def _range(table: RangeTable) -> PriceRange:
    return PriceRange(read_price(table.min), read_price(table.max), tuple(read_price(text) for text in table.suggested))


def _tiers(table: ProductTable) -> Mapping[str, tuple[Tier, ...]]:
    tiers = sorted((Tier(row.from_, read_price(row.price)) for row in table.volume_prices), key=lambda tier: tier.quantity)
    currencies = {tier.unit.currency for tier in tiers}
    return {currency: tuple(tier for tier in tiers if tier.unit.currency == currency) for currency in sorted(currencies)}


def _display(table: DisplayTable) -> Display:
    return Display(table.badge, tuple(table.features), table.icon, table.order, table.highlighted)


def _translation(table: TranslationTable) -> Translation:
    features = None if table.features is None else tuple(table.features)
    return Translation(table.name, table.description, table.badge, features)


def _coupon(key: str, table: CouponTable) -> Coupon:
    return Coupon(
        key=key,
        name=table.name,
        basis_points=None if table.percent is None else read_percent(table.percent),
        amounts=_amounts(table.written_amounts),
        products=tuple(table.products),
        minimums=_amounts(table.written_minimums),
        redemptions_max=table.max_redemptions,
        once_per_customer=table.once_per_customer,
        first_purchase=table.first_purchase,
        duration=table.duration,
        duration_months=table.duration_months,
        valid_from=table.valid_from,
        valid_until=table.valid_until,
        active=table.active,
        codes=tuple(table.codes),
    )


def _amounts(texts: Sequence[str]) -> Mapping[str, Money]:
    return {amount.currency: amount for amount in map(read_amount, texts)}


def _bulk(key: str, table: BulkDiscountTable) -> BulkDiscount:
    points = read_percent(table.percent)
    return BulkDiscount(key, table.name, table.from_, points, tuple(table.products), tuple(table.kinds))
