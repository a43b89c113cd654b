"""`farthing disputes`: look at disputes, write and submit evidence, accept, ask the provider."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import Parameter

from farthing import disputes as room
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.clock import SystemClock
from farthing.db import Transaction
from farthing.disputes import Answer, Dispute, Pack
from farthing.errors import Invalid
from farthing.ids import DisputeId
from farthing.lifecycles import DisputeStatus

Status = Literal[
    "warning_needs_response",
    "warning_under_review",
    "warning_closed",
    "needs_response",
    "under_review",
    "won",
    "lost",
    "prevented",
    "appeal_needs_response",
    "appeal_under_review",
]


SHOWN: Final = (
    "id order_id order_number status money reason evidence_due_by access withheld_amount lost_amount fee provider_dispute_id"
    " opened_at submitted_at closed_at"
).split()


async def list_(*, status: Status | None = None, unanswered: bool = False, limit: int = 25, cursor: str | None = None) -> int:
    """List disputes, newest first.

    For example:

        farthing disputes list --unanswered
        farthing disputes list --status lost --json

    Parameters
    ----------
    status
        Only those in this status.
    unanswered
        Only those that wait for us.
    limit
        How many, at most 100.
    cursor
        Go on after this dispute: the next_cursor of the page before.
    """
    after = DisputeId.parse(cursor) if cursor else None
    wanted = DisputeStatus(status) if status else None
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        page = await room.list_page(tx, limit=limit, cursor=after, status=wanted, unanswered=unanswered)
    now = SystemClock().now()
    rows = [
        (d.id, d.order_number, show.status(d.status), d.money, d.reason.replace("_", " "), _left(d, now), show.at(d.opened_at))
        for d in page.items
    ]
    columns = ("Id", "Order", "Status", "Amount", "Reason", "Answer by", "Opened")
    document = {"data": [_dispute(each) for each in page.items], "next_cursor": page.next_cursor}
    terminal().show(document, show.table(columns, rows, right=frozenset({"Order", "Amount"})))
    if page.next_cursor:
        terminal().say(f"There are more: --cursor {page.next_cursor}")
    return 0


async def show_(dispute: str, /) -> int:
    """Show a dispute: its money, its deadline and what was answered.

    For example:

        farthing disputes show dispute_01k9h4w3q8fvtb7m2x5c6d0e1f

    Parameters
    ----------
    dispute
        The dispute's id.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        found = await room.get(tx, DisputeId.parse(dispute))
        answers = await room.answers_of(tx, found.id)
    _show(found, answers)
    return 0


async def evidence(
    dispute: str,
    /,
    *,
    set_: Annotated[list[str] | None, Parameter(name="--set")] = None,
    file: list[str] | None = None,
) -> int:
    """Show the evidence that would be submitted, or was; with --set or --file, edit the draft. Nothing is sent.

    For example:

        farthing disputes evidence dispute_01k9h4w3q8fvtb7m2x5c6d0e1f
        farthing disputes evidence dispute_01k9h4w3q8fvtb7m2x5c6d0e1f --set service_date=2026-11-01

    Parameters
    ----------
    dispute
        The dispute's id.
    set_
        A field and its text, such as service_date=2026-11-01. Without a text, the field is taken out.
    file
        A field and a text file that holds its text.
    """
    id = DisputeId.parse(dispute)
    changes = dict(_pair(each) for each in set_ or []) | {name: _text(path) for name, path in map(_pair, file or [])}
    settings = opening.settings()
    async with opening.database(settings) as db:
        sells = opening.catalog(settings)

        async def work(tx: Transaction) -> Pack:
            if changes:
                return await room.save_evidence(tx, sells, id, changes)
            return await room.evidence_of(tx, sells, id)

        pack = await db.run(ACTOR, work)
    _preview(pack)
    return 0


async def submit(dispute: str, /, *, dry_run: bool = False) -> int:
    """Give the bank our evidence, once and for all. The worker sends it.

    For example:

        farthing disputes submit dispute_01k9h4w3q8fvtb7m2x5c6d0e1f --dry-run
        farthing disputes submit dispute_01k9h4w3q8fvtb7m2x5c6d0e1f --yes

    Parameters
    ----------
    dispute
        The dispute's id.
    dry_run
        Only show what would be sent.
    """
    id = DisputeId.parse(dispute)
    settings = opening.settings()
    async with opening.database(settings) as db:
        sells = opening.catalog(settings)
        async with db.transaction(ACTOR) as tx:
            pack = await room.evidence_of(tx, sells, id)
        if dry_run:
            _preview(pack)
            return 0
        fields = len(pack.evidence)
        terminal().confirm(f"Submit {fields} fields of evidence for {pack.dispute.money} of order {pack.dispute.order_number}?")
        answer = await db.run(ACTOR, lambda tx: room.submit(tx, sells, id))
    terminal().show(
        _answer(answer), f"{answer.id}: the evidence for order {pack.dispute.order_number} is promised; the worker sends it."
    )
    return 0


