"""Customers: found by whatever is at hand, and one of them with orders, saved methods and access."""

from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from farthing import customers, entitlements, orders
from farthing.ids import CustomerId, OrderId
from farthing.web.admin.links import provider_name, provider_url
from farthing.web.page import redirect, render
from farthing.web.wiring import asked, reading, world_of

SHOWN: Final = 50
ORDERS_SHOWN: Final = 20


async def customer_list(request: Request) -> Response:
    """`?q=` is the beginning of an email or a name, or a whole id."""
    words, cursor = asked(request, "q"), asked(request, "cursor")
    after = CustomerId.parse(cursor) if cursor else None
    async with reading(request) as tx:
        found = await customers.list_page(tx, limit=SHOWN, cursor=after, search=words)
    if words and cursor is None and len(found.items) == 1:
        return redirect(request, "admin_customer", id=found.items[0].id)
    return render(request, "admin/customers.html", found=found, words=words)


async def customer_detail(request: Request) -> Response:
    id, cursor = CustomerId.parse(request.path_params["id"]), asked(request, "cursor")
    settings = world_of(request).settings
    async with reading(request) as tx:
        customer = await customers.find(tx, str(id))
        shown: dict[str, Any] = {
            "attachments": await customers.attachments_of(tx, id),
            "methods": await customers.methods_of(tx, id, detached=True),
            "found": await orders.of_customer(tx, id, limit=ORDERS_SHOWN, cursor=OrderId.parse(cursor) if cursor else None),
            "granted": await entitlements.of_customer(tx, id),
        }
    return render(
        request,
        "admin/customer.html",
        customer=customer,
        provider_url=partial(provider_url, settings),
        provider_name=provider_name(settings),
        now=world_of(request).clock.now(),
        **shown,
    )
