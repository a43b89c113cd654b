"""Setup intents: a payment method made ready to be charged later, with the buyer's bank asked now if it wants to be."""

from __future__ import annotations

from farthing.sandbox import banks, cards
from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import Refusal, exclusive_parameters, invalid, malformed, not_here_yet, refuse_not_here
from farthing.sandbox.ids import new_id, random_text
from farthing.sandbox.lifecycle import Lifecycle
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import intent_parts, mandates, payment_methods
from farthing.sandbox.store import Json, Record
from farthing.sandbox.urls import check_onward

OPEN = {
    "choose": "requires_confirmation",
    "ask": "requires_action",
    "succeed": "succeeded",
    "fail": "requires_payment_method",
    "cancel": "canceled",
}
LIFECYCLE = Lifecycle(
    "SetupIntent",
    {
        "requires_payment_method": OPEN,
        "requires_confirmation": OPEN,
        "requires_action": OPEN,
        "succeeded": {},
        "canceled": {},
    },
)
NOT_HERE = {
    "attach_to_self": "setting up one's own account",
    "confirmation_token": "confirmation tokens",
    "customer_account": "version 2 accounts",
    "flow_directions": "outbound payments",
    "on_behalf_of": "Connect settlement merchants",
    "payment_method_configuration": "payment method configurations",
    "payment_method_options": "options of payment methods",
    "single_use": "single-use mandates",
    "use_stripe_sdk": "a browser's SDK",
}
STATES = "requires_payment_method, requires_confirmation, requires_action"


def create(account: Account, params: Json) -> Record:
    if not params.get("confirm"):
        for name in ("return_url", "mandate_data"):
            if params.get(name):
                raise malformed(f"`{name}` can only be specified when `confirm` is true.", param=name)
    intent = make(account, params)
    if params.get("confirm"):
        _confirm(account, intent, params)
    return intent


def make(account: Account, params: Json, *, owner: str | None = None) -> Record:
    """`owner` is the checkout session this belongs to; then only the session may confirm it."""
    _refuse_what_is_not_here(params)
    if (params.get("automatic_payment_methods") or {}).get("enabled") and "allowed_payment_method_types" in params:
        raise exclusive_parameters("automatic_payment_methods", "allowed_payment_method_types")
    if customer := params.get("customer"):
        account.get("customer", customer, param="customer")
    id = new_id("seti")
    body = _fields(params) | {"client_secret": f"{id}_secret_{random_text(25)}"}
    intent = account.add("setup_intent", "seti", body, id=id, owner=owner)
    if method := intent_parts.given_method(account, params):
        intent["payment_method"] = _usable(intent, method).id
        intent["status"] = LIFECYCLE.move(intent["status"], "choose")
        account.save(intent)
    account.emit("setup_intent.created", intent)
    return intent


def _refuse_what_is_not_here(params: Json) -> None:
    refuse_not_here(params, NOT_HERE)


def _fields(params: Json) -> Json:
    automatic = None
    if "allowed_payment_method_types" not in params:
        automatic = {"allow_redirects": "always", "enabled": True} | params.get("automatic_payment_methods", {})
    allowed, excluded = params.get("allowed_payment_method_types"), params.get("excluded_payment_method_types")
    types = allowed or [each for each in ("card", *banks.CURRENCIES) if each not in (excluded or [])]
    return {
        "allowed_payment_method_types": allowed,
        "application": None,
        "automatic_payment_methods": automatic,
        "cancellation_reason": None,
        "customer": params.get("customer"),
        "customer_account": None,
        "description": blank_as_none(params.get("description")),
        "excluded_payment_method_types": excluded,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "mandate": None,
        "metadata": merge_metadata({}, params.get("metadata")),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}},
        "payment_method_types": types,
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": params.get("usage", "off_session"),
    }


def _usable(intent: Record, method: Record) -> Record:
    if method["type"] not in intent["payment_method_types"]:
        raise invalid(
            f"The PaymentMethod provided ({method['type']}) is not allowed for this SetupIntent.", param="payment_method"
        )
    if method.inner.get("spent") or (method["customer"] and method["customer"] != intent["customer"]):
        raise invalid(
            "The provided PaymentMethod cannot be used: it belongs to another Customer, or was used or detached before.",
            param="payment_method",
        )
    return method


# Confirming


