"""The two servers that take deliveries: Farthing's, and the least that could store the same row.

    python -m benchmarks.serve farthing|bare DSN SOCKET

Both run under one uvicorn process each, set up alike, on a listening socket that they are given.
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
from starlette.responses import Response
from starlette.routing import Route

POOL_MAX: Final = 16
"""A connection for each of those that send: fewer make the bare handler slower."""
INSERT: Final = """
    INSERT INTO farthing.provider_events (id, provider, livemode, account, provider_event_id, type, api_version,
        subject_kind, subject_id, body, occurred_at, received_at, status, reason, due_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (provider, livemode, account, provider_event_id) DO NOTHING
"""


def main() -> None:
    which, dsn, listening = sys.argv[1], sys.argv[2], socket.socket(fileno=int(sys.argv[3]))
    app = bare(dsn) if which == "bare" else farthing(dsn)
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


def farthing(dsn: str) -> Any:
    """What `farthing serve --no-worker` serves."""
    from benchmarks import shop
    from farthing.app import Farthing

    return Farthing(shop.settings(dsn), catalog=shop.CATALOG, run_worker=False).asgi


if __name__ == "__main__":
    main()
