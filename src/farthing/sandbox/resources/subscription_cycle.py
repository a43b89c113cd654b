"""How a subscription goes on by itself: trials end, periods renew, invoices come in or do not."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from farthing.sandbox.account import Account, Job
from farthing.sandbox.resources import (
    discounts,
    invoice_collection,
    invoice_lines,
    invoices,
    periods,
    subscription_ends,
    subscription_items,
    subscription_lines,
)
from farthing.sandbox.resources.subscription_ends import LIFECYCLE
from farthing.sandbox.settings import DAY
from farthing.sandbox.store import Json, Record

INCOMPLETE_SECONDS = 23 * 3_600
TRIAL_WARNING_SECONDS = 3 * DAY
RENEWS = ("trialing", "active", "past_due", "unpaid")


def discounts_of(account: Account, subscription: Record, customer: Record) -> list[Record]:
    found = discounts.running(account, subscription["discounts"])
    if not found and customer["discount"]:
        found = discounts.running(account, [customer["discount"]["id"]])
    return found


def bill(
    account: Account, subscription: Record, reason: str, lines: list[Json], items: list[Record], given: list[Record]
) -> Record:
    """A draft for these lines. The period it bills is the one before the items' own, unless it is the first."""
    start, end = subscription_lines.period_of(subscription)
    if reason == "subscription_create":
        start, end = account.clock.seconds(), account.clock.seconds()
    elif reason == "subscription_cycle":
        end = start
        start = subscription.inner.get("previous_start", start)
    paused = subscription["pause_collection"] or {}
    stays = subscription["status"] == "unpaid" or paused.get("behavior") == "keep_as_draft"
    invoice = invoices.draft(
        account,
        account.get("customer", subscription["customer"]),
        subscription["currency"],
        lines,
        reason=reason,
        subscription=subscription,
        period=(start, end),
        given=given,
        rates=subscription["default_tax_rates"],
        collection_method=subscription["collection_method"],
        days_until_due=subscription["days_until_due"],
        auto_advance=not stays,
    )
    invoices.claim_items(account, items, invoice)
    _remember(account, invoice)
    subscription["latest_invoice"] = invoice.id
    _use_up(account, subscription, invoice, given)
    account.save(subscription)
    return invoice


def _remember(account: Account, invoice: Record) -> None:
    """What each item really cost for which time: prorations give back parts of exactly that."""
    for line in invoice.inner["lines"]:
        details = line["parent"]["subscription_item_details"]
        if details and (item := account.find("subscription_item", details["subscription_item"])):
            item.inner["billed"] = {"amount": invoice_lines.net(line), **line["period"]}
            item["billed_until"] = line["period"]["end"]
            account.save(item)


def _use_up(account: Account, subscription: Record, invoice: Record, given: list[Record]) -> None:
    """Coupons for once have done their duty when they took something off; repeating ones end with their months."""
    took = {each["discount"] for each in invoice["total_discount_amounts"] if each["amount"]}
    own = [account.get("discount", id) for item in subscription["items"]["data"] for id in item["discounts"]]
    for discount in [*given, *own]:
        once = discounts.coupon_of(account, discount)["duration"] == "once"
        if once and discount.id in took:
            discounts.end(account, discount)
    subscription["discounts"] = _those_that_run(account, subscription["discounts"])
    for item in subscription_items.of(account, subscription.id):
        kept = _those_that_run(account, item["discounts"])
        if kept != item["discounts"]:
            item["discounts"] = kept
            account.save(item)
    subscription_items.show(account, subscription)


def _those_that_run(account: Account, ids: list[str]) -> list[str]:
    kept = [each.id for each in discounts.running(account, ids)]
    for id in ids:
        if id not in kept:
            discounts.end(account, account.get("discount", id))
    return kept


# What falls due


def plan(account: Account, subscription: Record) -> None:
    """Put into the calendar what the current period brings."""
    _, end = subscription_lines.period_of(subscription)
    account.at(end, "subscriptions.renew", subscription)
    now = account.clock.now()
    if subscription["status"] == "trialing":
        account.at(max(end - TRIAL_WARNING_SECONDS, now), "subscriptions.warn", subscription)
    if end - account.settings.upcoming_days * DAY > now:
        account.at(end - account.settings.upcoming_days * DAY, "subscriptions.announce", subscription)


def warn(account: Account, subscription: Record) -> None:
    end = subscription["trial_end"]
    soon = subscription["status"] == "trialing" and end - TRIAL_WARNING_SECONDS <= account.clock.now()
    if soon and _first_time(account, subscription, "warned", end):
        account.emit("customer.subscription.trial_will_end", subscription)


def _first_time(account: Account, subscription: Record, what: str, moment: int) -> bool:
    """Every change of plans plans this anew; about the same moment it is told once."""
    if subscription.inner.get(what) == moment:
        return False
    subscription.inner[what] = moment
    account.save(subscription)
    return True


def announce(account: Account, subscription: Record) -> None:
    # Here, because a preview makes everything and takes it back.
    from farthing.sandbox.resources import invoice_previews

    _, end = subscription_lines.period_of(subscription)
    soon = end - account.clock.now() <= account.settings.upcoming_days * DAY
    ends = subscription["cancel_at"] and subscription["cancel_at"] <= end
    if subscription["status"] in RENEWS and soon and not ends and _first_time(account, subscription, "announced", end):
        account.emit("invoice.upcoming", Record(invoice_previews.next_renewal(account, subscription)))


