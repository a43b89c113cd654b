"""Webhooks on their way: signed, sent, tried again later and later, and written down, until somebody says 2xx.

Deliveries live in the state file, so a restart goes on where it stopped. They never wait for one another, and the
request that caused them never waits for them.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from farthing.sandbox import chaos, sending
from farthing.sandbox.chaos import Mischief, Rule
from farthing.sandbox.outgoing import Outgoing
from farthing.sandbox.store import Json, Record, StateUnwritable
from farthing.sandbox.world import Sandbox

LOG = logging.getLogger("farthing.sandbox")
AT_ONCE_MAX = 128
# A receiver that lets everything hang has so many at a time, and the others do not wait for it.
TO_ONE_MAX = 16
PAUSE_SECONDS = 1.0
LOOK_SECONDS = 0.01


ENDPOINTS = """
    WITH RECURSIVE waited_for (endpoint) AS (
        SELECT min(endpoint) FROM deliveries WHERE next_at IS NOT NULL
        UNION ALL
        SELECT (SELECT min(endpoint) FROM deliveries WHERE next_at IS NOT NULL AND endpoint > waited_for.endpoint)
        FROM waited_for WHERE waited_for.endpoint IS NOT NULL
    )
    SELECT endpoint FROM waited_for WHERE endpoint IS NOT NULL
"""
# Asked for by endpoint: of one that has enough for now, all that still waits need not be read to find another's.
DUE = """
    SELECT next_at, id, account, event, endpoint, attempts
    FROM deliveries
    WHERE endpoint = ? AND next_at IS NOT NULL AND next_at <= ?
    ORDER BY next_at, id
    LIMIT ?
"""
COUNT_DOWN = """
    UPDATE objects
    SET body = json_set(body, '$.pending_webhooks', json_extract(body, '$.pending_webhooks') - 1)
    WHERE id = ? AND account = ? AND json_extract(body, '$.pending_webhooks') > 0
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    id: int
    account: str
    event: str
    endpoint: str
    attempts: int
    type: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    """What came of one attempt."""

    delivery: Delivery
    status: int | None
    problem: str | None
    took_ms: int


