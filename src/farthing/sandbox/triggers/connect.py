"""Recipes of Connect: sellers, what they may do, fees, transfers, balances and payouts.

What happens on a seller's account is told to endpoints that listen to connected accounts, with `account` in the event.
"""

from __future__ import annotations

from typing import Any

from farthing.sandbox.store import Json
from farthing.sandbox.triggers import steps
from farthing.sandbox.triggers.hand import Hand
from farthing.sandbox.triggers.recipe import Recipe

PLATFORMS_OWN: Json = {"type": "custom"}
BANK: Json = {
    "object": "bank_account",
    "country": "US",
    "currency": "usd",
    "routing_number": "110000000",
    "account_number": "000123456789",
}
CLOSED = {**BANK, "account_number": "000111111113"}


def _onboard(hand: Hand) -> str:
    return steps.seller(hand)


def _leave(hand: Hand) -> None:
    """Only a seller with a dashboard of their own can."""
    hand.disconnect(steps.bare_seller(hand, type="standard", capabilities={}, settings={}))


# The people of a company


def _person(hand: Hand) -> tuple[str, Json]:
    company = steps.bare_seller(hand, **PLATFORMS_OWN, business_type="company")["id"]
    grace = {"first_name": "Grace", "last_name": "Hopper", "relationship": {"executive": True, "title": "CEO"}}
    return company, hand.post(f"/v1/accounts/{company}/persons", grace)


def _change_person(hand: Hand) -> None:
    company, person = _person(hand)
    hand.post(f"/v1/accounts/{company}/persons/{person['id']}", {"phone": "0000000000"})


def _delete_person(hand: Hand) -> None:
    company, person = _person(hand)
    hand.delete(f"/v1/accounts/{company}/persons/{person['id']}")


# Bank accounts


def _seller_with_two_banks(hand: Hand) -> tuple[str, Json]:
    seller = steps.seller(hand, **PLATFORMS_OWN)
    return seller, hand.post(f"/v1/accounts/{seller}/external_accounts", {"external_account": BANK})


def _change_bank(hand: Hand) -> None:
    seller, bank = _seller_with_two_banks(hand)
    hand.post(f"/v1/accounts/{seller}/external_accounts/{bank['id']}", {"metadata": {"branch": "Springfield"}})


def _delete_bank(hand: Hand) -> None:
    seller, bank = _seller_with_two_banks(hand)
    hand.delete(f"/v1/accounts/{seller}/external_accounts/{bank['id']}")


# Money to a seller


def _sell_for(hand: Hand, **more: Any) -> Json:
    """A buyer pays the platform for a seller; the platform keeps a tenth."""
    seller = steps.seller(hand)
    intent = steps.pay(hand, transfer_data={"destination": seller}, application_fee_amount=200, **more)
    return hand.get(f"/v1/charges/{intent['latest_charge']}")


def _give_fee_back(hand: Hand) -> Json:
    return hand.post(f"/v1/application_fees/{_sell_for(hand)['application_fee']}/refunds")


def _note_fee_refund(hand: Hand) -> None:
    refund = _give_fee_back(hand)
    hand.post(f"/v1/application_fees/{refund['fee']}/refunds/{refund['id']}", {"metadata": {"reason": "goodwill"}})


def _transfer(hand: Hand, to: str | None = None) -> Json:
    steps.fund(hand)
    wanted = {"amount": 1000, "currency": "usd", "destination": to or steps.seller(hand)}
    return hand.post("/v1/transfers", wanted)


def _change_transfer(hand: Hand) -> None:
    hand.post(f"/v1/transfers/{_transfer(hand)['id']}", {"description": "For October"})


def _reverse_transfer(hand: Hand) -> None:
    hand.post(f"/v1/transfers/{_transfer(hand)['id']}/reversals")


# Balances


def _money_arrives(hand: Hand) -> None:
    """What a direct charge brought is pending for two days."""
    seller = steps.seller(hand)
    direct = steps.order(payment_method="pm_card_visa", confirm=True, capture_method="automatic")
    intent = hand.post("/v1/payment_intents", direct, on=seller)
    charge = hand.get(f"/v1/charges/{intent['latest_charge']}", on=seller)
    hand.hurry(charge["balance_transaction"], on=seller)


