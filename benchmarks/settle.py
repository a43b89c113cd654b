"""Orders settled a second: from the inbox through the worker, against the same SQL run by a bare psycopg loop."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from statistics import median
from typing import Final

import psycopg

from benchmarks import event, orders, shop
from benchmarks.line import Line
from benchmarks.orders import Waiting
from benchmarks.recording import RecordingDatabase, Statement, statements_for
from farthing import webhooks, worker
from farthing.db import Database
from farthing.db.database import SESSION
from farthing.emails import MailboxMailer
from farthing.ids import NoticeId
from farthing.jobs import Worker
from farthing.providers.stripe import Stripe
from farthing.webhooks.drain import AT_ONCE
from farthing.world import World

TARGET: Final = 0.4
QUEUED: Final = 10
"""How many times as many events wait in the long queue: a thousand of them in a whole run."""

QUEUE_TARGET: Final = 0.5
LOOK_EVERY: Final = 0.005
SECONDS_MAX: Final = 60

Known = tuple[Waiting, NoticeId]


async def measure(dsn: str, *, rounds: int, count: int) -> list[Line]:
    async with _world(Database(dsn)) as world:
        known, recorded = await _recorded(dsn)
        figures: dict[str, list[float]] = {"worker": [], "busy": [], "one": [], "many": []}
        for _ in range(rounds):
            figures["worker"].append(await _through_worker(world, count, with_jobs=False))
            figures["one"].append(await _loop(world, known, recorded, count, connections=1))
            figures["many"].append(await _loop(world, known, recorded, count, connections=AT_ONCE))
            figures["busy"].append(await _through_worker(world, count, with_jobs=True))
        strict = max(("one", "many"), key=lambda name: median(figures[name]))
        connections = 1 if strict == "one" else AT_ONCE
        queue = QUEUED * count
        for _ in range(max(1, rounds // 5)):
            figures.setdefault("queue", []).append(await _through_worker(world, queue, with_jobs=False))
            figures.setdefault("loop", []).append(await _loop(world, known, recorded, queue, connections=connections))
        await _same_rows(world)
    loop = f"{len(recorded)} statements and a commit each, {'1 connection' if strict == 'one' else f'{AT_ONCE} connections'}"
    return [
        *(
            Line(f"Inbox to settled order: {what}", "orders/s", figures[name], figures[strict], "at least", TARGET, note=loop)
            for name, what in (("worker", "the worker's sweep"), ("busy", "while the same worker runs all that follows"))
        ),
        Line(
            f"{queue} queued events drained by the worker's sweep",
            "events/s",
            figures["queue"],
            figures["loop"],
            "at least",
            QUEUE_TARGET,
            note=loop,
        ),
    ]


async def bare_loop(dsn: str, count: int) -> float:
    """Orders settled a second by the loop alone: the floor of others."""
    async with _world(Database(dsn)) as world:
        known, recorded = await _recorded(dsn)
        return await _loop(world, known, recorded, count, connections=AT_ONCE)


@asynccontextmanager
async def _world(db: Database) -> AsyncIterator[World]:
    """As `farthing worker` has it. The provider is never called: the signed events say all there is to know."""
    provider = Stripe(shop.STRIPE_KEY, livemode=False, webhook_secrets=[event.SECRET], base="http://127.0.0.1:9")
    await db.open()
    try:
        yield World(shop.settings(db.dsn), db, provider, shop.CATALOG, MailboxMailer())
    finally:
        await db.close()
        await provider.close()


async def _recorded(dsn: str) -> tuple[Known, list[Statement]]:
    """Settle one order by the sweep, and keep the statements of the transaction that did it."""
    db = RecordingDatabase(dsn)
    async with _world(db) as world:
        known = (await _delivered(world, 1))[0]
        db.transactions.clear()
        assert await webhooks.drain(world) == 1
        assert await orders.unpaid(db) == 0, "the recorded statements settle an order"
    return known, db.transactions[1]


async def _delivered(world: World, count: int) -> list[Known]:
    waiting = await orders.place(world, count)
    notices = await orders.deliver(world, waiting)
    return [(one, notices[one.delivery.notice.id]) for one in waiting]


async def _through_worker(world: World, count: int, *, with_jobs: bool) -> float:
    """Orders settled a second, from the commit of their events on."""
    await _forget_jobs(world.db)
    async with _working(world, with_jobs=with_jobs):
        await webhooks.store(world.db, [one.delivery for one in await orders.place(world, 1)])
        await _all_paid(world.db)
        waiting = await orders.place(world, count)
        await _forget_jobs(world.db)
        await webhooks.store(world.db, [one.delivery for one in waiting])
        began = time.perf_counter()
        await _all_paid(world.db)
        return count / (time.perf_counter() - began)


@asynccontextmanager
async def _working(world: World, *, with_jobs: bool) -> AsyncIterator[None]:
    stop = asyncio.Event()
    tasks = worker.TASKS if with_jobs else {}
    running = asyncio.create_task(Worker(world.db.dsn, world, tasks, worker.SWEEPS).run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def _all_paid(db: Database) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while await orders.unpaid(db):
            await asyncio.sleep(LOOK_EVERY)


async def _forget_jobs(db: Database) -> None:
    """What follows from placing orders is not measured."""
    async with db.connection() as connection:
        await connection.execute("DELETE FROM jobs")


async def _loop(world: World, known: Known, recorded: Sequence[Statement], count: int, *, connections: int) -> float:
    """The same transactions from a loop that knows every parameter beforehand."""
    work = [statements_for(recorded, known, other) for other in await _delivered(world, count)]
    opened = [await _connect(world.db.dsn) for _ in range(connections)]
    try:
        began = time.perf_counter()
        await asyncio.gather(*(_replay(connection, work[n::connections]) for n, connection in enumerate(opened)))
        seconds = time.perf_counter() - began
    finally:
        for connection in opened:
            await connection.close()
    assert await orders.unpaid(world.db) == 0, "the loop settles every order"
    return count / seconds


async def _connect(dsn: str) -> psycopg.AsyncConnection:
    return await psycopg.AsyncConnection.connect(dsn, autocommit=True, options=SESSION, prepare_threshold=2)


async def _replay(connection: psycopg.AsyncConnection, work: Sequence[Sequence[Statement]]) -> None:
    for statements in work:
        async with connection.transaction():
            for sql, params in statements:
                await connection.execute(sql.encode(), params)


async def _same_rows(world: World) -> None:
    """Whoever settled an order, it left the same rows behind."""
    async with world.db.transaction("bench") as tx:
        different = await tx.value(
            """
            SELECT count(DISTINCT (
                (SELECT count(*) FROM events WHERE order_id = orders.id AND type <> 'email.sent'),
                (SELECT count(*) FROM ledger_transactions WHERE order_id = orders.id),
                (SELECT count(*) FROM entitlements WHERE order_id = orders.id),
                (SELECT count(*) FROM payments WHERE order_id = orders.id AND settles),
                (SELECT count(*) FROM provider_events WHERE order_id = orders.id AND status = 'processed')
            )) FROM orders WHERE starts_with(email, 'buyer-')
            """
        )
    assert different == 1, "a settled order looks different depending on who settled it"
