"""`farthing events`: what the provider told us, and acting on it once more."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import orjson

from farthing import webhooks
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.db import Transaction
from farthing.errors import Invalid, NotFound
from farthing.ids import NoticeId
from farthing.lifecycles import NoticeStatus
from farthing.paging import LIMIT_MAX
from farthing.webhooks import StoredNotice

Status = Literal["received", "processed", "ignored", "parked"]

UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
REPLAY_MAX: Final = 10_000


async def list_(*, status: Status | None = None, type: str | None = None, since: str | None = None, limit: int = 25) -> int:
    """List what the provider told us, newest first.

    For example:

        farthing events list --status parked
        farthing events list --type charge.updated --since 2h --json

    Parameters
    ----------
    status
        Only those in this status. A parked one was given up, and waits for somebody to look.
    type
        Only those of this type, such as payment_intent.succeeded.
    since
        Only those that came within this time, such as 30m, 2h or 7d.
    limit
        How many.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        found = [notice async for notice in _select(tx, status, type, since, limit)]
    rows = [(n.provider_event_id, n.type, show.status(n.status), n.reason, n.attempts, show.at(n.received_at)) for n in found]
    columns = ("Event", "Type", "Status", "Reason", "Attempts", "Received")
    terminal().show({"data": [_summary(notice) for notice in found]}, show.table(columns, rows, right=frozenset({"Attempts"})))
    return 0


async def show_(event: str, /) -> int:
    """Show an event of the provider with its body, as it was signed.

    For example:

        farthing events show evt_1QabcXYZ

    Parameters
    ----------
    event
        The provider's id of it (evt_…), or ours (notice_…).
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        notice = await _find(tx, event)
    body = _body(notice)
    reason = f": {show.said(notice.reason)}" if notice.reason else ""
    about = f"about {show.said(notice.subject_id)}" if notice.subject_id else "about nothing we watch"
    order = f" · {notice.order_id}" if notice.order_id else ""
    terminal().show(
        _summary(notice) | {"body": body},
        f"[bold]{show.said(notice.provider_event_id)}[/] · {show.said(notice.type)} · {show.status(notice.status)}{reason}",
        f"{notice.id} · {about}{order} · received {show.at(notice.received_at)} · attempts {notice.attempts}",
        show.said(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()),
    )
    return 0


async def replay(
    *events: str,
    status: Status | None = None,
    type: str | None = None,
    since: str | None = None,
    dry_run: bool = False,
) -> int:
    """Act on stored events once more, as if they had just come. Harmless: an event only says where to look.

    Name events, or choose them by status, type and time. The worker acts on them.

    For example:

        farthing events replay evt_1QabcXYZ
        farthing events replay --status parked --since 2h --dry-run

    Parameters
    ----------
    events
        The provider's ids of them (evt_…), or ours (notice_…).
    status
        All that are in this status.
    type
        All of this type.
    since
        All that came within this time, such as 30m, 2h or 7d.
    dry_run
        Only say which it would be.
    """
    if bool(events) == any((status, type, since)):
        raise Invalid("Name events, or choose them by --status, --type or --since.")
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        if events:
            chosen = [await _find(tx, event) for event in events]
        else:
            chosen = [notice async for notice in _select(tx, status, type, since, REPLAY_MAX)]
        told = [notice for notice in chosen if notice.subject_id is not None and notice.status != NoticeStatus.RECEIVED]
        count = len(told) if dry_run else await webhooks.replay(tx, [notice.id for notice in told])
    verb = "would be" if dry_run else "is" if count == 1 else "are"
    document = {"replayed": 0 if dry_run else count, "chosen": [_summary(notice) for notice in told]}
    left = len(chosen) - len(told)
    idle = f" {left} left alone: waiting already, or of a type that nothing follows from." if left else ""
    rows = [(notice.provider_event_id, notice.type, show.status(notice.status)) for notice in told]
    table = [show.table(("Event", "Type", "Status"), rows)] if dry_run and rows else []
    terminal().show(document, *table, f"{count} {'event' if count == 1 else 'events'} {verb} acted on again.{idle}")
    return 0


async def _select(
    tx: Transaction, status: Status | None, type: str | None, since: str | None, limit: int
) -> AsyncIterator[StoredNotice]:
    oldest = None if since is None else tx.now - length(since)
    cursor, left = None, limit
    while left > 0:
        page = await webhooks.list_page(
            tx, limit=min(left, LIMIT_MAX), cursor=cursor, status=NoticeStatus(status) if status else None, type=type
        )
        for notice in _within(page.items, oldest):
            yield notice
        left -= len(page.items)
        if page.next_cursor is None or (oldest is not None and page.items[-1].received_at < oldest):
            return
        cursor = NoticeId.parse(page.next_cursor)


def _within(notices: Sequence[StoredNotice], oldest: datetime | None) -> list[StoredNotice]:
    return [notice for notice in notices if oldest is None or notice.received_at >= oldest]


def length(text: str) -> timedelta:
    """Read "30m", "2h" or "7d"."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if found is None:
        raise Invalid(f"--since is a length of time such as 30m, 2h or 7d, not {text[:20]!r}.")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


async def _find(tx: Transaction, named: str) -> StoredNotice:
    if named.startswith(f"{NoticeId.prefix}_"):
        return await webhooks.get(tx, NoticeId.parse(named))
    found = await webhooks.find_by_provider_id(tx, named)
    if found is None:
        raise NotFound(f"No event {named[:64]!r} was delivered to this database. `farthing events list` shows which were.")
    return found


def _summary(notice: StoredNotice) -> dict[str, object]:
    return {
        "id": notice.id,
        "event": notice.provider_event_id,
        "type": notice.type,
        "status": notice.status,
        "reason": notice.reason,
        "attempts": notice.attempts,
        "subject": notice.subject_id,
        "order": notice.order_id,
        "received_at": notice.received_at,
        "finished_at": notice.finished_at,
    }


def _body(notice: StoredNotice) -> Any:
    return orjson.loads(notice.body) if notice.body else None  # its words are no longer kept
