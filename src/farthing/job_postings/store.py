"""Job postings in the database. Lines and add-ons come with the posting in one statement."""

from datetime import datetime, timedelta
from typing import Any, LiteralString

from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import CustomerId, JobPostingId, LineItemId, OrderId
from farthing.job_postings.model import JobPosting, PostingAddon, PostingLine
from farthing.lifecycles import JobPostingStatus
from farthing.money import Money
from farthing.paging import Page, checked_limit

SELECT: LiteralString = """
    SELECT id, job, customer_id, status, waiting, remind_before, created_at, approved_at, published_at, expires_at,
        remind_at, rejected_reason,
        (SELECT coalesce(json_agg(line ORDER BY line.line_item_id), '[]') FROM (
            SELECT line_item_id, order_id, extract(epoch FROM length)::bigint AS length, approval, amount, currency,
                granted_at, revoked_at, (extract(epoch FROM held) * 1000000)::bigint AS held
            FROM job_posting_lines WHERE job_posting_id = job_postings.id
        ) line) AS lines,
        (SELECT coalesce(json_agg(addon ORDER BY addon.line_item_id), '[]') FROM (
            SELECT line_item_id, product, quantity, added_at, removed_at
            FROM job_posting_addons WHERE job_posting_id = job_postings.id
        ) addon) AS addons
    FROM job_postings
"""


OF_ORDER: LiteralString = "WHERE id IN (SELECT job_posting_id FROM job_posting_lines WHERE order_id = %(order)s) ORDER BY id"


