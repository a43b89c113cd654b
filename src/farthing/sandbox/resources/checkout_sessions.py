"""Checkout sessions: what a buyer is asked to pay, on a page of ours, until paid or expired."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from farthing.sandbox import banks, money
from farthing.sandbox.account import Account, Job, blank_as_none, merge_metadata
from farthing.sandbox.errors import (
    exclusive_parameters,
    invalid,
    malformed,
    missing_parameter,
    not_here_yet,
)
from farthing.sandbox.lifecycle import Lifecycle
from farthing.sandbox.listing import cut, equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import attempts, connect_charges, line_items, payment_intents, setup_intents
from farthing.sandbox.resources.addresses import address
from farthing.sandbox.store import Json, Record

LIFECYCLE = Lifecycle("CheckoutSession", {"open": {"complete": "complete", "expire": "expired"}, "complete": {}, "expired": {}})
EXPIRES_MIN_SECONDS = 30 * 60
EXPIRES_MAX_SECONDS = 24 * 3_600
# Between the caller's clock and ours: Stripe forgives a little, too.
EXPIRES_SLACK_SECONDS = 60
NOT_HERE = {
    "discounts": "discounts",
    "shipping_options": "shipping rates",
    "optional_items": "optional items",
    "customer_account": "version 2 accounts",
    "return_url": "embedded pages",
    "custom_fields": "custom fields",
    "consent_collection": "consent collection",
    "shipping_address_collection": "shipping addresses on its page",
}
NOT_HERE_WHEN_ENABLED = {
    "automatic_tax": "Stripe Tax",
    "invoice_creation": "invoices for one-off payments",
    "tax_id_collection": "tax ids",
    "phone_number_collection": "phone numbers on its page",
}
# Accepted and shown on the session as given.
ECHOED = (
    "allow_promotion_codes",
    "allowed_payment_method_types",
    "billing_address_collection",
    "client_reference_id",
    "consent_collection",
    "custom_fields",
    "excluded_payment_method_types",
    "locale",
    "phone_number_collection",
    "shipping_address_collection",
    "submit_type",
)


@dataclass(frozen=True, slots=True)
class Buyer:
    """What the buyer typed besides the card."""

    email: str | None = None
    name: str | None = None
    address: Json = field(default_factory=dict)


def create(account: Account, params: Json) -> Record:
    _refuse_what_is_not_here(params)
    _check_urls(params)
    if params.get("mode") == "setup":
        return _create_setup(account, params)
    if params.get("mode") == "subscription":
        # Here, because subscriptions are sold on these sessions.
        from farthing.sandbox.resources import checkout_subscriptions

        return checkout_subscriptions.create(account, params)
    buyer = buyer_of(account, params)
    lines = line_items.make(account, params.get("line_items") or [])
    if not lines:
        raise missing_parameter("line_items")
    currency, total = _total(lines)
    connect_charges.check(account, params.get("payment_intent_data") or {}, total, inside="payment_intent_data")
    expires_at = expires_at_of(account, params)
    session = account.add(
        "checkout.session",
        "cs_test",
        fields_of(params, buyer, currency, total, expires_at),
        lines=lines,
        intent=params.get("payment_intent_data") or {},
    )
    session["url"] = f"{account.url}/c/pay/{session.id}"
    account.save(session)
    account.store.later(account.id, expires_at, "checkout.expire", session.id)
    return session


def _create_setup(account: Account, params: Json) -> Record:
    """Nothing is paid: a card is saved for later."""
    for name in ("line_items", "payment_intent_data"):
        if params.get(name):
            raise malformed(f"You can not pass `{name}` in `setup` mode.", param=name)
    if not params.get("currency") and not params.get("allowed_payment_method_types"):
        raise missing_parameter("currency")
    currency = money.currency(params["currency"]) if params.get("currency") else None
    buyer, expires_at = buyer_of(account, params), expires_at_of(account, params)
    shown = fields_of(params, buyer, currency, None, expires_at) | {"mode": "setup", "payment_status": "no_payment_required"}
    session = account.add("checkout.session", "cs_test", shown, lines=[], intent={})
    wanted: Json = {"allowed_payment_method_types": shown["payment_method_types"], **(params.get("setup_intent_data") or {})}
    wanted |= {"customer": buyer.id} if buyer else {}
    intent = setup_intents.make(account, wanted, owner=session.id)
    session["url"] = f"{account.url}/c/pay/{session.id}"
    intent.inner["return_url"] = session["url"]
    account.save(intent)
    session["setup_intent"] = intent.id
    account.save(session)
    account.store.later(account.id, expires_at, "checkout.expire", session.id)
    return session


def _refuse_what_is_not_here(params: Json) -> None:
    mode = params.get("mode", "payment")
    if params.get("setup_intent_data") and mode != "setup":
        raise malformed("You can only pass `setup_intent_data` in `setup` mode.", param="setup_intent_data")
    if params.get("subscription_data") and mode != "subscription":
        raise malformed("You can only pass `subscription_data` in `subscription` mode.", param="subscription_data")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise not_here_yet("ui_mode", "other pages than ui_mode=hosted_page")
    for name, what in NOT_HERE.items():
        if params.get(name) and not (name == "discounts" and mode == "subscription"):
            raise not_here_yet(name, what)
    for name, what in NOT_HERE_WHEN_ENABLED.items():
        if (params.get(name) or {}).get("enabled"):
            raise not_here_yet(name, what)


def _check_urls(params: Json) -> None:
    if not params.get("success_url"):
        raise missing_parameter("success_url")
    for name in ("success_url", "cancel_url"):
        if name in params and urlsplit(params[name]).scheme not in ("http", "https"):
            raise invalid("Not a valid URL", param=name, code="url_invalid")


def buyer_of(account: Account, params: Json) -> Record | None:
    if "customer" in params and "customer_email" in params:
        raise exclusive_parameters("customer", "customer_email")
    if "customer" in params and "customer_creation" in params:
        raise exclusive_parameters("customer", "customer_creation")
    if "customer" not in params:
        return None
    return account.get("customer", params["customer"], param="customer")


def _total(lines: list[Json]) -> tuple[str, int]:
    currencies = {line["currency"] for line in lines}
    if len(currencies) > 1:
        raise invalid(
            f"All prices must have the same currency, but these have {', '.join(sorted(currencies))}.", param="line_items"
        )
    currency, total = currencies.pop(), sum(line["amount_total"] for line in lines)
    if 0 < total < money.minimum(currency):
        least = f"{money.spell(money.minimum(currency), currency)} {currency}"
        raise money.too_small(f"The Checkout Session's total amount due must add up to at least {least}", "line_items")
    if total > money.AMOUNT_MAX:
        most = f"{money.spell(money.AMOUNT_MAX, currency)} {currency}"
        raise invalid(
            f"The Checkout Session's total amount must be no more than {most}", code="amount_too_large", param="line_items"
        )
    return currency, total


def expires_at_of(account: Account, params: Json) -> int:
    now = account.clock.seconds()
    moment: int = params.get("expires_at", now + EXPIRES_MAX_SECONDS)
    if moment < now + EXPIRES_MIN_SECONDS - EXPIRES_SLACK_SECONDS:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", param="expires_at"
        )
    if moment > now + EXPIRES_MAX_SECONDS + EXPIRES_SLACK_SECONDS:
        raise invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", param="expires_at"
        )
    return moment


def fields_of(params: Json, buyer: Record | None, currency: str | None, total: int | None, expires_at: int) -> Json:
    email = buyer["email"] if buyer else params.get("customer_email")
    fixed: Json = {
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": params.get("cancel_url"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "currency": currency,
        "currency_conversion": None,
        "custom_text": {"after_submit": None, "shipping_address": None, "submit": None, "terms_of_service_acceptance": None},
        "customer": buyer.id if buyer else None,
        "customer_account": None,
        "customer_creation": None if buyer else params.get("customer_creation", "if_required"),
        "customer_details": details_of(Buyer(email)) if email else None,
        "customer_email": params.get("customer_email"),
        "discounts": [],
        "expires_at": expires_at,
        "invoice": None,
        "invoice_creation": {
            "enabled": False,
            "invoice_data": {
                "account_tax_ids": None,
                "custom_fields": None,
                "description": None,
                "footer": None,
                "issuer": None,
                "metadata": {},
                "rendering_options": None,
            },
        },
        "metadata": merge_metadata({}, params.get("metadata")),
        "mode": "payment",
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": banks.method_types(
            currency, params.get("allowed_payment_method_types"), params.get("excluded_payment_method_types")
        ),
        "payment_status": "unpaid",
        "permissions": None,
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "subscription": None,
        "success_url": params["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": None,
        "wallet_options": None,
    }
    defaults = {"custom_fields": [], "phone_number_collection": {"enabled": False}}
    return {name: params.get(name, defaults.get(name)) for name in ECHOED} | fixed


def details_of(buyer: Buyer) -> Json:
    return {
        "address": address(buyer.address) if buyer.address else None,
        "business_name": None,
        "email": buyer.email,
        "individual_name": None,
        "name": buyer.name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
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
        current = session.inner["intent"]
        merged = merge_metadata(current.get("metadata") or {}, intent_changes.get("metadata"))
        session.inner["intent"] = {**current, **intent_changes, "metadata": merged}
    session["metadata"] = merge_metadata(session["metadata"], params.get("metadata"))
    account.save(session)
    return session


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "customer", "payment_intent", "status")
    if details := params.get("customer_details"):
        where = f"{where} AND json_extract(body, '$.customer_details.email') = ?"
        values = [*values, blank_as_none(details.get("email"))]
    if "subscription" in params or "payment_link" in params:
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
