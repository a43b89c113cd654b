"""What a seller has where: earned and not delivered, on hold, on its way, with them, and owed."""

from typing import LiteralString

from farthing.db import Row, Transaction
from farthing.ids import SellerId, SellerOrderId
from farthing.money import Money
from farthing.paging import Page, checked_limit
from farthing.payouts.model import Balance, Held

EARLY: LiteralString = """
    WITH unripe AS (
        SELECT part.id, part.seller_id FROM seller_orders part WHERE part.early AND part.released_at IS NOT NULL
            AND (part.release_at IS NULL OR part.release_at > %(now)s OR part.held_at IS NOT NULL
                OR EXISTS (SELECT 1 FROM disputes WHERE disputes.order_id = part.order_id AND disputes.closed_at IS NULL)
                OR EXISTS (SELECT 1 FROM seller_order_lines line WHERE line.seller_order_id = part.id AND line.to_return > 0))
    ), early AS (
        SELECT unripe.seller_id, earning.currency, earning.transferred_amount AS amount
        FROM unripe JOIN seller_order_lines line ON line.seller_order_id = unripe.id
            JOIN earnings earning ON earning.line_item_id = line.line_item_id
        UNION ALL
        SELECT unripe.seller_id, transfer.currency, -transfer.netted_amount
        FROM unripe JOIN transfers transfer ON transfer.seller_order_id = unripe.id AND transfer.status <> 'refused'
    )
"""
"""What lies on sellers' accounts before its time: what was transferred of it, less what of that was kept for debts."""

HELD: LiteralString = """
    , held AS (
        SELECT part.id, part.number, part.release_at, coalesce(part.held_because, max(seller.held_because)) AS held_because,
            earning.currency,
            CASE WHEN bool_or(dispute.order_id IS NOT NULL) THEN 'disputed'
                WHEN part.held_at IS NOT NULL OR bool_or(seller.held_at IS NOT NULL
                    AND coalesce(seller.held_until > %(now)s, true)) THEN 'held'
                WHEN part.release_at IS NULL THEN 'undelivered'
                WHEN part.release_at > %(now)s THEN 'holding'
                ELSE 'due' END AS why,
            sum(earning.seller_share_amount - earning.refunded_seller_share_amount
                - earning.transferred_amount)::bigint AS amount
        FROM earnings earning
            JOIN seller_order_lines line ON line.line_item_id = earning.line_item_id
            JOIN seller_orders part ON part.id = line.seller_order_id
            JOIN sellers seller ON seller.id = part.seller_id
            LEFT JOIN (SELECT order_id FROM disputes WHERE closed_at IS NULL GROUP BY order_id) dispute
                ON dispute.order_id = part.order_id
        WHERE earning.seller_id = %(seller)s
            AND earning.seller_share_amount - earning.refunded_seller_share_amount > earning.transferred_amount
        GROUP BY part.id, earning.currency
    )
"""

