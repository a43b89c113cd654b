"""Whom we serve: the user that the host says it is, or in development the demo customer, by a switch in a cookie."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing import customers, orders
from farthing.db import Transaction
from farthing.errors import NotFound
from farthing.http.callers import Authenticate
from farthing.ids import OrderId
from farthing.orders import Order
from farthing.web.frame import Person
from farthing.web.links import cookie_path
from farthing.web.page import redirect, render
from farthing.web.wiring import world_of

DEMO_COOKIE: Final = "farthing_demo_customer"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in customer. `external_id` is the host's own id of them."""

    external_id: str
    email: str | None = None
    name: str | None = None
    is_demo: bool = False

    @property
    def actor(self) -> str:
        return f"customer:{self.external_id}"


DEMO: Final = Visitor("demo-customer", "demo@example.com", "Demo Customer", is_demo=True)


async def visitor_of(request: Request) -> Visitor | None:
    """Who it is, noted for the frame; None for a guest."""
    visitor = await _find(request)
    if visitor is not None:
        name = visitor.name or visitor.email or visitor.external_id
        request.state.person = Person(name, sign_out="demo_sign_out" if visitor.is_demo else None)
    return visitor


async def own_order(tx: Transaction, visitor: Visitor, id: str) -> Order:
    """Raises NotFound for the order of somebody else, in the words of one that does not exist."""
    order = await orders.get(tx, OrderId.parse(id))
    customer = await customers.find_by_external_id(tx, visitor.external_id)
    if customer is None or customer.id != order.customer_id:
        raise NotFound(f"There is no order {order.id}.")
    return order


def who_are_you(request: Request) -> Response:
    """The host has a way to sign in, and we do not know it; in development there is the demo customer."""
    return render(request, "account/stranger.html", status=401, demo=world_of(request).settings.env != "production")


async def sign_in(request: Request) -> Response:
    """Become the demo customer: a switch for development, no proof of anything."""
    response = _back(request)
    secure = request.url.scheme == "https"
    response.set_cookie(DEMO_COOKIE, "on", path=cookie_path(request), secure=secure, httponly=True, samesite="lax")
    return response


async def sign_out(request: Request) -> Response:
    response = redirect(request, "shop", flash=("neutral", "You are a guest again."))
    response.delete_cookie(DEMO_COOKIE, path=cookie_path(request))
    return response


async def _find(request: Request) -> Visitor | None:
    authenticate: Authenticate | None = request.app.state.authenticate
    if authenticate is not None and (identity := await authenticate(request)) is not None:
        return Visitor(identity.external_id, identity.email, identity.name)
    if world_of(request).settings.env != "production" and request.cookies.get(DEMO_COOKIE) == "on":
        return DEMO
    return None


def _back(request: Request) -> RedirectResponse:
    """To the page the form was on, where it is one of the two that have it; else to the orders."""
    came_from = request.headers.get("referer", "")
    route = "cart" if came_from.endswith("/cart") else "account_orders"
    return redirect(request, route)


DEMO_ROUTES: Final = (
    Route("/demo/sign-in", sign_in, name="demo_sign_in", methods=["POST"]),
    Route("/demo/sign-out", sign_out, name="demo_sign_out", methods=["POST"]),
)
"""Not served in production."""
