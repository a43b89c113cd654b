"""Workers for the tests of this room."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

import pytest
from tests.jobs.tasks import TASKS, World

from farthing.db import Database
from farthing.jobs import Sweep, Worker

Working = Callable[..., AbstractAsyncContextManager[asyncio.Task[None]]]


@pytest.fixture
async def world(db: Database) -> World:
    async with db.connection() as connection:
        await connection.execute("CREATE TABLE notes (id bigserial, word text)")
    return World(db)


@pytest.fixture
def working(dsn: str, world: World) -> Working:
    """`async with working():` a worker runs inside, and stops in good order at the end."""

    @asynccontextmanager
    async def work(
        sweeps: Sequence[Sweep[World]] = (),
        *,
        concurrency: int = 10,
        grace: timedelta = timedelta(seconds=10),
        silence: timedelta = timedelta(seconds=10),
    ) -> AsyncIterator[asyncio.Task[None]]:
        stop = asyncio.Event()
        worker = Worker(dsn, world, TASKS, sweeps, concurrency=concurrency, grace=grace, silence=silence)
        task = asyncio.create_task(worker.run(stop))
        yield task
        stop.set()
        await asyncio.wait([task])
        assert task.cancelled() or task.exception() is None

    return work
