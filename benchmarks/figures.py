"""MRR and twelve months of its movements over a million subscriptions, against reading their facts once."""

import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final

import psycopg
from psycopg import sql

from benchmarks.line import Line
from farthing.db.database import SESSION

TARGET: Final = 3.0
DERIVED_TARGET: Final = 60.0
FACTS_EACH: Final = 10

Connection = psycopg.Connection[Any]

# Ten facts of each subscription over three years: trials, yearly and weekly prices, seats, discounts, failing cards, pauses,
# ends and second lives. One customer in eight has two of them, every hundredth is of the other mode.
SEED: Final = """
    INSERT INTO subscription_facts (subscription_id, customer_id, happened_at, recorded_at, changes, status, plan, price,
        plan_group, quantity, unit_amount, amount, discount_amount, currency, interval, interval_count, duplicate, paused,
        livemode)
    SELECT lpad(to_hex(n), 32, '0')::uuid, ('1' || lpad(to_hex(CASE WHEN n %% 8 = 1 THEN n - 1 ELSE n END), 31, '0'))::uuid,
        at, at,
        '{status}', CASE
            WHEN k = 0 AND n %% 4 = 0 THEN 'trialing'
            WHEN k = 9 AND n %% 3 = 0 THEN 'canceled'
            WHEN dice < 4 THEN 'past_due' WHEN dice = 5 THEN 'unpaid' WHEN dice = 6 THEN 'canceled' ELSE 'active'
        END, 'pro', 'monthly', 'main', seats, unit, unit * seats, CASE WHEN dice = 7 THEN unit * seats / 5 ELSE 0 END,
        CASE WHEN n %% 10 = 0 THEN 'usd' ELSE 'eur' END,
        CASE WHEN n %% 5 = 0 THEN 'year' WHEN n %% 51 = 0 THEN 'week' ELSE 'month' END, 1, false, dice = 8,
        (n %% 100 <> 7) = %(livemode)s
    FROM generate_series(%(first)s::bigint, %(last)s) AS n, generate_series(0, %(each)s - 1) AS k
        CROSS JOIN LATERAL (SELECT hashint8(n * 31 + k) & 1023 AS roll) AS rolled
        CROSS JOIN LATERAL (
            SELECT roll %% 40 AS dice, 1 + roll %% 3 AS seats, 900 + 100 * (roll %% 90)::bigint AS unit,
                timestamptz '2023-01-01 08:00+00' + make_interval(days => (n %% 700)::int + k * 37, mins => roll) AS at
        ) AS made
    ORDER BY n, k
"""

SCAN: Final = "SELECT count(*), sum(amount), max(happened_at) FROM subscription_facts"


def measure(dsn: str, *, rounds: int, subscriptions: int) -> Iterator[Line]:
    """The kept sums, and the same derived anew. Both must be the same, or there is nothing to be quick about."""
    with psycopg.connect(dsn, options=SESSION, autocommit=True) as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute("SET max_parallel_workers_per_gather = 0")
        seed(connection, subscriptions)
        derived = _seconds(lambda: connection.execute("SELECT mrr_rebuild()"))
        connection.execute("VACUUM ANALYZE mrr_movements, mrr_days, mrr_cohorts")
        scanned = _seconds(lambda: _scan(connection, subscriptions))
        _compare(connection)
        measured = [
            (_seconds(lambda: _ask(connection)), _seconds(lambda: _scan(connection, subscriptions))) for _ in range(rounds)
        ]
        movements = connection.execute("SELECT count(*) FROM mrr_movements").fetchone()
    assert movements is not None
    size = f"{subscriptions:,} subscriptions, {subscriptions * FACTS_EACH:,} facts"
    yield Line(
        what=f"MRR and 12 months of movements, {size}",
        unit="s",
        ours=[pair[0] for pair in measured],
        floor=[pair[1] for pair in measured],
        rule="at most",
        target=TARGET,
        note="one sequential scan of the same facts, one process",
    )
    yield Line(
        what=f"The same derived from nothing but the facts: {movements[0]:,} movements, kept by day and cohort",
        unit="s",
        ours=[derived],
        floor=[scanned],
        rule="at most",
        target=DERIVED_TARGET,
        note="one sequential scan of the same facts, one process",
    )


def seed(connection: Connection, subscriptions: int, *, livemode: bool = True) -> None:
    """Facts alone: what they point to is not read. Indexes are made afterwards, as after any restore."""
    rows = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'subscription_facts' AND indexname NOT LIKE '%_pkey'"
    ).fetchall()
    for name, _ in rows:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    connection.execute("SET session_replication_role = replica")
    connection.execute(SEED, {"first": 1, "last": subscriptions, "each": FACTS_EACH, "livemode": livemode})
    connection.execute("SET session_replication_role = DEFAULT")
    for _, definition in rows:
        connection.execute(definition)
    connection.execute("VACUUM ANALYZE subscription_facts")


def _scan(connection: Connection, subscriptions: int) -> None:
    row = connection.execute(SCAN).fetchone()
    assert row is not None
    assert row[0] == subscriptions * FACTS_EACH


def _ask(connection: Connection) -> None:
    now = connection.execute("SELECT * FROM mrr_kept_on('2025-12-31')").fetchall()
    months = connection.execute("SELECT * FROM mrr_months('2025-01-01', '2025-12-01')").fetchall()
    assert len(months) == 12 * len(now)


def _compare(connection: Connection) -> None:
    """Of a day in the middle and of the last one."""
    for day in (date(2024, 5, 17), date(2025, 12, 31)):
        facts = connection.execute(
            "SELECT livemode, currency, parts, customers FROM mrr_on(%s) ORDER BY 1, 2", (day,)
        ).fetchall()
        kept = connection.execute("SELECT * FROM mrr_kept_on(%s) ORDER BY 1, 2", (day,)).fetchall()
        assert facts == kept, (day, facts, kept)
        assert facts


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
