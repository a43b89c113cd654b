"""The list of orders: by status, by words, newest first."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from farthing import orders
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus
from farthing.orders import Order
from farthing.paging import Page
from farthing.web.admin import search
from farthing.web.page import redirect, render
from farthing.web.wiring import asked, reading

SHOWN: Final = 50


async def start(request: Request) -> Response:
    return redirect(request, "admin_orders")


async def order_list(request: Request) -> Response:
    """`?q=` searches all orders, whatever their status; else the tabs hold."""
    words, status, cursor = asked(request, "q"), _status(asked(request, "status")), asked(request, "cursor")
    after = OrderId.parse(cursor) if cursor else None
    async with reading(request) as tx:
        if words:
            ids = await search.orders(tx, words, limit=SHOWN, cursor=after)
            found: Page[Order] = Page([await orders.get(tx, id) for id in ids.items], ids.next_cursor)
        else:
            found = await orders.list_page(tx, limit=SHOWN, cursor=after, status=status)
        counts = await orders.counts(tx)
    if words and cursor is None and len(found.items) == 1:
        return redirect(request, "admin_order", id=found.items[0].id)
    return render(request, "admin/orders.html", found=found, counts=counts, chosen=status, words=words, statuses=OrderStatus)


def _status(typed: str | None) -> OrderStatus | None:
    return OrderStatus(typed) if typed in set(OrderStatus) else None
