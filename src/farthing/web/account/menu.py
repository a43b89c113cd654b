"""The menu of the account: what this shop does not sell has no page in it."""

from collections.abc import Sequence
from typing import Final

from farthing.catalog import Catalog
from farthing.web.frame import Section

_BY_KIND: Final = (
    ("plan", Section("Plans", "repeat", "account_subscriptions")),
    ("download", Section("Downloads", "download", "account_downloads")),
    ("content", Section("Purchases", "book-open", "account_purchases")),
    ("credits", Section("Credits", "wallet", "account_credits")),
)


def sections(catalog: Catalog) -> Sequence[Section]:
    """A product that is no longer for sale counts: somebody may have bought it."""
    kinds = {product.kind for product in catalog.products.values()}
    held = (section for kind, section in _BY_KIND if kind in kinds)
    orders, methods = Section("Orders", "receipt", "account_orders"), Section("Payment", "credit-card", "account_methods")
    sells = (Section("Selling", "store", "seller"),) if catalog.marketplace.open else ()
    return (orders, *held, methods, *sells)
