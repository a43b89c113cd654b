"""Paying a checkout session: the hosted page and its API twin both come through here."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.errors import Refusal, invalid, malformed, missing_parameter
from farthing.sandbox.resources import attempts, checkout_subscriptions, customers, payment_intents, setup_intents
from farthing.sandbox.resources.checkout_sessions import LIFECYCLE, Buyer, details_of, must_be_open
from farthing.sandbox.store import Json, Record

METHOD_TYPES = ("allowed_payment_method_types", "excluded_payment_method_types")


def pay(account: Account, session: Record, method: Record | None, buyer: Buyer) -> Record:
    """Try to pay with this method. A decline raises and leaves the session open; 3D Secure leaves the intent waiting."""
    must_be_open(session)
    if method is None and (session["mode"] != "subscription" or checkout_subscriptions.needs_card(session)):
        raise missing_parameter("card")
    if method is not None and method["type"] not in session["payment_method_types"]:
        raise invalid(f"This Checkout Session cannot be paid by {method['type']}.", param="payment_method")
    email = buyer.email or (session["customer_details"] or {}).get("email")
    if not email:
        raise malformed("An email address is needed to pay.", param="email", code="parameter_missing")
    session["customer_details"] = details_of(Buyer(email, buyer.name, buyer.address))
    if session["mode"] == "subscription":
        return checkout_subscriptions.pay(account, session, method)
    assert method is not None, "only a subscription can begin without a card"
    if session["mode"] == "setup":
        return _set_up(account, session, method)
    if session["amount_total"] == 0:
        return _complete(account, session, "no_payment_required")
    intent = _intent(account, session)
    attempts.attempt(account, intent, method)
    return finish(account, session)


def _set_up(account: Account, session: Record, method: Record) -> Record:
    intent = account.get("setup_intent", session["setup_intent"])
    if not intent["customer"] and session["customer_creation"] == "always":
        intent["customer"] = session["customer"] = _new_customer(account, session, {})
        account.save(intent)
    setup_intents.attempt(account, intent, method)
    return finish(account, session)


def _intent(account: Account, session: Record) -> Record:
    """One intent per session, made when the buyer first tries, however many cards are tried."""
    if session["payment_intent"]:
        return account.get("payment_intent", session["payment_intent"])
    wanted = dict(session.inner["intent"])
    customer = session["customer"] or _new_customer(account, session, wanted)
    intent = payment_intents.make(
        account,
        wanted
        | {"amount": session["amount_total"], "currency": session["currency"]}
        | {name: session[name] for name in METHOD_TYPES if session[name]}
        | ({"customer": customer} if customer else {}),
        owner=session.id,
    )
    intent.inner["return_url"] = session["url"]
    account.save(intent)
    session["payment_intent"] = intent.id
    account.save(session)
    return intent


def _new_customer(account: Account, session: Record, wanted: Json) -> str | None:
    """Buyers stay guests unless the session wants a customer, or the card is to be used again."""
    if session["customer_creation"] != "always" and not wanted.get("setup_future_usage"):
        return None
    details = session["customer_details"]
    known = {name: details[name] for name in ("email", "name", "address") if details[name]}
    return customers.create(account, known).id


def finish(account: Account, session: Record) -> Record:
    """Complete the session if its intent has been paid, authorized or set up."""
    if session["mode"] == "subscription":
        return checkout_subscriptions.finish(account, session)
    if session["mode"] == "setup":
        waiting = account.get("setup_intent", session["setup_intent"])
        if session["status"] == "open" and waiting["status"] == "succeeded":
            return _complete(account, session, "no_payment_required")
        account.save(session)
        return session
    intent = account.get("payment_intent", session["payment_intent"])
    if session["status"] == "open" and intent["status"] in ("succeeded", "requires_capture", "processing"):
        session["customer"] = intent["customer"]
        return _complete(account, session, "paid" if intent["status"] == "succeeded" else "unpaid")
    account.save(session)
    return session


def _complete(account: Account, session: Record, payment_status: str) -> Record:
    session["status"] = LIFECYCLE.move(session["status"], "complete")
    session.body |= {"payment_status": payment_status, "url": None}
    account.save(session)
    account.emit("checkout.session.completed", session)
    return session


def authenticate(account: Account, intent: Record, *, passed: bool) -> Refusal | None:
    """The buyer came back from the bank; the session that owns the intent follows it. Answers the decline, if any."""
    declined = None
    try:
        if intent["object"] == "setup_intent":
            setup_intents.authenticate(account, intent, passed=passed)
        else:
            attempts.authenticate(account, intent, passed=passed)
    except Refusal as refusal:
        declined = refusal
    if owner := intent.inner.get("owner"):
        finish(account, account.get("checkout.session", owner))
    return declined


def success_url(session: Record) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session.id)
