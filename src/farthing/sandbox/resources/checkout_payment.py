"""Paying a checkout session: the hosted page and its API twin both come through here."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.errors import Refusal, invalid, missing_parameter
from farthing.sandbox.resources import (
    attempts,
    checkout_customers,
    checkout_invoices,
    checkout_questions,
    checkout_subscriptions,
    checkout_totals,
    line_items,
    payment_intents,
    promotion_codes,
    setup_intents,
)
from farthing.sandbox.resources.checkout_questions import Buyer
from farthing.sandbox.resources.checkout_sessions import LIFECYCLE, must_be_open
from farthing.sandbox.store import Record

METHOD_TYPES = ("allowed_payment_method_types", "excluded_payment_method_types")
SAID_NO = "This code is invalid."


def needs_card(session: Record) -> bool:
    """Free orders, and trials that may begin without, ask for nothing to pay with."""
    if session["mode"] == "subscription":
        return checkout_subscriptions.needs_card(session)
    return session["mode"] == "setup" or bool(session["amount_total"])


# Before paying


def change(
    account: Account,
    session: Record,
    *,
    code: str | None = None,
    quantities: dict[str, int] | None = None,
    shipping_rate: str | None = None,
) -> None:
    """What the buyer may decide about the sum; `code` is a promotion code as typed, "" to take it off again."""
    must_be_open(session)
    if code is not None:
        _use_code(account, session, code)
    if quantities:
        line_items.adjust(session.inner["lines"], quantities)
    checkout_questions.choose_shipping(session, shipping_rate)
    if session["mode"] == "subscription":
        checkout_subscriptions.price(account, session)
    elif session["mode"] == "payment":
        checkout_totals.count(account, session, param="promotion_code" if code else "quantities")
        _follow_the_sum(account, session)
    account.save(session)


def _use_code(account: Account, session: Record, code: str) -> None:
    if not session["allow_promotion_codes"]:
        raise invalid("This Checkout Session takes no promotion codes.", param="promotion_code")
    found = promotion_codes.named(account, code) if code else None
    if code and found is None:
        raise invalid(SAID_NO, param="promotion_code", code="resource_missing")
    given = [{"promotion_code": found.id}] if found else []
    if session["mode"] == "subscription":
        session.inner["wanted"]["discounts"] = given
        return
    checkout_totals.reduce(account, session, given)
    checkout_totals.count(account, session, param="promotion_code")
    if given and not session["total_details"]["amount_discount"]:
        raise invalid("This code does not apply to anything here.", param="promotion_code")


def _follow_the_sum(account: Account, session: Record) -> None:
    """A payment that was tried before asks for the new sum the next time."""
    if session["payment_intent"] and session["amount_total"]:
        intent = account.get("payment_intent", session["payment_intent"])
        intent["amount"] = session["amount_total"]
        account.save(intent)


# Paying


def pay(account: Account, session: Record, method: Record | None, buyer: Buyer) -> Record:
    """Try to pay with this method. A decline raises and leaves the session open; 3D Secure leaves the intent waiting."""
    must_be_open(session)
    if method is None and needs_card(session):
        raise missing_parameter("card")
    if method is not None and method["type"] not in session["payment_method_types"]:
        raise invalid(f"This Checkout Session cannot be paid by {method['type']}.", param="payment_method")
    checkout_questions.answer(session, buyer)
    if session["mode"] == "subscription":
        return checkout_subscriptions.pay(account, session, method)
    if session["mode"] == "setup":
        assert method is not None, "needs_card says so"
        return _set_up(account, session, method)
    checkout_totals.check_still_valid(account, session)
    if session["amount_total"] == 0:
        session["customer"] = session["customer"] or checkout_customers.wanted(account, session, {})
        return _complete(account, session, "no_payment_required")
    assert method is not None, "needs_card says so"
    intent = _intent(account, session)
    if buyer.saves_method:
        _save_method(account, session, intent, method)
    attempts.attempt(account, intent, method)
    return finish(account, session)


def _set_up(account: Account, session: Record, method: Record) -> Record:
    intent = account.get("setup_intent", session["setup_intent"])
    if not intent["customer"] and session["customer_creation"] == "always":
        intent["customer"] = session["customer"] = checkout_customers.wanted(account, session, {})
        account.save(intent)
    setup_intents.attempt(account, intent, method)
    return finish(account, session)


def _intent(account: Account, session: Record) -> Record:
    """One intent per session, made when the buyer first tries, however many cards are tried."""
    if session["payment_intent"]:
        intent = account.get("payment_intent", session["payment_intent"])
        intent["shipping"] = checkout_customers.shipping(session) or intent["shipping"]
        account.save(intent)
        return intent
    wanted = dict(session.inner["intent"])
    customer = session["customer"] or checkout_customers.wanted(account, session, wanted)
    shipping = checkout_customers.shipping(session)
    intent = payment_intents.make(
        account,
        wanted
        | {"amount": session["amount_total"], "currency": session["currency"]}
        | {name: session[name] for name in METHOD_TYPES if session[name]}
        | ({"customer": customer} if customer else {})
        | ({"shipping": shipping} if shipping else {}),
        owner=session.id,
    )
    intent.inner["return_url"] = session["url"]
    account.save(intent)
    session["payment_intent"] = intent.id
    account.save(session)
    return intent


def _save_method(account: Account, session: Record, intent: Record, method: Record) -> None:
    """The buyer ticked the box that keeps the card for the next purchase."""
    options = session["saved_payment_method_options"] or {}
    if options.get("payment_method_save") != "enabled" or not intent["customer"]:
        raise invalid("This Checkout Session does not offer to save a payment method.", param="save_payment_method")
    intent["setup_future_usage"] = intent["setup_future_usage"] or "on_session"
    account.save(intent)
    method["allow_redisplay"] = "always"
    account.save(method)


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
        return _complete(account, session, "paid" if intent["status"] == "succeeded" else "unpaid", intent)
    account.save(session)
    return session


def _complete(account: Account, session: Record, payment_status: str, intent: Record | None = None) -> Record:
    session["status"] = LIFECYCLE.move(session["status"], "complete")
    session.body |= {"payment_status": payment_status, "url": None}
    if session["mode"] == "payment":
        checkout_totals.redeem(account, session)
        checkout_customers.follow(account, session)
        checkout_invoices.write(account, session, intent)
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
