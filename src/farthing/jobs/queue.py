"""PgQueuer as we use it: our names for its tables, our retries, our errors.

Everything is named here, because PgQueuer takes what is not named from environment variables as common as `CHANNEL`, and a
host may use PgQueuer itself.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from typing import Final
from uuid import uuid4

import structlog
from pgqueuer.adapters.persistence import qb
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core import buffers, executors
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain import models
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import JOB_STATUS, Channel, JobId, QueueEntrypoint, QueueManagerId
from pgqueuer.ports.driver import Driver
from pgqueuer.ports.repository import EntrypointExecutionParameter

from farthing.jobs.attempt import Task, W, attempt
from farthing.jobs.connection import QueueConnection
from farthing.jobs.retries import Again, Dead, Failure

LOOK_EVERY: Final = timedelta(seconds=1)
"""How often an idle worker looks without being rung."""

HANDED_BACK_FOR: Final = timedelta(seconds=1)

SETTINGS: Final = DBSettings(
    prefix="",
    db_schema="farthing",
    channel=Channel("farthing_jobs"),
    function="jobs_changed",
    trigger="jobs_changed",
    statistics_table="jobs_statistics",
    queue_status_type="job_status",
    queue_table="jobs",
    queue_table_log="jobs_log",
    schedules_table="jobs_schedules",
    durability=Durability.durable,
)

log = structlog.get_logger()

Resolved = tuple[models.Job, JOB_STATUS, models.TracebackRecord | None]


class Died(Exception):
    """Ends a job without another attempt."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


class Queue(Queries):
    """PgQueuer's statements on our tables."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(
            driver,
            qbe=qb.QueryBuilderEnvironment(SETTINGS),
            qbq=qb.QueryQueueBuilder(SETTINGS),
            qbs=qb.QuerySchedulerBuilder(SETTINGS),
        )

    async def log_jobs(self, job_status: list[Resolved]) -> None:
        """Finish jobs. One whose asyncio task was canceled is not finished: its worker stops, and another one runs it.

        PgQueuer deletes such jobs, for it cannot know that nobody here cancels a job on purpose.
        """
        finished = [row for row in job_status if row[1] != "canceled"]
        if finished:
            await super().log_jobs(finished)
        if stopped := [job for job, status, _ in job_status if status == "canceled"]:
            await self._hand_back(stopped)
        if isinstance(self.driver, QueueConnection):
            self.driver.wake()  # there are free seats now

    async def retry_job(self, job: models.Job, delay: timedelta, traceback_record: models.TracebackRecord | None) -> None:
        """Without the traceback: what a task raised is logged, and only its class and message are stored."""
        kept = traceback_record and traceback_record.model_copy(update={"traceback": "", "additional_context": None})
        await super().retry_job(job, delay, kept)

    async def _hand_back(self, stopped: list[models.Job]) -> None:
        await self.driver.execute(
            """
            UPDATE farthing.jobs
            SET status = 'queued', queue_manager_id = NULL, execute_after = now() + $3::interval
            WHERE id = ANY($1::bigint[]) AND status = 'picked' AND queue_manager_id = $2
            """,
            [job.id for job in stopped],
            stopped[0].queue_manager_id,
            HANDED_BACK_FOR,
        )

    async def claim(self, tasks: Iterable[str], most: int) -> list[models.Job]:
        """What is ready now, and what any other worker left behind, however recently."""
        return await self.dequeue(
            batch_size=most,
            entrypoints={QueueEntrypoint(name): EntrypointExecutionParameter(concurrency_limit=0) for name in tasks},
            queue_manager_id=QueueManagerId(uuid4()),
            global_concurrency_limit=None,
            heartbeat_timeout=timedelta(0),
        )

    async def run(self, world: W, tasks: Mapping[str, Task[W]], job: models.Job) -> Again | Dead | None:
        """Run a claimed job and write down at once what became of it."""
        outcome = await attempted(world, tasks, job)
        match outcome:
            case None:
                await self.log_jobs([(job, "successful", None)])
            case Again(delay, failure):
                await self.retry_job(job, delay, record(job.id, failure))
            case Dead(failure):
                await self.log_jobs([(job, "failed", record(job.id, failure))])
        return outcome

    async def bring_forward(self) -> None:
        """Retries that wait for their time need not wait any longer."""
        await self.driver.execute(
            "UPDATE farthing.jobs SET execute_after = now() WHERE status = 'queued' AND execute_after > now()"
        )


class Manager(QueueManager):
    """PgQueuer's loop: claims jobs, runs them, beats their hearts, finishes them in batches."""

    async def log_failure(
        self,
        job: models.Job,
        executor: executors.AbstractEntrypointExecutor,
        exc: Exception,
        jbuff: buffers.JobStatusLogBuffer,
    ) -> None:
        """Keep the failure alone: PgQueuer would store and log the whole traceback, with all that was said in it.

        What is not `Died` is a retry that could not be written: the row stays as it is, and runs again by itself.
        """
        if isinstance(exc, Died):
            await jbuff.add((job, "failed", record(job.id, exc.failure)))
        else:
            log.warning("job.retry_not_written", job=job.id, task=job.entrypoint, error=type(exc).__name__)


def manager(connection: QueueConnection, world: W, tasks: Mapping[str, Task[W]]) -> Manager:
    manager = Manager(Queue(connection), channel=SETTINGS.channel)
    for name in tasks:
        manager.entrypoint(name, on_failure="hold", accepts_context=False)(_runner(world, tasks))
    return manager


def _runner(world: W, tasks: Mapping[str, Task[W]]) -> Callable[[models.Job], Awaitable[None]]:
    async def run(job: models.Job) -> None:
        match await attempted(world, tasks, job):
            case Again(delay, failure):
                raise RetryRequested(delay, str(failure))
            case Dead(failure):
                raise Died(failure)
            case None:
                return

    return run


async def attempted(world: W, tasks: Mapping[str, Task[W]], job: models.Job) -> Again | Dead | None:
    payload = job.payload or b"{}"
    return await attempt(world, tasks, id=job.id, name=job.entrypoint, payload=payload, attempts=job.attempts)


def record(job: JobId, failure: Failure) -> models.TracebackRecord:
    return models.TracebackRecord(
        job_id=job,
        timestamp=models.utc_now(),
        exception_type=failure.kind,
        exception_message=str(failure),
        traceback="",
        additional_context=None,
    )
