"""`entitled()`, which a host asks on every request, against the one indexed SELECT that could answer it."""

import time
from collections.abc import Awaitable, Callable
from typing import Final

from psycopg_pool import AsyncConnectionPool

from benchmarks.line import Line
from farthing import entitlements
from farthing.db import Database
from farthing.db.database import SESSION

TARGET: Final = 1.5
CUSTOMERS: Final = 5_000
WARM_UP: Final = 200

SEED: Final = """
    WITH buyer AS (
        INSERT INTO customers (id, external_id, created_at)
        SELECT gen_random_uuid(), 'user-' || n, now() FROM generate_series(1, %(count)s) n RETURNING id
    ), bought AS (
        INSERT INTO orders (id, customer_id, livemode, status, currency, subtotal_amount, total_amount, placed_at, expires_at,
            paid_at)
        SELECT gen_random_uuid(), id, false, 'paid', 'eur', 4900, 4900, now(), now(), now() FROM buyer
        RETURNING id, customer_id
    ), line AS (
        INSERT INTO line_items (id, order_id, position, product, kind, name, quantity, unit_amount, amount, currency)
        SELECT gen_random_uuid(), id, 0, 'guide', 'access', 'The guide', 1, 4900, 4900, 'eur' FROM bought
        RETURNING id, order_id
    )
    INSERT INTO entitlements (id, customer_id, feature, order_id, line_item_id, granted_at)
    SELECT gen_random_uuid(), bought.customer_id, 'feature-' || f, bought.id, line.id, now()
    FROM line JOIN bought ON bought.id = line.order_id, generate_series(1, 3) f
"""

BARE: Final = """
    SELECT 1 FROM entitlements WHERE customer_id = %(customer)s AND feature = %(feature)s AND revoked_at IS NULL
"""


async def measure(dsn: str, *, rounds: int, calls: int) -> Line:
    db = Database(dsn, pool_min=2, pool_max=2)
    kwargs = {"autocommit": True, "options": SESSION}
    pool = AsyncConnectionPool(dsn, kwargs=kwargs, min_size=2, max_size=2, open=False)
    await db.open()
    try:
        async with pool:
            return await _measure(db, pool, rounds, calls)
    finally:
        await db.close()


async def _measure(db: Database, pool: AsyncConnectionPool, rounds: int, calls: int) -> Line:
    names, ids = await _seed(db)

    async def ours(n: int) -> None:
        assert await entitlements.check(db, names[n], "feature-2")

    async def bare(n: int) -> None:
        async with pool.connection() as connection:
            cursor = await connection.execute(BARE, {"customer": ids[n], "feature": "feature-2"})
            assert await cursor.fetchone()

    for call in (ours, bare):
        await _micros(call, WARM_UP)
    measured = [(await _micros(ours, calls), await _micros(bare, calls)) for _ in range(rounds)]
    return Line(
        what="entitled() in process, by the host's own user id",
        unit="us",
        ours=[pair[0] for pair in measured],
        floor=[pair[1] for pair in measured],
        rule="at most",
        target=TARGET,
        note="one indexed SELECT by our own id, a pool alike, autocommit",
    )


async def _seed(db: Database) -> tuple[list[str], list[object]]:
    async with db.connection() as connection:
        await connection.execute(SEED, {"count": CUSTOMERS})
        await connection.execute("ANALYZE customers, orders, line_items, entitlements")
        rows = await (await connection.execute("SELECT id, external_id FROM customers ORDER BY id")).fetchall()
    return [row["external_id"] for row in rows], [row["id"] for row in rows]


async def _micros(call: Callable[[int], Awaitable[None]], calls: int) -> float:
    """One after the other, each for another customer."""
    began = time.perf_counter()
    for n in range(calls):
        await call(n * 7 % CUSTOMERS)
    return (time.perf_counter() - began) / calls * 1e6
