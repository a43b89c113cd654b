"""Subscriptions of Stripe, and the pages they begin on, in our words."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from farthing.money import Money
from farthing.providers.stripe import seen
from farthing.providers.subscriptions import SeenDiscount, SeenSubscription, SeenSubscriptionCheckout, SubscriptionSecret

EXPAND: Final = ["discounts.source.coupon.applies_to", "default_payment_method"]
"""Four levels, which is as deep as it goes: https://docs.stripe.com/api/expanding_objects."""
LISTED: Final = ["data.discounts.source.coupon"]
"""In a list, where the list itself is a level."""

Plain = Mapping[str, Any]


def subscription(found: Plain) -> SeenSubscription:
    """The times of the period stand on the items only: https://docs.stripe.com/changelog/basil."""
    items: Sequence[Plain] = found["items"]["data"]
    item = next((each for each in items if (each["price"].get("metadata") or {}).get(seen.PRICE_MARK)), items[0])
    price: Plain = item["price"]
    every = price.get("recurring") or {}
    details, pause = found.get("cancellation_details") or {}, found.get("pause_collection") or {}
    unit = None if price.get("unit_amount") is None else Money(price["unit_amount"], price["currency"])
    quantity = item.get("quantity") or 1
    return SeenSubscription(
        id=found["id"],
        status=found["status"],
        customer_id=seen.id_of(found["customer"]) or "",
        reference=mark_of(found, seen.START_MARK),
        created_at=moment(found["created"]),
        started_at=moment(found["start_date"]),
        item_id=item["id"],
        product_id=seen.id_of(price["product"]) or "",
        price_id=price["id"],
        price_name=(price.get("metadata") or {}).get(seen.PRICE_MARK) or None,
        unit=unit,
        currency=found["currency"],
        interval=every.get("interval", "month"),
        interval_count=every.get("interval_count", 1),
        quantity=quantity,
        period_start=moment(item["current_period_start"]),
        period_end=moment(item["current_period_end"]),
        trial_start=perhaps(found.get("trial_start")),
        trial_end=perhaps(found.get("trial_end")),
        cancel_at=perhaps(found.get("cancel_at")),
        cancel_at_period_end=found["cancel_at_period_end"],
        canceled_at=perhaps(found.get("canceled_at")),
        ended_at=perhaps(found.get("ended_at")),
        cancel_reason=details.get("reason"),
        cancel_comment=details.get("comment"),
        pause_behavior=pause.get("behavior"),
        pause_resumes_at=perhaps(pause.get("resumes_at")),
        discounts=_discounts(item, quantity, found.get("discounts") or []),
        has_method=found.get("default_payment_method") is not None,
        card_fingerprint=_fingerprint(found.get("default_payment_method")),
        pending_until=perhaps((found.get("pending_update") or {}).get("expires_at")),
    )


def checkout(session: Plain) -> SeenSubscriptionCheckout:
    status = session["status"]
    return SeenSubscriptionCheckout(
        id=session["id"],
        status=status if status in ("complete", "expired") else "open",
        url=session.get("url"),
        reference=mark_of(session, seen.START_MARK),
        subscription_id=seen.id_of(session.get("subscription")),
    )


def secret(found: Plain) -> SubscriptionSecret:
    """Where the first invoice or a change waits for money, its secret; where a trial waits for a card, that of the card."""
    invoice, setup = found.get("latest_invoice"), found.get("pending_setup_intent")
    if isinstance(setup, Mapping) and setup.get("client_secret"):
        return SubscriptionSecret(found["id"], setup["client_secret"], "setup")
    waits = found["status"] in ("incomplete", "past_due") or found.get("pending_update") is not None
    if isinstance(invoice, Mapping) and waits:
        waiting = (invoice.get("confirmation_secret") or {}).get("client_secret")
        return SubscriptionSecret(found["id"], waiting, "payment" if waiting else None)
    return SubscriptionSecret(found["id"], None, None)


def mark_of(found: Plain, name: str) -> str | None:
    mark = (found.get("metadata") or {}).get(name)
    return mark if isinstance(mark, str) else None


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def perhaps(seconds: object) -> datetime | None:
    return moment(seconds) if type(seconds) is int else None


def _fingerprint(method: object) -> str | None:
    return (method.get("card") or {}).get("fingerprint") if isinstance(method, Mapping) else None


def _discounts(item: Plain, quantity: int, discounts: Sequence[object]) -> list[SeenDiscount]:
    """What each takes off a period, one after the other; first what lasts, for that is what each period costs."""
    price: Plain = item["price"]
    product, left = seen.id_of(price["product"]), (price.get("unit_amount") or 0) * quantity
    found: list[SeenDiscount] = []
    expanded = [each for each in discounts if isinstance(each, Mapping) and _is_expanded(each)]
    for each in sorted(expanded, key=lambda each: each["source"]["coupon"]["duration"] == "once"):
        coupon: Plain = each["source"]["coupon"]
        only = (coupon.get("applies_to") or {}).get("products") or []
        off = _off(coupon, left, price["currency"]) if not only or product in only else 0
        left -= off
        mark, ends = mark_of(coupon, seen.COUPON_MARK), perhaps(each.get("end"))
        found.append(SeenDiscount(coupon["id"], mark, coupon.get("name"), coupon["duration"], off, ends))
    return found


def _is_expanded(discount: Plain) -> bool:
    return isinstance((discount.get("source") or {}).get("coupon"), Mapping)


def _off(coupon: Plain, left: int, currency: str) -> int:
    if coupon.get("percent_off") is not None:
        off = Decimal(left) * Decimal(str(coupon["percent_off"])) * Decimal("0.01")
        return int(off.quantize(Decimal(1), ROUND_HALF_UP))
    return min(left, coupon["amount_off"] or 0) if coupon.get("currency") == currency else 0
