"""Quotes of a change: what the provider says it costs, now and with each period, for one state of the subscription."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from farthing import catalog, discounts
from farthing.catalog import Catalog
from farthing.db import Transaction
from farthing.errors import Conflict, NotFound, ProviderError, ProviderUnavailable
from farthing.ids import SubscriptionChangeId, SubscriptionId
from farthing.lifecycles import ChangeStatus
from farthing.money import Money
from farthing.providers import ChangeRequest, SeenInvoice
from farthing.subscriptions import changes, discounting, flow, store, targets
from farthing.subscriptions.changes import Change, QuotedLine, version_of
from farthing.subscriptions.model import Subscription
from farthing.subscriptions.targets import Target, Wish
from farthing.world import World

GOOD_FOR: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be quoted: the subscription as it is, what it becomes, and how the provider is asked."""

    found: Subscription
    target: Target
    request: ChangeRequest


async def preview(world: World, id: SubscriptionId, wish: Wish, *, actor: str) -> Change:
    """A quote, stored and binding: whoever commits to it in time is charged this, or learns the new figure and nothing happens.

    Raises NotFound, Invalid or Conflict for what it cannot become, ProviderUnavailable where nobody knows what it would cost.
    """
    async with world.db.transaction(actor) as tx:
        found = await store.get(tx, id)
        targets.choose(world.catalog, found, wish)
    await flow.sync(world, found.provider_subscription_id, actor=actor)
    return await quote(world, id, wish, actor=actor)


async def quote(world: World, id: SubscriptionId, wish: Wish, *, actor: str) -> Change:
    """The same of a subscription that was looked at a moment ago."""

    async def prepare(tx: Transaction) -> Asked:
        found = await store.get(tx, id)
        target = targets.choose(world.catalog, found, wish)
        if target.promotion_code is not None:
            target = await _with_code(tx, world.catalog, found, target, target.promotion_code)
        return Asked(found, target, await _request(tx, found, target))

    asked = await world.db.run(actor, prepare)
    if asked.request.coupon_id:
        await discounting.ensure(world, asked.request.coupon_id, actor=actor)
    change = await compute(world, asked)
    await world.db.run(actor, lambda tx: changes.insert(tx, change))
    return change


async def compute(world: World, asked: Asked) -> Change:
    """Ask the provider what it would cost. Stores nothing."""
    found, target, request = asked.found, asked.target, asked.request
    provider, theirs = world.provider_named(found.provider), found.provider_subscription_id
    try:
        recurring = await provider.preview_change(theirs, request, recurring=True)
        now = None if request.prorated_at is None else await provider.preview_change(theirs, request, recurring=False)
    except ProviderUnavailable:
        raise
    except ProviderError as error:
        if request.coupon_id and discounting.says_it_is_gone(error):
            lost = partial(discounting.lose, id=request.coupon_id, provider=found.provider, livemode=found.livemode)
            await world.db.run("look", lost)
            if target.promotion_code is not None:
                raise Conflict("The code's coupon was taken away at the provider: try again, and it is another one.") from None
        if request.coupon_id and "coupon" in str(error.extra.get("provider_param")):
            raise NotFound(f"The provider has no coupon {request.coupon_id[:64]!r}.", param="coupon") from None
        raise
    if now is not None and _is_renewal(now, found):
        now = None
    moment = world.clock.now()
    return Change(
        id=SubscriptionChangeId.new(),
        subscription_id=found.id,
        status=ChangeStatus.QUOTED,
        kind=target.kind,
        effective=target.effective,
        plan=target.plan,
        price=target.price,
        quantity=target.quantity,
        unit=target.unit,
        interval=target.interval,
        interval_count=target.interval_count,
        coupon=target.coupon,
        promotion_code=target.promotion_code,
        version=version_of(found),
        request=request,
        prorated_at=request.prorated_at,
        total=Money(0 if now is None else now.total, found.currency),
        tax=Money(0 if now is None else now.tax, found.currency),
        due=Money(0 if now is None else now.amount_due, found.currency),
        lines=() if now is None else tuple(_lines(now)),
        renewal=Money(recurring.total, found.currency),
        renewal_tax=Money(recurring.tax, found.currency),
        renewal_at=_renewal_at(now, found),
        quoted_at=moment,
        expires_at=moment + GOOD_FOR,
    )


