"""Tasks that write down that they ran, in a table of the test's own."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import psycopg

from farthing import jobs
from farthing.db import Database
from farthing.errors import Conflict, ProviderUnavailable
from farthing.jobs import Args, Task


@dataclass(slots=True)
class World:
    """What tasks of these tests get in their hands."""

    db: Database

    async def note(self, word: str) -> int:
        """Write a word down; says how often it is there now."""
        async with self.db.transaction("test") as tx:
            await tx.run("INSERT INTO notes (word) VALUES (%(word)s)", word=word)
            return int(await tx.value("SELECT count(*) FROM notes WHERE word = %(word)s", word=word))

    async def notes(self) -> list[str]:
        async with self.db.transaction("test") as tx:
            return await tx.all(lambda row: str(row["word"]), "SELECT word FROM notes ORDER BY id")


async def note(world: World, args: Args) -> None:
    await world.note(str(args["word"]))


async def chain(world: World, args: Args) -> None:
    """Writes a number down and schedules the next lower one."""
    left = int(args["left"])
    await world.note(str(left))
    if left:
        async with world.db.transaction("test") as tx:
            await jobs.schedule(tx, "chain", left=left - 1)


async def refuse(world: World, args: Args) -> None:
    await world.note("refused")
    raise Conflict("order_1 is already paid")


async def stumble(world: World, args: Args) -> None:
    """Fails as often as it is told, then succeeds."""
    if await world.note("stumbled") <= int(args["times"]):
        raise ProviderUnavailable("no answer")


async def collide(world: World, args: Args) -> None:
    """Meets a constraint, whose error quotes the row."""
    async with world.db.transaction("test") as tx:
        await tx.run("CREATE TABLE IF NOT EXISTS guests (email text UNIQUE)")
        await tx.run("INSERT INTO guests (email) VALUES (%(email)s), (%(email)s)", email="@".join(("jenny", "example.com")))


async def sleep(world: World, args: Args) -> None:
    await world.note("began")
    await asyncio.sleep(int(args["seconds"]))
    await world.note("ended")


TASKS: dict[str, Task[World]] = {
    "note": note,
    "chain": chain,
    "refuse": refuse,
    "stumble": stumble,
    "collide": collide,
    "sleep": sleep,
}


async def schedule(db: Database, task: str, /, **args: str | int) -> None:
    async with db.transaction("test") as tx:
        await jobs.schedule(tx, task, **args)


async def counts(db: Database) -> tuple[int, int, int, int]:
    """Ready, running, delayed, dead."""
    async with db.transaction("test") as tx:
        found = await jobs.counts(tx)
    return found.ready, found.running, found.delayed, found.dead


async def stored(dsn: str) -> str:
    """All that the queue's tables hold, as text."""
    async with await psycopg.AsyncConnection.connect(dsn, options="-c search_path=farthing") as connection:
        cursor = await connection.execute("SELECT jobs::text FROM jobs UNION ALL SELECT jobs_log::text FROM jobs_log")
        return "\n".join(str(row[0]) for row in await cursor.fetchall())


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    """Wait for what must become true; fails when it does not in time."""
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(0.02)


async def until_notes(world: World, *notes: str, seconds: float = 10) -> None:
    async def noted() -> bool:
        return await world.notes() == list(notes)

    await until(noted, seconds)


async def until_counts(db: Database, *wanted: int, seconds: float = 10) -> None:
    """Wait until so many jobs are ready, running, delayed and dead."""

    async def counted() -> bool:
        return await counts(db) == wanted

    await until(counted, seconds)
