"""A customer's orders: the list and one in detail. What belongs to somebody else does not exist here."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing import customers, entitlements, orders, payments
from farthing.db import Transaction
from farthing.errors import NotFound
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus
from farthing.orders import Order
from farthing.paging import Page
from farthing.payments import Payment
from farthing.web.account.visitor import Visitor, visitor_of
from farthing.web.page import render
from farthing.web.wiring import asked, reading, world_of

SHOWN: Final = 20


async def order_list(request: Request) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return _who_are_you(request)
    cursor = asked(request, "cursor")
    async with reading(request) as tx:
        customer = await customers.find_by_external_id(tx, visitor.external_id)
        found: Page[Order] = Page((), None)
        if customer is not None:
            found = await orders.of_customer(tx, customer.id, limit=SHOWN, cursor=OrderId.parse(cursor) if cursor else None)
    return render(request, "account/orders.html", found=found, sells=world_of(request).settings.env != "production")


async def order_detail(request: Request) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return _who_are_you(request)
    async with reading(request) as tx:
        order = await _own_order(tx, visitor, request.path_params["id"])
        collected = await payments.of_order(tx, order.id)
        refunds = await payments.refunds_of_order(tx, order.id)
        granted = await entitlements.of_order(tx, order.id)
    return render(
        request,
        "account/order.html",
        order=order,
        payment=_paid_by(collected),
        refunds=[refund for refund in refunds if refund.status not in ("failed", "canceled")],
        granted=[right for right in granted if right.revoked_at is None],
        steps=_steps(order),
        now=world_of(request).clock.now(),
    )


async def _own_order(tx: Transaction, visitor: Visitor, id: str) -> Order:
    """Raises NotFound for the order of somebody else, in the words of one that does not exist."""
    order = await orders.get(tx, OrderId.parse(id))
    customer = await customers.find_by_external_id(tx, visitor.external_id)
    if customer is None or customer.id != order.customer_id:
        raise NotFound(f"There is no order {order.id}.")
    return order


def _paid_by(collected: list[Payment]) -> Payment | None:
    return next((payment for payment in collected if payment.settles), None)


def _steps(order: Order) -> list[tuple[str, str]]:
    """How far it is, as (label, state): done, now or stopped."""
    match order.status:
        case OrderStatus.OPEN:
            return [("Placed", "done"), ("Waiting for payment", "now")]
        case OrderStatus.PAID:
            return [("Placed", "done"), ("Paid", "done")]
        case OrderStatus.REFUNDED:
            return [("Placed", "done"), ("Paid", "done"), ("Refunded", "stopped")]
        case OrderStatus.EXPIRED:
            return [("Placed", "done"), ("Not paid in time", "stopped")]
        case OrderStatus.CANCELED:
            return [("Placed", "done"), ("Canceled", "stopped")]


def _who_are_you(request: Request) -> Response:
    """The host has a way to sign in, and we do not know it; in development there is the demo customer."""
    return render(request, "account/stranger.html", status=401, demo=world_of(request).settings.env != "production")


ROUTES: Final = (
    Route("/account/orders", order_list, name="account_orders", methods=["GET"]),
    Route("/account/orders/{id}", order_detail, name="account_order", methods=["GET"]),
)
