"""One order with everything that hangs on it, on one page."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from farthing import (
    checkout,
    customers,
    earnings,
    emails,
    entitlements,
    ledger,
    orders,
    payments,
    seller_orders,
    sellers,
    tax,
    timeline,
)
from farthing.ids import OrderId
from farthing.lifecycles import ORDER
from farthing.orders import Order
from farthing.payments import Payment
from farthing.seller_orders import SellerOrder, Shipment
from farthing.web import staff
from farthing.web.admin import happened
from farthing.web.admin.actors import words_of
from farthing.web.admin.disputes import left_words
from farthing.web.admin.links import provider_name, provider_url
from farthing.web.admin.shares import split_of
from farthing.web.page import render
from farthing.web.wiring import reading, world_of


@dataclass(frozen=True, slots=True)
class Part:
    """What one seller sends of the order, and its parcels."""

    order: SellerOrder
    parcels: list[Shipment]


async def order_detail(request: Request) -> Response:
    settings = world_of(request).settings
    async with reading(request) as tx:
        order = await orders.get(tx, OrderId.parse(request.path_params["id"]))
        collected = await payments.of_order(tx, order.id)
        people = await staff.names(tx)
        parts = await seller_orders.of_order(tx, order.id)
        whose = {each.seller_id: await sellers.get(tx, each.seller_id) for each in parts if each.seller_id}
        shown: dict[str, Any] = {
            "parts": [Part(part, await seller_orders.shipments_of(tx, part.id)) for part in parts],
            "sellers": whose,
            "split": split_of(
                order,
                await earnings.of_order(tx, order.id),
                await payments.standings(tx, order),
                {id: seller.described for id, seller in whose.items()},
                next((payment for payment in collected if payment.settles), None),
            ),
            "customer": await customers.get(tx, order.customer_id),
            "sessions": await checkout.of_order(tx, order.id),
            "refunds": await payments.refunds_of_order(tx, order.id),
            "documents": await tax.of_order(tx, order.id),
            "granted": await entitlements.of_order(tx, order.id),
            "messages": await emails.of_order(tx, order.id),
            "hook_runs": await timeline.hook_runs_of_order(tx, order.id),
            "entries": await ledger.entries_of_order(tx, order.id),
            "timeline": happened.shown(request, await timeline.of_order(tx, order.id), people),
        }
    return render(
        request,
        "admin/order.html",
        order=order,
        payments=collected,
        who=lambda actor: words_of(actor, people),
        provider_url=partial(provider_url, settings),
        provider_name=provider_name(settings),
        refundable=_refundable(collected),
        left=partial(left_words, now=world_of(request).clock.now()),
        cancelable=_is_cancelable(order),
        mailbox=settings.env != "production",
        **shown,
    )


def _refundable(collected: list[Payment]) -> Payment | None:
    """The payment that a refund would be taken from, while some of it is left."""
    return next((payment for payment in collected if payment.settles and payment.refundable), None)


def _is_cancelable(order: Order) -> bool:
    return ORDER.allows(order.status, "cancel")
