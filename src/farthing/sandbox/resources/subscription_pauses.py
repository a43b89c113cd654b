"""Pausing a subscription altogether, and resuming it: no period runs and no invoice is made in between."""

from __future__ import annotations

from copy import deepcopy

from farthing.sandbox.account import Account, Job
from farthing.sandbox.errors import invalid
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import (
    invoice_collection,
    invoices,
    prorations,
    subscription_cycle,
    subscription_ends,
    subscription_items,
    subscription_lines,
)
from farthing.sandbox.resources.prorations import Change
from farthing.sandbox.resources.subscription_ends import LIFECYCLE
from farthing.sandbox.store import Json, Record

RESUMES_SECONDS = 23 * 3_600


def pause(account: Account, id: str, params: Json) -> Record:
    subscription = account.get("subscription", id)
    if subscription["billing_mode"]["type"] != "flexible":
        raise invalid("Only subscriptions in flexible billing mode can be paused.")
    if not LIFECYCLE.allows(subscription["status"], "pause"):
        raise invalid(f"A subscription that is {subscription['status']} cannot be paused.")
    params.get("type")
    bill_for = params.get("bill_for") or {}
    # There is no metered usage here that could be outstanding.
    (bill_for.get("outstanding_usage_through") or {}).get("type")
    match (bill_for.get("unused_time_from") or {}).get("type", "now"):
        case "now":
            prorations.credit_all(account, subscription)
        case "item_current_period_start":
            start, _ = subscription_lines.period_of(subscription)
            prorations.credit_all(account, subscription, start)
        case _:
            pass
    subscription_cycle.pause(account, subscription, "pause_requested")
    if params.get("invoicing_behavior") == "invoice":
        subscription_ends.invoice_the_rest(account, subscription)
    return account.get("subscription", id)


def resume(account: Account, id: str, params: Json) -> Record:
    """A new period begins, and is paid for; or what is left of the old one goes on when the anchor stays."""
    subscription = account.get("subscription", id)
    if subscription["status"] != "paused":
        raise invalid(f"Only a paused subscription can be resumed; this one is {subscription['status']}.")
    now = account.clock.seconds()
    behavior = params.get("proration_behavior", "create_prorations")
    moment: int = params.get("proration_date", now)
    waits = params.get("payment_behavior") == "resume_on_payment_success"
    anew = (params.get("billing_cycle_anchor") or {}).get("type", "now") == "now"
    start = now if anew else subscription_lines.start_at(subscription, now)
    if not start <= moment <= now:
        raise invalid("Cannot specify proration_date outside of the subscription's current period.", param="proration_date")
    if anew:
        subscription["billing_cycle_anchor"] = now
        subscription.inner["anchor_day"] = None
    subscription_cycle.move_period(account, subscription, start)
    if not waits:
        resumed(account, subscription)
    invoice = _bill(account, subscription, behavior, moment, anew=anew)
    if invoice is None:
        # Nothing is to be paid now, so there is nothing to wait for.
        _resume_if_paused(account, account.get("subscription", id))
    else:
        _collect(account, account.get("subscription", id), invoice, waits=waits)
    subscription_cycle.plan(account, account.get("subscription", id))
    return account.get("subscription", id)


def _bill(account: Account, subscription: Record, behavior: str, moment: int, *, anew: bool) -> Record | None:
    if anew:
        return subscription_cycle.bill_period(account, subscription, "subscription_update")
    if behavior == "none":
        return None
    items = subscription_items.of(account, subscription.id)
    prorations.debits(account, subscription, [Change(None, None, item) for item in items], moment)
    subscription_items.show(account, subscription)
    account.save(subscription)
    return subscription_ends.draft_the_rest(account, subscription) if behavior == "always_invoice" else None


def _collect(account: Account, subscription: Record, invoice: Record, *, waits: bool) -> None:
    if waits:
        subscription.inner["resumes_with"] = invoice.id
        account.save(subscription)
        account.later(RESUMES_SECONDS, "subscriptions.stay_paused", subscription)
    if subscription["collection_method"] == "charge_automatically":
        invoice_collection.finalize(account, invoice)
        if invoice["status"] == "open":
            invoice_collection.collect(account, invoice, off_session=True)


def _resume_if_paused(account: Account, subscription: Record) -> None:
    if subscription["status"] == "paused":
        resumed(account, subscription)


def resumed(account: Account, subscription: Record) -> None:
    before = deepcopy(subscription.body)
    subscription["status"] = LIFECYCLE.move(subscription["status"], "activate")
    subscription["status_details"] = None
    subscription.inner["resumes_with"] = None
    account.save(subscription)
    account.emit("customer.subscription.resumed", subscription)
    account.emit("customer.subscription.updated", subscription, before=before)


def stay_paused(account: Account, subscription: Record) -> None:
    """Nobody paid for resuming in time."""
    id = subscription.inner.get("resumes_with")
    if subscription["status"] != "paused" or not id:
        return
    subscription.inner["resumes_with"] = None
    account.save(subscription)
    invoice = account.get("invoice", id)
    if invoices.LIFECYCLE.allows(invoice["status"], "void"):
        invoice_collection.void_it(account, invoice)


JOBS: dict[str, tuple[str, Job]] = {"subscriptions.stay_paused": ("subscription", stay_paused)}
OPERATIONS = (
    Operation("POST", "/v1/subscriptions/{id}/pause", "SubscriptionPauseParams", pause),
    Operation("POST", "/v1/subscriptions/{id}/resume", "SubscriptionResumeParams", resume),
)
