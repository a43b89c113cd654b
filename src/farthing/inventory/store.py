"""Stock in the database. The row of an item is the lock of all that is kept of it: taken by sku, after everything else."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import LiteralString

import orjson

from farthing.db import Row, Transaction
from farthing.ids import LineItemId, OrderId, StockReservationId
from farthing.inventory.model import Level, Movement, MovementKind, Part, Policy, Reservation, StockItem, Wish
from farthing.lifecycles import ReservationStatus
from farthing.paging import Page, checked_limit

ITEM: LiteralString = """
    SELECT item.sku, item.name, item.policy, item.backorder_max, item.backordered, item.expected_at, item.low_at,
        coalesce((SELECT json_agg(json_build_array(level.location, level.on_hand, level.reserved)
                ORDER BY place.priority, place.key)
            FROM stock_levels level JOIN stock_locations place ON place.key = level.location
            WHERE level.sku = item.sku AND (place.active OR level.on_hand > 0)), '[]') AS levels
    FROM stock_items item
"""

LISTED: LiteralString = """
    WHERE (%(after)s::text IS NULL OR item.sku > %(after)s)
        AND (NOT %(low)s OR item.low_told_at IS NOT NULL
            OR NOT EXISTS (SELECT FROM stock_levels WHERE sku = item.sku AND on_hand > reserved))
        AND (%(search)s::text IS NULL OR starts_with(lower(item.sku), lower(%(search)s))
            OR starts_with(lower(item.name), lower(%(search)s)))
    ORDER BY item.sku LIMIT %(limit)s
"""

RESERVATION: LiteralString = """
    SELECT id, order_id, line_item_id, sku, location, quantity, status, restocked, expires_at FROM stock_reservations
