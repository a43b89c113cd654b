"""Recipes of customers: who they are, what they pay with, what they get off, and the door to their portal."""

from __future__ import annotations

from typing import Any

from farthing.sandbox.store import Json
from farthing.sandbox.triggers import steps
from farthing.sandbox.triggers.catalog import coupon
from farthing.sandbox.triggers.hand import Hand
from farthing.sandbox.triggers.recipe import Recipe

NEVER: Json = {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}


def _create(hand: Hand) -> str:
    return steps.customer(hand, card=None)


def _change(hand: Hand) -> None:
    hand.post(f"/v1/customers/{_create(hand)}", {"name": "Ada King"})


def _delete(hand: Hand) -> None:
    hand.delete(f"/v1/customers/{_create(hand)}")


def _give_tax_id(hand: Hand) -> Json:
    return hand.post(f"/v1/customers/{_create(hand)}/tax_ids", {"type": "eu_vat", "value": "DE123456789"})


def _take_tax_id(hand: Hand) -> None:
    tax_id = _give_tax_id(hand)
    hand.delete(f"/v1/customers/{tax_id['customer']}/tax_ids/{tax_id['id']}")


def _discounted(hand: Hand) -> Json:
    return steps.subscription(hand, discounts=[{"coupon": coupon(hand, duration="forever")}])


def _change_discount(hand: Hand) -> None:
    other = coupon(hand, duration="forever", percent_off=10, name="A tenth off")
    hand.post(f"/v1/subscriptions/{_discounted(hand)['id']}", {"discounts": [{"coupon": other}]})


def _end_discount(hand: Hand) -> None:
    hand.post(f"/v1/subscriptions/{_discounted(hand)['id']}", {"discounts": ""})


# Payment methods


def _attach(hand: Hand) -> str:
    owner = _create(hand)
    return str(hand.post("/v1/payment_methods/pm_card_visa/attach", {"customer": owner})["id"])


def _change_method(hand: Hand) -> None:
    hand.post(f"/v1/payment_methods/{_attach(hand)}", {"billing_details": {"name": "Ada King"}})


def _detach(hand: Hand) -> None:
    hand.post(f"/v1/payment_methods/{_attach(hand)}/detach")


# Cards saved for later


def _set_up(hand: Hand, **more: Any) -> Json:
    return hand.post("/v1/setup_intents", {**NEVER, "customer": _create(hand), **more})


def _begin(hand: Hand) -> Json:
    return _set_up(hand)


def _save_card(hand: Hand) -> Json:
    return _set_up(hand, payment_method="pm_card_visa", confirm=True)


def _ask_the_buyer(hand: Hand) -> Json:
    return _set_up(hand, payment_method="pm_card_authenticationRequired", confirm=True)


def _fail_to_save(hand: Hand) -> None:
    hand.answer_bank(_ask_the_buyer(hand), passed=False)


def _cancel_setup(hand: Hand) -> None:
    hand.post(f"/v1/setup_intents/{_begin(hand)['id']}/cancel")


# The portal


def _configure(hand: Hand) -> str:
    return str(hand.post("/v1/billing_portal/configurations", {"features": {"invoice_history": {"enabled": True}}})["id"])


def _reconfigure(hand: Hand) -> None:
    hand.post(f"/v1/billing_portal/configurations/{_configure(hand)}", {"name": "Old"})


def _enter(hand: Hand) -> None:
    hand.post("/v1/billing_portal/sessions", {"customer": _create(hand), "configuration": _configure(hand)})


RECIPES = (
    Recipe("customer.created", "A customer is made.", _create),
    Recipe("customer.updated", "A customer takes another name.", _change),
    Recipe("customer.deleted", "A customer is deleted.", _delete),
    Recipe("customer.tax_id.created", "A customer gives a VAT number.", _give_tax_id),
    Recipe("customer.tax_id.deleted", "A customer's VAT number is taken away.", _take_tax_id),
    Recipe("customer.discount.created", "A subscription begins with a coupon.", _discounted),
    Recipe("customer.discount.updated", "A subscription's coupon gives way to another.", _change_discount),
    Recipe("customer.discount.deleted", "A subscription loses its coupon.", _end_discount),
    Recipe("payment_method.attached", "A card is attached to a customer.", _attach),
    Recipe("payment_method.updated", "The name on a customer's card is changed.", _change_method),
    Recipe("payment_method.detached", "A card is detached from its customer.", _detach),
    Recipe("setup_intent.created", "A setup intent waits for a card.", _begin),
    Recipe("setup_intent.succeeded", "A card is saved for later.", _save_card),
    Recipe("setup_intent.requires_action", "A card is to be saved whose bank wants to see the buyer.", _ask_the_buyer),
    Recipe("setup_intent.setup_failed", "The buyer fails at the bank's page, and the card is not saved.", _fail_to_save),
    Recipe("setup_intent.canceled", "A setup intent is canceled.", _cancel_setup),
    Recipe("billing_portal.configuration.created", "A configuration of the portal is made.", _configure),
    Recipe("billing_portal.configuration.updated", "A configuration of the portal is renamed.", _reconfigure),
    Recipe("billing_portal.session.created", "A customer is let into the portal.", _enter),
)
