"""What becomes due of all sellers: on which day, how much, and what keeps it from going out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, LiteralString

from farthing.db import Row, Transaction
from farthing.ids import OrderId, SellerId, SellerOrderId
from farthing.money import Money
from farthing.paging import Page, checked_limit

Standing = Literal["due", "holding", "undelivered", "held", "disputed", "stopped"]
"""`stopped`: its seller may not be paid at the moment."""

STANDINGS: Final[tuple[Standing, ...]] = ("due", "holding", "undelivered", "held", "disputed", "stopped")
DAYS_MAX: Final = 100

UPCOMING: LiteralString = """
    WITH upcoming AS (
        SELECT part.id, part.number, part.order_id, part.release_at,
            coalesce(part.held_because, seller.held_because) AS held_because, part.held_at IS NULL AS by_seller,
            seller.id AS seller_id,
            coalesce(seller.name, seller.email, seller.external_id) AS seller, earning.currency,
            CASE WHEN bool_or(dispute.order_id IS NOT NULL) THEN 'disputed'
                WHEN part.held_at IS NOT NULL OR (seller.held_at IS NOT NULL
                    AND coalesce(seller.held_until > %(now)s, true)) THEN 'held'
                WHEN part.release_at IS NULL THEN 'undelivered'
                WHEN part.release_at > %(now)s THEN 'holding'
                WHEN NOT seller.payouts_enabled OR seller.suspended_at IS NOT NULL
                    OR seller.rejection_asked_at IS NOT NULL THEN 'stopped'
                ELSE 'due' END AS standing,
            sum(earning.seller_share_amount - earning.refunded_seller_share_amount
                - earning.transferred_amount)::bigint AS amount
        FROM earnings earning
            JOIN seller_order_lines line ON line.line_item_id = earning.line_item_id
            JOIN seller_orders part ON part.id = line.seller_order_id
            JOIN sellers seller ON seller.id = earning.seller_id
            LEFT JOIN (SELECT order_id FROM disputes WHERE closed_at IS NULL GROUP BY order_id) dispute
                ON dispute.order_id = part.order_id
        WHERE earning.livemode = %(livemode)s
            AND earning.seller_share_amount - earning.refunded_seller_share_amount > earning.transferred_amount
        GROUP BY part.id, seller.id, earning.currency
    )
"""

SUMS: LiteralString = """
    SELECT standing, currency, sum(amount)::bigint AS amount, count(*) AS count FROM upcoming
    GROUP BY standing, currency ORDER BY standing, currency
"""

DAYS: LiteralString = """
    SELECT (release_at AT TIME ZONE 'UTC')::date AS day, currency, sum(amount)::bigint AS amount, count(*) AS count
    FROM upcoming WHERE standing = 'holding' GROUP BY 1, currency ORDER BY 1, currency LIMIT %(limit)s
"""

ITEMS: LiteralString = """
    SELECT * FROM upcoming
    WHERE (%(cursor)s::uuid IS NULL OR id > %(cursor)s) AND (%(standing)s::text IS NULL OR standing = %(standing)s)
        AND (%(day)s::date IS NULL OR (standing = 'holding' AND (release_at AT TIME ZONE 'UTC')::date = %(day)s))
    ORDER BY id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Upcoming:
    """What a seller earned with their part of an order, and does not have yet."""

    seller_order_id: SellerOrderId
    order_id: OrderId
    number: str
    seller_id: SellerId
    seller: str
    money: Money
    standing: Standing
    because: str | None
    by_seller: bool
    """Where it is held: all that the seller earned is, not this order alone."""
    release_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sum:
    """In one currency: how much stands so, and of how many seller orders."""

    standing: Standing
    money: Money
    count: int


@dataclass(frozen=True, slots=True)
class Day:
    """What becomes due on a day in UTC, in one currency."""

    day: date
    money: Money
    count: int


async def sums(tx: Transaction, *, livemode: bool) -> Sequence[Sum]:
    return await tx.all(
        lambda row: Sum(row["standing"], _money(row), row["count"]), UPCOMING + SUMS, livemode=livemode, now=tx.now
    )


async def days(tx: Transaction, *, livemode: bool) -> Sequence[Day]:
    """The next ones, of what is delivered and held until a date."""
    return await tx.all(
        lambda row: Day(row["day"], _money(row), row["count"]), UPCOMING + DAYS, livemode=livemode, now=tx.now, limit=DAYS_MAX
    )


async def upcoming(
    tx: Transaction,
    *,
    livemode: bool,
    limit: int,
    cursor: SellerOrderId | None = None,
    standing: Standing | None = None,
    day: date | None = None,
) -> Page[Upcoming]:
    """By seller order, the oldest first."""
    rows = await tx.all(
        _upcoming,
        UPCOMING + ITEMS,
        livemode=livemode,
        now=tx.now,
        cursor=cursor,
        standing=standing,
        day=day,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda found: found.seller_order_id)


def _money(row: Row) -> Money:
    return Money(row["amount"], row["currency"])


def _upcoming(row: Row) -> Upcoming:
    return Upcoming(
        seller_order_id=SellerOrderId.of(row["id"]),
        order_id=OrderId.of(row["order_id"]),
        number=row["number"],
        seller_id=SellerId.of(row["seller_id"]),
        seller=row["seller"],
        money=_money(row),
        standing=row["standing"],
        because=row["held_because"] if row["standing"] == "held" else None,
        by_seller=row["by_seller"],
        release_at=row["release_at"],
    )
