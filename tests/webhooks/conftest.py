"""The door for deliveries, as a provider finds it: behind HTTP."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.worlds import account, outbox, sandbox, settings, world

from farthing.webhooks import Door, Inbox, StoredNotice, list_page
from farthing.world import World

__all__ = ["account", "outbox", "sandbox", "settings", "world"]


class Deliver(Protocol):
    """Post a body with its signature header, as the provider does."""

    async def __call__(self, body: Any, signature: str | bytes | None, **headers: str) -> httpx.Response: ...


@pytest.fixture
async def inbox(world: World) -> AsyncIterator[Inbox]:
    inbox = Inbox(world.db)
    yield inbox
    await inbox.close()


@pytest.fixture
async def deliver(world: World, inbox: Inbox) -> AsyncIterator[Deliver]:
    """Through ASGI, where a crash of the application is a crash of the test."""
    door = Door(world, inbox, senders=world.clock)

    async def endpoint(request: Request) -> Response:
        return await door(request)

    app = Starlette(routes=[Route("/webhooks/stripe", endpoint, methods=["POST"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as http:

        async def post(body: Any, signature: str | bytes | None, **headers: str) -> httpx.Response:
            sent: list[tuple[bytes, bytes]] = [(name.encode(), value.encode()) for name, value in headers.items()]
            if signature is not None:
                raw = signature if isinstance(signature, bytes) else signature.encode()
                sent.append((b"stripe-signature", raw))
            return await http.post("/webhooks/stripe", content=body, headers=sent)

        yield post


def event(**changes: Any) -> dict[str, Any]:
    """A snapshot event about nothing we watch."""
    return {
        "id": "evt_1",
        "object": "event",
        "type": "customer.created",
        "api_version": "2026-10-28.endive",
        "created": 1_790_000_000,
        "livemode": False,
        "data": {"object": {"id": "cus_1", "object": "customer"}},
    } | changes


async def stored(world: World) -> list[StoredNotice]:
    """What is in the inbox, oldest first."""
    async with world.db.transaction("test") as tx:
        page = await list_page(tx, limit=100)
    return list(reversed(page.items))


async def states(world: World) -> Mapping[str, str]:
    """Provider's event id → its status, with the reason where there is one."""
    return {n.provider_event_id: f"{n.status}: {n.reason}" if n.reason else str(n.status) for n in await stored(world)}
