"""The controls for sellers: go through onboarding without a browser."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing.sandbox.cashier import find
from farthing.sandbox.errors import Refusal, malformed
from farthing.sandbox.resources import external_accounts, onboarding
from farthing.sandbox.store import Json
from farthing.sandbox.world import Sandbox


def seller_control_routes(sandbox: Sandbox) -> list[Route]:
    async def onboard(request: Request) -> Response:
        try:
            fields = await _fields(request)
            with sandbox.commit():
                url = f"{request.url.scheme}://{request.url.netloc}"
                platform, record = find(sandbox, "account", request.path_params["id"], url)
                if platform.id == record.id:
                    raise malformed("This account is nobody's seller.")
                number = fields.get("account_number", external_accounts.GOOD)
                if not isinstance(number, str):
                    raise malformed("account_number must be a string.", param="account_number")
                onboarding.go_through(platform, record, str(fields.get("outcome", "complete")), number)
        except Refusal as refusal:
            return _json({"error": refusal.error}, refusal.status)
        return _json(record.body)

    return [Route("/_sandbox/accounts/{id}/onboard", onboard, methods=["POST"])]


async def _fields(request: Request) -> Json:
    try:
        fields = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError:
        raise malformed("The request body must be JSON.") from None
    if not isinstance(fields, dict):
        raise malformed("The request body must be a JSON object.")
    return fields


def _json(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
