"""A flash sale: everybody wants what there is little of, over HTTP, from two server processes.

Against the least that keeps stock from being sold twice: the guarded UPDATE alone on the same row, by as many connections.
"""

import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from typing import Final

import psycopg

from benchmarks import shop
from benchmarks.flash_load import CONNECTIONS
from benchmarks.ingest import serving
from benchmarks.line import Line
from farthing import inventory
from farthing.db import Database, Transaction
from farthing.db.database import SESSION

TARGET: Final = 0.4
MANY_TARGET: Final = 1.0
UNITS: Final = 100
PLENTY: Final = 1_000_000
WARM_UP: Final = 200
SERVERS: Final = 2
SECONDS_MAX: Final = 600
GUARDED: Final = """
    UPDATE stock_levels SET reserved = reserved + 1 WHERE sku = %s AND location = 'main' AND reserved + 1 <= on_hand
"""

_buyers = itertools.count(0, 1_000_000)


@dataclass(frozen=True, slots=True)
class Rush:
    """What became of a crowd of buyers."""

    answered: dict[str, int]
    seconds: float

    @property
    def rate(self) -> float:
        return sum(self.answered.values()) / self.seconds


def measure(dsn: str, *, rounds: int, buyers: int) -> Iterator[Line]:
    figures: dict[str, list[float]] = {"rush": [], "bare": [], "one": [], "many": [], "wrong": []}
    with ExitStack() as stack:
        asyncio.run(_come(dsn, shop.SKUS, UNITS))
        ports = [stack.enter_context(serving("flash", dsn)) for _ in range(SERVERS)]
        warm, *fresh = shop.SKUS
        _rush(ports, [warm], WARM_UP)
        for sku in fresh[:rounds]:
            sale = _rush(ports, [sku], buyers)
            assert sale.answered == {"201": UNITS, "409": buyers - UNITS}, sale
            figures["rush"].append(sale.rate)
            figures["wrong"].append(abs(_kept(dsn, sku) - UNITS))
            asyncio.run(_come(dsn, [sku], PLENTY))
            figures["bare"].append(asyncio.run(_bare(dsn, sku, buyers)))
            figures["one"].append(_rush(ports, [sku], buyers).rate)
        asyncio.run(_come(dsn, shop.SKUS, PLENTY))
        figures["many"] += [_rush(ports, shop.SKUS, buyers).rate for _ in range(rounds)]
    yield Line(
        what=f"Flash sale: {buyers:,} buyers of {UNITS} units over HTTP, {SERVERS} processes, {CONNECTIONS} connections",
        unit="orders/s",
        ours=figures["rush"],
        floor=figures["bare"],
        rule="at least",
        target=TARGET,
        note="the guarded UPDATE of that row alone, a commit each, as many connections, never sold out",
    )
    yield Line(
        what="Flash sale: units sold beyond those there were, or not sold although somebody wanted them",
        unit="units",
        ours=figures["wrong"],
        floor=[0] * rounds,
        rule="at most",
        target=0,
        of_floor=False,
        note="counted in the database",
    )
    yield Line(
        what=f"Orders of {len(shop.SKUS)} skus at once, none sold out",
        unit="orders/s",
        ours=figures["many"],
        floor=figures["one"],
        rule="at least",
        target=MANY_TARGET,
        note="the same of one sku, never sold out",
    )


def _rush(ports: Sequence[int], skus: Sequence[str], buyers: int) -> Rush:
    words = [str(word) for word in (buyers, next(_buyers), ",".join(skus), *ports)]
    command = [sys.executable, "-m", "benchmarks.flash_load", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=SECONDS_MAX)
    return Rush(**json.loads(done.stdout))


async def _come(dsn: str, skus: Sequence[str], units: int) -> None:
    """So many more of each lie on the shelf."""

    async def work(tx: Transaction) -> None:
        for sku in skus:
            await inventory.define(tx, sku, sku)
            await inventory.receive(tx, sku, units)

    db = Database(dsn)
    await db.open()
    try:
        await db.run("bench", work)
    finally:
        await db.close()


def _kept(dsn: str, sku: str) -> int:
    """How many are kept for orders, by the orders."""
    with psycopg.connect(dsn, options=SESSION) as connection:
        kept = "SELECT coalesce(sum(quantity), 0) FROM stock_reservations WHERE sku = %s AND status = 'reserved'"
        row = connection.execute(kept, [sku]).fetchone()
    assert row is not None, "a sum has a row"
    return int(row[0])


async def _bare(dsn: str, sku: str, times: int) -> float:
    """Guarded UPDATEs a second, each committed by itself."""
    left = iter(range(times))

    async def take(connection: "psycopg.AsyncConnection[object]") -> None:
        for _ in left:
            assert (await connection.execute(GUARDED, [sku])).rowcount == 1

    async with AsyncExitStack() as stack:
        connect = psycopg.AsyncConnection.connect
        open_ = [await connect(dsn, autocommit=True, options=SESSION) for _ in range(CONNECTIONS)]
        for each in open_:
            await stack.enter_async_context(each)
        began = time.perf_counter()
        await asyncio.gather(*map(take, open_))
        return times / (time.perf_counter() - began)
