"""A customer's orders: the list and one in detail. What belongs to somebody else does not exist here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing import (
    addresses,
    checkout,
    credits,
    customers,
    downloads,
    entitlements,
    fulfillment,
    job_postings,
    orders,
    payments,
    purchases,
    refunds,
    tax,
)
from farthing.db import Transaction
from farthing.ids import OrderId
from farthing.lifecycles import REFUND_REQUEST, OrderStatus
from farthing.orders import LineItem, Order
from farthing.paging import Page
from farthing.payments import Payment
from farthing.web.account.parts import parts_of
from farthing.web.account.refund_requests import is_buyers
from farthing.web.account.visitor import own_order, visitor_of, who_are_you
from farthing.web.links import url_for
from farthing.web.page import render
from farthing.web.wiring import asked, reading, world_of

SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Work:
    """What people do for one line."""

    line: LineItem
    progress: fulfillment.Fulfillment


async def order_list(request: Request) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
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
        return who_are_you(request)
    async with reading(request) as tx:
        order = await own_order(tx, visitor, request.path_params["id"])
        collected = await payments.of_order(tx, order.id)
        given_back = [refund for refund in await payments.refunds_of_order(tx, order.id) if _is_told(refund)]
        asked_for = (await refunds.list_page(tx, limit=SHOWN, order=order.id)).items
        left = sum(standing.left for standing in await payments.standings(tx, order))
        bought = await _bought(tx, order)
        documents = await tax.of_order(tx, order.id)
        parts = await parts_of(tx, order.id, world_of(request).catalog.returns)
        sent_to = await addresses.find(tx, order.id)
    paid_by = next((payment for payment in collected if payment.settles), None)
    return render(
        request,
        "account/order.html",
        order=order,
        payment=paid_by,
        tried=paid_by or (collected[-1] if collected else None),
        surplus=[payment for payment in collected if payment.received and not payment.settles],
        refunds=given_back,
        requests=[(each, REFUND_REQUEST.allows(each.status, "withdraw")) for each in asked_for if is_buyers(each)],
        may_ask=_may_ask(paid_by, asked_for, left),
        steps=_steps(order),
        pay_url=_pay_url(request, order, collected),
        documents=documents,
        parts=parts,
        progress=_progress(request, order) if parts else None,
        sent_to=addresses.written(sent_to) if sent_to else None,
        now=world_of(request).clock.now(),
        **bought,
    )


async def _bought(tx: Transaction, order: Order) -> dict[str, Any]:
    """What the order turned into, by kind."""
    lines = {line.id: line for line in order.lines}
    return {
        "granted": [right for right in await entitlements.of_order(tx, order.id) if right.revoked_at is None],
        "postings": await job_postings.of_order(tx, order.id),
        "works": [Work(lines[each.line_id], each) for each in await fulfillment.of_order(tx, order.id)],
        "grants": await credits.grants_of_order(tx, order.id),
        "files": await downloads.of_order(tx, order.id),
        "owned": await purchases.of_order(tx, order.id),
    }


def _pay_url(request: Request, order: Order, collected: Sequence[Payment]) -> str | None:
    """Where an order that waits is paid; not while a bank works on a payment of it, or holds one."""
    world = world_of(request)
    over = order.cancel_requested_at is not None or order.expires_at <= world.clock.now()
    if order.status != OrderStatus.OPEN or over or any(payment.status in ("processing", "authorized") for payment in collected):
        return None
    return url_for(request, "pay", token=checkout.recovery_url(world.settings, order).rpartition("/")[2])


def _progress(request: Request, order: Order) -> str:
    """Where something of it is called off or sent back: the page that the link of the email leads to."""
    world = world_of(request)
    url = checkout.progress_url(world.settings, order, world.clock.now())
    return url_for(request, "progress", token=url.rpartition("/")[2])


def _is_told(refund: payments.Refund) -> bool:
    """One that came to nothing is tried again by people: the buyer hears of what is on its way."""
    return refund.status not in ("failed", "canceled")


def _may_ask(paid_by: Payment | None, asked_for: Sequence[refunds.RefundRequest], left: int) -> bool:
    """One request at a time, for what was paid and is not back or on its way."""
    is_open = any(each.status in ("requested", "approved") for each in asked_for)
    return paid_by is not None and bool(paid_by.refundable) and left > 0 and not is_open


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


ROUTES: Final = (
    Route("/account/orders", order_list, name="account_orders", methods=["GET"]),
    Route("/account/orders/{id}", order_detail, name="account_order", methods=["GET"]),
)
