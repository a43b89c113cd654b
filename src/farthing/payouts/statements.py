"""What a payout to a bank is made of, line by line, to the last unit.

A seller's account at the provider is a row of movements: transfers in, reversals and payouts out, payouts that came back. A
payout's statement is the stretch of it since the payout before: what was there, what came and went, what stays.
"""

from datetime import datetime
from typing import Final, LiteralString

from farthing.db import Row, Transaction
from farthing.errors import Conflict
from farthing.ids import PayoutId
from farthing.money import Money
from farthing.payouts import banks
from farthing.payouts.model import Payout, Statement, StatementLine

LINES_MAX: Final = 20_000
"""A statement with more is for a program: nobody reads it."""

MOVED: LiteralString = """
    WITH moved AS (
        SELECT sent_at AS at, 'transfer' AS kind, id, seller_order_id, amount FROM transfers
        WHERE seller_id = %(seller)s AND currency = %(currency)s AND status = 'sent'
        UNION ALL
        SELECT reversal.closed_at, 'reversal', reversal.id, transfers.seller_order_id, -reversal.amount
        FROM transfer_reversals reversal JOIN transfers ON transfers.id = reversal.transfer_id
        WHERE transfers.seller_id = %(seller)s AND transfers.currency = %(currency)s AND reversal.status = 'succeeded'
        UNION ALL
        SELECT sent_at, 'payout', id, NULL, -amount FROM payouts
        WHERE seller_id = %(seller)s AND currency = %(currency)s AND sent_at IS NOT NULL
        UNION ALL
        SELECT closed_at, 'returned', id, NULL, amount FROM payouts
        WHERE seller_id = %(seller)s AND currency = %(currency)s AND status IN ('failed', 'canceled')
    )
"""

BEFORE: LiteralString = """
    SELECT coalesce(sum(amount), 0)::bigint FROM moved
    WHERE (at, id) <= (%(from)s::timestamptz, %(from_id)s::uuid)
"""

LINES: LiteralString = """
    SELECT moved.at, coalesce(line.kind, moved.kind) AS kind, coalesce(line.amount, moved.amount) AS amount, part.number,
        item.name, line.reference, moved.kind AS movement, moved.id, line.position,
        (SELECT number FROM seller_orders other JOIN seller_order_lines own ON own.seller_order_id = other.id
            WHERE own.line_item_id = line.line_item_id) AS of_number
    FROM moved LEFT JOIN seller_orders part ON part.id = moved.seller_order_id
        LEFT JOIN transfer_lines line ON moved.kind = 'transfer' AND line.transfer_id = moved.id
        LEFT JOIN line_items item ON item.id = line.line_item_id
    WHERE (moved.at, moved.id) < (%(until)s::timestamptz, %(until_id)s::uuid)
        AND (%(from)s::timestamptz IS NULL OR (moved.at, moved.id) > (%(from)s::timestamptz, %(from_id)s::uuid))
    ORDER BY moved.at, moved.id, line.position LIMIT %(limit)s
"""

PREVIOUS: LiteralString = """
    SELECT sent_at, id FROM payouts WHERE seller_id = %(seller)s AND currency = %(currency)s AND sent_at IS NOT NULL
        AND (sent_at, id) < (%(until)s::timestamptz, %(until_id)s::uuid) ORDER BY sent_at DESC, id DESC LIMIT 1
"""


async def statement(tx: Transaction, id: PayoutId) -> Statement:
    """Raises NotFound, and Conflict for a payout that never left."""
    payout = await banks.get(tx, id)
    if payout.sent_at is None:
        raise Conflict(f"{id} is {payout.status}: nothing left the account, so there is nothing to state.")
    before = await _previous(tx, payout)
    stretch = {
        "seller": payout.seller_id,
        "currency": payout.money.currency,
        "until": payout.sent_at,
        "until_id": payout.id,
        "from": None if before is None else before[0],
        "from_id": None if before is None else before[1],
    }
    there = 0 if before is None else await tx.value(MOVED + BEFORE, **stretch)
    lines = await tx.all(_line_in(payout.money.currency), MOVED + LINES, **stretch, limit=LINES_MAX + 1)
    if len(lines) > LINES_MAX:
        raise Conflict(f"{id} has more than {LINES_MAX} lines: pay out more often.")
    opening = Money(there, payout.money.currency)
    return Statement(payout, None if before is None else before[0], opening, tuple(lines))


async def _previous(tx: Transaction, payout: Payout) -> tuple[datetime, PayoutId] | None:
    return await tx.find(
        lambda row: (row["sent_at"], PayoutId.of(row["id"])),
        PREVIOUS,
        seller=payout.seller_id,
        currency=payout.money.currency,
        until=payout.sent_at,
        until_id=payout.id,
    )


def _line_in(currency: str):  # type: ignore[no-untyped-def]
    def line(row: Row) -> StatementLine:
        number = row["of_number"] if row["kind"] == "debt" else row["number"]
        return StatementLine(row["at"], row["kind"], Money(row["amount"], currency), number, row["name"], row["reference"])

    return line
