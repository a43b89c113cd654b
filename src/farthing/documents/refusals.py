"""Refusals as the documents' callers expect them: `{"error": {"code", "message"}}`, with `"success": false` under /api/v1."""

from typing import Any, Final

from pydantic.alias_generators import to_camel
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from farthing.errors import FarthingError, ProviderUnavailable
from farthing.http import problems

SENT_ON: Final = ("retry-after", "www-authenticate", "allow", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")


def answer(scope: Scope, error: FarthingError) -> Response:
    """With the documents' statuses: 400 for what is not valid, 502 for whatever the provider did not do."""
    plain = problems.answer(scope, error)
    told = problems.document(scope, error)
    said: dict[str, Any] = {"code": told["code"], "message": told["detail"], "requestId": told["request_id"]}
    if error.param is not None:
        said["param"] = to_camel(error.param)
    if "errors" in told:
        said["errors"] = told["errors"]
    body: dict[str, Any] = {"error": said}
    if scope["path"].removeprefix(scope.get("root_path", "")).startswith("/api/v1/"):
        body = {"success": False, **body}
    headers = {name: plain.headers[name] for name in SENT_ON if name in plain.headers}
    return JSONResponse(body, _status(error), headers)


def _status(error: FarthingError) -> int:
    if isinstance(error, ProviderUnavailable):
        return 502
    return 400 if error.status == 422 else error.status
