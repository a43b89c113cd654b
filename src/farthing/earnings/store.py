"""Earnings in the database. The order's lock is the lock of what it earned."""

from collections.abc import Collection, Mapping, Sequence
from typing import LiteralString

import orjson

from farthing.db import Row, Transaction
from farthing.earnings.model import Earned, Earning
from farthing.ids import EarningId, LineItemId, OrderId, SellerId, SellerOrderId
from farthing.money import Money
from farthing.orders import LineItem, Order
from farthing.paging import Page, checked_limit
from farthing.shares import Shares

SELECT: LiteralString = """
    SELECT id, line_item_id, order_id, seller_id, seller, livemode, currency, platform_fee_amount, organization_fee_amount,
        seller_share_amount, refunded_platform_fee_amount, refunded_organization_fee_amount, refunded_seller_share_amount,
        transferred_amount, earned_at
    FROM earnings
"""

OF_SELLER_ORDERS: LiteralString = """
    WHERE line_item_id IN (SELECT line_item_id FROM seller_order_lines WHERE seller_order_id = ANY(%(ids)s))
    ORDER BY id FOR UPDATE
"""

OWING: LiteralString = """
    WHERE seller_id = ANY(%(sellers)s)
        AND transferred_amount > seller_share_amount - refunded_seller_share_amount
    ORDER BY id FOR UPDATE
"""


async def insert(tx: Transaction, order: Order, line: LineItem, shares: Shares) -> EarningId | None:
    """None where the line has earned already."""
    found: object = await tx.value(
        """
        INSERT INTO earnings (id, line_item_id, order_id, seller_id, seller, livemode, currency, amount, platform_fee_amount,
            organization_fee_amount, seller_share_amount, earned_at)
        VALUES (%(id)s, %(line)s, %(order)s, %(seller_id)s, %(seller)s, %(livemode)s, %(currency)s, %(amount)s, %(platform)s,
            %(organization)s, %(share)s, %(now)s)
        ON CONFLICT (line_item_id) DO NOTHING RETURNING id
        """,
        id=(id := EarningId.new()),
        line=line.id,
        order=order.id,
        seller_id=SellerId.parse(line.details["seller_id"]),
        seller=line.details["seller"],
        livemode=order.livemode,
        currency=shares.total.currency,
        now=tx.now,
        **_amounts(shares),
    )
    return None if found is None else id


async def find_of_line(tx: Transaction, line: LineItemId) -> Earning | None:
    """Locked until the commit."""
    return await tx.find(_earning, SELECT + " WHERE line_item_id = %(line)s FOR UPDATE", line=line)


async def of_order(tx: Transaction, order: OrderId) -> list[Earning]:
    return await tx.all(_earning, SELECT + " WHERE order_id = %(order)s ORDER BY id", order=order)


async def list_page(tx: Transaction, seller: SellerId, *, limit: int, cursor: EarningId | None = None) -> Page[Earning]:
    """Newest first."""
    rows = await tx.all(
        _earning,
        SELECT
        + " WHERE seller_id = %(seller)s AND (%(cursor)s::uuid IS NULL OR id < %(cursor)s) ORDER BY id DESC LIMIT %(limit)s",
        seller=seller,
        cursor=cursor,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda earning: earning.id)


async def earned(tx: Transaction, seller: SellerId) -> list[Earned]:
    """In each currency."""
    return await tx.all(
        _earned,
        """
        SELECT currency, sum(amount - refunded_amount) AS sales,
            sum(platform_fee_amount - refunded_platform_fee_amount) AS platform,
            sum(organization_fee_amount - refunded_organization_fee_amount) AS organization,
            sum(seller_share_amount - refunded_seller_share_amount) AS share
        FROM earnings WHERE seller_id = %(seller)s GROUP BY currency ORDER BY currency
        """,
        seller=seller,
    )


async def add_reversal(tx: Transaction, id: EarningId, reference: str, part: Shares) -> bool:
    """Whether this reference took its share for the first time; then it is counted as gone."""
    new = await tx.run(
        """
        INSERT INTO earning_reversals (earning_id, reference, currency, amount, platform_fee_amount, organization_fee_amount,
            seller_share_amount, reversed_at)
        VALUES (%(id)s, %(reference)s, %(currency)s, %(amount)s, %(platform)s, %(organization)s, %(share)s, %(now)s)
        ON CONFLICT (earning_id, reference) DO NOTHING
        """,
        id=id,
        reference=reference,
        currency=part.total.currency,
        now=tx.now,
        **_amounts(part),
    )
    if new:
        await _count(tx, id, part, 1)
    return bool(new)


