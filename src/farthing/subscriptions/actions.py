"""What is written when the provider says how a subscription stands: the mirror, a fact of each change, its invoices, the books
and what its customer may use, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from farthing import catalog, customers, entitlements, events, invoices
from farthing.catalog import Catalog
from farthing.db import Transaction
from farthing.errors import NotFound
from farthing.ids import CustomerId, SubscriptionId, SubscriptionStartId
from farthing.invoices import Look
from farthing.lifecycles import SUBSCRIPTION, SUBSCRIPTION_START, CheckoutStatus, SubscriptionStatus
from farthing.payments import NotYetKnown, Recorded
from farthing.providers import SeenInvoice, SeenSubscription
from farthing.subscriptions import crediting, discounting, settling, starts, store, trials
from farthing.subscriptions.changes import early_until
from farthing.subscriptions.model import USABLE, Start, Subscription, changes, grace_of, happened_at, news_due, paused_grace

NOT_OURS = Recorded(None, "not ours: neither its mark, its customer nor its product is known here")


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: the subscription with its invoices, newest first, and when it began."""

    subscription: SeenSubscription
    invoices: Sequence[SeenInvoice]
    look: Look
    began_at: datetime


async def record(tx: Transaction, sells: Catalog, seen: Seen) -> Recorded:
    """Bring our row, and all that hangs on it, up to what was seen. Repeating it, or an older look, changes nothing."""
    look, found = seen.look, seen.subscription
    known = await store.find_by_provider_id(tx, look.provider, look.livemode, found.id)
    start = await _start_of(tx, found.reference)
    owner = known.customer_id if known else start.customer_id if start else None
    owner = owner or await customers.owner_of(tx, look.provider, look.livemode, found.customer_id)
    if owner is None:
        return NOT_OURS
    await customers.lock(tx, owner)
    before = await store.find_by_provider_id(tx, look.provider, look.livemode, found.id)
    if before is not None and before.look > look.number:
        return Recorded(None)
    plan = await catalog.product_of(tx, look.provider, found.product_id, livemode=look.livemode)
    plan = plan or (before.plan if before else start.plan if start else None)
    if plan is None:
        return NOT_OURS
    if before is not None:
        SUBSCRIPTION.verb(before.status, SubscriptionStatus(found.status))
    after = _mirrored(seen, before, start, owner, plan, _group(sells, plan, before, start), tx.now)
    after = await _counted(tx, before, after)
    await store.save(tx, after)
    if start is not None:
        await _complete(tx, start)
    paid = [
        await invoices.record(tx, each, look, customer=owner, subscription=after.id, legal=sells.legal)
        for each in sorted(seen.invoices, key=lambda each: each.created_at)
    ]
    after = await trials.settle(tx, sells, start, before, after, found.card_fingerprint)
    after = await _paid(tx, sells, after)
    await store.save(tx, after)
    if start is not None and after.start_id == start.id:
        await discounting.settle_start(tx, start, after)
    await _grant(tx, sells, after)
    await crediting.give_credits(tx, sells, after, paid)
    await _tell(tx, before, after)
    await settling.settle(tx, after, found, look.number)
    await tell_of_trial(tx, after, sells.subscriptions.trial_reminder_days)
    if before is not None and before.is_live and not after.is_live:
        await _promote(tx, after)
    return Recorded(None)


async def _start_of(tx: Transaction, reference: str | None) -> Start | None:
    if reference is None:
        return None
    try:
        id = SubscriptionStartId.parse(reference)
    except NotFound:
        return None
    found = await starts.find(tx, id)
    if found is None:
        raise NotYetKnown(f"it carries {reference}, which is not in this database")
    return found


def _group(sells: Catalog, plan: str, before: Subscription | None, start: Start | None) -> str:
    product = sells.products.get(plan)
    if product is not None and product.plan is not None:
        return product.plan.group
    return before.plan_group if before else start.plan_group if start else "main"


