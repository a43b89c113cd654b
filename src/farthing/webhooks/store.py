"""The inbox in the database, for those who act on it and those who look."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, LiteralString

from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import NoticeId, OrderId
from farthing.lifecycles import NoticeStatus
from farthing.paging import Page, checked_limit

SELECT: LiteralString = """
    SELECT id, provider, livemode, account, provider_event_id, type, api_version, subject_kind, subject_id, body,
        occurred_at, received_at, status, reason, attempts, due_at, order_id, finished_at, source
    FROM provider_events
"""


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """An event of the provider as we stored it, and what came of it."""

    id: NoticeId
    provider: str
    livemode: bool
    account: str
    provider_event_id: str
    type: str
    api_version: str | None
    subject_kind: str | None
    subject_id: str | None
    body: bytes
    """The bytes that were signed."""
    occurred_at: datetime | None
    received_at: datetime
    status: NoticeStatus
    reason: str | None
    attempts: int
    due_at: datetime
    order_id: OrderId | None
    finished_at: datetime | None
    source: str
    """`webhook` where it was delivered, `sweep` where we found it in the provider's list."""


SAME_MAX: Final = 16
"""How many events of one subscription come together, on the average, at most."""


async def claim(tx: Transaction, *, limit: int, lease: timedelta) -> list[StoredNotice]:
    """Take what is due, for the length of the lease: a worker that dies gives it back by doing nothing.

    With an event about a subscription come all about the same one: one look answers them, and costs several calls.
    """
    return await tx.all(
        build,
        """
        WITH first AS (
            SELECT id, subject_kind, subject_id FROM provider_events WHERE status = 'received' AND due_at <= %(now)s
            ORDER BY due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ), same AS (
            SELECT other.id FROM provider_events other
            WHERE other.status = 'received' AND other.due_at <= %(now)s AND other.subject_kind = 'subscription'
                AND other.subject_id IN (SELECT subject_id FROM first WHERE subject_kind = 'subscription')
            LIMIT %(most)s FOR UPDATE SKIP LOCKED
        ), taken AS (
            UPDATE provider_events SET due_at = %(until)s, attempts = attempts + 1
            WHERE id IN (SELECT id FROM first UNION SELECT id FROM same)
            RETURNING id, provider, livemode, account, provider_event_id, type, api_version, subject_kind, subject_id,
                body, occurred_at, received_at, status, reason, attempts, due_at, order_id, finished_at, source
        )
        SELECT * FROM taken ORDER BY id
        """,
        now=tx.now,
        until=tx.now + lease,
        limit=limit,
        most=SAME_MAX * limit,
    )


async def finish(
    tx: Transaction, ids: Sequence[NoticeId], status: NoticeStatus, *, reason: str | None, order: OrderId | None
) -> None:
    """In the transaction of what came of them."""
    await tx.run(
        """
        UPDATE provider_events SET status = %(status)s, reason = %(reason)s, order_id = %(order)s, finished_at = %(now)s
        WHERE id = ANY(%(ids)s) AND status = 'received'
        """,
        ids=list(ids),
        status=status,
        reason=reason,
        order=order,
        now=tx.now,
    )


async def put_off(tx: Transaction, ids: Sequence[NoticeId], *, until: datetime, reason: str) -> None:
    await tx.run(
        """
        UPDATE provider_events SET due_at = %(until)s, reason = %(reason)s
        WHERE id = ANY(%(ids)s) AND status = 'received'
        """,
        ids=list(ids),
        until=until,
        reason=reason,
    )


async def forget_bodies(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Drop the words of old events, which may name people; that they came, and what came of them, is kept. How many."""
    return await tx.run(
        """
        UPDATE provider_events SET body = ''::bytea WHERE id IN (
            SELECT id FROM provider_events WHERE received_at < %(before)s AND status <> 'received' AND body <> ''::bytea
            ORDER BY received_at LIMIT %(limit)s
        )
        """,
        before=before,
        limit=limit,
    )


async def get(tx: Transaction, id: NoticeId) -> StoredNotice:
    found = await tx.find(build, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no provider event {id}.")
    return found


async def find_by_provider_id(tx: Transaction, provider_event_id: str) -> StoredNotice | None:
    return await tx.find(
        build,
        SELECT + " WHERE provider_event_id = %(id)s ORDER BY id LIMIT 1",
        id=provider_event_id,
    )


async def list_page(
    tx: Transaction,
    *,
    limit: int,
    cursor: NoticeId | None = None,
    status: NoticeStatus | None = None,
    type: str | None = None,
) -> Page[StoredNotice]:
    """Newest first."""
    rows = await tx.all(
        build,
        SELECT
        + """
        WHERE (%(cursor)s::uuid IS NULL OR id < %(cursor)s) AND (%(status)s::text IS NULL OR status = %(status)s)
            AND (%(type)s::text IS NULL OR type = %(type)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        cursor=cursor,
        status=status,
        type=type,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda notice: notice.id)


async def of_order(tx: Transaction, order: OrderId) -> list[StoredNotice]:
    return await tx.all(build, SELECT + " WHERE order_id = %(order)s ORDER BY received_at, id", order=order)


async def of_subject(tx: Transaction, kind: str, subject: str) -> list[StoredNotice]:
    """All that was about one object of the provider."""
    return await tx.all(
        build,
        SELECT + " WHERE subject_kind = %(kind)s AND subject_id = %(subject)s ORDER BY received_at, id",
        kind=kind,
        subject=subject,
    )


async def counts(tx: Transaction) -> dict[str, int]:
    rows = await tx.all(
        lambda row: (row["status"], row["count"]), "SELECT status, count(*) FROM provider_events GROUP BY status"
    )
    return dict(rows)


def build(row: Row) -> StoredNotice:
    return StoredNotice(
        id=NoticeId.of(row["id"]),
        provider=row["provider"],
        livemode=row["livemode"],
        account=row["account"],
        provider_event_id=row["provider_event_id"],
        type=row["type"],
        api_version=row["api_version"],
        subject_kind=row["subject_kind"],
        subject_id=row["subject_id"],
        body=bytes(row["body"]),
        occurred_at=row["occurred_at"],
        received_at=row["received_at"],
        status=NoticeStatus(row["status"]),
        reason=row["reason"],
        attempts=row["attempts"],
        due_at=row["due_at"],
        order_id=None if row["order_id"] is None else OrderId.of(row["order_id"]),
        finished_at=row["finished_at"],
        source=row["source"],
    )
