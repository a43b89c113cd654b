"""Coupons, promotion codes and their redemptions in the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

import orjson

from farthing.db import Row, Transaction
from farthing.discounts.model import Coupon, PromotionCode, Uses
from farthing.ids import CustomerId, OrderId, RedemptionId, SubscriptionChangeId, SubscriptionStartId
from farthing.lifecycles import RedemptionStatus
from farthing.money import Money
from farthing.paging import Page, checked_limit

COUPON: LiteralString = """
    SELECT key, source, name, basis_points, amounts, products, minimums, redemptions_max, once_per_customer, first_purchase,
        valid_from, valid_until, active, duration, duration_months, reserved_count, redeemed_count
    FROM coupons
"""
CODE: LiteralString = """
    SELECT code, coupon_key, source, redemptions_max, valid_until, active, reserved_count, redeemed_count FROM promotion_codes
"""
REDEMPTION: LiteralString = """
    SELECT id, order_id, start_id, change_id, customer_id, coupon_key, code, discount_amount, currency, status, reserved_at,
        closed_at
    FROM redemptions
"""

Use = OrderId | SubscriptionStartId | SubscriptionChangeId
"""What a code is used for."""


@dataclass(frozen=True, slots=True)
class Redemption:
    """One use of a code: reserved with the intention to pay, redeemed when it is paid, released when nobody can pay it."""

    id: RedemptionId
    use: Use
    customer_id: CustomerId
    coupon: str
    code: str
    discount: Money
    status: RedemptionStatus
    reserved_at: datetime
    closed_at: datetime | None


async def find_coupon(tx: Transaction, key: str) -> tuple[Coupon, Uses] | None:
    """A key from an address may be anything, and the database could not even be asked for some of it."""
    if not key.isprintable():
        return None
    return await tx.find(_coupon, COUPON + " WHERE key = %(key)s", key=key)


async def find_code(tx: Transaction, code: str) -> tuple[PromotionCode, Uses] | None:
    return await tx.find(_code, CODE + " WHERE code = %(code)s", code=code)


async def coupons(tx: Transaction, *, limit: int, after: str | None = None) -> list[tuple[Coupon, Uses]]:
    """By key. Those of farthing.toml are here once they were used."""
    return await tx.all(
        _coupon,
        COUPON + ' WHERE %(after)s::text IS NULL OR key COLLATE "C" > %(after)s ORDER BY key COLLATE "C" LIMIT %(limit)s',
        after=after,
        limit=limit,
    )


async def codes(
    tx: Transaction, *, limit: int, after: str | None = None, coupon: str | None = None
) -> list[tuple[PromotionCode, Uses]]:
    """By code."""
    return await tx.all(
        _code,
        CODE
        + """
        WHERE (%(after)s::text IS NULL OR code COLLATE "C" > %(after)s)
            AND (%(coupon)s::text IS NULL OR coupon_key = %(coupon)s)
        ORDER BY code COLLATE "C" LIMIT %(limit)s
        """,
        after=after,
        coupon=coupon,
        limit=limit,
    )


async def list_redemptions(
    tx: Transaction, *, limit: int, cursor: RedemptionId | None = None, coupon: str | None = None
) -> Page[Redemption]:
    """Newest first."""
    rows = await tx.all(
        _redemption,
        REDEMPTION
        + """
        WHERE (%(cursor)s::uuid IS NULL OR id < %(cursor)s) AND (%(coupon)s::text IS NULL OR coupon_key = %(coupon)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        cursor=cursor,
        coupon=coupon,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda found: found.id)


async def redemption_of(tx: Transaction, use: Use) -> Redemption | None:
    return await tx.find(_redemption, REDEMPTION + " WHERE %(use)s IN (order_id, start_id, change_id)", use=use)


async def has_redeemed(tx: Transaction, coupon: str, customer: CustomerId, *, beside: Use | None = None) -> bool:
    """Also by what waits for its payment. `beside`: that one does not count."""
    found: bool = await tx.value(
        """
        SELECT EXISTS (
            SELECT FROM redemptions WHERE coupon_key = %(coupon)s AND customer_id = %(customer)s AND status <> 'released'
                AND (%(beside)s::uuid IS NULL OR coalesce(order_id, start_id, change_id) <> %(beside)s)
        )
        """,
        coupon=coupon,
        customer=customer,
        beside=beside,
    )
    return found


