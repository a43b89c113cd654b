"""What an order is: who asked for what, and what it costs. Prices are copied in: the catalog may change, the order does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from farthing.ids import CustomerId, LineItemId, OrderId
from farthing.lifecycles import OrderStatus
from farthing.money import Money


@dataclass(frozen=True, slots=True)
class NewLine:
    """A priced line that is not stored yet."""

    product: str
    kind: str
    name: str
    quantity: int
    unit: Money
    features: tuple[str, ...] = ()
    access_days: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LineItem:
    id: LineItemId
    product: str
    """The product's key in farthing.toml."""
    kind: str
    name: str
    quantity: int
    unit: Money
    amount: Money
    features: tuple[str, ...]
    access_days: int | None
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Order:
    id: OrderId
    number: int
    """For people; `id` is for machines."""
    customer_id: CustomerId
    email: str | None
    livemode: bool
    status: OrderStatus
    subtotal: Money
    total: Money
    metadata: Mapping[str, str]
    placed_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    cancel_requested_at: datetime | None
    """Somebody called it off; it is canceled once nobody can pay it any more."""
    closed_at: datetime | None
    lines: Sequence[LineItem]

    def described(self) -> dict[str, object]:
        """What an event tells of the order: enough to act on without a look into the database."""
        return {
            "number": self.number,
            "total": {"amount": self.total.amount, "currency": self.total.currency},
            "customer": str(self.customer_id),
            "line_items": [
                {"id": str(line.id), "product": line.product, "quantity": line.quantity, "metadata": dict(line.metadata)}
                for line in self.lines
            ],
            "metadata": dict(self.metadata),
        }
