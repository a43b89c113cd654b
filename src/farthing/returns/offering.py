"""What of an order could be sent back now. Changes nothing."""

from datetime import datetime, timedelta

from farthing import orders, payments, seller_orders
from farthing.catalog import ReturnPolicy
from farthing.db import Transaction
from farthing.ids import OrderId
from farthing.orders import LineItem, Order
from farthing.payments import Standing
from farthing.returns.model import Returnable
from farthing.seller_orders import SellerLine, SellerOrder


async def offer_order(tx: Transaction, id: OrderId, policy: ReturnPolicy) -> list[Returnable]:
    """Every line that is sent, of all who sell in the order."""
    return [each for part in await seller_orders.of_order(tx, id) for each in await offer(tx, part, policy)]


async def offer(tx: Transaction, part: SellerOrder, policy: ReturnPolicy) -> list[Returnable]:
    """Every line of it, and how many may come back until when."""
    order = await orders.get(tx, part.order_id)
    standings = {standing.line.id: standing for standing in await payments.standings(tx, order)}
    arrived = await seller_orders.delivered_at(tx, part.id)
    held = await disputed(tx, order)
    return [
        _of_line(line, standings[line.line_id], arrived.get(line.line_id), policy, now=tx.now, disputed=held)
        for line in part.lines
    ]


async def disputed(tx: Transaction, order: Order) -> bool:
    """Whether a bank has its money, or may take it."""
    return order.access_held_at is not None or await seller_orders.is_disputed(tx, order.id)


def _of_line(
    line: SellerLine, standing: Standing, arrived: datetime | None, policy: ReturnPolicy, *, now: datetime, disputed: bool
) -> Returnable:
    days = _days(standing.line, policy)
    until = None if arrived is None else arrived + timedelta(days=days)
    # What the buyer has, and has the price of: both.
    paid = standing.units_left - line.to_return if standing.total else line.quantity
    count = max(min(line.returnable, paid if standing.left or not standing.total else 0), 0)
    why: str | None
    if arrived is None or until is None:
        why = "not_delivered"
    elif disputed:
        why = "disputed"
    elif not days:
        why = "not_returnable"
    elif until < now:
        why = "window_over"
    elif not line.returnable:
        why = "returned"
    else:
        why = None if count else "refunded"
    return Returnable(line.line_id, line.name, 0 if why else count, until, why)


def _days(line: LineItem, policy: ReturnPolicy) -> int:
    """As it was agreed when it was sold, or else as the shop says."""
    own = line.details.get("return_days")
    return policy.days if own is None else int(own)
