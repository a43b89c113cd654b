"""`farthing db`: the schema, the address of the database, and a shell on it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

from psycopg.conninfo import conninfo_to_dict

from farthing.cli import opening
from farthing.cli.terminal import terminal
from farthing.db import migrate
from farthing.errors import ConfigError, Conflict

if TYPE_CHECKING:
    from collections.abc import Mapping


async def upgrade(*, sql: bool = False) -> int:
    """Bring the schema up to this version of Farthing. Repeating it changes nothing.

    For example:

        farthing db upgrade
        farthing db upgrade --sql > schema.sql

    Parameters
    ----------
    sql
        Print the SQL of all migrations instead, for those who run it by hand.
    """
    if sql:
        terminal().raw(migrate.upgrade_sql())
        return 0
    async with opening.dsn(opening.settings(), makes=True) as dsn:
        before = await asyncio.to_thread(migrate.current, dsn)
        if before != migrate.latest():
            with terminal().progress("Migrating"):
                await asyncio.to_thread(migrate.upgrade, dsn)
        after = await asyncio.to_thread(migrate.current, dsn)
    said = (
        f"The schema is at version {after}." if before == after else f"The schema went from {before or 'nothing'} to {after}."
    )
    terminal().show({"before": before, "after": after}, said)
    return 0


async def downgrade(to: str, /) -> int:
    """Bring the schema down to an earlier version. Tables that came later are dropped, with all that is in them.

    For example:

        farthing db downgrade 0001

    Parameters
    ----------
    to
        The version to go to; "base" removes everything.
    """
    async with opening.dsn(opening.settings()) as dsn:
        before = await asyncio.to_thread(migrate.current, dsn)
        if before is None or (to != "base" and to >= before):
            raise Conflict(f"The schema is at {before or 'no version'}: there is nothing to bring down to {to}.")
        terminal().confirm(f"Bring the schema from {before} down to {to}, and lose what the later tables hold?")
        await asyncio.to_thread(migrate.downgrade, dsn, to)
        after = await asyncio.to_thread(migrate.current, dsn)
    terminal().show({"before": before, "after": after}, f"The schema went from {before} to {after or 'nothing'}.")
    return 0


async def status() -> int:
    """Which version the schema is at, and which this code needs. The exit code is 3 where they differ.

    For example:

        farthing db status
    """
    async with opening.dsn(opening.settings()) as dsn:
        current = await asyncio.to_thread(migrate.current, dsn)
    latest = migrate.latest()
    said = "That is what this code needs." if current == latest else f"This code needs {latest}: run `farthing db upgrade`."
    terminal().show({"current": current, "needed": latest}, f"The schema is at version {current or 'none'}. {said}")
    return 0 if current == latest else ConfigError.exit_code


async def shell(*words: str) -> int:
    """Open psql on the database, with the tables of Farthing in sight. What stands after `--` is for psql.

    For example:

        farthing db shell
        farthing db shell -- -c "SELECT number, status FROM orders"

    Parameters
    ----------
    words
        For psql.
    """
    settings = opening.settings()
    psql = _psql(embedded=opening.address(settings) is None)
    async with opening.dsn(settings) as dsn:
        # Ctrl-C is for the query: psql has its own answer to it.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            done = await asyncio.to_thread(_run, [psql, *words], _variables(dsn))
        finally:
            signal.signal(signal.SIGINT, before)
    return done


def _run(command: list[str], environ: Mapping[str, str]) -> int:
    return subprocess.run(command, env={**os.environ, **environ}, check=False).returncode  # noqa: S603 - psql


def url() -> int:
    """Print the address of the database, password included: for a tool that takes one.

    For example:

        pg_dump "$(farthing db url)"
    """
    from farthing.db.embedded import running_dsn

    settings = opening.settings()
    found = opening.address(settings) or running_dsn(settings.home)
    if found is None:
        raise ConfigError("The embedded database is not running: start `farthing dev`, or set DATABASE_URL.")
    if terminal().options.json:
        terminal().show({"url": found})
    else:
        terminal().raw(found)
    return 0


def _psql(*, embedded: bool) -> str:
    """Of the wheel for its own server, else the one of this machine, which knows TLS."""
    from farthing.db.embedded import find_binaries

    found = None if embedded else shutil.which("psql")
    return found or str(find_binaries().psql)


def _variables(dsn: str) -> dict[str, str]:
    """Not on the command line, where everybody on this machine could read the password."""
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    names |= {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "hostaddr": "PGHOSTADDR", "service": "PGSERVICE"}
    parts = conninfo_to_dict(dsn)
    options = f"{parts.get('options') or ''} -c search_path=farthing,public".strip()
    return {names[name]: str(value) for name, value in parts.items() if name in names} | {"PGOPTIONS": options}
