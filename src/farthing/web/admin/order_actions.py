"""What staff do to an order: cancel it, look how it stands at the provider. Refunds are in `order_refund`."""

from starlette.requests import Request
from starlette.responses import Response

from farthing import checkout, orders
from farthing.errors import Conflict, ProviderError
from farthing.ids import OrderId
from farthing.web.page import redirect, render
from farthing.web.staff import staff_of
from farthing.web.wiring import reading, world_of


async def ask_cancel(request: Request) -> Response:
    async with reading(request) as tx:
        order = await orders.get(tx, _id(request))
    return render(request, "admin/cancel_confirm.html", order=order)


async def cancel(request: Request) -> Response:
    order_id = _id(request)
    try:
        order = await checkout.cancel_order(world_of(request), order_id, actor=staff_of(request).actor)
    except (Conflict, ProviderError) as error:
        return redirect(request, "admin_order", id=order_id, flash=("danger", error.detail))
    return redirect(request, "admin_order", id=order.id, flash=("success", "Closed: nobody can pay this order any more."))


async def sync(request: Request) -> Response:
    order_id = _id(request)
    try:
        await checkout.sync_order(world_of(request), order_id, actor=staff_of(request).actor)
    except ProviderError as error:
        return redirect(request, "admin_order", id=order_id, flash=("danger", error.detail))
    return redirect(request, "admin_order", id=order_id, flash=("success", "This is how it stands at the provider now."))


def _id(request: Request) -> OrderId:
    return OrderId.parse(request.path_params["id"])
