"""Forms come from our own pages: a request that changes something must say so twice, by its origin and by the form's token.

The browser reports the origin and no page can forge it (Sec-Fetch-Site, or Origin compared with Host). The token is in a
SameSite=Lax cookie and in the form; another site can neither read nor set it.
"""

import asyncio
import re
import secrets
from collections.abc import Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from farthing.errors import FarthingError, Forbidden, Malformed, TooLarge
from farthing.web.links import cookie_path

COOKIE: Final = "farthing_form"
FIELD: Final = "form_token"
HEADER: Final = "X-Form-Token"
FORM_BYTES_MAX: Final = 1_000_000
FORM_SECONDS_MAX: Final = 15
"""How long a form may take to arrive."""

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_UTF8: Final = re.compile(r";\s*charset=\"?utf-8\"?\s*(?=;|$)", re.IGNORECASE)


class FormGuard:
    """Lets nothing through that could have been sent by another site; `refused` makes the answer."""

    def __init__(self, app: ASGIApp, refused: Callable[[Request, FarthingError], Response]) -> None:
        self._app = app
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _SAFE:
            try:
                receive = await _checked(scope, receive)
            except FarthingError as error:
                await self._refused(Request(scope), error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def token_of(request: Request) -> str:
    """The token of this browser: the one in its cookie, or a new one for `remember` to set."""
    token = request.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else secrets.token_urlsafe(32)


def remember(request: Request, response: Response, token: str) -> None:
    if request.cookies.get(COOKIE) != token:
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, token, path=cookie_path(request), secure=secure, httponly=True, samesite="lax")


async def _checked(scope: Scope, receive: Receive) -> Receive:
    """Check a request, and give back its body to be read again."""
    check_origin(Request(scope))
    _check_charset(Request(scope))
    try:
        async with asyncio.timeout(FORM_SECONDS_MAX):
            body = await _read(receive)
    except TimeoutError:
        raise Malformed(f"The form did not arrive within {FORM_SECONDS_MAX} seconds, so nothing was changed.") from None
    sent = await _sent_token(Request(scope, _again(body, receive)))
    kept = Request(scope).cookies.get(COOKIE, "")
    if not _TOKEN.fullmatch(kept) or not secrets.compare_digest(sent.encode(), kept.encode()):
        raise Forbidden("This form is out of date, so nothing was changed. Go back, reload the page and send it again.")
    return _again(body, receive)


def check_origin(request: Request) -> None:
    """Raise Forbidden where the browser says that another site sent this."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        ours = site in {"same-origin", "none"}
    else:  # Older browsers, and any browser on plain HTTP. The scheme is not compared: a proxy may have ended TLS.
        ours = origin is None or origin.partition("://")[2] == request.headers.get("host", "nowhere")
    if not ours:
        raise Forbidden("This form was sent by another site, so nothing was changed.")


def _check_charset(request: Request) -> None:
    """The parser decodes by the name that the sender chose, and Python has codecs that take minutes for what fits in here."""
    if "charset" in _UTF8.sub("", request.headers.get("content-type", ""), count=1).lower():
        raise Malformed("The form is not in UTF-8, so nothing was changed.")


async def _read(receive: Receive) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Malformed("The form did not arrive whole, so nothing was changed.")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > FORM_BYTES_MAX:
            raise TooLarge(f"A form may have {FORM_BYTES_MAX} bytes at most, so nothing was changed.")
    return bytes(body)


async def _sent_token(request: Request) -> str:
    if HEADER in request.headers:
        return request.headers[HEADER]
    try:
        async with request.form() as form:
            token = form.get(FIELD)
    except (HTTPException, MultiPartException):
        raise Malformed("The form could not be read, so nothing was changed.") from None
    return token if isinstance(token, str) else ""


def _again(body: bytes, receive: Receive) -> Receive:
    """A receive channel that tells the body once, then goes on with the real one."""
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
