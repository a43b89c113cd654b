"""`GET /v1/access/{content}`, which a stream asks again and again, against a bare Starlette route with the same statement."""

import http.client
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any, Final

import psycopg
import uvicorn
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from benchmarks import shop
from benchmarks.line import Line
from farthing.api import build
from farthing.db import Database
from farthing.db.database import SESSION
from farthing.http.callers import CustomerIdentity
from farthing.providers.stripe import Stripe
from farthing.purchases.store import OWNED
from farthing.world import World

TARGET: Final = 2.0
CUSTOMERS: Final = 5_000
WARM_UP: Final = 100

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
    with ExitStack() as stack:
        ports = [stack.enter_context(_served(app)) for app in (_ours(dsn), _bare(dsn))]
        ours, bare = (http.client.HTTPConnection("127.0.0.1", port) for port in ports)
        for connected in (ours, bare):
            _micros(connected, WARM_UP)
        measured = [(_micros(ours, calls), _micros(bare, calls)) for _ in range(rounds)]
        ours.close()
        bare.close()
    return Line(
        what="GET /v1/access/{content}, for a signed-in customer",
        unit="us",
        ours=[pair[0] for pair in measured],
        floor=[pair[1] for pair in measured],
        rule="at most",
        target=TARGET,
        note="a Starlette route, the same statement, a pool alike, one connection kept alive",
    )


def _micros(connection: http.client.HTTPConnection, calls: int) -> float:
    began = time.perf_counter()
    for n in range(calls):
        connection.request("GET", "/v1/access/film-1", headers={"X-User": f"user-{n * 7 % CUSTOMERS + 1}"})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        assert json.loads(body)["access"] is True
    return (time.perf_counter() - began) / calls * 1e6


def _ours(dsn: str) -> Any:
    api = build()
    settings = shop.settings(dsn)
    db = Database(dsn, pool_min=2, pool_max=2)

    async def signed_in(request: Request) -> CustomerIdentity | None:
        return CustomerIdentity(request.headers["x-user"])

    @asynccontextmanager
    async def opened(app: object) -> AsyncIterator[None]:
        await db.open()
        provider = Stripe(shop.STRIPE_KEY, livemode=False, webhook_secrets=[], base="http://127.0.0.1:9")
        api.state.world = World(settings, db, provider, shop.CATALOG, _NoMail())
        yield
        await provider.close()
        await db.close()

    api.state.authenticate = signed_in
    api.router.lifespan_context = opened
    return api


class _NoMail:
    async def send(self, *, key: str, recipient: str, subject: str, text: str, html: str) -> None:
        raise AssertionError("nobody is written to")


def _bare(dsn: str) -> Starlette:
    kwargs = {"autocommit": True, "options": SESSION}
    pool = AsyncConnectionPool(dsn, kwargs=kwargs, min_size=2, max_size=2, open=False)

    async def access(request: Request) -> Response:
        params = {"customer": request.headers["x-user"], "content": request.path_params["content"]}
        async with pool.connection() as connection:
            row = await (await connection.execute(OWNED, params)).fetchone()
        owned = bool(row and row[0])
        return JSONResponse({"access": owned}, 200 if owned else 403)

    @asynccontextmanager
    async def opened(app: object) -> AsyncIterator[None]:
        async with pool:
            yield

    return Starlette(routes=[Route("/v1/access/{content:path}", access)], lifespan=opened)


@contextmanager
def _served(app: Any) -> Iterator[int]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="on", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server ended before it was ready"
        time.sleep(0.01)
    try:
        port: int = server.servers[0].sockets[0].getsockname()[1]
        yield port
    finally:
        server.should_exit = True
        thread.join(10)
