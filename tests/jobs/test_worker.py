"""A worker runs what is scheduled, a few at a time, and stops without losing anything."""

import asyncio
import time
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from tests.jobs.conftest import Working
from tests.jobs.tasks import World, counts, schedule, stored, until, until_counts, until_notes

from farthing import jobs
from farthing.db import Database

NOTHING_LEFT = (0, 0, 0, 0)


async def test_a_job_runs_soon_after_its_commit(db: Database, world: World, working: Working) -> None:
    async with working():
        await schedule(db, "note", word="first")
        await until_notes(world, "first")
        began = time.monotonic()
        await schedule(db, "note", word="second")
        await until_notes(world, "first", "second")
        assert time.monotonic() - began < 0.5  # rung, not found by looking once a second
        await until_counts(db, *NOTHING_LEFT)


async def test_a_job_runs_though_nobody_rang(db: Database, world: World, working: Working) -> None:
    async with working():
        await asyncio.sleep(0.5)
        async with db.transaction("test") as tx:
            await tx.run(
                """
                INSERT INTO jobs (priority, status, entrypoint, payload)
                VALUES (0, 'queued', 'note', '{"word": "quiet"}')
                """
            )
        await until_notes(world, "quiet", seconds=3)


async def test_what_was_scheduled_before_the_worker_came_runs(db: Database, world: World, working: Working) -> None:
    await schedule(db, "chain", left=2)
    async with working():
        await until_notes(world, "2", "1", "0")


async def test_a_failed_job_is_run_again_by_itself(db: Database, world: World, working: Working) -> None:
    await schedule(db, "stumble", times=1)
    async with working():
        await until_counts(db, 0, 0, 1, 0)
        await until_notes(world, "stumbled", "stumbled")
        await until_counts(db, *NOTHING_LEFT)


async def test_a_refused_job_is_dead_and_the_worker_goes_on(db: Database, world: World, working: Working, dsn: str) -> None:
    await schedule(db, "refuse")
    await schedule(db, "note", word="after")
    async with working():
        await until_counts(db, 0, 0, 0, 1)
        assert sorted(await world.notes()) == ["after", "refused"], "both ran, whichever came first"
    async with db.transaction("test") as tx:
        assert [job.error for job in await jobs.dead(tx)] == ["Conflict: order_1 is already paid"]
    assert "Traceback" not in await stored(dsn)


async def test_a_failure_is_logged_with_its_place_but_without_what_it_quotes(db: Database, working: Working) -> None:
    await schedule(db, "collide")
    with capture_logs() as logs:
        async with working():
            await until_counts(db, 0, 0, 1, 0)
    (failed,) = [line for line in logs if line["event"] == "job.failed"]
    assert "in collide" in failed["traceback"]
    assert failed["error"].startswith("UniqueViolation: duplicate key value")
    assert "jenny@example.com" not in str(logs)


@pytest.mark.covers("F128")
async def test_no_more_jobs_run_at_once_than_allowed(db: Database, world: World, working: Working) -> None:
    for _ in range(12):
        await schedule(db, "sleep", seconds=1)
    async with working(concurrency=4):
        await until_counts(db, 8, 4, 0, 0)
        await asyncio.sleep(0.5)
        assert await world.notes() == ["began"] * 4
        await until_counts(db, *NOTHING_LEFT)
    assert sorted(await world.notes()) == ["began"] * 12 + ["ended"] * 12


@pytest.mark.covers("F43")
async def test_two_workers_never_run_the_same_job(db: Database, world: World, working: Working) -> None:
    words = [f"word-{number:03}" for number in range(100)]
    for word in words:
        await schedule(db, "note", word=word)
    async with working(), working():
        await until_counts(db, *NOTHING_LEFT)
    assert sorted(await world.notes()) == words


@pytest.mark.covers("F129")
async def test_a_running_job_is_finished_before_the_worker_stops(db: Database, world: World, working: Working) -> None:
    await schedule(db, "sleep", seconds=1)
    async with working():
        await until_notes(world, "began")
    assert await world.notes() == ["began", "ended"]
    assert await counts(db) == NOTHING_LEFT


async def test_a_job_that_outlasts_the_grace_is_handed_back(db: Database, world: World, working: Working) -> None:
    await schedule(db, "sleep", seconds=2)
    began = time.monotonic()
    async with working(grace=timedelta(seconds=0.2)):
        await until_notes(world, "began")
    assert time.monotonic() - began < 2
    assert sum(await counts(db)) == 1
    async with working():
        await until_notes(world, "began", "began", "ended")
    assert await counts(db) == NOTHING_LEFT


async def test_a_canceled_worker_stops_as_one_that_was_asked_to(db: Database, world: World, working: Working) -> None:
    async with working() as task:
        await schedule(db, "sleep", seconds=1)
        await until_notes(world, "began")
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert await world.notes() == ["began", "ended"]
        assert await counts(db) == NOTHING_LEFT


async def test_an_idle_worker_stops_at_once(working: Working) -> None:
    async with working():
        await asyncio.sleep(0.3)
        began = time.monotonic()
    assert time.monotonic() - began < 0.5


async def test_the_worker_leaves_no_connection_behind(db: Database, working: Working) -> None:
    async def connected() -> int:
        async with db.transaction("test") as tx:
            return int(
                await tx.value(
                    """
                    SELECT count(*) FROM pg_stat_activity
                    WHERE application_name = 'farthing-worker' AND datname = current_database()
                    """
                )
            )

    async def three() -> bool:
        return await connected() == 3

    async def none() -> bool:
        return await connected() == 0

    async with working():
        await until(three)
    await until(none)