async def withdraw_reversal(tx: Transaction, id: EarningId, reference: str) -> Shares | None:
    """What the reference took, if it still has it; from now on it has not."""
    part = await tx.find(
        lambda row: _shares(row, ""),
        """
        UPDATE earning_reversals SET withdrawn_at = %(now)s
        WHERE earning_id = %(id)s AND reference = %(reference)s AND withdrawn_at IS NULL
        RETURNING currency, platform_fee_amount, organization_fee_amount, seller_share_amount
        """,
        id=id,
        reference=reference,
        now=tx.now,
    )
    if part is not None:
        await _count(tx, id, part, -1)
    return part


async def reversals_of(tx: Transaction, ids: Sequence[EarningId]) -> dict[EarningId, list[tuple[str, Money]]]:
    """What went back of the seller's share of each, by the refund or the dispute that took it. Nobody is asked about none."""
    if not ids:
        return {}
    rows = await tx.all(
        lambda row: (
            EarningId.of(row["earning_id"]),
            (str(row["reference"]), Money(row["seller_share_amount"], row["currency"])),
        ),
        """
        SELECT earning_id, reference, currency, seller_share_amount FROM earning_reversals
        WHERE earning_id = ANY(%(ids)s) AND withdrawn_at IS NULL ORDER BY reversed_at, reference
        """,
        ids=list(ids),
    )
    found: dict[EarningId, list[tuple[str, Money]]] = {id: [] for id in ids}
    for id, reversal in rows:
        found[id].append(reversal)
    return found


async def of_seller_orders(tx: Transaction, ids: Collection[SellerOrderId]) -> list[Earning]:
    """Locked until the commit."""
    return await tx.all(_earning, SELECT + OF_SELLER_ORDERS, ids=list(ids))


async def owing(tx: Transaction, sellers: Collection[SellerId]) -> list[Earning]:
    """Of which one of these sellers got more than is left, the oldest first. Locked until the commit."""
    return await tx.all(_earning, SELECT + OWING, sellers=list(sellers))


async def save_transferred(tx: Transaction, changed: Collection[Earning]) -> None:
    """What of each is with the seller now, or on its way."""
    if not changed:
        return
    await tx.run(
        """
        UPDATE earnings SET transferred_amount = new.amount
        FROM json_to_recordset(%(rows)s::json) AS new (id uuid, amount bigint) WHERE earnings.id = new.id
        """,
        rows=orjson.dumps([{"id": each.id.hex, "amount": each.transferred.amount} for each in changed]).decode(),
    )


async def _count(tx: Transaction, id: EarningId, part: Shares, sign: int) -> None:
    await tx.run(
        """
        UPDATE earnings SET refunded_amount = refunded_amount + %(sign)s * %(amount)s,
            refunded_platform_fee_amount = refunded_platform_fee_amount + %(sign)s * %(platform)s,
            refunded_organization_fee_amount = refunded_organization_fee_amount + %(sign)s * %(organization)s,
            refunded_seller_share_amount = refunded_seller_share_amount + %(sign)s * %(share)s
        WHERE id = %(id)s
        """,
        id=id,
        sign=sign,
        **_amounts(part),
    )


def _amounts(shares: Shares) -> Mapping[str, int]:
    return {
        "amount": shares.total.amount,
        "platform": shares.platform_fee.amount,
        "organization": shares.organization_fee.amount,
        "share": shares.seller_share.amount,
    }


def _shares(row: Row, prefix: str) -> Shares:
    names = ("platform_fee_amount", "organization_fee_amount", "seller_share_amount")
    return Shares(*(Money(row[prefix + name], row["currency"]) for name in names))


def _earned(row: Row) -> Earned:
    names = ("sales", "platform", "organization", "share")
    return Earned(*(Money(int(row[name]), row["currency"]) for name in names))


def _earning(row: Row) -> Earning:
    return Earning(
        id=EarningId.of(row["id"]),
        line_id=LineItemId.of(row["line_item_id"]),
        order_id=OrderId.of(row["order_id"]),
        seller_id=SellerId.of(row["seller_id"]),
        seller=row["seller"],
        livemode=row["livemode"],
        shares=_shares(row, ""),
        refunded=_shares(row, "refunded_"),
        transferred=Money(row["transferred_amount"], row["currency"]),
        earned_at=row["earned_at"],
    )
