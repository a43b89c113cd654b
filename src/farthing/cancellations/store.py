"""Cancellations in the database. They are written once, and never changed."""

from typing import LiteralString

import orjson

from farthing.cancellations.model import Cancellation
from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import CancellationId, LineItemId, OrderId, RefundId, SellerOrderId

SELECT: LiteralString = """
    SELECT id, seller_order_id, order_id, party, actor, reason, refund_id, canceled_at,
        (SELECT json_agg(json_build_array(line_item_id, quantity) ORDER BY line_item_id)
            FROM cancellation_lines WHERE cancellation_id = cancellations.id) AS lines
    FROM cancellations
"""


async def insert(tx: Transaction, made: Cancellation) -> None:
    await tx.run(
        """
        INSERT INTO cancellations (id, seller_order_id, order_id, party, actor, reason, refund_id, canceled_at)
        VALUES (%(id)s, %(part)s, %(order)s, %(party)s, %(actor)s, %(reason)s, %(refund)s, %(at)s)
        """,
        id=made.id,
        part=made.seller_order_id,
        order=made.order_id,
        party=made.party,
        actor=made.actor,
        reason=made.reason,
        refund=made.refund_id,
        at=made.canceled_at,
    )
    await tx.run(
        """
        INSERT INTO cancellation_lines (cancellation_id, line_item_id, quantity)
        SELECT %(id)s, new.line, new.quantity FROM json_to_recordset(%(rows)s::json) AS new (line uuid, quantity integer)
        """,
        id=made.id,
        rows=orjson.dumps([{"line": line.hex, "quantity": quantity} for line, quantity in made.lines]).decode(),
    )


async def replaces(tx: Transaction, order: OrderId) -> str | None:
    """The number of the return that pays for it: its price stands in another order."""
    found: str | None = await tx.value("SELECT number FROM returns WHERE exchange_order_id = %(order)s", order=order)
    return found


async def get(tx: Transaction, id: CancellationId) -> Cancellation:
    found = await tx.find(_cancellation, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no cancellation {id}.")
    return found


async def of_order(tx: Transaction, order: OrderId) -> list[Cancellation]:
    """Oldest first."""
    return await tx.all(_cancellation, SELECT + " WHERE order_id = %(order)s ORDER BY id", order=order)


async def of_seller_order(tx: Transaction, id: SellerOrderId) -> list[Cancellation]:
    return await tx.all(_cancellation, SELECT + " WHERE seller_order_id = %(id)s ORDER BY id", id=id)


def _cancellation(row: Row) -> Cancellation:
    return Cancellation(
        id=CancellationId.of(row["id"]),
        seller_order_id=SellerOrderId.of(row["seller_order_id"]),
        order_id=OrderId.of(row["order_id"]),
        party=row["party"],
        actor=row["actor"],
        reason=row["reason"],
        refund_id=None if row["refund_id"] is None else RefundId.of(row["refund_id"]),
        canceled_at=row["canceled_at"],
        lines=tuple((LineItemId(line), quantity) for line, quantity in row["lines"]),
    )
