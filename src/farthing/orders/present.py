"""An order as it is shown over HTTP."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from farthing.http.bodies import MoneyShown, Shown
from farthing.ids import public
from farthing.lifecycles import OrderStatus
from farthing.orders.model import FulfillmentState, LineItem, Order, PaymentStanding


class LineItemShown(Shown):
    id: str
    object: Literal["line_item"] = "line_item"
    product: str = Field(description="The product's key in the catalog.")
    kind: str
    name: str
    quantity: int
    unit: MoneyShown
    amount: MoneyShown = Field(description="Before discount and tax.")
    discount: MoneyShown
    tax: MoneyShown
    total: MoneyShown = Field(description="What the buyer pays for it.")
    features: list[str]
    access_days: int | None
    metadata: dict[str, str]
    addon_to: str | None = Field(description="Of an add-on: the line item that it accompanies.")

    @classmethod
    def of(cls, line: LineItem) -> "LineItemShown":
        return cls(
            id=str(line.id),
            product=line.product,
            kind=line.kind,
            name=line.name,
            quantity=line.quantity,
            unit=MoneyShown.of(line.unit),
            amount=MoneyShown.of(line.amount),
            discount=MoneyShown.of(line.discount),
            tax=MoneyShown.of(line.tax),
            total=MoneyShown.of(line.total),
            features=list(line.features),
            access_days=line.access_days,
            metadata=dict(line.metadata),
            addon_to=public(line.addon_to),
        )


class OrderShown(Shown):
    id: str = Field(examples=["order_01k9h4w3q8fvtb7m2x5c6d0e1f"])
    object: Literal["order"] = "order"
    number: int = Field(description="For people; `id` is for programs.", examples=[1001])
    status: OrderStatus
    fulfillment_status: FulfillmentState = Field(
        description="Whether people have delivered what they must; the rest comes with the payment."
    )
    livemode: bool
    customer: str
    email: str | None
    subtotal: MoneyShown
    discount: MoneyShown
    tax: MoneyShown
    total: MoneyShown
    line_items: list[LineItemShown]
    metadata: dict[str, str]
    locale: str | None = Field(description="What the buyer reads; null for the language of the shop.")
    placed_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    closed_at: datetime | None
    payment_status: PaymentStanding = Field(description="How its money stands, found from its payments.")
    capture_before: datetime | None = Field(description="Until when the money that is kept for it can be captured.")

    @classmethod
    def of(cls, order: Order) -> "OrderShown":
        return cls(
            id=str(order.id),
            number=order.number,
            status=order.status,
            fulfillment_status=order.fulfillment_status,
            livemode=order.livemode,
            customer=str(order.customer_id),
            email=order.email,
            subtotal=MoneyShown.of(order.subtotal),
            discount=MoneyShown.of(order.discount),
            tax=MoneyShown.of(order.tax),
            total=MoneyShown.of(order.total),
            line_items=[LineItemShown.of(line) for line in order.lines],
            metadata=dict(order.metadata),
            locale=order.locale,
            placed_at=order.placed_at,
            expires_at=order.expires_at,
            paid_at=order.paid_at,
            closed_at=order.closed_at,
            payment_status=order.payment_status,
            capture_before=order.capture_before,
        )
