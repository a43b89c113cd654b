"""How a subscription ends: canceled now, at the end of its period, or at a moment, and how that is taken back."""

from __future__ import annotations

from typing import Any

from farthing.sandbox.account import Account, Job
from farthing.sandbox.clock import LATEST
from farthing.sandbox.errors import exclusive_parameters, invalid, not_here_yet
from farthing.sandbox.lifecycle import Lifecycle
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import invoice_collection, invoice_lines, invoices, prorations, subscription_items
from farthing.sandbox.store import Json, Record

LIFECYCLE = Lifecycle(
    "Subscription",
    {
        "incomplete": {"activate": "active", "expire": "incomplete_expired", "cancel": "canceled"},
        "incomplete_expired": {},
        "trialing": {"activate": "active", "try": "trialing", "fail": "past_due", "pause": "paused", "cancel": "canceled"},
        "active": {"try": "trialing", "fail": "past_due", "pause": "paused", "cancel": "canceled"},
        "past_due": {"activate": "active", "try": "trialing", "exhaust": "unpaid", "pause": "paused", "cancel": "canceled"},
        "unpaid": {"activate": "active", "try": "trialing", "cancel": "canceled"},
        "paused": {"activate": "active", "cancel": "canceled"},
        "canceled": {},
    },
)


def cancel(account: Account, id: str, params: Json) -> Record:
    subscription = account.get("subscription", id)
    if not LIFECYCLE.allows(subscription["status"], "cancel"):
        # Stripe does not find what has ended.
        raise invalid(f"No such subscription: '{id}'", code="resource_missing", param="id")
    prorates, at_once = bool(params.get("prorate")), bool(params.get("invoice_now"))
    if prorates:
        prorations.credit_all(account, subscription)
    elif not at_once:
        _forget_prorations(account, subscription)
    end(account, subscription, "cancellation_requested", params.get("cancellation_details"))
    if at_once:
        invoice_the_rest(account, subscription)
    return account.get("subscription", id)


def _forget_prorations(account: Account, subscription: Record) -> None:
    for item in invoices.pending_items(account, subscription["customer"], subscription.id):
        if item["proration"] and item["parent"]["subscription_details"]["subscription"] == subscription.id:
            account.emit("invoiceitem.deleted", item)
            account.store.remove(account.id, item.id)


def invoice_the_rest(account: Account, subscription: Record) -> None:
    """What waits for the next invoice, on one of its own, now."""
    invoice = draft_the_rest(account, subscription)
    if invoice is None:
        return
    invoice_collection.finalize(account, invoice)
    if invoice["status"] == "open" and subscription["collection_method"] == "charge_automatically":
        invoice_collection.collect(account, invoice, off_session=True)


def draft_the_rest(account: Account, subscription: Record) -> Record | None:
    items = invoices.pending_items(account, subscription["customer"], subscription.id)
    items = [each for each in items if each["currency"] == subscription["currency"]]
    if not items:
        return None
    invoice = invoices.draft(
        account,
        account.get("customer", subscription["customer"]),
        subscription["currency"],
        [invoice_lines.of_invoice_item(each) for each in items],
        reason="subscription_update",
        subscription=subscription,
        rates=subscription["default_tax_rates"],
        collection_method=subscription["collection_method"],
        days_until_due=subscription["days_until_due"],
    )
    invoices.claim_items(account, items, invoice)
    subscription["latest_invoice"] = invoice.id
    account.save(subscription)
    return invoice


def end(account: Account, subscription: Record, reason: str, details: Json | None = None) -> None:
    """Now. Its open invoices are no longer collected by themselves, and whatever waited for one of them never happens."""
    now = account.clock.seconds()
    subscription["status"] = LIFECYCLE.move(subscription["status"], "cancel")
    asked = subscription["canceled_at"] if subscription["cancel_at"] else None
    subscription.body |= {
        "canceled_at": asked or now,
        "cancellation_details": {**subscription["cancellation_details"], "reason": reason, **said(details)},
        "ended_at": now,
        "pending_update": None,
    }
    subscription.inner |= {"pending": None, "resumes_with": None}
    account.save(subscription)
    mine = (
        "json_extract(body, '$.parent.subscription_details.subscription') = ? "
        "AND json_extract(body, '$.status') IN ('draft', 'open')"
    )
    for invoice in account.select("invoice", mine, subscription.id):
        uncollected = {"auto_advance": False, "automatically_finalizes_at": None, "next_payment_attempt": None}
        account.update(invoice, "invoice.updated", **uncollected)
    account.emit("customer.subscription.deleted", subscription)


