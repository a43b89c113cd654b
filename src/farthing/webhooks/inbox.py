"""The inbox: every delivery is stored as it was signed, once, before it is answered.

What arrives while one commit is on its way goes together into the next: under load a batch costs little more than one event,
and at rest nobody waits for company.
"""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import orjson

from farthing.db import Database, Transaction
from farthing.errors import DatabaseUnavailable
from farthing.ids import NoticeId
from farthing.lifecycles import NoticeStatus
from farthing.providers import Notice

BELL: Final = "inbox"
BATCH_MAX: Final = 64
WAITING_MAX: Final = 2_000
"""Deliveries that may wait for a commit; beyond it we say so, and the provider comes again."""

WRITERS: Final = 2


@dataclass(frozen=True, slots=True)
class Delivery:
    """A verified event and the bytes it was signed as; or one that we found in the provider's list, as it stands there."""

    provider: str
    notice: Notice
    body: bytes
    source: Literal["webhook", "sweep"] = "webhook"


class Inbox:
    """Stores deliveries. `put` returns after the commit, and not a moment earlier."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: asyncio.Queue[tuple[Delivery, asyncio.Future[None]]] = asyncio.Queue(WAITING_MAX)
        self._writers: list[asyncio.Task[None]] = []

    async def put(self, delivery: Delivery) -> None:
        """Raises DatabaseUnavailable where it could not be stored: then it must not be answered with a success."""
        if not self._writers:
            self._writers = [asyncio.create_task(self._write()) for _ in range(WRITERS)]
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((delivery, done))
        except asyncio.QueueFull:
            raise DatabaseUnavailable("Too many deliveries are waiting to be stored. Send it again later.") from None
        await done

    async def close(self) -> None:
        for writer in self._writers:
            writer.cancel()
        await asyncio.gather(*self._writers, return_exceptions=True)
        self._writers = []
        while not self._waiting.empty():
            _, done = self._waiting.get_nowait()
            _fail(done, DatabaseUnavailable("The server is stopping. Send it again."))

    async def _write(self) -> None:
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < BATCH_MAX and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            try:
                await self._store(batch)
            except asyncio.CancelledError:
                for _, done in batch:
                    _fail(done, DatabaseUnavailable("The server is stopping. Send it again."))
                raise

    async def _store(self, batch: Sequence[tuple[Delivery, "asyncio.Future[None]"]]) -> None:
        """Store all in one statement; where that fails, one by one, so that only the one at fault is told."""
        try:
            await store(self._db, [delivery for delivery, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits for it
            if len(batch) == 1 or isinstance(error, DatabaseUnavailable):
                for _, done in batch:
                    _fail(done, error)
            else:
                for item in batch:
                    await self._store([item])
        else:
            for _, done in batch:
                if not done.done():
                    done.set_result(None)


async def store(db: Database, deliveries: Sequence[Delivery]) -> int:
    """One statement, committed by itself. A delivery that is known already changes nothing; returns how many were not."""
    now = db.clock.now()
    # The bodies lie end to end in one parameter, the rest is one JSON: an array of long strings would cost five times as much.
    ends = list(itertools.accumulate(len(delivery.body) for delivery in deliveries))
    rows = [_row(delivery, end) for delivery, end in zip(deliveries, ends, strict=True)]
    async with db.connection() as connection:
        inserted = await connection.execute(
            """
            INSERT INTO provider_events (id, provider, livemode, account, provider_event_id, type, api_version,
                subject_kind, subject_id, body, occurred_at, received_at, status, reason, due_at, source)
            SELECT e.id, e.provider, e.livemode, e.account, e.event, e.type, e.version, e.kind, e.subject,
                substr(%(bodies)s, e.body_start, e.body_length), e.occurred_at, %(now)s, e.status, e.reason, %(now)s, e.source
            FROM json_to_recordset(%(rows)s::json) AS e (id uuid, provider text, livemode boolean, account text,
                event text, type text, version text, kind text, subject text, body_start int, body_length int,
                occurred_at timestamptz, status text, reason text, source text)
            ON CONFLICT (provider, livemode, account, provider_event_id) DO NOTHING
            """,
            {
                "rows": orjson.dumps(rows).decode(),
                "bodies": b"".join(delivery.body for delivery in deliveries),
                "now": now,
            },
        )
    if any(delivery.notice.subject_id is not None for delivery in deliveries):
        db.ring(BELL)
    return inserted.rowcount


def _row(delivery: Delivery, end: int) -> dict[str, object]:
    """`end` is where its body ends among all bodies, in bytes."""
    notice, length = delivery.notice, len(delivery.body)
    return {
        "id": NoticeId.new().hex,
        "provider": delivery.provider,
        "livemode": notice.livemode,
        "account": notice.account,
        "event": notice.id,
        "type": notice.type,
        "version": notice.api_version,
        "kind": notice.subject_kind,
        "subject": notice.subject_id,
        "body_start": end - length + 1,
        "body_length": length,
        "occurred_at": notice.occurred_at,
        "status": NoticeStatus.IGNORED if notice.subject_id is None else NoticeStatus.RECEIVED,
        "reason": notice.reason,
        "source": delivery.source,
    }


def _fail(done: "asyncio.Future[None]", error: Exception) -> None:
    if not done.done():
        done.set_exception(error)


async def replay(tx: Transaction, ids: Sequence[NoticeId]) -> int:
    """Act on stored events once more, as if they had just come; returns how many there were to replay."""
    count = await tx.run(
        """
        UPDATE provider_events SET status = 'received', reason = NULL, attempts = 0, due_at = %(now)s, finished_at = NULL
        WHERE id = ANY(%(ids)s) AND subject_id IS NOT NULL AND status IN ('processed', 'ignored', 'parked')
        """,
        ids=list(ids),
        now=tx.now,
    )
    tx.ring(BELL)
    return count
