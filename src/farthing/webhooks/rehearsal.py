"""What acting on an event would change: it is really acted on, and every transaction is rolled back."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import cast
from uuid import uuid4

from farthing.db import Connection, Database, Transaction
from farthing.errors import FarthingError, ProviderUnavailable
from farthing.payments import NotYetKnown
from farthing.webhooks.drain import look
from farthing.webhooks.store import StoredNotice
from farthing.world import World


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """The audit events that would be written, in their order; none where nothing would change."""

    recorded: Sequence[str] = ()
    refused: str | None = None
    """Why it cannot be acted on as things stand."""


async def rehearse(world: World, notice: StoredNotice) -> Rehearsed:
    """Look at the provider, decide and write as the worker would, and take it all back. Hooks of the host are not run.

    Where several transactions follow each other, each begins with what is really there. Raises ProviderUnavailable.
    """
    stage = _Stage(world.db)
    try:
        await look(replace(world, db=stage), [notice])
    except ProviderUnavailable:
        raise
    except FarthingError as error:
        return Rehearsed(stage.recorded, error.detail)
    except NotYetKnown as error:
        return Rehearsed(stage.recorded, str(error))
    return Rehearsed(stage.recorded)


@dataclass(eq=False)
class _Stage(Database):
    """The same database, of which nothing is kept."""

    real: Database
    actor: str = field(default_factory=lambda: f"rehearsal:{uuid4().hex}")
    recorded: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dsn, self.clock, self.hooks = self.real.dsn, self.real.clock, {}

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with self.real.connection() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self, actor: str) -> AsyncIterator[Transaction]:
        del actor  # what is written is told apart by whom it was written
        async with self.connection() as connection, connection.transaction(force_rollback=True):
            tx = Transaction(connection, self.clock.now(), self.actor)
            last = cast("int", await tx.value("SELECT coalesce(max(sequence), 0) FROM events"))
            yield tx
            await tx.run("SET CONSTRAINTS ALL IMMEDIATE")
            self.recorded += await tx.all(
                lambda row: str(row["type"]),
                "SELECT type FROM events WHERE sequence > %(last)s AND actor = %(actor)s ORDER BY sequence",
                last=last,
                actor=self.actor,
            )
