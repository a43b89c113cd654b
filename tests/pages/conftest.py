"""The pages of a whole world, and visitors who fill in their forms as a browser does."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import httpx
import pytest
from argon2 import PasswordHasher
from starlette.types import ASGIApp
from tests.browser import browser, context, page
from tests.pages.visitor import PASSWORD, Visitor
from tests.worlds import account, outbox, sandbox, settings, world

from farthing import web
from farthing.db import Database
from farthing.ids import StaffId
from farthing.web.staff import Role
from farthing.world import World

__all__ = ["account", "browser", "context", "outbox", "page", "sandbox", "settings", "world"]


@pytest.fixture
def pages(world: World) -> ASGIApp:
    return web.build(world, authenticate=None)


@pytest.fixture
async def visit(pages: ASGIApp) -> AsyncIterator[Callable[[], Visitor]]:
    """Makes visitors: each call is another browser."""
    clients = []

    def arrive() -> Visitor:
        transport = httpx.ASGITransport(pages, raise_app_exceptions=True)
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://testserver"))
        return Visitor(clients[-1])

    yield arrive
    for client in clients:
        await client.aclose()


@pytest.fixture
def visitor(visit: Callable[[], Visitor]) -> Visitor:
    """A guest."""
    return visit()


@pytest.fixture(scope="session")
def hashed() -> str:
    """Of the password that all staff have here: hashing is slow on purpose."""
    return PasswordHasher().hash(PASSWORD)


@pytest.fixture
async def staff(db: Database, hashed: str) -> None:
    """One member of staff of each role."""
    async with db.transaction("test") as tx:
        for role in Role:
            await tx.run(
                """
                INSERT INTO staff (id, email, password_hash, role, created_at)
                VALUES (%(id)s, %(email)s, %(hash)s, %(role)s, %(now)s)
                """,
                id=StaffId.new(),
                email=f"{role}@shop.example",
                hash=hashed,
                role=role,
                now=tx.now,
            )


@pytest.fixture
async def admin(visit: Callable[[], Visitor], staff: None) -> Visitor:
    signed_in = visit()
    await signed_in.sign_in(Role.ADMIN)
    return signed_in


@pytest.fixture
async def viewer(visit: Callable[[], Visitor], staff: None) -> Visitor:
    signed_in = visit()
    await signed_in.sign_in(Role.VIEWER)
    return signed_in


@pytest.fixture
def production(world: World) -> ASGIApp:
    """The pages of the same world, served as in production."""
    return web.build(replace(world, settings=world.settings.model_copy(update={"env": "production"})), authenticate=None)
