"""Credits: bought or given, spent oldest first, and never below nothing."""

from farthing.credits.actions import (
    customer_of,
    give,
    grant_line,
    hold_given,
    hold_line,
    let_go_given,
    let_go_line,
    release,
    restore_line,
    revoke_line,
    show,
    spend,
)
from farthing.credits.flow import expire_due
from farthing.credits.model import CreditEntry, CreditGrant, Credits, CreditSpend
from farthing.credits.store import find_given, find_grant, get_spend, grants_of_order, spends_of, statement

__all__ = [
    "CreditEntry",
    "CreditGrant",
    "CreditSpend",
    "Credits",
    "customer_of",
    "expire_due",
    "find_given",
    "find_grant",
    "get_spend",
    "give",
    "grant_line",
    "grants_of_order",
    "hold_given",
    "hold_line",
    "let_go_given",
    "let_go_line",
    "release",
    "restore_line",
    "revoke_line",
    "show",
    "spend",
    "spends_of",
    "statement",
]