async def accept(dispute: str, /) -> int:
    """Tell the bank that the buyer is right. The money is lost, and the fee; the worker tells it.

    For example:

        farthing disputes accept dispute_01k9h4w3q8fvtb7m2x5c6d0e1f

    Parameters
    ----------
    dispute
        The dispute's id.
    """
    id = DisputeId.parse(dispute)
    async with opening.database() as db:
        async with db.transaction(ACTOR) as tx:
            found = await room.get(tx, id)
        terminal().confirm(f"Give up {found.money} of order {found.order_number}?")
        answer = await db.run(ACTOR, lambda tx: room.accept(tx, id))
    terminal().show(
        _answer(answer), f"{answer.id}: the dispute of order {found.order_number} is given up; the worker tells the bank."
    )
    return 0


async def sync(dispute: str, /) -> int:
    """Ask the provider how a dispute stands, and record it. Harmless at any time.

    For example:

        farthing disputes sync dispute_01k9h4w3q8fvtb7m2x5c6d0e1f

    Parameters
    ----------
    dispute
        The dispute's id, or the provider's (du_…).
    """
    async with opening.world() as world:
        provider_id = dispute
        if not dispute.startswith(("du_", "dp_")):
            async with world.db.transaction(ACTOR) as tx:
                provider_id = (await room.get(tx, DisputeId.parse(dispute))).provider_dispute_id
        with terminal().progress("Asking the provider"):
            recorded = await room.sync_dispute(world, provider_id, actor=ACTOR)
        if recorded.order_id is None:
            raise Invalid(f"{provider_id} concerns nobody here: {recorded.ignored}.")
        async with world.db.transaction(ACTOR) as tx:
            found = next(d for d in await room.of_order(tx, recorded.order_id) if d.provider_dispute_id == provider_id)
            answers = await room.answers_of(tx, found.id)
    _show(found, answers)
    return 0


def _show(found: Dispute, answers: list[Answer]) -> None:
    document = _dispute(found) | {"answers": [_answer(each) for each in answers]}
    lines = [
        f"[bold]Dispute of order {found.order_number}[/] · {found.id} · {show.status(found.status)}",
        f"{found.money} · {show.said(found.reason.replace('_', ' '))} · access {found.access}",
        f"At the provider {show.said(found.provider_dispute_id)}" + (f", fee {found.fee}" if found.fee else ""),
    ]
    if found.needs_answer and found.evidence_due_by is not None:
        lines.append(f"Answer by {show.at(found.evidence_due_by)}: {_left(found, SystemClock().now())} left.")
    rows = [(each.id, each.kind, show.status(each.status), show.at(each.sent_at), each.refusal) for each in answers]
    shown = [show.table(("Answer", "Kind", "Status", "Sent", "Refused because"), rows)] if rows else []
    terminal().show(document, "\n".join(lines), *shown)


def _preview(pack: Pack) -> None:
    status = "collected" if pack.answer is None else str(pack.answer.status)
    document = {"dispute": pack.dispute.id, "status": status, "evidence": dict(pack.evidence)}
    rows = [(name, text) for name, text in pack.evidence.items()]
    terminal().show(document, f"Evidence for order {pack.dispute.order_number}: {status}", show.table(("Field", "Text"), rows))


def _dispute(dispute: Dispute) -> dict[str, object]:
    return {name: getattr(dispute, name) for name in SHOWN}


def _answer(answer: Answer) -> dict[str, object]:
    names = ("id", "dispute_id", "kind", "status", "promised_at", "sent_at", "refusal")
    return {name: getattr(answer, name) for name in names}


def _left(dispute: Dispute, now: datetime) -> str:
    """How long there is to answer."""
    if not dispute.needs_answer or dispute.evidence_due_by is None:
        return ""
    left = dispute.evidence_due_by - now
    hours = int(left.total_seconds() // 3600)
    return "too late" if hours < 0 else f"{hours // 24} d {hours % 24} h"


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise Invalid(f"{text[:60]!r} has no =: write it like service_date=2026-11-01.")
    return name, value


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise Invalid(f"{path} is not a text file in UTF-8.") from None
