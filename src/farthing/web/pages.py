"""The ASGI app of all pages: it notes where it is mounted, guards the forms, and sends every answer with strict headers."""

import re
from collections.abc import Sequence
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import Message, Receive, Scope, Send

from farthing.errors import ConfigError
from farthing.web import assets, errors
from farthing.web.csrf import FormGuard
from farthing.web.frame import Frame
from farthing.web.links import PLACE, Place

_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")


class Pages:
    """Mount this: `Mount("/billing", app=Pages(frame, routes))`."""

    def __init__(self, frame: Frame, routes: Sequence[BaseRoute]) -> None:
        self._frame = frame
        self._headers = headers_for(frame.payment_origins)
        guard = Middleware(FormGuard, refused=errors.problem)
        self.app = Starlette(routes=[assets.ROUTE, *routes], middleware=[guard], exception_handlers=dict(errors.HANDLERS))
        # Its redirects lead to whatever host the request named.
        self.app.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        place = Place(self._frame, self.app.router, scope.get("root_path", "").rstrip("/"))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app({**scope, PLACE: place}, receive, send_with_headers)


def headers_for(payment_origins: Sequence[str]) -> dict[str, str]:
    """Nothing inline, nothing from elsewhere; forms may lead on to the payment page alone.

    A page that needs another policy, such as one that shows an email, sets its own header.
    """
    for origin in payment_origins:
        if not _ORIGIN.fullmatch(origin):
            raise ConfigError(f"{origin!r} is not an origin: write it like https://checkout.stripe.com.")
    policy = {
        "default-src": "'self'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "form-action": " ".join(["'self'", *payment_origins]),
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "object-src": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        # Not "no-referrer": browsers would then send "Origin: null" with our own forms.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
