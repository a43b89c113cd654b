"""What can be done to a purchase. The caller holds the order's lock; purchases are locked after payments and refunds."""

from typing import Final

import structlog

from farthing import entitlements, events, ledger
from farthing.db import Transaction
from farthing.ids import LineItemId
from farthing.ledger import Move
from farthing.lifecycles import PURCHASE
from farthing.money import Money
from farthing.orders import LineItem, Order
from farthing.purchases import store
from farthing.purchases.model import Purchase
from farthing.shares import Shares, share

log = structlog.get_logger("farthing.purchases")

ALREADY_PURCHASED: Final = "already_purchased"
"""Why money for it goes back."""


async def refusal(tx: Transaction, order: Order, line: LineItem) -> str | None:
    """Why the line cannot be handed over although it is being paid: the customer owns the content by another order.

    From here to the commit nobody else becomes its owner: of two orders paid at the same moment, one is refused.
    """
    return ALREADY_PURCHASED if await store.stands_now(tx, order.customer_id, line.details["reference"]) else None


async def record(tx: Transaction, order: Order, line: LineItem) -> None:
    """Make the customer the owner, and share the price, in the transaction that marks the order paid. Harmless
    when repeated.
    """
    content, amount = line.details["reference"], line.amount - line.discount
    shares = share(
        amount,
        platform=line.details["platform_fee_basis_points"],
        organization=line.details["organization_fee_basis_points"],
    )
    id = await store.insert(tx, order, line, content, amount, shares)
    if id is None:
        return
    purchase = await store.get(tx, id)
    moves = [_turned(move) for move in _moves(purchase, shares)]
    await ledger.post(tx, "sale_shared", str(id), *moves, order=order.id)
    await events.record(tx, "purchase.completed", order=order.id, **_described(purchase))
    log.info(
        "purchase.completed",
        purchase=str(id),
        customer=str(order.customer_id),
        content=content,
        amount=amount.amount,
        currency=amount.currency,
    )


async def revoke(tx: Transaction, line: LineItemId) -> None:
    """The customer does not own it any more."""
    purchase = await store.lock_of_line(tx, line)
    if purchase is None or not PURCHASE.allows(purchase.status, "refund"):
        return
    await store.save_status(tx, purchase.id, PURCHASE.move(purchase.status, "refund"))
    await entitlements.outdate(tx, purchase.customer_id)
    await events.record(tx, "purchase.refunded", order=purchase.order_id, **_described(purchase))


async def suspend(tx: Transaction, line: LineItemId) -> None:
    """The customer has it no more while the payment is disputed, and cannot buy it again: `restore` or `revoke` decides."""
    purchase = await store.lock_of_line(tx, line)
    if purchase is None or not PURCHASE.allows(purchase.status, "suspend"):
        return
    await store.save_status(tx, purchase.id, PURCHASE.move(purchase.status, "suspend"))
    await entitlements.outdate(tx, purchase.customer_id)
    await events.record(tx, "purchase.suspended", order=purchase.order_id, **_described(purchase))


async def restore(tx: Transaction, line: LineItemId) -> None:
    """The customer owns it again, unless they have bought it again meanwhile: then that is written down for somebody to see."""
    purchase = await store.lock_of_line(tx, line)
    if purchase is None or not PURCHASE.allows(purchase.status, "restore"):
        return
    other = await store.stands_now(tx, purchase.customer_id, purchase.content)
    if other is not None and other.id != purchase.id:
        await events.record(tx, "purchase.not_restored", order=purchase.order_id, **_described(purchase))
        return
    await store.save_status(tx, purchase.id, PURCHASE.move(purchase.status, "restore"))
    await entitlements.outdate(tx, purchase.customer_id)
    await events.record(tx, "purchase.restored", order=purchase.order_id, **_described(purchase))


async def reverse(tx: Transaction, line: LineItemId, reference: str, money: Money) -> Shares | None:
    """So much of what was paid for the line, without tax, goes back: everybody bears their part of it. Once for each
    `reference`, the id of a refund or a dispute. What is more than there is left to bear is the shop's own.
    """
    purchase = await store.lock_of_line(tx, line)
    if purchase is None:
        return None
    part = purchase.left.part(min(money, purchase.left.total))
    if not part.total or not await store.add_reversal(tx, purchase.id, reference, part):
        return None
    await store.add_refunded(tx, purchase.id, part, 1)
    await ledger.post(tx, "sale_share_reversed", f"{reference} {purchase.id}", *_moves(purchase, part), order=purchase.order_id)
    await events.record(
        tx,
        "purchase.shares_reversed",
        order=purchase.order_id,
        purchase=purchase.id,
        reference=reference,
        **_parts(part),
    )
    return part


async def withdraw_reversal(tx: Transaction, line: LineItemId, reference: str) -> None:
    """The refund did not happen after all: everybody has again exactly what it took from them."""
    purchase = await store.lock_of_line(tx, line)
    part = None if purchase is None else await store.withdraw_reversal(tx, purchase.id, reference)
    if purchase is None or part is None:
        return
    await store.add_refunded(tx, purchase.id, part, -1)
    moves = [_turned(move) for move in _moves(purchase, part)]
    await ledger.post(tx, "sale_share_restored", f"{reference} {purchase.id}", *moves, order=purchase.order_id)
    await events.record(
        tx, "purchase.shares_restored", order=purchase.order_id, purchase=purchase.id, reference=reference, **_parts(part)
    )


def _moves(purchase: Purchase, part: Shares) -> list[Move]:
    """Taking it from those who share, back into our sales. What the shop sells itself is nobody's but its own."""
    if purchase.seller is None:
        return []
    moves = [
        Move(ledger.SALES, ledger.PLATFORM_FEES, part.platform_fee),
        Move(ledger.SALES, ledger.seller(purchase.seller), part.seller_share),
    ]
    if purchase.organization is not None:
        moves.append(Move(ledger.SALES, ledger.organization(purchase.organization), part.organization_fee))
    return moves


def _turned(move: Move) -> Move:
    return Move(move.target, move.source, move.money)


def _described(purchase: Purchase) -> dict[str, object]:
    return {
        "purchase": purchase.id,
        "content": purchase.content,
        "customer": purchase.customer_id,
        "amount": {"amount": purchase.amount.amount, "currency": purchase.amount.currency},
        "seller": purchase.seller,
        "organization": purchase.organization,
    }


def _parts(part: Shares) -> dict[str, object]:
    return {
        "amount": {"amount": part.total.amount, "currency": part.total.currency},
        "platform_fee_amount": part.platform_fee.amount,
        "organization_fee_amount": part.organization_fee.amount,
        "seller_share_amount": part.seller_share.amount,
    }
