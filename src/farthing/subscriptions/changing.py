"""Committing to a quoted change, and what is planned for the end of a period. The intention is committed before the provider
is asked, with the change's id as the key; a lost answer is asked for again with the same one."""

import contextlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from farthing import customers, discounts, events, invoices
from farthing.catalog import Catalog
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, ProviderError, ProviderUnavailable, QuoteChanged, TooMany
from farthing.ids import SubscriptionChangeId, SubscriptionId
from farthing.lifecycles import ChangeStatus, InvoiceStatus
from farthing.money import Money
from farthing.providers import ChangeRequest
from farthing.subscriptions import changes, discounting, flow, quoting, settling, store, targets
from farthing.subscriptions.change_present import document
from farthing.subscriptions.changes import Change, version_of
from farthing.subscriptions.flow import KEYS_KEPT, SWEEP_MAX, UNANSWERED
from farthing.subscriptions.model import USABLE, Subscription
from farthing.world import World

LEAD: Final = timedelta(minutes=30)
"""So long before the end of the period a planned change is made: the renewal's invoice is for the new price then."""

LATER: Final = timedelta(hours=1)
DAILY_MAX: Final = 10
"""Changes of one subscription within a day: each may be an invoice. https://docs.stripe.com/rate-limits has 20."""

CALLED_OFF: Final = "Called off."
SUPERSEDED: Final = "Another change was chosen."