def said(details: Json | None) -> Json:
    if (details or {}).get("feedback_option"):
        raise not_here_yet("cancellation_details[feedback_option]", "reasons of one's own")
    return {name: (details or {}).get(name) or None for name in ("comment", "feedback") if name in (details or {})}


def plan(account: Account, subscription: Record, params: Json) -> dict[str, Any]:
    """The fields that an update to cancel_at or cancel_at_period_end changes."""
    if params.get("cancel_at_period_end") and params.get("cancel_at"):
        raise exclusive_parameters("cancel_at_period_end", "cancel_at")
    period_end = min(item["current_period_end"] for item in subscription["items"]["data"])
    moment, flag = subscription["cancel_at"], subscription["cancel_at_period_end"]
    if "cancel_at_period_end" in params:
        flag = params["cancel_at_period_end"]
        moment = period_end if flag else None
    if "cancel_at" in params:
        moment, flag = _moment(params["cancel_at"], subscription, account), False
    changed: dict[str, Any] = {"cancel_at": moment, "cancel_at_period_end": flag}
    if moment != subscription["cancel_at"]:
        changed["canceled_at"] = account.clock.seconds() if moment else None
        reason = "cancellation_requested" if moment else None
        changed["cancellation_details"] = {**subscription["cancellation_details"], "reason": reason}
        prorates = params.get("proration_behavior", "create_prorations") != "none"
        _shorten_what_was_billed(account, subscription, moment if prorates else None)
        if moment:
            account.at(moment, "subscriptions.cancel", subscription)
    if details := params.get("cancellation_details"):
        current = changed.get("cancellation_details", subscription["cancellation_details"])
        changed["cancellation_details"] = current | said(details)
    return changed


def _shorten_what_was_billed(account: Account, subscription: Record, moment: int | None) -> None:
    """An end in the middle of what was paid for gives the rest back; another end, or none, takes that back first."""
    for id, item, billed in subscription.inner.get("given_back") or []:
        waiting = account.find("invoiceitem", id)
        if waiting is not None and waiting["invoice"] is None:
            account.emit("invoiceitem.deleted", waiting)
            account.store.remove(account.id, id)
            if kept := account.find("subscription_item", item):
                kept.inner["billed"] = billed
                account.save(kept)
    subscription.inner["given_back"] = []
    if moment is None or subscription["status"] not in ("active", "past_due"):
        return
    for item in subscription_items.of(account, subscription.id):
        billed = item.inner["billed"]
        for made in prorations.credits(account, subscription, [prorations.Change(item.body, billed, None)], moment):
            subscription.inner["given_back"].append([made.id, item.id, billed])
            item.inner["billed"] = {**billed, "amount": billed["amount"] + made["amount"], "end": moment}
            account.save(item)


def _moment(given: Any, subscription: Record, account: Account) -> int | None:
    if given == "":
        return None
    ends = [item["current_period_end"] for item in subscription["items"]["data"]]
    if isinstance(given, str):
        return int(min(ends) if given == "min_period_end" else max(ends))
    if not account.clock.seconds() < given < LATEST:
        raise invalid("`cancel_at` must be in the future.", param="cancel_at")
    return int(given)


def cancel_if_due(account: Account, subscription: Record) -> None:
    moment = subscription["cancel_at"]
    if moment and moment <= account.clock.now() and LIFECYCLE.allows(subscription["status"], "cancel"):
        end(account, subscription, "cancellation_requested")
        # What still waited for the next invoice is collected on a last one.
        draft_the_rest(account, subscription)


JOBS: dict[str, tuple[str, Job]] = {"subscriptions.cancel": ("subscription", cancel_if_due)}
OPERATIONS = (Operation("DELETE", "/v1/subscriptions/{id}", "SubscriptionCancelParams", cancel),)
