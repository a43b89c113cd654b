"""Previews: the invoice that would come, made by really doing it and taking it all back. So a preview is never wrong."""

from __future__ import annotations

from dataclasses import replace

from farthing.sandbox.account import Account
from farthing.sandbox.clock import StoppedClock
from farthing.sandbox.errors import Refusal, missing_parameter, not_here_yet
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import (
    customers,
    invoice_items,
    subscription_cycle,
    subscription_ends,
    subscription_updates,
    subscriptions,
)
from farthing.sandbox.store import Json, Record

NOT_HERE = {
    "schedule": "subscription schedules",
    "schedule_details": "subscription schedules",
    "customer_details": "previews for nobody in particular",
    "customer_account": "version 2 accounts",
    "on_behalf_of": "Connect accounts on invoices",
}
DETAILS_NOT_HERE = ("resume_at", "start_date", "billing_schedules", "billing_mode", "default_tax_rates")


class _Seen(Exception):
    """Ends the attempt, so that nothing of it stays."""

    def __init__(self, invoice: Json) -> None:
        self.invoice = invoice


def create_preview(account: Account, params: Json) -> Json:
    _refuse_what_is_not_here(params)
    try:
        with account.store.attempt():
            raise _Seen(_made(account, params))
    except _Seen as seen:
        return as_preview(seen.invoice)


def _refuse_what_is_not_here(params: Json) -> None:
    for name, what in NOT_HERE.items():
        if params.get(name):
            raise not_here_yet(name, what)
    if (params.get("automatic_tax") or {}).get("enabled"):
        raise not_here_yet("automatic_tax", "Stripe Tax")
    for name in DETAILS_NOT_HERE:
        if (params.get("subscription_details") or {}).get(name):
            raise not_here_yet(f"subscription_details[{name}]", "this part of a preview")


def _made(account: Account, params: Json) -> Json:
    details = dict(params.get("subscription_details") or {})
    _add_items(account, params)
    if id := params.get("subscription"):
        subscription = account.get("subscription", id, param="subscription")
        return _of_existing(account, subscription, details, params)
    if "customer" not in params:
        raise missing_parameter("customer")
    customer = customers.living(account, params["customer"], param="customer")
    if not details.get("items"):
        raise missing_parameter("subscription_details[items]")
    asked = {"items": details["items"], "discounts": params.get("discounts") or []}
    if "trial_end" in details:
        asked["trial_end"] = details["trial_end"]
    return subscriptions.begin(account, customer, asked)[1].body


def _add_items(account: Account, params: Json) -> None:
    for each in params.get("invoice_items") or []:
        asked = {("pricing" if name == "price" else name): value for name, value in each.items()}
        if "pricing" in asked:
            asked["pricing"] = {"price": asked["pricing"]}
        owner = {"customer": params["customer"]} if "customer" in params else {}
        if id := params.get("subscription"):
            owner = {"customer": account.get("subscription", id)["customer"], "subscription": id}
        invoice_items.create(account, asked | owner)


def _of_existing(account: Account, subscription: Record, details: Json, params: Json) -> Json:
    if details.pop("cancel_now", False):
        subscription_ends.cancel(
            account, subscription.id, {"invoice_now": True, "prorate": details.get("proration_behavior") != "none"}
        )
        return account.get("invoice", account.get("subscription", subscription.id)["latest_invoice"]).body
    if "discounts" in params:
        details["discounts"] = params["discounts"]
    latest = subscription["latest_invoice"]
    if details:
        subscription_updates.change(account, subscription, {**details, "payment_behavior": "default_incomplete"})
    fresh = account.get("subscription", subscription.id)
    if fresh["latest_invoice"] != latest:
        return account.get("invoice", fresh["latest_invoice"]).body
    return _renewed(account, fresh)


def _renewed(account: Account, subscription: Record) -> Json:
    """The invoice at the end of the current period."""
    _, end = subscription_cycle.period_of(subscription)
    wall = account.clock.wall if isinstance(account.clock, StoppedClock) else account.clock
    then = replace(account, clock=StoppedClock(end, wall))
    before = subscription["latest_invoice"]
    if not subscription["default_payment_method"]:
        # What becomes of a trial without a card is not the question of a preview.
        subscription["trial_settings"] = {"end_behavior": {"missing_payment_method": "create_invoice"}}
    subscription_cycle.renew(then, subscription)
    latest = account.get("subscription", subscription.id)["latest_invoice"]
    if latest == before:
        raise Refusal(404, "No upcoming invoices for customer", code="invoice_upcoming_none")
    return account.get("invoice", latest).body


def next_renewal(account: Account, subscription: Record) -> Json:
    try:
        with account.store.attempt():
            raise _Seen(_renewed(account, account.get("subscription", subscription.id)))
    except _Seen as seen:
        return as_preview(seen.invoice)


def as_preview(invoice: Json) -> Json:
    """With an id that leads nowhere, and nothing that only a real invoice has."""
    id = "upcoming_" + invoice["id"]
    lines = invoice["lines"]
    shown = [{**line, "invoice": id} for line in lines["data"]]
    return invoice | {
        "id": id,
        "auto_advance": None,
        "automatically_finalizes_at": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "lines": {**lines, "data": shown, "url": f"/v1/invoices/{id}/lines"},
        "number": None,
        "status": "draft",
        "status_transitions": dict.fromkeys(invoice["status_transitions"]),
    }


OPERATIONS = (Operation("POST", "/v1/invoices/create_preview", "InvoiceCreatePreviewParams", create_preview),)