def _mirrored(
    seen: Seen,
    before: Subscription | None,
    start: Start | None,
    owner: CustomerId,
    plan: str,
    group: str,
    now: datetime,
) -> Subscription:
    found = seen.subscription
    amount = 0 if found.unit is None else found.unit.amount
    return Subscription(
        id=SubscriptionId.new() if before is None else before.id,
        customer_id=owner,
        start_id=before.start_id if before else start.id if start else None,
        provider=seen.look.provider,
        livemode=seen.look.livemode,
        provider_subscription_id=found.id,
        provider_item_id=found.item_id,
        provider_price_id=found.price_id,
        plan=plan,
        price=found.price_name,
        plan_group=group,
        quantity=found.quantity,
        unit_amount=amount,
        currency=found.currency if found.unit is None else found.unit.currency,
        interval=found.interval,
        interval_count=found.interval_count,
        discount_amount=min(found.discount, amount * found.quantity),
        status=SubscriptionStatus(found.status),
        started_at=found.started_at,
        current_period_start=found.period_start,
        current_period_end=found.period_end,
        trial_start=found.trial_start,
        trial_end=found.trial_end if found.trial_start else None,
        trial_told_of=None if before is None else before.trial_told_of,
        cancel_at=found.cancel_at,
        cancel_at_period_end=found.cancel_at_period_end,
        canceled_at=found.canceled_at,
        ended_at=found.ended_at or (now if found.status == "canceled" else None),
        cancel_reason=found.cancel_reason,
        cancel_comment=found.cancel_comment,
        pause_behavior=found.pause_behavior,
        pause_resumes_at=found.pause_resumes_at,
        has_method=found.has_method,
        paid_until=None if before is None else before.paid_until,
        grace_until=None if before is None else before.grace_until,
        duplicate_of=None if before is None else before.duplicate_of,
        look=seen.look.number,
        seen_at=seen.began_at,
        news_due_at=None,
        created_at=now if before is None else before.created_at,
        resume_at=None if before is None else before.resume_at,
        trial_refused_at=None if before is None else before.trial_refused_at,
        discounts=tuple(found.discounts),
    )


async def _counted(tx: Transaction, before: Subscription | None, after: Subscription) -> Subscription:
    """The same, marked where its customer has another one of the group: never an error, for it exists and is paid for."""
    if after.start_id is not None and before is None and await store.of_start(tx, after.start_id) is not None:
        after = replace(after, start_id=None)
    if not after.is_live:
        return after
    others = await store.live_of(tx, after.customer_id, after.plan_group, livemode=after.livemode)
    first = next((each for each in others if each.id != after.id and each.duplicate_of is None), None)
    if first is None:
        return replace(after, duplicate_of=None)
    if before is not None and before.is_live and before.duplicate_of is None and before.plan_group == after.plan_group:
        return after
    return replace(after, duplicate_of=first.id)


async def _complete(tx: Transaction, start: Start) -> None:
    current = await starts.lock(tx, start.id)
    if SUBSCRIPTION_START.allows(current.status, "complete"):
        await starts.save_closed(tx, start.id, CheckoutStatus.COMPLETE)


async def _paid(tx: Transaction, sells: Catalog, found: Subscription) -> Subscription:
    until = await invoices.paid_until(tx, found.id)
    if found.status == SubscriptionStatus.TRIALING and found.trial_end is not None:
        until = max(until, found.trial_end) if until else found.trial_end
    if found.trial_refused_at is not None and (until is None or found.trial_end is None or until <= found.trial_end):
        until = found.trial_refused_at
    grace = grace_of(found.status, until, found.ends_at, sells.subscriptions.grace)
    if found.is_paused:
        grace = paused_grace(found, until, sells.subscriptions.paused_access, sells.subscriptions.grace)
    after = replace(found, paid_until=until, grace_until=grace)
    return replace(after, news_due_at=news_due(after, tx.now))


