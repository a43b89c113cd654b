"""A job is scheduled in the caller's transaction, and rung for after the commit."""

import psycopg
import pytest
from psycopg.rows import dict_row

from farthing import jobs
from farthing.db import Database


async def _rows(db: Database) -> list[tuple[str, str, bytes]]:
    async with db.transaction("test") as tx:
        return await tx.all(
            lambda row: (row["entrypoint"], row["status"], row["payload"]),
            "SELECT entrypoint, status::text AS status, payload FROM jobs ORDER BY id",
        )


@pytest.mark.covers("F127")
async def test_a_job_commits_with_its_transaction(db: Database) -> None:
    async with db.transaction("test") as tx:
        await jobs.schedule(tx, "events.announce", event="event_1", attempt=2)
    assert await _rows(db) == [("events.announce", "queued", b'{"event":"event_1","attempt":2}')]


async def test_a_job_is_gone_with_its_transaction(db: Database) -> None:
    async def placed_and_failed() -> None:
        async with db.transaction("test") as tx:
            await jobs.schedule(tx, "events.announce", event="event_1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await placed_and_failed()
    assert await _rows(db) == []


async def test_the_worker_is_rung_after_the_commit_and_not_before(db: Database, dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True, row_factory=dict_row) as listener:
        await listener.execute("LISTEN farthing")
        async with db.transaction("test") as tx:
            await jobs.schedule(tx, "one")
            await jobs.schedule(tx, "two")
            assert [note async for note in listener.notifies(timeout=0.1)] == []
        rung = [note.payload async for note in listener.notifies(timeout=0.5)]
    assert rung == ["jobs"]


@pytest.mark.parametrize("args", [{"paid": True}, {"rate": 1.5}, {"order": None}, {"note": "x" * 3000}])
async def test_arguments_are_small_words_and_whole_numbers(db: Database, args: dict[str, str]) -> None:
    async with db.transaction("test") as tx:
        with pytest.raises(AssertionError, match=r"^note: "):
            await jobs.schedule(tx, "note", **args)
    assert await _rows(db) == []
