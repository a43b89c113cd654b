"""Sellers' parts of orders, and their parcels, in the database. The order's lock is theirs."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import LiteralString

import orjson

from farthing.carriers import TrackingStatus
from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import LineItemId, OrderId, SellerId, SellerOrderId, ShipmentId
from farthing.lifecycles import SellerFulfillment, SellerOrderStatus, ShipmentStatus
from farthing.orders import LineItem, Order
from farthing.paging import Page, checked_limit
from farthing.seller_orders.model import SellerLine, SellerOrder, Settlement, Shipment

SELECT: LiteralString = """
    SELECT id, order_id, seller_id, position, number, livemode, status, fulfillment_status, confirmed_at, completed_at,
        canceled_at, canceled_because, holding_days, release_day, early, release_at, retry_at, released_at, held_at,
        held_because,
        (SELECT json_agg(json_build_array(line.line_item_id, item.name, line.quantity, line.canceled, line.shipped,
            line.delivered, line.came_back, line.to_return, line.returned) ORDER BY line.line_item_id)
            FROM seller_order_lines line JOIN line_items item ON item.id = line.line_item_id
            WHERE line.seller_order_id = seller_orders.id) AS lines
    FROM seller_orders
"""

OF_LINE: LiteralString = " WHERE id = (SELECT seller_order_id FROM seller_order_lines WHERE line_item_id = %(line)s)"

SHIPMENT: LiteralString = """
    SELECT id, seller_order_id, status, carrier, tracking_number, tracking_url, shipped_at, delivered_at, closed_at,
        followed_by, tracker_id, tracking_status, tracking_detail, expected_at, tracked_at, track_again_at, settled_at,
        settled_how,
        (SELECT json_agg(json_build_array(line_item_id, quantity) ORDER BY line_item_id)
            FROM shipment_lines WHERE shipment_id = shipments.id) AS lines
    FROM shipments
"""


SHIPMENTS: LiteralString = """
    WHERE EXISTS (SELECT 1 FROM seller_orders part WHERE part.id = seller_order_id AND part.livemode = %(livemode)s)
        AND (%(cursor)s::uuid IS NULL OR id < %(cursor)s) AND (%(status)s::text IS NULL OR status = %(status)s)
        AND (%(search)s::text IS NULL OR tracking_number = %(search)s)
    ORDER BY id DESC LIMIT %(limit)s
