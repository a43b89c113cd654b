"""Sweeps: work that looks for what is due, again and again, and at once when its bell rings.

A timer is a column in the business rows. The sweep claims what is due with `FOR UPDATE SKIP LOCKED`, so any number of
workers may sweep at the same time.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Generic, TypeVar

import structlog

from farthing.jobs.bells import Bells
from farthing.jobs.direct import pauses
from farthing.jobs.retries import describe

W = TypeVar("W")

ROUNDS_MAX: Final = 1_000
"""Rounds without a pause: a sweep that always finds more must not burn a processor for ever."""

ROUND_SECONDS_MAX: Final = 300
PAUSE_MAX: Final = 60.0
"""Seconds to the next try of a sweep that keeps failing."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sweep(Generic[W]):
    """`work` does a batch of what is due and says how much that was; while it is not 0, it is called again at once."""

    name: str
    every: timedelta
    work: Callable[[W], Awaitable[int]]
    bell: str | None = None


async def keep_sweeping(sweep: Sweep[W], world: W, bells: Bells, stop: asyncio.Event) -> None:
    """Until `stop`. An exception is logged and the sweep goes on, slower and slower while it keeps failing."""
    rung = asyncio.Event()
    mute = bells.on(sweep.bell, rung.set) if sweep.bell else lambda: None
    waits = pauses(1.0, PAUSE_MAX)
    while not stop.is_set():
        rung.clear()
        try:
            await _sweep(sweep, world, stop)
        # Whatever a sweep raises, the worker goes on.
        except Exception as error:  # noqa: BLE001
            await wait(_report(sweep, error, waits), stop)
        else:
            waits = pauses(1.0, PAUSE_MAX)
            await wait(sweep.every.total_seconds(), stop, rung)
    mute()


async def _sweep(sweep: Sweep[W], world: W, stop: asyncio.Event) -> None:
    for _ in range(ROUNDS_MAX):
        async with asyncio.timeout(ROUND_SECONDS_MAX):
            found = await sweep.work(world)
        if not found or stop.is_set():
            return
    log.warning("sweep.paused", sweep=sweep.name, rounds=ROUNDS_MAX)


def _report(sweep: Sweep[W], error: Exception, waits: Iterator[float]) -> float:
    pause = next(waits)
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("sweep.failed", sweep=sweep.name, error=str(describe(error)), again_in_seconds=round(pause, 1), traceback=where)
    return pause


async def wait(seconds: float, *events: asyncio.Event) -> None:
    """Until the time is over or one of the events is set."""
    waiters = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiters, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()
