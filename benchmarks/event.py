"""Deliveries as Stripe sends them: a `payment_intent.succeeded` of some four kilobytes, signed."""

import hashlib
import hmac
import json
import time
from typing import Any, Final

SECRET: Final = "whsec_of_the_benchmarks"
AMOUNT: Final = 4900
CURRENCY: Final = "eur"


def succeeded(event_id: str, intent_id: str, payment: str) -> bytes:
    """The body of the event that a payment of ours succeeded."""
    intent: dict[str, Any] = {
        "id": intent_id,
        "object": "payment_intent",
        "amount": AMOUNT,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": AMOUNT,
        "application": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{intent_id}_secret_of_the_benchmarks",
        "confirmation_method": "automatic",
        "created": 1_790_000_000,
        "currency": CURRENCY,
        "customer": "cus_of_the_benchmarks",
        "description": "Order 1001",
        "last_payment_error": None,
        "latest_charge": f"ch_{intent_id.removeprefix('pi_')}",
        "livemode": False,
        "metadata": {"farthing_payment": payment} | {f"key_{n}": "what the host keeps there " * 6 for n in range(14)},
        "next_action": None,
        "payment_method": "pm_of_the_benchmarks",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card", "link"],
        "receipt_email": "buyer@example.com",
        "shipping": None,
        "status": "succeeded",
        "transfer_data": None,
    }
    event = {
        "id": event_id,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1_790_000_001,
        "data": {"object": intent},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": "req_of_the_benchmarks", "idempotency_key": None},
        "type": "payment_intent.succeeded",
    }
    return json.dumps(event, indent=2).encode()


def signature(body: bytes) -> str:
    """The Stripe-Signature header of this moment."""
    moment = int(time.time())
    digest = hmac.new(SECRET.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"
