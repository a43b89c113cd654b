"""What a purchase is, and how its price is shared. Whatever is divided is divided without a rest."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from farthing.ids import CustomerId, LineItemId, OrderId, PaymentId, PurchaseId
from farthing.lifecycles import PurchaseStatus
from farthing.money import Money

WHOLE: Final = 10_000
"""Basis points."""


@dataclass(frozen=True, slots=True)
class Shares:
    """The three parts of a price. They are the whole price."""

    platform_fee: Money
    organization_fee: Money
    seller_share: Money

    @property
    def total(self) -> Money:
        return self.platform_fee + self.organization_fee + self.seller_share

    def __sub__(self, other: "Shares") -> "Shares":
        return Shares(
            self.platform_fee - other.platform_fee,
            self.organization_fee - other.organization_fee,
            self.seller_share - other.seller_share,
        )

    def part(self, money: Money) -> "Shares":
        """What each bears of so much of it, by largest remainder: no part is more than the share it comes from, and all of it
        is exactly all of them. Raises ValueError for more than there is.
        """
        if not (Money.zero(money.currency) <= money <= self.total):
            raise ValueError(f"{money} is not a part of {self.total}")
        if not money:
            return Shares(money, money, money)
        weights = [self.platform_fee.amount, self.organization_fee.amount, self.seller_share.amount]
        return Shares(*money.split(weights))


def share(amount: Money, *, platform: int, organization: int) -> Shares:
    """Share a price by basis points, by largest remainder; the seller gets what the others do not."""
    return Shares(*amount.split([platform, organization, WHOLE - platform - organization]))


@dataclass(frozen=True, slots=True)
class Purchase:
    """The sale of one content to one customer."""

    id: PurchaseId
    customer_id: CustomerId
    content: str
    """The host's own name of it."""
    product: str
    title: str
    """As it was when it was sold."""
    seller: str | None
    organization: str | None
    order_id: OrderId
    line_item_id: LineItemId
    payment_id: PaymentId | None
    livemode: bool
    amount: Money
    """What is shared: what was paid for it, without tax."""
    tax: Money
    shares: Shares
    refunded: Shares
    status: PurchaseStatus
    purchased_at: datetime
    refunded_at: datetime | None

    @property
    def paid(self) -> Money:
        """What the buyer paid for it."""
        return self.amount + self.tax

    @property
    def left(self) -> Shares:
        """What each still has of it."""
        return self.shares - self.refunded
