"""What a command works with: settings from the environment or from a running `farthing dev`, the database, or the world."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final

from farthing import config
from farthing.cli import logs
from farthing.cli.dev import state
from farthing.cli.home import home_of, own
from farthing.cli.postgres import news
from farthing.cli.terminal import terminal
from farthing.config import ALIASES, NAMES, Settings
from farthing.errors import ConfigError, ProviderUnavailable

if TYPE_CHECKING:
    from farthing.app import Farthing
    from farthing.catalog import Catalog
    from farthing.clock import Clock
    from farthing.db import Database
    from farthing.world import World

ACTOR: Final = "cli"


def environment() -> dict[str, str]:
    """The variables of the process, over those of `farthing dev` where this is a development folder without a key."""
    environ = own()
    return {**_of_dev(environ), **environ}


def settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Raises ConfigError naming every wrong variable."""
    found = config.load(environment() if environ is None else environ, **overrides)
    logs.configure(found, verbose=terminal().options.verbose, brief=True)
    return found


@contextmanager
def environment_of(environ: Mapping[str, str]) -> Iterator[None]:
    """While a host's own module is imported: it makes its Farthing from the environment."""
    before = dict(os.environ)
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def sources() -> dict[str, str]:
    """Setting → where its value comes from."""
    environ = own()
    of_dev = _of_dev(environ)
    return {field: _source(field, of_dev, environ) for field in NAMES}


def _source(field: str, of_dev: Mapping[str, str], environ: Mapping[str, str]) -> str:
    for name in filter(None, (NAMES[field], ALIASES.get(field))):
        if os.environ.get(name):
            return name
        if os.environ.get(f"{name}_FILE"):
            return f"{name}_FILE"
        if field == "home" and terminal().options.home:
            return "--home"
        if name in of_dev:
            return str(state.path(home_of(environ)))
    return "default"


def _of_dev(environ: Mapping[str, str]) -> dict[str, str]:
    elsewhere = environ.get("FARTHING_ENV", "dev") != "dev"
    has_key = bool(environ.get("STRIPE_SECRET_KEY") or environ.get("STRIPE_SECRET_KEY_FILE"))
    found = None if elsewhere or has_key else state.find(home_of(environ))
    return {} if found is None else found.environment()


def address(settings: Settings) -> str | None:
    """The DSN in the settings that leads to PostgreSQL itself; None where the embedded server is to be used."""
    found = settings.database_direct_url or settings.database_url
    return None if found is None else found.get_secret_value()


@asynccontextmanager
async def database(settings_: Settings | None = None) -> AsyncIterator[Database]:
    """The database alone, for commands that need no provider. Raises ConfigError where the schema is another version."""
    from farthing.db import migrate

    found = settings_ or settings()
    async with dsn(found) as address_:
        await asyncio.to_thread(migrate.check, address_)
        async with pool(address_, await asyncio.to_thread(_clock, found)) as db:
            yield db


@asynccontextmanager
async def pool(address_: str, clock: Clock | None = None) -> AsyncIterator[Database]:
    """Two connections: a command does one thing at a time."""
    from farthing.db import Database

    db = Database(address_, clock=clock, pool_max=2, prepared=False)
    await db.open()
    try:
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def world(settings_: Settings | None = None) -> AsyncIterator[World]:
    """Everything, for commands that ask the provider."""
    found = settings_ or settings()
    async with farthing(found) as pay:
        try:
            yield pay.world
        except ProviderUnavailable as error:
            if not found.sandboxed:
                raise
            raise ProviderUnavailable(f"The sandbox at {found.stripe_api_base} does not answer: run `farthing dev`.") from error


@asynccontextmanager
async def farthing(settings_: Settings | None = None) -> AsyncIterator[Farthing]:
    from farthing.app import Farthing

    found = settings_ or settings()
    _refuse_nothing(found)
    async with Farthing(found, run_worker=False, kinds=kinds(found)) as pay:
        yield pay


def kinds(found: Settings, environ: Mapping[str, str] | None = None) -> Mapping[str, object]:
    """The kinds of product of the application, where FARTHING_APP names it: farthing.toml may use them."""
    if not found.app:
        return {}
    from farthing.cli import serve

    return serve.load(found.app, environ).pay.kinds


def catalog(found: Settings | None = None) -> Catalog:
    """What farthing.toml says, with the application's own kinds. Raises ConfigError."""
    from farthing import catalog as room

    found = found or settings()
    return room.load(found.catalog, kinds=kinds(found))


@asynccontextmanager
async def dsn(found: Settings, *, makes: bool = False) -> AsyncIterator[str]:
    """Of the database in the settings, or of the embedded server of the home, which runs for as long as we use it.

    With `makes`, an embedded server is made where there is none.
    """
    if direct := address(found):
        yield direct
        return
    from farthing.db.embedded import EmbeddedPostgres

    if not makes:
        _refuse_nothing(found)
    server = EmbeddedPostgres(found.home, progress=news(terminal().say))
    try:
        yield await asyncio.to_thread(server.start)
    finally:
        await asyncio.to_thread(server.stop)


def _clock(found: Settings) -> Clock | None:
    """In development that of the sandbox, by which the house goes: a command that is behind it writes into the past."""
    if found.env != "dev" or not found.sandboxed or found.stripe_api_base is None:
        return None
    from farthing.clock import SandboxClock

    clock = SandboxClock(found.stripe_api_base)
    clock.look()
    return clock


def _refuse_nothing(found: Settings) -> None:
    """A command that looks must not make a database, in whatever folder somebody happens to be."""
    if address(found) is None and not any(found.home.glob("pg*")):
        raise ConfigError(f"There is no database in {found.home} yet: run `farthing dev` in this folder, or set DATABASE_URL.")
