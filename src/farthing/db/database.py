"""One pool of connections, and the transactions on it.

A `Transaction` carries `now` and `actor`, so that nothing below needs to ask the system for the time or a global for the
user. Every connection has its timeouts set: PostgreSQL's own defaults wait for ever.
"""

import asyncio
import contextlib
import random
import select
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, LiteralString, TypeVar

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from farthing.clock import Clock, SystemClock
from farthing.errors import DatabaseUnavailable

T = TypeVar("T")
Row = DictRow
Connection = psycopg.AsyncConnection[DictRow]
InTransactionHook = Callable[["Transaction", object], Awaitable[None]]

ATTEMPTS_MAX: Final = 5
"""How often a transaction that lost a race (40001, 40P01) is run before its error is told."""

WAIT_FOR_CONNECTION: Final = 5
"""Seconds: less than a provider waits for an answer to its webhook."""

RING_EVERY: Final = 0.003
"""Seconds in which rings of one process become one NOTIFY."""

SESSION: Final = (
    "-c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"
    " -c search_path=farthing,public -c timezone=UTC -c application_name=farthing"
)


@dataclass(slots=True)
class Transaction:
    """One open database transaction. Everything done with it commits together, or not at all."""

    connection: Connection
    now: datetime
    actor: str
    hooks: Mapping[str, Sequence[InTransactionHook]] = field(default_factory=dict)
    bells: set[str] = field(default_factory=set)
    kinds: Mapping[str, object] = field(default_factory=dict)
    """Kinds of product of this application's own; `fulfillment` knows what they are."""

    async def run(self, sql: LiteralString, **params: object) -> int:
        """Execute, and say how many rows it touched."""
        return (await self.connection.execute(sql, params)).rowcount

    async def find(self, build: Callable[[Row], T], sql: LiteralString, **params: object) -> T | None:
        """The first row as a record, or None."""
        row = await (await self.connection.execute(sql, params)).fetchone()
        return None if row is None else build(row)

    async def all(self, build: Callable[[Row], T], sql: LiteralString, **params: object) -> list[T]:
        return [build(row) for row in await (await self.connection.execute(sql, params)).fetchall()]

    async def value(self, sql: LiteralString, **params: object) -> Any:
        """The only column of the only row; None where there is no row."""
        row = await (await self.connection.execute(sql, params)).fetchone()
        return None if row is None else next(iter(row.values()))

    def ring(self, bell: str) -> None:
        """Wake whoever listens, after the commit: NOTIFY inside a transaction serializes all commits of the server."""
        self.bells.add(bell)


class Database:
    """A pool of connections to one PostgreSQL, opened and closed with the application."""

    def __init__(
        self,
        dsn: str,
        *,
        clock: Clock | None = None,
        pool_min: int = 1,
        pool_max: int = 10,
        prepared: bool = True,
    ) -> None:
        self.dsn = dsn
        self.clock = clock or SystemClock()
        self.hooks: dict[str, list[InTransactionHook]] = {}
        self.kinds: Mapping[str, object] = {}
        self._bells: set[str] = set()
        self._ringing: asyncio.Task[None] | None = None
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            dsn,
            connection_class=psycopg.AsyncConnection[DictRow],
            min_size=pool_min,
            max_size=pool_max,
            open=False,
            timeout=WAIT_FOR_CONNECTION,
            max_waiting=500,
            check=_still_there,
            # Through PgBouncer in transaction mode there can be no prepared statements.
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "options": SESSION,
                "prepare_threshold": 2 if prepared else None,
                "keepalives_idle": 10,
                "connect_timeout": 5,
            },
        )

    async def open(self) -> None:
        try:
            await self._pool.open(wait=True, timeout=15)
        except PoolTimeout as error:
            await self._pool.close()
            raise DatabaseUnavailable("The database cannot be reached: is it running, and is DATABASE_URL right?") from error

    async def close(self) -> None:
        if self._ringing is not None:
            await self._ringing
        await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection in autocommit, for one statement that needs no more; raises DatabaseUnavailable."""
        try:
            connection = await self._pool.getconn()
            try:
                _end_if_canceled()
                yield connection
            finally:
                # Whatever state it is in: the pool rolls back what is open, and replaces what is broken.
                await self._pool.putconn(connection)
        except (PoolTimeout, psycopg.OperationalError, psycopg.errors.IdleInTransactionSessionTimeout) as error:
            if isinstance(error, RETRIED):
                raise
            raise DatabaseUnavailable(_reason(error)) from error

    @asynccontextmanager
    async def glance(self, actor: str) -> AsyncIterator[Transaction]:
        """For single questions that write nothing, each answered by itself: no BEGIN and no COMMIT, and no ROLLBACK, after
        which the driver prepares every statement anew. Raises DatabaseUnavailable."""
        async with self.connection() as connection:
            yield Transaction(connection, self.clock.now(), actor, self.hooks, kinds=self.kinds)

    @asynccontextmanager
    async def transaction(self, actor: str) -> AsyncIterator[Transaction]:
        """Commits on leaving, rolls back on any exception, and rings the bells after the commit.

        Raises DatabaseUnavailable when the server is gone or full. Where that happens at the commit, the outcome is unknown,
        so every caller must be safe to run again.
        """
        async with self.connection() as connection, connection.transaction():
            tx = Transaction(connection, self.clock.now(), actor, self.hooks, kinds=self.kinds)
            yield tx
        for bell in tx.bells:
            self.ring(bell)

    async def run(self, actor: str, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run the work in a transaction, again from the start where it lost a race with another one."""
        for attempt in range(1, ATTEMPTS_MAX + 1):
            try:
                async with self.transaction(actor) as tx:
                    return await work(tx)
            except RETRIED:
                if attempt == ATTEMPTS_MAX:
                    raise
                await asyncio.sleep(random.uniform(0.005, 0.02) * 2**attempt)  # noqa: S311
        raise AssertionError("unreachable: the last attempt returns or raises")

    def ring(self, bell: str) -> None:
        """Wake the workers for something that is committed. Many rings in a moment are one; a lost one costs a second."""
        self._bells.add(bell)
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._ring_soon())

    async def _ring_soon(self) -> None:
        while self._bells:  # also what is rung while we are at it
            await asyncio.sleep(RING_EVERY)
            bells, self._bells = self._bells, set()
            with contextlib.suppress(DatabaseUnavailable):
                async with self.connection() as connection:
                    for bell in bells:
                        await connection.execute("SELECT pg_notify('farthing', %(bell)s)", {"bell": bell})


def _end_if_canceled() -> None:
    """The pool forgets a cancellation that comes at the same moment as the connection, and who canceled waits for an end."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


RETRIED: Final = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)


async def _still_there(connection: Connection) -> None:
    """Raise where the server hung up meanwhile: the pool opens another connection, and nobody meets the dead one.

    What was said last waits in the socket, so looking costs microseconds and no question to the server.
    """
    socket = select.poll()
    socket.register(connection.pgconn.socket, select.POLLIN)
    while socket.poll(0):
        connection.pgconn.consume_input()


TOO_LONG: Final = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.QueryCanceled,
    psycopg.errors.IdleInTransactionSessionTimeout,
)


def _reason(error: Exception) -> str:
    if isinstance(error, psycopg.errors.DiskFull):
        return "The database has no disk space left. Nothing was changed; free some space and try again."
    if isinstance(error, TOO_LONG):
        return "The database did not finish in time, so nothing was changed. Try again."
    return "The database is not available at the moment. Try again."
