"""What needs the provider: beginning a subscription, and seeing how one stands. No transaction is open meanwhile."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import orjson
import structlog

from farthing import catalog, customers, events, invoices
from farthing.db import Transaction
from farthing.errors import Conflict, DatabaseUnavailable, FarthingError, Invalid, ProviderError, ProviderUnavailable, TrialUsed
from farthing.http import idempotency
from farthing.http.idempotency import Answer, Claim, Key
from farthing.http.urls import checked_url
from farthing.ids import CustomerId, SubscriptionId, SubscriptionStartId
from farthing.invoices import Look
from farthing.lifecycles import CheckoutStatus, SubscriptionStatus
from farthing.payments import Also, NotYetKnown, Recorded
from farthing.providers import SeenSubscriptionCheckout, SubscriptionSecret
from farthing.subscriptions import actions, discounting, ending, starting, starts, store, trials
from farthing.subscriptions.actions import Seen
from farthing.subscriptions.model import LOOK_AGAIN, Begun, Start, Subscription
from farthing.subscriptions.starting import IN_FLIGHT, Occupied, Quoted, Terms, Wanted
from farthing.subscriptions.trials import Raced
from farthing.world import World

KEYS_KEPT: Final = timedelta(hours=23)
UNANSWERED: Final = timedelta(seconds=30)
SWEEP_MAX: Final = 50
TRIES: Final = 3
"""How often what is in the way is taken out of it before we say that somebody else is at it."""

log = structlog.get_logger("farthing.subscriptions")


async def start(world: World, wanted: Wanted, *, actor: str, key: Key | None = None) -> Begun:
    """Begin a subscription: open a payment page for it, or begin it directly. A former page of the same group is closed.

    Raises NotFound, Invalid or Conflict for what is not sold so, and Conflict for a customer who has a plan of the group;
    ProviderUnavailable where the provider did not answer: ask again with the same key, and the same start goes on.
    """
    wanted = _checked(world, wanted)
    terms = Terms(world.provider.name, world.provider.livemode, timedelta(minutes=max(world.settings.checkout_minutes, 30)))

    async def begin(tx: Transaction) -> Start | Subscription:
        claim = await idempotency.claim(tx, key) if key else Claim()
        if claim.subject is not None:
            return await starts.get(tx, SubscriptionStartId.of(claim.subject))
        begun = await starting.begin(tx, world.catalog, wanted, terms)
        if key and isinstance(begun, Start):
            await idempotency.begin(tx, key, begun.id)
        return begun

    for _ in range(TRIES):
        try:
            begun = await world.db.run(actor, begin)
        except Occupied as occupied:
            await _make_room(world, occupied.by, actor)
            continue
        except Raced:
            continue
        except TrialUsed as refused:
            await world.db.run(actor, partial(_tell_refused, about=refused.about))
            raise
        if isinstance(begun, Subscription):
            return await _again(world, begun)
        return await finish(world, begun, actor, key)
    raise Conflict("Somebody else begins a subscription of this customer at this moment: try again.")


async def _tell_refused(tx: Transaction, about: Mapping[str, object]) -> None:
    await events.record(tx, "trial.refused", order=None, **about, outcome="refused")


async def preview_start(world: World, wanted: Wanted, *, actor: str) -> Quoted:
    """What it would cost to begin a plan, with a promotion code. Nothing is written, and no code is held."""
    terms = Terms(world.provider.name, world.provider.livemode, timedelta())
    async with world.db.transaction(actor) as tx:
        return await starting.preview(tx, world.catalog, wanted, terms)


def _checked(world: World, wanted: Wanted) -> Wanted:
    if (wanted.success_url is None) != (wanted.cancel_url is None):
        raise Invalid("Send both success_url and cancel_url, or neither of them.", param="cancel_url")
    if wanted.success_url is not None and (wanted.method is not None or wanted.use_default):
        raise Invalid("On a payment page the buyer says what pays: leave the payment method out.", param="payment_method")
    hosts = world.settings.hosts
    if wanted.success_url is not None and wanted.cancel_url is not None:
        success = checked_url(wanted.success_url, hosts, param="success_url")
        wanted = replace(wanted, success_url=success, cancel_url=checked_url(wanted.cancel_url, hosts, param="cancel_url"))
    return replace(wanted, metadata=catalog.checked_metadata(wanted.metadata, "metadata"))


async def finish(world: World, begun: Start, actor: str, key: Key | None = None) -> Begun:
    """Ask the provider, and write its answer down. Safe to repeat: the start's id is the key."""
    copy = begun.request.coupon_id
    try:
        if copy is not None and begun.status == CheckoutStatus.STARTING:
            await discounting.ensure(world, copy, actor=actor)
        done = await _page(world, begun, actor) if begun.way == "page" else await _direct(world, begun, actor)
    except ProviderUnavailable:
        if key:
            held = key
            await world.db.run(actor, lambda tx: idempotency.let_go(tx, held))
        raise
    except ProviderError as error:
        reason = error.detail
        await world.db.run(actor, lambda tx: _refused(tx, begun, reason, key))
        if copy is not None and discounting.says_it_is_gone(error):
            gone = copy
            await world.db.run(actor, lambda tx: discounting.lose(tx, gone, begun.provider, livemode=begun.livemode))
        raise
    if key:
        answered, held = Answer(201, orjson.dumps({"start": str(begun.id)})), key
        await world.db.run(actor, lambda tx: idempotency.remember(tx, held, answered))
    return done