"""


async def insert(tx: Transaction, order: Order, seller: SellerId | None, lines: Sequence[LineItem]) -> SellerOrderId | None:
    """None where it is there already."""
    found = await tx.value(
        """
        INSERT INTO seller_orders (id, order_id, seller_id, position, number, livemode, status, fulfillment_status,
            confirmed_at, holding_days, release_day, early)
        SELECT %(id)s, %(order)s, %(seller)s, place.position, %(number)s || '-' || place.position, %(livemode)s, 'confirmed',
            'unfulfilled', %(now)s, %(holding_days)s, %(release_day)s, %(early)s
        FROM (SELECT count(*) + 1 AS position FROM seller_orders WHERE order_id = %(order)s) AS place
        ON CONFLICT (order_id, coalesce(seller_id::text, '')) DO NOTHING RETURNING id
        """,
        id=(id := SellerOrderId.new()),
        order=order.id,
        seller=seller,
        number=str(order.number),
        livemode=order.livemode,
        release_day=next((day for line in lines if (day := line.details.get("release_day")) is not None), None),
        early=any(line.details.get("transfer_early", False) for line in lines),
        holding_days=max(line.details.get("holding_days", 0) for line in lines),
        now=tx.now,
    )
    if found is None:
        return None
    await tx.run(
        """
        INSERT INTO seller_order_lines (line_item_id, seller_order_id, quantity)
        SELECT new.line, %(id)s, new.quantity FROM json_to_recordset(%(rows)s::json) AS new (line uuid, quantity integer)
        """,
        id=id,
        rows=orjson.dumps([{"line": line.id.hex, "quantity": line.quantity} for line in lines]).decode(),
    )
    return id


async def get(tx: Transaction, id: SellerOrderId) -> SellerOrder:
    found = await tx.find(_seller_order, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no seller order {id}.")
    return found


async def get_all(tx: Transaction, ids: Collection[SellerOrderId]) -> list[SellerOrder]:
    """Those of these that there are."""
    return await tx.all(_seller_order, SELECT + " WHERE id = ANY(%(ids)s) ORDER BY id", ids=list(ids))


async def of_order(tx: Transaction, order: OrderId) -> list[SellerOrder]:
    return await tx.all(_seller_order, SELECT + " WHERE order_id = %(order)s ORDER BY position", order=order)


async def find_of_line(tx: Transaction, line: LineItemId) -> SellerOrder | None:
    return await tx.find(_seller_order, SELECT + OF_LINE, line=line)


async def find_by_number(tx: Transaction, number: str) -> SellerOrder | None:
    """By what people call it, such as 1042-1."""
    return await tx.find(_seller_order, SELECT + " WHERE number = %(number)s", number=number)


async def list_page(
    tx: Transaction,
    *,
    livemode: bool,
    limit: int,
    cursor: SellerOrderId | None = None,
    seller: SellerId | None = None,
    status: SellerOrderStatus | None = None,
    to_ship: bool = False,
) -> Page[SellerOrder]:
    """Newest first; with `to_ship` only what waits to be sent."""
    rows = await tx.all(
        _seller_order,
        SELECT
        + """
        WHERE livemode = %(livemode)s AND (%(cursor)s::uuid IS NULL OR id < %(cursor)s)
            AND (%(seller)s::uuid IS NULL OR seller_id = %(seller)s)
            AND (%(status)s::text IS NULL OR status = %(status)s)
            AND (NOT %(to_ship)s OR (status = 'confirmed' AND fulfillment_status IN ('unfulfilled', 'partially_shipped')))
        ORDER BY id DESC LIMIT %(limit)s
        """,
        livemode=livemode,
        cursor=cursor,
        seller=seller,
        status=status,
        to_ship=to_ship,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda found: found.id)


async def count_to_ship(tx: Transaction, seller: SellerId) -> int:
    """How many of a seller's wait to be sent."""
    found: int = await tx.value(
        """
        SELECT count(*) FROM seller_orders WHERE seller_id = %(seller)s AND status = 'confirmed'
            AND fulfillment_status IN ('unfulfilled', 'partially_shipped')
        """,
        seller=seller,
    )
    return found


async def change_line(
    tx: Transaction,
    line: LineItemId,
    *,
    canceled: int = 0,
    shipped: int = 0,
    delivered: int = 0,
    called_off: int = 0,
    came_back: int = 0,
    to_return: int = 0,
    returned: int = 0,
) -> None:
    """The database refuses what cannot be."""
    await tx.run(
        """
        UPDATE seller_order_lines SET canceled = canceled + %(canceled)s, shipped = shipped + %(shipped)s,
            delivered = delivered + %(delivered)s, called_off = called_off + %(called_off)s,
            came_back = came_back + %(came_back)s, to_return = to_return + %(to_return)s, returned = returned + %(returned)s
        WHERE line_item_id = %(line)s
        """,
        line=line,
        canceled=canceled,
        shipped=shipped,
        delivered=delivered,
        called_off=called_off,
        came_back=came_back,
        to_return=to_return,
        returned=returned,
    )


async def called_off(tx: Transaction, line: LineItemId) -> int:
    """How many of what is canceled stay so, whatever becomes of their refund: by somebody's word, or gone with a parcel."""
    found: int = await tx.value(
        """
        SELECT line.called_off + coalesce((SELECT sum(part.quantity)
            FROM shipment_lines part JOIN shipments parcel ON parcel.id = part.shipment_id
            WHERE part.line_item_id = line.line_item_id AND parcel.settled_how = 'write_off'), 0)::integer
        FROM seller_order_lines line WHERE line.line_item_id = %(line)s
        """,
        line=line,
    )
    return found


async def has_left(tx: Transaction, line: LineItemId) -> bool:
    """Whether something of it was sent, whatever became of it."""
    return bool(
        await tx.value(
            """
            SELECT EXISTS (SELECT 1 FROM shipment_lines part JOIN shipments parcel ON parcel.id = part.shipment_id
                WHERE part.line_item_id = %(line)s AND parcel.status <> 'canceled')
            """,
            line=line,
        )
    )


