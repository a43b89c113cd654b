"""What a bank charged for a dispute, where sellers bear it: a debt that nobody takes back at the provider, kept of what they
earn next. It is charged once for each dispute, and stays: the bank does not give it back either.
"""

from collections.abc import Collection
from dataclasses import dataclass

from farthing import earnings, events, ledger, sellers
from farthing.db import Row, Transaction
from farthing.ids import DisputeId, LineItemId, OrderId, SellerId
from farthing.ledger import Move
from farthing.money import Money


@dataclass(frozen=True, slots=True)
class SellerFee:
    dispute_id: DisputeId
    seller_id: SellerId
    line_id: LineItemId
    left: Money
    """What of it is not kept yet."""


async def charge(tx: Transaction, order: OrderId, dispute: DisputeId, fee: Money) -> None:
    """Those who sold the order bear it, by their shares. Harmless when repeated. The order is locked."""
    shares: dict[SellerId, int] = {}
    lines: dict[SellerId, LineItemId] = {}
    for each in await earnings.of_order(tx, order):
        shares[each.seller_id] = shares.get(each.seller_id, 0) + each.shares.seller_share.amount
        lines.setdefault(each.seller_id, each.line_id)
    bearing = [seller for seller in sorted(shares) if shares[seller]]
    if fee.amount <= 0 or not bearing:
        return
    for seller, part in zip(bearing, fee.split([shares[each] for each in bearing]), strict=True):
        if not part or not await _insert(tx, dispute, seller, lines[seller], part):
            continue
        name = (await sellers.get(tx, seller)).external_id
        move = Move(ledger.DISPUTE_FEES, ledger.seller_owes(name), part)
        await ledger.post(tx, "dispute_fee_charged", f"{dispute} {seller}", move, order=order)
        amount = {"amount": part.amount, "currency": part.currency}
        await events.record(tx, "seller.dispute_fee_charged", order=order, seller=seller, dispute=dispute, amount=amount)


async def open_of(tx: Transaction, sellers: Collection[SellerId]) -> list[SellerFee]:
    """What of their fees is not kept yet, the oldest first. The sellers are locked."""
    return await tx.all(
        _fee,
        """
        SELECT dispute_id, seller_id, line_item_id, currency, amount - kept_amount AS open_amount FROM seller_fees
        WHERE seller_id = ANY(%(sellers)s) AND kept_amount < amount ORDER BY charged_at, dispute_id FOR UPDATE
        """,
        sellers=list(sellers),
    )


async def keep(tx: Transaction, fee: SellerFee, part: Money) -> None:
    """So much of it is kept of what its seller was to get."""
    await tx.run(
        """
        UPDATE seller_fees SET kept_amount = kept_amount + %(part)s
        WHERE dispute_id = %(dispute)s AND seller_id = %(seller)s
        """,
        part=part.amount,
        dispute=fee.dispute_id,
        seller=fee.seller_id,
    )


async def _insert(tx: Transaction, dispute: DisputeId, seller: SellerId, line: LineItemId, part: Money) -> bool:
    return bool(
        await tx.run(
            """
            INSERT INTO seller_fees (dispute_id, seller_id, line_item_id, currency, amount, charged_at)
            VALUES (%(dispute)s, %(seller)s, %(line)s, %(currency)s, %(amount)s, %(now)s) ON CONFLICT DO NOTHING
            """,
            dispute=dispute,
            seller=seller,
            line=line,
            currency=part.currency,
            amount=part.amount,
            now=tx.now,
        )
    )


def _fee(row: Row) -> SellerFee:
    return SellerFee(
        DisputeId.of(row["dispute_id"]),
        SellerId.of(row["seller_id"]),
        LineItemId.of(row["line_item_id"]),
        Money(row["open_amount"], row["currency"]),
    )
