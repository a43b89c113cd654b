"""Whatever is killed, no job is lost: a worker in the middle of a job, or PostgreSQL under a working worker."""

import os
import signal
import subprocess
import sys
import time
from asyncio import Event, create_task
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.jobs.conftest import Working
from tests.jobs.tasks import TASKS, World, counts, schedule, until, until_counts, until_notes

from farthing.db import Database, migrate
from farthing.db.embedded import EmbeddedPostgres
from farthing.errors import DatabaseUnavailable
from farthing.jobs import Worker
from farthing.jobs.worker import SILENCE_MAX

ROOT = Path(__file__).parents[2]
FOUND_WITHIN = 15
"""Seconds until a killed worker's job runs again."""

# A worker obeys its own settings only: a host may use PgQueuer itself, and has an environment of its own.
FOREIGN = {"PGQUEUER_PREFIX": "host_", "PGQUEUER_SCHEMA": "host", "QUEUE_TABLE": "host_jobs", "CHANNEL": "host"}

Start = Callable[..., "subprocess.Popen[bytes]"]
SOON = timedelta(seconds=2)
"""How soon the impatient workers of these tests think that another one is dead."""


@pytest.fixture
def start_worker(dsn: str) -> Iterator[Start]:
    """Starts workers as processes of their own; those that still live at the end are killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start(silence: timedelta = SILENCE_MAX) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.jobs.worker_process", dsn, str(silence.total_seconds())]
        started.append(subprocess.Popen(command, cwd=ROOT, env=os.environ | FOREIGN, stdout=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.covers("F122")
async def test_a_killed_workers_job_is_run_by_another_worker(
    db: Database, world: World, start_worker: Start, working: Working
) -> None:
    victim = start_worker()
    await schedule(db, "sleep", seconds=1)
    await until_notes(world, "began")
    async with working():
        victim.kill()
        killed = time.monotonic()
        await until_notes(world, "began", "began", seconds=60)
        assert time.monotonic() - killed < FOUND_WITHIN
        await until_notes(world, "began", "began", "ended")
        await until_counts(db, 0, 0, 0, 0)


async def test_a_killed_workers_job_is_run_by_its_successor(db: Database, world: World, start_worker: Start) -> None:
    victim = start_worker(SOON)
    await schedule(db, "sleep", seconds=1)
    await schedule(db, "sleep", seconds=1)
    await until_notes(world, "began", "began")
    victim.kill()
    victim.wait()
    assert await counts(db) == (0, 2, 0, 0)
    killed = time.monotonic()
    start_worker(SOON)
    await until_counts(db, 0, 0, 0, 0)
    assert time.monotonic() - killed < 2 * SOON.total_seconds() + 4
    assert sorted(await world.notes()) == ["began"] * 4 + ["ended"] * 2


@pytest.mark.covers("F123", "F54")
async def test_a_long_job_of_a_living_worker_is_not_taken_away(
    db: Database, world: World, start_worker: Start, working: Working
) -> None:
    start_worker(SOON)
    await schedule(db, "sleep", seconds=5)
    await until_notes(world, "began")
    async with working(silence=SOON):
        await until_notes(world, "began", "ended")
        await until_counts(db, 0, 0, 0, 0)
    assert await world.notes() == ["began", "ended"]


class Server:
    """A PostgreSQL of this test alone, that can be killed; its supervisor starts it again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.postgres = EmbeddedPostgres(home)

    def kill(self) -> None:
        lines = (self.home / "pg18" / "postmaster.pid").read_text().splitlines()
        os.kill(int(lines[0]), signal.SIGKILL)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "own")
    with server.postgres:
        yield server


@pytest.fixture
async def own_world(server: Server) -> AsyncIterator[World]:
    migrate.upgrade(server.postgres.dsn())
    database = Database(server.postgres.dsn())
    await database.open()
    async with database.connection() as connection:
        await connection.execute("CREATE TABLE notes (id bigserial, word text)")
    yield World(database)
    await database.close()


async def test_a_worker_outlives_its_database(server: Server, own_world: World) -> None:
    db, stop = own_world.db, Event()
    worker = create_task(Worker(server.postgres.dsn(), own_world, TASKS).run(stop))
    await schedule(db, "sleep", seconds=2)
    await until_notes(own_world, "began")
    server.kill()

    async def scheduled() -> bool:
        await schedule(db, "note", word="afterwards")
        return True

    async def ran() -> bool:
        return "afterwards" in await own_world.notes() and await counts(db) == (0, 0, 0, 0)

    await until(patiently(scheduled), seconds=30)
    await until(patiently(ran), seconds=30)
    assert "ended" in await own_world.notes()
    began = time.monotonic()
    await schedule(db, "note", word="rung")
    await until_noted(own_world, "rung")
    assert time.monotonic() - began < 0.8  # the bell is heard again
    stop.set()
    await worker


def patiently(true: Callable[[], Awaitable[bool]]) -> Callable[[], Awaitable[bool]]:
    """Not yet, where the database is away: each connection of a pool notices for itself."""

    async def asked() -> bool:
        try:
            return await true()
        except DatabaseUnavailable:
            return False

    return asked


async def until_noted(world: World, note: str) -> None:
    async def noted() -> bool:
        return note in await world.notes()

    await until(noted)


@pytest.mark.covers("F79")
async def test_a_worker_waits_for_a_database_that_is_not_there_yet(server: Server) -> None:
    """Neither the schema, at first; the worker starts by itself when it is there."""
    dsn, stop = server.postgres.dsn(), Event()
    database = Database(dsn)
    world = World(database)
    worker = create_task(Worker(dsn, world, TASKS).run(stop))
    server.kill()
    await database.open()
    migrate.upgrade(dsn)
    async with database.connection() as connection:
        await connection.execute("CREATE TABLE notes (id bigserial, word text)")
    await schedule(database, "note", word="at last")
    await until_notes(world, "at last", seconds=15)
    stop.set()
    await worker
    await database.close()


async def test_a_worker_stops_in_time_while_the_database_is_away(server: Server, own_world: World) -> None:
    stop = Event()
    worker = create_task(Worker(server.postgres.dsn(), own_world, TASKS, grace=timedelta(seconds=1)).run(stop))
    await schedule(own_world.db, "note", word="before")
    await until_notes(own_world, "before")
    server.postgres.stop()
    stop.set()
    began = time.monotonic()
    await worker
    assert time.monotonic() - began < 4
