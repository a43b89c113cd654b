"""Checkout sessions: what a buyer is asked to pay, on a page of ours, until paid or expired."""

from __future__ import annotations

from typing import Any

from farthing.sandbox import banks
from farthing.sandbox.account import Account, Job, blank_as_none, merge_metadata
from farthing.sandbox.errors import invalid, malformed, missing_parameter
from farthing.sandbox.lifecycle import Lifecycle
from farthing.sandbox.listing import cut, equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import (
    attempts,
    checkout_parameters,
    checkout_questions,
    checkout_recovery,
    checkout_totals,
    connect_charges,
    line_items,
    payment_intents,
    setup_intents,
)
from farthing.sandbox.store import Json, Record

LIFECYCLE = Lifecycle("CheckoutSession", {"open": {"complete": "complete", "expire": "expired"}, "complete": {}, "expired": {}})
NOT_HERE = checkout_parameters.NOT_HERE
# Accepted and shown on the session as given.
ECHOED = (
    "allow_promotion_codes",
    "allowed_payment_method_types",
    "client_reference_id",
    "excluded_payment_method_types",
    "locale",
    "origin_context",
    "submit_type",
    "wallet_options",
)


def create(account: Account, params: Json) -> Record:
    checkout_parameters.check(params)
    if params.get("mode") == "setup":
        return _create_setup(account, params)
    if params.get("mode") == "subscription":
        # Here, because subscriptions are sold on these sessions.
        from farthing.sandbox.resources import checkout_subscriptions

        return checkout_subscriptions.create(account, params)
    buyer = checkout_parameters.buyer(account, params)
    lines, rates = line_items.make(account, params.get("line_items") or [], currency=checkout_parameters.currency(params))
    session = open_one(account, params, buyer, lines[0]["currency"], rates=rates, lines=lines)
    checkout_totals.reduce(account, session, params.get("discounts") or [])
    checkout_totals.count(account, session)
    wanted = params.get("payment_intent_data") or {}
    connect_charges.check(account, wanted, session["amount_total"], inside="payment_intent_data")
    session.inner["intent"] = wanted
    account.save(session)
    return session


def _create_setup(account: Account, params: Json) -> Record:
    """Nothing is paid: a card is saved for later."""
    if not params.get("currency") and not params.get("allowed_payment_method_types"):
        raise missing_parameter("currency")
    session = open_one(account, params, checkout_parameters.buyer(account, params), checkout_parameters.currency(params))
    session.body |= {"payment_method_collection": "always", "payment_status": "no_payment_required"}
    session.body |= dict.fromkeys(("amount_subtotal", "amount_total"))
    wanted: Json = {"allowed_payment_method_types": session["payment_method_types"], **(params.get("setup_intent_data") or {})}
    wanted |= {"customer": session["customer"]} if session["customer"] else {}
    intent = setup_intents.make(account, wanted, owner=session.id)
    intent.inner["return_url"] = session["url"]
    account.save(intent)
    session["setup_intent"] = intent.id
    account.save(session)
    return session


def open_one(account: Account, params: Json, buyer: Record | None, currency: str | None, **inner: Any) -> Record:
    """A session without its sums, and the hour of its end."""
    expires_at = checkout_parameters.expires_at(account, params)
    fields = _fields(params, buyer, currency, expires_at) | checkout_questions.asked(account, params)
    if fields["shipping_options"]:
        checkout_questions.check_currency(account, fields, currency or "")
        fields["shipping_cost"] = checkout_questions.cost_of(fields["shipping_options"][0])
    started: Json = {"lines": [], "rates": {}, "discounts": [], "intent": {}}
    started["customer_update"] = params.get("customer_update")
    session = account.add("checkout.session", "cs_test", fields, **(started | inner))
    session["url"] = f"{account.url}/c/pay/{session.id}"
    checkout_recovery.prepare(session, params)
    account.save(session)
    account.store.later(account.id, expires_at, "checkout.expire", session.id)
    return session