def confirm(account: Account, id: str, params: Json) -> Record:
    intent = account.get("setup_intent", id)
    _must_be_free(intent, "confirm")
    _refuse_what_is_not_here(params)
    _must_allow("confirm", "succeed", intent)
    _confirm(account, intent, params, intent_parts.given_method(account, params))
    return intent


def _must_be_free(intent: Record, verb: str) -> None:
    if intent.inner.get("owner"):
        raise invalid(
            f"You cannot {verb} this SetupIntent because it is managed by a Checkout Session.",
            code="setup_intent_unexpected_state",
        )


def _must_allow(word: str, verb: str, intent: Record) -> None:
    if not LIFECYCLE.allows(intent["status"], verb):
        done = {"confirm": "confirmed", "cancel": "canceled", "update": "updated"}[word]
        raise invalid(
            f"You cannot {word} this SetupIntent because it has a status of {intent['status']}. Only a SetupIntent with one "
            f"of the following statuses may be {done}: {STATES}.",
            code="setup_intent_unexpected_state",
            setup_intent=intent.body,
        )


def _confirm(account: Account, intent: Record, params: Json, told: Record | None = None) -> None:
    """`told` is the payment method of this confirmation, when it brings one."""
    automatic = intent["automatic_payment_methods"] or {}
    if automatic.get("enabled") and automatic.get("allow_redirects") != "never" and not params.get("return_url"):
        raise invalid(
            "This SetupIntent is configured to accept payment methods enabled in your Dashboard. Because some of these "
            "payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't "
            "want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and "
            "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents."
        )
    if told is None and not intent["payment_method"]:
        raise invalid(
            "You cannot confirm this SetupIntent because it's missing a payment method. Update the SetupIntent with a "
            "payment method and then confirm it again.",
            code="setup_intent_unexpected_state",
            setup_intent=intent.body,
        )
    check_onward(params.get("return_url"), "return_url")
    intent.inner |= {"return_url": params.get("return_url"), "acceptance": mandates.acceptance(account, params)}
    attempt(account, intent, _usable(intent, told or payment_methods.take(account, intent["payment_method"])))


def attempt(account: Account, intent: Record, method: Record) -> None:
    """Try to set this method up. A decline raises, after what became of the intent is written."""
    intent.body |= {"payment_method": method.id, "last_setup_error": None, "next_action": None}
    card = None if payment_methods.bank_of(method) else payment_methods.card_of(method)
    if card and card.asks is not cards.Asks.NEVER:
        _ask(account, intent)
    elif card and card.decline and not card.attaches:
        _decline(account, intent, method, card.decline)
    else:
        _succeed(account, intent, method)


def asks(method: Record) -> bool:
    """Whether the bank would want to see the buyer before this method may be charged later."""
    if method.inner.get("set_up") or payment_methods.bank_of(method):
        return False
    return payment_methods.card_of(method).asks is not cards.Asks.NEVER


def _ask(account: Account, intent: Record) -> None:
    intent["status"] = LIFECYCLE.move(intent["status"], "ask")
    return_url = intent.inner.get("return_url")
    intent["next_action"] = {
        "redirect_to_url": {"return_url": return_url, "url": f"{account.url}/c/3ds/{intent.id}"},
        "type": "redirect_to_url",
    }
    account.save(intent)
    account.emit("setup_intent.requires_action", intent)


def authenticate(account: Account, intent: Record, *, passed: bool) -> None:
    """The buyer came back from the bank's page. Anything but a waiting intent is left as it is."""
    if intent["status"] != "requires_action":
        return
    method = account.get("payment_method", intent["payment_method"])
    intent["next_action"] = None
    if passed:
        _succeed(account, intent, method)
        return
    refusal = invalid(
        "The latest attempt to set up the payment method has failed because authentication failed.",
        code="setup_intent_authentication_failure",
    )
    _fail(account, intent, method, refusal)


def _decline(account: Account, intent: Record, method: Record, decline: cards.Decline) -> None:
    refusal = cards.card_error(decline, keeps=True)
    _fail(account, intent, method, refusal)
    refusal.error |= {"payment_method": method.body, "setup_intent": intent.body}
    raise refusal


def _fail(account: Account, intent: Record, method: Record, refusal: Refusal) -> None:
    tried = _note(account, intent, method, "failed", refusal)
    intent["status"] = LIFECYCLE.move(intent["status"], "fail")
    error = {**refusal.error, "payment_method": method.body}
    intent.body |= {"last_setup_error": error, "latest_attempt": tried.id, "payment_method": None}
    account.save(intent)
    account.emit("setup_intent.setup_failed", intent)


