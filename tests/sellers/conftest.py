"""A marketplace: a world in which others sell, the API over it, and its pages."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Protocol

import httpx
import pytest
from tests.api.conftest import ada, api, connect, eve, guest, secret, server, signed_in
from tests.pages.conftest import hashed, staff
from tests.pages.visitor import Visitor
from tests.worlds import CATALOG, account, outbox, sandbox, settings
from tests.worlds import world as shop

from farthing import catalog, documents, web
from farthing.world import World

__all__ = [
    "account",
    "ada",
    "api",
    "connect",
    "eve",
    "guest",
    "hashed",
    "outbox",
    "sandbox",
    "secret",
    "server",
    "settings",
    "shop",
    "staff",
]

MARKETPLACE = """
[marketplace]
holding_days = 14

[[marketplace.fees]]
platform_basis_points = 1000
platform_amounts = ["0.30 USD"]
"""


@pytest.fixture
def world(shop: World) -> World:
    return replace(shop, catalog=catalog.parse(CATALOG + MARKETPLACE))


class Browse(Protocol):
    """Another browser, of this user of the host; of nobody where none is named."""

    def __call__(self, user: str = "") -> AbstractAsyncContextManager[Visitor]: ...


@pytest.fixture
def browse(world: World) -> Browse:
    pages = web.build(world, authenticate=signed_in)

    @asynccontextmanager
    async def opened(user: str = "") -> AsyncIterator[Visitor]:
        transport = httpx.ASGITransport(pages, raise_app_exceptions=True)
        headers = {"X-User": user} if user else {}
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as http:
            yield Visitor(http)

    return opened


@pytest.fixture
async def documented(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Grace, signed in, at the routes of the documents."""
    built = documents.build()
    built.state.world, built.state.authenticate = world, signed_in
    transport = httpx.ASGITransport(built)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers={"X-User": "grace"}) as client:
        yield client
