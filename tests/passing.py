"""Time that passes for a shop and its provider alike, and what is heard of it: shuffled, twice or never, while workers die."""

import asyncio
import itertools
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, LiteralString

from tests.mortal_worker import TICK, Mortal, SharedClock
from tests.news import tell
from tests.worlds import Account

from farthing.world import World

LOST, TWICE = 0.25, 0.2
"""How much of the news never comes, and how much of the rest comes again."""

RING_AGAIN = 25
"""Looks, after which whoever is not at rest is woken once more."""

INBOX: LiteralString = """
    SELECT 'events wait' FROM provider_events WHERE status = 'received' AND due_at <= %(now)s + interval '1 minute'
    UNION ALL SELECT 'the list of events was not read' WHERE NOT EXISTS (
        SELECT FROM event_cursors WHERE swept_at >= %(since)s
    )
"""


@dataclass
class Passing:
    world: World
    account: Account
    clock: SharedClock
    workers: Mortal
    chance: random.Random
    _last: str | None = field(default=None, init=False, kw_only=True)
    """The newest event that was read."""

    async def pass_on(self, time: timedelta) -> None:
        """There and here."""
        seconds = max(1, int(time.total_seconds()))
        (await self.account.http.post("/_sandbox/clock/advance", json={"seconds": seconds})).raise_for_status()
        self.clock.advance(time)

    async def hear(self, *more: dict[str, Any], killed: float) -> None:
        """What is new, without a quarter of it, some of it twice, in any order; and now and then the worker dies of it."""
        kept = [each for each in [*await self._news(), *more] if self.chance.random() >= LOST]
        kept += [each for each in kept if self.chance.random() < TWICE]
        self.chance.shuffle(kept)
        await tell(self.world, kept)
        if self.chance.random() < killed:
            await self.kill()

    async def kill(self) -> None:
        """At a random moment of its work; the next one begins at once."""
        await asyncio.sleep(self.chance.uniform(0.005, 0.3))
        self.workers.kill()
        self.workers.begin()

    async def wake(self, after: timedelta) -> datetime:
        """It is time to look again, and what a worker died with in its hands is free. Since when that has to be done."""
        await self.pass_on(after)
        since = self.clock.now()
        await self._ring()
        return since

    async def rest(self, restless: LiteralString, since: datetime, *, within: float) -> None:
        """Until a worker has done all there is to do: until that statement finds nothing any more."""
        async with asyncio.timeout(within):
            for look in itertools.count(1):
                async with self.world.db.transaction("test") as tx:
                    if await tx.find(lambda row: row, restless, since=since, now=self.clock.now()) is None:
                        return
                await asyncio.sleep(0.02)
                if look % RING_AGAIN == 0:
                    await self._ring()

    async def _ring(self) -> None:
        async with self.world.db.transaction("test") as tx:
            tx.ring(TICK)

    async def _news(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        before = {"ending_before": self._last} if self._last else {}
        while True:
            page = await self.account.get("/v1/events", limit="100", **before)
            found += reversed(page["data"])
            if page["data"]:
                before = {"ending_before": page["data"][0]["id"]}
            if not page["has_more"]:
                break
        self._last = before.get("ending_before", self._last)
        return found
