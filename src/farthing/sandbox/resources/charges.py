"""Charges: one attempt each to take money from a card. The first of them to succeed is the payment."""

from __future__ import annotations

from typing import Any

from farthing.sandbox import banks, cards
from farthing.sandbox.account import Account, Job, blank_as_none, merge_metadata
from farthing.sandbox.ids import random_text
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import balance_settings, connect_charges, payment_methods
from farthing.sandbox.resources.addresses import whole
from farthing.sandbox.searching import search
from farthing.sandbox.settings import DAY
from farthing.sandbox.store import Json, Record

AUTHORIZATION_SECONDS = 7 * DAY


def succeed(account: Account, intent: Record, method: Record, *, authenticated: bool) -> Record:
    """Charge the card, or only authorize it when the intent is captured by hand."""
    captured = intent["capture_method"] != "manual"
    card = payment_methods.card_of(method)
    charge = _add(account, intent, method, authenticated=authenticated, status="succeeded", captured=captured)
    charge["outcome"] = _outcome(card, None)
    account.save(charge)
    account.emit("charge.succeeded", charge)
    if intent["capture_method"] == "automatic":
        settle(account, charge)
    elif captured:
        account.later(account.settings.settles_after_seconds, "charges.settle", charge)
    else:
        account.later(AUTHORIZATION_SECONDS, "charges.expire", charge)
    if card.triggers:
        connect_charges.trigger(account, charge, card.triggers)
    return charge


def debit(account: Account, intent: Record, method: Record, mandate: str) -> Record:
    """Ask the bank for the money; days later it says yes or no."""
    charge = _add(account, intent, method, authenticated=False, status="pending", captured=True)
    charge.body |= {"paid": False, "outcome": _outcome(cards.BY_NAME["visa"], None)}
    charge["payment_method_details"][method["type"]]["mandate"] = mandate
    account.save(charge)
    account.emit("charge.pending", charge)
    return charge


def land(account: Account, charge: Record, failure: cards.Decline | None) -> None:
    """The bank's answer to a debit."""
    charge.body |= {"status": "failed" if failure else "succeeded", "paid": failure is None}
    if failure:
        charge.body |= {"captured": False, "amount_captured": 0}
        charge.body |= {"failure_code": failure.code, "failure_message": failure.message}
        charge["outcome"] |= {
            "network_status": "declined_by_network",
            "reason": failure.code,
            "seller_message": "The bank did not return any further details with this decline.",
            "type": "issuer_declined",
        }
    account.save(charge)
    account.emit("charge.failed" if failure else "charge.succeeded", charge)
    if not failure:
        account.later(account.settings.settles_after_seconds, "charges.settle", charge)


def fail(account: Account, intent: Record, method: Record, decline: cards.Decline, *, authenticated: bool) -> Record:
    card = payment_methods.card_of(method)
    charge = _add(account, intent, method, authenticated=authenticated, status="failed", captured=False)
    charge["paid"] = False
    charge["failure_code"], charge["failure_message"] = decline.code, decline.message
    charge["outcome"] = _outcome(card, decline)
    account.save(charge)
    account.emit("charge.failed", charge)
    return charge


def _add(account: Account, intent: Record, method: Record, *, authenticated: bool, status: str, captured: bool) -> Record:
    amount = intent["amount"]
    copied = (
        *("application", "application_fee_amount", "currency", "customer", "description", "metadata", "on_behalf_of"),
        *("receipt_email", "shipping", "transfer_data", "transfer_group"),
    )
    return account.add(
        "charge",
        "ch" if method["type"] == "card" else "py",
        {name: intent[name] for name in copied}
        | {
            "amount": amount,
            "amount_captured": amount if captured else 0,
            "amount_refunded": 0,
            "application_fee": None,
            "balance_transaction": None,
            "billing_details": method["billing_details"],
            "calculated_statement_descriptor": "FARTHING SANDBOX",
            "captured": captured,
            "disputed": False,
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "fraud_details": {},
            "outcome": None,
            "paid": True,
            "payment_intent": intent.id,
            "payment_method": method.id,
            "payment_method_details": _details(account, method, amount, authenticated=authenticated, captured=captured),
            "radar_options": {},
            "receipt_number": None,
            "receipt_url": None,
            "refunded": False,
            "review": None,
            "source": None,
            "source_transfer": None,
            "statement_descriptor": intent["statement_descriptor"],
            "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
            "status": status,
            "transfer": None,
        },
        **{name: method.inner[name] for name in ("card", "bank") if name in method.inner},
    )


