"""One run of one job: the task is called, and what it raised is turned into what becomes of the job."""

import asyncio
import random
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

import orjson
import structlog

from farthing.jobs.retries import Again, Dead, after

W = TypeVar("W")
Args = dict[str, str | int]
Task = Callable[[W, Args], Awaitable[None]]
"""Runs with no transaction open, at least once: again after a failure, and again if its worker died in the middle."""

RUN_SECONDS_MAX: Final = 300
"""A job that hangs would keep its seat for ever."""

log = structlog.get_logger()


async def attempt(
    world: W, tasks: Mapping[str, Task[W]], *, id: int, name: str, payload: bytes, attempts: int
) -> Again | Dead | None:
    """None where the job is done. Never raises, except where the worker itself is stopped."""
    try:
        async with asyncio.timeout(RUN_SECONDS_MAX):
            await tasks[name](world, orjson.loads(payload))
    # Whatever a task raises, the worker goes on.
    except Exception as error:  # noqa: BLE001
        outcome = after(error, attempts, random.random())  # noqa: S311
        _report(outcome, error, job=id, task=name, attempt=attempts + 1)
        return outcome
    return None


def _report(outcome: Again | Dead, error: Exception, **fields: object) -> None:
    # Code lines only: a formatted exception would repeat messages, and pretty ones show the variables.
    where = "".join(traceback.format_tb(error.__traceback__))
    match outcome:
        case Again(delay, failure):
            log.warning("job.failed", **fields, error=str(failure), again_in_seconds=delay.total_seconds(), traceback=where)
        case Dead(failure):
            log.error("job.dead", **fields, error=str(failure), traceback=where)
