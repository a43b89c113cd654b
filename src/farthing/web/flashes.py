"""One sentence for the next page: "Refund sent." It travels in a cookie and is shown once, escaped like any other text."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Final, Literal, get_args

from starlette.requests import Request
from starlette.responses import Response

from farthing.web.links import cookie_path

Tone = Literal["success", "warning", "danger", "neutral"]
COOKIE: Final = "farthing_flash"
TEXT_MAX: Final = 400
SECONDS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Flash:
    tone: Tone
    text: str


def leave(request: Request, response: Response, tone: Tone, text: str) -> None:
    value = base64.urlsafe_b64encode(json.dumps([tone, text[:TEXT_MAX]]).encode()).decode()
    response.set_cookie(
        COOKIE,
        value,
        max_age=SECONDS_MAX,
        path=cookie_path(request),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def read(request: Request) -> list[Flash]:
    """What the last page left; nothing where the cookie is not one of ours."""
    try:
        tone, text = json.loads(base64.urlsafe_b64decode(request.cookies.get(COOKIE, "")))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        return []
    if tone not in get_args(Tone) or not isinstance(text, str):
        return []
    return [Flash(tone, text[:TEXT_MAX])]


def forget(request: Request, response: Response) -> None:
    if COOKIE in request.cookies:
        response.delete_cookie(COOKIE, path=cookie_path(request))
