"""What credits are: granted to a customer, spent oldest first, and never below nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from farthing.ids import CreditGrantId, CreditSpendId, CustomerId, LineItemId, OrderId
from farthing.lifecycles import CreditSpendStatus

Place = Literal["issued", "customer", "spent", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class CreditGrant:
    """Credits that came in together, and end together."""

    id: CreditGrantId
    customer_id: CustomerId
    order_id: OrderId | None
    """The order they were bought with; None where somebody gave them."""
    line_id: LineItemId | None
    amount: int
    remaining: int
    used: int
    """Spent or run out: the rest was taken back, or is still there."""
    note: str | None
    granted_by: str
    granted_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    """Since when its price is back with the buyer."""


@dataclass(frozen=True, slots=True)
class CreditSpend:
    id: CreditSpendId
    customer_id: CustomerId
    reference: str
    """What they were spent on, in the host's own words: one thing is paid for once."""
    amount: int
    status: CreditSpendStatus
    note: str | None
    spent_at: datetime
    released_at: datetime | None


@dataclass(frozen=True, slots=True)
class CreditEntry:
    """One line of the statement: credits went from one place to another."""

    id: int
    grant_id: CreditGrantId
    spend_id: CreditSpendId | None
    reference: str | None
    """Of the spend, or of the refund."""
    source: Place
    target: Place
    amount: int
    posted_at: datetime
    actor: str

    @property
    def change(self) -> int:
        """What it did to the balance."""
        return self.amount if self.target == "customer" else -self.amount


@dataclass(frozen=True, slots=True)
class Credits:
    """How a customer stands: what can be spent now, and which grants it comes from, in the order they are spent in."""

    balance: int
    grants: tuple[CreditGrant, ...]
