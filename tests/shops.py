"""A whole shop on loopback ports, as `farthing serve` runs it: sandbox, PostgreSQL, API, pages and worker, for a browser."""

import asyncio
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn
from pydantic import SecretStr
from tests.worlds import Sandbox

from farthing import catalog
from farthing.app import Farthing
from farthing.catalog import Catalog
from farthing.config import Settings
from farthing.db import Database
from farthing.web.staff import create_staff

PASSWORD = "correct horse battery staple"
STAFF = {"admin@shop.example": "admin", "viewer@shop.example": "viewer"}


@dataclass(frozen=True, slots=True)
class Shop:
    url: str
    key: str
    """Of its account at the sandbox."""
    sandbox: Sandbox
    dsn: str


@contextmanager
def running_shop(dsn: str, sandbox: Sandbox, sells: Catalog | None = None) -> Iterator[Shop]:
    """Ready when the block begins, gone when it ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    url, key = f"http://127.0.0.1:{listener.getsockname()[1]}", f"sk_test_{uuid.uuid4().hex}"
    settings = Settings(
        env="dev",
        database_url=SecretStr(dsn),
        base_url=url,
        secret_key=SecretStr("a secret of the tests, long enough to sign with"),
        stripe_secret_key=SecretStr(key),
        stripe_webhook_secrets=(SecretStr(_register(sandbox, key, f"{url}/webhooks/stripe")),),
        stripe_api_base=sandbox.url,
    )
    asyncio.run(_add_staff(dsn))
    pay = Farthing(settings, catalog=sells or catalog.parse(catalog.EXAMPLE))
    server = uvicorn.Server(uvicorn.Config(pay.asgi, log_level="critical", lifespan="on", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the shop ended before it was ready"
        time.sleep(0.01)
    try:
        yield Shop(url, key, sandbox, dsn)
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


def _register(sandbox: Sandbox, key: str, url: str) -> str:
    """Have events delivered to the shop; returns the secret they are signed with."""
    answer = httpx.post(
        f"{sandbox.url}/v1/webhook_endpoints",
        auth=(key, ""),
        data={"url": url, "enabled_events[0]": "*", "api_version": "2026-10-28.endive"},
    )
    secret: str = answer.raise_for_status().json()["secret"]
    return secret


async def _add_staff(dsn: str) -> None:
    db = Database(dsn)
    await db.open()
    async with db.transaction("test") as tx:
        for email, role in STAFF.items():
            await create_staff(tx, email, PASSWORD, role)
    await db.close()
