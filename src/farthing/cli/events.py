"""`farthing events`: what the provider told us, and acting on it once more."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson

from farthing import webhooks
from farthing.cli import finding, opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.db import Transaction
from farthing.errors import Invalid, NotFound
from farthing.ids import NoticeId
from farthing.lifecycles import NoticeStatus
from farthing.paging import LIMIT_MAX
from farthing.webhooks import Choice, StoredNotice

if TYPE_CHECKING:
    from farthing.db import Database
    from farthing.world import World

Status = Literal["received", "processed", "ignored", "parked"]

SOURCES: Final = {"webhook": "received", "sweep": "found in the provider's list"}
UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


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
        f"{notice.id} · {about}{order} · {SOURCES[notice.source]} {show.at(notice.received_at)} · attempts {notice.attempts}",
        show.said(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()),
    )
    return 0


async def replay(
    *events: str,
    status: Status | None = None,
    type: str | None = None,
    since: str | None = None,
    until: str | None = None,
    order: str | None = None,
    dry_run: bool = False,
) -> int:
    """Act on stored events once more, as if they had just come. Harmless: an event only says where to look.

    Name events, or choose them by status, type, time and order. The worker acts on them. With --dry-run each is looked at
    now, and what would be recorded is told, one a line; nothing is kept of it.

    For example:

        farthing events replay evt_1QabcXYZ
        farthing events replay --status parked --since 2h --dry-run
        farthing events replay --order 1001

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
    until
        Of those only what came before this time ago.
    order
        All about this order: its number or id.
    dry_run
        Only say what would change.
    """
    if bool(events) == any((status, type, since, until, order)):
        raise Invalid("Name events, or choose them by --status, --type, --since, --until or --order.")
    asked = _Asked(events, status, type, since, until, order)
    return await (_rehearse(asked) if dry_run else _replay(asked))


@dataclass(frozen=True, slots=True)
class _Asked:
    events: Sequence[str]
    status: Status | None
    type: str | None
    since: str | None
    until: str | None
    order: str | None


async def _pages(db: Database, asked: _Asked) -> AsyncIterator[Sequence[StoredNotice]]:
    """Those that were meant, a page at a time."""
    async with db.transaction(ACTOR) as tx:
        named = [await _find(tx, event) for event in asked.events]
        about = None if asked.order is None else (await finding.order(tx, asked.order)).id
        now = tx.now
    if named:
        yield named
        return
    choice = Choice(
        status=NoticeStatus(asked.status) if asked.status else None,
        type=asked.type,
        since=None if asked.since is None else now - length(asked.since),
        until=None if asked.until is None else now - length(asked.until),
        order=about,
    )
    async for page in webhooks.chosen(db, choice, actor=ACTOR):
        yield page


async def _replay(asked: _Asked) -> int:
    """Each page is a transaction: interrupted, some are acted on again, and doing it anew does no harm."""
    count = left = 0
    async with opening.database() as db:
        async for page in _pages(db, asked):
            ids = [notice.id for notice in page]
            replayed = await db.run(ACTOR, lambda tx, ids=ids: webhooks.replay(tx, ids))  # type: ignore[misc]
            count, left = count + replayed, left + len(page) - replayed
    verb = "is" if count == 1 else "are"
    idle = f" {left} left alone: waiting already, or of a type that nothing follows from." if left else ""
    said = f"{count} {'event' if count == 1 else 'events'} {verb} acted on again.{idle}"
    terminal().show({"replayed": count, "left_alone": left}, said)
    return 0


async def _rehearse(asked: _Asked) -> int:
    """What each would change, as it is found out."""
    counts = Counter[str]()
    async with opening.world() as world:
        async for page in _pages(world.db, asked):
            for notice in page:
                outcome, said = await _rehearsed(world, notice)
                counts[outcome] += 1
                document = _summary(notice) | {"outcome": outcome, "would": said}
                line = f"{show.said(notice.provider_event_id)} {show.said(notice.type)}: {show.said(said or 'nothing changes')}"
                terminal().stream(document, line)
    total = counts.total()
    said = f"{total} would be acted on again: {counts['changes']} would change something, {counts['refused']} be refused."
    terminal().stream({"replayed": 0, "chosen": total, **counts}, said)
    return 0


async def _rehearsed(world: World, notice: StoredNotice) -> tuple[str, str]:
    if notice.subject_id is None:
        return "nothing", ""
    done = await webhooks.rehearse(world, notice)
    would = ", ".join(done.recorded)
    if done.refused is not None:
        return "refused", f"{would}; then refused: {done.refused}" if would else f"refused: {done.refused}"
    return ("changes", would) if would else ("nothing", "")


async def sweep(*, since: str | None = None) -> int:
    """Read the provider's own list of events, and store those that never reached us. The worker acts on them.

    A worker does this by itself every few minutes, and first of all after it was down. It reads from where it stopped.

    For example:

        farthing events sweep
        farthing events sweep --since 7d

    Parameters
    ----------
    since
        Read this far back, such as 30m, 2h or 7d, wherever the last reading ended.
    """
    from farthing import reconcile

    async with opening.world() as world:
        oldest = None if since is None else world.clock.now() - length(since)
        with terminal().progress("Reading the provider's events"):
            swept = await reconcile.sweep_events(world, actor=ACTOR, since=oldest)
    document = {"since": swept.since, "read": swept.read, "stored": swept.stored, "lost_since": swept.lost_since}
    verdict = f"{swept.read} read since {show.at(swept.since)}, {swept.stored} of them had never reached us."
    lost = (
        f"[yellow]The provider keeps events for 30 days, and those from {show.at(swept.lost_since)} on were not read in time:"
        " run `farthing reconcile --full --apply`.[/]"
    )
    terminal().show(document, verdict, *([lost] if swept.lost_since else []))
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


def length(text: str, *, option: str = "--since") -> timedelta:
    """Read "30m", "2h" or "7d"."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if found is None:
        raise Invalid(f"{option} is a length of time such as 30m, 2h or 7d, not {text[:20]!r}.")
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
        "source": notice.source,
        "subject": notice.subject_id,
        "order": notice.order_id,
        "received_at": notice.received_at,
        "finished_at": notice.finished_at,
    }


def _body(notice: StoredNotice) -> Any:
    return orjson.loads(notice.body) if notice.body else None  # its words are no longer kept
