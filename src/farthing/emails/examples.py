"""An example of each email, for whoever wants to see it before anybody gets it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from farthing.catalog import Shop
from farthing.ids import CustomerId, LineItemId, OrderId
from farthing.lifecycles import OrderStatus
from farthing.money import Money
from farthing.orders import LineItem, Order
from farthing.sellers import Reason

_AT: Final = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
_ZERO: Final = Money(0, "eur")


def _line(name: str, quantity: int, unit: int, discount: int = 0) -> LineItem:
    price = Money(unit, "eur")
    return LineItem(
        id=LineItemId.new(),
        product=name.lower(),
        kind="custom",
        name=name,
        quantity=quantity,
        unit=price,
        amount=price * quantity,
        features=(),
        access_days=None,
        metadata={},
        discount=Money(discount, "eur"),
        tax=_ZERO,
        details={},
    )


_LINES: Final = (_line("The Night Sky Atlas", 1, 2400), _line("Star map", 2, 1250, discount=250))

_ORDER: Final = Order(
    id=OrderId.new(),
    number=1001,
    customer_id=CustomerId.new(),
    email="ada@example.com",
    livemode=False,
    status=OrderStatus.PAID,
    subtotal=Money(4900, "eur"),
    discount=Money(250, "eur"),
    tax=_ZERO,
    total=Money(4650, "eur"),
    metadata={},
    locale=None,
    placed_at=_AT,
    expires_at=_AT + timedelta(hours=1),
    paid_at=_AT,
    cancel_requested_at=None,
    closed_at=None,
    lines=_LINES,
)

_BASE: Final[Mapping[str, Any]] = {
    "order": _ORDER,
    "shop": Shop("The Star Shop", "help@shop.example"),
    "link": "https://shop.example/account",
}

_PLAN: Final[Mapping[str, Any]] = {
    "plan": "Pro",
    "until": _AT + timedelta(days=7),
    "shop": Shop("The Star Shop", "help@shop.example"),
    "link": "https://shop.example/account",
}

_SELLER: Final[Mapping[str, Any]] = {
    "number": "1001-1",
    "shop": Shop("The Star Shop", "help@shop.example"),
    "link": "https://shop.example/seller/balance",
    "amount": Money(4185, "eur"),
}

_SALE: Final[Mapping[str, Any]] = {
    **_SELLER,
    "lines": [(1, "The Night Sky Atlas"), (2, "Star map")],
    "to": ["Ada Lovelace", "12 St James's Square", "London", "SW1Y 4JH"],
}

_PARCEL: Final[Mapping[str, Any]] = {
    "number": 1001,
    "shop": Shop("The Star Shop", "help@shop.example"),
    "seller": "Caroline's Observatory",
    "lines": [(1, "The Night Sky Atlas"), (2, "Star map")],
    "carrier": "dhl",
    "tracking_number": "JD014600003828",
    "tracking_url": "https://dhl.example/JD014600003828",
    "link": "https://shop.example/progress/…",
}

_REASONS: Final = (
    Reason("Your date of birth.", "now", ("individual.dob.day",)),
    Reason("A bank account or debit card for your payouts.", "soon", ("external_account",), _AT + timedelta(days=14)),
)

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "order_confirmation": {**_BASE, "progress": "https://shop.example/progress/…"},
    "receipt": {**_BASE, "received": Money(4650, "eur"), "paid_at": _AT, "card": "visa •••• 4242"},
    "refund_receipt": {**_BASE, "refunded": Money(1250, "eur")},
    "payment_failed": _BASE,
    "action_required": _BASE,
    "renewal_failed": {**_PLAN, "amount": Money(2000, "eur"), "next_attempt_at": _AT + timedelta(days=3)},
    "renewal_action_required": {**_PLAN, "amount": Money(2000, "eur"), "next_attempt_at": None},
    "subscription_lapsed": {**_PLAN, "over": True},
    "trial_ending": {**_PLAN, "amount": Money(2000, "eur"), "ends_at": _AT + timedelta(days=3), "has_method": True},
    "card_expiring": {**_PLAN, "amount": Money(2000, "eur"), "charge_at": _AT + timedelta(days=14), "expires": "11/2026"},
    "expiry_reminder": {**_BASE, "ends_at": _AT + timedelta(days=7), "name": "The club, one year"},
    "sale": _SALE,
    "sale_canceled": _SALE,
    "shipped": _PARCEL,
    "delivered": _PARCEL,
    "parcel_returned": _PARCEL,
    "transfer_sent": _SELLER,
    "transfer_failed": _SELLER,
    "sale_reduced": _SALE,
    "return_requested": {**_SALE, "number": "1001-1-R1", "order": "1001-1"},
    "return_decided": {**_PARCEL, "number": "1001-1-R1", "approved": True, "note": None, "until": _AT + timedelta(days=14)},
    "return_received": {**_PARCEL, "number": "1001-1-R1"},
    "payout_sent": {**_SELLER, "last4": "6789", "arrives": _AT + timedelta(days=2)},
    "payout_failed": _SELLER,
    "seller_action": {**_SELLER, "reasons": _REASONS, "stopped": False},
}
"""Kind of email → what its templates are given."""