async def insert_coupon(tx: Transaction, coupon: Coupon) -> bool:
    """Whether it is new. One of farthing.toml takes the place of what was there under its key, and keeps the counts.

    A limit that was lowered below what is used already stops at that.
    """
    touched = await tx.run(
        """
        INSERT INTO coupons (key, source, name, basis_points, amounts, products, minimums, redemptions_max, once_per_customer,
            first_purchase, valid_from, valid_until, active, duration, duration_months, created_at)
        VALUES (%(key)s, %(source)s, %(name)s, %(basis_points)s, %(amounts)s, %(products)s, %(minimums)s, %(max)s, %(once)s,
            %(first)s, %(valid_from)s, %(valid_until)s, %(active)s, %(duration)s, %(months)s, %(now)s)
        ON CONFLICT (key) DO UPDATE
        SET source = excluded.source, name = excluded.name, basis_points = excluded.basis_points, amounts = excluded.amounts,
            products = excluded.products, minimums = excluded.minimums, once_per_customer = excluded.once_per_customer,
            first_purchase = excluded.first_purchase, valid_from = excluded.valid_from, valid_until = excluded.valid_until,
            active = excluded.active, duration = excluded.duration, duration_months = excluded.duration_months,
            redemptions_max = CASE WHEN excluded.redemptions_max IS NULL THEN NULL
                ELSE greatest(excluded.redemptions_max, coupons.reserved_count + coupons.redeemed_count) END
        WHERE excluded.source = 'catalog'
        """,
        key=coupon.key,
        source=coupon.source,
        name=coupon.name,
        basis_points=coupon.basis_points,
        amounts=_amounts(coupon.amounts),
        products=list(coupon.products),
        minimums=_amounts(coupon.minimums),
        max=coupon.redemptions_max,
        once=coupon.once_per_customer,
        first=coupon.first_purchase,
        valid_from=coupon.valid_from,
        valid_until=coupon.valid_until,
        active=coupon.active,
        duration=coupon.duration,
        months=coupon.duration_months,
        now=tx.now,
    )
    return touched > 0


async def insert_code(tx: Transaction, code: PromotionCode) -> bool:
    """Whether it is new. One of farthing.toml takes the place of what the staff made."""
    touched = await tx.run(
        """
        INSERT INTO promotion_codes (code, coupon_key, source, redemptions_max, valid_until, active, created_at)
        VALUES (%(code)s, %(coupon)s, %(source)s, %(max)s, %(valid_until)s, %(active)s, %(now)s)
        ON CONFLICT (code) DO UPDATE
        SET coupon_key = excluded.coupon_key, source = excluded.source, redemptions_max = excluded.redemptions_max,
            valid_until = excluded.valid_until, active = excluded.active
        WHERE excluded.source = 'catalog'
        """,
        code=code.code,
        coupon=code.coupon,
        source=code.source,
        max=code.redemptions_max,
        valid_until=code.valid_until,
        active=code.active,
        now=tx.now,
    )
    return touched > 0


async def deactivate_coupon(tx: Transaction, key: str) -> bool:
    return await tx.run("UPDATE coupons SET active = false WHERE key = %(key)s AND source = 'staff'", key=key) == 1


async def deactivate_code(tx: Transaction, code: str) -> bool:
    return await tx.run("UPDATE promotion_codes SET active = false WHERE code = %(code)s AND source = 'staff'", code=code) == 1


async def insert_redemption(tx: Transaction, redemption: Redemption, *, once: bool) -> bool:
    """Whether it stands: where a customer may use the coupon once, a second use of theirs finds the first."""
    touched = await tx.run(
        """
        INSERT INTO redemptions
            (id, order_id, start_id, change_id, customer_id, coupon_key, code, discount_amount, currency, once, status,
            reserved_at)
        VALUES (%(id)s, %(order)s, %(start)s, %(change)s, %(customer)s, %(coupon)s, %(code)s, %(amount)s, %(currency)s,
            %(once)s, 'reserved', %(now)s)
        ON CONFLICT DO NOTHING
        """,
        id=redemption.id,
        order=redemption.use if isinstance(redemption.use, OrderId) else None,
        start=redemption.use if isinstance(redemption.use, SubscriptionStartId) else None,
        change=redemption.use if isinstance(redemption.use, SubscriptionChangeId) else None,
        customer=redemption.customer_id,
        coupon=redemption.coupon,
        code=redemption.code,
        amount=redemption.discount.amount,
        currency=redemption.discount.currency,
        once=once,
        now=redemption.reserved_at,
    )
    return touched == 1