async def _refused(tx: Transaction, begun: Start, reason: str, key: Key | None) -> None:
    await starting.fail(tx, begun, reason)
    if key:
        await idempotency.forget(tx, key)


async def _page(world: World, begun: Start, actor: str) -> Begun:
    if begun.status == CheckoutStatus.STARTING:
        seen = await _ask_page(world, begun, actor)
        if seen.url is not None:
            url = seen.url
            begun = await world.db.run(actor, lambda tx: starting.attach(tx, begun, seen.id, url))
    if begun.url is None:
        raise Conflict(f"{begun.id} is {begun.status}: its page is closed. Begin the subscription anew.")
    return _shown(begun)


async def _ask_page(world: World, begun: Start, actor: str) -> SeenSubscriptionCheckout:
    provider, begun = world.provider_named(begun.provider), await _for_customer(world, begun, actor)
    try:
        return await provider.create_subscription_checkout(begun.request, key=_key(begun))
    except ProviderUnavailable:
        raise
    except ProviderError as error:
        again = await _customer_anew(world, begun, error, actor)
        return await provider.create_subscription_checkout(again.request, key=_key(again))


async def _direct(world: World, begun: Start, actor: str) -> Begun:
    async with world.db.transaction(actor) as tx:
        known = await store.of_start(tx, begun.id)
    if known is not None:
        return await _again(world, known, begun)
    if begun.status != CheckoutStatus.STARTING:
        raise Conflict(f"{begun.id} is {begun.status}: begin the subscription anew.")
    made = await _ask_direct(world, begun, actor)
    await sync(world, made.subscription_id, actor=actor)
    async with world.db.transaction(actor) as tx:
        found = await store.of_start(tx, begun.id)
        begun = await starts.get(tx, begun.id)
    return replace(_shown(begun), subscription=found, client_secret=made.client_secret, secret_kind=made.kind)


async def _ask_direct(world: World, begun: Start, actor: str) -> SubscriptionSecret:
    provider, begun = world.provider_named(begun.provider), await _for_customer(world, begun, actor)
    try:
        return await provider.create_subscription(begun.request, key=_key(begun))
    except ProviderUnavailable:
        raise
    except ProviderError as error:
        again = await _customer_anew(world, begun, error, actor)
        return await provider.create_subscription(again.request, key=_key(again))


def _key(begun: Start) -> str:
    """One for each request that may differ: a key that comes back with another request is refused."""
    return f"{begun.id}:{begun.request.customer_id}"


