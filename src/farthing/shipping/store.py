"""Labels, where sellers send from, and what carriers say of parcels, in the database. The order's lock is theirs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, LiteralString

import orjson

from farthing.addresses import Address
from farthing.carriers import BoughtLabel, Parcel, SeenTracking
from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import LabelId, LineItemId, SellerId, SellerOrderId, ShipFromId, ShipmentId
from farthing.lifecycles import LabelStatus
from farthing.money import Money
from farthing.paging import Page, checked_limit
from farthing.shipping.model import Label, size_of

LEASE: Final = timedelta(minutes=5)
"""Longer than all that is asked of a carrier at once: nobody else asks for the same meanwhile."""

NAMES: Final = ("country", "name", "line1", "line2", "company", "city", "state", "postal_code", "phone")

SELECT: LiteralString = """
    SELECT id, seller_order_id, shipment_id, livemode, sold_by, status, carrier, service, currency, max_amount, amount,
        weight_grams, length_mm, width_mm, height_mm, lines, quote_id, tracking_number, label_url, refused_because,
        requested_at, asked_at, bought_at, refund_asked_at, closed_at, ask_again_at
    FROM labels
"""

# Where sellers send from.


async def keep_origin(tx: Transaction, seller: SellerId | None, address: Address) -> None:
    """In the place of what was said before."""
    await tx.run(
        """
        INSERT INTO ship_from_addresses
            (id, seller_id, country, name, line1, line2, company, city, state, postal_code, phone, kept_at)
        VALUES (%(id)s, %(seller)s, %(country)s, %(name)s, %(line1)s, %(line2)s, %(company)s, %(city)s, %(state)s,
            %(postal_code)s, %(phone)s, %(now)s)
        ON CONFLICT (coalesce(seller_id::text, '')) DO UPDATE SET country = excluded.country, name = excluded.name,
            line1 = excluded.line1, line2 = excluded.line2, company = excluded.company, city = excluded.city,
            state = excluded.state, postal_code = excluded.postal_code, phone = excluded.phone, kept_at = excluded.kept_at
        """,
        id=ShipFromId.new(),
        seller=seller,
        now=tx.now,
        **address.plain(),
    )


async def find_origin(tx: Transaction, seller: SellerId | None) -> Address | None:
    return await tx.find(
        lambda row: Address(**{name: row[name] for name in NAMES}),
        """
        SELECT country, name, line1, line2, company, city, state, postal_code, phone FROM ship_from_addresses
        WHERE coalesce(seller_id::text, '') = coalesce(%(seller)s::uuid::text, '')
        """,
        seller=seller,
    )


# Labels.


async def insert(tx: Transaction, label: Label) -> bool:
    """False where another one of the same seller order is being bought."""
    size = label.parcel.size
    return bool(
        await tx.run(
            """
            INSERT INTO labels (id, seller_order_id, livemode, sold_by, status, carrier, service, currency, max_amount,
                weight_grams, length_mm, width_mm, height_mm, lines, requested_at, ask_again_at)
            VALUES (%(id)s, %(of)s, %(livemode)s, %(sold_by)s, 'requested', %(carrier)s, %(service)s, %(currency)s, %(max)s,
                %(weight)s, %(length)s, %(width)s, %(height)s, %(lines)s, %(now)s, %(again)s)
            ON CONFLICT (seller_order_id) WHERE status = 'requested' DO NOTHING
            """,
            id=label.id,
            of=label.seller_order_id,
            livemode=label.livemode,
            sold_by=label.sold_by,
            carrier=label.carrier,
            service=label.service,
            currency=label.max.currency,
            max=label.max.amount,
            weight=label.parcel.weight_grams,
            length=size and size.length_mm,
            width=size and size.width_mm,
            height=size and size.height_mm,
            lines=orjson.dumps([[line.hex, quantity] for line, quantity in label.lines]).decode(),
            now=label.requested_at,
            again=label.ask_again_at,
        )
    )


async def get(tx: Transaction, id: LabelId) -> Label:
    found = await tx.find(_label, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no label {id}.")
    return found


async def of_seller_order(tx: Transaction, id: SellerOrderId) -> list[Label]:
    return await tx.all(_label, SELECT + " WHERE seller_order_id = %(id)s ORDER BY id", id=id)


async def list_page(
    tx: Transaction, *, limit: int, cursor: LabelId | None = None, status: LabelStatus | None = None
) -> Page[Label]:
    """Newest first."""
    rows = await tx.all(
        _label,
        SELECT
        + """
        WHERE (%(cursor)s::uuid IS NULL OR id < %(cursor)s) AND (%(status)s::text IS NULL OR status = %(status)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        cursor=cursor,
        status=status,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda label: label.id)


