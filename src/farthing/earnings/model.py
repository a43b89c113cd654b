"""What the sale of a line earned for whom. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from farthing.ids import EarningId, LineItemId, OrderId, SellerId
from farthing.money import Money
from farthing.shares import Shares


@dataclass(frozen=True, slots=True)
class Earning:
    """The shares of one paid line, and what went back of them."""

    id: EarningId
    line_id: LineItemId
    order_id: OrderId
    seller_id: SellerId
    seller: str
    """The host's own id of them, by which the books know them."""
    livemode: bool
    shares: Shares
    refunded: Shares
    transferred: Money
    """What of the share is with the seller, or on its way."""
    earned_at: datetime

    @property
    def left(self) -> Shares:
        return self.shares - self.refunded

    @property
    def pending(self) -> Money:
        """What the seller is still to get."""
        return max(self.left.seller_share - self.transferred, Money.zero(self.transferred.currency))

    @property
    def owed(self) -> Money:
        """What the seller got, and has to give back."""
        return max(self.transferred - self.left.seller_share, Money.zero(self.transferred.currency))

    def given(self, money: Money) -> "Earning":
        """The same, when so much more is with the seller, or less."""
        return replace(self, transferred=self.transferred + money)


@dataclass(frozen=True, slots=True)
class Earned:
    """What a seller has earned in one currency, less what went back."""

    sales: Money
    platform_fees: Money
    organization_fees: Money
    share: Money
