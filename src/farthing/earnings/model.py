"""What the sale of a line earned for whom. Pure."""

from dataclasses import dataclass
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
    earned_at: datetime

    @property
    def left(self) -> Shares:
        return self.shares - self.refunded


@dataclass(frozen=True, slots=True)
class Earned:
    """What a seller has earned in one currency, less what went back."""

    sales: Money
    platform_fees: Money
    organization_fees: Money
    share: Money
