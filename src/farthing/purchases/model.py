"""What a purchase is. Its price is shared without a rest."""

from dataclasses import dataclass
from datetime import datetime

from farthing.ids import CustomerId, LineItemId, OrderId, PaymentId, PurchaseId
from farthing.lifecycles import PurchaseStatus
from farthing.money import Money
from farthing.shares import Shares


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