async def holds(world: World, change: Change, found: Subscription) -> bool:
    """Whether the provider would still charge what was quoted, to the same moment."""
    if world.clock.now() >= change.expires_at or version_of(found) != change.version:
        return False
    target = replace(targets.choose(world.catalog, found, wish_of(change, found)), effective=change.effective)
    return change.says_the_same(await compute(world, Asked(found, target, change.request)))


def wish_of(change: Change, found: Subscription) -> Wish:
    """What was wanted when it was quoted."""
    if change.promotion_code is not None:
        return Wish(promotion_code=change.promotion_code)
    if change.coupon is not None:
        return Wish(coupon=change.coupon)
    same = (change.plan, change.price) == (found.plan, found.price)
    return Wish(
        plan=change.plan,
        price=change.price,
        quantity=change.quantity,
        current_price=same and change.request.price_id != found.provider_price_id,
        effective=change.effective,
    )


async def _with_code(tx: Transaction, sells: Catalog, found: Subscription, target: Target, typed: str) -> Target:
    """The provider's copy of the coupon that one of our codes stands for. No use is held before somebody commits to it."""
    offer, _ = await discounting.offered(
        tx, sells, typed, plan=found.plan, amount=found.amount, customer=found.customer_id, livemode=found.livemode
    )
    await discounts.check_available(tx, offer, found.customer_id)
    copy = await discounting.copied(tx, sells, offer.coupon, found.currency, found.provider, livemode=found.livemode)
    return replace(target, coupon=copy, promotion_code=offer.code.code)


async def _request(tx: Transaction, found: Subscription, target: Target) -> ChangeRequest:
    price_id: str | None = found.provider_price_id
    if target.listed is not None:
        price_id = await catalog.plan_price_id(
            tx, found.provider, target.plan, target.listed, found.currency, livemode=found.livemode
        )
    if price_id is None:
        raise Conflict(f"{target.plan!r} is not at the provider as it is sold here: run `farthing catalog apply`.")
    now = target.effective == "now" and target.coupon is None
    return ChangeRequest(
        found.provider_item_id,
        price_id,
        target.quantity,
        prorated_at=_within(found, tx.now) if now else None,
        coupon_id=target.coupon,
        keeps_price=target.listed is None,
    )


def _within(found: Subscription, now: datetime) -> datetime:
    """Whole seconds in the running period: a clock that is off a little must not make the provider refuse."""
    latest = found.current_period_end - timedelta(seconds=1)
    return max(min(now, latest), found.current_period_start).replace(microsecond=0)


def _is_renewal(previewed: SeenInvoice, found: Subscription) -> bool:
    """Where nothing is to be settled now, the provider answers with the next renewal."""
    whole = [line for line in previewed.lines if line.of_subscription and not line.proration]
    return any(line.period_start >= found.current_period_end for line in whole)


def _renewal_at(now: SeenInvoice | None, found: Subscription) -> datetime:
    """Another interval begins a new period, of which the invoice says the end."""
    ends = [line.period_end for line in now.lines if line.of_subscription and line.amount >= 0] if now is not None else []
    return max(ends, default=found.current_period_end)


def _lines(previewed: SeenInvoice) -> Sequence[QuotedLine]:
    return [
        QuotedLine(
            line.description,
            line.quantity,
            line.amount - line.discount,
            line.tax,
            line.period_start.isoformat(),
            line.period_end.isoformat(),
            line.proration,
        )
        for line in previewed.lines
    ]