def _fields(params: Json, buyer: Record | None, currency: str | None, expires_at: int) -> Json:
    email = buyer["email"] if buyer else params.get("customer_email")
    saved = params.get("saved_payment_method_options")
    fixed: Json = {
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "amount_subtotal": 0,
        "amount_total": 0,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": params.get("cancel_url"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "currency": currency,
        "currency_conversion": None,
        "custom_text": checkout_parameters.texts(params),
        "customer": buyer.id if buyer else None,
        "customer_account": None,
        "customer_creation": None if buyer else params.get("customer_creation", "if_required"),
        "customer_details": checkout_questions.details(email, tax_exempt=_exemption(buyer)) if email else None,
        "customer_email": params.get("customer_email"),
        "discounts": [],
        "expires_at": expires_at,
        "invoice": None,
        "invoice_creation": _invoice_creation(params.get("invoice_creation") or {}),
        "metadata": merge_metadata({}, params.get("metadata")),
        "mode": params.get("mode", "payment"),
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": params.get("payment_method_collection", "if_required"),
        "payment_method_configuration_details": None,
        "payment_method_options": checkout_parameters.options(params),
        "payment_method_types": banks.method_types(
            currency, params.get("allowed_payment_method_types"), params.get("excluded_payment_method_types")
        ),
        "payment_status": "unpaid",
        "permissions": None,
        "recovered_from": None,
        "saved_payment_method_options": _saved(saved or {}) if buyer or saved else None,
        "setup_intent": None,
        "shipping_cost": None,
        "status": "open",
        "subscription": None,
        "success_url": params["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": None,
    }
    if "integration_identifier" in params:
        fixed["integration_identifier"] = params["integration_identifier"]
    return {name: params.get(name) for name in ECHOED} | fixed


def _exemption(buyer: Record | None) -> str:
    return (buyer["tax_exempt"] if buyer else None) or "none"


def _saved(given: Json) -> Json:
    return {
        "allow_redisplay_filters": given.get("allow_redisplay_filters") or ["always"],
        "payment_method_remove": given.get("payment_method_remove", "disabled"),
        "payment_method_save": given.get("payment_method_save"),
    }


def _invoice_creation(given: Json) -> Json:
    texts = given.get("invoice_data") or {}
    return {
        "enabled": given.get("enabled", False),
        "invoice_data": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": texts.get("description"),
            "footer": texts.get("footer"),
            "issuer": None,
            "metadata": merge_metadata({}, texts.get("metadata")),
            "rendering_options": None,
        },
    }


def must_be_open(session: Record) -> None:
    if session["status"] != "open":
        raise invalid(
            f"This Checkout Session is {session['status']}: only an open one can be paid.", code="intent_invalid_state"
        )


# Ending without payment


def expire(account: Account, id: str, params: Json) -> Record:
    del params
    session = account.get("checkout.session", id)
    if not LIFECYCLE.allows(session["status"], "expire"):
        raise invalid(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"{session['status']}.",
        )
    _end(account, session)
    return session


def expire_if_due(account: Account, session: Record) -> None:
    if LIFECYCLE.allows(session["status"], "expire") and session["expires_at"] <= account.clock.now():
        _end(account, session)


def _end(account: Account, session: Record) -> None:
    session["status"] = LIFECYCLE.move(session["status"], "expire")
    session["url"] = None
    checkout_recovery.offer(account, session)
    account.save(session)
    account.emit("checkout.session.expired", session)
    if session["setup_intent"]:
        waiting = account.get("setup_intent", session["setup_intent"])
        if setup_intents.LIFECYCLE.allows(waiting["status"], "cancel"):
            setup_intents.give_up(account, waiting, "abandoned")
    if id := session["payment_intent"] or session.inner.get("first_intent"):
        intent = account.get("payment_intent", id)
        if attempts.LIFECYCLE.allows(intent["status"], "cancel"):
            payment_intents.give_up(account, intent, "automatic")


# Looking and changing


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("checkout.session", id)


def update(account: Account, id: str, params: Json) -> Record:
    """Stripe sends no event for it."""
    session = account.get("checkout.session", id)
    for name in ("line_items", "shipping_options", "collected_information"):
        if name in params:
            raise invalid(f"`{name}` can only be updated for Checkout Sessions with ui_mode=elements.", param=name)
    intent_changes: dict[str, Any] = params.get("payment_intent_data") or {}
    if intent_changes:
        must_be_open(session)
        if session["mode"] != "payment":
            raise malformed("You can only pass `payment_intent_data` in `payment` mode.", param="payment_intent_data")
        current = session.inner["intent"]
        merged = merge_metadata(current.get("metadata") or {}, intent_changes.get("metadata"))
        session.inner["intent"] = {**current, **intent_changes, "metadata": merged}
    session["metadata"] = merge_metadata(session["metadata"], params.get("metadata"))
    account.save(session)
    return session


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "customer", "payment_intent", "status", "subscription")
    if details := params.get("customer_details"):
        where = f"{where} AND json_extract(body, '$.customer_details.email') = ?"
        values = [*values, blank_as_none(details.get("email"))]
    if params.get("payment_link"):
        where = f"{where} AND 0"
    return page(account, "checkout.session", "/v1/checkout/sessions", params, where, *values)


def lines_of(account: Account, id: str, params: Json) -> Json:
    session = account.get("checkout.session", id)
    return cut(session.inner["lines"], f"/v1/checkout/sessions/{id}/line_items", params)


JOBS: dict[str, tuple[str, Job]] = {"checkout.expire": ("checkout.session", expire_if_due)}
OPERATIONS = (
    Operation("POST", "/v1/checkout/sessions", "checkout.SessionCreateParams", create),
    Operation("GET", "/v1/checkout/sessions", "checkout.SessionListParams", list_),
    Operation("GET", "/v1/checkout/sessions/{id}", "checkout.SessionRetrieveParams", retrieve),
    Operation("POST", "/v1/checkout/sessions/{id}", "checkout.SessionUpdateParams", update),
    Operation("POST", "/v1/checkout/sessions/{id}/expire", "checkout.SessionExpireParams", expire),
    Operation("GET", "/v1/checkout/sessions/{id}/line_items", "checkout.SessionLineItemListParams", lines_of),
)
