"""Discrepancies and reconciliations in the database."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import LiteralString

from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import DiscrepancyId, OrderId, ReconciliationId
from farthing.lifecycles import DiscrepancyStatus, ReconciliationStatus
from farthing.paging import Page, checked_limit
from farthing.reconcile.model import Difference, Discrepancy, Reconciliation

DISCREPANCY: LiteralString = """
    SELECT id, kind, subject_kind, subject, field, ours, theirs, order_id, status, reason, note, first_seen_at, last_seen_at,
        closed_at, closed_by
    FROM discrepancies
"""

RECONCILIATION: LiteralString = """
    SELECT id, actor, status, night, since, heals, asked_at, started_at, finished_at, compared, foreign_objects, found, healed,
        left_open, failure, claimed_until
    FROM reconciliations
"""


async def get(tx: Transaction, id: DiscrepancyId) -> Discrepancy:
    found = await tx.find(_discrepancy, DISCREPANCY + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no discrepancy {id}.")
    return found


async def see(tx: Transaction, provider: str, livemode: bool, found: Difference) -> tuple[Discrepancy, bool]:
    """The open row of this difference, and whether it is new. Found again it keeps its age."""
    row = await tx.find(
        dict,
        """
        INSERT INTO discrepancies (id, provider, livemode, kind, subject_kind, subject, field, ours, theirs, order_id, status,
            first_seen_at, last_seen_at)
        VALUES (%(id)s, %(provider)s, %(livemode)s, %(kind)s, %(subject_kind)s, %(subject)s, %(field)s, %(ours)s, %(theirs)s,
            %(order)s, 'open', %(now)s, %(now)s)
        ON CONFLICT (provider, livemode, kind, subject, field) WHERE status = 'open'
            DO UPDATE SET ours = excluded.ours, theirs = excluded.theirs, last_seen_at = excluded.last_seen_at,
                order_id = coalesce(excluded.order_id, discrepancies.order_id)
        RETURNING id, (xmax = 0) AS is_new
        """,
        id=DiscrepancyId.new(),
        provider=provider,
        livemode=livemode,
        kind=found.kind,
        subject_kind=found.subject_kind,
        subject=found.subject,
        field=found.field,
        ours=found.ours,
        theirs=found.theirs,
        order=found.order_id,
        now=tx.now,
    )
    assert row is not None, "it is inserted or updated"
    return await get(tx, DiscrepancyId.of(row["id"])), bool(row["is_new"])


async def is_accepted(tx: Transaction, provider: str, livemode: bool, found: Difference) -> bool:
    """Whether somebody lives with exactly this: with another value it would be another difference."""
    return bool(
        await tx.run(
            """
            UPDATE discrepancies SET last_seen_at = %(now)s
            WHERE provider = %(provider)s AND livemode = %(livemode)s AND status = 'accepted' AND kind = %(kind)s
                AND subject = %(subject)s AND field = %(field)s
                AND ours IS NOT DISTINCT FROM %(ours)s AND theirs IS NOT DISTINCT FROM %(theirs)s
            """,
            now=tx.now,
            provider=provider,
            livemode=livemode,
            kind=found.kind,
            subject=found.subject,
            field=found.field,
            ours=found.ours,
            theirs=found.theirs,
        )
    )


async def close(
    tx: Transaction, id: DiscrepancyId, status: DiscrepancyStatus, *, note: str | None = None, order: OrderId | None = None
) -> bool:
    """Once: False where it is closed already."""
    return bool(
        await tx.run(
            """
            UPDATE discrepancies SET status = %(status)s, note = coalesce(%(note)s, note), closed_at = %(now)s,
                closed_by = %(by)s, order_id = coalesce(order_id, %(order)s)
            WHERE id = %(id)s AND status = 'open'
            """,
            id=id,
            status=status,
            note=note,
            order=order,
            now=tx.now,
            by=tx.actor,
        )
    )


async def save_reason(tx: Transaction, id: DiscrepancyId, reason: str) -> None:
    await tx.run("UPDATE discrepancies SET reason = %(reason)s WHERE id = %(id)s", id=id, reason=reason)


async def open_of(tx: Transaction, provider: str, livemode: bool, subject_kind: str, subject: str) -> list[Discrepancy]:
    return await tx.all(
        _discrepancy,
        DISCREPANCY
        + """
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND status = 'open' AND subject_kind = %(subject_kind)s
            AND subject = %(subject)s
        ORDER BY id
        """,
        provider=provider,
        livemode=livemode,
        subject_kind=subject_kind,
        subject=subject,
    )


async def seen_before(tx: Transaction, provider: str, livemode: bool, *, before: datetime, limit: int) -> list[tuple[str, str]]:
    """Kind and id of objects with open differences that nobody has looked at since."""
    return await tx.all(
        lambda row: (str(row["subject_kind"]), str(row["subject"])),
        """
        SELECT DISTINCT subject_kind, subject FROM discrepancies
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND status = 'open' AND last_seen_at < %(before)s
            AND kind <> 'balance' AND subject_kind <> 'quote'
        ORDER BY 1, 2 LIMIT %(limit)s
        """,
        provider=provider,
        livemode=livemode,
        before=before,
        limit=limit,
    )


async def list_page(
    tx: Transaction,
    *,
    limit: int,
    cursor: DiscrepancyId | None = None,
    status: DiscrepancyStatus | None = None,
    order: OrderId | None = None,
) -> Page[Discrepancy]:
    """Newest first."""
    rows = await tx.all(
        _discrepancy,
        DISCREPANCY
        + """
        WHERE (%(cursor)s::uuid IS NULL OR id < %(cursor)s) AND (%(status)s::text IS NULL OR status = %(status)s)
            AND (%(order)s::uuid IS NULL OR order_id = %(order)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        cursor=cursor,
        status=status,
        order=order,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda found: found.id)


