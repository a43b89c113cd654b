"""Subscriptions: how one begins. How it goes on is `subscription_cycle`, how it changes and ends has files of its own."""

from __future__ import annotations

from typing import Any

from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import Refusal, exclusive_parameters, invalid, missing_parameter, not_here_yet
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import (
    customers,
    discounts,
    invoice_collection,
    invoice_items,
    invoice_lines,
    invoices,
    periods,
    subscription_cycle,
    subscription_items,
    tax_rates,
)
from farthing.sandbox.searching import search
from farthing.sandbox.store import Json, Record

DAY = 86_400
TRIAL_DAYS_MAX = 730
SUBSCRIPTIONS_MAX = 500
WITH_PRICE = (
    "EXISTS (SELECT 1 FROM objects AS i WHERE i.account = objects.account AND i.object = 'subscription_item' "
    "AND json_extract(i.body, '$.subscription') = objects.id AND json_extract(i.body, '$.price.id') = ?)"
)
NOT_HERE = {
    "application_fee_percent": "Connect fees on subscriptions",
    "transfer_data": "Connect transfers of subscriptions",
    "on_behalf_of": "Connect accounts on subscriptions",
    "backdate_start_date": "subscriptions that began in the past",
    "billing_cycle_anchor_config": "anchors by day of the month",
    "billing_schedules": "billing schedules",
    "billing_thresholds": "billing thresholds",
    "customer_account": "version 2 accounts",
    "default_source": "the Sources API",
    "pending_invoice_item_interval": "intervals of pending invoice items",
    "invoice_settings": "invoice settings of a subscription",
}


def create(account: Account, params: Json) -> Record:
    refuse_what_is_not_here(params)
    if "customer" not in params:
        raise missing_parameter("customer")
    customer = customers.living(account, params["customer"], param="customer")
    if not params.get("items"):
        raise missing_parameter("items")
    if params.get("collection_method") == "send_invoice" and "days_until_due" not in params:
        raise missing_parameter("days_until_due")
    subscription, invoice = begin(account, customer, params)
    _collect(account, subscription, invoice, params)
    return account.get("subscription", subscription.id)


def refuse_what_is_not_here(params: Json) -> None:
    for name, what in NOT_HERE.items():
        if params.get(name):
            raise not_here_yet(name, what)
    if (params.get("automatic_tax") or {}).get("enabled"):
        raise not_here_yet("automatic_tax", "Stripe Tax")


def begin(account: Account, customer: Record, params: Json, *, paid: bool = False) -> tuple[Record, Record]:
    """The subscription and its first invoice, still a draft. `paid`: the money has come already (in Checkout)."""
    now = account.clock.seconds()
    chosen = [
        (subscription_items.price_of(account, each, f"items[{place}]"), each) for place, each in enumerate(params["items"])
    ]
    subscription_items.same_rhythm([price.body for price, _ in chosen])
    trial_end = trial_end_of(account, params, now)
    anchor = params.get("billing_cycle_anchor") or trial_end or now
    if anchor < now:
        raise invalid("`billing_cycle_anchor` cannot be in the past.", param="billing_cycle_anchor")
    rhythm = chosen[0][0]["recurring"]
    if anchor > max(trial_end or 0, periods.after(now, rhythm["interval"], rhythm["interval_count"])):
        raise invalid(
            "`billing_cycle_anchor` cannot be later than the next natural billing date.", param="billing_cycle_anchor"
        )
    end = trial_end or periods.end(now, anchor, rhythm["interval"], rhythm["interval_count"])
    currency = chosen[0][0]["currency"]
    subscription = account.add("subscription", "sub", _fields(account, customer, params, currency, anchor, trial_end))
    for price, given in chosen:
        subscription_items.add(account, subscription.id, price, given, now, end)
    subscription_items.show(account, subscription)
    _discount(account, subscription, customer, params)
    _extra_items(account, subscription, customer, params)
    account.save(subscription)
    return subscription, _first_invoice(account, subscription, customer, paid=paid)