async def take_coupon(tx: Transaction, key: str) -> bool:
    """One use more, if there is one left."""
    return (
        await tx.run(
            """
        UPDATE coupons SET reserved_count = reserved_count + 1
        WHERE key = %(key)s AND active AND (redemptions_max IS NULL OR reserved_count + redeemed_count < redemptions_max)
        """,
            key=key,
        )
        == 1
    )


async def take_code(tx: Transaction, code: str) -> bool:
    return (
        await tx.run(
            """
        UPDATE promotion_codes SET reserved_count = reserved_count + 1
        WHERE code = %(code)s AND active AND (redemptions_max IS NULL OR reserved_count + redeemed_count < redemptions_max)
        """,
            code=code,
        )
        == 1
    )


async def close_redemption(tx: Transaction, use: Use, status: RedemptionStatus) -> Redemption | None:
    """The reserved use is decided; None where there is none. The counters follow."""
    found = await tx.find(
        _redemption,
        """
        UPDATE redemptions SET status = %(status)s, closed_at = %(now)s
        WHERE %(use)s IN (order_id, start_id, change_id) AND status = 'reserved'
        RETURNING id, order_id, start_id, change_id, customer_id, coupon_key, code, discount_amount, currency, status,
            reserved_at, closed_at
        """,
        use=use,
        status=status,
        now=tx.now,
    )
    if found is None:
        return None
    redeemed = 1 if status == RedemptionStatus.REDEEMED else 0
    await tx.run(
        """
        UPDATE coupons SET reserved_count = reserved_count - 1, redeemed_count = redeemed_count + %(redeemed)s
        WHERE key = %(key)s
        """,
        key=found.coupon,
        redeemed=redeemed,
    )
    await tx.run(
        """
        UPDATE promotion_codes SET reserved_count = reserved_count - 1, redeemed_count = redeemed_count + %(redeemed)s
        WHERE code = %(code)s
        """,
        code=found.code,
        redeemed=redeemed,
    )
    return found


def _amounts(amounts: Mapping[str, Money]) -> str:
    return orjson.dumps({currency: money.amount for currency, money in amounts.items()}).decode()


def _moneys(stored: dict[str, Any]) -> dict[str, Money]:
    return {currency: Money(amount, currency) for currency, amount in stored.items()}


def _coupon(row: Row) -> tuple[Coupon, Uses]:
    coupon = Coupon(
        key=row["key"],
        name=row["name"],
        basis_points=row["basis_points"],
        amounts=_moneys(row["amounts"]),
        products=tuple(row["products"]),
        minimums=_moneys(row["minimums"]),
        redemptions_max=row["redemptions_max"],
        once_per_customer=row["once_per_customer"],
        first_purchase=row["first_purchase"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        active=row["active"],
        duration=row["duration"],
        duration_months=row["duration_months"],
        source=row["source"],
    )
    return coupon, Uses(row["reserved_count"], row["redeemed_count"])


def _code(row: Row) -> tuple[PromotionCode, Uses]:
    code = PromotionCode(
        code=row["code"],
        coupon=row["coupon_key"],
        redemptions_max=row["redemptions_max"],
        valid_until=row["valid_until"],
        active=row["active"],
        source=row["source"],
    )
    return code, Uses(row["reserved_count"], row["redeemed_count"])


def _use(row: Row) -> Use:
    if row["order_id"] is not None:
        return OrderId.of(row["order_id"])
    return SubscriptionStartId.of(row["start_id"]) if row["start_id"] else SubscriptionChangeId.of(row["change_id"])


def _redemption(row: Row) -> Redemption:
    return Redemption(
        id=RedemptionId.of(row["id"]),
        use=_use(row),
        customer_id=CustomerId.of(row["customer_id"]),
        coupon=row["coupon_key"],
        code=row["code"],
        discount=Money(row["discount_amount"], row["currency"]),
        status=RedemptionStatus(row["status"]),
        reserved_at=row["reserved_at"],
        closed_at=row["closed_at"],
    )
