"""Returns in the database. The order's lock is their lock."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

import orjson

from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import CustomerId, LineItemId, OrderId, RefundId, ReturnId, SellerId, SellerOrderId, ShipmentId
from farthing.lifecycles import ReturnStatus
from farthing.paging import Page, checked_limit
from farthing.returns.model import Found, Return, ReturnLine

SELECT: LiteralString = """
    SELECT id, seller_order_id, order_id, number, livemode, status, shipment_id, way_back, refund_at,
        restocking_basis_points, requested_by, requested_at, message, note, decided_by, decided_at, send_before, carrier,
        tracking_number, sent_at, received_by, received_at, refund_id, exchange_order_id, wanted, credit_amount,
        closed_at,
        (SELECT json_agg(json_build_array(line.line_item_id, item.name, line.quantity, line.reason, line.restocked,
            line.written_off) ORDER BY line.line_item_id)
            FROM return_lines line JOIN line_items item ON item.id = line.line_item_id
            WHERE line.return_id = returns.id) AS lines
    FROM returns
"""


PAGE: LiteralString = """
    WHERE livemode = %(livemode)s AND (%(cursor)s::uuid IS NULL OR id < %(cursor)s)
        AND (%(status)s::text IS NULL OR status = %(status)s)
        AND (%(order)s::uuid IS NULL OR order_id = %(order)s)
        AND ((%(seller)s::uuid IS NULL AND %(buyer)s::uuid IS NULL)
            OR seller_order_id IN (SELECT id FROM seller_orders WHERE seller_id = %(seller)s)
            OR order_id IN (SELECT id FROM orders WHERE customer_id = %(buyer)s))
    ORDER BY id DESC LIMIT %(limit)s
"""


async def next_number(tx: Transaction, part: SellerOrderId, number: str) -> tuple[int, str]:
    """The caller holds the order's lock: nobody else takes it."""
    position: int = await tx.value("SELECT count(*) + 1 FROM returns WHERE seller_order_id = %(part)s", part=part)
    return position, f"{number}-R{position}"


async def insert(tx: Transaction, made: Return, position: int) -> bool:
    """False where the parcel was taken in before."""
    new = await tx.run(
        """
        INSERT INTO returns (id, seller_order_id, order_id, position, number, livemode, status, shipment_id, way_back,
            refund_at, restocking_basis_points, requested_by, requested_at, message, decided_by, decided_at, wanted)
        VALUES (%(id)s, %(part)s, %(order)s, %(position)s, %(number)s, %(livemode)s, %(status)s, %(shipment)s, %(way_back)s,
            %(refund_at)s, %(points)s, %(by)s, %(now)s, %(message)s, %(decided_by)s, %(decided_at)s, %(wanted)s)
        ON CONFLICT (shipment_id) DO NOTHING
        """,
        id=made.id,
        part=made.seller_order_id,
        order=made.order_id,
        position=position,
        number=made.number,
        livemode=made.livemode,
        status=made.status,
        shipment=made.shipment_id,
        way_back=made.way_back,
        refund_at=made.refund_at,
        points=made.restocking_basis_points,
        by=made.requested_by,
        now=made.requested_at,
        message=made.message,
        decided_by=made.decided_by,
        decided_at=made.decided_at,
        wanted=made.wanted,
    )
    if not new:
        return False
    rows = [{"line": line.line.hex, "quantity": line.quantity, "reason": line.reason} for line in made.lines]
    await tx.run(
        """
        INSERT INTO return_lines (return_id, line_item_id, quantity, reason)
        SELECT %(id)s, new.line, new.quantity, new.reason
        FROM json_to_recordset(%(rows)s::json) AS new (line uuid, quantity integer, reason text)
        """,
        id=made.id,
        rows=orjson.dumps(rows).decode(),
    )
    return True


