"""Purchases: which customer owns which content of the host's, and who shares in what was paid for it."""

from farthing.purchases.actions import record, refusal, restore, reverse, revoke, suspend, withdraw_reversal
from farthing.purchases.model import Purchase
from farthing.purchases.present import PurchaseShown
from farthing.purchases.reading import PurchasePage, SellerSales, history, sales_by_seller
from farthing.purchases.store import find_owned, find_standing, get, list_page, of_order, owns

__all__ = [
    "Purchase",
    "PurchasePage",
    "PurchaseShown",
    "SellerSales",
    "find_owned",
    "find_standing",
    "get",
    "history",
    "list_page",
    "of_order",
    "owns",
    "record",
    "refusal",
    "restore",
    "reverse",
    "revoke",
    "sales_by_seller",
    "suspend",
    "withdraw_reversal",
]
