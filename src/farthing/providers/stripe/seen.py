"""Stripe's objects in our words. Works on plain dictionaries, whether they came from an answer or out of a signed event."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from farthing.money import Money
from farthing.providers.intents import SeenIntent
from farthing.providers.protocol import SeenCheckout, SeenPayment, SeenRefund

MARK: Final = "farthing_payment"
"""Metadata of everything we make there: an object without it is somebody else's."""

CHECKOUT_MARK: Final = "farthing_checkout"
REFUND_MARK: Final = "farthing_refund"
START_MARK: Final = "farthing_subscription"
"""Metadata of a subscription and of the page it begins on: our own start of it."""

COUPON_MARK: Final = "farthing_coupon"
"""Metadata of a coupon: the key of ours that it is a copy of."""

PRICE_MARK: Final = "farthing_price"
"""Metadata of a recurring price: its name in farthing.toml."""

Plain = Mapping[str, Any]
PaymentStatus = Literal["open", "processing", "authorized", "succeeded", "canceled"]
RefundStatus = Literal["pending", "succeeded", "failed", "canceled"]

# Open enums: a status that Stripe adds later is "open", which decides nothing.
_PAYMENT: Final[Mapping[str, PaymentStatus]] = {
    "processing": "processing",
    "requires_capture": "authorized",
    "succeeded": "succeeded",
    "canceled": "canceled",
}
_REFUND: Final[Mapping[str, RefundStatus]] = {"succeeded": "succeeded", "failed": "failed", "canceled": "canceled"}


def checkout(session: Plain) -> SeenCheckout:
    status = session["status"]
    total, currency = session.get("amount_total"), session.get("currency")
    return SeenCheckout(
        id=session["id"],
        status=status if status in ("complete", "expired") else "open",
        paid=session["payment_status"] != "unpaid",
        url=session.get("url"),
        total=None if total is None or currency is None else Money(total, currency),
        payment_id=id_of(session.get("payment_intent")),
        reference=_mark(session, CHECKOUT_MARK),
    )


def payment(intent: Plain) -> SeenPayment:
    """A PaymentIntent; with `latest_charge.balance_transaction` expanded it brings the fee and the card."""
    latest = intent.get("latest_charge")
    charge: Plain = latest if isinstance(latest, Mapping) else {}
    card = (charge.get("payment_method_details") or {}).get("card") or {}
    failure = intent.get("last_payment_error") or {}
    status = _PAYMENT.get(intent["status"], "open")
    return SeenPayment(
        id=intent["id"],
        status=status,
        received=Money(intent["amount_received"], intent["currency"]) if status == "succeeded" else None,
        reference=_mark(intent, MARK),
        charge_id=id_of(latest),
        fee=_fee(charge.get("balance_transaction")),
        card_brand=card.get("brand"),
        card_last4=card.get("last4"),
        failure_code=failure.get("decline_code") or failure.get("code") or failure.get("type"),
        failure_message=failure.get("message"),
        held=Money(intent["amount_capturable"], intent["currency"]) if status == "authorized" else None,
        capture_before=_moment(card.get("capture_before")),
        cancel_reason=intent.get("cancellation_reason"),
    )


def intent(found: Plain) -> SeenIntent:
    """A PaymentIntent with what its buyer's browser needs."""
    action = found.get("next_action") or {}
    return SeenIntent(
        payment=payment(found),
        client_secret=found.get("client_secret"),
        redirect_url=(action.get("redirect_to_url") or {}).get("url"),
        needs_method=found["status"] in ("requires_payment_method", "requires_confirmation"),
    )


def refund(found: Plain) -> SeenRefund:
    return SeenRefund(
        id=found["id"],
        payment_id=id_of(found.get("payment_intent")),
        status=_REFUND.get(found.get("status") or "", "pending"),
        money=Money(found["amount"], found["currency"]),
        reference=_mark(found, REFUND_MARK),
        failure_reason=found.get("failure_reason"),
        pending_reason=found.get("pending_reason"),
    )


def id_of(value: object) -> str | None:
    """The id of what may be an id, an expanded object or nothing."""
    if isinstance(value, Mapping):
        value = value["id"]
    return value if isinstance(value, str) else None


def _mark(found: Plain, name: str) -> str | None:
    mark = (found.get("metadata") or {}).get(name)
    return mark if isinstance(mark, str) else None


def _moment(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if type(seconds) is int else None


def _fee(transaction: object) -> Money | None:
    if not isinstance(transaction, Mapping):
        return None
    return Money(transaction["fee"], transaction["currency"])
