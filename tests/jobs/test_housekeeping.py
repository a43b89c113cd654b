"""What nobody can run becomes visible, and what is over is forgotten."""

from collections.abc import AsyncIterator

import pytest
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from psycopg import AsyncConnection
from tests.jobs.tasks import TASKS, World, counts, schedule

from farthing import jobs
from farthing.db import Database
from farthing.jobs import housekeeping
from farthing.jobs.queue import Queue


@pytest.fixture
async def queue(dsn: str) -> AsyncIterator[Queue]:
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        yield Queue(PsycopgDriver(connection))


async def _errors(db: Database) -> list[str]:
    async with db.transaction("test") as tx:
        return [job.error for job in await jobs.dead(tx)]


async def _run(db: Database, sql: str) -> None:
    async with db.connection() as connection:
        await connection.execute(sql.encode())


@pytest.mark.covers("F133")
async def test_a_job_of_an_unknown_task_is_given_time_for_a_release(db: Database, queue: Queue) -> None:
    await schedule(db, "from.the.future")
    assert await housekeeping.hold_unknown(queue.driver, TASKS.keys()) == 0
    assert await counts(db) == (1, 0, 0, 0)
    await _run(db, "UPDATE jobs SET execute_after = now() - interval '16 minutes', heartbeat = now() - interval '16 minutes'")
    assert await housekeeping.hold_unknown(queue.driver, TASKS.keys()) == 1
    assert await _errors(db) == ["UnknownTask: no worker knows the task from.the.future"]


async def test_known_jobs_are_not_held_however_old(db: Database, queue: Queue) -> None:
    await schedule(db, "note", word="old")
    await _run(db, "UPDATE jobs SET execute_after = now() - interval '1 year', heartbeat = now() - interval '1 year'")
    assert await housekeeping.hold_unknown(queue.driver, TASKS.keys()) == 0
    assert await housekeeping.hold_crashing(queue.driver) == 0
    assert await counts(db) == (1, 0, 0, 0)


async def test_a_job_that_takes_its_worker_down_is_held(db: Database, queue: Queue) -> None:
    await schedule(db, "note", word="poison")
    for _ in range(housekeeping.CRASHES_MAX):
        assert len(await queue.claim(TASKS.keys(), 1)) == 1
    assert await housekeeping.hold_crashing(queue.driver) == 0
    assert len(await queue.claim(TASKS.keys(), 1)) == 1
    assert await housekeeping.hold_crashing(queue.driver) == 1
    assert await _errors(db) == ["WorkerDied: its workers died 10 times while they ran it"]


async def test_a_held_job_that_is_retried_has_all_its_lives_again(db: Database, world: World, queue: Queue) -> None:
    await schedule(db, "note", word="cured")
    for _ in range(housekeeping.CRASHES_MAX + 1):
        await queue.claim(TASKS.keys(), 1)
    await housekeeping.hold_crashing(queue.driver)
    async with db.transaction("staff") as tx:
        (job,) = await jobs.dead(tx)
        await jobs.retry(tx, job.id)
    await queue.claim(TASKS.keys(), 1)
    assert await housekeeping.hold_crashing(queue.driver) == 0
    await jobs.drain(db, world, TASKS)
    assert await world.notes() == ["cured"]


async def test_the_log_forgets_the_done_and_keeps_the_dead(db: Database, world: World, queue: Queue) -> None:
    await schedule(db, "note", word="done")
    await schedule(db, "refuse")
    await jobs.drain(db, world, TASKS)
    assert await housekeeping.trim_log(queue.driver) == 0
    await _run(db, "UPDATE jobs_log SET created = created - interval '25 hours'")
    assert await housekeeping.trim_log(queue.driver) == 2
    assert await _errors(db) == ["Conflict: order_1 is already paid"]


async def test_our_tables_are_those_of_pgqueuer(queue: Queue) -> None:
    """After an upgrade of PgQueuer this test tells what the next migration has to do."""
    plan = await queue.plan_upgrade()
    assert [" ".join(statement.split()[:3]) for statement in plan.statements] == [
        "CREATE TABLE farthing.jobs_schedules",
        "CREATE FUNCTION farthing.jobs_changed()",
        "CREATE TRIGGER jobs_changed",
    ]
