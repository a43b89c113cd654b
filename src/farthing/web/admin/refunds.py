"""Refunds of all orders, and one of them: what went back of each line, and what can be done where it did not."""

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from farthing import orders, payments, refunds
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, ProviderError
from farthing.ids import RefundId
from farthing.lifecycles import RefundStatus
from farthing.payments import Refund
from farthing.web import staff
from farthing.web.admin.actors import words_of
from farthing.web.admin.links import provider_name, provider_url
from farthing.web.page import redirect, render
from farthing.web.staff import refund_role, staff_of
from farthing.web.wiring import asked, reading, world_of

SHOWN: Final = 50
AGAIN: Final = frozenset({RefundStatus.FAILED, RefundStatus.CANCELED})
CANCELABLE: Final = frozenset({RefundStatus.PROMISED, RefundStatus.PENDING})


async def refund_list(request: Request) -> Response:
    status, cursor = _status(asked(request, "status")), asked(request, "cursor")
    async with reading(request) as tx:
        page = await refunds.refund_ids(tx, limit=SHOWN, cursor=RefundId.parse(cursor) if cursor else None, status=status)
        found = [await payments.get_refund(tx, id) for id in page.items]
        numbers = {refund.order_id: (await orders.get(tx, refund.order_id)).number for refund in found}
        counts, waiting = await refunds.counts(tx), (await refunds.request_counts(tx)).get("requested", 0)
        people = await staff.names(tx)
    return render(
        request,
        "admin/refunds.html",
        refunds=found,
        next_cursor=page.next_cursor,
        numbers=numbers,
        counts=counts,
        waiting=waiting,
        chosen=status,
        statuses=RefundStatus,
        who=lambda actor: words_of(actor, people),
    )


async def refund_detail(request: Request) -> Response:
    settings = world_of(request).settings
    async with reading(request) as tx:
        refund = await payments.get_refund(tx, _id(request))
        order = await orders.get(tx, refund.order_id)
        payment = await payments.get(tx, refund.payment_id)
        lines = await payments.lines_of_refund(tx, refund.id)
        again = await refunds.find_retry(tx, refund.id)
        asked_by = await refunds.find_of_refund(tx, refund.id)
        people = await staff.names(tx)
    return render(
        request,
        "admin/refund.html",
        refund=refund,
        order=order,
        payment=payment,
        lines=lines,
        names={line.id: line.name for line in order.lines},
        again=again,
        asked_by=asked_by,
        retryable=refund.status in AGAIN and again is None,
        cancelable=refund.status in CANCELABLE,
        who=lambda actor: words_of(actor, people),
        provider_url=partial(provider_url, settings),
        provider_name=provider_name(settings),
    )


async def retry(request: Request) -> Response:
    """Once for each failure: sent twice, the second is told of the first."""
    id, role, policy = _id(request), refund_role(staff_of(request).role), world_of(request).catalog.refunds

    async def work(tx: Transaction) -> Refund:
        return await refunds.retry(tx, id, role=role, policy=policy)

    try:
        made = await world_of(request).db.run(staff_of(request).actor, work)
    except (Conflict, Forbidden) as error:
        return redirect(request, "admin_refund_detail", id=id, flash=("danger", error.detail))
    return redirect(request, "admin_refund_detail", id=made.id, flash=("success", f"{made.money} is sent once more."))


async def ask_cancel(request: Request) -> Response:
    async with reading(request) as tx:
        refund = await payments.get_refund(tx, _id(request))
    return render(request, "admin/refund_cancel_confirm.html", refund=refund)


async def cancel(request: Request) -> Response:
    id = _id(request)
    try:
        done = await refunds.cancel(world_of(request), id, actor=staff_of(request).actor)
    except (Conflict, ProviderError) as error:
        return redirect(request, "admin_refund_detail", id=id, flash=("danger", error.detail))
    called_off = done.status == RefundStatus.CANCELED
    said = "Called off: the money stays." if called_off else f"The provider was asked; the refund is {done.status}."
    return redirect(request, "admin_refund_detail", id=id, flash=("success" if called_off else "warning", said))


def _status(typed: str | None) -> RefundStatus | None:
    return RefundStatus(typed) if typed in set(RefundStatus) else None


def _id(request: Request) -> RefundId:
    return RefundId.parse(request.path_params["id"])
