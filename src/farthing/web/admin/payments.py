"""Payments of all orders by status, and what is kept for us: taken, or let go, before the bank lets go by itself."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from farthing import orders, payments
from farthing.errors import Conflict, FarthingError, Invalid, ProviderError, ProviderUnavailable
from farthing.ids import PaymentId
from farthing.lifecycles import PaymentStatus
from farthing.money import Money
from farthing.payments import Payment
from farthing.web.admin.disputes import left_words
from farthing.web.page import redirect, render
from farthing.web.staff import staff_of
from farthing.web.wiring import asked, form_of, reading, world_of

SHOWN: Final = 50


async def payment_list(request: Request) -> Response:
    """Each leads to its order, where everything about it stands."""
    typed, cursor = asked(request, "status"), asked(request, "cursor")
    status = PaymentStatus(typed) if typed in set(PaymentStatus) else None
    async with reading(request) as tx:
        found = await payments.list_page(tx, limit=SHOWN, cursor=PaymentId.parse(cursor) if cursor else None, status=status)
        about = {each.order_id: await orders.get(tx, each.order_id) for each in found.items}
        counts = await payments.counts(tx)
    now = world_of(request).clock.now()
    return render(
        request,
        "admin/payments.html",
        found=found,
        orders=about,
        counts=counts,
        chosen=status,
        statuses=PaymentStatus,
        left=lambda due: left_words(due, now),
    )


async def ask_capture(request: Request) -> Response:
    return await _ask_capture(request, "")


async def capture(request: Request) -> Response:
    """Sent twice, it is taken once."""
    payment = await _get(request)
    typed = (await form_of(request)).get("amount", "")
    try:
        money = Money.parse(typed.replace(",", ".") or "0", payment.asked.currency)
        taken = await payments.capture(world_of(request), payment.id, money, actor=staff_of(request).actor)
    except (Invalid, Conflict) as error:
        return await _ask_capture(request, typed, error)
    except (ProviderError, ProviderUnavailable) as error:
        return redirect(request, "admin_order", id=payment.order_id, flash=("danger", error.detail))
    return redirect(request, "admin_order", id=payment.order_id, flash=("success", f"Taken: {taken.received or money}."))


async def ask_void(request: Request) -> Response:
    payment = await _get(request)
    return render(request, "admin/void_confirm.html", payment=payment)


async def void(request: Request) -> Response:
    payment = await _get(request)
    try:
        await payments.void(world_of(request), payment.id, actor=staff_of(request).actor)
    except (Conflict, ProviderError, ProviderUnavailable) as error:
        return redirect(request, "admin_order", id=payment.order_id, flash=("danger", error.detail))
    return redirect(request, "admin_order", id=payment.order_id, flash=("success", "Let go: nothing is taken from the buyer."))


async def _ask_capture(request: Request, typed: str, error: FarthingError | None = None) -> Response:
    payment = await _get(request)
    return render(
        request,
        "admin/capture_confirm.html",
        status=error.status if error else 200,
        payment=payment,
        amount=typed or str(payment.asked.decimal),
        error=error.detail if error else "",
    )


async def _get(request: Request) -> Payment:
    async with reading(request) as tx:
        return await payments.get(tx, PaymentId.parse(request.path_params["id"]))
