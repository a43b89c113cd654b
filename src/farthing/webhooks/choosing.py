"""Which stored events to act on once more: by status, type, time and order, read page by page, oldest first."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from farthing.db import Database, Transaction
from farthing.ids import NoticeId, OrderId
from farthing.lifecycles import NoticeStatus
from farthing.webhooks.store import SELECT, StoredNotice, build

PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """All that came in [since, until), of that type, in that status, about that order; a field that is None chooses nothing."""

    status: NoticeStatus | None = None
    type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    order: OrderId | None = None


async def chosen(db: Database, choice: Choice, *, actor: str) -> AsyncIterator[Sequence[StoredNotice]]:
    """Pages of those that can be acted on again. What arrives while they are read is not among them."""
    after: NoticeId | None = None
    until = min(filter(None, (choice.until, db.clock.now())))
    while True:
        async with db.transaction(actor) as tx:
            page = await _page(tx, choice, until, after)
        if not page:
            return
        yield page
        after = page[-1].id


async def _page(tx: Transaction, choice: Choice, until: datetime, after: NoticeId | None) -> list[StoredNotice]:
    return await tx.all(
        build,
        SELECT
        + """
        WHERE subject_id IS NOT NULL AND status <> 'received' AND received_at < %(until)s
            AND (%(after)s::uuid IS NULL OR id > %(after)s)
            AND (%(status)s::text IS NULL OR status = %(status)s) AND (%(type)s::text IS NULL OR type = %(type)s)
            AND (%(since)s::timestamptz IS NULL OR received_at >= %(since)s)
            AND (%(order)s::uuid IS NULL OR order_id = %(order)s)
        ORDER BY id LIMIT %(limit)s
        """,
        until=until,
        after=after,
        status=choice.status,
        type=choice.type,
        since=choice.since,
        order=choice.order,
        limit=PAGE,
    )
