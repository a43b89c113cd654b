"""Where a buyer lands after the payment page: what they bought and how it stands, and nothing about who they are."""

import asyncio
import contextlib
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing import checkout, orders
from farthing.errors import DatabaseUnavailable, NotFound, ProviderError
from farthing.lifecycles import OrderStatus
from farthing.orders import Order
from farthing.web.account import visitor_of
from farthing.web.page import render
from farthing.web.shop import cart as carts
from farthing.web.shop import subscribed
from farthing.web.shop.subscribed import Landing
from farthing.web.wiring import asked, reading, world_of

LOOKS_MAX: Final = 20
LOOK_EVERY: Final = 3
"""While the payment is being confirmed the page loads itself again so often, so many seconds apart."""

PATIENCE: Final = 5.0


async def success(request: Request) -> Response:
    """`GET /checkout/success?session_id=cs_…`: the id is the secret that opens it."""
    session = asked(request, "session_id") or ""
    if (landing := await subscribed.find(request, session)) is not None:
        return await _subscribed(request, session, landing)
    order = await _order(request, session)
    looks = _looks(request)
    if order.status == OrderStatus.OPEN:
        order = await _look_again(request, session, order)
    waits = order.status == OrderStatus.OPEN and looks < LOOKS_MAX
    visitor, sold = await visitor_of(request), world_of(request).catalog
    response = render(request, "shop/success.html", order=order, waits=waits, session=session, visitor=visitor)
    if waits:
        _load_again(response, session, looks)
    elif carts.read(request, sold).order == str(order.id):
        carts.empty(request, response)
    return response


async def _subscribed(request: Request, session: str, landing: Landing) -> Response:
    looks = _looks(request)
    if landing.waits:
        await subscribed.look_again(request, session, PATIENCE)
        landing = await subscribed.find(request, session) or landing
    waits = landing.waits and looks < LOOKS_MAX
    visitor = await visitor_of(request)
    response = render(request, "shop/subscribed.html", landing=landing, waits=waits, session=session, visitor=visitor)
    if waits:
        _load_again(response, session, looks)
    return response


def _load_again(response: Response, session: str, looks: int) -> None:
    """A header instead of a script: the page is complete without one."""
    response.headers["Refresh"] = f"{LOOK_EVERY}; url=?session_id={session}&looks={looks + 1}"


async def canceled(request: Request) -> Response:
    await visitor_of(request)
    return render(request, "shop/canceled.html", cart=carts.read(request, world_of(request).catalog))


async def _order(request: Request, session: str) -> Order:
    """Raises NotFound for whatever is not the session of an order here."""
    provider = world_of(request).provider
    async with reading(request) as tx:
        found = await checkout.find_by_provider_id(tx, provider.name, provider.livemode, session) if session else None
        if found is None:
            raise NotFound("There is no such checkout session. Follow the link of the payment page again.")
        return await orders.get(tx, found.order_id)


async def _look_again(request: Request, session: str, order: Order) -> Order:
    """Ask how it stands, as a webhook would. Where nobody answers in time, the page says that we are waiting."""
    with contextlib.suppress(ProviderError, TimeoutError, DatabaseUnavailable):
        async with asyncio.timeout(PATIENCE):
            await checkout.sync(world_of(request), session, actor="return page")
        return await _order(request, session)
    return order


def _looks(request: Request) -> int:
    typed = request.query_params.get("looks", "0")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0


ROUTES: Final = (
    Route("/checkout/success", success, name="checkout_success", methods=["GET"]),
    Route("/checkout/canceled", canceled, name="checkout_canceled", methods=["GET"]),
    # By other names, see docs/reference/documents.md.
    Route("/payment/success", success, name="payment_success", methods=["GET"]),
    Route("/payment/cancel", canceled, name="payment_cancel", methods=["GET"]),
)