def trial_end_of(account: Account, params: Json, now: int) -> int | None:
    if "trial_end" in params and "trial_period_days" in params:
        raise exclusive_parameters("trial_end", "trial_period_days")
    if (days := params.get("trial_period_days")) is not None:
        if not 0 <= days <= TRIAL_DAYS_MAX:
            raise invalid(f"A trial can have from 0 to {TRIAL_DAYS_MAX} days.", param="trial_period_days")
        return now + days * DAY if days else None
    moment = params.get("trial_end")
    if moment in (None, "now"):
        return None
    if moment <= now:
        raise invalid('`trial_end` must be in the future, or "now".', param="trial_end")
    if moment > now + 5 * 366 * DAY:
        raise invalid("A trial cannot last longer than five years.", param="trial_end")
    return int(moment)


def _fields(account: Account, customer: Record, params: Json, currency: str, anchor: int, trial_end: int | None) -> Json:
    now = account.clock.seconds()
    method = params.get("default_payment_method")
    if method and account.get("payment_method", method, param="default_payment_method")["customer"] != customer.id:
        raise invalid(
            "The customer does not have a payment method with the ID " + method,
            param="default_payment_method",
            code="resource_missing",
        )
    settings = params.get("payment_settings") or {}
    trial = (params.get("trial_settings") or {}).get("end_behavior") or {}
    return {
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": anchor,
        "billing_cycle_anchor_config": None,
        "billing_mode": _billing_mode(params.get("billing_mode")),
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": params.get("collection_method", "charge_automatically"),
        "currency": currency,
        "customer": customer.id,
        "customer_account": None,
        "days_until_due": params.get("days_until_due"),
        "default_payment_method": method,
        "default_source": None,
        "default_tax_rates": tax_rates.chosen(account, params.get("default_tax_rates"), "default_tax_rates"),
        "description": blank_as_none(params.get("description")),
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": {"object": "list", "data": [], "has_more": False, "url": ""},
        "latest_invoice": None,
        "metadata": merge_metadata({}, params.get("metadata")),
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": settings.get("payment_method_types"),
            "save_default_payment_method": settings.get("save_default_payment_method", "off"),
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": now,
        "status": "trialing" if trial_end else "incomplete",
        "status_details": None,
        "test_clock": account.test_clock,
        "transfer_data": None,
        "trial_end": trial_end,
        "trial_settings": {"end_behavior": {"missing_payment_method": trial.get("missing_payment_method", "create_invoice")}},
        "trial_start": now if trial_end else None,
    }


def _billing_mode(given: Json | None) -> Json:
    kind = (given or {}).get("type", "flexible")
    flexible = {"proration_discounts": "included"} if kind == "flexible" else None
    return {"flexible": flexible, "type": kind, "updated_at": None}


def _discount(account: Account, subscription: Record, customer: Record, params: Json) -> None:
    items = subscription["items"]["data"]
    whole = sum(invoice_lines.amount_of(item["price"], item["quantity"]) for item in items)
    for place, each in enumerate(params.get("discounts") or []):
        discount = discounts.grant(
            account,
            each,
            f"discounts[{place}]",
            customer=customer.id,
            amount=whole,
            currency=subscription["currency"],
            subscription=subscription.id,
        )
        subscription["discounts"].append(discount.id)


def _extra_items(account: Account, subscription: Record, customer: Record, params: Json) -> None:
    """What is to stand on the first invoice besides the items."""
    for each in params.get("add_invoice_items") or []:
        asked = {("pricing" if name == "price" else name): value for name, value in each.items()}
        if "pricing" in asked:
            asked["pricing"] = {"price": asked["pricing"]}
        invoice_items.create(account, asked | {"customer": customer.id, "subscription": subscription.id})


