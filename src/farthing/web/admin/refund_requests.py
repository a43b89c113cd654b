"""Requests for money back: what granting one would do, who has given their word, and who still may."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from farthing import orders, refunds
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Forbidden, Invalid
from farthing.ids import OrderId, RefundRequestId
from farthing.lifecycles import RefundRequestStatus
from farthing.refunds import Preview, RefundRequest
from farthing.web import staff
from farthing.web.admin.actors import words_of
from farthing.web.admin.order_refund import NOTE_MAX, reason_of, wanted_of
from farthing.web.page import redirect, render
from farthing.web.staff import refund_role, staff_of
from farthing.web.wiring import asked, form_of, reading, world_of

SHOWN: Final = 50


async def request_list(request: Request) -> Response:
    status, cursor = _status(asked(request, "status")), asked(request, "cursor")
    after = RefundRequestId.parse(cursor) if cursor else None
    async with reading(request) as tx:
        found = await refunds.list_page(tx, limit=SHOWN, cursor=after, status=status)
        about = {each.order_id: await orders.get(tx, each.order_id) for each in found.items}
        counts, made = await refunds.request_counts(tx), sum((await refunds.counts(tx)).values())
    return render(
        request,
        "admin/refund_requests.html",
        found=found,
        orders=about,
        counts=counts,
        made=made,
        chosen=status,
        statuses=RefundRequestStatus,
    )


async def request_detail(request: Request) -> Response:
    """With what granting it would do now; or why it cannot be granted any more."""
    policy = world_of(request).catalog.refunds
    seen: Preview | None = None
    said = ""
    async with reading(request) as tx:
        found = await refunds.get(tx, _id(request))
        order = await orders.get(tx, found.order_id)
        people = await staff.names(tx)
        if found.status == RefundRequestStatus.REQUESTED:
            try:
                seen = await refunds.preview(tx, found.order_id, found.wanted, policy)
            except (Conflict, Invalid) as error:
                said = error.detail
    mine = found.first_approver == refunds.person_of(staff_of(request).actor)
    return render(
        request,
        "admin/refund_request.html",
        found=found,
        order=order,
        names={line.id: line.name for line in order.lines},
        seen=seen,
        said=said,
        needs=found.needs_second or (seen is not None and seen.needs_second),
        mine=mine,
        who=lambda actor: words_of(actor, people),
    )


async def file(request: Request) -> Response:
    """By staff, where one person's word is not enough for a refund at once."""
    form = await form_of(request)
    id, policy = OrderId.parse(form.get("order", "")), world_of(request).catalog.refunds

    async def work(tx: Transaction) -> RefundRequest:
        wanted, reason = wanted_of(await orders.get(tx, id), form), reason_of(form.get("reason", ""))
        message = form.get("note", "")[:NOTE_MAX] or None
        return await refunds.request(tx, id, wanted, reason=reason, message=message, policy=policy, by_buyer=False)

    try:
        made = await world_of(request).db.run(staff_of(request).actor, work)
    except (Conflict, Invalid) as error:
        return redirect(request, "admin_order", id=id, flash=("danger", error.detail))
    return redirect(request, "admin_refund_request", id=made.id, flash=("success", "Filed. Now two of you approve it."))


async def approve(request: Request) -> Response:
    """One person's word. Given twice by the same person it is one."""
    id, role, policy = _id(request), refund_role(staff_of(request).role), world_of(request).catalog.refunds
    note = (await form_of(request)).get("note", "")[:NOTE_MAX] or None

    async def work(tx: Transaction) -> RefundRequest:
        return await refunds.approve(tx, id, role=role, policy=policy, note=note)

    try:
        done = await world_of(request).db.run(staff_of(request).actor, work)
    except (Conflict, Invalid, Forbidden) as error:
        return _back(request, error)
    said = "Yours is the first word: somebody else has to approve it as well." if done.waits_for_second else ""
    return redirect(
        request,
        "admin_refund_request",
        id=id,
        flash=("success", said or f"{done.money} is on its way back to the buyer."),
    )


async def ask_decline(request: Request) -> Response:
    async with reading(request) as tx:
        found = await refunds.get(tx, _id(request))
    return render(request, "admin/request_decline_confirm.html", found=found)


async def decline(request: Request) -> Response:
    id, why = _id(request), (await form_of(request)).get("why", "")[:NOTE_MAX] or None

    async def work(tx: Transaction) -> RefundRequest:
        return await refunds.decline(tx, id, note=why)

    try:
        await world_of(request).db.run(staff_of(request).actor, work)
    except (Conflict, Invalid) as error:
        return _back(request, error)
    return redirect(request, "admin_refund_request", id=id, flash=("success", "Declined: no money goes back."))


def _back(request: Request, error: FarthingError) -> Response:
    return redirect(request, "admin_refund_request", id=_id(request), flash=("danger", error.detail))


def _status(typed: str | None) -> RefundRequestStatus | None:
    return RefundRequestStatus(typed) if typed in set(RefundRequestStatus) else None


def _id(request: Request) -> RefundRequestId:
    return RefundRequestId.parse(request.path_params["id"])