async def _for_customer(world: World, begun: Start, actor: str, *, gone: str | None = None) -> Start:
    """The same, for the provider's customer, who is made there first. What will be asked is stored."""
    if begun.request.customer_id is not None and begun.request.customer_id != gone:
        return begun
    theirs = await customers.at_provider(world, begun.customer_id, actor=actor)

    async def work(tx: Transaction) -> Start:
        await customers.lock(tx, begun.customer_id)
        current = await starts.lock(tx, begun.id)
        if current.request.customer_id in (None, gone):
            await starts.save_request(tx, begun.id, replace(current.request, customer_id=theirs))
        return await starts.get(tx, begun.id)

    return await world.db.run(actor, work)


async def _customer_anew(world: World, begun: Start, error: ProviderError, actor: str) -> Start:
    """Where the provider lost its customer: the same for a new one. Raises what it said where it is about something else."""
    missing = (error.extra.get("provider_code"), error.extra.get("provider_param")) == ("resource_missing", "customer")
    former = begun.request.customer_id
    if not missing or former is None:
        raise error
    await customers.lose(world, CustomerId.parse(begun.request.customer_reference), former, actor=actor)
    return await _for_customer(world, begun, actor, gone=former)


async def _again(world: World, found: Subscription, begun: Start | None = None) -> Begun:
    """What was begun before, with what its buyer's browser still has to do."""
    if begun is None and found.start_id is not None:
        async with world.db.transaction("look") as tx:
            begun = await starts.get(tx, found.start_id)
    if begun is None:
        raise Conflict(f"The customer has {found.plan!r} already ({found.id}): change its plan instead of beginning another.")
    waits = found.status == SubscriptionStatus.INCOMPLETE or (
        found.status == SubscriptionStatus.TRIALING and not found.has_method
    )
    shown = replace(_shown(begun), subscription=found, replayed=True)
    if not waits:
        return shown
    secret = await world.provider_named(found.provider).subscription_secret(found.provider_subscription_id)
    return replace(shown, client_secret=secret.client_secret, secret_kind=secret.kind)


def _shown(begun: Start) -> Begun:
    return Begun(
        start_id=begun.id,
        plan=begun.plan,
        price=begun.price,
        quantity=begun.quantity,
        amount=begun.unit * begun.quantity,
        trial_days=begun.trial_days,
        discount=begun.discount,
        url=begun.url,
        expires_at=begun.expires_at if begun.way == "page" else None,
    )


async def _make_room(world: World, by: Start | Subscription, actor: str) -> None:
    """Close the page that is in the way, or end what was never paid. What was paid meanwhile is found on the next try."""
    if isinstance(by, Subscription):
        await ending.cancel(world, by.id, now=True, comment="another plan was chosen", actor=actor)
        return
    if by.status == CheckoutStatus.STARTING:
        if world.clock.now() - by.started_at < IN_FLIGHT:
            raise Conflict("Somebody else begins a subscription of this customer at this moment: try again.")
        await finish(world, by, actor)
        async with world.db.transaction(actor) as tx:
            by = await starts.get(tx, by.id)
    await close(world, by, actor)


async def close(world: World, begun: Start, actor: str) -> None:
    """Ask for the page to be closed, and record what it really is: perhaps somebody paid a moment ago."""
    if begun.provider_checkout_id is None:
        await world.db.run(actor, lambda tx: starting.expire(tx, begun, None))
        return
    await world.provider_named(begun.provider).expire_checkout(begun.provider_checkout_id)
    await sync_checkout(world, begun.provider_checkout_id, actor=actor)


# Looking.


