"""Pausing a subscription altogether, and resuming it: no period runs and no invoice is made in between."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.errors import invalid, not_here_yet
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import invoice_collection, prorations, subscription_cycle
from farthing.sandbox.resources.subscription_ends import LIFECYCLE
from farthing.sandbox.store import Json, Record


def pause(account: Account, id: str, params: Json) -> Record:
    subscription = account.get("subscription", id)
    if subscription["billing_mode"]["type"] != "flexible":
        raise invalid("Only subscriptions in flexible billing mode can be paused.")
    if not LIFECYCLE.allows(subscription["status"], "pause"):
        raise invalid(f"A subscription that is {subscription['status']} cannot be paused.")
    if params.get("invoicing_behavior") == "invoice":
        raise not_here_yet("invoicing_behavior", "invoices at the moment of a pause")
    if (params.get("bill_for") or {}).get("unused_time_from"):
        raise not_here_yet("bill_for[unused_time_from]", "a credit from another moment than now")
    prorations.credit_all(account, subscription)
    subscription_cycle.pause(account, subscription, "pause_requested")
    return subscription


def resume(account: Account, id: str, params: Json) -> Record:
    """A new period begins, and is paid for; or what is left of the old one goes on when the anchor stays."""
    subscription = account.get("subscription", id)
    if subscription["status"] != "paused":
        raise invalid(f"Only a paused subscription can be resumed; this one is {subscription['status']}.")
    anchor = params.get("billing_cycle_anchor") or {}
    now = account.clock.seconds()
    if anchor.get("type", "now") == "now":
        subscription["billing_cycle_anchor"] = now
    subscription_cycle.move_period(account, subscription, now)
    waits = params.get("payment_behavior") == "resume_on_payment_success"
    if not waits:
        resumed(account, subscription)
    invoice = subscription_cycle.bill_period(account, subscription, "subscription_update")
    if waits:
        subscription.inner["resumes_with"] = invoice.id
        account.save(subscription)
    subscription_cycle.plan(account, subscription)
    if subscription["collection_method"] == "charge_automatically":
        invoice_collection.finalize(account, invoice)
        if invoice["status"] == "open":
            invoice_collection.collect(account, invoice, off_session=True)
    return account.get("subscription", id)


def resumed(account: Account, subscription: Record) -> None:
    before = subscription_cycle.subscription_snapshot(subscription)
    subscription["status"] = LIFECYCLE.move(subscription["status"], "activate")
    subscription["status_details"] = None
    subscription.inner["resumes_with"] = None
    account.save(subscription)
    account.emit("customer.subscription.resumed", subscription)
    account.emit("customer.subscription.updated", subscription, before=before)


OPERATIONS = (
    Operation("POST", "/v1/subscriptions/{id}/pause", "SubscriptionPauseParams", pause),
    Operation("POST", "/v1/subscriptions/{id}/resume", "SubscriptionResumeParams", resume),
)