async def counts(tx: Transaction) -> dict[str, int]:
    """How many differences there are of each status."""
    rows = await tx.all(
        lambda row: (str(row["status"]), int(row["count"])),
        "SELECT status, count(*) AS count FROM discrepancies GROUP BY status",
    )
    return dict(rows)


async def count_open(tx: Transaction, provider: str, livemode: bool) -> int:
    return int(
        await tx.value(
            "SELECT count(*) FROM discrepancies WHERE status = 'open' AND provider = %(p)s AND livemode = %(l)s",
            p=provider,
            l=livemode,
        )
    )


# Reconciliations.


async def insert_run(
    tx: Transaction,
    provider: str,
    livemode: bool,
    *,
    since: datetime | None,
    heals: bool,
    night: date | None = None,
    claimed_until: datetime | None = None,
) -> ReconciliationId | None:
    """None where the night has its run already."""
    id = ReconciliationId.new()
    new = await tx.run(
        """
        INSERT INTO reconciliations (id, provider, livemode, actor, status, night, since, heals, asked_at,
            claimed_until)
        VALUES (%(id)s, %(provider)s, %(livemode)s, %(actor)s, 'waiting', %(night)s, %(since)s, %(heals)s, %(now)s,
            %(claimed_until)s)
        ON CONFLICT (provider, livemode, night) WHERE night IS NOT NULL DO NOTHING
        """,
        id=id,
        provider=provider,
        livemode=livemode,
        actor=tx.actor,
        night=night,
        since=since,
        heals=heals,
        now=tx.now,
        claimed_until=claimed_until,
    )
    return id if new else None


async def get_run(tx: Transaction, id: ReconciliationId) -> Reconciliation:
    found = await tx.find(_reconciliation, RECONCILIATION + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no reconciliation {id}.")
    return found


async def start_run(tx: Transaction, id: ReconciliationId) -> bool:
    """Also where another process died with it: then it begins anew. False where it is over."""
    return bool(
        await tx.run(
            """
            UPDATE reconciliations SET status = 'running', started_at = %(now)s
            WHERE id = %(id)s AND status IN ('waiting', 'running')
            """,
            id=id,
            now=tx.now,
        )
    )


async def finish_run(
    tx: Transaction, id: ReconciliationId, *, compared: int, foreign: int, found: int, healed: int, left_open: int
) -> None:
    await tx.run(
        """
        UPDATE reconciliations SET status = 'finished', finished_at = %(now)s, compared = %(compared)s,
            foreign_objects = %(foreign)s, found = %(found)s, healed = %(healed)s, left_open = %(left_open)s
        WHERE id = %(id)s AND status = 'running'
        """,
        id=id,
        compared=compared,
        foreign=foreign,
        found=found,
        healed=healed,
        left_open=left_open,
        now=tx.now,
    )


async def claim_run(tx: Transaction, id: ReconciliationId, *, until: datetime) -> None:
    """Whoever runs it is still alive."""
    await tx.run(
        "UPDATE reconciliations SET claimed_until = %(until)s WHERE id = %(id)s AND status IN ('waiting', 'running')",
        id=id,
        until=until,
    )


async def fail_unclaimed(tx: Transaction, failure: str) -> list[ReconciliationId]:
    """Those whose process did not say for too long that it is alive. One that says so at this moment is left alone."""
    return await tx.all(
        lambda row: ReconciliationId.of(row["id"]),
        """
        UPDATE reconciliations SET status = 'failed', finished_at = %(now)s, failure = %(failure)s
        WHERE status IN ('waiting', 'running') AND claimed_until < %(now)s RETURNING id
        """,
        failure=failure,
        now=tx.now,
    )


async def fail_run(tx: Transaction, id: ReconciliationId, failure: str) -> None:
    await tx.run(
        """
        UPDATE reconciliations SET status = 'failed', finished_at = %(now)s, failure = %(failure)s
        WHERE id = %(id)s AND status IN ('waiting', 'running')
        """,
        id=id,
        failure=failure,
        now=tx.now,
    )


async def runs_page(tx: Transaction, *, limit: int, cursor: ReconciliationId | None = None) -> Page[Reconciliation]:
    """Newest first."""
    rows: Sequence[Reconciliation] = await tx.all(
        _reconciliation,
        RECONCILIATION + " WHERE %(cursor)s::uuid IS NULL OR id < %(cursor)s ORDER BY id DESC LIMIT %(limit)s",
        cursor=cursor,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda run: run.id)


def _discrepancy(row: Row) -> Discrepancy:
    order = None if row["order_id"] is None else OrderId.of(row["order_id"])
    return Discrepancy(
        id=DiscrepancyId.of(row["id"]),
        difference=Difference(
            row["kind"], row["subject_kind"], row["subject"], row["field"], row["ours"], row["theirs"], order
        ),
        status=DiscrepancyStatus(row["status"]),
        reason=row["reason"],
        note=row["note"],
        first_seen_at=row["first_seen_at"],
        last_seen_at=row["last_seen_at"],
        closed_at=row["closed_at"],
        closed_by=row["closed_by"],
    )


def _reconciliation(row: Row) -> Reconciliation:
    return Reconciliation(
        id=ReconciliationId.of(row["id"]),
        actor=row["actor"],
        status=ReconciliationStatus(row["status"]),
        night=row["night"] is not None,
        since=row["since"],
        heals=row["heals"],
        asked_at=row["asked_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        compared=row["compared"],
        foreign=row["foreign_objects"],
        found=row["found"],
        healed=row["healed"],
        left_open=row["left_open"],
        failure=row["failure"],
        claimed_until=row["claimed_until"],
    )
