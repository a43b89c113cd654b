"""The servers that are asked over HTTP: Farthing's, and the least that could store or read the same row.

    python -m benchmarks.serve farthing|flash|bare|bare_access DSN SOCKET [WEBHOOK_SECRET]

Each runs under one uvicorn process, set up alike, on a listening socket that it is given.
"""

import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import orjson
import uvicorn
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from benchmarks.event import SECRET

POOL_MAX: Final = 16
"""A connection for each of those that send: fewer make the bare handler slower."""
INSERT: Final = """
    INSERT INTO farthing.provider_events (id, provider, livemode, account, provider_event_id, type, api_version,
        subject_kind, subject_id, body, occurred_at, received_at, status, reason, due_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (provider, livemode, account, provider_event_id) DO NOTHING
"""


def main() -> None:
    which, dsn, listening, more = sys.argv[1], sys.argv[2], socket.socket(fileno=int(sys.argv[3])), sys.argv[4:]
    app = {"farthing": farthing, "bare": bare, "bare_access": bare_access, "flash": flash}[which](dsn, *more)
    config = uvicorn.Config(
        app, lifespan="on", log_level="warning", access_log=False, server_header=False, ws="none", timeout_graceful_shutdown=5
    )
    uvicorn.Server(config).run([listening])


def bare(dsn: str) -> Starlette:
    """Reads the body, takes from it what the columns need, and inserts the row in one statement. It verifies nothing."""
    pool = AsyncConnectionPool(dsn, min_size=POOL_MAX, max_size=POOL_MAX, open=False, kwargs={"autocommit": True})

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with pool:
            yield

    async def receive(request: Request) -> Response:
        body = await request.body()
        event: dict[str, Any] = orjson.loads(body)
        now = datetime.now(UTC)
        row = (
            uuid4(),
            "stripe",
            event["livemode"],
            "",
            event["id"],
            event["type"],
            event["api_version"],
            "payment",
            event["data"]["object"]["id"],
            body,
            datetime.fromtimestamp(event["created"], UTC),
            now,
            "received",
            None,
            now,
        )
        async with pool.connection() as connection:
            await connection.execute(INSERT, row)
        return Response(b'{"received":true}', media_type="application/json")

    return Starlette(routes=[Route("/webhooks/stripe", receive, methods=["POST"])], lifespan=lifespan)


def bare_access(dsn: str) -> Starlette:
    """Asks the same statement for whoever a header names, and answers yes or no."""
    from farthing.db.database import SESSION
    from farthing.purchases.store import OWNED

    kwargs = {"autocommit": True, "options": SESSION}
    pool = AsyncConnectionPool(dsn, kwargs=kwargs, min_size=1, max_size=POOL_MAX, open=False)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with pool:
            yield

    async def access(request: Request) -> Response:
        params = {"customer": request.headers["x-user"], "content": request.path_params["content"]}
        async with pool.connection() as connection:
            row = await (await connection.execute(OWNED, params)).fetchone()
        owned = bool(row and row[0])
        return JSONResponse({"access": owned}, 200 if owned else 403)

    return Starlette(routes=[Route("/v1/access/{content:path}", access)], lifespan=lifespan)


def flash(dsn: str) -> Any:
    """The same with goods of which there are few."""
    from benchmarks import shop

    return farthing(dsn, goods=shop.GOODS)


def farthing(dsn: str, webhook_secret: str = SECRET, *, goods: Any = None) -> Any:
    """What `farthing serve --no-worker` serves, for a host that signs its users in by a header."""
    from benchmarks import shop
    from farthing.app import Farthing
    from farthing.http.callers import CustomerIdentity

    async def signed_in(request: Request) -> CustomerIdentity | None:
        user = request.headers.get("x-user")
        return None if user is None else CustomerIdentity(user)

    settings = shop.settings(dsn, webhook_secret)
    return Farthing(settings, catalog=goods or shop.CATALOG, run_worker=False, authenticate=signed_in).asgi


if __name__ == "__main__":
    main()
