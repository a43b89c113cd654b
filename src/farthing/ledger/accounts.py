"""The chart of accounts: each place money can be, and what kind of place it is.

In code money goes from one account to another. What an accountant calls a debit is a positive entry, a credit a negative one.
"""

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    kind: Literal["asset", "liability", "revenue", "expense"]


SALES: Final = Account("sales", "revenue")
"""What we sold."""

REFUNDS: Final = Account("refunds", "revenue")
"""What we took back of it: the other side of sales."""

REFUNDS_OWED: Final = Account("refunds:owed", "liability")
"""Promised to a buyer, and not yet with the bank."""

SURPLUS: Final = Account("surplus", "liability")
"""Money that pays for nothing, until it is back with whoever sent it."""

TRANSFERS_OWED: Final = Account("transfers:owed", "liability")
"""On its way to sellers, and not yet with their accounts."""

DISPUTED: Final = Account("disputed", "asset")
"""Taken back by a buyer's bank, and not decided: it comes back to us, or is lost."""

DISPUTE_LOSSES: Final = Account("dispute_losses", "expense")
"""What banks took back for good. No refund: nobody here gave it."""

DISPUTE_FEES: Final = Account("dispute_fees", "expense")
"""What payment companies charge for a dispute."""

FEES: Final = Account("provider_fees", "expense")
"""What payment companies keep."""


SUBSCRIPTIONS: Final = Account("subscriptions", "revenue")
"""What subscriptions brought in."""

TAXES: Final = Account("taxes", "liability")
"""What buyers paid for the tax office."""

PLATFORM_FEES: Final = Account("platform:fees", "revenue")
"""Our share of what others sell here."""


def seller(reference: str) -> Account:
    """What we owe somebody who sells here: their share of what was sold."""
    return Account(f"seller:{reference}:pending", "liability")


def seller_owes(reference: str) -> Account:
    """What somebody who sells here has of sales that went back: it is taken back, or kept of what they earn next."""
    return Account(f"seller:{reference}:owed", "asset")


def organization(reference: str) -> Account:
    """What we owe the organization between us and the seller."""
    return Account(f"organization:{reference}:pending", "liability")


def provider(name: str) -> Account:
    """What a payment company holds for us."""
    return Account(f"provider:{name}", "asset")
