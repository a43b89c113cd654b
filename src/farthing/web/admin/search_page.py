"""One search for everything: whatever is at hand finds the order, the customer, and what hangs on them."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from farthing import customers, disputes, payments, sellers
from farthing import orders as room
from farthing.db import Transaction
from farthing.ids import OrderId, RefundRequestId
from farthing.web.admin import search as found_by
from farthing.web.page import redirect, render
from farthing.web.wiring import asked, reading, world_of

SHOWN: Final = 20


async def search(request: Request) -> Response:
    """What is named by its id is opened; one order and nothing else is opened as well; else all kinds stand on one page."""
    words = asked(request, "q") or ""
    found: dict[str, Any] = {"orders": [], "customers": [], "payments": [], "refunds": [], "disputes": [], "sellers": []}
    async with reading(request) as tx:
        if words:
            ids = await found_by.orders(tx, words, limit=SHOWN, cursor=None)
            found |= await _hanging_on(tx, list(ids.items))
            people = await customers.list_page(tx, limit=SHOWN, search=words)
            found["customers"] = list(people.items)
            livemode = world_of(request).provider.livemode
            found["sellers"] = list((await sellers.list_page(tx, livemode=livemode, limit=SHOWN, search=words)).items)
    if (own := _own_page(request, words, found)) is not None:
        return own
    return render(request, "admin/search.html", words=words, hits=sum(map(len, found.values())), **found)


async def _hanging_on(tx: Transaction, ids: list[OrderId]) -> dict[str, Any]:
    return {
        "orders": [await room.get(tx, id) for id in ids],
        "payments": [each for id in ids for each in await payments.of_order(tx, id)],
        "refunds": [each for id in ids for each in await payments.refunds_of_order(tx, id)],
        "disputes": [each for id in ids for each in await disputes.of_order(tx, id)],
    }


def _own_page(request: Request, words: str, found: dict[str, Any]) -> Response | None:
    if len(found["sellers"]) == 1 and not found["orders"] and not found["customers"]:
        return redirect(request, "admin_seller", id=found["sellers"][0].id)
    if len(found["orders"]) != 1 or found["customers"]:
        return None
    (order,) = found["orders"]
    for kind in ("refunds", "disputes"):
        for each in found[kind]:
            if words in (str(each.id), getattr(each, "provider_refund_id", None), getattr(each, "provider_dispute_id", None)):
                route = "admin_refund_detail" if kind == "refunds" else "admin_dispute"
                return redirect(request, route, id=each.id)
    if words.startswith(f"{RefundRequestId.prefix}_"):
        return redirect(request, "admin_refund_request", id=words)
    return redirect(request, "admin_order", id=order.id)
