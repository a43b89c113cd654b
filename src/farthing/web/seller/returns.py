"""What buyers send back to a seller: asked for, decided, and taken in. And what a seller calls off before it is sent."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing import cancellations, returns, seller_orders
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Invalid, NotFound
from farthing.ids import ReturnId
from farthing.lifecycles import RETURN, ReturnStatus, SellerOrderStatus
from farthing.returns import Found, Return
from farthing.seller_orders import SellerLine
from farthing.web.page import redirect, render
from farthing.web.seller.door import Selling, for_seller, own_part
from farthing.web.seller.orders import UNITS, parcel_of
from farthing.web.wiring import asked, form_of, reading, world_of

SHOWN: Final = 25
SHELF: Final = "shelf:"
LOST: Final = "lost:"
"""Fields of each line: how many go on the shelf, and how many are of no use."""


async def return_list(request: Request, selling: Selling) -> Response:
    cursor = asked(request, "cursor")
    async with reading(request) as tx:
        found = await returns.list_page(
            tx,
            livemode=selling.seller.livemode,
            limit=SHOWN,
            cursor=ReturnId.parse(cursor) if cursor else None,
            seller=selling.seller.id,
        )
        waiting = await seller_orders.count_to_ship(tx, selling.seller.id)
    return render(request, "seller/returns.html", found=found, waiting=waiting)


async def return_detail(request: Request, selling: Selling) -> Response:
    return await _detail(request, selling, {})


async def approve(request: Request, selling: Selling) -> Response:
    note, policy = (await form_of(request)).get("note") or None, world_of(request).catalog.returns
    return await _decided(request, selling, lambda tx, of: returns.approve(tx, of, policy=policy, note=note), "It may be sent.")


async def decline(request: Request, selling: Selling) -> Response:
    note = (await form_of(request)).get("note") or None
    return await _decided(request, selling, lambda tx, of: returns.decline(tx, of, note=note), "The buyer is told why not.")


async def receive(request: Request, selling: Selling) -> Response:
    """It came: so many go on the shelf, so many are of no use. What came is paid back."""
    form = await form_of(request)

    async def work(tx: Transaction, id: ReturnId) -> Return:
        back = await returns.get(tx, id)
        found = [
            Found(line.line, _count(form, f"{SHELF}{line.line}", line.name), _count(form, f"{LOST}{line.line}", line.name))
            for line in back.lines
        ]
        return await returns.receive(tx, id, found, note=form.get("note") or None)

    return await _decided(request, selling, work, "It is taken in, and what came is paid back.")


async def ask_cancel(request: Request, selling: Selling) -> Response:
    return await _cancellation(request, selling, {})


async def cancel(request: Request, selling: Selling) -> Response:
    """So many are not sent. Sent twice, the second finds nothing left, or what is left is asked for anew."""
    form = await form_of(request)

    async def work(tx: Transaction) -> None:
        part = await own_part(tx, selling, request.path_params["id"])
        _check_seen(part.lines, form)
        policy = world_of(request).catalog.returns
        reason = form.get("why") or None
        await cancellations.cancel(tx, part.id, parcel_of(part, form), party="seller", reason=reason, policy=policy)

    try:
        await world_of(request).db.run(selling.actor, work)
    except (Conflict, Invalid) as error:
        return await _cancellation(request, selling, form, error)
    said = "It is called off, and the buyer has their money back."
    return redirect(request, "seller_order", id=request.path_params["id"], flash=("success", said))


def _check_seen(lines: Sequence[SellerLine], form: Mapping[str, str]) -> None:
    """The form says what was left when it was drawn: what was called off meanwhile is not called off again."""
    if any(form.get(f"left:{line.line_id}", str(line.to_ship)) != str(line.to_ship) for line in lines):
        raise Conflict("Something of it was sent or called off meanwhile. Look again.", param="lines")


async def _cancellation(
    request: Request, selling: Selling, typed: Mapping[str, str], error: FarthingError | None = None
) -> Response:
    async with reading(request) as tx:
        part = await own_part(tx, selling, request.path_params["id"])
    return render(
        request,
        "seller/order_cancel.html",
        status=error.status if error else 200,
        part=part,
        units=UNITS,
        typed=typed,
        error=error,
        left=part.status == SellerOrderStatus.CONFIRMED and any(line.to_ship for line in part.lines),
    )


async def _detail(request: Request, selling: Selling, typed: Mapping[str, str], error: FarthingError | None = None) -> Response:
    async with reading(request) as tx:
        back = await _own(tx, selling, request.path_params["id"])
    return render(
        request,
        "seller/return.html",
        status=error.status if error else 200,
        back=back,
        may={verb: RETURN.allows(back.status, verb) for verb in ("approve", "decline")}
        | {
            "receive": RETURN.allows(back.status, "receive")
            and (back.status != ReturnStatus.LAPSED or back.refund_id is not None)
        },
        shelf=SHELF,
        lost=LOST,
        typed=typed,
        error=error,
    )


async def _decided(
    request: Request, selling: Selling, act: Callable[[Transaction, ReturnId], Awaitable[Return]], said: str
) -> Response:
    async def work(tx: Transaction) -> Return:
        return await act(tx, (await _own(tx, selling, request.path_params["id"])).id)

    try:
        back = await world_of(request).db.run(selling.actor, work)
    except (Conflict, Invalid) as error:
        return await _detail(request, selling, await form_of(request), error)
    return redirect(request, "seller_return", id=back.id, flash=("success", said))


async def _own(tx: Transaction, selling: Selling, id: str) -> Return:
    """Another seller's does not exist, in the words of one that does not."""
    back = await returns.get(tx, ReturnId.parse(id))
    if (await seller_orders.get(tx, back.seller_order_id)).seller_id != selling.seller.id:
        raise NotFound(f"There is no return {back.id}.")
    return back


def _count(form: Mapping[str, str], name: str, what: str) -> int:
    text = form.get(name, "") or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Invalid(f"How many of {what} came is a whole number.", param="lines")
    return int(text)


ROUTES: Final = (
    Route("/seller/orders/returns", for_seller(return_list), name="seller_returns", methods=["GET"]),
    Route("/seller/orders/returns/{id}", for_seller(return_detail), name="seller_return", methods=["GET"]),
    Route("/seller/orders/returns/{id}/approval", for_seller(approve), name="seller_return_approve", methods=["POST"]),
    Route("/seller/orders/returns/{id}/decline", for_seller(decline), name="seller_return_decline", methods=["POST"]),
    Route("/seller/orders/returns/{id}/receipt", for_seller(receive), name="seller_return_receive", methods=["POST"]),
    Route("/seller/orders/{id}/cancellation", for_seller(ask_cancel), name="seller_order_ask_cancel", methods=["GET"]),
    Route("/seller/orders/{id}/cancellation", for_seller(cancel), name="seller_order_cancel", methods=["POST"]),
)
