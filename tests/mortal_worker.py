"""Workers that are killed: processes of their own on a clock that they share with the test, forked with everything imported."""

import asyncio
import logging
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.context import ForkServerProcess
from typing import Final

import structlog
from tests.tls import read_certificates_once

from farthing import catalog, worker
from farthing.clock import TravelClock
from farthing.config import Settings
from farthing.db import Database
from farthing.emails import MailboxMailer
from farthing.jobs import Worker
from farthing.providers.stripe import Stripe
from farthing.world import World

read_certificates_once()

TICK: Final = "tick"
"""A bell at which those look who look again and again: months go by within seconds, and nobody waits for an interval."""

HEARS_TICK: Final = frozenset(
    {
        "missed events",
        "late news",
        "late news of subscriptions",
        "questions about subscriptions",
        "earnings held long enough",
        "earnings to be taken back",
        "payouts on their way",
        "disputes",
        "accounts of sellers",
    }
)

LEFT_OUT: Final = frozenset({"nightly reconciliation"})
"""There would be a night at every step, and the test compares everything itself in the end."""

IMPORTED: Final = ("farthing.jobs.queue", "farthing.jobs.connection")
"""What a worker imports when it begins: here once, in the process that forks."""

FORKING: Final = multiprocessing.get_context("forkserver")


class SharedClock(TravelClock):
    """How far it is ahead stands in memory that processes share."""

    def __init__(self) -> None:
        self._ahead = FORKING.Value("d", 0.0)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._ahead.value)

    def advance(self, by: timedelta) -> None:
        assert by >= timedelta(), "time only moves forward"
        with self._ahead.get_lock():
            self._ahead.value += by.total_seconds()


class Mortal:
    """One worker after the other."""

    def __init__(self, settings: Settings, plans: str, clock: SharedClock) -> None:
        self._start = partial(FORKING.Process, target=_live, args=(settings, plans, clock), daemon=True)
        self._process: ForkServerProcess | None = None
        self.killed = 0

    def begin(self) -> None:
        self._process = self._start()
        self._process.start()

    def kill(self) -> None:
        """`kill -9`, whatever it is at."""
        assert self._process is not None
        assert self._process.exitcode is None, "the worker ended by itself"
        self._process.kill()
        self._process.join()
        self._process.close()
        self.killed += 1


@contextmanager
def mortal(settings: Settings, plans: str, clock: SharedClock) -> Iterator[Mortal]:
    FORKING.set_forkserver_preload([__name__, *IMPORTED])
    workers = Mortal(settings, plans, clock)
    workers.begin()
    try:
        yield workers
    finally:
        workers.kill()


def _live(settings: Settings, plans: str, clock: SharedClock) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.run(_work(settings, plans, clock))


async def _work(settings: Settings, plans: str, clock: SharedClock) -> None:
    assert settings.database_url is not None
    assert settings.stripe_secret_key is not None
    dsn = settings.database_url.get_secret_value()
    db = Database(dsn, clock=clock, pool_max=8)
    await db.open()
    secrets = [each.get_secret_value() for each in settings.stripe_webhook_secrets]
    provider = Stripe(
        settings.stripe_secret_key.get_secret_value(), livemode=False, webhook_secrets=secrets, base=settings.stripe_api_base
    )
    world = World(settings, db, provider, catalog.parse(plans), MailboxMailer())
    sweeps = [each for each in worker.SWEEPS if each.name not in LEFT_OUT]
    sweeps = [replace(each, bell=TICK) if each.name in HEARS_TICK else each for each in sweeps]
    await Worker(dsn, world, worker.TASKS, sweeps).run(asyncio.Event())
