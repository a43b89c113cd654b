"""The worker: runs jobs and sweeps until it is told to stop, whatever happens to the database meanwhile."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Collection, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Generic

import structlog

from farthing.jobs import housekeeping
from farthing.jobs.attempt import Task, W
from farthing.jobs.bells import Bells
from farthing.jobs.direct import pauses
from farthing.jobs.retries import describe
from farthing.jobs.schedule import BELL
from farthing.jobs.sweeps import Sweep, keep_sweeping, wait

if TYPE_CHECKING:
    # PgQueuer is imported when a worker starts: a quarter of a second that no other command pays.
    from farthing.jobs.connection import QueueConnection

CONCURRENCY: Final = 10
"""Jobs at once in one worker; at least 2, for PgQueuer claims half of them at a time."""

SILENCE_MAX: Final = timedelta(seconds=10)
"""A job whose worker has not been heard of for so long is run by another one. All workers must agree on it."""

GRACE: Final = timedelta(seconds=10)
"""How long running jobs may take after the stop; then they are handed back."""

INTERRUPTIONS_MAX: Final = 5

log = structlog.get_logger()


class Worker(Generic[W]):
    """Runs `tasks` as they are scheduled, and each sweep at its interval and at its bell.

    Any number of workers may run beside each other, each with all tasks. The DSN must lead to PostgreSQL itself, not to a
    transaction pooler.
    """

    def __init__(
        self,
        database_dsn: str,
        world: W,
        tasks: Mapping[str, Task[W]],
        sweeps: Sequence[Sweep[W]] = (),
        *,
        concurrency: int = CONCURRENCY,
        grace: timedelta = GRACE,
        silence: timedelta = SILENCE_MAX,
    ) -> None:
        self._dsn = database_dsn
        self._world = world
        self._tasks = tasks
        self._sweeps = sweeps
        self._concurrency = max(concurrency, 2)
        self._grace = grace
        self._silence = silence
        self._bells = Bells(database_dsn)
        self._connections: list[QueueConnection] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set or this is canceled; either way running jobs get their grace."""
        stopped = asyncio.Event()
        ending, listening = asyncio.create_task(stop.wait()), asyncio.create_task(self._bells.listen())
        work = [asyncio.create_task(coroutine) for coroutine in self._work(stopped)]
        log.info("worker.started", tasks=len(self._tasks), sweeps=len(self._sweeps), concurrency=self._concurrency)
        try:
            await asyncio.wait([ending, listening, *work], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.set()
            await self._end(work)
            await _interrupt([ending, listening])
            for connection in list(self._connections):
                await self._disconnect(connection)
            log.info("worker.stopped")
        for task in (listening, *work):
            if not task.cancelled():
                task.result()  # none of them ends by itself: had one raised, it is told here

    def _work(self, stop: asyncio.Event) -> list[Coroutine[Any, Any, None]]:
        house = self._connect()
        cleaning = [keep_sweeping(sweep, house, self._bells, stop) for sweep in housekeeping.sweeps(self._tasks.keys())]
        sweeps = [keep_sweeping(sweep, self._world, self._bells, stop) for sweep in self._sweeps]
        return [self._keep_queueing(stop), *cleaning, *sweeps]

    async def _keep_queueing(self, stop: asyncio.Event) -> None:
        """PgQueuer's loop, started again should it ever fail: the schema may be missing, or change under it."""
        waits = pauses(1.0, 30.0)
        while not stop.is_set():
            connection = self._connect()
            try:
                await housekeeping.hold_crashing(connection)  # before one of them is picked up again
                await self._serve(connection, stop)
            # Whatever the queue raises, the worker goes on.
            except Exception as error:  # noqa: BLE001
                where = "".join(traceback.format_tb(error.__traceback__))
                log.error("queue.failed", error=str(describe(error)), traceback=where)
                await wait(next(waits), stop)
            finally:
                await self._disconnect(connection)

    async def _serve(self, connection: QueueConnection, stop: asyncio.Event) -> None:
        from farthing.jobs.queue import LOOK_EVERY, manager

        queue = manager(connection, self._world, self._tasks)
        mute = self._bells.on(BELL, connection.wake)
        stopping = asyncio.create_task(_then(stop, queue.shutdown))
        try:
            await queue.run(
                dequeue_timeout=LOOK_EVERY,
                batch_size=self._concurrency // 2,
                max_concurrent_tasks=self._concurrency,
                heartbeat_timeout=self._silence,
                log_aggregation_interval=timedelta(0),  # nobody reads PgQueuer's statistics
            )
        finally:
            mute()
            stopping.cancel()

    def _connect(self) -> QueueConnection:
        from farthing.jobs.connection import QueueConnection

        connection = QueueConnection(self._dsn)
        self._connections.append(connection)
        return connection

    async def _disconnect(self, connection: QueueConnection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
        await connection.close()

    async def _end(self, work: Collection[asyncio.Task[Any]]) -> None:
        """Give running work its grace, then interrupt it. What was interrupted is handed back, or found by its silent heart."""
        _, late = await asyncio.wait(work, timeout=self._grace.total_seconds())
        for connection in self._connections:
            connection.give_up()
        for _ in range(INTERRUPTIONS_MAX):
            if not late:
                return
            log.warning("worker.interrupting", late=len(late))
            late = await _interrupt(late)


async def _interrupt(tasks: Collection[asyncio.Task[Any]]) -> set[asyncio.Task[Any]]:
    """Cancel, and say which went on regardless for a second."""
    for task in tasks:
        task.cancel()
    return (await asyncio.wait(tasks, timeout=1))[1]


async def _then(first: asyncio.Event, second: asyncio.Event) -> None:
    await first.wait()
    second.set()
