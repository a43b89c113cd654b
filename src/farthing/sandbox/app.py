"""The sandbox put together: the API, the pages, the controls, and the two tasks that run behind them."""

from __future__ import annotations

import asyncio
import functools
from contextlib import suppress
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, ExceptionHandler, Receive, Scope, Send

from farthing.sandbox import guard, seeds, timers
from farthing.sandbox.api import Api
from farthing.sandbox.clock import Clock
from farthing.sandbox.control import control_routes
from farthing.sandbox.control_answers import nothing_there, refused
from farthing.sandbox.deliveries import Deliveries
from farthing.sandbox.easypost.api import PREFIX, EasyPost
from farthing.sandbox.errors import Refusal
from farthing.sandbox.resources import DIRECTORY
from farthing.sandbox.settings import Settings
from farthing.sandbox.store import StateUnusable, StateUnwritable, Store
from farthing.sandbox.world import Sandbox


def create_app(path: str = ":memory:", settings: Settings | None = None) -> ASGIApp:
    """An ASGI application that keeps its state in the SQLite file at `path`."""
    return _App(path, settings or Settings())


class _App:
    """The state file is opened with the server's start and closed with its end, not when the module is loaded."""

    def __init__(self, path: str, settings: Settings) -> None:
        self._path = path
        self._settings = settings
        self._api: ASGIApp | None = None
        self._pages: ASGIApp | None = None
        self._parcels: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            assert self._api is not None, "the sandbox needs the lifespan events of its server"
            refusal = guard.refusal(scope, self._settings.allowed_hosts, remote=self._settings.remote)
            await (refusal or self._door(scope["path"]))(scope, receive, send)

    def _door(self, path: str) -> ASGIApp:
        assert self._api is not None
        assert self._pages is not None
        assert self._parcels is not None
        if path.startswith(f"{PREFIX}/"):
            return self._parcels
        return self._api if path.startswith(("/v1", "/v2")) else self._pages

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            store = Store(self._path)
        except StateUnusable as problem:
            await send({"type": "lifespan.startup.failed", "message": str(problem)})
            return
        sandbox = Sandbox(store, Clock(store), self._settings)
        if wrong := _plant(sandbox):
            store.close()
            await send({"type": "lifespan.startup.failed", "message": wrong})
            return
        deliveries = Deliveries(sandbox)
        self._api = Api(sandbox)
        self._parcels = EasyPost(sandbox)
        self._pages = _controls_and_pages(sandbox, deliveries)
        tasks = [asyncio.create_task(deliveries.run()), asyncio.create_task(timers.run(sandbox))]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await _end(tasks)
        store.close()
        await send({"type": "lifespan.shutdown.complete"})


def _controls_and_pages(sandbox: Sandbox, deliveries: Deliveries) -> ASGIApp:
    @functools.cache
    def pages() -> ASGIApp:
        """Made when the first of them is looked at: templates take a while to load, and many never look."""
        from farthing.sandbox.pages import page_app

        return page_app(sandbox, ())

    async def unwritable(request: Request, problem: Exception) -> Response:
        del request
        return refused(Refusal(500, str(problem), type="api_error"))

    async def others(scope: Scope, receive: Receive, send: Send) -> None:
        await pages()(scope, receive, send)

    handlers: dict[Any, ExceptionHandler] = {StateUnwritable: unwritable, HTTPException: nothing_there}
    controls = Starlette(routes=control_routes(sandbox, deliveries), exception_handlers=handlers)
    controls.router.default = others
    return controls


def _plant(sandbox: Sandbox) -> str | None:
    """The objects of the seed file, once. What is wrong with it, if something is."""
    file = sandbox.settings.seed_file
    if not file or sandbox.store.rows("SELECT 1 FROM objects LIMIT 1"):
        return None
    try:
        document = seeds.read(Path(file))
        with sandbox.commit():
            account = sandbox.account_of(seeds.key_of(document), "")
            sandbox.open_account(account)
            seeds.plant(account, document, DIRECTORY.find)
    except (OSError, ValueError, Refusal) as problem:
        return f"The seed file {file} could not be planted: {problem}"
    return None


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
