"""One try to pay an intent with a card: it succeeds, is declined, or the bank wants to see the buyer first.

This is the one place where a card is charged, whoever asks: the API, the hosted page, or the bank's page.
"""

from __future__ import annotations

from farthing.sandbox import banks, cards, declines
from farthing.sandbox.account import Account
from farthing.sandbox.errors import invalid
from farthing.sandbox.lifecycle import Lifecycle
from farthing.sandbox.resources import accounts, charges, connect_charges, mandates, payment_methods
from farthing.sandbox.store import Record

OPEN = {
    "ask": "requires_action",
    "succeed": "succeeded",
    "authorize": "requires_capture",
    "fail": "requires_payment_method",
    "cancel": "canceled",
    "choose": "requires_confirmation",
    "process": "processing",
}
LIFECYCLE = Lifecycle(
    "PaymentIntent",
    {
        "requires_payment_method": OPEN,
        "requires_confirmation": OPEN,
        "requires_action": OPEN,
        "processing": {"succeed": "succeeded", "fail": "requires_payment_method", "cancel": "canceled"},
        "requires_capture": {"capture": "succeeded", "cancel": "canceled"},
        "succeeded": {},
        "canceled": {},
    },
)


def attempt(account: Account, intent: Record, method: Record, *, off_session: bool = False, may_ask: bool = True) -> None:
    """Try this payment method. A decline raises, after the failed charge and the intent's new status are written."""
    intent.body |= {"payment_method": method.id, "last_payment_error": None, "next_action": None}
    if bank := payment_methods.bank_of(method):
        _debit(account, intent, method, bank)
        return
    card = payment_methods.card_of(method)
    if ordered := declines.take(account):
        _decline(account, intent, method, ordered)
    if _asks(card, intent, method, off_session=off_session):
        if off_session or not may_ask:
            _decline(account, intent, method, cards.AUTHENTICATION_REQUIRED)
        _ask(account, intent)
    elif decline := card.decline or _unchecked(account, card):
        _decline(account, intent, method, decline)
    else:
        _succeed(account, intent, method, authenticated=False)


def _unchecked(account: Account, card: cards.TestCard) -> cards.Decline | None:
    """An account may have its payments declined although the card's bank only says that a check failed."""
    declines_on = accounts.retrieve_own(account, {})["settings"]["card_payments"].get("decline_on") or {}
    if declines_on.get("cvc_failure") and card.cvc_check == "fail":
        return cards.INCORRECT_CVC
    return cards.INCORRECT_ZIP if declines_on.get("avs_failure") and card.zip_check == "fail" else None


def _debit(account: Account, intent: Record, method: Record, bank: banks.TestBank) -> None:
    """A bank takes days to answer: until then nobody knows whether this is paid."""
    if intent["currency"] != banks.CURRENCIES[bank.type]:
        raise invalid(
            f"The currency of this payment is {intent['currency']}: {bank.type} can only be used with "
            f"{banks.CURRENCIES[bank.type]}.",
            param="payment_method",
        )
    connect_charges.check_debit(account, intent, bank.type)
    if intent["capture_method"] == "manual":
        raise invalid(f"{bank.type} cannot be captured manually.", param="capture_method")
    _keep(account, intent, method)
    intent["status"] = LIFECYCLE.move(intent["status"], "process")
    account.save(intent)
    account.emit("payment_intent.processing", intent)
    charge = charges.debit(account, intent, method, mandates.of_payment(account, intent, method))
    intent["latest_charge"] = charge.id
    account.save(intent)
    if not bank.stays:
        account.later(banks.answers_after(bank, account.settings.bank_debit_seconds), "bank_debits.land", charge)


def land(account: Account, intent: Record, charge: Record) -> bool:
    """The bank has answered: whether the payment succeeded."""
    method = account.get("payment_method", charge["payment_method"])
    bank = payment_methods.bank_of(method)
    failure = bank.failure if bank else None
    charges.land(account, charge, failure)
    if failure:
        refusal = invalid(failure.message, code=banks.error_code(failure), charge=charge.id, payment_method=method.body)
        intent["status"] = LIFECYCLE.move(intent["status"], "fail")
        intent.body |= {"last_payment_error": refusal.error, "payment_method": None}
    else:
        intent["status"] = LIFECYCLE.move(intent["status"], "succeed")
        intent["amount_received"] = intent["amount"]
    account.save(intent)
    account.emit("payment_intent.payment_failed" if failure else "payment_intent.succeeded", intent)
    _tell_invoice(account, intent)
    return failure is None


