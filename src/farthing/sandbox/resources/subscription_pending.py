"""Changes of a subscription that happen only when they are paid: until then they wait, at most a day, and may expire."""

from __future__ import annotations

from copy import deepcopy

from farthing.sandbox.account import Account, Job
from farthing.sandbox.errors import invalid, not_here_yet
from farthing.sandbox.resources import (
    invoice_collection,
    invoices,
    subscription_cycle,
    subscription_items,
    subscription_updates,
)
from farthing.sandbox.store import Json, Record

PENDING_SECONDS = 23 * 3_600
# What can be made to wait; anything else has to be asked for by itself.
CHANGES = frozenset(("billing_cycle_anchor", "items", "trial_end"))
BESIDES = frozenset(("expand", "off_session", "payment_behavior", "proration_behavior", "proration_date"))


def update(account: Account, subscription: Record, params: Json) -> Record:
    """All of it if the money comes at once; otherwise only the invoice, and the change waits for it."""
    if "discounts" in params:
        raise not_here_yet("discounts", "discounts that wait for a payment")
    if others := params.keys() - CHANGES - BESIDES:
        raise invalid(
            f"When `payment_behavior` is `pending_if_incomplete`, you cannot update {', '.join(sorted(others))}: only items, "
            "billing_cycle_anchor and trial_end can wait for a payment.",
            param=min(others),
        )
    id, kept = subscription.id, deepcopy(subscription.body)
    items = [(deepcopy(each.body), deepcopy(each.inner)) for each in subscription_items.of(account, id)]
    subscription.inner["pending"] = {"invoice": None}
    account.save(subscription)
    invoice = subscription_updates.change(account, subscription, {**params, "payment_behavior": "allow_incomplete"})
    fresh = account.get("subscription", id)
    fresh.inner["pending"] = None
    account.save(fresh)
    if invoice is not None and invoice["status"] == "open":
        return _wait(account, fresh, kept, items, invoice)
    if fresh.body != kept:
        account.emit("customer.subscription.updated", fresh, before=kept)
    return fresh


def _wait(account: Account, subscription: Record, kept: Json, items: list[tuple[Json, Json]], invoice: Record) -> Record:
    wanted, changed = subscription_items.of(account, subscription.id), subscription.body
    _replace(account, subscription.id, items)
    moved = {name: changed[name] for name in ("billing_cycle_anchor", "trial_end") if changed[name] != kept[name]}
    expires_at = account.clock.seconds() + PENDING_SECONDS
    subscription.body = kept | {
        "latest_invoice": invoice.id,
        "pending_update": {
            "billing_cycle_anchor": moved.get("billing_cycle_anchor"),
            "expires_at": expires_at,
            "subscription_items": [item.body for item in wanted],
            "trial_end": moved.get("trial_end"),
            "trial_from_plan": None,
        },
    }
    fields = {name: changed[name] for name in ("billing_cycle_anchor", "status", "trial_end", "trial_start")}
    stored = [(item.body, item.inner) for item in wanted]
    subscription.inner["pending"] = {"invoice": invoice.id, "items": stored, "fields": fields}
    account.save(subscription)
    account.emit("customer.subscription.updated", subscription, before=kept)
    account.at(expires_at, "subscriptions.drop_pending", subscription)
    return subscription


def _replace(account: Account, subscription: str, items: list[tuple[Json, Json]]) -> None:
    for item in subscription_items.of(account, subscription):
        account.store.remove(account.id, item.id)
    for body, inner in items:
        account.store.insert(account.id, Record(body, inner))


def apply(account: Account, subscription: Record) -> None:
    """The invoice was paid: what it waited for happens."""
    before, pending = deepcopy(subscription.body), subscription.inner["pending"]
    _replace(account, subscription.id, pending["items"])
    subscription_items.show(account, subscription)
    subscription.inner["pending"] = None
    subscription.body |= {"pending_update": None, **pending["fields"]}
    account.save(subscription)
    account.emit("customer.subscription.pending_update_applied", subscription)
    account.emit("customer.subscription.updated", subscription, before=before)
    subscription_cycle.plan(account, subscription)


def drop(account: Account, subscription: Record) -> None:
    pending = subscription.inner.get("pending")
    if pending and subscription["pending_update"]["expires_at"] <= account.clock.now():
        give_up(account, subscription)


def give_up(account: Account, subscription: Record) -> None:
    """Nobody paid in time, or something else is wanted meanwhile."""
    invoice = account.get("invoice", subscription.inner["pending"]["invoice"])
    subscription.inner["pending"] = None
    subscription["pending_update"] = None
    account.save(subscription)
    account.emit("customer.subscription.pending_update_expired", subscription)
    if invoices.LIFECYCLE.allows(invoice["status"], "void"):
        invoice_collection.void_it(account, invoice)


JOBS: dict[str, tuple[str, Job]] = {"subscriptions.drop_pending": ("subscription", drop)}
OPERATIONS = ()