async def sync(
    world: World, provider_subscription_id: str, *, actor: str, also: Also | None = None, newest: bool = False
) -> Recorded:
    """See how a subscription and its invoices stand, and record it. The same for every event, a command and a sweep, in
    whatever order they come. `newest`: without the invoices that we know to be paid or void, which grow in number for years.
    Raises ProviderUnavailable; safe to repeat."""
    provider, began = world.provider, world.clock.now()

    async def begin(tx: Transaction) -> tuple[int, datetime | None]:
        number = await store.next_look(tx)
        if not newest:
            return number, None
        return number, await invoices.unsettled_since(tx, provider.name, provider.livemode, provider_subscription_id)

    number, since = await world.db.run(actor, begin)
    found = await provider.subscription(provider_subscription_id)
    seen = Seen(
        found,
        await provider.invoices_of(provider_subscription_id, since=since),
        Look(number, provider.name, provider.livemode),
        began,
    )

    async def work(tx: Transaction) -> tuple[Recorded, SubscriptionId | None]:
        recorded = await actions.record(tx, world.catalog, seen)
        if also is not None:
            await also(tx, recorded)
        return recorded, await trials.to_end(tx, provider.name, provider.livemode, found.id)

    recorded, to_end = await world.db.run(actor, work)
    if to_end is not None:
        with contextlib.suppress(ProviderError):  # the sweep asks on
            await ending.answer(world, to_end, actor)
    return recorded


async def sync_checkout(world: World, provider_checkout_id: str, *, actor: str, also: Also | None = None) -> Recorded:
    """See how the page of a start stands, and what was begun on it."""
    seen = await world.provider.subscription_checkout(provider_checkout_id)
    if seen.subscription_id is not None:
        return await sync(world, seen.subscription_id, actor=actor, also=also)

    async def work(tx: Transaction) -> Recorded:
        recorded = actions.NOT_OURS
        if seen.reference is not None and seen.reference.startswith(f"{SubscriptionStartId.prefix}_"):
            begun = await starts.find(tx, SubscriptionStartId.parse(seen.reference))
            if begun is None:
                raise NotYetKnown(f"{seen.id} carries {seen.reference}, which is not in this database")
            recorded = Recorded(None)
            if seen.status == "expired":
                await starting.expire(tx, begun, seen.id)
        if also is not None:
            await also(tx, recorded)
        return recorded

    return await world.db.run(actor, work)


async def close_due(world: World) -> int:
    """Sweep: finish what was begun and never answered, and close the pages whose time is over."""
    async with world.db.transaction("sweep") as tx:
        due = await starts.due(tx, unanswered=UNANSWERED, limit=SWEEP_MAX)
    for begun in due:
        try:
            await _close_or_finish(world, begun)
        except ProviderUnavailable:
            return 0  # it stays due, and the next round asks again
        except DatabaseUnavailable:
            raise
        except FarthingError as error:
            log.warning("start.not_closed", start=str(begun.id), error=error.detail)
        except Exception:  # one that nobody can close must not keep the others open
            log.exception("start.not_closed", start=str(begun.id))
    return 0


async def _close_or_finish(world: World, begun: Start) -> None:
    now = world.clock.now()
    if begun.status == CheckoutStatus.STARTING and now - begun.started_at < KEYS_KEPT:
        await finish(world, begun, "sweep")
        async with world.db.transaction("sweep") as tx:
            begun = await starts.get(tx, begun.id)
    if begun.is_open and begun.expires_at <= now:
        await close(world, begun, "sweep")


async def look_again(world: World) -> int:
    """Sweep: look at subscriptions of which something should have been heard, and was not."""
    async with world.db.transaction("sweep") as tx:
        due = await store.due(tx, limit=SWEEP_MAX)
    for provider, id in due:
        if provider != world.provider.name:
            continue
        try:
            await sync(world, id, actor="sweep")
        except ProviderUnavailable:
            return 0
        except ProviderError as error:
            log.warning("look.failed", id=id, error=error.detail)
            later = world.clock.now() + LOOK_AGAIN
            await world.db.run("sweep", partial(store.put_off, provider_subscription_id=id, until=later))
    return 0


async def tell_of_trials(world: World) -> int:
    """Sweep: tell once of each trial that ends soon."""
    days = world.catalog.subscriptions.trial_reminder_days
    async with world.db.transaction("sweep") as tx:
        ids = await store.trials_to_tell(tx, before=tx.now + timedelta(days=days), limit=SWEEP_MAX)

    for id in ids:
        await world.db.run("sweep", partial(_tell_of_trial, id=id, days=days))
    return 0


async def _tell_of_trial(tx: Transaction, id: SubscriptionId, days: int) -> None:
    await actions.tell_of_trial(tx, await store.lock(tx, id), days)
