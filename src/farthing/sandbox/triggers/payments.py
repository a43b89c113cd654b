"""Recipes of payments: intents and their charges, refunds, and checkout sessions."""

from __future__ import annotations

from typing import Any

from farthing.sandbox.store import Json
from farthing.sandbox.triggers import steps
from farthing.sandbox.triggers.hand import Hand
from farthing.sandbox.triggers.recipe import Recipe

EXPIRES_AFTER = 8 * steps.DAY


def _begin(hand: Hand) -> Json:
    return hand.post("/v1/payment_intents", steps.order())


def _decline(hand: Hand) -> None:
    hand.decline("/v1/payment_intents", steps.order(payment_method="pm_card_chargeDeclined", confirm=True))


def _cancel(hand: Hand) -> None:
    hand.post(f"/v1/payment_intents/{_begin(hand)['id']}/cancel")


def _ask_the_buyer(hand: Hand) -> Json:
    asking = steps.order(payment_method="pm_card_authenticationRequired", confirm=True)
    return hand.post("/v1/payment_intents", asking)


def _debit(hand: Hand) -> Json:
    """A bank account, whose debit takes days."""
    by_bank = steps.order(payment_method="pm_usBankAccount_success", confirm=True)
    return hand.post("/v1/payment_intents", by_bank)


def _authorize(hand: Hand, **more: Any) -> Json:
    held = steps.order(payment_method="pm_card_visa", confirm=True, capture_method="manual", **more)
    return hand.post("/v1/payment_intents", held)


def _capture(hand: Hand) -> None:
    hand.post(f"/v1/payment_intents/{_authorize(hand)['id']}/capture")


def _forget_to_capture(hand: Hand) -> None:
    clock = steps.clock(hand)
    owner = steps.customer(hand, card=None, on_clock=clock)
    _authorize(hand, customer=owner)
    hand.pass_time(clock, hand.now + EXPIRES_AFTER)


# Refunds


def _refund(hand: Hand, card: str = "pm_card_visa") -> Json:
    intent = steps.pay(hand, card)
    return hand.post("/v1/refunds", {"payment_intent": intent["id"]})


def _refund_later(hand: Hand) -> None:
    hand.hurry(_refund(hand, "pm_card_pendingRefund")["id"])


def _fail_to_refund(hand: Hand) -> None:
    hand.hurry(_refund(hand, "pm_card_refundFail")["id"])


# Checkout


def _complete(hand: Hand) -> None:
    hand.buy(steps.session(hand))


def _expire(hand: Hand) -> None:
    hand.post(f"/v1/checkout/sessions/{steps.session(hand)['id']}/expire")


def _pay_by_bank(hand: Hand, method: str) -> None:
    session = steps.session(hand)
    hand.buy(session, method)
    intent = hand.get(f"/v1/payment_intents/{hand.get('/v1/checkout/sessions/' + session['id'])['payment_intent']}")
    hand.hurry(intent["latest_charge"])


def _bank_says_yes(hand: Hand) -> None:
    _pay_by_bank(hand, "pm_usBankAccount_success")


def _bank_says_no(hand: Hand) -> None:
    _pay_by_bank(hand, "pm_usBankAccount_insufficientFunds")


RECIPES = (
    Recipe("payment_intent.created", "A payment intent waits for a card.", _begin),
    Recipe("payment_intent.succeeded", "A good card pays.", steps.pay),
    Recipe("payment_intent.payment_failed", "A card is declined.", _decline),
    Recipe("payment_intent.canceled", "A payment intent is canceled.", _cancel),
    Recipe("payment_intent.requires_action", "A card pays whose bank wants to see the buyer.", _ask_the_buyer),
    Recipe("payment_intent.processing", "A bank account pays, which takes days.", _debit),
    Recipe("payment_intent.amount_capturable_updated", "A card is authorized, to be captured by hand.", _authorize),
    Recipe("charge.succeeded", "A good card is charged.", steps.pay),
    Recipe("charge.updated", "A charge gets its balance transaction.", steps.pay),
    Recipe("charge.failed", "A card is declined.", _decline),
    Recipe("charge.pending", "A bank account is debited, which takes days.", _debit),
    Recipe("charge.captured", "An authorized card is captured.", _capture),
    Recipe("charge.expired", "A week passes on a test clock, and nobody captures what was authorized.", _forget_to_capture),
    Recipe("charge.refunded", "A payment is refunded.", _refund),
    Recipe("charge.refund.updated", "A refund that was pending goes through.", _refund_later),
    Recipe("refund.created", "A payment is refunded.", _refund),
    Recipe("refund.updated", "A refund that was pending goes through.", _refund_later),
    Recipe("refund.failed", "The bank sends a refund back.", _fail_to_refund),
    Recipe("checkout.session.completed", "A buyer pays on the page of a checkout session.", _complete),
    Recipe("checkout.session.expired", "A checkout session is expired by hand.", _expire),
    Recipe("checkout.session.async_payment_succeeded", "A buyer pays by bank account, and the money arrives.", _bank_says_yes),
    Recipe("checkout.session.async_payment_failed", "A buyer pays by bank account, and the debit bounces.", _bank_says_no),
)
