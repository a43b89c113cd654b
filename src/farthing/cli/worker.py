"""`farthing worker`: jobs and sweeps in a process of their own. Any number of them may run beside each other."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from farthing import worker as working
from farthing.app import Farthing
from farthing.cli import logs, loop
from farthing.cli.serve import load
from farthing.cli.terminal import terminal


def worker(app: str | None = None, /) -> int:
    """Run jobs and sweeps until SIGTERM or Ctrl-C; what runs then may finish.

    A worker that is killed loses nothing: what it had in its hands is run by another one, or by the next.

    For example:

        farthing worker
        farthing worker shop.main:pay

    Parameters
    ----------
    app
        Your own Farthing, as module:name: the worker runs its hooks. Otherwise FARTHING_APP, or the settings alone.
    """
    return work(app, ready=lambda: terminal().say("The worker is running."))


def work(app: str | None, *, ready: Callable[[], None]) -> int:
    pay = load(app).pay
    pay.run_worker = False
    logs.configure(pay.settings, verbose=terminal().options.verbose, brief=False)
    loop.run(_work(pay, ready))
    return 0


async def _work(pay: Farthing, ready: Callable[[], None]) -> None:
    stop, running = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        running.add_signal_handler(each, stop.set)
    async with pay:
        ready()
        direct = pay.settings.database_direct_url
        await working.run(pay.world, direct.get_secret_value() if direct else pay.world.db.dsn, stop)
