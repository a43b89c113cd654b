"""Changing a subscription: other prices, quantities, ends and dates, and who pays for the difference, and when."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from farthing.sandbox.account import Account, Job, merge_metadata
from farthing.sandbox.errors import Refusal, invalid, not_here_yet
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import (
    billing_shares,
    discounts,
    invoice_collection,
    invoice_lines,
    invoices,
    price_amounts,
    prorations,
    subscription_anchors,
    subscription_cycle,
    subscription_ends,
    subscription_items,
    subscription_lines,
    subscription_terms,
    subscriptions,
    tax_rates,
)
from farthing.sandbox.resources.prorations import Change
from farthing.sandbox.resources.subscription_ends import LIFECYCLE
from farthing.sandbox.store import Json, Record

ALWAYS_CHANGEABLE = frozenset(("cancellation_details", "metadata", "expand"))
CHANGEABLE = ("trialing", "active", "past_due", "unpaid", "paused", "incomplete")


def update(account: Account, id: str, params: Json) -> Record:
    subscription = account.get("subscription", id)
    _check(subscription, params)
    if subscription["status"] not in CHANGEABLE:
        return _note(account, subscription, params)
    # Here, because what waits for its payment is a change like others.
    from farthing.sandbox.resources import subscription_pending

    if subscription.inner.get("pending") and params.keys() & subscription_pending.CHANGES:
        subscription_pending.give_up(account, subscription)
    if params.get("payment_behavior") == "pending_if_incomplete":
        return subscription_pending.update(account, subscription, params)
    change(account, subscription, params)
    return account.get("subscription", id)


def _note(account: Account, subscription: Record, params: Json) -> Record:
    """What may still be said of one that has ended."""
    details = {**subscription["cancellation_details"], **subscription_ends.said(params.get("cancellation_details"))}
    metadata = merge_metadata(subscription["metadata"], params.get("metadata"))
    account.update(subscription, "customer.subscription.updated", metadata=metadata, cancellation_details=details)
    return subscription


def _check(subscription: Record, params: Json) -> None:
    subscriptions.refuse_what_is_not_here(params)
    # These say how to charge, and are looked at again if there is something to charge.
    params.get("payment_behavior"), params.get("off_session"), params.get("proration_behavior")
    status = subscription["status"]
    if status not in CHANGEABLE and params.keys() - ALWAYS_CHANGEABLE:
        raise invalid(
            "A canceled subscription can only update its cancellation_details and metadata.",
            param=min(params.keys() - ALWAYS_CHANGEABLE),
        )
    if params.get("trial_from_plan"):
        raise not_here_yet("trial_from_plan", "trials of plans")
    anew = (params.get("billing_cycle_anchor") or {}).get("type") == "now"
    if status in ("incomplete", "paused") and (anew or params.get("trial_end")):
        word = "paid" if status == "incomplete" else "resumed"
        raise invalid(
            f"This subscription is {status}: its dates cannot be changed before it is {word}.",
            param="billing_cycle_anchor" if anew else "trial_end",
        )


def change(account: Account, subscription: Record, params: Json) -> Record | None:
    """Everything the parameters ask for. Answers the invoice it caused, if it caused one now."""
    before = deepcopy(subscription.body)
    now = account.clock.seconds()
    behavior = params.get("proration_behavior", "create_prorations")
    moment = _moment(subscription, params, now)
    subscription.body |= _fields(account, subscription, params)
    account.save(subscription)
    trialing = subscription["status"] == "trialing"
    changes = _apply_items(account, subscription, params.get("items") or [])
    restarts = _restarts(account, before, subscription, params, changes)
    starts_trial = _set_trial(account, subscription, params, now)
    prorates = behavior != "none" and not trialing and subscription["status"] not in ("incomplete", "paused")
    if (restarts or starts_trial) and prorates:
        prorations.credits(account, subscription, _all_items(account, subscription, changes), moment)
    elif prorates:
        prorations.credits(account, subscription, changes, moment)
        prorations.debits(account, subscription, changes, moment)
    if restarts:
        subscription["billing_cycle_anchor"] = now
        subscription.inner["anchor_day"] = None
        subscription_cycle.move_period(account, subscription, now)
    subscription_items.show(account, subscription)
    if "discounts" in params:
        subscription_items.rediscount_whole(account, subscription, params["discounts"])
    subscription.body |= subscription_ends.plan(account, subscription, params)
    account.save(subscription)
    _tell(account, subscription, before)
    invoice = _invoice(account, subscription, restarts=restarts or starts_trial, at_once=behavior == "always_invoice")
    if restarts or subscription["status"] == "trialing":
        subscription_cycle.plan(account, account.get("subscription", subscription.id))
    if invoice is not None:
        _collect(account, invoice, params)
    return invoice


def _tell(account: Account, subscription: Record, before: Json) -> None:
    if subscription.inner.get("pending") is not None:
        # Told when it is known whether it was paid.
        return
    if before != subscription.body:
        account.emit("customer.subscription.updated", subscription, before=before)


def _moment(subscription: Record, params: Json, now: int) -> int:
    moment: int = params.get("proration_date", now)
    start, end = subscription_lines.period_of(subscription)
    if not start <= moment <= end:
        raise invalid("Cannot specify proration_date outside of the subscription's current period.", param="proration_date")
    return moment


def _fields(account: Account, subscription: Record, params: Json) -> dict[str, Any]:
    changed: dict[str, Any] = subscription_terms.changed(account, subscription, params)
    if {"application_fee_percent", "on_behalf_of", "transfer_data"} & params.keys():
        changed |= billing_shares.of_subscription(account, params, subscription.body)
    if "pause_collection" in params:
        changed["pause_collection"] = _pause(account, subscription, params["pause_collection"])
    return changed


def _pause(account: Account, subscription: Record, given: Any) -> Json | None:
    if not given:
        return None
    moment = given.get("resumes_at")
    if moment:
        account.at(moment, "subscriptions.unpause", subscription)
    return {"behavior": given["behavior"], "resumes_at": moment}


def unpause(account: Account, subscription: Record) -> None:
    moment = (subscription["pause_collection"] or {}).get("resumes_at")
    if moment and moment <= account.clock.now():
        account.update(subscription, "customer.subscription.updated", pause_collection=None)


# Items


def _apply_items(account: Account, subscription: Record, given: list[Json]) -> list[Change]:
    changes = [_apply(account, subscription, each, f"items[{place}]") for place, each in enumerate(given)]
    left = subscription_items.of(account, subscription.id)
    if not left:
        raise invalid("A subscription must have at least one active item.", param="items")
    subscription_items.same_rhythm([item["price"] for item in left])
    for item in left:
        price_amounts.terms(account, item["price"], subscription["currency"])
    subscription_items.show(account, subscription)
    return changes


def _apply(account: Account, subscription: Record, given: Json, param: str) -> Change:
    if "id" not in given:
        return Change(None, None, _new(account, subscription, given, param))
    item = account.get("subscription_item", given["id"], param=f"{param}[id]")
    if item["subscription"] != subscription.id:
        raise invalid(
            f"No such subscription item on this subscription: '{item.id}'", param=f"{param}[id]", code="resource_missing"
        )
    before, billed = deepcopy(item.body), deepcopy(item.inner["billed"])
    if given.get("deleted"):
        account.store.remove(account.id, item.id)
        return Change(before, billed, None)
    if "price" in given or "price_data" in given:
        price = subscription_items.price_of(account, given, param)
        item.body |= {"price": price.body, "plan": subscription_items.plan_of(price)}
    if "quantity" in given:
        item["quantity"] = subscription_items.quantity_of(given, param)
    if "tax_rates" in given:
        item["tax_rates"] = tax_rates.chosen(account, given["tax_rates"], f"{param}[tax_rates]")
    item["metadata"] = merge_metadata(item["metadata"], given.get("metadata"))
    account.save(item)
    subscription_items.rediscount(account, subscription, item, given, param)
    return Change(before, billed, item)


def _new(account: Account, subscription: Record, given: Json, param: str) -> Record:
    price = subscription_items.price_of(account, given, param)
    subscription_items.quantity_of(given, param)
    if len(subscription["items"]["data"]) >= subscription_items.ITEMS_MAX:
        raise invalid(f"A subscription can have at most {subscription_items.ITEMS_MAX} items.", param="items")
    start, end = subscription_lines.period_of(subscription)
    return subscription_items.add(account, subscription, price, given, start, end, param)


def _all_items(account: Account, subscription: Record, changes: list[Change]) -> list[Change]:
    """When the period starts anew, those that did not change are given back, too."""
    touched = {each.before["id"] for each in changes if each.before} | {each.after.id for each in changes if each.after}
    gone = [Change(each.before, each.billed, None) for each in changes]
    rest = [each for each in subscription_items.of(account, subscription.id) if each.id not in touched]
    return gone + [Change(each.body, each.inner["billed"], None) for each in rest]


def _restarts(account: Account, before: Json, subscription: Record, params: Json, changes: list[Change]) -> bool:
    """Another interval, the first price above zero, an anchor of now, or the end of a trial begin a new period today."""
    anew = (params.get("billing_cycle_anchor") or {}).get("type") == "now"
    if subscription["status"] == "trialing":
        if anew:
            raise not_here_yet("billing_cycle_anchor", "anchors that move while a trial runs")
        return params.get("trial_end") == "now"
    old = before["items"]["data"]
    new = subscription["items"]["data"]
    if subscription["status"] in ("incomplete", "paused"):
        return False
    rhythm = [
        (each[0]["price"]["recurring"]["interval"], each[0]["price"]["recurring"]["interval_count"]) for each in (old, new)
    ]
    if anew or rhythm[0] != rhythm[1]:
        return True
    if not changes:
        return False
    free = [not any(_costs(account, subscription, item) for item in each) for each in (old, new)]
    return free[0] and not free[1]


def _costs(account: Account, subscription: Record, item: Json) -> int:
    return price_amounts.cost(account, item["price"], item["quantity"], subscription["currency"])


def _set_trial(account: Account, subscription: Record, params: Json, now: int) -> bool:
    """Whether a trial begins in the middle of what was paid for: that is given back, and free time begins."""
    moment = params.get("trial_end")
    trialing = subscription["status"] == "trialing"
    if moment is None or moment == "now":
        if moment and trialing:
            subscription.body |= {"status": LIFECYCLE.move(subscription["status"], "activate"), "trial_end": now}
        return False
    subscription_anchors.checked_trial_end(moment, now)
    subscription.body |= {"trial_end": moment, "trial_start": subscription["trial_start"] if trialing else now}
    if subscription["trial_settings"]["end_behavior"].get("billing_cycle_anchor") != "unchanged":
        subscription["billing_cycle_anchor"] = moment
        subscription.inner["anchor_day"] = None
    subscription["status"] = LIFECYCLE.move(subscription["status"], "try")
    for item in subscription_items.of(account, subscription.id):
        item.body |= {"current_period_end": moment} | ({} if trialing else {"current_period_start": now})
        account.save(item)
    return not trialing


def delete_discount(account: Account, id: str, params: Json) -> Json:
    """All of those of the subscription as a whole; those of its items stay."""
    del params
    subscription = account.get("subscription", id)
    if not subscription["discounts"]:
        raise Refusal(404, f"No active discount for subscription: {id}", code="resource_missing", param="id")
    before, last = deepcopy(subscription.body), subscription["discounts"][-1]
    for each in subscription["discounts"]:
        discounts.end(account, account.get("discount", each))
    subscription["discounts"] = []
    account.save(subscription)
    _tell(account, subscription, before)
    return discounts.as_deleted(account.get("discount", last))


def migrate(account: Account, id: str, params: Json) -> Record:
    """From the classic way to count to the flexible one; there is no way back."""
    subscription = account.get("subscription", id)
    if subscription["billing_mode"]["type"] == "flexible":
        raise invalid("This subscription is in flexible billing mode already.", param="billing_mode[type]")
    if subscription["status"] not in CHANGEABLE:
        raise invalid(f"A subscription that is {subscription['status']} cannot be migrated.")
    mode = subscription_terms.billing_mode(params["billing_mode"]) | {"updated_at": account.clock.seconds()}
    account.update(subscription, "customer.subscription.updated", billing_mode=mode)
    return subscription


# Its invoice


def _invoice(account: Account, subscription: Record, *, restarts: bool, at_once: bool) -> Record | None:
    if restarts:
        return subscription_cycle.bill_period(account, subscription, "subscription_update")
    items = invoices.pending_items(account, subscription["customer"], subscription.id)
    items = [each for each in items if each["proration"]]
    if not at_once or not items:
        return None
    lines = [invoice_lines.of_invoice_item(each) for each in items]
    return subscription_cycle.bill(account, subscription, "subscription_update", lines, items, [])


def _collect(account: Account, invoice: Record, params: Json) -> None:
    behavior = params.get("payment_behavior", "allow_incomplete")
    if invoice["collection_method"] == "send_invoice" and invoice["total"] > 0:
        return
    if not invoice["auto_advance"]:
        return
    invoice_collection.finalize(account, invoice)
    if invoice["status"] != "open" or behavior == "default_incomplete":
        return
    refusal = invoice_collection.collect(account, invoice, off_session=bool(params.get("off_session", True)))
    if behavior == "error_if_incomplete" and invoice["status"] != "paid":
        raise subscriptions.undone(refusal)


JOBS: dict[str, tuple[str, Job]] = {
    "subscriptions.unpause": ("subscription", unpause),
}
OPERATIONS = (
    Operation("POST", "/v1/subscriptions/{id}", "SubscriptionUpdateParams", update),
    Operation("POST", "/v1/subscriptions/{id}/migrate", "SubscriptionMigrateParams", migrate),
    Operation("DELETE", "/v1/subscriptions/{id}/discount", "SubscriptionDeleteDiscountParams", delete_discount),
)
