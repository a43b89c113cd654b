"""One apply at a time, without a transaction that waits for the network."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import psycopg

from farthing.errors import Conflict, DatabaseUnavailable

if TYPE_CHECKING:
    from farthing.world import World

WAIT: Final = 5
"""Seconds to wait for the connection."""

TRIES: Final = 3
BETWEEN_TRIES: Final = 1
"""Seconds."""


@asynccontextmanager
async def own_turn(world: "World") -> AsyncIterator[None]:
    """Hold the only turn. Raises Conflict while somebody else has it; whoever is killed gives it back by losing the connection.

    The lock belongs to a session of the server, so it is taken over the direct address where there is a pooler in front.
    """
    connection = await _connect(world)
    try:
        # A connection that is cut off by a network in between must not keep the turn for hours.
        await connection.execute("SET idle_session_timeout = '15min'")
        name = f"farthing.catalog {world.provider.name} {world.provider.livemode}"
        await _take(connection, name)
        yield
        # Given back by word, and not by hanging up: the server may notice that only when the next one has asked.
        await connection.execute("SELECT pg_advisory_unlock(hashtextextended(%(name)s, 0))", {"name": name})
    finally:
        await connection.close()


async def _take(connection: psycopg.AsyncConnection[tuple[object, ...]], name: str) -> None:
    """Try for a moment: a server on a busy machine takes its time to see that whoever had the turn is gone."""
    for _ in range(TRIES):
        found = await connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%(name)s, 0))", {"name": name})
        row = await found.fetchone()
        if row is not None and row[0] is True:
            return
        await asyncio.sleep(BETWEEN_TRIES)
    raise Conflict("Another `farthing catalog apply` is running: wait until it is done, then look at a new plan.")


async def _connect(world: "World") -> psycopg.AsyncConnection[tuple[object, ...]]:
    direct = world.settings.database_direct_url
    dsn = direct.get_secret_value() if direct else world.db.dsn
    try:
        return await psycopg.AsyncConnection.connect(dsn, autocommit=True, connect_timeout=WAIT)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable("The database cannot be reached: is it running, and is DATABASE_URL right?") from error