def _settle_later(hand: Hand) -> None:
    hand.post("/v1/balance_settings", {"payments": {"settlement_timing": {"delay_days_override": 5}}}, on=steps.seller(hand))


# Payouts: of the platform by hand; of a seller to a bank account that is closed, or by schedule.


def _pay_out(hand: Hand) -> str:
    steps.fund(hand)
    return str(hand.post("/v1/payouts", {"amount": 1000, "currency": "usd"})["id"])


def _send_payout(hand: Hand) -> str:
    payout = _pay_out(hand)
    hand.hurry(payout)
    return payout


def _payout_arrives(hand: Hand) -> None:
    hand.hurry(_send_payout(hand))


def _cancel_payout(hand: Hand) -> None:
    hand.post(f"/v1/payouts/{_pay_out(hand)}/cancel")


def _payout_comes_back(hand: Hand) -> None:
    seller = steps.seller(hand, **PLATFORMS_OWN)
    closed = {"external_account": CLOSED, "default_for_currency": True}
    hand.post(f"/v1/accounts/{seller}/external_accounts", closed)
    _transfer(hand, seller)
    payout = hand.post("/v1/payouts", {"amount": 1000, "currency": "usd"}, on=seller)["id"]
    for _ in ("sent", "paid", "returned"):
        hand.hurry(payout, on=seller)


def _payout_by_schedule(hand: Hand) -> None:
    seller = steps.seller(hand, settings={"payouts": {"schedule": {"interval": "daily"}}})
    _transfer(hand, seller)
    # The schedule stands in the platform's calendar.
    hand.hurry(seller)
    payout = hand.get("/v1/payouts", on=seller)["data"][0]["id"]
    for _ in ("sent", "paid"):
        hand.hurry(payout, on=seller)


RECIPES = (
    Recipe("account.updated", "A seller goes through onboarding.", _onboard),
    Recipe("capability.updated", "A seller goes through onboarding, and may be paid from then on.", _onboard),
    Recipe("account.application.deauthorized", "A seller with a dashboard of their own disconnects from the platform.", _leave),
    Recipe("person.created", "A company names its executive.", _person),
    Recipe("person.updated", "A company's executive gives a phone number.", _change_person),
    Recipe("person.deleted", "A company's executive leaves.", _delete_person),
    Recipe("account.external_account.created", "A seller gives a bank account.", _onboard),
    Recipe("account.external_account.updated", "A seller's bank account gets metadata.", _change_bank),
    Recipe("account.external_account.deleted", "A seller's second bank account is deleted.", _delete_bank),
    Recipe("application_fee.created", "A buyer pays for a seller, and the platform keeps a tenth.", _sell_for),
    Recipe("application_fee.refunded", "The platform gives its fee back.", _give_fee_back),
    Recipe("application_fee.refund.updated", "A fee that was given back gets metadata.", _note_fee_refund),
    Recipe("transfer.created", "The platform transfers money to a seller.", _transfer),
    Recipe("transfer.updated", "A transfer gets a description.", _change_transfer),
    Recipe("transfer.reversed", "A transfer is taken back.", _reverse_transfer),
    Recipe("balance.available", "A seller's pending money becomes available.", _money_arrives),
    Recipe("balance_settings.updated", "A seller's money is to settle after five days.", _settle_later),
    Recipe("payout.created", "The platform pays out to its bank account.", _pay_out),
    Recipe("payout.updated", "A payout is sent to the bank.", _send_payout),
    Recipe("payout.paid", "A payout arrives at the bank.", _payout_arrives),
    Recipe("payout.canceled", "A payout is canceled before it is sent.", _cancel_payout),
    Recipe("payout.failed", "A seller's bank account is closed, and a payout to it comes back.", _payout_comes_back),
    Recipe("payout.reconciliation_completed", "A seller is paid out by schedule, and the payout arrives.", _payout_by_schedule),
)