async def paid_back(tx: Transaction, lines: Sequence[LineItemId]) -> dict[LineItemId, tuple[int, bool]]:
    """Of each line how many went back or are about to, and whether all of its price did. The order is locked.

    The price of what was had in exchange stands on the lines that came back for it.
    """
    rows = await tx.all(
        lambda row: (LineItemId.of(row["id"]), (int(row["units"]), bool(row["whole"]))),
        """
        SELECT id, refunding_quantity + refunded_quantity AS units, (amount - discount_amount + tax_amount > 0
            AND refunding_amount + refunded_amount >= amount - discount_amount + tax_amount)
            OR EXISTS (SELECT FROM returns back JOIN return_lines part ON part.return_id = back.id
                JOIN line_items first ON first.id = part.line_item_id
                WHERE back.exchange_order_id = line.order_id AND back.status IN ('refunded', 'closed')
                GROUP BY back.id, back.credit_amount
                HAVING sum(first.amount - first.discount_amount + first.tax_amount
                    - first.refunding_amount - first.refunded_amount) < back.credit_amount) AS whole
        FROM line_items line WHERE id = ANY(%(lines)s)
        """,
        lines=list(lines),
    )
    return dict(rows)


async def delivered_at(tx: Transaction, id: SellerOrderId) -> dict[LineItemId, datetime]:
    """When the last parcel with it arrived, of each line of which something did."""
    rows = await tx.all(
        lambda row: (LineItemId.of(row["line_item_id"]), row["at"]),
        """
        SELECT part.line_item_id, max(parcel.delivered_at) AS at
        FROM shipments parcel JOIN shipment_lines part ON part.shipment_id = parcel.id
        WHERE parcel.seller_order_id = %(id)s AND parcel.status = 'delivered' GROUP BY part.line_item_id
        """,
        id=id,
    )
    return dict(rows)


async def orders_of(tx: Transaction, ids: Collection[SellerOrderId]) -> set[OrderId]:
    """Whose locks are their own."""
    return set(
        await tx.all(
            lambda row: OrderId.of(row["order_id"]), "SELECT order_id FROM seller_orders WHERE id = ANY(%(ids)s)", ids=list(ids)
        )
    )


async def order_of(tx: Transaction, id: SellerOrderId) -> OrderId:
    """Whose lock is its own."""
    found = await tx.value("SELECT order_id FROM seller_orders WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no seller order {id}.")
    return OrderId.of(found)


async def save(
    tx: Transaction,
    id: SellerOrderId,
    status: SellerOrderStatus,
    fulfillment: SellerFulfillment,
    *,
    release_at: datetime,
    because: str | None = None,
) -> None:
    """`release_at` is for one that is complete now; it stays what it was where it was known."""
    await tx.run(
        """
        UPDATE seller_orders SET status = %(status)s, fulfillment_status = %(fulfillment)s,
            completed_at = CASE WHEN %(status)s = 'completed' THEN coalesce(completed_at, %(now)s::timestamptz) END,
            release_at = CASE WHEN %(status)s = 'completed'
                THEN coalesce(release_at, %(release_at)s::timestamptz) END,
            canceled_at = CASE WHEN %(status)s = 'canceled' THEN coalesce(canceled_at, %(now)s::timestamptz) END,
            canceled_because = CASE WHEN %(status)s = 'canceled' THEN coalesce(%(because)s, canceled_because) END
        WHERE id = %(id)s
        """,
        id=id,
        status=status,
        fulfillment=fulfillment,
        because=because,
        release_at=release_at,
        now=tx.now,
    )


async def save_released(tx: Transaction, ids: Collection[SellerOrderId]) -> None:
    await tx.run("UPDATE seller_orders SET released_at = %(now)s WHERE id = ANY(%(ids)s)", ids=list(ids), now=tx.now)


async def save_unreleased(tx: Transaction, ids: Collection[SellerOrderId], *, again_at: datetime | None) -> None:
    """Not before `again_at`, or as soon as it was due before."""
    await tx.run(
        "UPDATE seller_orders SET released_at = NULL, retry_at = coalesce(%(again)s, retry_at) WHERE id = ANY(%(ids)s)",
        ids=list(ids),
        again=again_at,
    )


