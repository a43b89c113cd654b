"""What a refund does to the lines of its order: how much of each goes back, and which lose what they granted."""

from collections.abc import Collection, Sequence
from typing import Any

from farthing import fulfillment, orders
from farthing.db import Transaction
from farthing.errors import Conflict
from farthing.ids import LineItemId, OrderId, RefundId
from farthing.lifecycles import OrderStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import line_store
from farthing.payments.model import Refund
from farthing.payments.shares import RefundLine, lost_of, spread


async def set_aside(
    tx: Transaction, order: Order, refund: Refund, parts: Sequence[RefundLine] = (), *, made_already: bool = False
) -> None:
    """Write down what goes back of each line. Without `parts` the amount is spread over all of them. Raises Conflict."""
    standings = await (line_store.all_standings if made_already else line_store.standings)(tx, order)
    found = parts or spread(standings, refund.money)
    lines = {line.id: line for line in order.lines}
    for part in found:
        if not await line_store.insert(tx, refund.id, part, made_already=made_already):
            raise Conflict(f"{part.line} has less left to refund than {part.amount}: look again at what is left.")
        without_tax = Money(part.amount - part.tax, refund.money.currency)
        await fulfillment.reverse(tx, lines[part.line], str(refund.id), without_tax)
        whole = Money(part.amount, refund.money.currency)
        await fulfillment.hold(tx, order, lines[part.line], str(refund.id), whole)


async def withdraw(tx: Transaction, order: Order, refund: RefundId) -> None:
    """It did not go back after all: whoever bore a part of it has it again, and the buyer what was set aside."""
    for line in order.lines:
        await fulfillment.withdraw_reversal(tx, line, str(refund))
        await fulfillment.let_go(tx, order, line, str(refund))


async def bear_loss(tx: Transaction, order: Order, reference: str, lost: Money) -> None:
    """A bank took so much of what paid for the order, and nobody gets it back: who shared in the lines bears it with us."""
    lines = {line.id: line for line in order.lines}
    for line, without_tax in lost_of(await line_store.all_standings(tx, order), lost):
        await fulfillment.reverse(tx, lines[line], reference, without_tax)


async def take_back_loss(tx: Transaction, order: Order, reference: str) -> None:
    """It is not lost after all."""
    for line in order.lines:
        await fulfillment.withdraw_reversal(tx, line, reference)


async def gone(tx: Transaction, order: Order) -> frozenset[LineItemId]:
    """The lines that are back with their buyer whole: what they granted is revoked.

    A line that cost nothing goes with the whole order.
    """
    refunded = order.status == OrderStatus.REFUNDED
    standings = await line_store.standings(tx, order)
    return frozenset(each.line.id for each in standings if each.is_back or (refunded and not each.total))


async def follow(tx: Transaction, order_id: OrderId, before: Collection[LineItemId]) -> None:
    """Revoke the lines that are gone now and were not before, and restore those that came back."""
    order = await orders.get(tx, order_id)
    now = await gone(tx, order)
    for line in order.lines:
        if line.id in now and line.id not in before:
            await fulfillment.revoke_line(tx, order, line)
        elif line.id in before and line.id not in now:
            await fulfillment.restore_line(tx, order, line)


async def described(tx: Transaction, order: Order, refund: RefundId) -> list[dict[str, Any]]:
    """What an event tells of the lines of a refund. `gone`: nothing of the line is left with the buyer."""
    lines = {line.id: line for line in order.lines}
    whole = await gone(tx, order)
    return [
        {
            "id": part.line,
            "product": lines[part.line].product,
            "quantity": part.quantity,
            "amount": {"amount": part.amount, "currency": order.total.currency},
            "gone": part.line in whole,
            "metadata": dict(lines[part.line].metadata),
        }
        for part in await line_store.of_refund(tx, refund)
    ]
