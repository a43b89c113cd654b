"""Refusals as documents: `application/problem+json` (RFC 9457) for every error there is, with nothing internal in any."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

import orjson
import psycopg
import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from farthing.errors import (
    ConfigError,
    DatabaseUnavailable,
    FarthingError,
    Invalid,
    KeyInUse,
    ProviderError,
    ProviderUnavailable,
)
from farthing.http.callers import Server
from farthing.http.credentials import caller_of
from farthing.http.refusals import IssuerUnavailable, NotStarted, from_status
from farthing.http.validation import as_refusal

MEDIA_TYPE: Final = "application/problem+json"
PATH: Final = "/problems"
REQUEST_ID: Final = "farthing.request_id"
"""Where in the scope the id of the request is."""

RETRY_AFTER: Final[Mapping[type[FarthingError], int]] = {
    KeyInUse: 1,
    NotStarted: 1,
    IssuerUnavailable: 5,
    ProviderUnavailable: 5,
    DatabaseUnavailable: 5,
}
"""Refusals that mean "later", and after how many seconds."""

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]
Answer = Callable[[Scope, FarthingError], Response]

log = structlog.get_logger()


def answer(scope: Scope, error: FarthingError) -> Response:
    """The error as a response."""
    headers: dict[str, str] = {}
    if seconds := RETRY_AFTER.get(type(error)):
        headers["Retry-After"] = str(seconds)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    more = error.extra.get("headers")
    headers |= more if isinstance(more, dict) else {}
    if error.status >= 500:
        _log(scope, error)
    body = orjson.dumps(document(scope, error))
    return Response(body, error.status, media_type=MEDIA_TYPE, headers=headers)


def document(scope: Scope, error: FarthingError) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": f"{scope.get('root_path', '').rstrip('/')}{PATH}/{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": _detail(scope, error),
        "instance": scope["path"],
        "code": error.code,
        "request_id": scope.get(REQUEST_ID),
    }
    if error.param is not None:
        told["param"] = error.param
    for name in ("errors", "preview", "quote", "available", "until", "why_not"):
        if (found := error.extra.get(name)) is not None:
            told[name] = found
    return told


def _log(scope: Scope, error: FarthingError) -> None:
    """The provider's own words may repeat what it was sent, an address for instance: its code says enough."""
    said = error.extra.get("provider_code") if isinstance(error, ProviderError) else error.detail
    log.warning("request.failed", code=error.code, said=said, request=scope.get(REQUEST_ID))


def _detail(scope: Scope, error: FarthingError) -> str:
    """What the provider or the configuration says is for the shop's own servers; others learn that it is not their fault."""
    if type(error) is FarthingError or isinstance(error, ConfigError):
        return f"Something went wrong on our side. Tell us the request id {scope.get(REQUEST_ID)}."
    if isinstance(error, ProviderError) and not isinstance(caller_of(scope), Server):
        later = isinstance(error, ProviderUnavailable)
        return "The payment provider did not answer. Try the same again." if later else "The payment provider refused."
    return error.detail


def handlers(answer: Answer) -> Mapping[int | type[Exception], Handler]:
    """What an application does with each error there is, so that every refusal looks as `answer` makes it."""

    async def refused(request: Request, error: FarthingError) -> Response:
        return answer(request.scope, error)

    async def not_valid(request: Request, error: RequestValidationError) -> Response:
        return answer(request.scope, as_refusal(error.errors()))

    async def no_such_route(request: Request, error: HTTPException) -> Response:
        refusal = from_status(error.status_code)
        refusal.extra["headers"] = dict(error.headers or {})
        return answer(request.scope, refusal)

    async def not_storable(request: Request, error: Exception) -> Response:
        """A value that got past the checks of its route, and that PostgreSQL cannot hold: a gap in our checks, so logged."""
        log.warning("request.not_storable", error=type(error).__name__, path=request.url.path)
        return answer(request.scope, Invalid("The request holds a value that cannot be stored."))

    async def lost_race(request: Request, error: Exception) -> Response:
        del error
        return answer(request.scope, DatabaseUnavailable("Too many requests wanted the same thing at once. Try again."))

    return {
        FarthingError: refused,
        RequestValidationError: not_valid,
        HTTPException: no_such_route,
        psycopg.DataError: not_storable,
        psycopg.errors.SerializationFailure: lost_race,
        psycopg.errors.DeadlockDetected: lost_race,
    }
