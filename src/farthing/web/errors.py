"""Pages for what went wrong: the same frame, the status it deserves, and a sentence that says what to do."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from farthing.errors import FarthingError
from farthing.web.page import render

_ADVICE: Final = {
    403: "You are not allowed to see this. Ask someone who runs this shop to let you in.",
    404: "There is nothing at this address. The link may be old, or mistyped.",
    405: "This address does not take that kind of request. Go back and try again.",
}
_OTHERWISE: Final = "The request could not be answered. Go back and try again."
_CRASHED: Final = "The fault is ours, and it has been logged. Reload the page and see what was done before you try again."


def problem(request: Request, error: Exception) -> Response:
    """What one of our own refusals says, word for word: its message is written for people."""
    assert isinstance(error, FarthingError)
    return _page(request, error.status, error.title, error.detail)


def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase.capitalize()
    return _page(request, error.status_code, title, _ADVICE.get(error.status_code, _OTHERWISE), error.headers)


def crashed(request: Request, error: Exception) -> Response:
    """Say nothing about the fault itself: it may name anything."""
    return _page(request, 500, "Something went wrong", _CRASHED)


HANDLERS: Final[Mapping[type[Exception], ExceptionHandler]] = {
    FarthingError: problem,
    HTTPException: refused,
    Exception: crashed,
}


def _page(request: Request, status: int, title: str, advice: str, headers: Mapping[str, str] | None = None) -> Response:
    response = render(request, "error.html", status=status, title=title, advice=advice)
    response.headers.update(headers or {})
    return response
