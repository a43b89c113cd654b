"""Payment intents: one payment from the first try to the last. What a try does is in `attempts`."""

from __future__ import annotations

from typing import Any

from farthing.sandbox import banks, money
from farthing.sandbox.account import Account, Job, blank_as_none, merge_metadata
from farthing.sandbox.errors import (
    exclusive_parameters,
    invalid,
    malformed,
    not_here_yet,
    unexpected_state,
)
from farthing.sandbox.ids import new_id, random_text
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import bank_debits, charges, connect_charges, intent_parts, mandates, payment_methods
from farthing.sandbox.resources.addresses import whole
from farthing.sandbox.resources.attempts import LIFECYCLE, attempt
from farthing.sandbox.searching import search
from farthing.sandbox.store import Json, Record
from farthing.sandbox.urls import check_onward

NOT_HERE = {
    "mandate": "mandates",
    "confirmation_token": "confirmation tokens",
    "hooks": "tax hooks",
    "amount_details": "line items of a payment",
    "customer_account": "version 2 accounts",
}
# Accepted and shown on the object as given.
ECHOED = ("allowed_payment_method_types", "excluded_payment_method_types", "setup_future_usage", "transfer_group")
TEXTS = ("description", "receipt_email", "statement_descriptor", "statement_descriptor_suffix")
REDIRECTS = (
    "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment "
    "methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept "
    "redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and "
    "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents."
)
NO_METHOD = (
    "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent "
    "with a payment method and then confirm it again, or confirm it again directly with a payment method or "
    "ConfirmationToken."
)


def create(account: Account, params: Json) -> Record:
    if not params.get("confirm"):
        for name in ("return_url", "off_session", "error_on_requires_action", "mandate_data"):
            if params.get(name):
                raise malformed(f"`{name}` can only be specified when `confirm` is true.", param=name)
    intent = make(account, params)
    if params.get("confirm"):
        confirm_with(account, intent, params)
    return intent


def make(account: Account, params: Json, *, owner: str | None = None) -> Record:
    """`owner` is the checkout session this payment belongs to; then only the session may confirm it."""
    _refuse_what_is_not_here(params)
    currency = money.currency(params["currency"])
    money.check_charge(params["amount"], currency)
    if customer := params.get("customer"):
        account.get("customer", customer, param="customer")
    connect_charges.check(account, params, params["amount"])
    id = new_id("pi")
    body = _fields(params, currency) | {"client_secret": f"{id}_secret_{random_text(25)}"}
    body |= connect_charges.terms(account, params, id)
    intent = account.add("payment_intent", "pi", body, id=id, owner=owner)
    if method := intent_parts.given_method(account, params):
        intent["payment_method"] = intent_parts.usable(account, intent, method).id
        intent["status"] = LIFECYCLE.move(intent["status"], "choose")
        account.save(intent)
    account.emit("payment_intent.created", intent)
    return intent


def _refuse_what_is_not_here(params: Json) -> None:
    for name, what in NOT_HERE.items():
        if name in params:
            raise not_here_yet(name, what)
    automatic = (params.get("automatic_payment_methods") or {}).get("enabled")
    for name in ("allowed_payment_method_types",):
        if automatic and name in params:
            raise exclusive_parameters("automatic_payment_methods", name)


def _fields(params: Json, currency: str) -> Json:
    automatic = None
    if "allowed_payment_method_types" not in params:
        automatic = {"allow_redirects": "always", "enabled": True} | params.get("automatic_payment_methods", {})
    return {
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "automatic_payment_methods": automatic,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.get("capture_method", "automatic_async"),
        "confirmation_method": params.get("confirmation_method", "automatic"),
        "currency": currency,
        "customer": params.get("customer"),
        "customer_account": None,
        "last_payment_error": None,
        "latest_charge": None,
        "metadata": merge_metadata({}, params.get("metadata")),
        "next_action": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": intent_parts.options({"card": {"request_three_d_secure": "automatic"}}, params),
        **intent_parts.details(params),
        "payment_method_types": banks.method_types(
            currency, params.get("allowed_payment_method_types"), params.get("excluded_payment_method_types")
        ),
        "payment_record": None,
        "processing": None,
        "review": None,
        "shipping": whole("shipping", params.get("shipping")),
        "source": None,
        "status": "requires_payment_method",
    } | {name: blank_as_none(params.get(name)) for name in (*ECHOED, *TEXTS)}


# Confirming


def confirm(account: Account, id: str, params: Json) -> Record:
    intent = account.get("payment_intent", id)
    if intent.inner.get("owner"):
        raise invalid(
            "You cannot confirm this PaymentIntent because it is managed by a Checkout Session.",
            code="payment_intent_unexpected_state",
        )
    _refuse_what_is_not_here(params)
    if not LIFECYCLE.allows(intent["status"], "succeed"):
        raise unexpected_state("confirm", intent["status"], LIFECYCLE.from_which("succeed"), intent.body)
    confirm_with(account, intent, params, intent_parts.given_method(account, params))
    return intent


