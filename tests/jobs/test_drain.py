"""Draining: everything that is due runs here and now, with what became of it written down."""

import pytest
from tests.jobs.tasks import TASKS, World, counts, schedule, stored

from farthing import jobs
from farthing.db import Database
from farthing.errors import Conflict, NotFound
from farthing.jobs import Drained
from farthing.jobs.retries import ATTEMPTS_MAX


async def test_what_a_job_schedules_runs_too(db: Database, world: World) -> None:
    await schedule(db, "chain", left=3)
    assert await jobs.drain(db, world, TASKS) == Drained(done=4)
    assert await world.notes() == ["3", "2", "1", "0"]
    assert await counts(db) == (0, 0, 0, 0)


async def test_jobs_run_in_the_order_they_were_scheduled(db: Database, world: World) -> None:
    for word in "abc":
        await schedule(db, "note", word=word)
    await jobs.drain(db, world, TASKS)
    assert await world.notes() == ["a", "b", "c"]


async def test_a_failed_job_waits_for_its_next_attempt(db: Database, world: World) -> None:
    await schedule(db, "stumble", times=1)
    assert await jobs.drain(db, world, TASKS) == Drained(again=1)
    assert await counts(db) == (0, 0, 1, 0)
    assert await jobs.drain(db, world, TASKS) == Drained()
    assert await jobs.drain(db, world, TASKS, ignore_delays=True) == Drained(done=1)
    assert await counts(db) == (0, 0, 0, 0)


@pytest.mark.covers("F124")
async def test_a_job_that_keeps_failing_dies_and_can_be_run_again(db: Database, world: World) -> None:
    await schedule(db, "stumble", times=ATTEMPTS_MAX)
    assert await jobs.drain(db, world, TASKS, ignore_delays=True) == Drained(again=ATTEMPTS_MAX - 1, dead=1)
    async with db.transaction("test") as tx:
        (dead,) = await jobs.dead(tx)
        await jobs.retry(tx, dead.id)
    assert (dead.task, dead.args, dead.attempts) == ("stumble", {"times": ATTEMPTS_MAX}, ATTEMPTS_MAX)
    assert dead.error == "ProviderUnavailable: no answer"
    assert await counts(db) == (1, 0, 0, 0)
    assert await jobs.drain(db, world, TASKS) == Drained(done=1)


async def test_a_refusal_ends_a_job_at_once(db: Database, world: World) -> None:
    await schedule(db, "refuse")
    assert await jobs.drain(db, world, TASKS, ignore_delays=True) == Drained(dead=1)
    assert await world.notes() == ["refused"]
    async with db.transaction("test") as tx:
        assert [job.error for job in await jobs.dead(tx)] == ["Conflict: order_1 is already paid"]


async def test_a_dead_job_is_discarded_once(db: Database, world: World) -> None:
    await schedule(db, "refuse")
    await jobs.drain(db, world, TASKS)
    async with db.transaction("staff") as tx:
        (job,) = await jobs.dead(tx)
        await jobs.discard(tx, job.id, "paid by hand")
        with pytest.raises(NotFound, match=f"no job {job.id}"):
            await jobs.discard(tx, job.id, "paid by hand")
    assert await counts(db) == (0, 0, 0, 0)


async def test_only_the_dead_are_retried_or_discarded(db: Database, dsn: str) -> None:
    await schedule(db, "note", word="alive")
    before = await stored(dsn)
    async with db.transaction("staff") as tx:
        id = int(await tx.value("SELECT id FROM jobs"))
        with pytest.raises(Conflict, match="waiting for its turn, not dead"):
            await jobs.retry(tx, id)
        with pytest.raises(Conflict, match="waiting for its turn, not dead"):
            await jobs.discard(tx, id, "no reason")
        with pytest.raises(NotFound):
            await jobs.retry(tx, id + 1)
    assert await stored(dsn) == before


async def test_a_job_of_an_unknown_task_is_held(db: Database, world: World) -> None:
    await schedule(db, "from.the.future", order="order_1")
    assert await jobs.drain(db, world, TASKS) == Drained(dead=1)
    async with db.transaction("test") as tx:
        (job,) = await jobs.dead(tx)
    assert job.args == {"order": "order_1"}
    assert job.error == "UnknownTask: no worker knows the task from.the.future"


async def test_the_row_that_an_error_quotes_is_not_stored(db: Database, world: World, dsn: str) -> None:
    await schedule(db, "collide")
    await jobs.drain(db, world, TASKS)
    kept = await stored(dsn)
    assert "UniqueViolation: duplicate key value violates unique constraint" in kept
    assert "jenny@example.com" not in kept


async def test_counts_tell_how_long_the_oldest_has_waited(db: Database) -> None:
    await schedule(db, "note", word="old")
    async with db.transaction("test") as tx:
        await tx.run("UPDATE jobs SET execute_after = now() - interval '1 hour'")
        found = await jobs.counts(tx)
    assert found.ready == 1
    assert found.oldest is not None
    assert 3600 <= found.oldest.total_seconds() < 3660
