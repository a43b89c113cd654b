"""`/progress/{token}`: how an order goes, for whoever holds the link of the email. Nobody has to sign in for it; what is not
sent is called off here, and what arrived is sent back.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing import cancellations, checkout, payments, returns
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Forbidden, Invalid, NotFound
from farthing.ids import ReturnId
from farthing.orders import Order
from farthing.returns import Asked, Reason
from farthing.web.account import visitor_of
from farthing.web.account.parts import Part, parts_of
from farthing.web.page import redirect, render
from farthing.web.wiring import asked, form_of, reading, world_of

ACTOR: Final = "progress link"
TEXT_MAX: Final = 100
REASONS: Final[Mapping[Reason, str]] = {
    "changed_mind": "I changed my mind",
    "damaged": "It arrived damaged",
    "defective": "It does not work",
    "wrong_item": "It is not what I ordered",
    "not_as_described": "It is not as described",
    "other": "Something else",
}


async def show(request: Request) -> Response:
    """What was ordered and where it is, and nothing about who ordered it, or where it is sent."""
    order, parts = await _order(request)
    async with reading(request) as tx:
        refunds = await payments.refunds_of_order(tx, order.id)
    given_back = [each for each in refunds if each.status not in ("failed", "canceled")]
    return _page(request, "shop/progress.html", order=order, parts=parts, refunds=given_back, token=_token(request))


async def ask_cancel(request: Request) -> Response:
    order, parts = await _order(request)
    part = _part(parts, asked(request, "part"))
    if not part.may_cancel:
        raise Conflict(f"Nothing of {part.order.number} is left to call off: look at the order again.")
    return _page(request, "shop/part_cancel.html", order=order, part=part, token=_token(request))


async def cancel(request: Request) -> Response:
    """What of a part is not sent yet is not sent, and its price goes back. Sent twice, the second finds nothing left."""
    world, form = world_of(request), await form_of(request)
    _, parts = await _order(request)
    part = _part(parts, form.get("part"))

    async def work(tx: Transaction) -> None:
        await cancellations.cancel(tx, part.order.id, party="buyer", policy=world.catalog.returns)

    try:
        await world.db.run(ACTOR, work)
    except (Conflict, Forbidden) as error:
        return _back(request, "danger", error.detail)
    return _back(request, "success", "It is called off, and its price is on its way back to you.")


async def ask_return(request: Request) -> Response:
    return await _return_form(request, {}, asked(request, "part"))


async def send_return(request: Request) -> Response:
    """The form of a return: so many of each line, and why."""
    world, form = world_of(request), await form_of(request)
    _, parts = await _order(request)
    part = _part(parts, form.get("part"))

    async def work(tx: Transaction) -> returns.Return:
        message = form.get("message") or None
        return await returns.request(tx, part.order.id, _asked(part, form), message=message, policy=world.catalog.returns)

    try:
        made = await world.db.run(ACTOR, work)
    except (Conflict, Invalid) as error:
        return await _return_form(request, form, form.get("part"), error)
    if made.status == "approved":
        return _back(request, "success", f"Return {made.number} is approved: pack it, send it, and say so here.")
    return _back(request, "success", f"We have asked for return {made.number}. You see here what becomes of it.")


async def change_return(request: Request) -> Response:
    """It is on its way back, or the buyer keeps it."""
    form = await form_of(request)
    order, _ = await _order(request)
    id = ReturnId.parse(form.get("return", ""))

    async def work(tx: Transaction) -> str:
        if (await returns.get(tx, id)).order_id != order.id:
            raise NotFound(f"There is no return {id}.")
        if "keep" in form:
            await returns.withdraw(tx, id)
            return "You keep it. Nothing else changes."
        number = form.get("tracking_number", "")[:TEXT_MAX] or None
        await returns.send(tx, id, carrier=form.get("carrier", "")[:TEXT_MAX] or None, tracking_number=number)
        return "Thank you. Once it has arrived, you hear of it."

    try:
        said = await world_of(request).db.run(ACTOR, work)
    except (Conflict, Invalid) as error:
        return _back(request, "danger", error.detail)
    return _back(request, "success", said)


async def _return_form(
    request: Request, typed: Mapping[str, str], id: str | None, error: FarthingError | None = None
) -> Response:
    order, parts = await _order(request)
    part = _part(parts, id)
    policy = world_of(request).catalog.returns
    if not part.returnable:
        raise Conflict(f"Nothing of {part.order.number} can be sent back now: look at the order again.")
    return _page(
        request,
        "shop/part_return.html",
        status=error.status if error else 200,
        order=order,
        part=part,
        policy=policy,
        kept=f"{Decimal(policy.restocking_basis_points).scaleb(-2).normalize():f}",
        reasons=REASONS,
        typed=typed,
        error=error.detail if error else "",
        token=_token(request),
    )


def _asked(part: Part, form: Mapping[str, str]) -> list[Asked]:
    found = []
    for each in part.returnable:
        typed = form.get(f"units:{each.line}", "0")
        if not typed.isascii() or not typed.isdigit() or len(typed) > 7 or int(typed) > each.quantity:
            raise Invalid(f"{each.name}: choose a whole number from 0 to {each.quantity}.")
        reason: Reason = next((known for known in REASONS if known == form.get("reason")), "other")
        found += [Asked(each.line, int(typed), reason)] if int(typed) else []
    if not found:
        raise Invalid("Choose at least one thing to send back.")
    return found


async def _order(request: Request) -> tuple[Order, list[Part]]:
    await visitor_of(request)
    world = world_of(request)
    order = await checkout.order_of_progress(world, _token(request), actor=ACTOR)
    async with reading(request) as tx:
        return order, await parts_of(tx, order.id, world.catalog.returns)


def _part(parts: list[Part], id: str | None) -> Part:
    """Of this order alone."""
    found = next((part for part in parts if str(part.order.id) == id), None)
    if found is None:
        raise NotFound("There is no such part of this order.")
    return found


def _token(request: Request) -> str:
    return str(request.path_params["token"])


def _back(request: Request, tone: str, said: str) -> Response:
    return redirect(request, "progress", flash=("success" if tone == "success" else "danger", said), token=_token(request))


def _page(request: Request, template: str, *, status: int = 200, **context: object) -> Response:
    response = render(request, template, status=status, **context)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


ROUTES: Final = (
    Route("/progress/{token}", show, name="progress", methods=["GET"]),
    Route("/progress/{token}/cancellation", ask_cancel, name="progress_cancel", methods=["GET"]),
    Route("/progress/{token}/cancellation", cancel, name="progress_cancel_send", methods=["POST"]),
    Route("/progress/{token}/return", ask_return, name="progress_return", methods=["GET"]),
    Route("/progress/{token}/return", send_return, name="progress_return_send", methods=["POST"]),
    Route("/progress/{token}/return/changes", change_return, name="progress_return_change", methods=["POST"]),
)
