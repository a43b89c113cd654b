"""What staff do to an order: give money back, cancel it, look how it stands at the provider."""

import secrets
from collections.abc import Mapping
from typing import Final, get_args

from starlette.requests import Request
from starlette.responses import Response

from farthing import checkout, orders, payments, refunds
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Forbidden, Invalid, ProviderError
from farthing.http import idempotency
from farthing.http.idempotency import Key
from farthing.ids import OrderId
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import Payment, RefundReason
from farthing.web.page import redirect, render
from farthing.web.staff import refund_role, staff_of
from farthing.web.wiring import asked, form_of, reading, world_of

NOTE_MAX: Final = 500
REASONS: Final[dict[RefundReason, str]] = {
    "requested_by_customer": "Requested by the customer",
    "duplicate": "Bought twice",
    "fraudulent": "Fraudulent",
}


async def ask_refund(request: Request) -> Response:
    """First how much and why; with `?amount=` what that would do, to be confirmed."""
    order, payment = await _paid(request)
    typed = {name: asked(request, name) or "" for name in ("amount", "reason", "note")}
    if "amount" not in request.query_params:
        return _refund_form(request, order, payment, {})
    try:
        money, reason = _amount(payment, typed["amount"]), _reason(typed["reason"])
        payments.check_refund(payment, money)
    except FarthingError as error:
        return _refund_form(request, order, payment, typed, error)
    return render(
        request,
        "admin/refund_confirm.html",
        order=order,
        payment=payment,
        money=money,
        rest=payment.refundable - money,
        reason=reason,
        reason_words=REASONS[reason],
        note=typed["note"][:NOTE_MAX],
        attempt=secrets.token_urlsafe(24),
    )


async def refund(request: Request) -> Response:
    """The confirmed form. Sent twice, it is one refund: the attempt in it is the key."""
    form = await form_of(request)
    order, payment = await _paid(request)
    try:
        money, reason = _amount(payment, form.get("amount", "")), _reason(form.get("reason", ""))
    except Invalid as error:
        return _refund_form(request, order, payment, form, error)
    note = form.get("note", "")[:NOTE_MAX] or None
    asked_for = [str(order.id), money.amount, money.currency, reason, note]
    key = Key.of(staff_of(request).actor, form.get("attempt", "")[:64] or secrets.token_urlsafe(24), asked_for)

    role, policy = refund_role(staff_of(request).role), world_of(request).catalog.refunds

    async def work(tx: Transaction) -> None:
        claim = await idempotency.claim(tx, key)
        if claim.subject is None:
            made = await refunds.create(tx, order.id, refunds.Wanted(money), reason=reason, note=note, role=role, policy=policy)
            await idempotency.begin(tx, key, made.id)
        await idempotency.let_go(tx, key)

    try:
        await world_of(request).db.run(staff_of(request).actor, work)
    except (Invalid, Conflict, Forbidden) as error:
        return _refund_form(request, order, payment, form, error)
    return redirect(request, "admin_order", id=order.id, flash=("success", f"{money} is on its way back to the buyer."))


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


async def _paid(request: Request) -> tuple[Order, Payment]:
    """Raises Conflict where nothing was paid that could go back."""
    async with reading(request) as tx:
        order = await orders.get(tx, _id(request))
        payment = next((payment for payment in await payments.of_order(tx, order.id) if payment.settles), None)
    if payment is None:
        raise Conflict(f"Order {order.number} is {order.status}: nothing was paid that could be refunded.")
    return order, payment


def _refund_form(
    request: Request, order: Order, payment: Payment, typed: Mapping[str, str], error: FarthingError | None = None
) -> Response:
    """What was typed stays; the error stands beside its field."""
    return render(
        request,
        "admin/refund.html",
        status=error.status if error else 200,
        order=order,
        payment=payment,
        amount=typed.get("amount", str(payment.refundable.decimal)),
        reason=typed.get("reason", "requested_by_customer"),
        note=typed.get("note", ""),
        reasons=REASONS,
        error=error.detail if error else "",
    )


def _amount(payment: Payment, typed: str) -> Money:
    assert payment.received is not None, "it settles its order"
    return Money.parse(typed.replace(",", ".").strip() or "0", payment.received.currency)


def _reason(typed: str) -> RefundReason:
    if typed not in REASONS or typed not in get_args(RefundReason):
        raise Invalid("Choose one of the reasons.", param="reason")
    return typed


def _id(request: Request) -> OrderId:
    return OrderId.parse(request.path_params["id"])
