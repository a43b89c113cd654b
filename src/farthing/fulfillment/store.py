"""What people are to do, in the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import FulfillmentId, LineItemId, OrderId
from farthing.lifecycles import FulfillmentStatus

SELECT: LiteralString = """
    SELECT id, order_id, line_item_id, status, units, delivered_units, note, created_at, due_at, delivered_at
    FROM fulfillments
"""


@dataclass(frozen=True, slots=True)
class Fulfillment:
    """Work for one paid line: so many units of it, such as hours, and how many are delivered."""

    id: FulfillmentId
    order_id: OrderId
    line_id: LineItemId
    status: FulfillmentStatus
    units: int
    delivered_units: int
    note: str | None
    created_at: datetime
    due_at: datetime | None
    delivered_at: datetime | None


async def insert(
    tx: Transaction, order: OrderId, line: LineItemId, units: int, due_at: datetime | None
) -> FulfillmentId | None:
    """None where the line has one already."""
    id = await tx.value(
        """
        INSERT INTO fulfillments (id, order_id, line_item_id, status, units, created_at, due_at)
        VALUES (%(id)s, %(order)s, %(line)s, 'pending', %(units)s, %(now)s, %(due_at)s)
        ON CONFLICT (line_item_id) DO NOTHING RETURNING id
        """,
        id=FulfillmentId.new(),
        order=order,
        line=line,
        units=units,
        now=tx.now,
        due_at=due_at,
    )
    return None if id is None else FulfillmentId.of(id)


async def find(tx: Transaction, line: LineItemId) -> Fulfillment | None:
    return await tx.find(_fulfillment, SELECT + " WHERE line_item_id = %(line)s", line=line)


async def lock(tx: Transaction, line: LineItemId) -> Fulfillment:
    found = await tx.find(_fulfillment, SELECT + " WHERE line_item_id = %(line)s FOR UPDATE", line=line)
    if found is None:
        raise NotFound(f"{line} has nothing that people do: it is no paid service of this order.")
    return found


async def of_order(tx: Transaction, order: OrderId) -> list[Fulfillment]:
    return await tx.all(_fulfillment, SELECT + " WHERE order_id = %(order)s ORDER BY id", order=order)


async def to_do(tx: Transaction, *, limit: int) -> list[Fulfillment]:
    """What waits for people, the most urgent first."""
    return await tx.all(
        _fulfillment,
        SELECT + " WHERE status IN ('pending', 'in_progress') ORDER BY due_at NULLS LAST, id LIMIT %(limit)s",
        limit=limit,
    )


async def save(tx: Transaction, id: FulfillmentId, status: FulfillmentStatus, delivered_units: int, note: str | None) -> None:
    """The row is locked by the caller."""
    await tx.run(
        """
        UPDATE fulfillments SET status = %(status)s, delivered_units = %(units)s, note = coalesce(%(note)s, note),
            delivered_at = CASE WHEN %(status)s = 'delivered' THEN %(now)s::timestamptz END
        WHERE id = %(id)s
        """,
        id=id,
        status=status,
        units=delivered_units,
        note=note,
        now=tx.now,
    )


def _fulfillment(row: Row) -> Fulfillment:
    return Fulfillment(
        id=FulfillmentId.of(row["id"]),
        order_id=OrderId.of(row["order_id"]),
        line_id=LineItemId.of(row["line_item_id"]),
        status=FulfillmentStatus(row["status"]),
        units=row["units"],
        delivered_units=row["delivered_units"],
        note=row["note"],
        created_at=row["created_at"],
        due_at=row["due_at"],
        delivered_at=row["delivered_at"],
    )
