"""How the controls read what they are asked and write what they answer: JSON for programs, a way back for buttons."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from farthing.sandbox.errors import Refusal, malformed
from farthing.sandbox.store import Json

DIGITS_MAX = 18


def is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


def is_browser(request: Request) -> bool:
    """curl posts forms as well, but neither wants a page nor comes from one."""
    headers = request.headers
    return "text/html" in headers.get("accept", "") or "sec-fetch-mode" in headers or "referer" in headers


def back(request: Request) -> Response | None:
    """Buttons of the dashboard lead back to it; programs get JSON."""
    return RedirectResponse("/_sandbox/", 303) if is_form(request) and is_browser(request) else None


async def fields_of(request: Request) -> Json:
    raw = await request.body()
    if is_form(request):
        return {name: whole(text, text) for name, text in parse_qsl(raw.decode("utf-8", "replace"))}
    try:
        fields = orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError:
        raise malformed("The request body must be JSON.") from None
    if not isinstance(fields, dict):
        raise malformed("The request body must be a JSON object.")
    return fields


def whole(text: str, otherwise: Any = None) -> Any:
    """The number that is written here. Python refuses to read thousands of digits, so longer ones are none."""
    return int(text) if text.isdecimal() and len(text) <= DIGITS_MAX else otherwise


def url_of(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def answered(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def refused(refusal: Refusal) -> Response:
    return answered({"error": refusal.error}, refusal.status)


def nothing_there(request: Request, problem: Exception) -> Response:
    """No such path, or not by this method: in words for browsers, as JSON for programs."""
    assert isinstance(problem, HTTPException), "what is not found, and the like"
    if is_browser(request):
        return PlainTextResponse(problem.detail, problem.status_code, problem.headers)
    message = f"{problem.detail}: there is no {request.method} {request.url.path} in this sandbox."
    answer = refused(Refusal(problem.status_code, message))
    answer.headers.update(problem.headers or {})
    return answer
