"""Webhooks on their way: signed, sent, tried again later and later, and written down, until somebody says 2xx.

Deliveries live in the state file, so a restart goes on where it stopped. They never wait for one another, and the
request that caused them never waits for them.
"""

from __future__ import annotations

import asyncio
import functools
import time
from contextlib import suppress
from dataclasses import dataclass

import httpx
import orjson

from farthing.sandbox import signing
from farthing.sandbox.settings import API_VERSION
from farthing.sandbox.store import Record
from farthing.sandbox.world import Sandbox

AT_ONCE_MAX = 16
PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Delivery:
    id: int
    account: str
    event: str
    endpoint: str
    attempts: int


class Deliveries:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._sending: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        limits = httpx.Limits(max_connections=AT_ONCE_MAX, max_keepalive_connections=AT_ONCE_MAX)
        timeout = self._sandbox.settings.webhook_timeout_seconds
        # trust_env: a proxy in the environment has no business between a sandbox and the machine it runs on.
        async with httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False) as client:
            try:
                while True:
                    self._sandbox.news.clear()
                    self._start(client)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._sandbox.news.wait(), self._pause())
            finally:
                await self._stop()

    async def _stop(self) -> None:
        tasks = list(self._sending.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, client: httpx.AsyncClient) -> None:
        free = AT_ONCE_MAX - len(self._sending)
        rows = self._sandbox.store.rows(
            """
            SELECT id, account, event, endpoint, attempts
            FROM deliveries
            WHERE next_at IS NOT NULL AND next_at <= ?
            ORDER BY id
            LIMIT ?
            """,
            time.time(),
            AT_ONCE_MAX * 2,
        )
        for delivery in [Delivery(*row) for row in rows if row[0] not in self._sending][:free]:
            task = asyncio.create_task(self._deliver(client, delivery))
            self._sending[delivery.id] = task
            task.add_done_callback(functools.partial(self._done, delivery.id))

    def _done(self, delivery: int, task: asyncio.Task[None]) -> None:
        del task
        self._sending.pop(delivery, None)
        self._sandbox.news.set()

    def _pause(self) -> float:
        """Until the next retry is due, but never long: somebody may set the clock of the machine."""
        rows = self._sandbox.store.rows("SELECT min(next_at) FROM deliveries WHERE next_at > ?", time.time())
        return PAUSE_SECONDS if rows[0][0] is None else min(max(rows[0][0] - time.time(), 0.01), PAUSE_SECONDS)

    async def _deliver(self, client: httpx.AsyncClient, delivery: Delivery) -> None:
        account = self._sandbox.account(delivery.account, "")
        event = account.find("event", delivery.event)
        # The endpoint of an event on a connected account is its platform's.
        listens = self._sandbox.store.find_anywhere(delivery.endpoint)
        endpoint = listens[1] if listens else None
        if event is None or endpoint is None:
            self._give_up(delivery)
            return
        started = time.perf_counter()
        status, problem = await _send(client, event, endpoint)
        self._write_down(delivery, status, problem, int((time.perf_counter() - started) * 1000))

    def _give_up(self, delivery: Delivery) -> None:
        self._sandbox.store.run("UPDATE deliveries SET status = 'failed', next_at = NULL WHERE id = ?", delivery.id)

    def _write_down(self, delivery: Delivery, status: int | None, problem: str | None, took_ms: int) -> None:
        delivered = status is not None and 200 <= status < 300
        retries = self._sandbox.settings.retry_after_seconds
        again = None if delivered or delivery.attempts >= len(retries) else time.time() + retries[delivery.attempts]
        state = "succeeded" if delivered else "pending" if again else "failed"
        store = self._sandbox.store
        with store.transaction():
            store.run(
                "INSERT INTO attempts (delivery, at, status, problem, took_ms) VALUES (?, ?, ?, ?, ?)",
                delivery.id,
                time.time(),
                status,
                problem,
                took_ms,
            )
            changed = store.run(
                "UPDATE deliveries SET status = ?, attempts = attempts + 1, next_at = ? WHERE id = ? AND next_at IS NOT NULL",
                state,
                again,
                delivery.id,
            )
            if delivered and changed:
                self._count_down(delivery)

    def _count_down(self, delivery: Delivery) -> None:
        account = self._sandbox.account(delivery.account, "")
        event = account.find("event", delivery.event)
        if event and event["pending_webhooks"]:
            event["pending_webhooks"] -= 1
            account.save(event)

    def resend(self, event: str) -> int:
        """Send this event once more to everybody it was addressed to; says to how many."""
        count = self._sandbox.store.run(
            "UPDATE deliveries SET status = 'pending', attempts = 0, next_at = 0 WHERE event = ?", event
        )
        self._sandbox.news.set()
        return count


async def _send(client: httpx.AsyncClient, event: Record, endpoint: Record) -> tuple[int | None, str | None]:
    """The status answered, or what went wrong. Redirects are not followed: they count as a failure."""
    body = orjson.dumps(event.body, option=orjson.OPT_INDENT_2)
    headers = {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "stripe-signature": signing.header(body, endpoint.inner["secret"], int(time.time())),
        "stripe-version": endpoint["api_version"] or API_VERSION,
    }
    try:
        async with client.stream("POST", endpoint["url"], content=body, headers=headers) as response:
            return response.status_code, None
    except httpx.TimeoutException:
        return None, "timed out"
    except httpx.HTTPError as problem:
        return None, type(problem).__name__
    except httpx.InvalidURL:
        return None, "invalid URL"
