"""What needs the provider: looking how a payment or a refund stands, and sending a refund. No transaction is open meanwhile."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog

from farthing.db import Transaction
from farthing.errors import ProviderError, ProviderUnavailable
from farthing.ids import RefundId
from farthing.payments import store
from farthing.payments.actions import NOT_OURS, Recorded, record_payment
from farthing.payments.model import Refund
from farthing.payments.refunds import record_refund, refuse
from farthing.providers import SeenPayment, SeenRefund
from farthing.world import World

KEYS_KEPT: Final = timedelta(hours=23)
"""Stripe may forget a key after 24 h (https://docs.stripe.com/api/idempotent_requests): then look before asking."""

NEWS_EXPECTED: Final = timedelta(minutes=10)
"""After this long without the event that tells it, we ask."""

NEWS_AWAITED: Final = timedelta(days=30)
LOOK_MAX: Final = 100

log = structlog.get_logger("farthing.payments")

Also = Callable[[Transaction, Recorded], Awaitable[None]]
"""Something to write in the same transaction, once it is known what came of the look."""


async def sync(
    world: World, provider_payment_id: str, *, actor: str, seen: SeenPayment | None = None, also: Also | None = None
) -> Recorded:
    """See how a payment stands and record it. The same for a webhook, the return page, a command and a sweep.

    `seen` may be given where a signed snapshot is conclusive. Raises ProviderUnavailable; safe to repeat.
    """
    provider = world.provider
    found = seen or await provider.payment(provider_payment_id)

    async def work(tx: Transaction) -> Recorded:
        legal = world.catalog.legal
        recorded = await record_payment(tx, provider.name, provider.livemode, found, legal=legal)
        if also is not None:
            await also(tx, recorded)
        return recorded

    return await world.db.run(actor, work)


async def sync_refund(
    world: World, provider_refund_id: str, *, actor: str, seen: SeenRefund | None = None, also: Also | None = None
) -> Recorded:
    """See how a refund stands and record it, whoever made it. `seen` is what somebody has just seen of it."""
    seen = seen or await world.provider.refund(provider_refund_id)
    if seen.payment_id is not None:
        await hear_of(world, seen.payment_id, actor=actor)
    return await _record(world, seen, actor=actor, also=also)


async def sync_refunds(world: World, provider_payment_id: str, *, actor: str) -> None:
    """See all that went back of a payment, also what was given back over there and never told."""
    for seen in await world.provider.refunds(provider_payment_id):
        await _record(world, seen, actor=actor)


async def hear_of(world: World, provider_payment_id: str, *, actor: str) -> None:
    """Record a payment that we have not heard of. Nothing says that its own news came first; without it, what hangs on it,
    a refund or a dispute, belongs to nobody."""
    if not await _received(world, provider_payment_id):
        await sync(world, provider_payment_id, actor=actor)


async def _received(world: World, provider_payment_id: str) -> bool:
    provider = world.provider
    async with world.db.transaction("look") as tx:
        payment = await store.find_by_provider_id(tx, provider.name, provider.livemode, provider_payment_id)
    return payment is not None and payment.received is not None


async def look_again(world: World) -> int:
    """Sweep: ask for the news that should have come by now: a fee, or the end of what the bank took its time for."""
    async with world.db.transaction("sweep") as tx:
        payments = await store.unfinished(tx, before=tx.now - NEWS_EXPECTED, after=tx.now - NEWS_AWAITED, limit=LOOK_MAX)
        refunds = await store.unfinished_refunds(tx, before=tx.now - NEWS_EXPECTED, limit=LOOK_MAX)
    for look, ids in ((sync, payments), (sync_refund, refunds)):
        for id in ids:
            try:
                await look(world, id, actor="sweep")
            except ProviderError as error:
                log.warning("look.failed", id=id, error=error.detail)
    return 0


async def send_refund(world: World, id: RefundId) -> None:
    """Ask the provider for a promised refund. Its id is the key, so asking twice gives back once."""

    async def ask(tx: Transaction) -> tuple[bool, Refund | None, str | None]:
        refund = await store.get_refund(tx, id)
        payment = await store.get(tx, refund.payment_id)
        stale = refund.asked_at is not None and tx.now - refund.asked_at > KEYS_KEPT
        asked = await store.mark_refund_asked(tx, id)
        return stale, refund if asked else None, payment.provider_payment_id

    stale, refund, provider_payment_id = await world.db.run("worker", ask)
    if refund is None:
        return
    assert provider_payment_id is not None, f"{refund.payment_id} was received, so the provider has it"
    provider = world.provider_named(refund.provider)
    try:
        seen = await _find_sent(world, refund, provider_payment_id) if stale else None
        if seen is None:
            seen = await provider.create_refund(
                provider_payment_id, refund.money, reference=str(id), reason=refund.reason, key=str(id)
            )
    except ProviderUnavailable:
        raise
    except ProviderError as error:
        reason = error.detail
        await world.db.run("worker", lambda tx: refuse(tx, id, reason))
        return
    await _record(world, seen, actor="worker")


async def _find_sent(world: World, refund: Refund, provider_payment_id: str) -> SeenRefund | None:
    sent = await world.provider_named(refund.provider).refunds(provider_payment_id)
    return next((seen for seen in sent if seen.reference == str(refund.id)), None)


async def _record(world: World, seen: SeenRefund, *, actor: str, also: Also | None = None) -> Recorded:
    async def work(tx: Transaction) -> Recorded:
        order_id = await record_refund(tx, world.provider.name, world.provider.livemode, seen)
        recorded = NOT_OURS if order_id is None else Recorded(order_id)
        if also is not None:
            await also(tx, recorded)
        return recorded

    return await world.db.run(actor, work)
