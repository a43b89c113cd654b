"""Events that never reached us: read from the provider's own list, and put into the same inbox as those it delivers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from farthing import events, webhooks
from farthing.db import Transaction
from farthing.errors import ProviderError
from farthing.providers import ListedEvent
from farthing.reconcile import cursors
from farthing.reconcile.cursors import EventCursor
from farthing.webhooks import Delivery
from farthing.world import World

EVERY: Final = timedelta(minutes=5)
AFTER_FAILURE: Final = timedelta(minutes=1)

OVERLAP: Final = timedelta(minutes=15)
"""Read again before where we stopped: events of one second come in any order, and some appear late.

It is more than our clock and the provider's may differ by: with five minutes deliveries are refused.
"""

REMEMBERED: Final = timedelta(days=30)
"""What Stripe's list holds: https://docs.stripe.com/api/events."""

SLICE: Final = timedelta(hours=6)
"""After a long time it is read piece by piece, oldest first: whoever is killed goes on with the piece it died in."""

SLICE_MAX: Final = timedelta(days=4)
QUIET: Final = 100
"""Events: after a piece with fewer the next one may be twice as long."""

CLOCKS_APART: Final = timedelta(days=1)
"""Our clock may be wrong by so much. Where a piece ends later, it was read only up to the last event that it held."""

log = structlog.get_logger("farthing.reconcile")


@dataclass(slots=True)
class Swept:
    """What came of reading the list: how many events it had for us, and how many of them were missing and are stored now."""

    since: datetime
    read: int = 0
    stored: int = 0
    lost_since: datetime | None = None
    """Where not None, events from here on are gone for good: reconcile in full."""


async def sweep_due(world: World) -> int:
    """Sweep: read what was missed, when it is time again. The first turn only notes from where to read."""
    provider = world.provider

    async def take(tx: Transaction) -> bool:
        await cursors.ensure(tx, provider.name, provider.livemode, every=EVERY)
        return await cursors.claim(tx, provider.name, provider.livemode, until=tx.now + EVERY)

    if not await world.db.run("sweep", take):
        return 0
    try:
        await sweep_events(world, actor="sweep")
    except ProviderError as error:
        log.warning("events.not_read", error=error.detail)

        async def sooner(tx: Transaction) -> None:
            await tx.run(
                """
                UPDATE event_cursors SET due_at = least(due_at, %(soon)s)
                WHERE provider = %(provider)s AND livemode = %(livemode)s AND account = ''
                """,
                soon=tx.now + AFTER_FAILURE,
                provider=provider.name,
                livemode=provider.livemode,
            )

        await world.db.run("sweep", sooner)
    return 0


async def sweep_events(world: World, *, actor: str, since: datetime | None = None) -> Swept:
    """Store what the provider's list has and we have not; the worker acts on it as on any delivery.

    Reads from where the last reading ended, or from `since`. Raises ProviderError or ProviderUnavailable; safe to repeat.
    """
    provider = world.provider
    cursor = await world.db.run(actor, lambda tx: cursors.ensure(tx, provider.name, provider.livemode, every=EVERY))
    now = world.clock.now()
    lost = cursor.swept_at if now - cursor.swept_at > REMEMBERED else None
    start = max(cursor.read_until - OVERLAP if since is None else since, now - REMEMBERED)
    swept = Swept(start, lost_since=lost or cursor.lost_since)
    length = SLICE
    while now - start > SLICE:
        length = length if now - start > length else SLICE
        before = swept.read
        await _read(world, cursor, swept, start, start + length, actor)
        start += length
        length = min(2 * length, SLICE_MAX) if swept.read - before < QUIET else SLICE
    await _read(world, cursor, swept, start, None, actor)

    async def done(tx: Transaction) -> None:
        await cursors.mark_swept(tx, provider.name, provider.livemode, lost_since=lost)
        if lost is not None:
            await events.record(tx, "notice.lost", since=lost.isoformat())

    await world.db.run(actor, done)
    if swept.stored:
        log.warning("events.missed", stored=swept.stored, since=start.isoformat())
    return swept


async def _read(world: World, cursor: EventCursor, swept: Swept, since: datetime, before: datetime | None, actor: str) -> None:
    """One stretch of the list, newest first; the cursor moves when all of it is stored, and not before."""
    until, last = cursor.read_until if before is None else min(before, world.clock.now() - CLOCKS_APART), None
    async for page in world.provider.events(since=since, before=before):
        swept.read += len(page)
        swept.stored += await _store(world, page)
        newest = page[0].notice
        if last is None:
            last = newest.id
            if newest.occurred_at is not None:
                until = max(until, newest.occurred_at)
    provider = world.provider
    await world.db.run(actor, lambda tx: cursors.advance(tx, provider.name, provider.livemode, until=until, last_event_id=last))


async def _store(world: World, page: Sequence[ListedEvent]) -> int:
    """Those that something follows from. What an endpoint would not be sent is not stored by way of the list either."""
    provider = world.provider.name
    missed = [Delivery(provider, e.notice, e.body, source="sweep") for e in page if e.notice.subject_id is not None]
    return await webhooks.store(world.db, missed) if missed else 0
