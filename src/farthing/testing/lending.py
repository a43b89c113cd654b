"""The application's own Farthing, lent to a test with that test's database, sandbox, clock and mailbox, and given back.

It lives in a thread of its own. Called from anywhere else, such as a test's event loop or Starlette's TestClient, it does its
work there: connections belong to the loop that opened them.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import inspect
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from farthing.app import Farthing
from farthing.catalog import Catalog
from farthing.clock import Clock
from farthing.config import Settings
from farthing.db import Database
from farthing.errors import ConfigError
from farthing.routing import Site
from farthing.testing.serving import Home
from farthing.webhooks import Door
from farthing.world import Mailer


@dataclass(frozen=True, slots=True)
class Application:
    """What is under test: a Farthing, and the application it is mounted in or its own."""

    farthing: Farthing
    asgi: Callable[..., Any]


def named(name: str, root: Path) -> Application:
    """`main:app`, an application beside a Farthing or one it is mounted in, or `main:pay`, a Farthing. Raises ConfigError."""
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise ConfigError(f"farthing_app is {name!r}: write module:name, such as main:app.")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise ConfigError(f"farthing_app is {name}, but there is no module {error.name!r} in {root} or installed.") from error
    found = getattr(module, attribute, None)
    made = [value for value in vars(module).values() if isinstance(value, Farthing)]
    return given(found, made[0] if len(made) == 1 else None)


def given(found: object, beside: Farthing | None = None) -> Application:
    """A Farthing, or an application that one is mounted in. Raises ConfigError."""
    if isinstance(found, Farthing):
        return Application(found, found.asgi)
    if not callable(found):
        raise ConfigError(f"farthing_app is {found!r}: name an application, or what you made with Farthing().")
    mounted = next((each for each in _sites(found)), None)
    farthing = mounted._farthing if mounted else beside
    if not isinstance(farthing, Farthing):
        raise ConfigError('In the application of farthing_app no Farthing is mounted: app.mount("/", pay.asgi).')
    return Application(farthing, found)


def _sites(app: object) -> list[Site]:
    if isinstance(app, Site):
        return [app]
    return [site for route in getattr(app, "routes", ()) for site in _sites(getattr(route, "app", None))]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a lent Farthing gets in the place of its own."""

    settings: Settings
    catalog: Catalog | None
    clock: Clock
    mailer: Mailer


@asynccontextmanager
async def lent(pay: Farthing, around: Surroundings, home: Home) -> AsyncIterator[None]:
    """Started, in this loop, which is the home's."""
    if pay.started:
        raise ConfigError("This Farthing is started already: the fixture `pay` starts it by itself.")
    names = ("settings", "_catalog", "_clock", "_mailer", "run_worker")
    kept = {name: getattr(pay, name) for name in names}
    values = (around.settings, around.catalog or pay._catalog, around.clock, around.mailer, False)
    for name, value in zip(names, values, strict=True):
        setattr(pay, name, value)
    try:
        await pay.start()
        try:
            await _wire(pay, home)
            yield
        finally:
            _unwire(pay)
            await pay.stop()
    finally:
        for name, value in kept.items():
            setattr(pay, name, value)


async def _wire(pay: Farthing, home: Home) -> None:
    site = pay.asgi
    await site._build()
    # The sandbox signs with real time, however far this Farthing has traveled.
    site._door = Door(replace(pay.world, db=Database(pay.world.db.dsn)), pay.inbox)
    choose = site._choose

    async def chosen(scope: Scope) -> ASGIApp:
        return _across(await home.hop(choose(scope)), home)

    setattr(site, "_choose", chosen)  # noqa: B010
    for name, method in inspect.getmembers(type(pay), inspect.iscoroutinefunction):
        if not name.startswith("_"):
            # It is started, and ends with the test: an application's lifespan has nothing to do.
            setattr(pay, name, _nothing if name in ("start", "stop") else _hopping(getattr(pay, name), home, method))


def _unwire(pay: Farthing) -> None:
    pay.asgi.__dict__.pop("_choose", None)
    for name, _ in inspect.getmembers(type(pay), inspect.iscoroutinefunction):
        pay.__dict__.pop(name, None)


async def _nothing() -> None:
    """Of a Farthing that is started, and stopped by somebody else."""


def _hopping(bound: Callable[..., Any], home: Home, method: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(method)
    async def called(*args: Any, **kwargs: Any) -> Any:
        return await home.hop(bound(*args, **kwargs))

    return called


def _across(app: ASGIApp, home: Home) -> ASGIApp:
    """Run it at home, whoever serves it."""

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        if loop is home.loop:
            await app(scope, receive, send)
        else:
            await home.hop(_run(app, scope, _back(receive, loop), _back(send, loop)))

    return called


async def _run(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


def _back(function: Callable[..., Any], loop: asyncio.AbstractEventLoop) -> Callable[..., Awaitable[Any]]:
    async def called(*args: Any) -> Any:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(function(*args), loop))

    return called
