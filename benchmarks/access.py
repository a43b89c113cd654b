"""`GET /v1/access/{content}`, which a player asks again and again, against a bare Starlette route with the same statement."""

import json
import socket
import time
from typing import Any, Final

import psycopg

from benchmarks.ingest import serving
from benchmarks.line import Line
from farthing.db.database import SESSION

TARGET: Final = 2.0
CUSTOMERS: Final = 5_000
WARM_UP: Final = 200

SEED: Final = """
    WITH buyer AS (
        INSERT INTO customers (id, external_id, created_at)
        SELECT gen_random_uuid(), 'user-' || n, now() FROM generate_series(1, %(count)s) n RETURNING id
    ), bought AS (
        INSERT INTO orders (id, customer_id, livemode, status, currency, subtotal_amount, total_amount, placed_at, expires_at,
            paid_at)
        SELECT gen_random_uuid(), id, false, 'paid', 'eur', 300, 300, now(), now(), now() FROM buyer
        RETURNING id, customer_id
    ), line AS (
        INSERT INTO line_items (id, order_id, position, product, kind, name, quantity, unit_amount, amount, currency)
        SELECT gen_random_uuid(), id, 0, 'article', 'content', 'An article', 1, 300, 300, 'eur' FROM bought
        RETURNING id, order_id
    )
    INSERT INTO purchases (id, customer_id, content, product, title, order_id, line_item_id, livemode, currency, amount,
        tax_amount, platform_fee_amount, organization_fee_amount, seller_share_amount, status, purchased_at)
    SELECT gen_random_uuid(), bought.customer_id, 'film-1', 'article', 'A film', bought.id, line.id, false, 'eur', 300, 0, 0, 0,
        300, 'completed', now()
    FROM line JOIN bought ON bought.id = line.order_id
"""


def measure(dsn: str, *, rounds: int, calls: int) -> Line:
    with psycopg.connect(dsn, options=SESSION) as connection:
        connection.execute(SEED, {"count": CUSTOMERS})
        connection.execute("ANALYZE customers, purchases")
    with (
        serving("farthing", dsn) as farthing,
        serving("bare_access", dsn) as bare,
        _Asking(farthing) as ours,
        _Asking(bare) as floor,
    ):
        _micros(ours, floor, WARM_UP)
        measured = [_micros(ours, floor, calls) for _ in range(rounds)]
    return Line(
        what="GET /v1/access/{content}, for a signed-in customer",
        unit="us",
        ours=[pair[0] for pair in measured],
        floor=[pair[1] for pair in measured],
        rule="at most",
        target=TARGET,
        note="a Starlette route, the same statement, a pool alike, one connection kept alive",
    )


def _micros(ours: "_Asking", floor: "_Asking", calls: int) -> tuple[float, float]:
    """The quickest of so many calls, each for another customer: what else the machine does can only make a call slower.

    Both take turns call by call.
    """
    requests = [_request(n * 7 % CUSTOMERS + 1) for n in range(calls)]
    took = [(ours.micros(request), floor.micros(request)) for request in requests]
    return min(pair[0] for pair in took), min(pair[1] for pair in took)


class _Asking:
    """One connection, kept alive. Written by hand: a client that costs as much as the server would hide half of the ratio."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "_Asking":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def micros(self, request: bytes) -> float:
        """How long one answer took."""
        began = time.perf_counter()
        self._socket.sendall(request)
        answer = b""
        while not _is_whole(answer):
            part = self._socket.recv(65536)
            assert part, "the server hung up"
            answer += part
        micros = (time.perf_counter() - began) * 1e6
        assert _says_yes(answer), answer
        return micros


def _request(user: int) -> bytes:
    return f"GET /v1/access/film-1 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-User: user-{user}\r\n\r\n".encode()


def _is_whole(answer: bytes) -> bool:
    """The body of either is one JSON object without another in it."""
    return answer.endswith(b"}")


def _says_yes(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    said: dict[str, Any] = json.loads(body)
    return head.startswith(b"HTTP/1.1 200 ") and said["access"] is True
