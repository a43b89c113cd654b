"""A paid line earns, and what is given back is earned by nobody. The caller holds the order's lock."""

from farthing import events, ledger
from farthing.db import Transaction
from farthing.earnings import store
from farthing.earnings.model import Earning
from farthing.ids import LineItemId
from farthing.ledger import Move
from farthing.money import Money
from farthing.orders import LineItem, Order
from farthing.shares import Shares


async def record(tx: Transaction, order: Order, line: LineItem) -> None:
    """Share what was paid for a seller's line, without tax, as it was agreed when it was ordered. Harmless when repeated.

    Of a line that cost less in the end, everybody bears their part.
    """
    agreed = Shares(*(Money(line.details[f"{part}_amount"], line.total.currency) for part in PARTS))
    shares = agreed.part(min(line.amount - line.discount, agreed.total))
    id = await store.insert(tx, order, line, shares)
    if id is None:
        return
    earning = await store.find_of_line(tx, line.id)
    assert earning is not None, "it was inserted above"
    await ledger.post(tx, "sale_shared", str(id), *_moves(earning, shares), order=order.id)
    await events.record(tx, "earning.recorded", order=order.id, **_described(earning, shares))


async def reverse(tx: Transaction, line: LineItemId, reference: str, money: Money) -> None:
    """So much of what was paid for the line, without tax, goes back: everybody bears their part. Once for each `reference`."""
    earning = await store.find_of_line(tx, line)
    if earning is None:
        return
    part = earning.left.part(min(money, earning.left.total))
    if not part.total or not await store.add_reversal(tx, earning.id, reference, part):
        return
    moves = [Move(move.target, move.source, move.money) for move in _moves(earning, part)]
    await ledger.post(tx, "sale_share_reversed", f"{reference} {earning.id}", *moves, order=earning.order_id)
    await events.record(tx, "earning.reversed", order=earning.order_id, reference=reference, **_described(earning, part))


async def withdraw_reversal(tx: Transaction, line: LineItemId, reference: str) -> None:
    """That refund or dispute took nothing after all: everybody has again exactly what it took."""
    earning = await store.find_of_line(tx, line)
    part = None if earning is None else await store.withdraw_reversal(tx, earning.id, reference)
    if earning is None or part is None:
        return
    await ledger.post(tx, "sale_share_restored", f"{reference} {earning.id}", *_moves(earning, part), order=earning.order_id)
    await events.record(tx, "earning.restored", order=earning.order_id, reference=reference, **_described(earning, part))


PARTS = ("platform_fee", "organization_fee", "seller_share")


def _moves(earning: Earning, part: Shares) -> list[Move]:
    """Out of our sales, which are on the other side of the books, to those who share in them."""
    return [
        Move(ledger.PLATFORM_FEES, ledger.SALES, part.platform_fee),
        Move(ledger.organization(earning.seller), ledger.SALES, part.organization_fee),
        Move(ledger.seller(earning.seller), ledger.SALES, part.seller_share),
    ]


def _described(earning: Earning, part: Shares) -> dict[str, object]:
    return {
        "earning": earning.id,
        "line_item": earning.line_id,
        "seller": earning.seller_id,
        "amount": {"amount": part.total.amount, "currency": part.total.currency},
        "platform_fee_amount": part.platform_fee.amount,
        "organization_fee_amount": part.organization_fee.amount,
        "seller_share_amount": part.seller_share.amount,
    }