async def claim(tx: Transaction, id: LabelId, status: LabelStatus) -> bool:
    """Whether nobody else is asking the carrier about it at this moment: then it is ours, for the length of the lease."""
    return bool(
        await tx.run(
            """
            UPDATE labels SET ask_again_at = %(until)s,
                asked_at = CASE WHEN status = 'requested' THEN coalesce(asked_at, %(now)s) ELSE asked_at END,
                refund_asked_at = CASE WHEN status = 'refund_requested' THEN coalesce(refund_asked_at, %(now)s) END
            WHERE id = %(id)s AND status = %(status)s
                AND (ask_again_at <= %(now)s OR (status = 'requested' AND asked_at IS NULL)
                    OR (status = 'refund_requested' AND refund_asked_at IS NULL))
            """,
            id=id,
            status=status,
            now=tx.now,
            until=tx.now + LEASE,
        )
    )


async def ask_again(tx: Transaction, id: LabelId, at: datetime) -> None:
    await tx.run("UPDATE labels SET ask_again_at = %(at)s WHERE id = %(id)s AND ask_again_at IS NOT NULL", id=id, at=at)


async def due(tx: Transaction, *, limit: int) -> list[tuple[LabelId, LabelStatus]]:
    return await tx.all(
        lambda row: (LabelId.of(row["id"]), LabelStatus(row["status"])),
        "SELECT id, status FROM labels WHERE ask_again_at <= %(now)s ORDER BY ask_again_at LIMIT %(limit)s",
        now=tx.now,
        limit=limit,
    )


async def save_quote(tx: Transaction, id: LabelId, quote_id: str) -> None:
    await tx.run("UPDATE labels SET quote_id = coalesce(quote_id, %(quote)s) WHERE id = %(id)s", id=id, quote=quote_id)


async def save_bought(
    tx: Transaction, id: LabelId, status: LabelStatus, bought: BoughtLabel, shipment: ShipmentId | None, *, because: str | None
) -> None:
    await tx.run(
        """
        UPDATE labels SET status = %(status)s, shipment_id = %(shipment)s, amount = %(amount)s, tracking_number = %(number)s,
            label_url = %(url)s, bought_at = %(now)s, refused_because = %(why)s,
            ask_again_at = CASE WHEN %(status)s = 'refund_requested' THEN %(now)s::timestamptz END
        WHERE id = %(id)s AND status = 'requested'
        """,
        id=id,
        status=status,
        shipment=shipment,
        amount=bought.money.amount,
        number=bought.tracking_number,
        url=bought.label_url,
        why=None if because is None else because[:500],
        now=tx.now,
    )


async def save_refused(tx: Transaction, id: LabelId, because: str) -> None:
    await tx.run(
        """
        UPDATE labels SET status = 'refused', refused_because = %(why)s, closed_at = %(now)s, ask_again_at = NULL
        WHERE id = %(id)s AND status = 'requested'
        """,
        id=id,
        why=because[:500],
        now=tx.now,
    )


async def save_refund(tx: Transaction, id: LabelId, status: LabelStatus, *, because: str | None = None) -> None:
    """A refund that is asked for is due at once; one that ended is not asked about any more."""
    await tx.run(
        """
        UPDATE labels SET status = %(status)s, refused_because = coalesce(%(why)s, refused_because),
            ask_again_at = CASE WHEN %(status)s = 'refund_requested' THEN %(now)s::timestamptz END,
            closed_at = CASE WHEN %(status)s <> 'refund_requested' THEN %(now)s::timestamptz END
        WHERE id = %(id)s
        """,
        id=id,
        status=status,
        why=None if because is None else because[:500],
        now=tx.now,
    )


# Parcels that are followed.


async def claim_due(tx: Transaction, *, limit: int) -> list[ShipmentId]:
    """Parcels to be looked for; for the length of the lease nobody else does."""
    return await tx.all(
        lambda row: ShipmentId.of(row["id"]),
        """
        UPDATE shipments SET track_again_at = %(until)s WHERE id IN (
            SELECT id FROM shipments WHERE track_again_at <= %(now)s ORDER BY track_again_at LIMIT %(limit)s
            FOR UPDATE SKIP LOCKED)
        RETURNING id
        """,
        now=tx.now,
        until=tx.now + LEASE,
        limit=limit,
    )