"""


async def upsert_location(tx: Transaction, key: str, name: str, priority: int, *, active: bool) -> None:
    await tx.run(
        """
        INSERT INTO stock_locations (key, name, priority, active, created_at)
        VALUES (%(key)s, %(name)s, %(priority)s, %(active)s, %(now)s)
        ON CONFLICT (key) DO UPDATE SET name = excluded.name, priority = excluded.priority, active = excluded.active
        """,
        key=key,
        name=name,
        priority=priority,
        active=active,
        now=tx.now,
    )


async def locations(tx: Transaction) -> list[tuple[str, str, int, bool]]:
    return await tx.all(
        lambda row: (row["key"], row["name"], row["priority"], row["active"]),
        "SELECT key, name, priority, active FROM stock_locations ORDER BY priority, key",
    )


async def has_location(tx: Transaction, key: str) -> bool:
    return bool(await tx.value("SELECT true FROM stock_locations WHERE key = %(key)s AND active", key=key))


async def upsert_item(
    tx: Transaction,
    sku: str,
    name: str,
    policy: Policy,
    *,
    backorder_max: int | None,
    expected_at: datetime | None,
    low_at: int | None,
) -> bool:
    """False where more of what is to come is sold already than it allows."""
    return bool(
        await tx.run(
            """
            INSERT INTO stock_items (sku, name, policy, backorder_max, expected_at, low_at, created_at)
            VALUES (%(sku)s, %(name)s, %(policy)s, %(backorder_max)s, %(expected_at)s, %(low_at)s, %(now)s)
            ON CONFLICT (sku) DO UPDATE SET name = excluded.name, policy = excluded.policy,
                backorder_max = excluded.backorder_max, expected_at = excluded.expected_at, low_at = excluded.low_at,
                low_told_at = CASE WHEN stock_items.low_at IS NOT DISTINCT FROM excluded.low_at
                    THEN stock_items.low_told_at END
            WHERE excluded.backorder_max IS NULL OR stock_items.backordered <= excluded.backorder_max
            """,
            sku=sku,
            name=name,
            policy=policy,
            backorder_max=backorder_max,
            expected_at=expected_at,
            low_at=low_at,
            now=tx.now,
        )
    )


async def find_item(tx: Transaction, sku: str) -> StockItem | None:
    return await tx.find(_item, ITEM + " WHERE item.sku = %(sku)s", sku=sku)


async def items(tx: Transaction, skus: Collection[str]) -> dict[str, StockItem]:
    found = await tx.all(_item, ITEM + " WHERE item.sku = ANY(%(skus)s)", skus=list(skus))
    return {item.sku: item for item in found}


async def list_items(
    tx: Transaction, *, after: str | None, limit: int, low: bool = False, search: str | None = None
) -> Page[StockItem]:
    """By sku; with `low` only what is told as low, or gone; `search` is the beginning of a sku or of a name."""
    rows = await tx.all(
        _item,
        ITEM + LISTED,
        after=after,
        low=low,
        search=search,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda item: item.sku)


async def lock(tx: Transaction, skus: Collection[str]) -> None:
    """By sku: everybody in the same order, so that nobody waits in a circle. What is read before it may be old."""
    await tx.run("SELECT 1 FROM stock_items WHERE sku = ANY(%(skus)s) ORDER BY sku FOR NO KEY UPDATE", skus=sorted(set(skus)))


async def change_level(tx: Transaction, sku: str, location: str, *, on_hand: int = 0, reserved: int = 0) -> bool:
    """Add to what lies there and to what is kept of it; False, and nothing done, where that cannot be."""
    return bool(
        await tx.run(
            """
            UPDATE stock_levels SET on_hand = on_hand + %(on_hand)s, reserved = reserved + %(reserved)s
            WHERE sku = %(sku)s AND location = %(location)s
                AND reserved + %(reserved)s BETWEEN 0 AND on_hand + %(on_hand)s
            """,
            sku=sku,
            location=location,
            on_hand=on_hand,
            reserved=reserved,
        )
    )


async def add_level(tx: Transaction, sku: str, location: str) -> None:
    await tx.run(
        "INSERT INTO stock_levels (sku, location) VALUES (%(sku)s, %(location)s) ON CONFLICT DO NOTHING",
        sku=sku,
        location=location,
    )


async def change_backordered(tx: Transaction, sku: str, change: int, *, beyond_policy: bool = False) -> bool:
    """False, and nothing done, where more would be promised than may be."""
    return bool(
        await tx.run(
            """
            UPDATE stock_items SET backordered = backordered + %(change)s
            WHERE sku = %(sku)s AND backordered + %(change)s >= 0
                AND (%(change)s < 0 OR ((policy <> 'deny' OR %(beyond)s)
                    AND backordered + %(change)s <= coalesce(backorder_max, 2147483647)))
            """,
            sku=sku,
            change=change,
            beyond=beyond_policy,
        )
    )


async def insert_reservations(
    tx: Transaction, order: OrderId, parts: Sequence[tuple[Wish, Part]], *, until: datetime
) -> list[StockReservationId]:
    ids = [StockReservationId.new() for _ in parts]
    rows = [
        {"id": id.hex, "line": wish.line.hex, "sku": wish.sku, "location": part.location, "quantity": part.quantity}
        for id, (wish, part) in zip(ids, parts, strict=True)
    ]
    await tx.run(
        """
        INSERT INTO stock_reservations (id, order_id, line_item_id, sku, location, quantity, status, reserved_at, expires_at)
        SELECT new.id, %(order)s, new.line, new.sku, new.location, new.quantity, 'reserved', %(now)s, %(until)s
        FROM json_to_recordset(%(rows)s::json) AS new (id uuid, line uuid, sku text, location text, quantity integer)
        """,
        order=order,
        rows=orjson.dumps(rows).decode(),
        now=tx.now,
        until=until,
    )
    return ids


async def of_order(tx: Transaction, order: OrderId) -> list[Reservation]:
    """All that stand, by sku and place."""
    return await tx.all(
        _reservation,
        RESERVATION + " WHERE order_id = %(order)s AND status <> 'released' ORDER BY sku, location, id",
        order=order,
    )


async def of_line(tx: Transaction, line: LineItemId) -> list[Reservation]:
    return await tx.all(
        _reservation,
        RESERVATION + " WHERE line_item_id = %(line)s AND status <> 'released' ORDER BY sku, location, id",
        line=line,
    )


async def extend(tx: Transaction, order: OrderId, until: datetime) -> None:
    await tx.run(
        "UPDATE stock_reservations SET expires_at = %(until)s WHERE order_id = %(order)s AND status = 'reserved'",
        order=order,
        until=until,
    )


async def close(tx: Transaction, ids: Sequence[StockReservationId], status: ReservationStatus) -> int:
    return await tx.run(
        """
        UPDATE stock_reservations SET status = %(status)s, closed_at = %(now)s
        WHERE id = ANY(%(ids)s) AND status = 'reserved'
        """,
        ids=list(ids),
        status=status,
        now=tx.now,
    )


async def release_committed(tx: Transaction, id: StockReservationId) -> None:
    """Of what was to come, and is not wanted any more."""
    await tx.run(
        "UPDATE stock_reservations SET status = 'released' WHERE id = %(id)s AND status = 'committed' AND location IS NULL",
        id=id,
    )


async def shrink(tx: Transaction, id: StockReservationId, quantity: int) -> None:
    await tx.run("UPDATE stock_reservations SET quantity = quantity - %(quantity)s WHERE id = %(id)s", id=id, quantity=quantity)


async def add_restocked(tx: Transaction, id: StockReservationId, quantity: int) -> None:
    await tx.run(
        "UPDATE stock_reservations SET restocked = restocked + %(quantity)s WHERE id = %(id)s", id=id, quantity=quantity
    )


async def to_come(tx: Transaction, sku: str) -> list[Reservation]:
    """Who waits for it: what is paid first, then whoever asked first."""
    return await tx.all(
        _reservation,
        RESERVATION
        + """
        WHERE sku = %(sku)s AND location IS NULL AND status <> 'released'
        ORDER BY status = 'committed' DESC, id
        """,
        sku=sku,
    )


async def to_come_of(tx: Transaction, order: OrderId) -> dict[LineItemId, int]:
    """Of each line of a paid order: how many it still waits for."""
    rows = await tx.all(
        lambda row: (LineItemId.of(row["line_item_id"]), row["quantity"]),
        """
        SELECT line_item_id, quantity FROM stock_reservations
        WHERE order_id = %(order)s AND location IS NULL AND status = 'committed'
        """,
        order=order,
    )
    return dict(rows)


async def serve(tx: Transaction, waiting: Reservation, location: str, quantity: int) -> StockReservationId:
    """So many of what it waited for lie there now; the rest goes on waiting. Returns which reservation holds them."""
    if quantity == waiting.quantity:
        await tx.run(
            "UPDATE stock_reservations SET location = %(location)s WHERE id = %(id)s", id=waiting.id, location=location
        )
        return waiting.id
    await shrink(tx, waiting.id, quantity)
    id = StockReservationId.new()
    await tx.run(
        """
        INSERT INTO stock_reservations
            (id, order_id, line_item_id, sku, location, quantity, status, reserved_at, expires_at, closed_at)
        SELECT %(id)s, order_id, line_item_id, sku, %(location)s, %(quantity)s, status, reserved_at, expires_at, closed_at
        FROM stock_reservations WHERE id = %(old)s
        """,
        id=id,
        old=waiting.id,
        location=location,
        quantity=quantity,
    )
    return id


async def due(tx: Transaction, *, before: datetime, limit: int) -> list[OrderId]:
    """Orders of which something is kept since a time that was over before then."""
    return await tx.all(
        lambda row: OrderId.of(row["order_id"]),
        """
        SELECT DISTINCT order_id FROM (SELECT order_id FROM stock_reservations
            WHERE status = 'reserved' AND expires_at <= %(before)s ORDER BY expires_at LIMIT %(limit)s) AS over
        """,
        before=before,
        limit=limit,
    )


async def insert_movement(
    tx: Transaction,
    kind: MovementKind,
    sku: str,
    location: str,
    quantity: int,
    *,
    reservation: StockReservationId | None = None,
    reason: str | None = None,
    reference: str | None = None,
) -> bool:
    """False where the same was said before under the same reference."""
    return bool(
        await tx.run(
            """
            INSERT INTO stock_movements (sku, location, kind, quantity, reservation_id, reason, reference, actor, moved_at)
            VALUES (%(sku)s, %(location)s, %(kind)s, %(quantity)s, %(reservation)s, %(reason)s, %(reference)s, %(actor)s,
                %(now)s)
            ON CONFLICT DO NOTHING
            """,
            sku=sku,
            location=location,
            kind=kind,
            quantity=quantity,
            reservation=reservation,
            reason=reason,
            reference=reference,
            actor=tx.actor,
            now=tx.now,
        )
    )


async def movements(tx: Transaction, sku: str, *, before: int | None, limit: int) -> Page[Movement]:
    """Newest first."""
    rows = await tx.all(
        _movement,
        """
        SELECT movement.id, movement.sku, movement.location, movement.kind, movement.quantity, movement.reason,
            movement.reference, movement.actor, movement.moved_at, kept.order_id
        FROM stock_movements movement LEFT JOIN stock_reservations kept ON kept.id = movement.reservation_id
        WHERE movement.sku = %(sku)s AND (%(before)s::bigint IS NULL OR movement.id < %(before)s)
        ORDER BY movement.id DESC LIMIT %(limit)s
        """,
        sku=sku,
        before=before,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda movement: movement.id)


async def newly_low(tx: Transaction, skus: Collection[str]) -> list[tuple[str, int]]:
    """Which of them have just become scarce, and how many are left. Each is told once, until there is more again."""
    return await tx.all(
        lambda row: (row["sku"], row["available"]),
        """
        WITH left_of AS (
            SELECT level.sku, sum(level.on_hand - level.reserved)::integer AS available
            FROM stock_levels level WHERE level.sku = ANY(%(skus)s) GROUP BY level.sku
        )
        UPDATE stock_items item SET low_told_at = %(now)s FROM left_of
        WHERE item.sku = left_of.sku AND item.low_told_at IS NULL AND left_of.available <= item.low_at
        RETURNING item.sku, left_of.available
        """,
        skus=sorted(set(skus)),
        now=tx.now,
    )


async def rename(tx: Transaction, sku: str, name: str) -> None:
    await tx.run("UPDATE stock_items SET name = %(name)s WHERE sku = %(sku)s", sku=sku, name=name)


async def no_longer_low(tx: Transaction, sku: str) -> None:
    await tx.run(
        """
        UPDATE stock_items item SET low_told_at = NULL WHERE sku = %(sku)s AND low_told_at IS NOT NULL
            AND (SELECT sum(on_hand - reserved) FROM stock_levels WHERE sku = item.sku) > item.low_at
        """,
        sku=sku,
    )


def _item(row: Row) -> StockItem:
    return StockItem(
        sku=row["sku"],
        name=row["name"],
        policy=row["policy"],
        backorder_max=row["backorder_max"],
        backordered=row["backordered"],
        expected_at=row["expected_at"],
        low_at=row["low_at"],
        levels=tuple(Level(*level) for level in row["levels"]),
    )


def _reservation(row: Row) -> Reservation:
    return Reservation(
        id=StockReservationId.of(row["id"]),
        order_id=OrderId.of(row["order_id"]),
        line_id=LineItemId.of(row["line_item_id"]),
        sku=row["sku"],
        location=row["location"],
        quantity=row["quantity"],
        status=ReservationStatus(row["status"]),
        restocked=row["restocked"],
        expires_at=row["expires_at"],
    )


def _movement(row: Row) -> Movement:
    return Movement(
        id=row["id"],
        sku=row["sku"],
        location=row["location"],
        kind=row["kind"],
        quantity=row["quantity"],
        order_id=None if row["order_id"] is None else OrderId.of(row["order_id"]),
        reason=row["reason"],
        reference=row["reference"],
        actor=row["actor"],
        moved_at=row["moved_at"],
    )