log = structlog.get_logger("farthing.subscriptions")


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of a change so far. Where it waits for its money, the buyer's browser pays with `client_secret`, or at
    `url`; until then all stays as it is."""

    change: Change
    subscription: Subscription
    client_secret: str | None = field(default=None, repr=False)
    url: str | None = None


class _Stale(Exception):
    """The subscription is another one than the quote is for."""


async def commit(world: World, id: SubscriptionId, change: SubscriptionChangeId, *, actor: str) -> Committed:
    """Do exactly what was quoted. Committing twice is one change.

    Raises QuoteChanged, with the new quote, where it would cost something else by now or the quote expired; Conflict while
    another change is under way; ProviderUnavailable where nobody knows: the sweep asks on, and so does the next call.
    """
    async with world.db.transaction(actor) as tx:
        found, quoted = await store.get(tx, id), await changes.get(tx, change, of=id)
    mine = False
    if quoted.status == ChangeStatus.QUOTED:
        await flow.sync(world, found.provider_subscription_id, actor=actor)
        async with world.db.transaction(actor) as tx:
            found = await store.get(tx, id)
        try:
            if not await quoting.holds(world, quoted, found):
                raise _Stale
            quoted, mine = await world.db.run(actor, partial(_intend, sells=world.catalog, change=change))
        except _Stale:
            async with world.db.transaction(actor) as tx:
                latest = await changes.get(tx, change)
            if latest.status == ChangeStatus.QUOTED:
                raise await _changed(world, quoted, found, actor) from None
            # The subscription is another one because somebody who clicked first has committed to just this.
            quoted = latest
    elif quoted.status in (ChangeStatus.FAILED, ChangeStatus.DROPPED):
        raise Conflict(f"{change} has {quoted.status}: ask for a new quote.", extra={"reason": quoted.failure})
    if quoted.status == ChangeStatus.ASKED:
        # Whoever clicked first may still be at it, and the provider answers only one of two who ask the same at once.
        with contextlib.nullcontext() if mine else contextlib.suppress(ProviderUnavailable):
            await _answer(world, quoted, actor)
    elif quoted.status == ChangeStatus.WAITING and quoted.waits_until is None:
        # Whoever got the answer died before they saw what became of it.
        await flow.sync(world, found.provider_subscription_id, actor=actor)
    return await _shown(world, change, actor)


async def drop(world: World, id: SubscriptionId, change: SubscriptionChangeId, *, actor: str) -> Change:
    """Call off what is planned. Raises Conflict for what has happened, or is happening."""

    async def work(tx: Transaction) -> Change:
        found = await store.get(tx, id)
        await customers.lock(tx, found.customer_id)
        await store.lock(tx, id)
        current = await changes.get(tx, change, of=id)
        if current.status == ChangeStatus.WAITING:
            raise Conflict(f"{change} waits for its payment: it is given up by itself, or by committing to another change.")
        if current.status == ChangeStatus.DROPPED:
            return current
        if current.status not in (ChangeStatus.QUOTED, ChangeStatus.SCHEDULED):
            raise Conflict(f"{change} is {current.status}: it cannot be called off any more.")
        await settling.drop(tx, found, current, CALLED_OFF)
        return await changes.get(tx, change)

    return await world.db.run(actor, work)


async def apply_due(world: World) -> int:
    """Sweep: ask for what was planned, once its time has come, and for the answers that were lost."""
    async with world.db.transaction("sweep") as tx:
        due = await changes.due(tx, unanswered=tx.now - UNANSWERED, limit=SWEEP_MAX)
    await world.db.run("sweep", changes.forget_quotes)
    for change in due:
        try:
            await _go_on(world, change)
        except ProviderUnavailable:
            return 0
        except FarthingError as error:
            log.warning("change.not_made", change=str(change.id), error=error.detail)
    return 0


async def _go_on(world: World, change: Change) -> None:
    async with world.db.transaction("sweep") as tx:
        found = await store.get(tx, change.subscription_id)
    if change.status == ChangeStatus.SCHEDULED:
        await flow.sync(world, found.provider_subscription_id, actor="sweep")
        change = await world.db.run("sweep", partial(_begin_planned, change=change.id))
    else:
        # Perhaps it has happened: a provider that remembers its own mistake never answers the question again.
        await flow.sync(world, found.provider_subscription_id, actor="sweep")
        async with world.db.transaction("sweep") as tx:
            change = await changes.get(tx, change.id)
    if change.status == ChangeStatus.ASKED:
        await _answer(world, change, "sweep")


async def _intend(tx: Transaction, sells: Catalog, change: SubscriptionChangeId) -> tuple[Change, bool]:
    """Commit to it; and whether it was us. Of two at once, the second finds what the first did."""
    quoted = await changes.get(tx, change)
    found = await _lock(tx, quoted)
    quoted = await changes.lock(tx, change)
    if quoted.status != ChangeStatus.QUOTED:
        return quoted, False
    # Somebody may have ended or paused it since we looked.
    targets.check_state(found)
    if version_of(found) != quoted.version:
        raise _Stale
    asked = await tx.value("SELECT asked FROM subscriptions WHERE id = %(id)s", id=found.id)
    if asked is not None:
        raise Conflict(f"{found.id} is being ended or paused at this moment: look at it again before it is changed.")
    due_at = found.current_period_end - LEAD
    planned = quoted.effective == "period_end" and due_at > tx.now
    await _make_room(tx, found, quoted, planned=planned)
    if planned:
        await changes.schedule(tx, quoted, due_at)
        about = settling.told(found, quoted)
        await events.record(tx, "subscription.change_scheduled", order=None, **about, due_at=due_at.isoformat())
        return await changes.get(tx, change), True
    since = tx.now - timedelta(days=1)
    if await changes.committed_since(tx, found.id, since) >= DAILY_MAX:
        raise TooMany(f"{found.id} was changed {DAILY_MAX} times within a day: try again tomorrow.")
    if quoted.promotion_code is not None:
        await _use_code(tx, sells, found, quoted, quoted.promotion_code)
    await _ask(tx, found, quoted)
    return await changes.get(tx, change), True


async def _use_code(tx: Transaction, sells: Catalog, found: Subscription, quoted: Change, code: str) -> None:
    """Hold a use of it. Where the coupon is another rule by now, the quote is not for it."""
    offer, discount = await discounting.offered(
        tx, sells, code, plan=found.plan, amount=found.amount, customer=found.customer_id, livemode=found.livemode
    )
    copy = await discounting.copied(tx, sells, offer.coupon, found.currency, found.provider, livemode=found.livemode)
    if copy != quoted.coupon:
        raise _Stale
    await discounts.reserve(tx, offer, quoted.id, found.customer_id, Money(discount.off, found.currency))


async def _make_room(tx: Transaction, found: Subscription, quoted: Change, *, planned: bool) -> None:
    pending = await changes.pending_of(tx, found.id)
    if pending is None:
        return
    if pending.status == ChangeStatus.WAITING and pending.waits_until is not None and not planned and quoted.coupon is None:
        # The provider gives up what waits when it is asked for something else.
        await settling.drop(tx, found, pending, SUPERSEDED)
        return
    if pending.status == ChangeStatus.SCHEDULED:
        raise Conflict(
            f"{pending.id} is planned for the end of the period: call it off first.", extra={"change": str(pending.id)}
        )
    raise Conflict(f"{pending.id} is under way: one change at a time.", extra={"change": str(pending.id)})


async def _begin_planned(tx: Transaction, change: SubscriptionChangeId) -> Change:
    """Its time has come. A subscription that ends, or waits for money, is not changed now."""
    planned = await changes.get(tx, change)
    found = await _lock(tx, planned)
    planned = await changes.lock(tx, change)
    if planned.status != ChangeStatus.SCHEDULED:
        return planned
    renewed = found.current_period_start >= planned.renewal_at
    paid = found.paid_until is not None and found.paid_until >= found.current_period_end
    if found.status not in USABLE or found.is_paused or found.ends_at is not None or (renewed and not paid):
        await changes.put_off(tx, change, tx.now + LATER)
        return await changes.get(tx, change)
    # Nobody was there before the renewal: then it counts from its first second, and the difference is given back.
    late = replace(planned.request, prorated_at=found.current_period_start) if renewed else None
    await _ask(tx, found, planned, late)
    return await changes.get(tx, change)


async def _ask(tx: Transaction, found: Subscription, change: Change, request: ChangeRequest | None = None) -> None:
    await changes.ask(tx, change, request=request)
    due = {"amount": change.due.amount, "currency": change.due.currency}
    await events.record(tx, "subscription.change_requested", order=None, **settling.told(found, change), amount=due)


async def _lock(tx: Transaction, change: Change) -> Subscription:
    """The customer before the subscription, as everywhere."""
    found = await store.get(tx, change.subscription_id)
    await customers.lock(tx, found.customer_id)
    return await store.lock(tx, found.id)


async def _answer(world: World, change: Change, actor: str) -> None:
    """Ask for it, and see how the subscription stands after it."""
    async with world.db.transaction(actor) as tx:
        found = await store.get(tx, change.subscription_id)
    theirs = found.provider_subscription_id
    try:
        if change.asked_at is not None and world.clock.now() - change.asked_at < KEYS_KEPT:
            provider = world.provider_named(found.provider)
            await provider.change_subscription(theirs, change.request, key=str(change.id))
    except ProviderUnavailable:
        raise
    except ProviderError as error:
        await world.db.run(actor, partial(_refused, change=change.id, reason=error.detail))
        await flow.sync(world, theirs, actor=actor)
        raise
    await world.db.run(actor, partial(_answered, change=change.id))
    await flow.sync(world, theirs, actor=actor)


async def _answered(tx: Transaction, change: SubscriptionChangeId) -> None:
    await _lock(tx, await changes.get(tx, change))
    current = await changes.lock(tx, change)
    if current.status == ChangeStatus.ASKED:
        await changes.answer(tx, current, await store.next_look(tx))


async def _refused(tx: Transaction, change: SubscriptionChangeId, reason: str) -> None:
    found = await _lock(tx, await changes.get(tx, change))
    current = await changes.lock(tx, change)
    if current.status == ChangeStatus.ASKED:
        await settling.fail(tx, found, current, reason)


async def _changed(world: World, quoted: Change, found: Subscription, actor: str) -> FarthingError:
    """Why it was not done, with what it costs now."""
    expired = world.clock.now() >= quoted.expires_at
    fresh = await quoting.quote(world, found.id, quoting.wish_of(quoted, found), actor=actor)
    why = "has expired" if expired else "does not hold any more"
    return QuoteChanged(
        f"{quoted.id} {why}: the new quote is {fresh.due} now, and {fresh.renewal} with each period. Nothing was changed.",
        extra={"quote": document(fresh)},
    )


async def _shown(world: World, id: SubscriptionChangeId, actor: str) -> Committed:
    async with world.db.transaction(actor) as tx:
        change = await changes.get(tx, id)
        found = await store.get(tx, change.subscription_id)
        billed = await invoices.of_subscription(tx, found.id)
    if change.status != ChangeStatus.WAITING:
        return Committed(change, found)
    secret = await world.provider_named(found.provider).subscription_secret(found.provider_subscription_id)
    url = next((each.hosted_url for each in billed if each.status == InvoiceStatus.OPEN), None)
    return Committed(change, found, secret.client_secret, url)
