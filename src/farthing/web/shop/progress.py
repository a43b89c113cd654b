"""`/progress/{token}`: how an order goes, for whoever holds the link of the email. Nobody has to sign in for it."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing import checkout, payments
from farthing.web.account import visitor_of
from farthing.web.account.parts import parts_of
from farthing.web.page import render
from farthing.web.wiring import reading, world_of

ACTOR: Final = "progress link"


async def show(request: Request) -> Response:
    """What was ordered and where it is, and nothing about who ordered it, or where it is sent."""
    await visitor_of(request)
    order = await checkout.order_of_progress(world_of(request), request.path_params["token"], actor=ACTOR)
    async with reading(request) as tx:
        parts = await parts_of(tx, order.id)
        given_back = [
            each for each in await payments.refunds_of_order(tx, order.id) if each.status not in ("failed", "canceled")
        ]
    response = render(request, "shop/progress.html", order=order, parts=parts, refunds=given_back)
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


ROUTES: Final = (Route("/progress/{token}", show, name="progress", methods=["GET"]),)
