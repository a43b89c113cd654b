"""Refund requests in the database, and lists of requests and refunds."""

from datetime import datetime
from typing import LiteralString

import orjson

from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import CustomerId, LineItemId, OrderId, RefundId, RefundRequestId
from farthing.lifecycles import RefundRequestStatus, RefundStatus
from farthing.money import Money
from farthing.paging import Page, checked_limit
from farthing.payments import WantedLine
from farthing.refunds.model import RefundRequest

SELECT: LiteralString = """
    SELECT id, order_id, refund_id, status, amount, currency, lines, reason, message, note, requested_by, needs_second,
        first_approver, second_approver, closed_by, requested_at, closed_at
    FROM refund_requests
"""


PAGE: LiteralString = """
    WHERE (%(cursor)s::uuid IS NULL OR id < %(cursor)s) AND (%(status)s::text IS NULL OR status = %(status)s)
        AND (%(order)s::uuid IS NULL OR order_id = %(order)s)
        AND (%(customer)s::uuid IS NULL OR order_id IN (SELECT id FROM orders WHERE customer_id = %(customer)s))
    ORDER BY id DESC LIMIT %(limit)s
"""


async def insert(tx: Transaction, request: RefundRequest) -> bool:
    """False where the order has a request that is open already."""
    return bool(
        await tx.run(
            """
            INSERT INTO refund_requests (id, order_id, status, amount, currency, lines, reason, message, requested_by,
                needs_second, requested_at)
            VALUES (%(id)s, %(order)s, %(status)s, %(amount)s, %(currency)s, %(lines)s, %(reason)s, %(message)s,
                %(requested_by)s, %(needs_second)s, %(now)s)
            ON CONFLICT (order_id) WHERE status IN ('requested', 'approved') DO NOTHING
            """,
            id=request.id,
            order=request.order_id,
            status=request.status,
            amount=request.money.amount,
            currency=request.money.currency,
            lines=orjson.dumps([_written(line) for line in request.lines]).decode(),
            reason=request.reason,
            message=request.message,
            requested_by=request.requested_by,
            needs_second=request.needs_second,
            now=tx.now,
        )
    )


async def get(tx: Transaction, id: RefundRequestId, *, lock: bool = False) -> RefundRequest:
    """With `lock` held until the commit; the caller holds the lock of its order. Raises NotFound."""
    sql = SELECT + (" WHERE id = %(id)s FOR UPDATE" if lock else " WHERE id = %(id)s")
    found = await tx.find(_request, sql, id=id)
    if found is None:
        raise NotFound(f"There is no refund request {id}.")
    return found


async def find_open(tx: Transaction, order: OrderId) -> RefundRequest | None:
    return await tx.find(_request, SELECT + " WHERE order_id = %(order)s AND status IN ('requested', 'approved')", order=order)


async def list_page(
    tx: Transaction,
    *,
    limit: int,
    cursor: RefundRequestId | None = None,
    status: RefundRequestStatus | None = None,
    order: OrderId | None = None,
    customer: CustomerId | None = None,
) -> Page[RefundRequest]:
    """Newest first."""
    rows = await tx.all(
        _request,
        SELECT + PAGE,
        cursor=cursor,
        status=status,
        order=order,
        customer=customer,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda request: request.id)