def _first_invoice(account: Account, subscription: Record, customer: Record, *, paid: bool) -> Record:
    given = subscription_cycle.discounts_of(account, subscription, customer)
    lines, items = subscription_cycle.lines_for(account, subscription, given)
    sums = invoice_lines.sums(account, lines, given, subscription["default_tax_rates"], customer["tax_exempt"] or "none")
    due, _ = invoices.balanced(customer["balance"] or 0, sums["total"], subscription["currency"])
    if subscription["status"] != "trialing" and (paid or due == 0 or subscription["collection_method"] == "send_invoice"):
        subscription["status"] = "active"
    account.save(subscription)
    account.emit("customer.subscription.created", subscription)
    return subscription_cycle.bill(account, subscription, "subscription_create", lines, items, given)


def _collect(account: Account, subscription: Record, invoice: Record, params: Json) -> None:
    behavior = params.get("payment_behavior", "allow_incomplete")
    subscription_cycle.plan(account, subscription)
    if subscription["collection_method"] == "send_invoice" and invoice["amount_due"]:
        return
    if subscription["status"] == "incomplete" and behavior != "default_incomplete":
        must_have_method(account, invoice)
    invoice_collection.finalize(account, invoice)
    if invoice["status"] != "open":
        return
    account.later(subscription_cycle.INCOMPLETE_SECONDS, "subscriptions.expire", subscription)
    if behavior == "default_incomplete":
        return
    refusal = invoice_collection.collect(account, invoice, off_session=bool(params.get("off_session")))
    if behavior == "error_if_incomplete" and invoice["status"] != "paid":
        raise undone(refusal)


def must_have_method(account: Account, invoice: Record) -> None:
    if invoice_collection.method_for(account, invoice) is None:
        raise invalid(
            "This customer has no attached payment source or default payment method. Please consider adding a default "
            "payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting.",
            code="resource_missing",
        )


def undone(refusal: Refusal | None) -> Refusal:
    """A refusal that takes back everything, the failed charge included."""
    error: dict[str, Any] = dict(refusal.error) if refusal else {}
    error.pop("doc_url", None)
    message = error.pop("message", "Payment for this subscription requires additional user action before it can be completed.")
    type, code = error.pop("type", "card_error"), error.pop("code", "subscription_payment_intent_requires_action")
    return Refusal(402, message, type=type, code=code, param=error.pop("param", None), **error)


# Looking


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("subscription", id)


def list_(account: Account, params: Json) -> Json:
    """Those that live, unless asked for others."""
    where, values = equals(params, "customer", "collection_method", "test_clock")
    status = params.get("status")
    if status is None:
        where = f"{where} AND json_extract(body, '$.status') <> 'canceled'"
    elif status == "ended":
        where = f"{where} AND json_extract(body, '$.status') IN ('canceled', 'incomplete_expired')"
    elif status != "all":
        where, values = f"{where} AND json_extract(body, '$.status') = ?", [*values, status]
    if price := params.get("price") or params.get("plan"):
        where, values = f"{where} AND {WITH_PRICE}", [*values, price]
    for name in ("current_period_start", "current_period_end", "automatic_tax"):
        if name in params:
            raise not_here_yet(name, "lists by this field")
    return page(account, "subscription", "/v1/subscriptions", params, where, *values)


def of_customer(account: Account, id: str) -> Json:
    where = "json_extract(body, '$.customer') = ? AND json_extract(body, '$.status') <> 'canceled'"
    return page(account, "subscription", f"/v1/customers/{id}/subscriptions", {}, where, id)


def find(account: Account, params: Json) -> Json:
    return search(account, "subscription", "/v1/subscriptions/search", params)


OPERATIONS = (
    Operation("POST", "/v1/subscriptions", "SubscriptionCreateParams", create),
    Operation("GET", "/v1/subscriptions", "SubscriptionListParams", list_),
    Operation("GET", "/v1/subscriptions/search", "SubscriptionSearchParams", find),
    Operation("GET", "/v1/subscriptions/{id}", "SubscriptionRetrieveParams", retrieve),
)