BALANCES: LiteralString = """
    , kinds AS (
        SELECT currency, why AS kind, amount FROM held
        UNION ALL
        SELECT currency, 'owed', transferred_amount - (seller_share_amount - refunded_seller_share_amount) FROM earnings
        WHERE seller_id = %(seller)s AND transferred_amount > seller_share_amount - refunded_seller_share_amount
        UNION ALL
        SELECT currency, 'owed', amount - kept_amount FROM seller_fees WHERE seller_id = %(seller)s
        UNION ALL
        SELECT currency, CASE status WHEN 'sent' THEN 'with_seller' ELSE 'in_transit' END, amount - reversed_amount
        FROM transfers WHERE seller_id = %(seller)s AND status IN ('requested', 'sent')
        UNION ALL
        SELECT currency, CASE status WHEN 'paid' THEN 'paid_out' ELSE 'to_bank' END, amount FROM payouts
        WHERE seller_id = %(seller)s AND status IN ('requested', 'pending', 'in_transit', 'paid')
        UNION ALL
        SELECT currency, 'early', amount FROM early WHERE seller_id = %(seller)s
        UNION ALL
        SELECT currency, 'with_seller', -amount FROM payouts
        WHERE seller_id = %(seller)s AND status IN ('requested', 'pending', 'in_transit', 'paid')
    )
    SELECT currency,
        coalesce(sum(amount) FILTER (WHERE kind = 'due'), 0)::bigint AS due,
        coalesce(sum(amount) FILTER (WHERE kind = 'holding'), 0)::bigint AS holding,
        coalesce(sum(amount) FILTER (WHERE kind = 'undelivered'), 0)::bigint AS undelivered,
        coalesce(sum(amount) FILTER (WHERE kind = 'held'), 0)::bigint AS held,
        coalesce(sum(amount) FILTER (WHERE kind = 'disputed'), 0)::bigint AS disputed,
        coalesce(sum(amount) FILTER (WHERE kind = 'in_transit'), 0)::bigint AS in_transit,
        coalesce(sum(amount) FILTER (WHERE kind = 'with_seller'), 0)::bigint AS with_seller,
        coalesce(sum(amount) FILTER (WHERE kind = 'early'), 0)::bigint AS early,
        coalesce(sum(amount) FILTER (WHERE kind = 'to_bank'), 0)::bigint AS to_bank,
        coalesce(sum(amount) FILTER (WHERE kind = 'paid_out'), 0)::bigint AS paid_out,
        coalesce(sum(amount) FILTER (WHERE kind = 'owed'), 0)::bigint AS owed
    FROM kinds GROUP BY currency ORDER BY currency
"""

HOLDINGS: LiteralString = """
    SELECT * FROM held WHERE %(cursor)s::uuid IS NULL OR id > %(cursor)s ORDER BY id LIMIT %(limit)s
"""


WITH_MONEY: LiteralString = """
    SELECT DISTINCT seller.id FROM sellers seller JOIN (
        SELECT seller_id, currency, amount - reversed_amount AS amount FROM transfers WHERE status = 'sent'
        UNION ALL
        SELECT seller_id, currency, -amount FROM payouts WHERE status IN ('requested', 'pending', 'in_transit', 'paid')
        UNION ALL
        SELECT seller_id, currency, -amount FROM early
    ) moved ON moved.seller_id = seller.id
    WHERE seller.livemode = %(livemode)s AND seller.payouts_enabled AND seller.suspended_at IS NULL
        AND seller.rejection_asked_at IS NULL AND (seller.held_at IS NULL OR seller.held_until <= %(now)s)
    GROUP BY seller.id, moved.currency HAVING sum(moved.amount) > 0 ORDER BY seller.id
"""


async def balance(tx: Transaction, seller: SellerId) -> list[Balance]:
    """In each currency they ever earned in."""
    return await tx.all(_balance, EARLY + HELD + BALANCES, seller=seller, now=tx.now)


async def holdings(tx: Transaction, seller: SellerId, *, limit: int, cursor: SellerOrderId | None = None) -> Page[Held]:
    """What they earned and do not have yet, by seller order, the oldest first: how much, why, and until when."""
    rows = await tx.all(
        _held,
        EARLY + HELD + HOLDINGS,
        seller=seller,
        now=tx.now,
        cursor=cursor,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda held: held.seller_order_id)


async def with_money(tx: Transaction, *, livemode: bool) -> list[SellerId]:
    """Who can be paid, and has something on their account by what we know of it."""
    return await tx.all(
        lambda row: SellerId.of(row["id"]),
        EARLY + WITH_MONEY,
        livemode=livemode,
        now=tx.now,
    )


def _balance(row: Row) -> Balance:
    names: tuple[str, ...] = ("due", "holding", "undelivered", "held", "disputed", "in_transit", "with_seller", "early")
    names += ("to_bank", "paid_out", "owed")
    return Balance(*(Money(row[name], row["currency"]) for name in names))


def _held(row: Row) -> Held:
    return Held(
        seller_order_id=SellerOrderId.of(row["id"]),
        number=row["number"],
        money=Money(row["amount"], row["currency"]),
        why=row["why"],
        because=row["held_because"],
        release_at=row["release_at"],
    )
