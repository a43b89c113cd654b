"""What an application raises when it is told of an event is kept for the test; a server would log it at every try."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final

App = Callable[..., Any]
SIGNATURE: Final = b"stripe-signature"


def is_asgi(app: App) -> bool:
    """An async function of three, or an object that is called like one; else it is WSGI's."""
    called = app if inspect.isroutine(app) else type(app).__call__
    return inspect.iscoroutinefunction(called) or len(inspect.signature(app).parameters) == 3


def keeping(app: App, raised: list[Exception]) -> App:
    """The same application, that answers 500 where it raises. Requests that are no webhooks go as they always do."""
    return _asgi(app, raised) if is_asgi(app) else _wsgi(app, raised)


def _asgi(app: App, raised: list[Exception]) -> App:
    async def called(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or SIGNATURE not in dict(scope["headers"]):
            await app(scope, receive, send)
            return
        begun = False

        async def sent(message: Any) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await app(scope, receive, sent)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the test is told
            raised.append(problem)
            if not begun:
                await send({"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"0")]})
                await send({"type": "http.response.body", "body": b""})

    return called


def _wsgi(app: App, raised: list[Exception]) -> App:
    def called(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "HTTP_STRIPE_SIGNATURE" not in environ:
            found: Iterable[bytes] = app(environ, start_response)
            return found
        try:
            return _whole(app(environ, start_response))
        except Exception as problem:  # noqa: BLE001 - whatever it is, the test is told
            raised.append(problem)
            start_response("500 Internal Server Error", [("Content-Length", "0")], sys.exc_info())
            return [b""]

    return called


def _whole(body: Any) -> list[bytes]:
    try:
        return list(body)
    finally:
        if hasattr(body, "close"):
            body.close()
