"""How the request for an intent is kept."""

from collections.abc import Mapping
from typing import Any

from farthing.money import Money
from farthing.providers import IntentRequest


def to_json(request: IntentRequest) -> dict[str, object]:
    return {
        "amount": request.money.amount,
        "currency": request.money.currency,
        "reference": request.reference,
        "order_number": request.order_number,
        "capture_method": request.capture_method,
        "customer_id": request.customer_id,
    }


def from_json(stored: Mapping[str, Any]) -> IntentRequest:
    return IntentRequest(
        money=Money(stored["amount"], stored["currency"]),
        reference=stored["reference"],
        order_number=stored["order_number"],
        capture_method=stored["capture_method"],
        customer_id=stored["customer_id"],
    )
