"""A sweep runs at its interval and at its bell, for as long as it finds something, and survives its own failures."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from tests.jobs.conftest import Working
from tests.jobs.tasks import World, until

from farthing import jobs
from farthing.db import Database
from farthing.jobs import Sweep

HOUR = timedelta(hours=1)


@dataclass(slots=True)
class Due:
    """What a sweep finds: a batch for each call, then nothing; an exception is raised instead."""

    batches: list[int | Exception] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)

    async def sweep(self, world: World) -> int:
        self.calls.append(time.monotonic())
        found = self.batches.pop(0) if self.batches else 0
        if isinstance(found, Exception):
            raise found
        return found

    async def called(self, times: int, seconds: float = 5) -> None:
        async def enough() -> bool:
            return len(self.calls) >= times

        await until(enough, seconds)


async def _ring(db: Database, bell: str) -> None:
    async with db.transaction("test") as tx:
        tx.ring(bell)


async def test_a_sweep_runs_at_the_start_and_at_its_interval(working: Working) -> None:
    due = Due()
    async with working([Sweep("due", timedelta(seconds=0.3), due.sweep)]):
        await due.called(3)
    assert 0.5 < due.calls[2] - due.calls[0] < 1.5


async def test_a_bell_runs_its_sweep_at_once_and_no_other(db: Database, working: Working) -> None:
    inbox, other = Due(), Due()
    async with working([Sweep("inbox", HOUR, inbox.sweep, "inbox"), Sweep("other", HOUR, other.sweep, "other")]):
        await asyncio.sleep(0.5)
        before = len(inbox.calls), len(other.calls)
        rung = time.monotonic()
        await _ring(db, "inbox")
        await inbox.called(before[0] + 1)
        assert inbox.calls[-1] - rung < 0.5
        assert len(other.calls) == before[1]


async def test_a_sweep_goes_on_while_it_finds_something(working: Working) -> None:
    due = Due([100, 100, 7])
    async with working([Sweep("due", HOUR, due.sweep)]):
        await due.called(4)
        await asyncio.sleep(0.2)
    assert len(due.calls) == 4


async def test_a_bell_that_rings_during_the_sweep_is_not_missed(db: Database, working: Working) -> None:
    began, calls = asyncio.Event(), 0

    async def slow(world: World) -> int:
        nonlocal calls
        calls += 1
        began.set()
        await asyncio.sleep(0.3)
        return 0

    async with working([Sweep("slow", HOUR, slow, "slow")]):
        await asyncio.sleep(1)  # the start, and the ring when the worker began to listen
        before = calls
        began.clear()
        await _ring(db, "slow")
        await began.wait()
        await _ring(db, "slow")

        async def again() -> bool:
            return calls == before + 2

        await until(again)


async def test_a_sweep_that_raises_is_logged_and_goes_on(working: Working) -> None:
    due = Due([RuntimeError("the disk is full"), 5])
    with capture_logs() as logs:
        async with working([Sweep("due", HOUR, due.sweep)]):
            await due.called(3)
    (failed,) = [line for line in logs if line["event"] == "sweep.failed"]
    assert (failed["sweep"], failed["error"]) == ("due", "RuntimeError: the disk is full")


async def test_a_sweep_that_keeps_raising_slows_down(working: Working) -> None:
    due = Due([RuntimeError("no") for _ in range(50)])
    with capture_logs() as logs:
        async with working([Sweep("due", timedelta(milliseconds=1), due.sweep)]):
            await asyncio.sleep(3)
    pauses = [line["again_in_seconds"] for line in logs if line["event"] == "sweep.failed"]
    assert 2 <= len(pauses) <= 4
    assert 1.0 <= pauses[1] <= 2.0


async def test_a_failing_sweep_does_not_hold_up_another(working: Working) -> None:
    failing, fine = Due([RuntimeError("no") for _ in range(50)]), Due()
    async with working([Sweep("failing", HOUR, failing.sweep), Sweep("fine", timedelta(seconds=0.1), fine.sweep)]):
        await fine.called(10)


@pytest.mark.covers("F126")
async def test_payments_are_looked_for_however_many_jobs_wait(db: Database, working: Working, world: World) -> None:
    inbox = Due()
    async with db.transaction("test") as tx:
        for _ in range(200):
            await jobs.schedule(tx, "sleep", seconds=1)
    async with working([Sweep("inbox", timedelta(seconds=0.1), inbox.sweep, "inbox")]):
        await inbox.called(4)
        assert (await _waiting(db)) > 100, "the jobs were gone before they could be in the way"


async def _waiting(db: Database) -> int:
    async with db.transaction("test") as tx:
        return int(await tx.value("SELECT count(*) FROM jobs WHERE status = 'queued'"))
