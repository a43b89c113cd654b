"""Refusals as the documents' callers expect them: `{"error": {"code", "message"}}`, with `"success": false` under /api/v1."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from farthing.errors import FarthingError, ProviderUnavailable
from farthing.http import problems
from farthing.http.problems import Handler
from farthing.http.refusals import from_status
from farthing.http.validation import as_refusal

SENT_ON: Final = ("retry-after", "www-authenticate", "allow", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")


async def refused(request: Request, error: FarthingError) -> Response:
    """With the documents' statuses: 400 for what is not valid, 502 for whatever the provider did not do."""
    plain = problems.answer(request.scope, error)
    told = problems.document(request.scope, error)
    said: dict[str, Any] = {"code": told["code"], "message": told["detail"], "requestId": told["request_id"]}
    if error.param is not None:
        said["param"] = to_camel(error.param)
    if "errors" in told:
        said["errors"] = told["errors"]
    body: dict[str, Any] = {"error": said}
    if request.scope["path"].removeprefix(request.scope.get("root_path", "")).startswith("/api/v1/"):
        body = {"success": False, **body}
    headers = {name: plain.headers[name] for name in SENT_ON if name in plain.headers}
    return JSONResponse(body, _status(error), headers)


def _status(error: FarthingError) -> int:
    if isinstance(error, ProviderUnavailable):
        return 502
    return 400 if error.status == 422 else error.status


async def not_valid(request: Request, error: RequestValidationError) -> Response:
    return await refused(request, as_refusal(error.errors()))


async def no_such_route(request: Request, error: HTTPException) -> Response:
    refusal = from_status(error.status_code)
    refusal.extra["headers"] = dict(error.headers or {})
    return await refused(request, refusal)


HANDLERS: Final[Mapping[int | type[Exception], Handler]] = dict(problems.HANDLERS) | {
    FarthingError: refused,
    RequestValidationError: not_valid,
    HTTPException: no_such_route,
}
