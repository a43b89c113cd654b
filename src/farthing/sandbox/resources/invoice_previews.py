"""Previews: the invoice that would come, made by really doing it and taking it all back. So a preview is never wrong."""

from __future__ import annotations

from dataclasses import replace

from farthing.sandbox.account import Account
from farthing.sandbox.clock import StoppedClock
from farthing.sandbox.errors import Refusal, invalid, missing_parameter, not_here_yet, refuse_not_here
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import (
    customers,
    invoice_items,
    invoices,
    subscription_cycle,
    subscription_ends,
    subscription_lines,
    subscription_pauses,
    subscription_updates,
    subscriptions,
)
from farthing.sandbox.resources.addresses import whole
from farthing.sandbox.store import Json, Record

NOT_HERE = {
    "schedule": "subscription schedules",
    "schedule_details": "subscription schedules",
    "customer_account": "version 2 accounts",
}
NOT_FOR_NOBODY = ("shipping", "tax", "tax_ids")
# What a subscription that is only imagined may be asked for, as when it is created.
FOR_NEW = (
    "billing_mode",
    "cancel_at",
    "cancel_at_period_end",
    "default_tax_rates",
    "metadata",
    "proration_behavior",
    "trial_end",
)


def create_preview(account: Account, params: Json) -> Json:
    _refuse_what_is_not_here(params)
    return as_preview(account.imagine(lambda: _made(account, params)))


def _refuse_what_is_not_here(params: Json) -> None:
    refuse_not_here(params, NOT_HERE)
    if (params.get("automatic_tax") or {}).get("enabled"):
        raise not_here_yet("automatic_tax", "Stripe Tax")
    if (params.get("issuer") or {}).get("type", "self") != "self":
        raise not_here_yet("issuer", "invoices issued by another account")
    for name in NOT_FOR_NOBODY:
        if (params.get("customer_details") or {}).get(name):
            raise not_here_yet(f"customer_details[{name}]", "Stripe Tax")
    if (params.get("subscription_details") or {}).get("billing_schedules"):
        raise not_here_yet("subscription_details[billing_schedules]", "billing schedules")


def _made(account: Account, params: Json) -> Json:
    details = dict(params.get("subscription_details") or {})
    recurring = params.get("preview_mode") == "recurring"
    customer = _customer(account, params)
    if id := params.get("subscription"):
        subscription = account.get("subscription", id, param="subscription")
        _add_items(account, params, customer, subscription)
        return _of_existing(account, subscription, details, params, recurring=recurring)
    _add_items(account, params, customer, None)
    if not details.get("items"):
        if following := _next_of(account, customer):
            return _of_existing(account, following, details, params, recurring=recurring)
        return _without_subscription(account, customer, params)
    subscription, invoice = subscriptions.begin(account, customer, _asked(params, details))
    return _renewed(account, subscription, recurring=True) if recurring else invoice.body


def _customer(account: Account, params: Json) -> Record:
    """Whose it would be: somebody's, or nobody's in particular."""
    said = params.get("customer_details") or {}
    if id := params.get("subscription"):
        owner = account.get("subscription", id, param="subscription")["customer"]
        if params.get("customer", owner) != owner:
            raise invalid("This subscription belongs to another customer.", param="customer")
        customer = customers.living(account, owner)
    elif "customer" in params:
        customer = customers.living(account, params["customer"], param="customer")
    elif said:
        customer = customers.create(account, {})
    else:
        raise missing_parameter("customer")
    if "tax_exempt" in said:
        customer["tax_exempt"] = said["tax_exempt"] or "none"
    if "address" in said:
        customer["address"] = whole("address", said["address"] or None)
    account.save(customer)
    return customer


def _asked(params: Json, details: Json) -> Json:
    """The same as it would be asked for when the subscription is created."""
    asked: Json = {name: details[name] for name in FOR_NEW if name in details}
    asked |= {"items": details["items"], "discounts": params.get("discounts") or []}
    anchor = details.get("billing_cycle_anchor") or {}
    if anchor.get("type") == "timestamp":
        if "timestamp" not in anchor:
            raise missing_parameter("subscription_details[billing_cycle_anchor][timestamp]")
        asked["billing_cycle_anchor"] = anchor["timestamp"]
    if "start_date" in details:
        asked["backdate_start_date"] = details["start_date"]
    for name in ("currency", "on_behalf_of"):
        if params.get(name):
            asked[name] = params[name]
    return asked