def _succeed(account: Account, intent: Record, method: Record) -> None:
    tried = _note(account, intent, method, "succeeded", None)
    intent["status"] = LIFECYCLE.move(intent["status"], "succeed")
    intent["latest_attempt"] = tried.id
    if payment_methods.bank_of(method):
        intent["mandate"] = mandates.of_setup(account, intent, method)
    account.save(intent)
    account.emit("setup_intent.succeeded", intent)
    if intent["customer"]:
        payment_methods.attach_to(account, method, account.get("customer", intent["customer"]))
    method.inner["set_up"] = intent["usage"] == "off_session"
    account.save(method)
    if id := intent.inner.get("subscription"):
        # Here, because subscriptions make setup intents.
        from farthing.sandbox.resources import subscription_cycle

        subscription_cycle.set_up(account, account.get("subscription", id), intent)


def _note(account: Account, intent: Record, method: Record, status: str, refusal: Refusal | None) -> Record:
    kind = method["type"]
    shown = method[kind]
    card = (
        {name: shown[name] for name in ("brand", "country", "exp_month", "exp_year", "funding", "last4")}
        if kind == "card"
        else {}
    )
    extra = {"checks": shown["checks"], "fingerprint": shown["fingerprint"], "three_d_secure": None} if card else {}
    return account.add(
        "setup_attempt",
        "setatt",
        {
            "application": None,
            "customer": intent["customer"],
            "customer_account": None,
            "flow_directions": None,
            "on_behalf_of": None,
            "payment_method": method.id,
            "payment_method_details": {kind: card | extra, "type": kind},
            "setup_error": dict(refusal.error) if refusal else None,
            "setup_intent": intent.id,
            "status": status,
            "usage": intent["usage"],
        },
    )


# Afterwards


def cancel(account: Account, id: str, params: Json) -> Record:
    intent = account.get("setup_intent", id)
    _must_be_free(intent, "cancel")
    _must_allow("cancel", "cancel", intent)
    give_up(account, intent, params.get("cancellation_reason"))
    return intent


def give_up(account: Account, intent: Record, reason: str | None) -> None:
    intent["status"] = LIFECYCLE.move(intent["status"], "cancel")
    intent.body |= {"cancellation_reason": reason, "next_action": None}
    account.save(intent)
    account.emit("setup_intent.canceled", intent)


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("setup_intent", id)


def update(account: Account, id: str, params: Json) -> Record:
    """Stripe sends no event for it."""
    _refuse_what_is_not_here(params)
    intent = account.get("setup_intent", id)
    if {"customer", "payment_method"} & params.keys():
        _must_allow("update", "succeed", intent)
    if customer := params.get("customer"):
        intent["customer"] = account.get("customer", customer, param="customer").id
    if method := intent_parts.given_method(account, params):
        intent["payment_method"] = _usable(intent, method).id
        intent["status"] = LIFECYCLE.move(intent["status"], "choose")
    if "description" in params:
        intent["description"] = blank_as_none(params["description"])
    intent["metadata"] = merge_metadata(intent["metadata"], params.get("metadata"))
    account.save(intent)
    return intent


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "customer", "payment_method")
    if "attach_to_self" in params:
        raise not_here_yet("attach_to_self", "setting up one's own account")
    return page(account, "setup_intent", "/v1/setup_intents", params, where, *values)


def list_attempts(account: Account, params: Json) -> Json:
    where, values = equals(params, "setup_intent")
    return page(account, "setup_attempt", "/v1/setup_attempts", params, where, *values)


OPERATIONS = (
    Operation("POST", "/v1/setup_intents", "SetupIntentCreateParams", create),
    Operation("GET", "/v1/setup_intents", "SetupIntentListParams", list_),
    Operation("GET", "/v1/setup_intents/{id}", "SetupIntentRetrieveParams", retrieve),
    Operation("POST", "/v1/setup_intents/{id}", "SetupIntentUpdateParams", update),
    Operation("POST", "/v1/setup_intents/{id}/confirm", "SetupIntentConfirmParams", confirm),
    Operation("POST", "/v1/setup_intents/{id}/cancel", "SetupIntentCancelParams", cancel),
    Operation("GET", "/v1/setup_attempts", "SetupAttemptListParams", list_attempts),
)
