"""Payouts: what sellers earned goes to their accounts after the holding period, and comes back when it went back to buyers."""

from farthing.payouts.balances import balance, holdings
from farthing.payouts.flow import release_due, send_reversal, send_transfer, take_back_due
from farthing.payouts.model import Balance, Held, Reversal, Transfer
from farthing.payouts.store import get, list_page, of_seller_order, reversals_of

__all__ = [
    "Balance",
    "Held",
    "Reversal",
    "Transfer",
    "balance",
    "get",
    "holdings",
    "list_page",
    "of_seller_order",
    "release_due",
    "reversals_of",
    "send_reversal",
    "send_transfer",
    "take_back_due",
]
