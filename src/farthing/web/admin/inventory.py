"""Stock: what there is of what can run out, what is kept for orders, every change of it, and a new count."""

import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from farthing import inventory, orders
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Invalid, NotFound
from farthing.web import staff
from farthing.web.admin.actors import words_of
from farthing.web.page import redirect, render
from farthing.web.staff import staff_of
from farthing.web.wiring import asked, form_of, reading, world_of

SHOWN: Final = 50
REASON_MAX: Final = 250
HOWS: Final = {
    "received": "So many have come",
    "counted": "Counted: so many lie there in all",
    "lost": "So many are broken or gone",
    "moved": "So many are carried to another place",
}


async def item_list(request: Request) -> Response:
    """`?q=` is the beginning of a sku or a name; `?low=yes` shows what is nearly gone."""
    words, low = asked(request, "q"), asked(request, "low") == "yes"
    async with reading(request) as tx:
        found = await inventory.list_items(tx, after=asked(request, "cursor"), limit=SHOWN, low=low, search=words)
    return render(request, "admin/inventory.html", found=found, words=words, low=low)


async def item_detail(request: Request) -> Response:
    """`?sku=`: a sku may hold any character, so it is no part of the path."""
    return await _detail(request, asked(request, "sku") or "", {})


async def adjust(request: Request) -> Response:
    """What came, was counted, is gone or was carried. Sent twice, what came is counted once."""
    form = await form_of(request)
    sku, reason = form.get("sku", ""), form.get("why", "")

    async def work(tx: Transaction) -> None:
        if len(reason) > REASON_MAX:
            raise Invalid(f"A reason has at most {REASON_MAX} characters.", param="why")
        quantity, place = _quantity(form), form.get("location", "") or inventory.MAIN
        match form.get("how"):
            case "received":
                reference = form.get("attempt", "")[:64] or None
                await inventory.receive(tx, sku, quantity, location=place, reason=reason or None, reference=reference)
            case "counted":
                await inventory.count(tx, sku, quantity, location=place, reason=reason or None)
            case "lost":
                if not reason:
                    raise Invalid("Say what happened to them.", param="why")
                await inventory.lose(tx, sku, quantity, location=place, reason=reason)
            case "moved":
                target = form.get("target", "")
                await inventory.carry(tx, sku, quantity, source=place, target=target, reason=reason or None)
            case _:
                raise Invalid("Say what happened.", param="how")

    try:
        await world_of(request).db.run(staff_of(request).actor, work)
    except NotFound as error:
        if error.param == "sku":
            raise
        return await _detail(request, sku, form, error)
    except (Conflict, Invalid) as error:
        return await _detail(request, sku, form, error)
    return _to(request, sku)


async def _detail(request: Request, sku: str, typed: Mapping[str, str], error: FarthingError | None = None) -> Response:
    before = asked(request, "before")
    async with reading(request) as tx:
        item = await inventory.get(tx, sku)
        moved = await inventory.movements(
            tx, sku, before=int(before) if before and before.isdecimal() and len(before) < 19 else None, limit=SHOWN
        )
        numbers = {id: (await orders.get(tx, id)).number for id in {each.order_id for each in moved.items if each.order_id}}
        people, places = await staff.names(tx), await inventory.locations(tx)
    return render(
        request,
        "admin/stock.html",
        status=error.status if error else 200,
        item=item,
        moved=moved,
        numbers=numbers,
        places=[(key, name) for key, name, _, active in places if active] or [(inventory.MAIN, "Main")],
        who=lambda actor: words_of(actor, people),
        hows=HOWS,
        typed=typed,
        error=error,
        attempt=secrets.token_urlsafe(24),
    )


def _to(request: Request, sku: str) -> Response:
    answer = redirect(request, "admin_stock", flash=("success", "The stock is as you say."))
    answer.headers["location"] += "?" + urlencode({"sku": sku})
    return answer


def _quantity(form: Mapping[str, str]) -> int:
    text = form.get("quantity", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise Invalid("How many is a whole number.", param="quantity")
    return int(text)
