"""Earnings: what the sale of a line earned for the platform, an organization and the seller, and what went back of it."""

from farthing.earnings.actions import record, reverse, withdraw_reversal
from farthing.earnings.model import Earned, Earning
from farthing.earnings.store import earned, list_page, of_order, of_seller_orders, owing, reversals_of, save_transferred

__all__ = [
    "Earned",
    "Earning",
    "earned",
    "list_page",
    "of_order",
    "of_seller_orders",
    "owing",
    "record",
    "reversals_of",
    "reverse",
    "save_transferred",
    "withdraw_reversal",
]
