"""Disputes: by deadline, what a bank holds of the money, and answering it once: drafted, looked over, sent."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from farthing import disputes, payments
from farthing.db import Transaction
from farthing.disputes import FIELDS, Answer, Dispute, Pack
from farthing.errors import Conflict, FarthingError, Invalid
from farthing.ids import DisputeId
from farthing.lifecycles import AnswerStatus, DisputeStatus
from farthing.money import Money
from farthing.web import staff
from farthing.web.admin.actors import words_of
from farthing.web.admin.links import provider_name, provider_url
from farthing.web.page import redirect, render
from farthing.web.staff import staff_of
from farthing.web.wiring import asked, form_of, reading, world_of

SHOWN: Final = 50
WAITING: Final = "waiting"
"""The tab of those that wait for us."""

REASONS: Final[Mapping[str, str]] = {
    "fraudulent": "The cardholder says that they did not buy this",
    "product_not_received": "The buyer says that nothing arrived",
    "product_unacceptable": "The buyer says that it is not what was sold",
    "duplicate": "The buyer says that they paid twice",
    "subscription_canceled": "The buyer says that they had canceled",
    "credit_not_processed": "The buyer says that a refund was promised and never came",
    "unrecognized": "The cardholder does not recognize the payment",
    "general": "The bank gives no particular reason",
}


def left_words(due: datetime | None, now: datetime) -> str:
    """How long there is to answer: "3 days left"."""
    if due is None:
        return "no deadline"
    left = due - now
    if left <= timedelta():
        return "too late"
    days, hours = left.days, left.seconds // 3600
    if days:
        return "1 day left" if days == 1 else f"{days} days left"
    return "less than an hour left" if not hours else "1 hour left" if hours == 1 else f"{hours} hours left"


async def dispute_list(request: Request) -> Response:
    """Those that wait for us stand by deadline; all others newest first."""
    typed, cursor = asked(request, "status") or "", asked(request, "cursor")
    status = DisputeStatus(typed) if typed in set(DisputeStatus) else None
    async with reading(request) as tx:
        counts = await disputes.counts(tx)
        if typed == WAITING:
            found, next_cursor = await disputes.by_deadline(tx, limit=SHOWN), None
        else:
            after = DisputeId.parse(cursor) if cursor else None
            page = await disputes.list_page(tx, limit=SHOWN, cursor=after, status=status)
            found, next_cursor = list(page.items), page.next_cursor
    return render(
        request,
        "admin/disputes.html",
        disputes=found,
        next_cursor=next_cursor,
        counts=counts,
        waiting=sum(counts.get(each, 0) for each in disputes.UNANSWERED),
        statuses=[each for each in DisputeStatus if counts.get(each)],
        chosen=WAITING if typed == WAITING else status,
        reasons=REASONS,
        left=partial(left_words, now=world_of(request).clock.now()),
    )


async def dispute_detail(request: Request) -> Response:
    return await _detail(request, "admin/dispute.html")


async def edit(request: Request) -> Response:
    return await _detail(request, "admin/dispute_evidence.html", typed={}, error=None)


async def save(request: Request) -> Response:
    """Keep the draft. What was typed stays where it is refused."""
    id, form = _id(request), await form_of(request)
    typed = {name: form[name] for name in FIELDS if name in form}

    async def work(tx: Transaction) -> Pack:
        known = (await disputes.evidence_of(tx, world_of(request).catalog, id)).evidence
        changes = {name: text for name, text in typed.items() if text != known.get(name, "").strip()}
        return await disputes.save_evidence(tx, world_of(request).catalog, id, changes)

    try:
        await world_of(request).db.run(staff_of(request).actor, work)
    except (Conflict, Invalid) as error:
        return await _detail(request, "admin/dispute_evidence.html", typed=typed, error=error)
    return redirect(request, "admin_dispute", id=id, flash=("success", "Kept as a draft. Nothing was sent yet."))


async def ask_submit(request: Request) -> Response:
    return await _detail(request, "admin/dispute_submit.html")


async def submit(request: Request) -> Response:
    """Banks take evidence once: it is sent as it was looked over, or not at all."""
    id, form = _id(request), await form_of(request)

    async def work(tx: Transaction) -> Answer:
        promised = await disputes.submit(tx, world_of(request).catalog, id)
        if form.get("seen") != _figure(promised.evidence):
            raise Conflict("Somebody changed the evidence since you looked it over: look again.")
        return promised

    return await _answered(request, work, "On its way to the bank. It decides; that may take months.")


async def ask_accept(request: Request) -> Response:
    return await _detail(request, "admin/dispute_accept.html")


async def accept(request: Request) -> Response:
    id = _id(request)

    async def work(tx: Transaction) -> Answer:
        return await disputes.accept(tx, id)

    return await _answered(request, work, "Given up: the bank is told that the buyer is right.")


async def _answered(request: Request, work: Any, said: str) -> Response:
    try:
        await world_of(request).db.run(staff_of(request).actor, work)
    except (Conflict, Invalid) as error:
        return redirect(request, "admin_dispute", id=_id(request), flash=("danger", error.detail))
    return redirect(request, "admin_dispute", id=_id(request), flash=("success", said))


async def _detail(request: Request, template: str, **context: Any) -> Response:
    world, error = world_of(request), context.get("error")
    async with reading(request) as tx:
        pack = await disputes.evidence_of(tx, world.catalog, _id(request))
        dispute = pack.dispute
        answers = await disputes.answers_of(tx, dispute.id)
        payment = await payments.get(tx, dispute.payment_id)
        warnings = await disputes.warnings_of_order(tx, dispute.order_id)
        people = await staff.names(tx)
    now, due = world.clock.now(), dispute.evidence_due_by
    in_time = due is None or due > now
    return render(
        request,
        template,
        status=error.status if isinstance(error, FarthingError) else 200,
        dispute=dispute,
        payment=payment,
        warnings=warnings,
        answers=answers,
        pack=pack,
        fields=FIELDS,
        figure=_figure(pack.evidence),
        answerable=dispute.needs_answer and in_time and all(each.status != AnswerStatus.PROMISED for each in answers),
        moved=_moved(dispute),
        reason=REASONS.get(dispute.reason, dispute.reason.replace("_", " ").capitalize()),
        left=left_words(due, now),
        who=lambda actor: words_of(actor, people),
        provider_url=partial(provider_url, world.settings),
        provider_name=provider_name(world.settings),
        **context,
    )


def _moved(dispute: Dispute) -> list[tuple[str, Money]]:
    """What went where because of it; what did not move is left out."""
    currency = dispute.money.currency
    amounts = {
        "Taken by the bank": dispute.withdrawn_amount,
        "Given back by the bank": dispute.reinstated_amount,
        "Held by the bank now": dispute.withheld_amount - dispute.lost_amount,
        "Lost": dispute.lost_amount,
    }
    moved = [(words, Money(amount, currency)) for words, amount in amounts.items() if amount]
    return moved + ([("Fee for the dispute", dispute.fee)] if dispute.fee else [])


def _figure(evidence: Mapping[str, str]) -> str:
    """Stands for exactly this evidence."""
    texts = "\0".join(f"{name}\0{evidence[name]}" for name in sorted(evidence))
    return hashlib.sha256(texts.encode()).hexdigest()[:32]


def _id(request: Request) -> DisputeId:
    return DisputeId.parse(request.path_params["id"])