def _details(account: Account, method: Record, amount: int, *, authenticated: bool, captured: bool) -> Json:
    if method["type"] != "card":
        return {method["type"]: banks.charged(method["type"], method[method["type"]]), "type": method["type"]}
    card, shown = payment_methods.card_of(method), method["card"]
    copied = ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "regulated_status", "wallet")
    secure = {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": random_text(24),
        "version": "2.2.0",
    }
    return {
        "card": {name: shown[name] for name in copied}
        | {
            "amount_authorized": amount,
            "authorization_code": random_text(6).upper(),
            "capture_before": None if captured else account.clock.seconds() + AUTHORIZATION_SECONDS,
            "checks": payment_methods.checks(card, method["billing_details"]["address"]),
            "extended_authorization": {"status": "disabled"},
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "mandate": None,
            "multicapture": {"status": "unavailable"},
            "network": card.brand,
            "network_token": {"used": False},
            "network_transaction_id": random_text(15),
            "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
            "three_d_secure": secure if authenticated else None,
        },
        "type": "card",
    }


RISKS = {cards.Risk.NORMAL: 12, cards.Risk.ELEVATED: 68, cards.Risk.HIGHEST: 92, cards.Risk.BLOCKED: 98}


def _outcome(card: cards.TestCard, decline: cards.Decline | None) -> Json:
    blocked = card.risk is cards.Risk.BLOCKED
    level = "highest" if blocked else str(card.risk)
    outcome: Json = {
        "advice_code": decline.advice if decline else None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": level,
        "risk_score": RISKS[card.risk],
        "seller_message": "Payment complete.",
        "type": "authorized",
    }
    if card.risk is cards.Risk.ELEVATED and not decline:
        outcome |= {"reason": "elevated_risk_level", "type": "manual_review"}
    if decline:
        outcome |= {
            "network_status": "not_sent_to_network" if blocked else "declined_by_network",
            "reason": "highest_risk_level" if blocked else decline.decline_code or decline.code,
            "seller_message": "Stripe blocked this payment as too risky."
            if blocked
            else "The bank did not return any further details with this decline.",
            "type": "blocked" if blocked else "issuer_declined",
        }
    return outcome


def card_of(charge: Record) -> cards.TestCard:
    """What its test card does afterwards; a bank account does nothing special, as the plainest card."""
    return cards.BY_NAME[charge.inner.get("card", "visa")]


def complaint_of(charge: Record) -> cards.Disputes:
    """What the holder of the card or of the bank account does afterwards."""
    bank = banks.BY_NAME.get(charge.inner.get("bank", ""))
    return cards.Disputes.DEBIT if bank and bank.disputed else card_of(charge).disputes


def settle(account: Account, charge: Record) -> None:
    """Book what was captured. Done once; asynchronous captures do it a moment after charge.succeeded, as Stripe does."""
    if charge["balance_transaction"] or not charge["captured"] or charge["status"] != "succeeded":
        return
    card, amount = card_of(charge), charge["amount_captured"]
    ready = None if card.available_at_once else account.clock.seconds() + balance_settings.settles_after(account)
    by_card = "card" in charge.inner
    fee = account.settings.fee(amount) if by_card else banks.fee(amount)
    kind = "charge" if by_card else "payment"
    account.update(charge, "charge.updated", **connect_charges.book(account, charge, kind, fee, ready))
    if complaint_of(charge) is not cards.Disputes.NONE:
        account.later(account.settings.disputed_after_seconds, "disputes.open", charge)


def capture(account: Account, charge: Record, amount: int) -> None:
    """Take `amount` of what was authorized; the rest is given back at once."""
    rest = charge["amount"] - amount
    charge.body |= {"amount_captured": amount, "amount_refunded": rest, "captured": True}
    account.save(charge)
    account.emit("charge.captured", charge)
    settle(account, charge)


def let_go(account: Account, charge: Record) -> None:
    """Give back an authorization that was never captured: no money moved, so nothing is booked."""
    charge.body |= {"amount_refunded": charge["amount"], "refunded": True}
    account.save(charge)
    account.emit("charge.refunded", charge)


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("charge", id)


def update(account: Account, id: str, params: Json) -> Record:
    charge = account.get("charge", id)
    changed: dict[str, Any] = {"metadata": merge_metadata(charge["metadata"], params.get("metadata"))}
    changed |= {name: blank_as_none(params[name]) for name in ("description", "receipt_email") if name in params}
    changed |= {name: params[name] for name in ("transfer_group", "fraud_details") if name in params}
    if "shipping" in params:
        changed["shipping"] = whole("shipping", params["shipping"])
    if "customer" in params:
        changed["customer"] = account.get("customer", params["customer"], param="customer").id
    account.update(charge, "charge.updated", **changed)
    return charge


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "customer", "payment_intent", "transfer_group")
    return page(account, "charge", "/v1/charges", params, where, *values)


def find(account: Account, params: Json) -> Json:
    return search(account, "charge", "/v1/charges/search", params)


JOBS: dict[str, tuple[str, Job]] = {"charges.settle": ("charge", settle)}
OPERATIONS = (
    Operation("GET", "/v1/charges", "ChargeListParams", list_),
    Operation("GET", "/v1/charges/search", "ChargeSearchParams", find),
    Operation("GET", "/v1/charges/{id}", "ChargeRetrieveParams", retrieve),
    Operation("POST", "/v1/charges/{id}", "ChargeUpdateParams", update),
)
