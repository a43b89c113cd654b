"""Fills the disk under a PostgreSQL and says what a user of the database saw: `python -m tests.db.filling HOME`.

HOME is a small file system of its own.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from farthing import events
from farthing.db import Database, Transaction, migrate
from farthing.db.embedded import EmbeddedPostgres
from farthing.errors import DatabaseUnavailable

LEFT = 1_500_000
"""Bytes that stay free: less than a few events need, and within the log that is allocated already."""

EVENTS_MAX = 200


async def main(home: Path) -> None:
    ballast = home / "ballast"
    with EmbeddedPostgres(home) as server:
        migrate.upgrade(server.dsn())
        db = Database(server.dsn(), pool_max=2)
        await db.open()
        # The log goes on in a file of its own that is there already: wherever the schema ended in the one before.
        async with db.transaction("test") as tx:
            await tx.value("SELECT pg_switch_wal()")
        await write(db)
        fill(ballast)
        acknowledged, said = await until_refused(db)
        stored, readable = await look(db)
        ballast.unlink()
        await write(db)
        after, _ = await look(db)
        await db.close()
    print(json.dumps([acknowledged, said, stored, readable, after]))


def fill(ballast: Path) -> None:
    free = os.statvfs(ballast.parent)
    with ballast.open("wb") as file:
        file.write(b"\0" * (free.f_bavail * free.f_frsize - LEFT))


async def write(db: Database) -> None:
    """Two events that belong together."""

    async def work(tx: Transaction) -> None:
        for _ in range(2):
            await events.record(tx, "catalog.applied", noise=os.urandom(50_000).hex())

    await db.run("test", work)


async def until_refused(db: Database) -> tuple[int, str]:
    for count in range(1, EVENTS_MAX):
        try:
            await write(db)
        except DatabaseUnavailable as error:
            return count, error.detail
    return EVENTS_MAX, "it never was full"


async def look(db: Database) -> tuple[int, int]:
    async with db.transaction("test") as tx:
        stored = await tx.value("SELECT count(*) FROM events")
        readable = await tx.value("SELECT count(*) FROM events WHERE length(data ->> 'noise') = 100000")
    return stored, readable


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