def renew(account: Account, subscription: Record) -> None:
    start, end = subscription_lines.period_of(subscription)
    if end > account.clock.now() or subscription["status"] not in RENEWS:
        return
    if subscription["cancel_at"] and subscription["cancel_at"] <= end:
        subscription_ends.cancel_if_due(account, subscription)
        return
    trial_ends = subscription["status"] == "trialing"
    if trial_ends and _ends_without_method(account, subscription):
        return
    before = deepcopy(subscription.body)
    subscription.inner["previous_start"] = start
    move_period(account, subscription, end)
    if trial_ends:
        subscription["status"] = LIFECYCLE.move(subscription["status"], "activate")
        account.save(subscription)
        account.emit("customer.subscription.updated", subscription, before=before)
        bill_period(account, subscription, "subscription_cycle")
    else:
        bill_period(account, subscription, "subscription_cycle")
        account.emit("customer.subscription.updated", subscription, before=before)
    plan(account, subscription)


def bill_period(account: Account, subscription: Record, reason: str) -> Record:
    customer = account.get("customer", subscription["customer"])
    given = discounts_of(account, subscription, customer)
    lines, items = subscription_lines.lines_for(account, subscription)
    return bill(account, subscription, reason, lines, items, given)


def move_period(account: Account, subscription: Record, start: int) -> None:
    interval, count = subscription_lines.rhythm_of(subscription)
    end = periods.end(start, subscription["billing_cycle_anchor"], interval, count, subscription_lines.day_of(subscription))
    for item in subscription_items.of(account, subscription.id):
        item.body |= {"current_period_start": start, "current_period_end": end}
        account.save(item)
    subscription_items.show(account, subscription)
    if subscription["cancel_at_period_end"]:
        subscription["cancel_at"] = end
    account.save(subscription)


def _ends_without_method(account: Account, subscription: Record) -> bool:
    """A trial without a card ends as the subscription says; True when there is nothing to bill."""
    customer = account.get("customer", subscription["customer"])
    known = subscription["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    if known or subscription["collection_method"] == "send_invoice":
        return False
    match subscription["trial_settings"]["end_behavior"]["missing_payment_method"]:
        case "cancel":
            subscription_ends.end(account, subscription, "cancellation_requested")
            return True
        case "pause":
            pause(account, subscription, "trial_end_without_payment_method")
            return True
        case _:
            return False


def pause(account: Account, subscription: Record, why: str) -> None:
    before = deepcopy(subscription.body)
    now = account.clock.seconds()
    subscription["status"] = LIFECYCLE.move(subscription["status"], "pause")
    details = {"subscription": {"type": why}, "transitioned_at": now, "type": "subscription"}
    subscription["status_details"] = {"paused": details}
    account.save(subscription)
    account.emit("customer.subscription.paused", subscription)
    account.emit("customer.subscription.updated", subscription, before=before)


def expire(account: Account, subscription: Record) -> None:
    """Nobody paid the first invoice in time."""
    if subscription["status"] != "incomplete":
        return
    now = account.clock.seconds()
    status = LIFECYCLE.move(subscription["status"], "expire")
    account.update(subscription, "customer.subscription.updated", status=status, ended_at=now)
    invoice = account.get("invoice", subscription["latest_invoice"])
    if invoices.LIFECYCLE.allows(invoice["status"], "void"):
        invoice_collection.void_it(account, invoice)


# What its invoices tell it


def told(account: Account, subscription: Record, invoice: Record, what: str, intent: Record | None) -> None:
    match what:
        case "paid":
            _told_paid(account, subscription, invoice, intent)
        case "failed":
            if subscription["status"] in ("active", "trialing") and not subscription.inner.get("pending"):
                status = LIFECYCLE.move(subscription["status"], "fail")
                account.update(subscription, "customer.subscription.updated", status=status)
        case _:
            _exhausted(account, subscription)


def _told_paid(account: Account, subscription: Record, invoice: Record, intent: Record | None) -> None:
    # Here, because updates make invoices.
    from farthing.sandbox.resources import subscription_pauses, subscription_pending

    changed: dict[str, Any] = {}
    if intent and subscription["payment_settings"]["save_default_payment_method"] == "on_subscription":
        changed["default_payment_method"] = intent["payment_method"]
    latest = invoice.id == subscription["latest_invoice"]
    if latest and subscription["status"] in ("incomplete", "past_due", "unpaid"):
        changed["status"] = LIFECYCLE.move(subscription["status"], "activate")
    account.update(subscription, "customer.subscription.updated", **changed)
    if (subscription.inner.get("pending") or {}).get("invoice") == invoice.id:
        subscription_pending.apply(account, subscription)
    if subscription.inner.get("resumes_with") == invoice.id:
        subscription_pauses.resumed(account, subscription)


def set_up(account: Account, subscription: Record, intent: Record) -> None:
    """The setup intent that waited since a beginning without payment has succeeded."""
    if subscription["pending_setup_intent"] != intent.id:
        return
    changed: dict[str, Any] = {"pending_setup_intent": None}
    if subscription["payment_settings"]["save_default_payment_method"] == "on_subscription":
        changed["default_payment_method"] = intent["payment_method"]
    account.update(subscription, "customer.subscription.updated", **changed)


def _exhausted(account: Account, subscription: Record) -> None:
    if subscription["status"] != "past_due":
        return
    match account.settings.dunning_ends:
        case "cancel":
            subscription_ends.end(account, subscription, "payment_failed")
        case "unpaid":
            status = LIFECYCLE.move(subscription["status"], "exhaust")
            account.update(subscription, "customer.subscription.updated", status=status)
        case "paused":
            pause(account, subscription, "final_payment_failure")
        case _:
            pass


JOBS: dict[str, tuple[str, Job]] = {
    "subscriptions.renew": ("subscription", renew),
    "subscriptions.warn": ("subscription", warn),
    "subscriptions.announce": ("subscription", announce),
    "subscriptions.expire": ("subscription", expire),
}
OPERATIONS = ()
