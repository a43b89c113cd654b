"""What a subscription is agreed on besides its items: how it is paid, what its invoices say, how a trial ends."""

from __future__ import annotations

from typing import Any

from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import invalid, malformed, not_here_yet
from farthing.sandbox.resources import tax_rates
from farthing.sandbox.store import Json, Record

DAYS_UNTIL_DUE_MAX = 3_650
CUSTOM_FIELDS_MAX = 4
NO_INVOICE_SETTINGS = {"account_tax_ids": None, "custom_fields": None, "description": None, "footer": None}


def billing_mode(given: Json | None) -> Json:
    kind = (given or {}).get("type", "flexible")
    wanted = ((given or {}).get("flexible") or {}).get("proration_discounts", "included")
    if wanted == "itemized":
        raise not_here_yet("billing_mode[flexible][proration_discounts]", "prorations with their discounts itemized")
    return {"flexible": {"proration_discounts": wanted} if kind == "flexible" else None, "type": kind, "updated_at": None}


def trial_settings(given: Json | None, current: Json | None = None) -> Json:
    wanted = (given or {}).get("end_behavior") or {}
    had = (current or {}).get("end_behavior") or {"billing_cycle_anchor": None, "missing_payment_method": "create_invoice"}
    return {
        "end_behavior": {
            "billing_cycle_anchor": wanted.get("billing_cycle_anchor", had.get("billing_cycle_anchor")),
            "missing_payment_method": wanted.get("missing_payment_method", had["missing_payment_method"]),
        }
    }


def payment_settings(given: Json | None, current: Json | None = None) -> Json:
    wanted = given or {}
    had = current or {
        "payment_method_options": None,
        "payment_method_types": None,
        "save_default_payment_method": "off",
    }
    if wanted.get("payment_method_options"):
        raise not_here_yet("payment_settings[payment_method_options]", "options of payment methods on subscriptions")
    types = blank_as_none(wanted.get("payment_method_types", had["payment_method_types"]))
    if types and "card" not in types:
        raise not_here_yet("payment_settings[payment_method_types]", "subscriptions that no card may pay")
    return {
        "payment_method_options": None,
        "payment_method_types": types,
        "save_default_payment_method": wanted.get("save_default_payment_method", had["save_default_payment_method"]),
    }


def invoice_settings(given: Json | None, current: Json | None = None) -> Json:
    """What every invoice of the subscription is to say."""
    wanted = given or {}
    if wanted.get("account_tax_ids"):
        raise not_here_yet("invoice_settings[account_tax_ids]", "tax ids of the account")
    if (wanted.get("issuer") or {}).get("type", "self") != "self":
        raise not_here_yet("invoice_settings[issuer]", "invoices issued by another account")
    settings: Json = dict(current or {**NO_INVOICE_SETTINGS, "issuer": {"type": "self"}})
    if "custom_fields" in wanted:
        settings["custom_fields"] = custom_fields(wanted["custom_fields"], "invoice_settings[custom_fields]")
    settings |= {name: blank_as_none(wanted[name]) for name in ("description", "footer") if name in wanted}
    return settings


def custom_fields(given: Any, param: str) -> list[Json] | None:
    if not given:
        return None
    if len(given) > CUSTOM_FIELDS_MAX:
        raise malformed(f"You can have at most {CUSTOM_FIELDS_MAX} custom fields.", param=param)
    for place, each in enumerate(given):
        for name, most in (("name", 40), ("value", 140)):
            if len(each[name]) > most:
                raise malformed(
                    f"Invalid string: must be at most {most} characters",
                    param=f"{param}[{place}][{name}]",
                    code="parameter_invalid_string",
                )
    return [{"name": each["name"], "value": each["value"]} for each in given]


def payment_method(account: Account, customer: str, id: str | None) -> str | None:
    """The customer's own, by which the subscription is to be paid."""
    if not id:
        return None
    method = account.get("payment_method", id, param="default_payment_method")
    if method["customer"] != customer:
        raise invalid(
            f"The customer does not have a payment method with the ID {id}. It must be attached to the customer.",
            param="default_payment_method",
            code="resource_missing",
        )
    return method.id


def collection(params: Json, current: Json | None = None) -> Json:
    """How the money is asked for, and by when."""
    had = current or {"collection_method": "charge_automatically", "days_until_due": None}
    method = params.get("collection_method", had["collection_method"])
    days = params.get("days_until_due", had["days_until_due"])
    if method == "charge_automatically":
        if params.get("days_until_due") is not None:
            raise invalid(
                "You cannot set `days_until_due` unless `collection_method` is set to `send_invoice`.", param="days_until_due"
            )
        days = None
    elif days is None:
        raise malformed("Missing required param: days_until_due.", param="days_until_due", code="parameter_missing")
    elif not 0 <= days <= DAYS_UNTIL_DUE_MAX:
        raise malformed(f"`days_until_due` must be from 0 to {DAYS_UNTIL_DUE_MAX}.", param="days_until_due")
    return {"collection_method": method, "days_until_due": days}


def changed(account: Account, subscription: Record, params: Json) -> Json:
    """The fields an update changes, of those that change nothing else."""
    fields: Json = {"metadata": merge_metadata(subscription["metadata"], params.get("metadata"))}
    fields |= collection(params, subscription.body)
    if "description" in params:
        fields["description"] = blank_as_none(params["description"])
    if "default_payment_method" in params:
        fields["default_payment_method"] = payment_method(account, subscription["customer"], params["default_payment_method"])
    if "default_tax_rates" in params:
        fields["default_tax_rates"] = tax_rates.chosen(account, params["default_tax_rates"], "default_tax_rates")
    if "payment_settings" in params:
        fields["payment_settings"] = payment_settings(params["payment_settings"], subscription["payment_settings"])
    if "trial_settings" in params:
        fields["trial_settings"] = trial_settings(params["trial_settings"], subscription["trial_settings"])
    if "invoice_settings" in params:
        fields["invoice_settings"] = invoice_settings(params["invoice_settings"], subscription["invoice_settings"])
    return fields
