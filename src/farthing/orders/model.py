"""What an order is: who asked for what, and what it costs. Prices are copied in: the catalog may change, the order does not."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from farthing.ids import CustomerId, LineItemId, OrderId
from farthing.lifecycles import OrderStatus
from farthing.money import Money

FulfillmentState = Literal["unfulfilled", "partial", "fulfilled"]
PaymentStanding = Literal["unpaid", "processing", "authorized", "paid", "partially_refunded", "refunded"]
"""How the money of an order stands, found from its payments."""


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
    discount_amount: int = 0
    """Minor units of `unit`'s currency, for the whole quantity."""
    tax_amount: int = 0
    details: Mapping[str, Any] = field(default_factory=dict)
    """What its kind must know of the product as it was sold. Plain JSON."""
    addon_of: tuple[str, ...] = ()
    addon_max: int = 1
    base: int | None = None
    """Of an add-on: which line of the same order it accompanies, counted from 0."""
    for_line: str | None = None
    """Of an add-on that is bought later: the id of the line item it accompanies, as somebody sent it."""


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
    """Before discount and tax."""
    features: tuple[str, ...]
    access_days: int | None
    metadata: Mapping[str, str]
    discount: Money
    tax: Money
    details: Mapping[str, Any]
    """What its kind must know of the product as it was sold."""
    addon_to: LineItemId | None = None
    """Of an add-on: the line item that it accompanies, of this order or an earlier one."""

    @property
    def total(self) -> Money:
        """What the buyer pays for it."""
        return self.amount - self.discount + self.tax


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
    discount: Money
    tax: Money
    total: Money
    metadata: Mapping[str, str]
    locale: str | None
    """What the buyer reads, such as `de` or `pt-BR`; None for the shop's own."""
    placed_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    cancel_requested_at: datetime | None
    """Somebody called it off; it is canceled once nobody can pay it any more."""
    closed_at: datetime | None
    lines: Sequence[LineItem]
    access_held_at: datetime | None = None
    """Since then its payment is disputed, and what it granted is taken away."""
    payment_status: PaymentStanding = "unpaid"
    capture_before: datetime | None = None
    """Until when the money that is kept for it can be captured."""
    uncaptured: int = 0
    """Minor units of `discount` (and tax) that are there because less was captured than was authorized."""
    to_deliver: tuple[int, int, int] = (0, 0, 0)
    """Lines that people deliver, and their units: all of them, and those that are delivered. Canceled ones do not count."""

    @property
    def fulfillment_status(self) -> FulfillmentState:
        """What is handed over with the payment is fulfilled with it; what people do, when they have done it."""
        lines, units, delivered = self.to_deliver
        if self.status != OrderStatus.PAID:
            return "unfulfilled"
        if delivered == units:
            return "fulfilled"
        return "partial" if delivered or len(self.lines) > lines else "unfulfilled"

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


def with_addons(lines: Sequence[LineItem], chosen: Collection[LineItemId]) -> tuple[LineItem, ...]:
    """The chosen lines and all that accompanies them: an add-on does not stay where what it was for goes back."""
    return tuple(line for line in lines if line.id in chosen or line.addon_to in chosen)


def standing(order: OrderStatus, payment: str | None, *, partly_back: bool) -> PaymentStanding:
    """How the money stands: `payment` is the status of the one that settles the order, or may yet."""
    match order:
        case OrderStatus.REFUNDED:
            return "refunded"
        case OrderStatus.PAID:
            return "partially_refunded" if partly_back else "paid"
        case _ if payment == "processing":
            return "processing"
        case _ if payment == "authorized":
            return "authorized"
        case _:
            return "unpaid"


def reduced(order: Order, uncaptured: Money) -> Order:
    """The order at a lower price, because less was captured than was authorized.

    What was not taken is shared among the lines in proportion to what the buyer would pay for each, losing no unit, and
    stands there as discount; the tax of a line falls with its price. So an order is always paid in full, and no line can be
    refunded for more than was taken for it.
    """
    parts = uncaptured.split([line.total.amount for line in order.lines])
    lines = tuple(_reduced(line, part) for line, part in zip(order.lines, parts, strict=True))
    zero = Money.zero(order.total.currency)
    return replace(
        order,
        lines=lines,
        discount=sum((line.discount for line in lines), start=zero),
        tax=sum((line.tax for line in lines), start=zero),
        total=order.total - uncaptured,
        uncaptured=order.uncaptured + uncaptured.amount,
    )


def _reduced(line: LineItem, part: Money) -> LineItem:
    total = line.total - part
    tax = Money(line.tax.amount * total.amount // line.total.amount, total.currency) if line.total else line.tax
    return replace(line, tax=tax, discount=line.amount + tax - total)
