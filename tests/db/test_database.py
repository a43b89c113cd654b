"""Transactions: all or nothing, never waiting for ever, run again after a lost race, and honest when the server is gone."""

import asyncio
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from farthing.db import Database, Transaction
from farthing.db.database import ATTEMPTS_MAX
from farthing.errors import DatabaseUnavailable


@pytest.fixture
async def shelf(db: Database) -> Database:
    """A database with a table of two rows."""
    async with db.transaction("test") as tx:
        await tx.connection.execute("CREATE TABLE public.shelf (id int PRIMARY KEY, books int NOT NULL)")
        await tx.connection.execute("INSERT INTO public.shelf VALUES (1, 0), (2, 0)")
    return db


async def books(db: Database) -> list[int]:
    async with db.transaction("test") as tx:
        return await tx.all(lambda row: int(row["books"]), "SELECT books FROM public.shelf ORDER BY id")


async def add(tx: Transaction, id: int) -> None:
    await tx.run("UPDATE public.shelf SET books = books + 1 WHERE id = %(id)s", id=id)


@pytest.mark.covers("F186")
async def test_no_connection_waits_for_ever(db: Database) -> None:
    async with db.transaction("test") as tx:
        found = {
            name: (await (await tx.connection.execute(f"SHOW {name}")).fetchone() or {})[name]
            for name in (
                "statement_timeout",
                "lock_timeout",
                "idle_in_transaction_session_timeout",
                "search_path",
                "application_name",
            )
        }
        assert str(await tx.value("SHOW timezone")) == "UTC"
    assert found == {
        "statement_timeout": "15s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "30s",
        "search_path": "farthing,public",
        "application_name": "farthing",
    }


async def test_whoever_is_canceled_just_when_a_connection_comes_ends(dsn: str) -> None:
    # As a server that stopped under load did not: its inbox went on, and was waited for.
    db = Database(dsn, pool_max=1)
    await db.open()

    async def look_again_and_again() -> None:
        while True:
            async with db.connection():
                pass

    async with db.connection():
        looking = asyncio.create_task(look_again_and_again())
        await asyncio.sleep(0.1)
    looking.cancel()  # the connection is theirs now, and they do not know yet
    await asyncio.wait([looking], timeout=1)
    assert looking.cancelled()
    await db.close()


async def test_what_raises_leaves_nothing(shelf: Database) -> None:
    async def work(tx: Transaction) -> None:
        await add(tx, 1)
        raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await shelf.run("test", work)
    assert await books(shelf) == [0, 0]


@pytest.mark.covers("F81")
async def test_what_is_canceled_leaves_nothing_and_no_connection_in_a_transaction(shelf: Database) -> None:
    async def linger() -> None:
        async with shelf.transaction("test") as tx:
            await add(tx, 1)
            await tx.run("SELECT pg_sleep(30)")

    lingering = asyncio.create_task(linger())
    await asyncio.sleep(0.2)
    lingering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await lingering
    assert await books(shelf) == [0, 0]
    async with shelf.transaction("test") as tx:
        idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%%'"
        assert await tx.value(idle + " AND pid <> %(own)s", own=tx.connection.info.backend_pid) == 0


@pytest.mark.covers("F47")
async def test_of_two_who_wait_for_each_other_both_get_there(shelf: Database) -> None:
    both_hold_one = asyncio.Barrier(2)
    attempts = 0

    async def take(first: int, second: int) -> None:
        tries = 0

        async def work(tx: Transaction) -> None:
            nonlocal attempts, tries
            attempts, tries = attempts + 1, tries + 1
            await add(tx, first)
            if tries == 1:
                await both_hold_one.wait()
            await add(tx, second)

        await shelf.run("test", work)

    await asyncio.gather(take(1, 2), take(2, 1))
    assert attempts == 3, "one of them was told of a deadlock, and ran again"
    assert await books(shelf) == [2, 2]


@pytest.mark.covers("F56")
async def test_a_transaction_that_was_overtaken_runs_again_on_what_is_true_now(shelf: Database) -> None:
    seen: list[int] = []

    async def work(tx: Transaction) -> None:
        await tx.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        seen.append(await tx.value("SELECT books FROM public.shelf WHERE id = 1"))
        if len(seen) == 1:
            async with shelf.transaction("rival") as rival:
                await add(rival, 1)
        await add(tx, 1)

    await shelf.run("test", work)
    assert seen == [0, 1]
    assert await books(shelf) == [2, 0]


