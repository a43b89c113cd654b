"""`kill -9` of PostgreSQL between any two steps while the application lives: what was said stays true, and all goes on.

A server of this file alone, with everything on that makes it durable; its supervisor starts it again by itself.
"""

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.races.boundaries import BOUNDARIES, instrument
from tests.races.conftest import Ended
from tests.races.facts import TABLES, differences, facts, truth
from tests.races.shop import CART, HOST_TABLES, Place, Shop, events_at, opened
from tests.whole import sized
from tests.worlds import Sandbox

from farthing.db import Database, migrate
from farthing.db.embedded import EmbeddedPostgres, temporary_home
from farthing.errors import DatabaseUnavailable
from farthing.http import keys
from farthing.invariants import check_all

pytestmark = pytest.mark.timeout(600)  # a crowded machine takes its time

KILLS = sized(12, 4)
"""So many moments, spread evenly over all boundaries of a purchase from the cart to the refund."""

TRIES_MAX = 40


@dataclass(frozen=True)
class Server:
    home: Path
    dsn: str

    @property
    def pid(self) -> int:
        return int((self.home / "pg18" / "postmaster.pid").read_text().splitlines()[0])

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with temporary_home() as home, EmbeddedPostgres(home) as running:
        yield Server(home, running.dsn())


@pytest.fixture(scope="module", autouse=True)
def counted() -> Iterator[None]:
    """Boundaries of this process are counted, while this file is run."""
    undo = instrument()
    yield
    undo()


async def purchase(shop: Shop) -> None:
    """By clients, a provider and a worker who try again until it works, as all of them do."""
    started = await persistently(shop, lambda: shop.post("/v1/checkout/sessions", CART, "the one purchase"))
    assert (await shop.pay(started.json()["url"].rsplit("/", 1)[-1])).status_code == 200
    (await shop.outside.post("/_sandbox/clock/advance", json={"seconds": 0.25})).raise_for_status()
    stored = await told(shop, frozenset())
    path = f"/v1/orders/{started.json()['order']}/refunds"
    await persistently(shop, lambda: shop.post(path, {}, "the one refund"))
    await working(shop)
    await told(shop, stored)


async def persistently(shop: Shop, ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    for _ in range(TRIES_MAX):
        answer = await ask()
        if answer.status_code in (200, 201):
            return answer
        assert answer.status_code in (409, 503), answer.text
        shop.clock.advance(timedelta(seconds=10))
        await asyncio.sleep(0.1)
    raise AssertionError("it never worked again")


async def told(shop: Shop, stored: frozenset[str]) -> frozenset[str]:
    """What is answered with a success is not sent again."""
    events = [event for event in events_at(shop.place) if event["id"] not in stored]
    for event in events:
        for _ in range(TRIES_MAX):
            status = await shop.deliver(event)
            if status == 200:
                break
            assert status == 503
            await asyncio.sleep(0.1)
        else:
            raise AssertionError("the door never opened again")
    await working(shop)
    return stored | {event["id"] for event in events}


async def working(shop: Shop) -> None:
    """A worker goes on whatever its sweeps and jobs raise; what a failed one had in its hands is free after its lease."""
    for _ in range(TRIES_MAX):
        try:
            await shop.work()
            async with shop.world.db.transaction("test") as tx:
                if not await tx.value("SELECT count(*) FROM provider_events WHERE status = 'received'"):
                    return
        except (DatabaseUnavailable, psycopg.OperationalError):
            await asyncio.sleep(0.1)
        shop.clock.advance(timedelta(seconds=35))
    raise AssertionError("the worker never came to rest")


async def run(server: Server, sandbox: Sandbox, folder: Path, kill_at: int) -> tuple[Ended, int]:
    """A whole purchase in a database of its own; the server dies at the boundary of that number."""
    place = await asyncio.to_thread(made, server, sandbox, folder)
    async with opened(place) as shop:
        async with shop.world.db.transaction("test") as tx:
            _, secret = await keys.create(tx, "the shop's server", livemode=False)
        shop = replace(shop, place=replace(place, secret=secret))
        BOUNDARIES.begin(kill_at, server.kill)
        await purchase(shop)
        BOUNDARIES.stop()
        async with shop.world.db.transaction("test") as tx:
            violations = [broken.rule.name for broken in await check_all(tx)]
    with psycopg.connect(place.dsn, options="-c search_path=farthing,public") as connection:
        return Ended(facts(connection, TABLES), truth(place), violations), BOUNDARIES.passed


def made(server: Server, sandbox: Sandbox, folder: Path) -> Place:
    name = f"shop_{uuid.uuid4().hex}"
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    dsn = make_conninfo(server.dsn, dbname=name)
    migrate.upgrade(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(HOST_TABLES.encode())
    return Place(dsn, f"sk_test_{uuid.uuid4().hex}", sandbox.url, str(folder / name))


@pytest.mark.covers("F78")
@pytest.mark.parametrize("half", [0, 1])
async def test_a_killed_database_costs_nobody_more_than_another_try(
    server: Server, sandbox: Sandbox, tmp_path: Path, half: int
) -> None:
    clean, boundaries = await run(server, sandbox, tmp_path, 0)
    assert clean.violations == []
    assert boundaries > 200
    for kill in range(half, KILLS, 2):
        at = 1 + kill * boundaries // KILLS
        alive = server.pid
        ended, _ = await run(server, sandbox, tmp_path, at)
        assert server.pid != alive, "it was killed, and started again"
        where = f"PostgreSQL killed at boundary {at} of {boundaries}"
        assert differences(clean.facts, ended.facts) == [], where
        assert differences(clean.truth, ended.truth) == [], where
        assert ended.violations == [], where


async def test_nobody_meets_the_connections_of_a_server_that_was_killed(server: Server) -> None:
    """Eight connections lie in the pool when the server dies; once it is back, the first question to each is answered."""
    async with opened_pool(server) as database:

        async def ask(_: object) -> Any:
            async with database.transaction("test") as tx:
                await asyncio.sleep(0.05)
                return await tx.value("SELECT 1")

        assert await asyncio.gather(*map(ask, range(8))) == [1] * 8
        server.kill()
        await asyncio.to_thread(until_it_answers, server)
        answers = await asyncio.gather(*map(ask, range(8)), return_exceptions=True)
    assert answers == [1] * 8


@asynccontextmanager
async def opened_pool(server: Server) -> AsyncIterator[Database]:
    database = Database(server.dsn, pool_max=8)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


def until_it_answers(server: Server) -> None:
    while True:
        try:
            with psycopg.connect(server.dsn, connect_timeout=2):
                return
        except psycopg.OperationalError:
            continue