def _add_items(account: Account, params: Json, customer: Record, subscription: Record | None) -> None:
    owner = {"customer": customer.id} | ({"subscription": subscription.id} if subscription else {})
    currency = subscription["currency"] if subscription else params.get("currency")
    for place, each in enumerate(params.get("invoice_items") or []):
        asked = {name: each[name] for name in each if name not in ("price", "invoiceitem", "unit_amount")}
        if "price" in each:
            asked["pricing"] = {"price": each["price"]}
        if "unit_amount" in each:
            asked["unit_amount_decimal"] = str(each["unit_amount"])
        if "invoiceitem" not in each:
            invoice_items.create(account, asked | owner, currency=currency)
            continue
        item = account.get("invoiceitem", each["invoiceitem"], param=f"invoice_items[{place}][invoiceitem]")
        if item["customer"] != customer.id or item["invoice"]:
            raise invalid("This invoice item does not wait for this invoice.", param=f"invoice_items[{place}][invoiceitem]")
        invoice_items.update(account, item.id, {name: asked[name] for name in asked if name != "currency"})


def _next_of(account: Account, customer: Record) -> Record | None:
    """The customer's subscription that renews before the others."""
    mine = "json_extract(body, '$.customer') = ? AND json_extract(body, '$.status') IN ('active', 'trialing', 'past_due')"
    found = account.select("subscription", mine, customer.id)
    return min(found, key=lambda each: subscription_lines.period_of(each)[1], default=None)


def _without_subscription(account: Account, customer: Record, params: Json) -> Json:
    """Only what waits, and what was added here."""
    if not invoices.pending_items(account, customer.id, None):
        raise _nothing_upcoming()
    asked = {"customer": customer.id, "pending_invoice_items_behavior": "include"}
    asked |= {name: params[name] for name in ("currency", "discounts", "on_behalf_of") if name in params}
    return invoices.create(account, asked).body


def _of_existing(account: Account, subscription: Record, details: Json, params: Json, *, recurring: bool) -> Json:
    id = subscription.id
    if details.pop("cancel_now", False):
        prorates = details.get("proration_behavior") != "none"
        subscription_ends.cancel(account, id, {"invoice_now": True, "prorate": prorates})
        return _latest(account, id, subscription["latest_invoice"])
    if "pause" in details:
        subscription_pauses.pause(account, id, {**(details["pause"] or {}), "invoicing_behavior": "invoice"})
        return _latest(account, id, subscription["latest_invoice"])
    if details.pop("resume_at", None):
        wanted: Json = {name: details[name] for name in ("proration_behavior", "proration_date") if name in details}
        if anchor := details.get("billing_cycle_anchor"):
            wanted["billing_cycle_anchor"] = {"type": anchor["type"]}
        subscription_pauses.resume(account, id, wanted)
        return _latest(account, id, subscription["latest_invoice"])
    for name in ("start_date", "billing_mode"):
        if details.get(name):
            raise invalid(f"`{name}` can only be previewed for a new subscription.", param=f"subscription_details[{name}]")
    for name in ("discounts", "on_behalf_of"):
        if name in params:
            details[name] = params[name]
    latest = subscription["latest_invoice"]
    if details:
        subscription_updates.change(account, subscription, {**details, "payment_behavior": "default_incomplete"})
    fresh = account.get("subscription", id)
    if fresh["latest_invoice"] != latest and not recurring:
        return account.get("invoice", fresh["latest_invoice"]).body
    return _renewed(account, fresh, recurring=recurring)


def _latest(account: Account, subscription: str, before: str | None) -> Json:
    latest = account.get("subscription", subscription)["latest_invoice"]
    if latest == before:
        raise _nothing_upcoming()
    return account.get("invoice", latest).body


def _nothing_upcoming() -> Refusal:
    return Refusal(404, "No upcoming invoices for customer", code="invoice_upcoming_none")


def _renewed(account: Account, subscription: Record, *, recurring: bool = False) -> Json:
    """The invoice at the end of the current period. `recurring`: only what comes every time."""
    if recurring:
        for item in invoices.pending_items(account, subscription["customer"], subscription.id):
            account.store.remove(account.id, item.id)
    _, end = subscription_lines.period_of(subscription)
    wall = account.clock.wall if isinstance(account.clock, StoppedClock) else account.clock
    then = replace(account, clock=StoppedClock(end, wall))
    before = subscription["latest_invoice"]
    if not subscription["default_payment_method"]:
        # What becomes of a trial without a card is not the question of a preview.
        ends = subscription["trial_settings"]["end_behavior"]
        subscription["trial_settings"] = {"end_behavior": {**ends, "missing_payment_method": "create_invoice"}}
    subscription_cycle.renew(then, subscription)
    latest = account.get("subscription", subscription.id)["latest_invoice"]
    if latest == before:
        raise _nothing_upcoming()
    return account.get("invoice", latest).body


def next_renewal(account: Account, subscription: Record) -> Json:
    return as_preview(account.imagine(lambda: _renewed(account, account.get("subscription", subscription.id))))


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
