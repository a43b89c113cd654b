"""How a buyer pays: the hosted page and its API twin both come here, so there is one way to pay and not two."""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from farthing.sandbox import banks, cards
from farthing.sandbox.account import Account
from farthing.sandbox.errors import Refusal, no_such
from farthing.sandbox.purchases import Purchase, purchase
from farthing.sandbox.resources import checkout_payment, checkout_recovery, checkout_saved, payment_methods
from farthing.sandbox.store import Json, Record
from farthing.sandbox.world import Sandbox

__all__ = ["Outcome", "Purchase", "authenticate", "change", "find", "forget_method", "pay", "purchase", "recover"]


@dataclass(frozen=True, slots=True)
class Outcome:
    session: Json | None
    intent: Json
    redirect_to: str | None
    """Where the buyer goes next: the success page, the bank's page, or back."""
    waits: bool = False
    declined: Refusal | None = None


def pay(sandbox: Sandbox, id: str, bought: Purchase, url: str) -> Outcome:
    """A decline is an outcome; only a session that is not there, or not open, is refused."""
    declined = None
    with sandbox.commit():
        account, session = find(sandbox, "checkout.session", id, url)
        try:
            with account.store.attempt(), sandbox.ids_of(account.id, sandbox.settings.id_seed):
                if bought.decides:
                    _change(account, session, bought)
                method = _method(account, session, bought) if bought.pays else None
                try:
                    checkout_payment.pay(account, session, method, bought.buyer)
                except Refusal as refusal:
                    if not refusal.keeps:
                        raise
                    account.save(session)
                    declined = refusal
        except Refusal as refusal:
            if refusal.status != 402:
                raise
            declined = refusal
        return _outcome(account, session, declined)


def change(sandbox: Sandbox, id: str, bought: Purchase, url: str) -> Record:
    """A promotion code, other quantities or another way to ship, before anything is paid."""
    with sandbox.commit():
        account, session = find(sandbox, "checkout.session", id, url)
        with account.store.attempt():
            _change(account, session, bought)
        return session


def _change(account: Account, session: Record, bought: Purchase) -> None:
    checkout_payment.change(
        account, session, code=bought.code, quantities=bought.quantities, shipping_rate=bought.buyer.shipping_rate
    )


def recover(sandbox: Sandbox, id: str, url: str) -> Record:
    """The link of an expired session was followed."""
    with sandbox.commit():
        account, session = find(sandbox, "checkout.session", id, url)
        with account.store.attempt():
            return checkout_recovery.open_copy(account, session)


def forget_method(sandbox: Sandbox, id: str, method: str, url: str) -> None:
    """The buyer does not want this card kept any more."""
    with sandbox.commit():
        account, session = find(sandbox, "checkout.session", id, url)
        with account.store.attempt():
            checkout_saved.remove(account, session, method)


def _method(account: Account, session: Record, bought: Purchase) -> Record:
    if bought.payment_method:
        return payment_methods.take(account, bought.payment_method)
    email = bought.buyer.email or (session["customer_details"] or {}).get("email")
    details = {"email": email, "name": bought.buyer.name, "address": bought.buyer.address, "phone": bought.buyer.phone}
    if bought.bank:
        return payment_methods.make_bank(account, _bank(bought.bank), params={"billing_details": details})
    card = cards.numbered(bought.number)
    given: Json = {}
    if bought.expiry:
        month, year = bought.expiry
        today = time.gmtime(account.clock.now())
        cards.check_expiry(month, year, today=(today.tm_year, today.tm_mon))
        given = {"exp_month": month, "exp_year": year}
    if bought.cvc is not None:
        cards.check_cvc(bought.cvc, card)
    return payment_methods.make(account, card, given, {"billing_details": details})


def _bank(given: Json) -> banks.TestBank:
    if "iban" in given:
        return banks.with_iban(given["iban"])
    return banks.with_account(given.get("account_number", ""), given.get("routing_number", ""))


def authenticate(sandbox: Sandbox, id: str, *, passed: bool, url: str) -> Outcome:
    """The bank's page was answered for this payment intent. Answering it twice changes nothing."""
    with sandbox.commit():
        account, intent = find(sandbox, "setup_intent" if id.startswith("seti_") else "payment_intent", id, url)
        with sandbox.ids_of(account.id, sandbox.settings.id_seed):
            declined = checkout_payment.authenticate(account, intent, passed=passed)
        owner = intent.inner.get("owner")
        if owner:
            return _outcome(account, account.get("checkout.session", owner), declined)
        return Outcome(None, intent.body, _back(intent), declined=declined)


def find(sandbox: Sandbox, object: str, id: str, url: str) -> tuple[Account, Record]:
    """By an id alone: it is long and random, and whoever was sent to its page knows it."""
    found = sandbox.store.find_anywhere(id)
    if found is None or found[1]["object"] != object:
        raise no_such(object, id)
    account_id, record = found
    return sandbox.account(account_id, url), record


def _outcome(account: Account, session: Record, declined: Refusal | None) -> Outcome:
    intent: Json = {}
    if id := session["payment_intent"] or session.inner.get("first_intent"):
        intent = account.get("payment_intent", id).body
    elif id := session["setup_intent"] or session.inner.get("first_setup"):
        intent = account.get("setup_intent", id).body
    if session["status"] == "complete":
        return Outcome(session.body, intent, checkout_payment.success_url(session))
    if intent.get("status") == "requires_action":
        return Outcome(session.body, intent, intent["next_action"]["redirect_to_url"]["url"], waits=True)
    return Outcome(session.body, intent, session["url"], declined=declined)


def _back(intent: Record) -> str | None:
    """Where the seller asked the buyer to be sent, with what became of the payment."""
    if not intent.inner.get("return_url"):
        return None
    parts = urlsplit(intent.inner["return_url"])
    done = intent["status"] in ("succeeded", "requires_capture")
    said = urlencode(
        {
            intent["object"]: intent.id,
            f"{intent['object']}_client_secret": intent["client_secret"],
            "redirect_status": "succeeded" if done else "failed",
        }
    )
    return urlunsplit(parts._replace(query=f"{parts.query}&{said}" if parts.query else said))