async def _grant(tx: Transaction, sells: Catalog, found: Subscription) -> None:
    """What the plan grants, for as long as it is paid. Of one that the catalog lost, what it granted."""
    product = sells.products.get(found.plan)
    if product is not None and product.plan is not None:
        features = {feature: product.plan.limits.get(feature) for feature in product.features}
    else:
        held = await entitlements.of_subscription(tx, found.id)
        features = {each.feature: each.limit for each in held if each.revoked_at is None}
    await entitlements.hold(
        tx,
        customer=found.customer_id,
        subscription=found.id,
        features=features,
        until=found.access_until,
        # A planned change is made a little before the period ends that was paid at the former price.
        former_until=await early_until(tx, found.id),
    )


async def _tell(tx: Transaction, before: Subscription | None, after: Subscription) -> None:
    new = changes(before, after)
    if new:
        await store.insert_fact(tx, after, new, happened_at(before, after, new, tx.now))
    begun = before is not None and before.status != SubscriptionStatus.INCOMPLETE
    about = told(after)
    if not begun and after.status in USABLE:
        await events.record(tx, "subscription.started", order=None, **about)
    elif begun and before is not None:
        await _tell_of_changes(tx, before, after, new)
    if before is not None and before.paid_until and after.paid_until and after.paid_until > before.paid_until:
        await events.record(tx, "subscription.renewed", order=None, **about)
    if after.status == SubscriptionStatus.PAST_DUE and (before is None or before.status != after.status):
        await events.record(tx, "subscription.past_due", order=None, **about)
    if after.status == SubscriptionStatus.CANCELED and (before is None or before.status != after.status):
        reasons = {"reason": after.cancel_reason, "comment": after.cancel_comment}
        await events.record(tx, "subscription.canceled", order=None, **about, **reasons)
    if after.duplicate_of is not None and (before is None or before.duplicate_of is None):
        await events.record(tx, "subscription.duplicate_found", order=None, **about, other=after.duplicate_of)


async def _tell_of_changes(tx: Transaction, before: Subscription, after: Subscription, new: Sequence[str]) -> None:
    """What has an event of its own is not told of twice."""
    over = after.status in (SubscriptionStatus.CANCELED, SubscriptionStatus.INCOMPLETE_EXPIRED)
    own = {"started", "duplicate"} | ({"status"} if after.status == SubscriptionStatus.PAST_DUE else set())
    rest = [each for each in new if each not in own]
    if rest and not over:
        await events.record(tx, "subscription.changed", order=None, **told(after), changes=rest, former_status=before.status)


async def tell_of_trial(tx: Transaction, found: Subscription, days: int) -> None:
    """Once of each end of a trial that is near."""
    end = found.trial_end
    if found.status != SubscriptionStatus.TRIALING or end is None or found.trial_told_of == end:
        return
    if end - timedelta(days=days) <= tx.now < end:
        await store.save(tx, replace(found, trial_told_of=end))
        await events.record(tx, "trial.ending", order=None, **told(found), has_method=found.has_method)


async def _promote(tx: Transaction, over: Subscription) -> None:
    """It was the one that counted, and is over: the next one does."""
    left = await store.live_of(tx, over.customer_id, over.plan_group, livemode=over.livemode)
    if left and left[0].duplicate_of is not None:
        first = replace(left[0], duplicate_of=None)
        await store.save(tx, first)
        await store.insert_fact(tx, first, ["duplicate"], tx.now)
        for each in left[1:]:
            await store.save(tx, replace(each, duplicate_of=first.id))


def told(found: Subscription) -> dict[str, object]:
    """What every event of it says."""

    def at(moment: datetime | None) -> str | None:
        return None if moment is None else moment.isoformat()

    return {
        "subscription": found.id,
        "customer": found.customer_id,
        "plan": found.plan,
        "price": found.price,
        "quantity": found.quantity,
        "status": found.status,
        "amount": {"amount": found.amount.amount, "currency": found.currency},
        "interval": found.interval,
        "interval_count": found.interval_count,
        "paid_until": at(found.paid_until),
        "grace_until": at(found.grace_until),
        "trial_end": at(found.trial_end),
        "ends_at": at(found.ends_at),
        "paused": found.is_paused,
    }