def _asks(card: cards.TestCard, intent: Record, method: Record, *, off_session: bool) -> bool:
    match card.asks:
        case cards.Asks.NEVER:
            return False
        case cards.Asks.ALWAYS:
            return True
        case cards.Asks.ON_SESSION:
            return not off_session
        case cards.Asks.ON_REQUEST:
            options = intent["payment_method_options"].get("card") or {}
            return not off_session and options.get("request_three_d_secure") in ("any", "challenge")
        case cards.Asks.UNLESS_SET_UP:
            return not (off_session and method.inner.get("set_up"))


def _ask(account: Account, intent: Record) -> None:
    intent["status"] = LIFECYCLE.move(intent["status"], "ask")
    return_url = intent.inner.get("return_url")
    intent["next_action"] = {
        "redirect_to_url": {"return_url": return_url, "url": f"{account.url}/c/3ds/{intent.id}"},
        "type": "redirect_to_url",
    }
    account.save(intent)
    account.emit("payment_intent.requires_action", intent)
    _tell_invoice(account, intent)


def authenticate(account: Account, intent: Record, *, passed: bool) -> None:
    """The buyer came back from the bank's page. Anything but a waiting intent is left as it is."""
    if intent["status"] != "requires_action":
        return
    method = account.get("payment_method", intent["payment_method"])
    card = payment_methods.card_of(method)
    intent["next_action"] = None
    if not passed:
        _fail_authentication(account, intent, method)
    elif card.after_asking:
        _decline(account, intent, method, card.after_asking, authenticated=True)
    else:
        _succeed(account, intent, method, authenticated=True)


def _fail_authentication(account: Account, intent: Record, method: Record) -> None:
    """Nobody was charged, so there is no failed charge either."""
    refusal = invalid(
        "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to "
        "attempt to fulfill this PaymentIntent again.",
        code="payment_intent_authentication_failure",
    )
    intent["status"] = LIFECYCLE.move(intent["status"], "fail")
    intent.body |= {"last_payment_error": {**refusal.error, "payment_method": method.body}, "payment_method": None}
    account.save(intent)
    account.emit("payment_intent.payment_failed", intent)
    _tell_invoice(account, intent)


def _decline(account: Account, intent: Record, method: Record, decline: cards.Decline, *, authenticated: bool = False) -> None:
    charge = charges.fail(account, intent, method, decline, authenticated=authenticated)
    refusal = cards.card_error(decline, keeps=True, charge=charge.id, payment_method=method.body)
    intent["status"] = LIFECYCLE.move(intent["status"], "fail")
    intent.body |= {"last_payment_error": dict(refusal.error), "latest_charge": charge.id, "payment_method": None}
    account.save(intent)
    account.emit("payment_intent.payment_failed", intent)
    _tell_invoice(account, intent, decline)
    refusal.error["payment_intent"] = intent.body
    raise refusal


def _tell_invoice(account: Account, intent: Record, decline: cards.Decline | None = None) -> None:
    if "invoice" in intent.inner:
        # Here, because invoices make intents.
        from farthing.sandbox.resources import invoice_collection

        invoice_collection.follow(account, intent, decline)


def _succeed(account: Account, intent: Record, method: Record, *, authenticated: bool) -> None:
    _keep(account, intent, method)
    charge = charges.succeed(account, intent, method, authenticated=authenticated)
    intent["latest_charge"] = charge.id
    if intent["capture_method"] == "manual":
        intent["status"] = LIFECYCLE.move(intent["status"], "authorize")
        intent["amount_capturable"] = intent["amount"]
        account.save(intent)
        account.emit("payment_intent.amount_capturable_updated", intent)
    else:
        intent["status"] = LIFECYCLE.move(intent["status"], "succeed")
        intent["amount_received"] = intent["amount"]
        account.save(intent)
        account.emit("payment_intent.succeeded", intent)
        _tell_invoice(account, intent)


def _keep(account: Account, intent: Record, method: Record) -> None:
    """Save the method to the customer if it is to be used again; if it is nobody's, it is used up now."""
    if intent["setup_future_usage"] and intent["customer"]:
        payment_methods.attach_to(account, method, account.get("customer", intent["customer"]))
    if intent["setup_future_usage"] == "off_session":
        method.inner["set_up"] = True
    if not method["customer"]:
        method.inner["spent"] = True
    account.save(method)
