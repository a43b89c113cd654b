"""A customer asks for money back: what of the order, and why; and takes the request back."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing import payments, refunds
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Forbidden, Invalid, NotFound
from farthing.ids import RefundRequestId
from farthing.lifecycles import RefundRequestStatus
from farthing.orders import Order
from farthing.payments import Standing, WantedLine
from farthing.refunds import RefundRequest, Wanted
from farthing.web.account.visitor import own_order, visitor_of, who_are_you
from farthing.web.page import redirect, render
from farthing.web.wiring import form_of, reading, world_of

MESSAGE_MAX: Final = 500
"""As over HTTP."""

ASKED: Final = "Money back for this order is being looked at already."


async def ask(request: Request) -> Response:
    return await _form(request, None)


async def send(request: Request) -> Response:
    """The form. Sent twice it is one request: an order has one at a time."""
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    typed, policy, id = await form_of(request), world_of(request).catalog.refunds, request.path_params["id"]

    async def work(tx: Transaction) -> RefundRequest:
        order = await own_order(tx, visitor, id)
        wanted = _wanted(await _left(tx, order), typed)
        message = typed.get("message", "")
        if len(message) > MESSAGE_MAX:
            raise Invalid(f"Keep it to {MESSAGE_MAX} characters, please.", param="message")
        return await refunds.request(
            tx, order.id, wanted, reason="requested_by_customer", message=message or None, policy=policy, by_buyer=True
        )

    try:
        made = await world_of(request).db.run(visitor.actor, work)
    except (Invalid, Conflict, Forbidden) as error:
        async with reading(request) as tx:
            order = await own_order(tx, visitor, id)
            known = await refunds.find_open(tx, order.id)
        if known is not None:
            return redirect(request, "account_order", id=order.id, flash=("neutral", ASKED))
        return await _form(request, typed, error)
    if made.status == RefundRequestStatus.REQUESTED:
        said = "We have your request. You see here what becomes of it."
    else:
        said = f"Granted: {made.money} is on its way back to you."
    return redirect(request, "account_order", id=made.order_id, flash=("success", said))


async def withdraw(request: Request) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    request_id = RefundRequestId.parse((await form_of(request)).get("request", ""))

    async def work(tx: Transaction) -> None:
        order = await own_order(tx, visitor, request.path_params["id"])
        found = await refunds.get(tx, request_id)
        if found.order_id != order.id or not is_buyers(found):
            raise NotFound(f"There is no refund request {request_id}.")
        await refunds.withdraw(tx, request_id)

    try:
        await world_of(request).db.run(visitor.actor, work)
    except Conflict as error:
        return redirect(request, "account_order", id=request.path_params["id"], flash=("danger", error.detail))
    said = "You have taken the request back. Nothing else changes."
    return redirect(request, "account_order", id=request.path_params["id"], flash=("neutral", said))


async def _form(request: Request, typed: Mapping[str, str] | None, error: FarthingError | None = None) -> Response:
    visitor = await visitor_of(request)
    if visitor is None:
        return who_are_you(request)
    policy, now = world_of(request).catalog.refunds, world_of(request).clock.now()
    async with reading(request) as tx:
        order = await own_order(tx, visitor, request.path_params["id"])
        left = await _left(tx, order)
        known = await refunds.find_open(tx, order.id)
    if known is not None:
        return redirect(request, "account_order", id=order.id, flash=("neutral", ASKED))
    if order.paid_at is None or not left:
        raise Conflict(f"Nothing of order {order.number} is left to ask for: it was not paid, or is back with you already.")
    window = policy.window_days if policy.auto_approve else None
    return render(
        request,
        "account/refund_request.html",
        status=error.status if error else 200,
        order=order,
        left=left,
        typed={} if typed is None else typed,
        first=typed is None,
        error=error.detail if error else "",
        wrong=error.param if error else "",
        by_itself=policy.auto_approve and policy.in_window(order.paid_at, now),
        window_days=window,
        until=None if window is None else order.paid_at + timedelta(days=window),
        leaves_out_used=policy.leave_out_used,
    )


async def _left(tx: Transaction, order: Order) -> list[Standing]:
    return [standing for standing in await payments.standings(tx, order) if standing.left > 0]


def is_buyers(request: RefundRequest) -> bool:
    """What staff file is theirs: their words are not for the buyer, and not the buyer's to take back."""
    return request.requested_by.startswith("customer:")


def units_of(standing: Standing) -> int:
    """How many of a line can be chosen. Where only a part of its price is left, it is chosen as one."""
    return max(standing.units_left, 1)


def _wanted(left: Sequence[Standing], typed: Mapping[str, str]) -> Wanted:
    """Everything where everything is chosen: then what is used up is left out by itself."""
    chosen = {standing.line.id: _count(standing, typed.get(f"units:{standing.line.id}", "0")) for standing in left}
    if not any(chosen.values()):
        raise Invalid("Choose at least one thing that you want money back for.", param="units")
    if all(chosen[standing.line.id] == units_of(standing) for standing in left):
        return Wanted()
    whole = {standing.line.id for standing in left if chosen[standing.line.id] == units_of(standing)}
    lines = (WantedLine(id, None if id in whole else count) for id, count in chosen.items() if count)
    return Wanted(lines=tuple(lines))


def _count(standing: Standing, typed: str) -> int:
    most = units_of(standing)
    if not typed.isascii() or not typed.isdigit() or len(typed) > 7 or int(typed) > most:
        raise Invalid(f"{standing.line.name}: choose a whole number from 0 to {most}.", param="units")
    return int(typed)


ROUTES: Final = (
    Route("/account/orders/{id}/refund-request", ask, name="account_refund_request", methods=["GET"]),
    Route("/account/orders/{id}/refund-request", send, name="account_refund_request_send", methods=["POST"]),
    Route("/account/orders/{id}/refund-request/withdrawal", withdraw, name="account_refund_withdraw", methods=["POST"]),
)