def confirm_with(account: Account, intent: Record, params: Json, told: Record | None = None) -> None:
    """`told` is the payment method of this confirmation, when it brings one."""
    automatic = intent["automatic_payment_methods"] or {}
    redirects = automatic.get("enabled") and automatic.get("allow_redirects") != "never"
    if redirects and not params.get("return_url"):
        raise invalid(REDIRECTS, code=None)
    if told is None and not intent["payment_method"]:
        raise invalid(NO_METHOD, code="payment_intent_unexpected_state", payment_intent=intent.body)
    method = intent_parts.usable(account, intent, told or payment_methods.take(account, intent["payment_method"]))
    for name in ("setup_future_usage", "receipt_email", "capture_method"):
        if params.get(name):
            intent[name] = params[name]
    if params.get("shipping"):
        intent["shipping"] = whole("shipping", params["shipping"])
    intent["payment_method_options"] = intent_parts.options(intent["payment_method_options"], params)
    check_onward(params.get("return_url"), "return_url")
    intent.inner |= {"return_url": params.get("return_url"), "acceptance": mandates.acceptance(account, params)}
    attempt(
        account,
        intent,
        method,
        off_session=bool(params.get("off_session")),
        may_ask=not params.get("error_on_requires_action"),
    )


# Afterwards


def capture(account: Account, id: str, params: Json) -> Record:
    _refuse_what_is_not_here(params)
    intent = account.get("payment_intent", id)
    if not LIFECYCLE.allows(intent["status"], "capture"):
        raise unexpected_state("capture", intent["status"], LIFECYCLE.from_which("capture"), intent.body)
    if params.get("final_capture") is False:
        raise not_here_yet("final_capture", "captures in several parts")
    amount = params.get("amount_to_capture", intent["amount_capturable"])
    if amount < 1:
        raise malformed(
            "This value must be greater than or equal to 1.", param="amount_to_capture", code="parameter_invalid_integer"
        )
    if amount > intent["amount_capturable"]:
        raise invalid(
            "The amount_to_capture is greater than the amount_capturable of this PaymentIntent.",
            param="amount_to_capture",
            code="amount_too_large",
        )
    charge = account.get("charge", intent["latest_charge"])
    connect_charges.change(account, intent, params, amount)
    charge.body |= {name: intent[name] for name in ("application_fee_amount", "transfer_data")}
    intent.body |= {"amount_capturable": 0, "amount_received": amount}
    intent["status"] = LIFECYCLE.move(intent["status"], "capture")
    intent["metadata"] = merge_metadata(intent["metadata"], params.get("metadata"))
    for name in ("statement_descriptor", "statement_descriptor_suffix"):
        if name in params:
            intent[name] = charge[name] = blank_as_none(params[name])
    account.save(intent)
    charges.capture(account, charge, amount)
    account.emit("payment_intent.succeeded", intent)
    return intent


def increment(account: Account, id: str, params: Json) -> Record:
    """The test cards' banks say `incremental_authorization: unavailable`, so Stripe refuses as well."""
    del params
    intent = account.get("payment_intent", id)
    if intent["status"] != "requires_capture":
        raise invalid(
            f"This PaymentIntent's authorization could not be incremented because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state",
            payment_intent=intent.body,
        )
    raise invalid("This PaymentIntent is not eligible for incremental authorization: its charge says `unavailable`.")


def cancel(account: Account, id: str, params: Json) -> Record:
    intent = account.get("payment_intent", id)
    if intent.inner.get("owner") and intent["status"] != "requires_capture":
        raise invalid(
            "You cannot cancel this PaymentIntent because it is managed by a Checkout Session. Expire the session instead.",
            code="payment_intent_unexpected_state",
        )
    if not LIFECYCLE.allows(intent["status"], "cancel"):
        raise unexpected_state("cancel", intent["status"], LIFECYCLE.from_which("cancel"), intent.body)
    give_up(account, intent, params.get("cancellation_reason"))
    return intent


def give_up(account: Account, intent: Record, reason: str | None) -> None:
    if intent["status"] == "requires_capture" and reason != "expired":
        charges.let_go(account, account.get("charge", intent["latest_charge"]))
    if intent["status"] == "processing":
        bank_debits.give_up(account, account.get("charge", intent["latest_charge"]))
    intent["status"] = LIFECYCLE.move(intent["status"], "cancel")
    intent.body |= {
        "amount_capturable": 0,
        "canceled_at": account.clock.seconds(),
        "cancellation_reason": reason,
        "next_action": None,
    }
    account.save(intent)
    account.emit("payment_intent.canceled", intent)


