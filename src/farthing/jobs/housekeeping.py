"""What keeps the queue honest: jobs that nobody can run become visible, and the log does not grow for ever."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from farthing.jobs.sweeps import Sweep

if TYPE_CHECKING:
    from pgqueuer.ports.driver import Driver

UNKNOWN_AFTER: Final = timedelta(minutes=15)
"""While a release is rolled out, old workers meet jobs that only new ones know."""

CRASHES_MAX: Final = 10
"""A job that was begun so often without an end takes its worker down with it."""

LOG_KEPT: Final = timedelta(days=1)
LOG_BATCH: Final = 5_000


def sweeps(tasks: Collection[str]) -> list[Sweep[Driver]]:
    return [
        Sweep("jobs.unknown", timedelta(minutes=1), lambda queue: hold_unknown(queue, tasks)),
        Sweep("jobs.crashing", timedelta(seconds=30), hold_crashing),
        Sweep("jobs.log", timedelta(hours=1), trim_log),
    ]


async def hold_unknown(queue: Driver, tasks: Collection[str], after: timedelta = UNKNOWN_AFTER) -> int:
    """A job whose task no worker knows is held as dead: never lost, never run as something else.

    It asks this worker for all of them, so every worker is given every task.
    """
    if not tasks:
        return 0
    return await _hold(
        queue,
        """
        SELECT id, 'UnknownTask' AS kind, 'no worker knows the task ' || entrypoint AS message FROM farthing.jobs
        WHERE status IN ('queued', 'picked') AND entrypoint <> ALL($1::text[])
            AND greatest(execute_after, heartbeat) <= now() - $2::interval
        """,
        list(tasks),
        after,
    )


async def hold_crashing(queue: Driver) -> int:
    """A job that was picked up again and again since it last failed or was queued: its workers died of it."""
    return await _hold(
        queue,
        """
        SELECT id, 'WorkerDied' AS kind, 'its workers died ' || $1::bigint || ' times while they ran it' AS message
        FROM farthing.jobs
        WHERE status = 'picked' AND $1::bigint < (
            SELECT count(*) FROM farthing.jobs_log AS picked
            WHERE picked.job_id = jobs.id AND picked.status = 'picked' AND picked.id > (
                SELECT coalesce(max(queued.id), 0) FROM farthing.jobs_log AS queued
                WHERE queued.job_id = jobs.id AND queued.status = 'queued'
            )
        )
        """,
        CRASHES_MAX,
    )


async def _hold(queue: Driver, which: str, *args: object) -> int:
    """`which` is one of the two statements above: id, kind and message of what nobody can run."""
    held = await queue.fetch(
        f"""
        WITH held AS (
            UPDATE farthing.jobs SET status = 'failed', updated = now(), queue_manager_id = NULL
            FROM ({which}) AS which
            WHERE jobs.id = which.id AND jobs.status IN ('queued', 'picked')
            RETURNING jobs.id, jobs.entrypoint, jobs.priority, which.kind, which.message
        )
        INSERT INTO farthing.jobs_log (job_id, status, entrypoint, priority, traceback)
        SELECT id, 'failed', entrypoint, priority, jsonb_build_object(
            'job_id', id, 'timestamp', now(), 'exception_type', kind, 'exception_message', kind || ': ' || message,
            'traceback', '', 'additional_context', NULL
        )
        FROM held
        RETURNING job_id
        """,  # noqa: S608
        *args,
    )
    return len(held)


async def trim_log(queue: Driver) -> int:
    """Forget how finished jobs went. What is dead keeps its story for as long as it is there."""
    gone = await queue.fetch(
        """
        DELETE FROM farthing.jobs_log
        WHERE id IN (
            SELECT id FROM farthing.jobs_log AS old
            WHERE created < now() - $1::interval AND NOT EXISTS (SELECT FROM farthing.jobs WHERE jobs.id = old.job_id)
            ORDER BY created
            LIMIT $2
        )
        RETURNING id
        """,
        LOG_KEPT,
        LOG_BATCH,
    )
    return len(gone)
