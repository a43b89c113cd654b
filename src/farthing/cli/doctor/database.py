"""Checks of the database, and of what in it tells that the worker does its work."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from farthing import jobs, webhooks
from farthing.cli import opening
from farthing.cli.doctor.finding import Finding, failed, ok, skipped, warning
from farthing.cli.opening import ACTOR
from farthing.config import Settings
from farthing.db import Database, Transaction, migrate
from farthing.errors import FarthingError

POSTGRES_MIN: Final = 140_000
LAG_MAX: Final = timedelta(seconds=30)
DEPENDENT: Final = ("Worker", "Jobs", "Provider events")


async def check(settings: Settings) -> list[Finding]:
    """The database, its schema, and only then what it holds."""
    try:
        async with opening.dsn(settings) as dsn:
            # One connection first: a pool would keep trying for long.
            await asyncio.to_thread(migrate.current, dsn)
            async with opening.pool(dsn) as db:
                return [await _server(db), *await _schema(db, dsn)]
    except FarthingError as error:
        fix = "Start PostgreSQL, correct DATABASE_URL, or run `farthing dev`."
        left = [skipped(name, "there is no database to ask") for name in ("Schema", *DEPENDENT)]
        return [failed("Database", error.detail, fix), *left]


async def _server(db: Database) -> Finding:
    async with db.transaction(ACTOR) as tx:
        version = await tx.value("SHOW server_version")
        number = int(await tx.value("SHOW server_version_num"))
    if number < POSTGRES_MIN:
        return failed("Database", f"PostgreSQL {version}", "Use PostgreSQL 14 or later.")
    return ok("Database", f"PostgreSQL {version}")


async def _schema(db: Database, dsn: str) -> list[Finding]:
    try:
        await asyncio.to_thread(migrate.check, dsn)
    except FarthingError as error:
        left = [skipped(name, "the schema is another version") for name in DEPENDENT]
        return [failed("Schema", error.detail, "Run `farthing db upgrade`."), *left]
    async with db.transaction(ACTOR) as tx:
        return [ok("Schema", f"version {migrate.latest()}"), await _worker(tx), await _jobs(tx), await _inbox(tx)]


async def _worker(tx: Transaction) -> Finding:
    """A worker listens for bells for as long as it lives."""
    count = await tx.value(
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND query = 'LISTEN farthing'
        """
    )
    oldest = (await jobs.counts(tx)).oldest
    if not count:
        return warning("Worker", "none is running: nothing is settled, refunded or mailed", "Run `farthing worker`.")
    if oldest is not None and oldest > LAG_MAX:
        return warning("Worker", f"{count} running, {oldest.total_seconds():.0f} s behind", "Run more: `farthing worker`.")
    return ok("Worker", f"{count} running, nothing waits long")


async def _jobs(tx: Transaction) -> Finding:
    counts = await jobs.counts(tx)
    if counts.dead:
        fix = "`farthing jobs dead` says why; repair it, then `farthing jobs retry`."
        return warning("Jobs", f"{counts.dead} failed for good", fix)
    return ok("Jobs", f"{counts.ready} ready, {counts.running} running, {counts.delayed} delayed, none dead")


async def _inbox(tx: Transaction) -> Finding:
    counts = await webhooks.counts(tx)
    if parked := counts.get("parked", 0):
        fix = "`farthing events list --status parked` says why; repair it, then `farthing events replay --status parked`."
        return warning("Provider events", f"{parked} given up", fix)
    shown = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "none yet"
    return ok("Provider events", shown)
