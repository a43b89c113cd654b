"""What becomes of a change once its subscription is seen at the provider."""

from dataclasses import replace
from typing import Final

from farthing import discounts, events, invoices
from farthing.db import Transaction
from farthing.invoices import Invoice
from farthing.lifecycles import SUBSCRIPTION_CHANGE, ChangeStatus
from farthing.providers import SeenSubscription
from farthing.subscriptions import changes
from farthing.subscriptions.changes import Change
from farthing.subscriptions.model import Subscription

NEWEST: Final = 5
"""Invoices among which the one of a change that was just made is."""

OVER = "The subscription is over."
UNPAID = "Its payment did not come: all stays as it was."


async def settle(tx: Transaction, now: Subscription, seen: SeenSubscription, look: int) -> None:
    """Finish the change that is under way, or give it up. Only what was seen after the provider's answer decides."""
    pending = await changes.pending_of(tx, now.id)
    if pending is None:
        return
    if not now.is_live and SUBSCRIPTION_CHANGE.allows(pending.status, "drop"):
        await drop(tx, now, pending, OVER)
        return
    if pending.status == ChangeStatus.ASKED and pending.coupon is None and _happened(pending, seen):
        # It is as it was asked for, whatever the answer would have been.
        await changes.answer(tx, pending, look)
        await _finish(tx, now, replace(pending, status=ChangeStatus.WAITING))
        return
    if pending.status != ChangeStatus.WAITING or pending.answered_look is None or look <= pending.answered_look:
        return
    if _happened(pending, seen):
        await _finish(tx, now, pending)
    elif seen.pending_until is not None:
        if pending.waits_until != seen.pending_until:
            await changes.wait(tx, pending, seen.pending_until)
        if pending.waits_until is None:
            until = seen.pending_until.isoformat()
            due = {"amount": pending.due.amount, "currency": pending.due.currency}
            about = told(now, pending)
            await events.record(tx, "subscription.change_waiting", order=None, **about, amount=due, expires_at=until)
    else:
        await fail(tx, now, pending, UNPAID)


async def _finish(tx: Transaction, found: Subscription, change: Change) -> None:
    await changes.finish(tx, change)
    await _compare(tx, found, change)
    if change.promotion_code is not None:
        await discounts.consume(tx, change.id)


async def _compare(tx: Transaction, found: Subscription, change: Change) -> None:
    """The provider is asked twice what it costs, and may still charge something else: somebody changed a price or put a
    coupon on in between. That cannot be taken back here, so it is told."""
    billed = await _invoice_of(tx, found, change)
    if billed is None or billed.total == change.total:
        return
    await events.record(
        tx,
        "subscription.charged_otherwise",
        order=None,
        **told(found, change),
        provider=billed.provider,
        livemode=billed.livemode,
        invoice=billed.id,
        provider_invoice=billed.provider_invoice_id,
        quoted={"amount": change.total.amount, "currency": change.total.currency},
        charged={"amount": billed.total.amount, "currency": billed.total.currency},
    )


async def _invoice_of(tx: Transaction, found: Subscription, change: Change) -> Invoice | None:
    """That of the change: it settles the period from the moment that was quoted."""
    if change.prorated_at is None:
        return None
    for each in (await invoices.of_subscription(tx, found.id))[:NEWEST]:
        if each.billing_reason == "subscription_update":
            lines = await invoices.lines_of(tx, each.id)
            if any(line.of_subscription and line.period_start == change.prorated_at for line in lines):
                return each
    return None


async def fail(tx: Transaction, found: Subscription, change: Change, reason: str) -> None:
    await changes.fail(tx, change, reason)
    await _give_use_back(tx, change)
    await events.record(tx, "subscription.change_failed", order=None, **told(found, change), reason=reason)


async def drop(tx: Transaction, found: Subscription, change: Change, reason: str) -> None:
    await changes.drop(tx, change, reason)
    await _give_use_back(tx, change)
    await events.record(tx, "subscription.change_dropped", order=None, **told(found, change), reason=reason)


async def _give_use_back(tx: Transaction, change: Change) -> None:
    if change.promotion_code is not None:
        await discounts.release(tx, change.id)


def _happened(change: Change, seen: SeenSubscription) -> bool:
    """A coupon counts at once: the provider took it, or refused it."""
    wanted = change.request
    return wanted.coupon_id is not None or (seen.price_id, seen.quantity) == (wanted.price_id, wanted.quantity)


def told(found: Subscription, change: Change) -> dict[str, object]:
    return {
        "subscription": found.id,
        "customer": found.customer_id,
        "change": change.id,
        "kind": change.kind,
        "plan": change.plan,
        "price": change.price,
        "quantity": change.quantity,
    }
