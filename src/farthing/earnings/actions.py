"""A paid line earns, and what is given back is earned by nobody. The caller holds the order's lock."""

from dataclasses import replace
from typing import Any, Final

from farthing import events, ledger
from farthing.db import Transaction
from farthing.earnings import store
from farthing.earnings.model import Earning
from farthing.ids import LineItemId
from farthing.ledger import Move
from farthing.money import Money
from farthing.orders import LineItem, Order
from farthing.shares import Shares

PARTS: Final = ("platform_fee", "organization_fee", "seller_share")


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
    share = Move(ledger.seller(earning.seller), ledger.SALES, shares.seller_share)
    await ledger.post(tx, "sale_shared", str(id), *_fees(earning, shares), share, order=order.id)
    await events.record(tx, "earning.recorded", order=order.id, **_described(earning, shares))


async def reverse(tx: Transaction, line: LineItemId, reference: str, money: Money) -> None:
    """So much of what was paid for the line, without tax, goes back: everybody bears their part. Once for each `reference`.

    What of the seller's part is with them already, they owe from now on.
    """
    earning = await store.find_of_line(tx, line)
    if earning is None:
        return
    part = earning.left.part(min(money, earning.left.total))
    if not part.total or not await store.add_reversal(tx, earning.id, reference, part):
        return
    after = replace(earning, refunded=earning.refunded + part)
    moves = [Move(move.target, move.source, move.money) for move in _fees(earning, part)]
    moves += [
        Move(ledger.SALES, ledger.seller(earning.seller), earning.pending - after.pending),
        Move(ledger.SALES, ledger.seller_owes(earning.seller), after.owed - earning.owed),
    ]
    await ledger.post(tx, "sale_share_reversed", f"{reference} {earning.id}", *moves, order=earning.order_id)
    await events.record(tx, "earning.reversed", order=earning.order_id, reference=reference, **_described(earning, part))


async def withdraw_reversal(tx: Transaction, line: LineItemId, reference: str) -> Earning | None:
    """That refund or dispute took nothing after all: everybody has again exactly what it took. None where it had nothing."""
    earning = await store.find_of_line(tx, line)
    part = None if earning is None else await store.withdraw_reversal(tx, earning.id, reference)
    if earning is None or part is None:
        return None
    after = replace(earning, refunded=earning.refunded - part)
    moves = [
        *_fees(earning, part),
        Move(ledger.seller(earning.seller), ledger.SALES, after.pending - earning.pending),
        Move(ledger.seller_owes(earning.seller), ledger.SALES, earning.owed - after.owed),
    ]
    await ledger.post(tx, "sale_share_restored", f"{reference} {earning.id}", *moves, order=earning.order_id)
    await events.record(tx, "earning.restored", order=earning.order_id, reference=reference, **_described(earning, part))
    return after


def _fees(earning: Earning, part: Shares) -> list[Move]:
    """Out of our sales, which are on the other side of the books, to those who stay with us."""
    return [
        Move(ledger.PLATFORM_FEES, ledger.SALES, part.platform_fee),
        Move(ledger.organization(earning.seller), ledger.SALES, part.organization_fee),
    ]


def _described(earning: Earning, part: Shares) -> dict[str, Any]:
    return {
        "earning": earning.id,
        "line_item": earning.line_id,
        "seller": earning.seller_id,
        "amount": {"amount": part.total.amount, "currency": part.total.currency},
        "platform_fee_amount": part.platform_fee.amount,
        "organization_fee_amount": part.organization_fee.amount,
        "seller_share_amount": part.seller_share.amount,
    }
