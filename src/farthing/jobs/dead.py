"""Dead jobs: what failed for good stays where staff can see it, run it again or throw it away with a reason."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson
import structlog

from farthing.db import Row, Transaction
from farthing.errors import Conflict, NotFound
from farthing.jobs.attempt import Args
from farthing.jobs.schedule import BELL

SHOWN_MAX: Final = 200
REASON_MAX: Final = 500

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DeadJob:
    """`error` is the class and message of the last exception."""

    id: int
    task: str
    args: Args
    attempts: int
    error: str
    scheduled_at: datetime
    died_at: datetime


async def dead(tx: Transaction) -> list[DeadJob]:
    """The dead, last died first, at most 200 of them."""
    return await tx.all(
        _build,
        """
        SELECT id, entrypoint, payload, attempts, created, updated, (
            SELECT traceback ->> 'exception_message' FROM jobs_log
            WHERE job_id = jobs.id AND jobs_log.status = 'failed'
            ORDER BY jobs_log.id DESC LIMIT 1
        ) AS error
        FROM jobs
        WHERE status = 'failed'
        ORDER BY updated DESC, id DESC
        LIMIT %(most)s
        """,
        most=SHOWN_MAX,
    )


async def retry(tx: Transaction, id: int) -> None:
    """Run a dead job again, with all its attempts before it."""
    touched = await tx.run(
        """
        WITH again AS (
            UPDATE jobs SET status = 'queued', attempts = 0, execute_after = now(), updated = now(), queue_manager_id = NULL
            WHERE id = %(id)s AND status = 'failed'
            RETURNING id, entrypoint, priority
        )
        INSERT INTO jobs_log (job_id, status, entrypoint, priority) SELECT id, 'queued', entrypoint, priority FROM again
        """,
        id=id,
    )
    if not touched:
        await _refuse(tx, id)
    tx.ring(BELL)
    log.info("job.retried", job=id, actor=tx.actor)


async def discard(tx: Transaction, id: int, reason: str) -> None:
    """Throw a dead job away: what it should have done will not be done. The caller records who wanted that."""
    touched = await tx.run("DELETE FROM jobs WHERE id = %(id)s AND status = 'failed'", id=id)
    if not touched:
        await _refuse(tx, id)
    log.warning("job.discarded", job=id, actor=tx.actor, reason=reason[:REASON_MAX])


async def _refuse(tx: Transaction, id: int) -> None:
    status = await tx.value("SELECT status::text FROM jobs WHERE id = %(id)s", id=id)
    if status is None:
        raise NotFound(f"There is no job {id}: it is done, or was discarded.")
    raise Conflict(f"Job {id} is {'running' if status == 'picked' else 'waiting for its turn'}, not dead.")


def _build(row: Row) -> DeadJob:
    return DeadJob(
        id=row["id"],
        task=row["entrypoint"],
        args=orjson.loads(row["payload"] or b"{}"),
        attempts=row["attempts"] + 1,
        error=row["error"] or "",
        scheduled_at=row["created"],
        died_at=row["updated"],
    )
