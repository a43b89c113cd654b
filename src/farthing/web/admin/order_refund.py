"""Giving money of an order back: how much and why, then what that would do, held to the figures that were looked at."""

import re
import secrets
from collections.abc import Mapping
from typing import Any, Final, get_args

from starlette.requests import Request
from starlette.responses import Response

from farthing import earnings, orders, payments, refunds, sellers
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Forbidden, Invalid
from farthing.http import idempotency
from farthing.http.idempotency import Key
from farthing.ids import OrderId, RefundId
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import Payment, RefundReason, Standing, WantedLine
from farthing.refunds import Preview, Wanted
from farthing.web.admin.shares import Bearer, bearers_of
from farthing.web.page import redirect, render
from farthing.web.staff import refund_role, staff_of
from farthing.web.wiring import asked, form_of, reading, world_of

NOTE_MAX: Final = 500
REASONS: Final[dict[RefundReason, str]] = {
    "requested_by_customer": "Requested by the customer",
    "duplicate": "Bought twice",
    "fraudulent": "Fraudulent",
}
FIELDS: Final = ("how", "amount", "reason", "note")
LINE: Final = "line_"
"""A field of each line: how many of it go back."""


async def ask(request: Request) -> Response:
    """First how much and why; with `?how=` or `?amount=` what that would do, to be confirmed."""
    given = {name: asked(request, name) or "" for name in request.query_params if name in FIELDS or name.startswith(LINE)}
    async with reading(request) as tx:
        order, payment = await _paid(tx, _id(request))
        standings = await payments.standings(tx, order)
        if "how" not in given and "amount" not in given:
            return _form(request, order, payment, standings, {})
        try:
            wanted, reason = wanted_of(order, given), reason_of(given.get("reason", ""))
            seen = await refunds.preview(tx, order.id, wanted, world_of(request).catalog.refunds)
            earned = await earnings.of_order(tx, order.id)
            names = {id: (await sellers.get(tx, id)).described for id in {each.seller_id for each in earned}}
            borne = bearers_of(order, seen, earned, names)
        except FarthingError as error:
            return _form(request, order, payment, standings, given, error)
    return _confirm(request, order, payment, seen, borne, given, reason)


async def refund(request: Request) -> Response:
    """The confirmed form. Sent twice, it is one refund: the attempt in it is the key."""
    form = await form_of(request)
    async with reading(request) as tx:
        order, payment = await _paid(tx, _id(request))
        standings = await payments.standings(tx, order)
    try:
        wanted, reason = wanted_of(order, form), reason_of(form.get("reason", ""))
    except FarthingError as error:
        return _form(request, order, payment, standings, form, error)
    note, figure = form.get("note", "")[:NOTE_MAX] or None, form.get("figure") or None
    asked_for = [str(order.id), repr(wanted), reason, note]
    key = Key.of(staff_of(request).actor, form.get("attempt", "")[:64] or secrets.token_urlsafe(24), asked_for)
    role, policy = refund_role(staff_of(request).role), world_of(request).catalog.refunds

    async def work(tx: Transaction) -> Money:
        claim = await idempotency.claim(tx, key)
        if claim.subject is None:
            made = await refunds.create(tx, order.id, wanted, reason=reason, note=note, role=role, policy=policy, figure=figure)
            await idempotency.begin(tx, key, made.id)
            money = made.money
        else:
            money = (await payments.get_refund(tx, RefundId.of(claim.subject))).money
        await idempotency.let_go(tx, key)
        return money

    try:
        money = await world_of(request).db.run(staff_of(request).actor, work)
    except (Invalid, Conflict, Forbidden) as error:
        return _form(request, order, payment, standings, form, error)
    return redirect(request, "admin_order", id=order.id, flash=("success", f"{money} is on its way back to the buyer."))


def wanted_of(order: Order, typed: Mapping[str, str]) -> Wanted:
    """All that is left, some of the lines, or an amount, as the form says it. Raises Invalid."""
    how = typed.get("how", "")
    _check_one_way(order, how, typed)
    if how == "rest":
        return Wanted()
    if how != "lines":
        return Wanted(Money.parse(typed.get("amount", "").replace(",", ".").strip() or "0", order.total.currency))
    counts = [(line, typed.get(f"{LINE}{line.id}", "") or "0") for line in order.lines]
    wrong = next((line for line, count in counts if not re.fullmatch("[0-9]{1,9}", count)), None)
    if wrong is not None:
        raise Invalid(f"How many of {wrong.name} go back is a whole number.", param="lines")
    lines = tuple(WantedLine(line.id, int(count)) for line, count in counts if int(count))
    if not lines:
        raise Invalid("Say of at least one line how many go back.", param="lines")
    return Wanted(lines=lines)


def _check_one_way(order: Order, how: str, typed: Mapping[str, str]) -> None:
    """Who types an amount and leaves the choice at all that is left meant one of them: never guess which."""
    counted = any(typed.get(f"{LINE}{line.id}", "0") not in ("", "0") for line in order.lines)
    if typed.get("amount") and how in ("rest", "lines"):
        raise Invalid("You typed an amount and chose another way: choose the amount, or leave it empty.", param="how")
    if counted and how != "lines":
        raise Invalid("You counted items and chose another way: choose the items, or leave them at 0.", param="how")


def reason_of(typed: str) -> RefundReason:
    if typed not in REASONS or typed not in get_args(RefundReason):
        raise Invalid("Choose one of the reasons.", param="reason")
    return typed


async def _paid(tx: Transaction, id: OrderId) -> tuple[Order, Payment]:
    """Raises Conflict where nothing was paid that could go back."""
    order = await orders.get(tx, id)
    payment = next((payment for payment in await payments.of_order(tx, order.id) if payment.settles), None)
    if payment is None:
        raise Conflict(f"Order {order.number} is {order.status}: nothing was paid that could be refunded.")
    return order, payment


def _confirm(
    request: Request,
    order: Order,
    payment: Payment,
    seen: Preview,
    borne: list[Bearer],
    given: Mapping[str, str],
    reason: RefundReason,
) -> Response:
    carried: dict[str, Any] = {**given, "note": given.get("note", "")[:NOTE_MAX], "figure": seen.figure}
    return render(
        request,
        "admin/order_refund_confirm.html",
        order=order,
        payment=payment,
        seen=seen,
        borne=borne,
        names={line.id: line.name for line in order.lines},
        reason_words=REASONS[reason],
        carried=carried | {"attempt": secrets.token_urlsafe(24)},
    )


def _form(
    request: Request,
    order: Order,
    payment: Payment,
    standings: list[Standing],
    typed: Mapping[str, str],
    error: FarthingError | None = None,
) -> Response:
    """What was typed stays; the error stands beside its field."""
    return render(
        request,
        "admin/order_refund.html",
        status=error.status if error else 200,
        order=order,
        payment=payment,
        standings=[(f"{LINE}{standing.line.id}", standing) for standing in standings if standing.left > 0],
        how=typed.get("how") or ("amount" if "amount" in typed else "rest"),
        typed=typed,
        amount=typed.get("amount", ""),
        reason=typed.get("reason", "requested_by_customer"),
        note=typed.get("note", ""),
        reasons=REASONS,
        error=error.detail if error else "",
    )


def _id(request: Request) -> OrderId:
    return OrderId.parse(request.path_params["id"])
