"""The pages of figures at a hundred thousand subscriptions: how long they take, seen by whoever waits for them."""

import http.client
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import psycopg

from benchmarks import figures
from benchmarks.ingest import serving
from benchmarks.line import Line
from farthing.db.database import SESSION
from farthing.ids import InvoiceId

TARGET: Final = 150.0
TOKEN: Final = "a-token-of-the-benchmark"
STRETCH: Final = "from=2025-01&to=2025-12"

PAGES: Final = {
    "all figures of twelve months": f"/admin/metrics?{STRETCH}",
    "the rows behind a movement": f"/admin/metrics/movements?{STRETCH}&currency=eur&kind=expansion",
    "the checkouts of a plan": f"/admin/metrics/starts?{STRETCH}&plan=pro",
    "the failed payments of a reason": f"/admin/metrics/failed-payments?{STRETCH}&reason=insufficient_funds",
}

# The customers of the facts, and for each subscription a checkout of which three in four were completed and paid.
AROUND: Final = """
    INSERT INTO customers (id, external_id, created_at)
    SELECT ('1' || lpad(to_hex(n), 31, '0'))::uuid, 'user-' || n, now() FROM generate_series(1, %(count)s::bigint) AS n;
    INSERT INTO subscription_starts (id, customer_id, provider, livemode, plan, price, plan_group, quantity, unit_amount,
        currency, interval, interval_count, way, status, request, started_at, expires_at, closed_at)
    SELECT ('2' || lpad(to_hex(n), 31, '0'))::uuid, ('1' || lpad(to_hex(n), 31, '0'))::uuid, 'stripe', false,
        'pro', 'monthly', 'main', 1, 2000,
        'eur', 'month', 1, 'direct', CASE WHEN n % 4 = 0 THEN 'expired' ELSE 'complete' END, '{}', at, at, at
    FROM generate_series(1, %(count)s::bigint) AS n
        CROSS JOIN LATERAL (SELECT timestamptz '2023-01-01 08:00+00' + make_interval(days => (n % 1095)::int) AS at) AS made;
    INSERT INTO subscriptions (id, customer_id, start_id, provider, livemode, provider_subscription_id, provider_item_id,
        provider_price_id, plan, plan_group, quantity, unit_amount, currency, interval, interval_count, status, started_at,
        current_period_start, current_period_end, look, seen_at, created_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, ('1' || lpad(to_hex(n), 31, '0'))::uuid,
        ('2' || lpad(to_hex(n), 31, '0'))::uuid, 'stripe', false,
        'sub_' || n, 'si', 'price', 'pro', 'main', 1, 2000, 'eur', 'month', 1, 'active',
        now(), now(), now(), 1, now(), now()
    FROM generate_series(1, %(count)s::bigint) AS n WHERE n % 4 <> 0;
    INSERT INTO invoices (id, customer_id, subscription_id, provider, livemode, provider_invoice_id, status, currency,
        subtotal_amount, discount_amount, tax_amount, total_amount, due_amount, paid_amount, remaining_amount, period_start,
        period_end, attempt_count, issued_at, paid_at, look, seen_at)
    SELECT ('3' || lpad(to_hex(n), 31, '0'))::uuid, ('1' || lpad(to_hex(n), 31, '0'))::uuid,
        lpad(to_hex(n), 32, '0')::uuid, 'stripe', false,
        'in_' || n, 'paid', 'eur', 2000, 0, 0, 2000, 2000, 2000, 0, now(), now(), 1, now(), now(), 1, now()
    FROM generate_series(1, %(count)s::bigint) AS n WHERE n % 4 <> 0;
    INSERT INTO staff (id, email, password_hash, role, created_at)
    VALUES (lpad('', 32, '4')::uuid, 'finance@shop.example', 'none', 'finance', now());
    INSERT INTO staff_sessions (token_hash, staff_id, created_at, expires_at)
    VALUES (%(hash)s, lpad('', 32, '4')::uuid, now(), now() + interval '1 day')
""".replace(" % ", " %% ")


def measure(dsn: str, *, rounds: int, calls: int, subscriptions: int) -> Iterator[Line]:
    with psycopg.connect(dsn, options=SESSION, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute("SET statement_timeout = 0")
        _fill(connection, subscriptions)
    with serving("farthing", dsn) as port:
        asking = _Asking(port)
        try:
            yield from _pages(asking, rounds, calls, subscriptions)
        finally:
            asking.close()


def _pages(asking: "_Asking", rounds: int, calls: int, subscriptions: int) -> Iterator[Line]:
    for path in [*PAGES.values(), "/admin/health"] * 3:
        asking.millis(path)
    for name, path in PAGES.items():
        took = [(_p95(asking, path, calls), _p95(asking, "/admin/health", calls)) for _ in range(rounds)]
        yield Line(
            what=f"Page of {name}, {subscriptions:,} subscriptions, 95th percentile",
            unit="ms",
            ours=[pair[0] for pair in took],
            floor=[pair[1] for pair in took],
            rule="at most",
            target=TARGET,
            note="the page that shows whether the books are sound",
            of_floor=False,
        )


def _fill(connection: psycopg.Connection[Any], subscriptions: int) -> None:
    figures.seed(connection, subscriptions, livemode=False)
    connection.execute("SET session_replication_role = replica")
    connection.execute(AROUND, {"count": subscriptions, "hash": sha256(TOKEN.encode()).digest()})
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO events (id, type, happened_at, actor, data)
            VALUES (gen_random_uuid(), 'invoice.payment_failed', %s, 'bench', %s)
            """,
            [_failure(number) for number in range(1, subscriptions, 20) if number % 4],
        )
    connection.execute("SET session_replication_role = DEFAULT")
    connection.execute("SELECT mrr_rebuild()")
    connection.execute("VACUUM ANALYZE")


def _failure(number: int) -> tuple[datetime, str]:
    """One of the invoices failed once, on some day of three years."""
    invoice = InvoiceId(hex=f"3{number:031x}")
    at = datetime(2023 + number % 3, 1 + number % 12, 1 + number % 28, tzinfo=UTC)
    reason = ("insufficient_funds", "expired_card", "generic_decline")[number % 7 % 3]
    return at, f'{{"invoice": "{invoice}", "code": "{reason}"}}'


def _p95(asking: "_Asking", path: str, calls: int) -> float:
    took = sorted(asking.millis(path) for _ in range(calls))
    return took[min(len(took) * 95 // 100, len(took) - 1)]


class _Asking:
    """A member of staff with one connection, kept alive."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def close(self) -> None:
        self._http.close()

    def millis(self, path: str) -> float:
        began = time.perf_counter()
        self._http.request("GET", path, headers={"Cookie": f"farthing_staff={TOKEN}"})
        answer = self._http.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1e3
        assert answer.status == 200, (path, answer.status, body[:500])
        return took
