"""What every request passes before its route, and every answer on its way out: id, size, media type, headers, crashes."""

import asyncio
import re
from collections.abc import Mapping
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from farthing.errors import FarthingError, TooLarge
from farthing.http import problems
from farthing.http.problems import REQUEST_ID
from farthing.http.refusals import TooSlow, UnsupportedMedia
from farthing.ids import Id

BODY_MAX: Final = 64 * 1024
BODY_SECONDS: Final = 15
"""How long a body may take to arrive."""

BODILESS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
WELL_FORMED: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

log = structlog.get_logger()


class RequestId(Id):
    prefix = "request"


class Gone(Exception):
    """The client left before its body was complete."""


class Door:
    """The outermost layer of the API. Routes behind it get a whole body of bounded size, or are not called."""

    def __init__(self, app: ASGIApp, answer: problems.Answer = problems.answer) -> None:
        self.app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        id = _request_id(scope)
        scope[REQUEST_ID] = id
        out = _Out(send, id)
        with structlog.contextvars.bound_contextvars(request=id):
            await self._let_in(scope, receive, out)

    async def _let_in(self, scope: Scope, receive: Receive, out: "_Out") -> None:
        try:
            await self.app(scope, await _with_body(scope, receive), out)
        except Gone:
            return
        except FarthingError as refusal:
            await self._answer(scope, refusal)(scope, receive, out)
        except Exception:
            log.exception("request.crashed", method=scope["method"], path=scope["path"])
            if out.begun:
                raise
            await self._answer(scope, FarthingError("crashed"))(scope, receive, out)


class _Out:
    """Sends on, with the headers that every answer has."""

    def __init__(self, send: Send, id: str) -> None:
        self._send = send
        self._id = id
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._id
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _request_id(scope: Scope) -> str:
    """The caller's own, if it looks like one, so that both logs tell of the same request."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if WELL_FORMED.fullmatch(given) else str(RequestId.new())


async def _with_body(scope: Scope, receive: Receive) -> Receive:
    """Read the body here, where its size can be refused while it arrives; routes then find it whole."""
    if scope["method"] in BODILESS:
        return receive
    headers = Headers(scope=scope)
    _check_declared(headers)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await _read(receive)
    except TimeoutError:
        raise TooSlow(f"The body did not arrive within {BODY_SECONDS} seconds.") from None
    if body:
        _check_media(headers)
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        body += message.get("body", b"")
        if len(body) > BODY_MAX:
            raise _too_large()
        if not message.get("more_body", False):
            return bytes(body)


def _check_declared(headers: Headers) -> None:
    declared = headers.get("content-length", "0")
    if not declared.isdecimal() or len(declared) > 12 or int(declared) > BODY_MAX:
        raise _too_large()


def _check_media(headers: Headers) -> None:
    media, _, params = headers.get("content-type", "").partition(";")
    charset = params.strip().lower().removeprefix("charset=").strip('"')
    if media.strip().lower() != "application/json" or charset not in ("", "utf-8"):
        raise UnsupportedMedia("Send the body as Content-Type: application/json.")


def _too_large() -> TooLarge:
    return TooLarge(f"The body is larger than {BODY_MAX} bytes.")
