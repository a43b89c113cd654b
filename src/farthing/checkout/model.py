"""One visit to a payment page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from farthing.ids import CheckoutId, OrderId, PaymentId
from farthing.lifecycles import CheckoutStatus
from farthing.money import Money
from farthing.providers import CheckoutRequest, RequestedItem


@dataclass(frozen=True, slots=True)
class Checkout:
    id: CheckoutId
    order_id: OrderId
    payment_id: PaymentId | None
    """None where the order costs nothing."""
    provider: str
    status: CheckoutStatus
    provider_checkout_id: str | None
    url: str | None
    """The page to send the buyer to; None before the provider answered and after the page is closed."""
    request: CheckoutRequest | None
    """What the provider is asked for; None where it is not asked."""
    success_url: str
    cancel_url: str
    started_at: datetime
    expires_at: datetime
    own_order: bool = True
    """Whether the order was placed for this page, and ends with it where the provider will not make it."""
    replaced_at: datetime | None = None
    """It makes room for another way to pay: its end is not the end of its order."""

    @property
    def is_free(self) -> bool:
        return self.payment_id is None

    @property
    def asked(self) -> CheckoutRequest:
        assert self.request is not None, f"{self.id} is free: nobody is asked for a page"
        return self.request


@dataclass(frozen=True, slots=True)
class Started:
    """What a caller gets for a cart: where to send the buyer, and the order it will pay."""

    id: CheckoutId
    order_id: OrderId
    order_number: int
    url: str
    expires_at: datetime
    total: Money
    replayed: bool = False
    """Whether this is the answer to an earlier request with the same idempotency key."""


def filled(url: str, checkout: Checkout) -> str:
    """The host's URL, with what it asked for put in."""
    session_id = checkout.provider_checkout_id or ""
    return url.replace("{CHECKOUT_SESSION_ID}", session_id).replace("{ORDER_ID}", str(checkout.order_id))


def to_json(request: CheckoutRequest) -> dict[str, Any]:
    return {
        "items": [
            {
                "name": item.name,
                "quantity": item.quantity,
                "unit_amount": item.unit.amount,
                "price_id": item.price_id,
                "description": item.description,
            }
            for item in request.items
        ],
        "total": request.total.amount,
        "currency": request.total.currency,
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "expires_at": request.expires_at.isoformat(),
        "reference": request.reference,
        "payment_reference": request.payment_reference,
        "order_number": request.order_number,
        "email": request.email,
        "customer_id": request.customer_id,
        "customer_reference": request.customer_reference,
        "save_method": request.save_method,
        "metadata": dict(request.metadata),
        "capture_method": request.capture_method,
    }


def from_json(stored: dict[str, Any]) -> CheckoutRequest:
    currency = stored["currency"]
    return CheckoutRequest(
        items=[
            RequestedItem(
                item["name"],
                item["quantity"],
                Money(item["unit_amount"], currency),
                item["price_id"],
                item.get("description"),  # left out by the release before
            )
            for item in stored["items"]
        ],
        total=Money(stored["total"], currency),
        success_url=stored["success_url"],
        cancel_url=stored["cancel_url"],
        expires_at=datetime.fromisoformat(stored["expires_at"]),
        reference=stored["reference"],
        payment_reference=stored["payment_reference"],
        order_number=stored["order_number"],
        email=stored["email"],
        customer_id=stored["customer_id"],
        customer_reference=stored.get("customer_reference"),
        save_method=stored.get("save_method", False),
        metadata=stored.get("metadata", {}),
        capture_method=stored.get("capture_method", "automatic"),
    )
