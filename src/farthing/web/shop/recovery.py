"""`/pay/{token}`: an order that is not paid yet, for whoever holds the link of the email. Nobody has to sign in for it."""

import secrets
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing import checkout, payments
from farthing.errors import Conflict, KeyReused, ProviderError
from farthing.http.idempotency import Key
from farthing.web.account import visitor_of
from farthing.web.page import render
from farthing.web.shop.patience import patiently
from farthing.web.wiring import form_of, reading, world_of

ACTOR: Final = "recovery link"


async def show(request: Request) -> Response:
    return await _page(request)


async def pay(request: Request) -> Response:
    """To a payment page. Clicking twice leads to the same one."""
    world, token, form = world_of(request), str(request.path_params["token"]), await form_of(request)
    attempt = form.get("attempt", "")[:64] or secrets.token_urlsafe(24)
    key = Key.of(ACTOR, attempt, [token])
    try:
        started = await patiently(lambda: checkout.open_recovery_page(world, token, actor=ACTOR, key=key))
    except (Conflict, KeyReused, ProviderError) as error:
        return await _page(request, error.detail, error.status)
    return RedirectResponse(started.url, 303, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


async def _page(request: Request, problem: str = "", status: int = 200) -> Response:
    """What was ordered and what it costs, and nothing about who ordered it."""
    await visitor_of(request)
    order = await checkout.order_of(world_of(request), request.path_params["token"], actor=ACTOR)
    async with reading(request) as tx:
        tried = await payments.of_order(tx, order.id)
    attempt = secrets.token_urlsafe(24)
    waits = any(payment.status in ("processing", "authorized") for payment in tried)
    response = render(request, "shop/pay.html", status=status, order=order, waits=waits, problem=problem, attempt=attempt)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


ROUTES: Final = (
    Route("/pay/{token}", show, name="pay", methods=["GET"]),
    Route("/pay/{token}", pay, name="pay_open", methods=["POST"]),
)
