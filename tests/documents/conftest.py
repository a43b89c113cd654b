"""The whole service, as `farthing serve` runs it, and who asks it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import httpx
import pytest
from pydantic import SecretStr
from starlette.requests import Request
from tests.worlds import CATALOG, Outbox, account, content_of, outbox, sandbox, settings

from farthing import Farthing, catalog
from farthing.config import Settings
from farthing.http import keys
from farthing.http.callers import CustomerIdentity

__all__ = ["account", "outbox", "sandbox", "settings"]

TOKEN = "a-token-of-the-tests-0123456789"


class Connect(Protocol):
    """Ask the service with these headers."""

    def __call__(self, **headers: str) -> AbstractAsyncContextManager[httpx.AsyncClient]: ...


async def signed_in(request: Request) -> CustomerIdentity | None:
    user = request.headers.get("x-user")
    return None if user is None else CustomerIdentity(user, f"{user}@example.com", user.capitalize())


@pytest.fixture
async def pay(settings: Settings, dsn: str, outbox: Outbox) -> AsyncIterator[Farthing]:
    del dsn
    settings = settings.model_copy(update={"webhook_token": SecretStr(TOKEN)})
    made = Farthing(
        settings,
        authenticate=signed_in,
        catalog=catalog.parse(CATALOG),
        mailer=outbox,
        run_worker=False,
        content=content_of,
    )
    async with made:
        yield made


@pytest.fixture
def connect(pay: Farthing) -> Connect:
    @asynccontextmanager
    async def opened(**headers: str) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(pay.asgi), base_url="http://testserver", headers=headers
        ) as http:
            yield http

    return opened


@pytest.fixture
async def server(pay: Farthing, connect: Connect) -> AsyncIterator[httpx.AsyncClient]:
    """The shop's own server."""
    async with pay.world.db.transaction("test") as tx:
        _, secret = await keys.create(tx, "server", livemode=False)
    async with connect(authorization=f"Bearer {secret}") as http:
        yield http


@pytest.fixture
async def ada(connect: Connect) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(**{"x-user": "ada"}) as http:
        yield http


@pytest.fixture
async def eve(connect: Connect) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(**{"x-user": "eve"}) as http:
        yield http
