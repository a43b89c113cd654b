"""What a checkout session may be asked for: every parameter looked at, and refused where nothing would come of it."""

from __future__ import annotations

import re

from farthing.sandbox import money, urls
from farthing.sandbox.account import Account
from farthing.sandbox.errors import exclusive_parameters, invalid, malformed, missing_parameter, not_here_yet
from farthing.sandbox.store import Json, Record

EXPIRES_MIN_SECONDS = 30 * 60
EXPIRES_MAX_SECONDS = 24 * 3_600
# Between the caller's clock and ours: Stripe forgives a little, too.
EXPIRES_SLACK_SECONDS = 60
TEXT_MAX = 1_200
NOT_HERE = {
    "branding_settings": "the shop's own colours",
    "customer_account": "version 2 accounts",
    "optional_items": "optional items",
    "payment_method_configuration": "payment method configurations",
    "payment_method_data": "redisplay settings of new payment methods",
    "permissions": "pages inside the shop's own",
    "redirect_on_completion": "pages inside the shop's own",
    "return_url": "pages inside the shop's own",
}
NOT_HERE_WHEN_ENABLED = {
    "adaptive_pricing": "prices in the buyer's currency",
    "automatic_tax": "Stripe Tax",
    "managed_payments": "managed payments",
}
# Which modes Stripe takes them in, where it does not take them in all.
MODES = {
    "allow_promotion_codes": ("payment", "subscription"),
    "customer_creation": ("payment", "setup"),
    "discounts": ("payment", "subscription"),
    "invoice_creation": ("payment",),
    "line_items": ("payment", "subscription"),
    "payment_intent_data": ("payment",),
    "payment_method_collection": ("subscription",),
    "setup_intent_data": ("setup",),
    "shipping_address_collection": ("payment", "subscription"),
    "shipping_options": ("payment", "subscription"),
    "submit_type": ("payment", "subscription"),
    "subscription_data": ("subscription",),
}
# One character before and after the @ and a dot in the host is all that Stripe asks for.
_EMAIL = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>.]+(\.[^@\s,;<>.]+)+")


def check(params: Json) -> None:
    mode = params.get("mode", "payment")
    for name, modes in MODES.items():
        if name in params and mode not in modes:
            raise malformed(f"You can not pass `{name}` in `{mode}` mode.", param=name)
    _refuse_what_is_not_here(params)
    _check_urls(params)
    if "customer_email" in params:
        check_email(params["customer_email"], "customer_email")
    if "customer_update" in params and "customer" not in params:
        raise malformed("`customer_update` can only be used with `customer`.", param="customer_update")
    if params.get("discounts") and params.get("allow_promotion_codes"):
        raise exclusive_parameters("allow_promotion_codes", "discounts")
    if len(params.get("discounts") or []) > 1:
        raise malformed("You can only pass one discount to a Checkout Session.", param="discounts")
    _check_texts(params)


def _refuse_what_is_not_here(params: Json) -> None:
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise not_here_yet("ui_mode", "other pages than ui_mode=hosted_page")
    for name, what in NOT_HERE.items():
        if name in params:
            raise not_here_yet(name, what)
    for name, what in NOT_HERE_WHEN_ENABLED.items():
        if (params.get(name) or {}).get("enabled"):
            raise not_here_yet(name, what)
    invoiced = params.get("mode") == "subscription" or (params.get("invoice_creation") or {}).get("enabled")
    if params.get("shipping_options") and invoiced:
        raise not_here_yet("shipping_options", "shipping on invoices")
    recovery = (params.get("after_expiration") or {}).get("recovery") or {}
    if recovery.get("allow_promotion_codes") and not recovery.get("enabled"):
        raise malformed(
            "`allow_promotion_codes` of a recovery needs `enabled`.",
            param="after_expiration[recovery][allow_promotion_codes]",
        )


def _check_urls(params: Json) -> None:
    if not params.get("success_url"):
        raise missing_parameter("success_url")
    urls.check_web(params, "success_url", "cancel_url")


def check_email(email: str, param: str) -> None:
    if not _EMAIL.fullmatch(email):
        raise malformed(f"Invalid email address: {email[:100]}", param=param, code="email_invalid")


def _check_texts(params: Json) -> None:
    for name, text in (params.get("custom_text") or {}).items():
        if text and len(text["message"]) > TEXT_MAX:
            raise malformed(
                f"Invalid string: must be at most {TEXT_MAX} characters",
                param=f"custom_text[{name}][message]",
                code="parameter_invalid_string",
            )


def currency(params: Json) -> str | None:
    """The one asked for; otherwise the prices say."""
    return money.currency(params["currency"]) if params.get("currency") else None


def texts(params: Json) -> Json:
    given = params.get("custom_text") or {}
    names = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
    return {name: given.get(name) or None for name in names}


def buyer(account: Account, params: Json) -> Record | None:
    """The customer who was named, if one was."""
    if "customer" in params and "customer_email" in params:
        raise exclusive_parameters("customer", "customer_email")
    if "customer" in params and "customer_creation" in params:
        raise exclusive_parameters("customer", "customer_creation")
    if "customer" not in params:
        return None
    return account.get("customer", params["customer"], param="customer")


def expires_at(account: Account, params: Json) -> int:
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


def options(params: Json) -> Json:
    """Whether the bank is to be asked is the card's own affair here: only Stripe's default is taken."""
    given = params.get("payment_method_options") or {}
    for kind, chosen in given.items():
        for name, value in chosen.items():
            if (kind, name, value) != ("card", "request_three_d_secure", "automatic"):
                raise not_here_yet(f"payment_method_options[{kind}][{name}]", "options of payment methods")
    return {"card": {"request_three_d_secure": "automatic"}}