async def get(tx: Transaction, id: ReturnId) -> Return:
    found = await tx.find(_return, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no return {id}.")
    return found


async def of_order(tx: Transaction, order: OrderId) -> list[Return]:
    """Oldest first."""
    return await tx.all(_return, SELECT + " WHERE order_id = %(order)s ORDER BY id", order=order)


async def list_page(
    tx: Transaction,
    *,
    livemode: bool,
    limit: int,
    cursor: ReturnId | None = None,
    status: ReturnStatus | None = None,
    seller: SellerId | None = None,
    buyer: CustomerId | None = None,
    order: OrderId | None = None,
) -> Page[Return]:
    """Newest first. With a seller and a buyer, of either."""
    rows = await tx.all(
        _return,
        SELECT + PAGE,
        livemode=livemode,
        cursor=cursor,
        status=status,
        seller=seller,
        buyer=buyer,
        order=order,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda found: found.id)


async def save_decided(tx: Transaction, id: ReturnId, status: ReturnStatus, *, by: str, note: str | None) -> None:
    await tx.run(
        """
        UPDATE returns SET status = %(status)s, decided_by = %(by)s, decided_at = %(now)s, note = %(note)s,
            closed_at = CASE WHEN %(status)s = 'declined' THEN %(now)s::timestamptz END
        WHERE id = %(id)s
        """,
        id=id,
        status=status,
        by=by,
        note=note,
        now=tx.now,
    )


async def save_approved(tx: Transaction, id: ReturnId, *, by: str, note: str | None, send_before: datetime) -> None:
    await tx.run(
        """
        UPDATE returns SET status = 'approved', decided_by = %(by)s, decided_at = %(now)s, note = %(note)s,
            send_before = %(send_before)s
        WHERE id = %(id)s
        """,
        id=id,
        by=by,
        note=note,
        send_before=send_before,
        now=tx.now,
    )


async def save_sent(tx: Transaction, id: ReturnId, carrier: str | None, tracking_number: str | None) -> None:
    await tx.run(
        """
        UPDATE returns SET status = 'in_transit', sent_at = %(now)s, carrier = %(carrier)s, tracking_number = %(number)s
        WHERE id = %(id)s
        """,
        id=id,
        carrier=carrier,
        number=tracking_number,
        now=tx.now,
    )


async def save_received(tx: Transaction, id: ReturnId, found: Sequence[Found], note: str | None) -> None:
    await tx.run(
        """
        UPDATE returns SET status = 'received', received_at = %(now)s, received_by = %(by)s, note = coalesce(%(note)s, note),
            closed_at = NULL
        WHERE id = %(id)s
        """,
        id=id,
        by=tx.actor,
        note=note,
        now=tx.now,
    )
    rows = [{"line": each.line.hex, "restocked": each.restocked, "written_off": each.written_off} for each in found]
    await tx.run(
        """
        UPDATE return_lines line SET restocked = came.restocked, written_off = came.written_off
        FROM json_to_recordset(%(rows)s::json) AS came (line uuid, restocked integer, written_off integer)
        WHERE line.return_id = %(id)s AND line.line_item_id = came.line
        """,
        id=id,
        rows=orjson.dumps(rows).decode(),
    )


async def save_refund(tx: Transaction, id: ReturnId, refund: RefundId) -> None:
    await tx.run("UPDATE returns SET refund_id = %(refund)s WHERE id = %(id)s", id=id, refund=refund)


async def save_exchange(tx: Transaction, id: ReturnId, order: OrderId | None, credit: int | None) -> None:
    """With None: that order came to nothing."""
    await tx.run(
        "UPDATE returns SET exchange_order_id = %(order)s, credit_amount = %(credit)s WHERE id = %(id)s",
        id=id,
        order=order,
        credit=credit,
    )


async def set_aside(tx: Transaction, id: ReturnId, line: LineItemId, amount: int, quantity: int) -> None:
    """So much of its price, and so many, are for what is taken instead."""
    await tx.run(
        """
        UPDATE return_lines SET exchanged_amount = %(amount)s, exchanged_quantity = %(quantity)s
        WHERE return_id = %(id)s AND line_item_id = %(line)s
        """,
        id=id,
        line=line,
        amount=amount,
        quantity=quantity,
    )


async def aside(tx: Transaction, id: ReturnId) -> list[tuple[LineItemId, int, int]]:
    return await tx.all(
        lambda row: (LineItemId.of(row["line_item_id"]), row["exchanged_amount"], row["exchanged_quantity"]),
        """
        SELECT line_item_id, exchanged_amount, exchanged_quantity FROM return_lines
        WHERE return_id = %(id)s AND exchanged_amount + exchanged_quantity > 0 ORDER BY line_item_id
        """,
        id=id,
    )


async def exchanging(tx: Transaction, *, limit: int) -> list[ReturnId]:
    """What is to be exchanged for an order that is not open any more."""
    return await tx.all(
        lambda row: ReturnId.of(row["id"]),
        """
        SELECT back.id FROM returns back JOIN orders ON orders.id = back.exchange_order_id
        WHERE back.status = 'received' AND orders.status <> 'open' ORDER BY back.id LIMIT %(limit)s
        """,
        limit=limit,
    )


async def close(tx: Transaction, id: ReturnId, status: ReturnStatus) -> None:
    await tx.run(
        "UPDATE returns SET status = %(status)s, closed_at = %(now)s WHERE id = %(id)s", id=id, status=status, now=tx.now
    )


async def due_to_lapse(tx: Transaction, *, limit: int) -> list[ReturnId]:
    """Approved, and not sent in time, whether it is paid back already or not."""
    return await tx.all(
        lambda row: ReturnId.of(row["id"]),
        """
        SELECT id FROM returns WHERE status = 'approved' AND send_before <= %(now)s
        ORDER BY send_before LIMIT %(limit)s
        """,
        now=tx.now,
        limit=limit,
    )


def _return(row: Row) -> Return:
    return Return(
        id=ReturnId.of(row["id"]),
        seller_order_id=SellerOrderId.of(row["seller_order_id"]),
        order_id=OrderId.of(row["order_id"]),
        number=row["number"],
        livemode=row["livemode"],
        status=ReturnStatus(row["status"]),
        shipment_id=None if row["shipment_id"] is None else ShipmentId.of(row["shipment_id"]),
        way_back=row["way_back"],
        refund_at=row["refund_at"],
        restocking_basis_points=row["restocking_basis_points"],
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
        message=row["message"],
        note=row["note"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        send_before=row["send_before"],
        carrier=row["carrier"],
        tracking_number=row["tracking_number"],
        sent_at=row["sent_at"],
        received_by=row["received_by"],
        received_at=row["received_at"],
        refund_id=None if row["refund_id"] is None else RefundId.of(row["refund_id"]),
        exchange_order_id=None if row["exchange_order_id"] is None else OrderId.of(row["exchange_order_id"]),
        wanted=row["wanted"],
        credit_amount=row["credit_amount"],
        closed_at=row["closed_at"],
        lines=tuple(ReturnLine(LineItemId(line[0]), *line[1:]) for line in row["lines"]),
    )
