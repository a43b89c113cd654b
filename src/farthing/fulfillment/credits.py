"""Kind "credits": the buyer gets credits to spend."""

from datetime import timedelta

from farthing import credits
from farthing.db import Transaction
from farthing.money import Money
from farthing.orders import LineItem, Order


async def grant(tx: Transaction, order: Order, line: LineItem) -> None:
    days = line.details.get("days")
    await credits.grant_line(
        tx,
        order.customer_id,
        order.id,
        line.id,
        line.details["amount"] * line.quantity,
        expires_at=None if days is None else tx.now + timedelta(days=days),
    )


async def revoke(tx: Transaction, order: Order, line: LineItem) -> None:
    """Only what is not spent can be taken back: nobody's balance falls below nothing."""
    await credits.revoke_line(tx, line.id, order.id)


async def restore(tx: Transaction, order: Order, line: LineItem) -> None:
    await credits.restore_line(tx, line.id, order.id)


async def used(tx: Transaction, order: Order, line: LineItem) -> Money:
    """The share of the price that was spent, or ran out, rounded up to a whole minor unit."""
    grant = await credits.find_grant(tx, line.id)
    if grant is None:
        return Money.zero(line.total.currency)
    return Money(-(-line.total.amount * grant.used // grant.amount), line.total.currency)


async def hold(tx: Transaction, order: Order, line: LineItem, reference: str, money: Money) -> None:
    """A refund of so much is promised: its share of the credits is set aside, so that nobody spends what goes back."""
    await credits.hold_line(tx, line.id, order.id, reference, money.amount, line.total.amount)


async def let_go(tx: Transaction, order: Order, line: LineItem, reference: str) -> None:
    await credits.let_go_line(tx, line.id, order.id, reference)
