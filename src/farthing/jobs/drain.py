"""`drain`: run everything that is due, here and now, one after the other; for tests and one-off commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, cast

from farthing.db import Database
from farthing.jobs import housekeeping
from farthing.jobs.attempt import Task, W
from farthing.jobs.retries import Again, Dead

if TYPE_CHECKING:
    import psycopg

    from farthing.jobs.queue import Queue

BATCH: Final = 50


@dataclass(slots=True)
class Drained:
    """How the runs ended. A job that failed and then succeeded counts in both."""

    done: int = 0
    again: int = 0
    dead: int = 0


async def drain(database: Database, world: W, tasks: Mapping[str, Task[W]], *, ignore_delays: bool = False) -> Drained:
    """Until nothing is due, including what the jobs themselves schedule; with `ignore_delays` also what waits for a retry.

    Takes over what any other worker is running: use it only where there is none. A job of an unknown task is held as dead.
    """
    from pgqueuer.adapters.drivers.psycopg import PsycopgDriver

    from farthing.jobs.queue import Queue

    drained = Drained()
    async with database.connection() as connection:
        queue = Queue(PsycopgDriver(cast("psycopg.AsyncConnection", connection)))
        while await _round(queue, world, tasks, drained, ignore_delays=ignore_delays):
            pass
        drained.dead += await housekeeping.hold_unknown(queue.driver, tasks.keys(), timedelta(0))
    return drained


async def _round(queue: Queue, world: W, tasks: Mapping[str, Task[W]], drained: Drained, *, ignore_delays: bool) -> bool:
    """Run one batch; False where nothing was due."""
    if ignore_delays:
        await queue.bring_forward()
    claimed = await queue.claim(tasks.keys(), BATCH)
    for job in claimed:
        match await queue.run(world, tasks, job):
            case None:
                drained.done += 1
            case Again():
                drained.again += 1
            case Dead():
                drained.dead += 1
    return bool(claimed)