async def refund_ids(
    tx: Transaction, *, limit: int, cursor: RefundId | None = None, status: RefundStatus | None = None
) -> Page[RefundId]:
    """Refunds of all orders, newest first."""
    rows = await tx.all(
        lambda row: RefundId.of(row["id"]),
        """
        SELECT id FROM refunds
        WHERE (%(cursor)s::uuid IS NULL OR id < %(cursor)s) AND (%(status)s::text IS NULL OR status = %(status)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        cursor=cursor,
        status=status,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda found: found)


async def counts(tx: Transaction) -> dict[str, int]:
    """How many refunds there are of each status."""
    rows = await tx.all(_count, "SELECT status, count(*) AS count FROM refunds GROUP BY status")
    return dict(rows)


async def request_counts(tx: Transaction) -> dict[str, int]:
    """How many requests there are of each status."""
    rows = await tx.all(_count, "SELECT status, count(*) AS count FROM refund_requests GROUP BY status")
    return dict(rows)


async def find_of_refund(tx: Transaction, refund: RefundId) -> RefundRequest | None:
    """The request that the refund answers."""
    return await tx.find(_request, SELECT + " WHERE refund_id = %(refund)s", refund=refund)


async def given_back(tx: Transaction, person: str, currency: str, since: datetime) -> Money:
    """What one person gave back since then, or set on its way. One after the other: two at once see each other's."""
    await tx.run("SELECT pg_advisory_xact_lock(hashtextextended(%(key)s, 0))", key=f"refunds by {person}")
    amount = await tx.value(
        """
        SELECT coalesce(sum(amount), 0)::bigint FROM refunds
        WHERE currency = %(currency)s AND promised_at >= %(since)s AND status NOT IN ('failed', 'canceled')
            AND reason NOT IN ('surplus', 'provider')
            AND CASE WHEN %(person)s = 'server' THEN requested_by NOT LIKE 'staff:%%' AND requested_by NOT LIKE 'customer:%%'
                ELSE requested_by = %(person)s END
        """,
        person=person,
        currency=currency,
        since=since,
    )
    return Money(amount, currency)


async def save_first_approval(tx: Transaction, id: RefundRequestId, person: str, note: str | None) -> bool:
    return bool(
        await tx.run(
            """
            UPDATE refund_requests SET first_approver = %(person)s, first_approved_at = %(now)s, needs_second = true,
                note = coalesce(%(note)s, note)
            WHERE id = %(id)s AND status = 'requested' AND first_approver IS NULL
            """,
            id=id,
            person=person,
            note=note,
            now=tx.now,
        )
    )


async def save_approval(tx: Transaction, id: RefundRequestId, refund: RefundId, person: str, note: str | None) -> bool:
    """The last word: of the only approver, or of the second."""
    return bool(
        await tx.run(
            """
            UPDATE refund_requests SET status = 'approved', refund_id = %(refund)s, note = coalesce(%(note)s, note),
                second_approver = CASE WHEN first_approver IS NULL THEN NULL ELSE %(person)s END,
                second_approved_at = CASE WHEN first_approver IS NULL THEN NULL ELSE %(now)s::timestamptz END,
                first_approver = coalesce(first_approver, %(person)s),
                first_approved_at = coalesce(first_approved_at, %(now)s)
            WHERE id = %(id)s AND status = 'requested'
            """,
            id=id,
            refund=refund,
            person=person,
            note=note,
            now=tx.now,
        )
    )


async def close(tx: Transaction, request: RefundRequest, status: RefundRequestStatus, by: str, note: str | None) -> bool:
    return bool(
        await tx.run(
            """
            UPDATE refund_requests SET status = %(status)s, closed_by = %(by)s, closed_at = %(now)s,
                note = coalesce(%(note)s, note)
            WHERE id = %(id)s AND status = %(before)s
            """,
            id=request.id,
            status=status,
            by=by,
            note=note,
            before=request.status,
            now=tx.now,
        )
    )


async def hand_on(tx: Transaction, failed: RefundId, retry: RefundId) -> None:
    """The request that the failed refund answered is answered by its retry."""
    await tx.run("UPDATE refund_requests SET refund_id = %(retry)s WHERE refund_id = %(failed)s", failed=failed, retry=retry)


async def find_retry(tx: Transaction, failed: RefundId) -> RefundId | None:
    return await tx.find(lambda row: RefundId.of(row["id"]), "SELECT id FROM refunds WHERE retry_of = %(id)s", id=failed)


def _count(row: Row) -> tuple[str, int]:
    return str(row["status"]), int(row["count"])


def _written(line: WantedLine) -> dict[str, object]:
    amount = None if line.amount is None else line.amount.amount
    return {"line_item": str(line.line), "quantity": line.quantity, "amount": amount}


def _request(row: Row) -> RefundRequest:
    currency = row["currency"]
    lines = tuple(
        WantedLine(LineItemId.parse(line["line_item"]), line["quantity"], Money(line["amount"], currency))
        for line in row["lines"]
    )
    return RefundRequest(
        id=RefundRequestId.of(row["id"]),
        order_id=OrderId.of(row["order_id"]),
        refund_id=None if row["refund_id"] is None else RefundId.of(row["refund_id"]),
        status=RefundRequestStatus(row["status"]),
        money=Money(row["amount"], currency),
        lines=lines,
        reason=row["reason"],
        message=row["message"],
        note=row["note"],
        requested_by=row["requested_by"],
        needs_second=row["needs_second"],
        first_approver=row["first_approver"],
        second_approver=row["second_approver"],
        closed_by=row["closed_by"],
        requested_at=row["requested_at"],
        closed_at=row["closed_at"],
    )