async def find_by_tracker(tx: Transaction, company: str, tracker_id: str) -> ShipmentId | None:
    return await tx.find(
        lambda row: ShipmentId.of(row["id"]),
        "SELECT id FROM shipments WHERE followed_by = %(company)s AND tracker_id = %(tracker)s",
        company=company,
        tracker=tracker_id,
    )


async def save_tracking(
    tx: Transaction, id: ShipmentId, company: str, seen: SeenTracking, *, asked_at: datetime, again_at: datetime | None
) -> None:
    await tx.run(
        """
        UPDATE shipments SET followed_by = %(company)s, tracker_id = %(tracker)s, tracking_status = %(status)s,
            tracking_detail = %(detail)s, expected_at = %(expected)s, tracked_at = %(asked)s, track_refusals = 0,
            track_again_at = %(again)s, tracking_url = coalesce(tracking_url, %(url)s)
        WHERE id = %(id)s
        """,
        id=id,
        company=company,
        tracker=seen.tracker_id,
        status=seen.status,
        detail=seen.detail,
        expected=seen.expected_at,
        asked=asked_at,
        again=again_at,
        url=seen.url,
    )


async def look_again(tx: Transaction, id: ShipmentId, at: datetime | None) -> None:
    await tx.run("UPDATE shipments SET track_again_at = %(at)s WHERE id = %(id)s AND track_again_at IS NOT NULL", id=id, at=at)


async def count_refusal(tx: Transaction, id: ShipmentId, because: str) -> int:
    """How often the carrier knew nothing of it by now."""
    return int(
        await tx.value(
            """
            UPDATE shipments SET track_refusals = track_refusals + 1, tracking_detail = %(why)s WHERE id = %(id)s
            RETURNING track_refusals
            """,
            id=id,
            why=because[:500],
        )
    )


async def troubled(tx: Transaction, *, livemode: bool, limit: int, cursor: ShipmentId | None = None) -> list[ShipmentId]:
    """Parcels that somebody must look after: lost or come back and nobody decided, stuck, or much too long on their way."""
    return await tx.all(
        lambda row: ShipmentId.of(row["id"]),
        """
        SELECT parcel.id FROM shipments parcel JOIN seller_orders part ON part.id = parcel.seller_order_id
        WHERE part.livemode = %(livemode)s AND (%(cursor)s::uuid IS NULL OR parcel.id < %(cursor)s) AND (
            (parcel.status IN ('lost', 'returned') AND parcel.settled_at IS NULL)
            OR (parcel.status IN ('shipped', 'in_transit') AND (parcel.tracking_status = 'exception'
                OR coalesce(parcel.expected_at + interval '7 days', parcel.shipped_at + interval '30 days') < %(now)s)))
        ORDER BY parcel.id DESC LIMIT %(limit)s
        """,
        livemode=livemode,
        cursor=cursor,
        now=tx.now,
        limit=limit,
    )


def _label(row: Row) -> Label:
    currency = row["currency"]
    lines: Sequence[tuple[str, int]] = row["lines"]
    return Label(
        id=LabelId.of(row["id"]),
        seller_order_id=SellerOrderId.of(row["seller_order_id"]),
        shipment_id=None if row["shipment_id"] is None else ShipmentId.of(row["shipment_id"]),
        livemode=row["livemode"],
        sold_by=row["sold_by"],
        status=LabelStatus(row["status"]),
        carrier=row["carrier"],
        service=row["service"],
        max=Money(row["max_amount"], currency),
        amount=None if row["amount"] is None else Money(row["amount"], currency),
        parcel=Parcel(row["weight_grams"], size_of(row["length_mm"], row["width_mm"], row["height_mm"])),
        lines=tuple((LineItemId(line), quantity) for line, quantity in lines),
        quote_id=row["quote_id"],
        tracking_number=row["tracking_number"],
        label_url=row["label_url"],
        refused_because=row["refused_because"],
        requested_at=row["requested_at"],
        asked_at=row["asked_at"],
        bought_at=row["bought_at"],
        refund_asked_at=row["refund_asked_at"],
        closed_at=row["closed_at"],
        ask_again_at=row["ask_again_at"],
    )