async def save_held(tx: Transaction, id: SellerOrderId, because: str | None) -> None:
    await tx.run(
        """
        UPDATE seller_orders SET held_because = %(because)s,
            held_at = CASE WHEN %(because)s::text IS NOT NULL THEN coalesce(held_at, %(now)s::timestamptz) END
        WHERE id = %(id)s
        """,
        id=id,
        because=because,
        now=tx.now,
    )


MAY_GO: LiteralString = """
    part.livemode = %(livemode)s AND part.released_at IS NULL AND part.held_at IS NULL
        AND (part.retry_at IS NULL OR part.retry_at <= %(now)s)
        AND NOT EXISTS (SELECT 1 FROM disputes WHERE disputes.order_id = part.order_id AND disputes.closed_at IS NULL)
        AND NOT EXISTS (SELECT FROM seller_order_lines line WHERE line.seller_order_id = part.id AND line.to_return > 0)
        AND sellers.payouts_enabled AND sellers.suspended_at IS NULL AND sellers.rejection_asked_at IS NULL
        AND (part.early OR sellers.held_at IS NULL OR sellers.held_until <= %(now)s)
"""

RIPE: LiteralString = """
    (SELECT part.id FROM seller_orders part JOIN sellers ON sellers.id = part.seller_id
    WHERE part.release_at <= %(now)s AND
"""

EARLY: LiteralString = """
    ORDER BY part.release_at LIMIT %(limit)s)
    UNION ALL
    (SELECT part.id FROM seller_orders part JOIN sellers ON sellers.id = part.seller_id
    WHERE part.early AND part.status <> 'canceled' AND (part.release_at IS NULL OR part.release_at > %(now)s) AND
"""


async def due(tx: Transaction, *, livemode: bool, limit: int) -> list[SellerOrderId]:
    """Of sellers whose holding period is over, and nobody holds what they earned; and what waits with them, at once.

    Each half follows an index of its own: of fifty thousand that are due, a hundred are looked at.
    """
    return await tx.all(
        lambda row: SellerOrderId.of(row["id"]),
        RIPE + MAY_GO + EARLY + MAY_GO + " ORDER BY part.confirmed_at LIMIT %(limit)s) LIMIT %(limit)s",
        livemode=livemode,
        now=tx.now,
        limit=limit,
    )


async def disputed(tx: Transaction, of: Collection[OrderId]) -> set[OrderId]:
    """Those about which a buyer's bank has not decided yet: whatever the buyer has meanwhile, the money may have to go back."""
    return set(
        await tx.all(
            lambda row: OrderId.of(row["order_id"]),
            "SELECT order_id FROM disputes WHERE order_id = ANY(%(orders)s) AND closed_at IS NULL",
            orders=list(of),
        )
    )


async def is_disputed(tx: Transaction, order: OrderId) -> bool:
    return order in await disputed(tx, [order])


async def insert_shipment(tx: Transaction, shipment: Shipment) -> bool:
    """False where the carrier's number is another parcel's."""
    new = await tx.run(
        """
        INSERT INTO shipments (id, seller_order_id, status, carrier, tracking_number, tracking_url, shipped_at, followed_by,
            tracker_id, track_again_at)
        VALUES (%(id)s, %(of)s, %(status)s, %(carrier)s, %(number)s, %(url)s, %(shipped_at)s, %(followed_by)s, %(tracker)s,
            %(track_again_at)s)
        ON CONFLICT (carrier, tracking_number) DO NOTHING
        """,
        id=shipment.id,
        of=shipment.seller_order_id,
        status=shipment.status,
        carrier=shipment.carrier,
        number=shipment.tracking_number,
        url=shipment.tracking_url,
        shipped_at=shipment.shipped_at,
        followed_by=shipment.followed_by,
        tracker=shipment.tracker_id,
        track_again_at=shipment.track_again_at,
    )
    if not new:
        return False
    await tx.run(
        """
        INSERT INTO shipment_lines (shipment_id, line_item_id, quantity)
        SELECT %(id)s, new.line, new.quantity FROM json_to_recordset(%(rows)s::json) AS new (line uuid, quantity integer)
        """,
        id=shipment.id,
        rows=orjson.dumps([{"line": line.hex, "quantity": quantity} for line, quantity in shipment.lines]).decode(),
    )
    return True


