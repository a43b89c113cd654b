"""The controls for customers: what the billing portal's page does, without a browser."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing.sandbox import portal_desk, portal_plans
from farthing.sandbox.control_answers import answered, fields_of, refused, url_of
from farthing.sandbox.errors import Refusal
from farthing.sandbox.store import Json
from farthing.sandbox.world import Sandbox


def portal_control_routes(sandbox: Sandbox) -> list[Route]:
    async def act(request: Request) -> Response:
        """One thing done, with the fields of the page's form: 200 with what was said, 202 with the bank's page."""
        try:
            done = portal_desk.act(sandbox, request.path_params["id"], _texts(await fields_of(request)), url_of(request))
        except Refusal as refusal:
            return refused(refusal)
        return answered({"said": done.said, "redirect_to": done.bank}, 202 if done.bank else 200)

    async def preview(request: Request) -> Response:
        """What a change of plan would cost; nothing of it happens."""
        try:
            fields = _texts(await fields_of(request))
            with sandbox.commit():
                seen = portal_desk.visit(sandbox, request.path_params["id"], url_of(request))
                return answered(portal_plans.preview(seen, fields))
        except Refusal as refusal:
            return refused(refusal)

    path = "/_sandbox/billing_portal/sessions/{id}"
    return [Route(f"{path}/act", act, methods=["POST"]), Route(f"{path}/preview", preview, methods=["POST"])]


def _texts(fields: Json) -> dict[str, str]:
    return {name: str(value) for name, value in fields.items() if value is not None}
