"""Steps that many recipes begin with: a customer, a price, a payment, a subscription, a seller."""

from __future__ import annotations

from typing import Any

from farthing.sandbox.store import Json
from farthing.sandbox.triggers.hand import Hand

HOUR, DAY = 3_600, 86_400
MONTH = 31 * DAY
FAILS_LATER = "pm_card_chargeCustomerFail"
PAGES = {"success_url": "http://127.0.0.1/thanks?session={CHECKOUT_SESSION_ID}", "cancel_url": "http://127.0.0.1/cart"}
LINE: Json = {"price_data": {"currency": "usd", "unit_amount": 2000, "product_data": {"name": "Tea pot"}}, "quantity": 1}


# Customers


def clock(hand: Hand) -> str:
    return str(hand.post("/v1/test_helpers/test_clocks", {"frozen_time": hand.now, "name": "trigger"})["id"])


def customer(hand: Hand, *, card: str | None = "pm_card_visa", on_clock: str | None = None) -> str:
    """With a card that pays its invoices, unless there is none."""
    timed = {"test_clock": on_clock} if on_clock else {}
    made = hand.post("/v1/customers", {"email": "ada@example.com", "name": "Ada Lovelace", **timed})
    if card:
        give_card(hand, made["id"], card)
    return str(made["id"])


def give_card(hand: Hand, customer: str, card: str) -> str:
    method = hand.post(f"/v1/payment_methods/{card}/attach", {"customer": customer})
    hand.post(f"/v1/customers/{customer}", {"invoice_settings": {"default_payment_method": method["id"]}})
    return str(method["id"])


# Payments


def order(amount: int = 2000, **more: Any) -> Json:
    """What a payment intent is made with."""
    return {
        "amount": amount,
        "currency": "usd",
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        **more,
    }


def pay(hand: Hand, card: str = "pm_card_visa", **more: Any) -> Json:
    """A payment intent that is confirmed at once. Its charge is in the books."""
    intent = hand.post("/v1/payment_intents", order(payment_method=card, confirm=True, **more))
    hand.hurry(intent["latest_charge"])
    return intent


def fund(hand: Hand, amount: int = 10_000) -> None:
    """So much money on the platform's balance that can be spent now, however far below zero it is."""
    available = {each["currency"]: each["amount"] for each in hand.get("/v1/balance")["available"]}
    missing = amount - min(available.get("usd", 0), 0)
    pay(hand, "pm_card_bypassPending", amount=missing + missing // 20 + 30)


def session(hand: Hand, **more: Any) -> Json:
    return hand.post("/v1/checkout/sessions", {"mode": "payment", "line_items": [LINE], **PAGES, **more})


# Selling by the month


def product(hand: Hand) -> str:
    return str(hand.post("/v1/products", {"name": "Tea of the month"})["id"])


def price(hand: Hand, amount: int = 2000, *, monthly: bool = True) -> str:
    rhythm = {"recurring": {"interval": "month"}} if monthly else {}
    return str(hand.post("/v1/prices", {"currency": "usd", "unit_amount": amount, "product": product(hand), **rhythm})["id"])


def subscription(hand: Hand, *, on_clock: str | None = None, card: str | None = "pm_card_visa", **more: Any) -> Json:
    wanted = {"customer": customer(hand, card=card, on_clock=on_clock), "items": [{"price": price(hand)}], **more}
    return hand.post("/v1/subscriptions", wanted)


def invoice(hand: Hand, *, card: str | None = "pm_card_visa", on_clock: str | None = None, **more: Any) -> Json:
    """A draft with one line."""
    owner = customer(hand, card=card, on_clock=on_clock)
    made = hand.post("/v1/invoices", {"customer": owner, **more})
    hand.post("/v1/invoiceitems", {"customer": owner, "invoice": made["id"], "amount": 2000, "currency": "usd"})
    return made


def open_invoice(hand: Hand, *, card: str | None = "pm_card_visa", **more: Any) -> Json:
    return hand.post(f"/v1/invoices/{invoice(hand, card=card, **more)['id']}/finalize", {"auto_advance": False})


# Sellers


def bare_seller(hand: Hand, **more: Any) -> Json:
    """Connected, and nothing known of them yet."""
    wanted = {"transfers": {"requested": True}, "card_payments": {"requested": True}}
    paid_by_hand = {"payouts": {"schedule": {"interval": "manual"}}}
    return hand.post(
        "/v1/accounts", {"type": "express", "country": "US", "capabilities": wanted, "settings": paid_by_hand, **more}
    )


def seller(hand: Hand, **more: Any) -> str:
    """Through with onboarding: may be paid, and pay out."""
    made = bare_seller(hand, **more)
    hand.onboard(made)
    return str(made["id"])
