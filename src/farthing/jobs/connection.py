"""The queue's connection: its statements wait while the database is away, and the worker lives on.

PgQueuer's own driver shares one connection between statements and LISTEN, so that a statement may wait a second for its turn,
and it ends with its connection. Here statements have a connection of their own, and the bell is rung by `Bells`.
"""

import asyncio
from typing import Final, Self

import psycopg
import structlog
from pgqueuer.core.tm import TaskManager
from pgqueuer.ports.driver import Driver, NotifyCallback
from psycopg.rows import DictRow, dict_row

from farthing.jobs.direct import connect, pauses

CHANGED: Final = (
    '{"type": "table_changed_event", "operation": "insert", "table": "jobs", "channel": "farthing_jobs",'
    ' "sent_at": "2000-01-01T00:00:00Z"}'
)
"""What PgQueuer's trigger would have told the queue manager: look now."""

log = structlog.get_logger()


class QueueConnection(Driver):
    """One connection to the database, made anew whenever it is lost."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: psycopg.AsyncConnection[DictRow] | None = None
        self._opening = asyncio.Lock()
        self._listeners: list[NotifyCallback] = []
        self._shutdown = asyncio.Event()
        self._tm = TaskManager()
        self._given_up = False

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        return await (await self._run(query, args)).fetchall()

    async def execute(self, query: str, *args: object) -> str:
        return (await self._run(query, args)).statusmessage or ""

    async def _run(self, query: str, args: tuple[object, ...]) -> psycopg.AsyncRawCursor[DictRow]:
        """May run twice when the connection breaks at the end of the first: every statement of the queue bears that."""
        for pause in pauses():
            try:
                cursor = psycopg.AsyncRawCursor(await self._open(), row_factory=dict_row)
                return await cursor.execute(query.encode(), args or None)
            except psycopg.OperationalError as error:
                if self._given_up:
                    raise
                log.warning("queue.waiting", error=type(error).__name__, seconds=round(pause, 1))
                await asyncio.sleep(pause)
        raise AssertionError("unreachable: pauses never end")

    async def _open(self) -> psycopg.AsyncConnection[DictRow]:
        async with self._opening:
            if self._connection is None or self._connection.closed:
                self._connection = await connect(self._dsn)
            return self._connection

    def give_up(self) -> None:
        """From now on a statement fails where it would wait: the worker is stopping."""
        self._given_up = True

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    def wake(self) -> None:
        """Make the queue manager look for jobs at once."""
        self._tell(CHANGED)

    def _tell(self, message: str) -> None:
        for listener in self._listeners:
            listener(message)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        self._listeners.append(callback)

    async def notify(self, channel: str, payload: str) -> None:
        """What a queue manager sends here is meant for itself: it asks whether it hears."""
        self._tell(payload)

    @property
    def shutdown(self) -> asyncio.Event:
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        return self._tm

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._shutdown.set()