async def get(tx: Transaction, id: JobPostingId) -> JobPosting:
    found = await tx.find(_posting, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no job posting {id}.")
    return found


async def lock(tx: Transaction, id: JobPostingId) -> JobPosting:
    """The posting, held until the commit. Orders are locked before it."""
    await tx.run("SELECT FROM job_postings WHERE id = %(id)s FOR UPDATE", id=id)
    return await get(tx, id)  # a statement of its own sees what was committed while we waited


async def find(tx: Transaction, job: str) -> JobPosting | None:
    return await tx.find(_posting, SELECT + " WHERE job = %(job)s", job=job)


async def get_by_job(tx: Transaction, job: str) -> JobPosting:
    found = await find(tx, job)
    if found is None:
        raise NotFound(f"Nobody bought a posting for the job {job[:64]!r}.")
    return found


async def find_of_line(tx: Transaction, line: LineItemId) -> JobPostingId | None:
    found = await tx.value("SELECT job_posting_id FROM job_posting_lines WHERE line_item_id = %(line)s", line=line)
    return None if found is None else JobPostingId.of(found)


async def list_page(
    tx: Transaction,
    *,
    limit: int,
    cursor: JobPostingId | None = None,
    status: JobPostingStatus | None = None,
    customer: CustomerId | None = None,
    job: str | None = None,
) -> Page[JobPosting]:
    """Newest first."""
    rows = await tx.all(
        _posting,
        SELECT
        + """
        WHERE (%(cursor)s::uuid IS NULL OR id < %(cursor)s) AND (%(status)s::text IS NULL OR status = %(status)s)
            AND (%(customer)s::uuid IS NULL OR customer_id = %(customer)s) AND (%(job)s::text IS NULL OR job = %(job)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        cursor=cursor,
        status=status,
        customer=customer,
        job=job,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda posting: posting.id)


async def of_order(tx: Transaction, order: OrderId) -> list[JobPosting]:
    return await tx.all(
        _posting,
        SELECT + OF_ORDER,
        order=order,
    )


async def ensure(tx: Transaction, job: str, customer: CustomerId) -> JobPosting:
    """The posting of a job, locked; made where there is none, off the board."""
    id = await tx.value(
        """
        INSERT INTO job_postings (id, job, customer_id, status, created_at)
        VALUES (%(id)s, %(job)s, %(customer)s, 'unpublished', %(now)s)
        ON CONFLICT (job) DO UPDATE SET job = excluded.job
        RETURNING id
        """,
        id=JobPostingId.new(),
        job=job,
        customer=customer,
        now=tx.now,
    )
    return await get(tx, JobPostingId.of(id))


async def insert_line(tx: Transaction, posting: JobPosting, line: PostingLine) -> bool:
    """False where it is there already: a line is granted once."""
    inserted = await tx.run(
        """
        INSERT INTO job_posting_lines (line_item_id, job_posting_id, order_id, length, approval, amount, currency, granted_at)
        VALUES (%(line)s, %(posting)s, %(order)s, %(length)s, %(approval)s, %(amount)s, %(currency)s, %(now)s)
        ON CONFLICT (line_item_id) DO NOTHING
        """,
        line=line.line_id,
        posting=posting.id,
        order=line.order_id,
        length=line.length,
        approval=line.approval,
        amount=line.paid.amount,
        currency=line.paid.currency,
        now=tx.now,
    )
    return bool(inserted)


async def save_revoked(tx: Transaction, line: LineItemId, held: timedelta | None) -> None:
    """Taken back with so much left of it, or given again."""
    await tx.run(
        """
        UPDATE job_posting_lines
        SET held = %(held)s, revoked_at = CASE WHEN %(held)s::interval IS NULL THEN NULL ELSE %(now)s::timestamptz END
        WHERE line_item_id = %(line)s
        """,
        line=line,
        held=held,
        now=tx.now,
    )


async def insert_addon(tx: Transaction, posting: JobPostingId, line: LineItemId, product: str, quantity: int) -> bool:
    added = await tx.run(
        """
        INSERT INTO job_posting_addons (line_item_id, job_posting_id, product, quantity, added_at)
        VALUES (%(line)s, %(posting)s, %(product)s, %(quantity)s, %(now)s) ON CONFLICT (line_item_id) DO NOTHING
        """,
        line=line,
        posting=posting,
        product=product,
        quantity=quantity,
        now=tx.now,
    )
    return bool(added)


async def save_addon(tx: Transaction, line: LineItemId, removed_at: datetime | None) -> bool:
    """True where that changed something."""
    changed = await tx.run(
        """
        UPDATE job_posting_addons SET removed_at = %(removed_at)s
        WHERE line_item_id = %(line)s AND (removed_at IS NULL) <> (%(removed_at)s::timestamptz IS NULL)
        """,
        line=line,
        removed_at=removed_at,
    )
    return bool(changed)


async def save(tx: Transaction, posting: JobPosting) -> None:
    """Status and times. The row is locked by the caller."""
    await tx.run(
        """
        UPDATE job_postings SET status = %(status)s, waiting = %(waiting)s, remind_before = %(remind_before)s,
            approved_at = %(approved_at)s, published_at = %(published_at)s, expires_at = %(expires_at)s,
            remind_at = %(remind_at)s, rejected_reason = %(rejected_reason)s
        WHERE id = %(id)s
        """,
        id=posting.id,
        status=posting.status,
        waiting=posting.waiting,
        remind_before=posting.remind_before,
        approved_at=posting.approved_at,
        published_at=posting.published_at,
        expires_at=posting.expires_at,
        remind_at=posting.remind_at,
        rejected_reason=posting.rejected_reason,
    )


async def due(tx: Transaction, *, limit: int) -> list[JobPostingId]:
    """Postings whose time is over, or whose reminder is due."""
    return await tx.all(
        lambda row: JobPostingId.of(row["id"]),
        """
        SELECT id FROM job_postings
        WHERE status = 'published' AND (expires_at <= %(now)s OR remind_at <= %(now)s) ORDER BY expires_at LIMIT %(limit)s
        """,
        now=tx.now,
        limit=limit,
    )


async def wait_for_turn(tx: Transaction, job: str) -> None:
    """Whoever orders for the same job at the same moment comes one after the other."""
    await tx.run("SELECT pg_advisory_xact_lock(hashtextextended('farthing job ' || %(job)s, 0))", job=job)


async def ordered_by_another(tx: Transaction, job: str, customer: CustomerId) -> bool:
    """Whether somebody else is about to pay for the job."""
    found: bool = await tx.value(
        """
        SELECT EXISTS (
            SELECT FROM line_items line JOIN orders ON orders.id = line.order_id
            WHERE line.kind = 'job_posting' AND line.metadata ->> 'job' = %(job)s AND orders.status = 'open'
                AND orders.customer_id <> %(customer)s
        ) AS found
        """,
        job=job,
        customer=customer,
    )
    return found


def _posting(row: Row) -> JobPosting:
    return JobPosting(
        id=JobPostingId.of(row["id"]),
        job=row["job"],
        customer_id=CustomerId.of(row["customer_id"]),
        status=JobPostingStatus(row["status"]),
        waiting=row["waiting"],
        remind_before=row["remind_before"],
        created_at=row["created_at"],
        approved_at=row["approved_at"],
        published_at=row["published_at"],
        expires_at=row["expires_at"],
        remind_at=row["remind_at"],
        rejected_reason=row["rejected_reason"],
        lines=tuple(_line(line) for line in row["lines"]),
        addons=tuple(_addon(addon) for addon in row["addons"]),
    )


def _line(line: dict[str, Any]) -> PostingLine:
    return PostingLine(
        line_id=LineItemId(line["line_item_id"]),
        order_id=OrderId(line["order_id"]),
        length=timedelta(seconds=line["length"]),
        approval=line["approval"],
        paid=Money(line["amount"], line["currency"]),
        granted_at=datetime.fromisoformat(line["granted_at"]),
        revoked_at=None if line["revoked_at"] is None else datetime.fromisoformat(line["revoked_at"]),
        held=None if line["held"] is None else timedelta(microseconds=line["held"]),
    )


def _addon(addon: dict[str, Any]) -> PostingAddon:
    return PostingAddon(
        line_id=LineItemId(addon["line_item_id"]),
        product=addon["product"],
        quantity=addon["quantity"],
        added_at=datetime.fromisoformat(addon["added_at"]),
        removed_at=None if addon["removed_at"] is None else datetime.fromisoformat(addon["removed_at"]),
    )
