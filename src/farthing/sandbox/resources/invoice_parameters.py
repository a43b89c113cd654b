"""What may be asked of an invoice when it is made or changed, besides its lines."""

from __future__ import annotations

from farthing.sandbox.account import Account, blank_as_none
from farthing.sandbox.clock import LATEST
from farthing.sandbox.errors import exclusive_parameters, invalid, malformed, missing_parameter, not_here_yet, refuse_not_here
from farthing.sandbox.resources import subscription_terms
from farthing.sandbox.resources.addresses import whole
from farthing.sandbox.store import Json

NOT_HERE = {
    "from_invoice": "revisions of invoices",
    "shipping_cost": "shipping on invoices",
    "rendering": "invoice templates",
    "account_tax_ids": "tax ids of the account",
    "customer_account": "version 2 accounts",
    "default_source": "the Sources API",
}
TEXTS = ("description", "footer", "statement_descriptor")


def refuse_what_is_not_here(params: Json) -> None:
    refuse_not_here(params, NOT_HERE)
    if (params.get("automatic_tax") or {}).get("enabled"):
        raise not_here_yet("automatic_tax", "Stripe Tax")
    if (params.get("issuer") or {}).get("type", "self") != "self":
        raise not_here_yet("issuer", "invoices issued by another account")
    if "payment_settings" in params:
        subscription_terms.payment_settings(params["payment_settings"])


def check_collection(account: Account, params: Json) -> None:
    sent = params.get("collection_method") == "send_invoice"
    if sent and not {"days_until_due", "due_date"} & params.keys():
        raise missing_parameter("days_until_due")
    if "days_until_due" in params and "due_date" in params:
        raise exclusive_parameters("days_until_due", "due_date")
    for name in ("days_until_due", "due_date"):
        if params.get(name) is not None and not sent:
            raise invalid(f"You cannot set `{name}` unless `collection_method` is set to `send_invoice`.", param=name)
    check_moments(account, params)


def check_moments(account: Account, params: Json) -> None:
    if not 0 <= params.get("days_until_due", 0) <= subscription_terms.DAYS_UNTIL_DUE_MAX:
        raise malformed("`days_until_due` must be from 0 to 3650.", param="days_until_due")
    for name in ("due_date", "automatically_finalizes_at"):
        if params.get(name) is not None and not account.clock.seconds() < params[name] < LATEST:
            raise invalid(f"`{name}` must be in the future.", param=name)


def own_method(account: Account, customer: str, id: str | None) -> str | None:
    return subscription_terms.payment_method(account, customer, id)


def texts(account: Account, params: Json) -> Json:
    """What it says besides amounts, for those that were given."""
    found: Json = {name: blank_as_none(params[name]) for name in (*TEXTS, "number", "on_behalf_of") if name in params}
    if "custom_fields" in params:
        found["custom_fields"] = subscription_terms.custom_fields(params["custom_fields"], "custom_fields")
    if "effective_at" in params:
        found["effective_at"] = blank_as_none(params["effective_at"])
    if "shipping_details" in params:
        found["shipping_details"] = whole("shipping", blank_as_none(params["shipping_details"]))
    if "payment_settings" in params:
        types = subscription_terms.payment_settings(params["payment_settings"])["payment_method_types"]
        found["payment_settings"] = {"default_mandate": None, "payment_method_options": None, "payment_method_types": types}
    if (moment := params.get("automatically_finalizes_at")) is not None:
        found |= {"automatically_finalizes_at": moment, "auto_advance": True}
    if "number" in found and found["number"] and _taken(account, found["number"]):
        raise invalid(f"An invoice with the number {found['number']} exists already.", param="number")
    return found


def _taken(account: Account, number: str) -> bool:
    return bool(account.select("invoice", "json_extract(body, '$.number') = ? ORDER BY seq LIMIT 1", number))
