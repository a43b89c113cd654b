"""Recipes of disputes: a card's holder complains, the seller answers, the bank decides."""

from __future__ import annotations

from farthing.sandbox.store import Json
from farthing.sandbox.triggers import steps
from farthing.sandbox.triggers.hand import Hand
from farthing.sandbox.triggers.recipe import Recipe


def _complain(hand: Hand, card: str = "pm_card_createDispute") -> Json:
    """The charge is booked, and its card's number makes the holder complain a moment later."""
    charge = steps.pay(hand, card)["latest_charge"]
    hand.hurry(charge)
    found = hand.get("/v1/disputes")["data"]
    return next((each for each in found if each["charge"] == charge), {})


def _answer(hand: Hand) -> None:
    hand.post(f"/v1/disputes/{_complain(hand)['id']}", {"evidence": {"customer_name": "Ada Lovelace"}})


def _concede(hand: Hand) -> None:
    hand.post(f"/v1/disputes/{_complain(hand)['id']}/close")


def _win(hand: Hand) -> None:
    hand.decide(_complain(hand), "win")


def _warn(hand: Hand) -> None:
    _complain(hand, "pm_card_createIssuerFraudRecord")


RECIPES = (
    Recipe("charge.dispute.created", "A card pays whose holder then complains.", _complain),
    Recipe("charge.dispute.funds_withdrawn", "The bank takes a disputed payment back.", _complain),
    Recipe("charge.dispute.updated", "Evidence is submitted for a dispute.", _answer),
    Recipe("charge.dispute.closed", "A dispute is conceded, and so lost.", _concede),
    Recipe("charge.dispute.funds_reinstated", "A dispute is won, and the money comes back.", _win),
    Recipe("radar.early_fraud_warning.created", "A bank warns that a payment may be fraud.", _warn),
)