@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_who_always_loses_is_told_in_the_end(shelf: Database, code: str) -> None:
    attempts = 0

    async def work(tx: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        await add(tx, 1)
        await tx.connection.execute(f"DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '{code}'; END $$")

    with pytest.raises(psycopg.OperationalError, match="lost"):
        await shelf.run("test", work)
    assert attempts == ATTEMPTS_MAX
    assert await books(shelf) == [0, 0]


async def test_what_is_no_lost_race_is_run_once(shelf: Database) -> None:
    attempts = 0

    async def work(tx: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        await tx.run("INSERT INTO public.shelf VALUES (1, 0)")

    with pytest.raises(psycopg.errors.UniqueViolation):
        await shelf.run("test", work)
    assert attempts == 1


@pytest.mark.parametrize("setting", ["statement_timeout", "lock_timeout"])
async def test_what_takes_too_long_is_refused_and_nothing_is_changed(shelf: Database, setting: str) -> None:
    async def work(tx: Transaction) -> None:
        await tx.connection.execute(f"SET LOCAL {setting} = '100ms'")
        await add(tx, 1)
        await add(tx, 2)

    async with shelf.transaction("holder") as holder:
        await holder.run("SELECT 1 FROM public.shelf WHERE id = 2 FOR UPDATE")
        with pytest.raises(DatabaseUnavailable, match="did not finish in time, so nothing was changed"):
            await shelf.run("test", work)
    assert await books(shelf) == [0, 0]


async def test_a_transaction_whose_server_dies_is_refused_and_the_next_one_works(shelf: Database, postgres: str) -> None:
    async def work(tx: Transaction) -> None:
        await add(tx, 1)
        _kick_out(postgres, tx.connection.info.backend_pid)
        await add(tx, 2)

    with pytest.raises(DatabaseUnavailable, match="not available at the moment"):
        await shelf.run("test", work)
    assert await books(shelf) == [0, 0]


async def test_a_transaction_that_idled_too_long_is_refused(shelf: Database) -> None:
    async def work(tx: Transaction) -> None:
        await tx.run("SET LOCAL idle_in_transaction_session_timeout = '50ms'")
        await add(tx, 1)
        await asyncio.sleep(0.5)
        await add(tx, 2)

    with pytest.raises(DatabaseUnavailable, match="did not finish in time"):
        await shelf.run("test", work)
    assert await books(shelf) == [0, 0]


def _kick_out(postgres: str, pid: int) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])


async def test_connections_that_died_while_nobody_looked_are_replaced_unseen(shelf: Database, postgres: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = %s",
            [conninfo_to_dict(shelf.dsn)["dbname"]],
        )
    await asyncio.gather(*(books(shelf) for _ in range(4)))


async def test_more_work_than_connections_waits_for_its_turn(shelf: Database) -> None:
    async def one(_: int) -> None:
        async with shelf.transaction("test") as tx:
            await add(tx, 1)

    await asyncio.gather(*(one(i) for i in range(100)))
    assert await books(shelf) == [100, 0]


async def test_bells_ring_after_the_commit_and_only_then(db: Database) -> None:
    async with await psycopg.AsyncConnection.connect(db.dsn, autocommit=True) as ear:
        await ear.execute("LISTEN farthing")

        async def work(tx: Transaction) -> None:
            tx.ring("never")
            raise RuntimeError("rolled back")

        with pytest.raises(RuntimeError):
            await db.run("test", work)
        async with db.transaction("test") as tx:
            tx.ring("inbox")
            tx.ring("inbox")
            tx.ring("jobs")
            assert await _heard(ear, 0.1) == []
        assert sorted(await _heard(ear, 0.5)) == ["inbox", "jobs"]


async def test_what_is_rung_while_a_ring_is_on_its_way_is_heard(db: Database) -> None:
    async with await psycopg.AsyncConnection.connect(db.dsn, autocommit=True) as ear:
        await ear.execute("LISTEN farthing")
        for i in range(60):
            db.ring(f"bell {i}")
            await asyncio.sleep(0.0005)
        assert sorted(await _heard(ear, 1)) == sorted(f"bell {i}" for i in range(60))


async def _heard(ear: psycopg.AsyncConnection[Any], seconds: float) -> list[str]:
    return [notify.payload async for notify in ear.notifies(timeout=seconds)]
