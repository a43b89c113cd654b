"""Comparing with the provider: what was compared, what differs and since when, and living with what cannot be made right."""

from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from farthing import jobs, reconcile
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Invalid
from farthing.ids import DiscrepancyId
from farthing.lifecycles import DiscrepancyStatus
from farthing.web import staff
from farthing.web.admin.actors import words_of
from farthing.web.page import redirect, render
from farthing.web.staff import staff_of
from farthing.web.wiring import asked, form_of, reading, world_of

SHOWN: Final = 50
RUNS_SHOWN: Final = 5
BACK: Final = timedelta(days=1)
"""How far a check by hand looks back: it is to answer soon. The night compares more."""


def age_words(since: datetime, now: datetime) -> str:
    """How long it has differed: "3 days"."""
    days, hours = (now - since).days, (now - since).seconds // 3600
    if days:
        return "1 day" if days == 1 else f"{days} days"
    return "less than an hour" if not hours else "1 hour" if hours == 1 else f"{hours} hours"


async def overview(request: Request) -> Response:
    typed, cursor = asked(request, "status"), asked(request, "cursor")
    status = DiscrepancyStatus(typed) if typed in set(DiscrepancyStatus) else None
    async with reading(request) as tx:
        after = DiscrepancyId.parse(cursor) if cursor else None
        found = await reconcile.list_page(tx, limit=SHOWN, cursor=after, status=status)
        counts = await reconcile.counts(tx)
        runs = await reconcile.runs_page(tx, limit=RUNS_SHOWN)
        people = await staff.names(tx)
    now = world_of(request).clock.now()
    return render(
        request,
        "admin/reconciliation.html",
        found=found,
        counts=counts,
        chosen=status,
        statuses=DiscrepancyStatus,
        runs=runs.items,
        age=lambda since: age_words(since, now),
        who=lambda actor: words_of(actor, people),
    )


async def check(request: Request) -> Response:
    """A worker compares the last day; nothing is changed."""
    provider = world_of(request).provider

    async def work(tx: Transaction) -> None:
        id = await reconcile.start(tx, provider.name, provider.livemode, since=tx.now - BACK, heals=False)
        await jobs.schedule(tx, reconcile.TASK, reconciliation=str(id))

    await world_of(request).db.run(staff_of(request).actor, work)
    return redirect(
        request, "admin_reconciliation", flash=("success", "The last day is being compared. Look again in a moment.")
    )


async def ask_accept(request: Request) -> Response:
    return await _ask(request, "")


async def accept(request: Request) -> Response:
    id, note = _id(request), (await form_of(request)).get("note", "")
    try:
        await world_of(request).db.run(staff_of(request).actor, lambda tx: reconcile.accept(tx, id, note))
    except (Conflict, Invalid) as error:
        return await _ask(request, note, error)
    said = "Accepted: it is not counted any more, as long as both sides stay as they are."
    return redirect(request, "admin_reconciliation", flash=("success", said))


async def _ask(request: Request, note: str, error: FarthingError | None = None) -> Response:
    async with reading(request) as tx:
        found = await reconcile.get(tx, _id(request))
    status, said = (error.status, error.detail) if error else (200, "")
    return render(request, "admin/accept_confirm.html", status=status, found=found, note=note, error=said)


def _id(request: Request) -> DiscrepancyId:
    return DiscrepancyId.parse(request.path_params["id"])