async def save_shipment(tx: Transaction, id: ShipmentId, status: ShipmentStatus) -> None:
    await tx.run(
        """
        UPDATE shipments SET status = %(status)s,
            delivered_at = CASE WHEN %(status)s = 'delivered' THEN coalesce(delivered_at, %(now)s::timestamptz) END,
            closed_at = CASE WHEN %(status)s IN ('delivered', 'lost', 'returned', 'canceled')
                THEN coalesce(closed_at, %(now)s::timestamptz) END,
            track_again_at = CASE WHEN %(status)s NOT IN ('delivered', 'returned', 'canceled') THEN track_again_at END
        WHERE id = %(id)s
        """,
        id=id,
        status=status,
        now=tx.now,
    )


async def save_settled(tx: Transaction, id: ShipmentId, how: Settlement) -> None:
    await tx.run(
        "UPDATE shipments SET settled_at = %(now)s, settled_how = %(how)s, track_again_at = NULL WHERE id = %(id)s",
        id=id,
        how=how,
        now=tx.now,
    )


async def get_shipment(tx: Transaction, id: ShipmentId) -> Shipment:
    found = await tx.find(_shipment, SHIPMENT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no shipment {id}.")
    return found


async def shipments_of(tx: Transaction, id: SellerOrderId) -> list[Shipment]:
    return await tx.all(_shipment, SHIPMENT + " WHERE seller_order_id = %(id)s ORDER BY id", id=id)


async def list_shipments(
    tx: Transaction,
    *,
    livemode: bool,
    limit: int,
    cursor: ShipmentId | None = None,
    status: ShipmentStatus | None = None,
    search: str | None = None,
) -> Page[Shipment]:
    """Newest first; `search` is a tracking number."""
    rows = await tx.all(
        _shipment,
        SHIPMENT + SHIPMENTS,
        livemode=livemode,
        cursor=cursor,
        status=status,
        search=search,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda parcel: parcel.id)


async def count_shipments(tx: Transaction, *, livemode: bool) -> dict[str, int]:
    """How many parcels are in each status."""
    found = await tx.all(
        lambda row: (str(row["status"]), int(row["count"])),
        """
        SELECT shipments.status, count(*) AS count FROM shipments
            JOIN seller_orders part ON part.id = shipments.seller_order_id
        WHERE part.livemode = %(livemode)s GROUP BY shipments.status
        """,
        livemode=livemode,
    )
    return dict(found)


def _seller_order(row: Row) -> SellerOrder:
    lines = tuple(SellerLine(LineItemId(line[0]), *line[1:]) for line in row["lines"])
    return SellerOrder(
        id=SellerOrderId.of(row["id"]),
        order_id=OrderId.of(row["order_id"]),
        seller_id=None if row["seller_id"] is None else SellerId.of(row["seller_id"]),
        position=row["position"],
        number=row["number"],
        livemode=row["livemode"],
        status=SellerOrderStatus(row["status"]),
        fulfillment_status=SellerFulfillment(row["fulfillment_status"]),
        confirmed_at=row["confirmed_at"],
        completed_at=row["completed_at"],
        canceled_at=row["canceled_at"],
        canceled_because=row["canceled_because"],
        holding_days=row["holding_days"],
        release_at=row["release_at"],
        release_day=row["release_day"],
        early=row["early"],
        retry_at=row["retry_at"],
        released_at=row["released_at"],
        held_at=row["held_at"],
        held_because=row["held_because"],
        lines=lines,
    )


def _shipment(row: Row) -> Shipment:
    return Shipment(
        id=ShipmentId.of(row["id"]),
        seller_order_id=SellerOrderId.of(row["seller_order_id"]),
        status=ShipmentStatus(row["status"]),
        carrier=row["carrier"],
        tracking_number=row["tracking_number"],
        tracking_url=row["tracking_url"],
        shipped_at=row["shipped_at"],
        delivered_at=row["delivered_at"],
        closed_at=row["closed_at"],
        lines=tuple((LineItemId(line), quantity) for line, quantity in row["lines"]),
        followed_by=row["followed_by"],
        tracker_id=row["tracker_id"],
        tracking_status=None if row["tracking_status"] is None else TrackingStatus(row["tracking_status"]),
        tracking_detail=row["tracking_detail"],
        expected_at=row["expected_at"],
        tracked_at=row["tracked_at"],
        track_again_at=row["track_again_at"],
        settled_at=row["settled_at"],
        settled_how=row["settled_how"],
    )
