"""The controls for buyers: what the checkout page lets them decide before they pay, without a browser."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing.sandbox import cashier
from farthing.sandbox.control_answers import answered, fields_of, refused, url_of
from farthing.sandbox.errors import Refusal
from farthing.sandbox.world import Sandbox


def checkout_control_routes(sandbox: Sandbox) -> list[Route]:
    async def change(request: Request) -> Response:
        """A code, quantities or a way to ship; answers the session with its new sums."""
        try:
            bought = cashier.purchase(await fields_of(request))
            session = cashier.change(sandbox, request.path_params["id"], bought, url_of(request))
        except Refusal as refusal:
            return refused(refusal)
        return answered(session.body)

    async def recover(request: Request) -> Response:
        """As the link of an expired session does; answers the copy."""
        try:
            return answered(cashier.recover(sandbox, request.path_params["id"], url_of(request)).body)
        except Refusal as refusal:
            return refused(refusal)

    return [
        Route("/_sandbox/checkout/sessions/{id}/change", change, methods=["POST"]),
        Route("/_sandbox/checkout/sessions/{id}/recover", recover, methods=["POST"]),
    ]
