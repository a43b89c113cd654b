"""The API over a whole world, and the three kinds of caller who ask it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from tests.worlds import account, outbox, sandbox, settings, world

from farthing.api import build
from farthing.http import keys
from farthing.http.callers import CustomerIdentity
from farthing.world import World

__all__ = ["account", "outbox", "sandbox", "settings", "world"]

ADA = {"X-User": "ada"}
EVE = {"X-User": "eve"}


class Connect(Protocol):
    """Open a client that sends these headers with everything."""

    def __call__(self, **headers: str) -> AbstractAsyncContextManager[httpx.AsyncClient]: ...


async def signed_in(request: Request) -> CustomerIdentity | None:
    """What a host would do with its session: here a header says who it is."""
    user = request.headers.get("x-user")
    return None if user is None else CustomerIdentity(user, f"{user}@example.com", user.capitalize())


@pytest.fixture
def api(world: World) -> FastAPI:
    built = build()
    built.state.world, built.state.authenticate = world, signed_in
    return built


@pytest.fixture
def connect(api: FastAPI) -> Connect:
    @asynccontextmanager
    async def opened(**headers: str) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(api, client=("192.0.2.7", 4321))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as client:
            yield client

    return opened


@pytest.fixture
async def guest(connect: Connect) -> AsyncIterator[httpx.AsyncClient]:
    async with connect() as client:
        yield client


@pytest.fixture
async def ada(connect: Connect) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(**ADA) as client:
        yield client


@pytest.fixture
async def eve(connect: Connect) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(**EVE) as client:
        yield client


@pytest.fixture
async def secret(world: World) -> str:
    """The secret of an API key."""
    async with world.db.transaction("test") as tx:
        _, secret = await keys.create(tx, "the shop's server", livemode=False)
    return secret


@pytest.fixture
async def server(connect: Connect, secret: str) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(Authorization=f"Bearer {secret}") as client:
        yield client


def cart(**changes: Any) -> dict[str, Any]:
    """A body for POST /v1/checkout/sessions, of one guide."""
    return {
        "items": [{"product": "guide", "quantity": 1}],
        "success_url": "https://shop.example/thanks",
        "cancel_url": "https://shop.example/cart",
    } | changes