def expire(account: Account, charge: Record) -> None:
    """The bank lets go of an authorization that nobody captured in time."""
    intent = account.get("payment_intent", charge["payment_intent"])
    if charge["captured"] or charge["refunded"] or intent["status"] != "requires_capture":
        return
    charge.body |= {"amount_refunded": charge["amount"], "refunded": True}
    account.save(charge)
    account.emit("charge.expired", charge)
    give_up(account, intent, "expired")


def capture_charge(account: Account, id: str, params: Json) -> Record:
    """The older way to say the same: Stripe captures the intent the charge belongs to."""
    charge = account.get("charge", id)
    if charge["captured"]:
        raise invalid(f"Charge {id} has already been captured.", code="charge_already_captured")
    for name in ("receipt_email", "statement_descriptor", "statement_descriptor_suffix", "transfer_data", "transfer_group"):
        if params.get(name):
            raise not_here_yet(name, "changes while a charge is captured")
    given = {new: params[old] for old, new in CAPTURE_NAMES.items() if old in params}
    capture(account, charge["payment_intent"], given)
    return account.get("charge", id)


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("payment_intent", id)


def update(account: Account, id: str, params: Json) -> Record:
    """Stripe sends no event for it."""
    _refuse_what_is_not_here(params)
    intent = account.get("payment_intent", id)
    field = next((name for name in ("amount", "currency", "customer", "payment_method") if name in params), None)
    if field and not LIFECYCLE.allows(intent["status"], "succeed"):
        raise invalid(
            f"This PaymentIntent's {field} could not be updated because it has a status of "
            f"{intent['status']}. You may only update the {field} of a PaymentIntent with one of the "
            f"following statuses: {', '.join(LIFECYCLE.from_which('succeed'))}.",
            param=field,
            code="payment_intent_unexpected_state",
            payment_intent=intent.body,
        )
    intent.body |= _changed(account, intent, params)
    connect_charges.change(account, intent, params, intent["amount"])
    if method := intent_parts.given_method(account, params):
        intent["payment_method"] = intent_parts.usable(account, intent, method).id
        intent["status"] = LIFECYCLE.move(intent["status"], "choose")
    account.save(intent)
    return intent


def _changed(account: Account, intent: Record, params: Json) -> dict[str, Any]:
    changed: dict[str, Any] = {name: blank_as_none(params[name]) for name in (*TEXTS, *ECHOED) if name in params}
    if "currency" in params or "amount" in params:
        changed["currency"] = money.currency(params.get("currency", intent["currency"]))
        changed["amount"] = params.get("amount", intent["amount"])
        money.check_charge(changed["amount"], changed["currency"])
    if customer := params.get("customer"):
        changed["customer"] = account.get("customer", customer, param="customer").id
    if "shipping" in params:
        changed["shipping"] = whole("shipping", params["shipping"])
    if "capture_method" in params:
        changed["capture_method"] = params["capture_method"]
    changed["payment_method_options"] = intent_parts.options(intent["payment_method_options"], params)
    changed["metadata"] = merge_metadata(intent["metadata"], params.get("metadata"))
    return changed | intent_parts.details(params)


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "customer")
    return page(account, "payment_intent", "/v1/payment_intents", params, where, *values)


def find(account: Account, params: Json) -> Json:
    return search(account, "payment_intent", "/v1/payment_intents/search", params)


CAPTURE_NAMES = {"amount": "amount_to_capture", "application_fee_amount": "application_fee_amount"}
JOBS: dict[str, tuple[str, Job]] = {"charges.expire": ("charge", expire)}
OPERATIONS = (
    Operation("POST", "/v1/payment_intents", "PaymentIntentCreateParams", create),
    Operation("GET", "/v1/payment_intents", "PaymentIntentListParams", list_),
    Operation("GET", "/v1/payment_intents/search", "PaymentIntentSearchParams", find),
    Operation("GET", "/v1/payment_intents/{id}", "PaymentIntentRetrieveParams", retrieve),
    Operation("POST", "/v1/payment_intents/{id}", "PaymentIntentUpdateParams", update),
    Operation("POST", "/v1/payment_intents/{id}/confirm", "PaymentIntentConfirmParams", confirm),
    Operation("POST", "/v1/payment_intents/{id}/capture", "PaymentIntentCaptureParams", capture),
    Operation(
        "POST",
        "/v1/payment_intents/{id}/increment_authorization",
        "PaymentIntentIncrementAuthorizationParams",
        increment,
    ),
    Operation("POST", "/v1/charges/{id}/capture", "ChargeCaptureParams", capture_charge),
    Operation("POST", "/v1/payment_intents/{id}/cancel", "PaymentIntentCancelParams", cancel),
)
