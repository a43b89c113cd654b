"""The one ASGI application that a host mounts, or that `farthing serve` runs: webhook door, return, health, REST and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from farthing import api, checkout, documents, downloads, web
from farthing.db import migrate
from farthing.errors import DatabaseUnavailable, FarthingError, NotFound
from farthing.http.cors import with_cors
from farthing.webhooks import Address, CarrierDoor, Door, read_address
from farthing.world import World

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from farthing.http.callers import Authenticate
    from farthing.webhooks import Inbox

log = structlog.get_logger("farthing")

WEBHOOK: Final = "/webhooks/stripe"
DOWNLOADS: Final = "/downloads/"
API: Final = ("/v1/", "/problems/")


class Wired(Protocol):
    """What the site needs of the application object."""

    inbox: Inbox

    @property
    def authenticate(self) -> Authenticate | None: ...

    @property
    def started(self) -> bool: ...

    @property
    def world(self) -> World: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Site:
    """Sends each request to its door. Started by the host's lifespan; if that was forgotten, by the first request."""

    def __init__(self, farthing: Wired) -> None:
        self._farthing = farthing
        self._world: World | None = None
        self._door: Door
        self._carrier_door: CarrierDoor | None = None
        self._rest: ASGIApp
        self._documents: ASGIApp
        self._pages: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            try:
                handler = await self._choose(scope)
            except FarthingError as error:
                handler = refusal(error)
            await handler(scope, receive, send)

    async def _choose(self, scope: Scope) -> ASGIApp:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if path == "/health/live":
            return JSONResponse({"status": "live"})
        await self._build()
        assert self._world is not None, "it was just built"
        request = Request(scope)
        if (address := read_address(path)) is not None:
            return self._webhook_at(address)
        if path == "/health/ready":
            return await _ready(self._world)
        if path == "/checkout/return" and request.method == "GET":
            return await checkout.come_back(self._world, request)
        if path.startswith(DOWNLOADS) and request.method in ("GET", "HEAD"):
            return await downloads.fetch(self._world, request, path.removeprefix(DOWNLOADS))
        if path == "/payments/return" and request.method == "GET":
            return await checkout.come_back_from_bank(self._world, request)
        if documents.is_ours(path):
            return self._documents
        return self._rest if path.startswith(API) else self._pages

    def _webhook_at(self, address: Address) -> ASGIApp:
        """One door, by whatever name. An address that is refused is not repeated: it may hold the secret of another."""
        assert self._world is not None, "it was just built"
        if self._world.carrier is not None and address.admits(self._world.carrier.name, self._world.settings):
            return self._carrier_webhook
        if not address.admits(self._world.provider.name, self._world.settings):
            return refusal(NotFound("There is no such webhook endpoint."))
        return self._webhook

    async def _webhook(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _posted(self._door, scope, receive, send)

    async def _carrier_webhook(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._carrier_door is not None, "its address is admitted where there is a carrier"
        await _posted(self._carrier_door, scope, receive, send)

    async def _build(self) -> None:
        farthing = self._farthing
        if farthing.started:
            if self._world is farthing.world:
                return
        else:
            log.warning("farthing.late_start", fix="FastAPI(lifespan=pay.lifespan)")
            await farthing.start()
        self._world = world = farthing.world
        self._door = Door(world, farthing.inbox)
        self._carrier_door = None if world.carrier is None else CarrierDoor(world.carrier, farthing.inbox)
        rest = api.build()
        rest.state.world, rest.state.authenticate = world, farthing.authenticate
        self._rest = with_cors(rest, world.settings)
        other_names = documents.build()
        other_names.state.world, other_names.state.authenticate = world, farthing.authenticate
        self._documents = with_cors(other_names, world.settings)
        self._pages = web.build(world, authenticate=farthing.authenticate)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        """Run by itself under a server: then it starts and stops with it."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self._farthing.start()
                except FarthingError as error:
                    await send({"type": "lifespan.startup.failed", "message": error.detail})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._farthing.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _posted(door: Door | CarrierDoor, scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    response: Response = (
        await door(request) if request.method == "POST" else Response(status_code=405, headers={"Allow": "POST"})
    )
    await response(scope, receive, send)


async def _ready(world: World) -> Response:
    """Whether requests can be served: the database answers, at the schema version of this code."""
    try:
        async with world.db.transaction("health") as tx:
            version = await tx.value("SELECT version_num FROM schema_version")
    except DatabaseUnavailable as error:
        return JSONResponse({"status": "not ready", "database": error.detail}, 503)
    if version != migrate.latest():
        return JSONResponse({"status": "not ready", "schema": version, "needed": migrate.latest()}, 503)
    return JSONResponse({"status": "ready", "schema": version})


def refusal(error: FarthingError) -> Response:
    """A refusal before any door was reached."""
    body: dict[str, Any] = {
        "type": f"/problems/{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail if error.status < 500 or error.status == 503 else error.title,
        "code": error.code,
    }
    return JSONResponse(body, error.status, media_type="application/problem+json")