class Deliveries:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._sending: dict[int, asyncio.Task[int | None]] = {}
        self._sent_to: Counter[str] = Counter()
        """How many of them go to each endpoint."""
        self._said: list[tuple[_Said, asyncio.Future[None]]] = []
        self._releasing: set[int] = set()
        self._reordering: dict[str, asyncio.Task[None]] = {}
        self._outgoing: Outgoing | None = None

    async def run(self) -> None:
        outgoing = self._outgoing = Outgoing(self._sandbox.settings.webhook_timeout_seconds)
        try:
            while True:
                self._sandbox.news.clear()
                self._start(outgoing)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._sandbox.news.wait(), self._pause())
        finally:
            await self._stop()
            await outgoing.close()

    async def _stop(self) -> None:
        if self._said:
            self._write_all_down()
        tasks: list[asyncio.Task[Any]] = [*self._sending.values(), *self._reordering.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, outgoing: Outgoing) -> None:
        """Those due first, but no more to one endpoint, and to all, than may be on their way."""
        free = AT_ONCE_MAX - len(self._sending)
        for delivery in self._due()[:free] if free > 0 else []:
            task = asyncio.create_task(self._deliver_or_tell(outgoing, delivery))
            self._sending[delivery.id] = task
            self._sent_to[delivery.endpoint] += 1
            task.add_done_callback(functools.partial(self._done, delivery))

    def _due(self) -> list[Delivery]:
        store, now, found = self._sandbox.store, time.time(), []
        for (endpoint,) in store.rows(ENDPOINTS):
            free = TO_ONE_MAX - self._sent_to[endpoint]
            if free > 0:
                # What is on its way is still due, until it is written down what came of it.
                most = self._sent_to[endpoint] + len(self._releasing) + free
                rows = store.rows(DUE, endpoint, now, most)
                waiting = [row for row in rows if row[1] not in self._sending and row[1] not in self._releasing]
                found += waiting[:free]
        return [Delivery(*row[1:]) for row in sorted(found)]

    async def _deliver_or_tell(self, outgoing: Outgoing, delivery: Delivery) -> int | None:
        """What breaks here must neither stop the others nor be tried without a pause."""
        try:
            return await self._deliver(outgoing, delivery)
        except StateUnwritable as problem:
            LOG.error("%s", problem)
        except Exception:
            LOG.exception("Delivery %s of %s failed", delivery.id, delivery.event)
        await asyncio.sleep(PAUSE_SECONDS)
        return None

    def _done(self, delivery: Delivery, task: asyncio.Task[int | None]) -> None:
        del task
        self._sending.pop(delivery.id, None)
        self._sent_to[delivery.endpoint] -= 1
        if not self._sent_to[delivery.endpoint]:
            del self._sent_to[delivery.endpoint]
        self._sandbox.news.set()

    def _pause(self) -> float:
        """Until the next retry is due, but never long: somebody may set the clock of the machine."""
        rows = self._sandbox.store.rows("SELECT min(next_at) FROM deliveries WHERE next_at > ?", time.time())
        return PAUSE_SECONDS if rows[0][0] is None else min(max(rows[0][0] - time.time(), 0.01), PAUSE_SECONDS)

    async def _deliver(self, outgoing: Outgoing, delivery: Delivery, *, behaving: bool = False) -> int | None:
        """The status answered. `behaving`: whatever mischief is ordered, this one has had its share."""
        account = self._sandbox.account(delivery.account, "")
        event = account.store.find(account.id, delivery.event)
        # The endpoint of an event on a connected account is its platform's.
        store = self._sandbox.store
        listens = store.remembered(("endpoint", delivery.endpoint), lambda: store.find_anywhere(delivery.endpoint))
        endpoint = listens[1] if listens else None
        if event is None or endpoint is None or endpoint.body.get("status", "enabled") != "enabled":
            self._give_up(delivery)
            return None
        rule = None if behaving else self._sandbox.chaos.take(delivery.id, sending.type_of(event), endpoint.id)
        if rule and rule.kind in chaos.QUEUED:
            self._queue(delivery, rule)
            return None
        status = await self._send(outgoing, delivery, event, endpoint, rule)
        if rule and rule.kind is Mischief.DUPLICATE:
            await self._send(outgoing, delivery, event, endpoint, None)
        return status

    async def _send(
        self, outgoing: Outgoing, delivery: Delivery, event: Record, endpoint: Record, rule: Rule | None
    ) -> int | None:
        started = time.perf_counter()
        status, problem = await sending.send(outgoing, event, endpoint, rule.kind if rule else None)
        await self._write_down(delivery, status, problem, int((time.perf_counter() - started) * 1000))
        self._sandbox.sent.set()
        return status

    def _queue(self, delivery: Delivery, rule: Rule) -> None:
        store = self._sandbox.store
        if rule.kind is Mischief.DELAY:
            store.run("UPDATE deliveries SET next_at = ? WHERE id = ?", time.time() + rule.seconds, delivery.id)
            return
        state = "dropped" if rule.kind is Mischief.DROP else "held"
        store.run("UPDATE deliveries SET status = ?, next_at = NULL WHERE id = ?", state, delivery.id)
        if rule.kind is Mischief.REORDER and delivery.endpoint not in self._reordering:
            self._reordering[delivery.endpoint] = asyncio.create_task(self._reorder(delivery.endpoint, rule))

    async def _reorder(self, endpoint: str, rule: Rule) -> None:
        await asyncio.sleep(rule.seconds)
        self._reordering.pop(endpoint, None)
        await self.release("shuffled", endpoint=endpoint, seed=rule.seed)

    async def release(self, order: Any, *, endpoint: str = "*", seed: int = 0) -> list[Json]:
        """Send what is held, one after the other, each when the one before was answered."""
        chosen = chaos.arranged(self._held(endpoint), order, seed)
        self._releasing |= {each.id for each in chosen}
        released: list[Json] = []
        try:
            for each in chosen:
                self._sandbox.store.run("UPDATE deliveries SET status = 'pending', next_at = 0 WHERE id = ?", each.id)
                assert self._outgoing is not None
                status = await self._deliver(self._outgoing, each, behaving=True)
                released.append({"event": each.event, "type": each.type, "endpoint": each.endpoint, "status": status})
        finally:
            self._releasing -= {each.id for each in chosen}
        return released

    def _held(self, endpoint: str) -> list[Delivery]:
        rows = self._sandbox.store.rows(
            """
            SELECT deliveries.id, deliveries.account, event, endpoint, attempts, json_extract(body, '$.type')
            FROM deliveries JOIN objects ON objects.id = event AND objects.account = deliveries.account
            WHERE status = 'held' AND ? IN ('*', endpoint)
            ORDER BY deliveries.id
            """,
            endpoint,
        )
        return [Delivery(*row) for row in rows]

    def waiting(self) -> int:
        """How many are still on their way."""
        return int(self._sandbox.store.rows("SELECT count(*) FROM deliveries WHERE next_at IS NOT NULL")[0][0])

    def _is_anything_waiting(self) -> bool:
        return bool(self._sandbox.store.rows("SELECT 1 FROM deliveries WHERE next_at IS NOT NULL LIMIT 1"))

    async def all_delivered(self, seconds: float) -> bool:
        """Wait until nothing is on its way any more; what is held or dropped is not."""
        end = time.monotonic() + seconds
        while self._is_anything_waiting() or self._reordering:
            if time.monotonic() > end:
                return False
            await asyncio.sleep(LOOK_SECONDS)
        return True

    def _give_up(self, delivery: Delivery) -> None:
        self._sandbox.store.run("UPDATE deliveries SET status = 'failed', next_at = NULL WHERE id = ?", delivery.id)

    async def _write_down(self, delivery: Delivery, status: int | None, problem: str | None, took_ms: int) -> None:
        """Together with whatever else was answered meanwhile: many deliveries, one commit."""
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()
        if not self._said:
            loop.call_soon(self._write_all_down)
        self._said.append((_Said(delivery, status, problem, took_ms), written))
        await written

    def _write_all_down(self) -> None:
        said, self._said = self._said, []
        problem: Exception | None = None
        try:
            with self._sandbox.store.transaction():
                for each, _ in said:
                    self._write_one_down(each)
        except Exception as caught:  # noqa: BLE001 - it belongs to those who wait
            problem = caught
        for _, written in said:
            if not written.done():
                written.set_exception(problem) if problem else written.set_result(None)

    def _write_one_down(self, said: _Said) -> None:
        store, delivery = self._sandbox.store, said.delivery
        delivered = said.status is not None and 200 <= said.status < 300
        retries = self._sandbox.settings.retry_after_seconds
        again = None if delivered or delivery.attempts >= len(retries) else time.time() + retries[delivery.attempts]
        state = "succeeded" if delivered else "pending" if again else "failed"
        store.run(
            "INSERT INTO attempts (delivery, at, status, problem, took_ms) VALUES (?, ?, ?, ?, ?)",
            delivery.id,
            time.time(),
            said.status,
            said.problem,
            said.took_ms,
        )
        changed = store.run(
            "UPDATE deliveries SET status = ?, attempts = attempts + 1, next_at = ? WHERE id = ? AND next_at IS NOT NULL",
            state,
            again,
            delivery.id,
        )
        if delivered and changed:
            store.run(COUNT_DOWN, delivery.event, delivery.account)

    def resend(self, event: str) -> int:
        """Send this event once more to everybody it was addressed to; says to how many."""
        count = self._sandbox.store.run(
            "UPDATE deliveries SET status = 'pending', attempts = 0, next_at = 0 WHERE event = ?", event
        )
        self._sandbox.news.set()
        return count
