"""The books: double entry, append-only, balanced by the database. Where every unit is."""

from farthing.ledger.accounts import (
    DISPUTE_FEES,
    DISPUTE_LOSSES,
    DISPUTED,
    FEES,
    PLATFORM_FEES,
    REFUNDS,
    REFUNDS_OWED,
    SALES,
    SUBSCRIPTIONS,
    SURPLUS,
    TAXES,
    Account,
    organization,
    provider,
    seller,
)
from farthing.ledger.balances import Balance, Entry, entries_of, entries_of_order, recent_entries, trial_balance
from farthing.ledger.post import Move, post

__all__ = [
    "DISPUTED",
    "DISPUTE_FEES",
    "DISPUTE_LOSSES",
    "FEES",
    "PLATFORM_FEES",
    "REFUNDS",
    "REFUNDS_OWED",
    "SALES",
    "SUBSCRIPTIONS",
    "SURPLUS",
    "TAXES",
    "Account",
    "Balance",
    "Entry",
    "Move",
    "entries_of",
    "entries_of_order",
    "organization",
    "post",
    "provider",
    "recent_entries",
    "seller",
    "trial_balance",
]
