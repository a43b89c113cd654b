"""What went back of each line, in the database. The caller holds the order's lock."""

from typing import LiteralString

from farthing.db import Row, Transaction
from farthing.ids import LineItemId, RefundId
from farthing.orders import LineItem, Order
from farthing.payments.shares import RefundLine, Standing, without_exchanged


async def standings(tx: Transaction, order: Order) -> list[Standing]:
    """Every line of the order, in its order, with what has gone back of it or is on its way.

    What pays for something else that its buyer takes instead is none of what is left.
    """
    return [without_exchanged(each) for each in await all_standings(tx, order)]


async def all_standings(tx: Transaction, order: Order) -> list[Standing]:
    """As `standings`, and what pays for something else is left: a bank, or who refunds at the provider, takes it as well."""
    rows = await tx.all(
        lambda row: row,
        """
        SELECT line.id, line.refunding_amount, line.refunded_amount, line.exchanged_amount, line.exchanged_quantity,
            line.refunding_quantity + line.refunded_quantity AS quantity,
            coalesce(sum(part.tax_amount), 0)::bigint AS tax, coalesce(sum(part.discount_amount), 0)::bigint AS discount,
            coalesce(sum(part.platform_fee_amount), 0)::bigint AS platform,
            coalesce(sum(part.organization_fee_amount), 0)::bigint AS organization,
            coalesce(sum(part.seller_share_amount), 0)::bigint AS seller,
            coalesce(sum(part.amount) FILTER (WHERE part.chosen), 0)::bigint AS chosen
        FROM line_items line
            LEFT JOIN (refund_lines part JOIN refunds refund ON refund.id = part.refund_id
                AND refund.status IN ('promised', 'pending', 'succeeded')) ON part.line_item_id = line.id
        WHERE line.order_id = %(order)s GROUP BY line.id
        """,
        order=order.id,
    )
    by_id = {LineItemId.of(row["id"]): row for row in rows}
    return [_standing(line, by_id[line.id]) for line in order.lines]


def _standing(line: LineItem, row: Row) -> Standing:
    return Standing(
        line=line,
        refunding=row["refunding_amount"],
        refunded=row["refunded_amount"],
        quantity=row["quantity"],
        tax=row["tax"],
        discount=row["discount"],
        split=(row["platform"], row["organization"], row["seller"]),
        chosen=row["chosen"],
        exchanged=row["exchanged_amount"],
        exchanged_quantity=row["exchanged_quantity"],
    )


async def set_exchanged(tx: Transaction, line: LineItemId, amount: int, quantity: int) -> bool:
    """So much of it, and so many, are for something else from now on, as far as they are left; with less than nothing, not any
    more. The caller holds the order's lock."""
    return bool(
        await tx.run(
            """
            UPDATE line_items SET exchanged_amount = exchanged_amount + %(amount)s,
                exchanged_quantity = exchanged_quantity + %(quantity)s
            WHERE id = %(line)s
                AND (%(amount)s <= 0 OR amount - discount_amount + tax_amount - refunding_amount - refunded_amount
                    - exchanged_amount >= %(amount)s)
                AND (%(quantity)s <= 0
                    OR quantity - refunding_quantity - refunded_quantity - exchanged_quantity >= %(quantity)s)
            """,
            line=line,
            amount=amount,
            quantity=quantity,
        )
    )


async def insert(tx: Transaction, refund: RefundId, part: RefundLine, *, made_already: bool = False) -> bool:
    """Set it aside, if that much of the line is left: one guarded statement, so that two at once cannot both have it.

    What pays for something else is not ours to give back; what the provider gave back already is a fact beside it.
    """
    return bool(
        await tx.run(
            """
            WITH room AS (
                UPDATE line_items SET refunding_amount = refunding_amount + %(amount)s,
                    refunding_quantity = refunding_quantity + %(quantity)s
                WHERE id = %(line)s
                    AND amount - discount_amount + tax_amount - refunding_amount - refunded_amount
                        - CASE WHEN %(made_already)s THEN 0 ELSE exchanged_amount END >= %(amount)s
                    AND quantity - refunding_quantity - refunded_quantity
                        - CASE WHEN %(made_already)s THEN 0 ELSE exchanged_quantity END >= %(quantity)s
                RETURNING id
            )
            INSERT INTO refund_lines (refund_id, line_item_id, chosen, quantity, amount, tax_amount, discount_amount,
                platform_fee_amount, organization_fee_amount, seller_share_amount)
            SELECT %(refund)s, id, %(chosen)s, %(quantity)s, %(amount)s, %(tax)s, %(discount)s, %(platform)s,
                %(organization)s, %(seller)s
            FROM room
            """,
            refund=refund,
            line=part.line,
            chosen=part.chosen,
            quantity=part.quantity,
            amount=part.amount,
            tax=part.tax,
            discount=part.discount,
            platform=part.split[0],
            organization=part.split[1],
            seller=part.split[2],
            made_already=made_already,
        )
    )


ARRIVED: LiteralString = """
    UPDATE line_items line SET
        refunding_amount = line.refunding_amount - part.amount, refunded_amount = line.refunded_amount + part.amount,
        refunding_quantity = line.refunding_quantity - part.quantity,
        refunded_quantity = line.refunded_quantity + part.quantity
    FROM refund_lines part WHERE part.refund_id = %(refund)s AND part.line_item_id = line.id
"""
RETURNED: LiteralString = """
    UPDATE line_items line SET
        refunded_amount = line.refunded_amount - part.amount, refunded_quantity = line.refunded_quantity - part.quantity
    FROM refund_lines part WHERE part.refund_id = %(refund)s AND part.line_item_id = line.id
"""
WITHDRAWN: LiteralString = """
    UPDATE line_items line SET
        refunding_amount = line.refunding_amount - part.amount,
        refunding_quantity = line.refunding_quantity - part.quantity
    FROM refund_lines part WHERE part.refund_id = %(refund)s AND part.line_item_id = line.id
"""


async def move(tx: Transaction, refund: RefundId, change: LiteralString) -> None:
    """The lines follow their refund: one of ARRIVED, RETURNED, WITHDRAWN."""
    await tx.run(change, refund=refund)


async def of_refund(tx: Transaction, refund: RefundId) -> list[RefundLine]:
    """In the order of the order's lines; none where the money paid for nothing."""
    return await tx.all(
        _part,
        """
        SELECT part.line_item_id, part.chosen, part.quantity, part.amount, part.tax_amount, part.discount_amount,
            part.platform_fee_amount, part.organization_fee_amount, part.seller_share_amount
        FROM refund_lines part JOIN line_items line ON line.id = part.line_item_id
        WHERE part.refund_id = %(refund)s ORDER BY line.position
        """,
        refund=refund,
    )


def _part(row: Row) -> RefundLine:
    return RefundLine(
        line=LineItemId.of(row["line_item_id"]),
        chosen=row["chosen"],
        quantity=row["quantity"],
        amount=row["amount"],
        tax=row["tax_amount"],
        discount=row["discount_amount"],
        split=(row["platform_fee_amount"], row["organization_fee_amount"], row["seller_share_amount"]),
    )
