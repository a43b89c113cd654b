"""What can be done to an order. Each takes the open transaction, moves the order along its lifecycle and records it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from farthing import events
from farthing.db import Transaction
from farthing.ids import CustomerId, LineItemId, OrderId
from farthing.lifecycles import ORDER, OrderStatus
from farthing.money import Money
from farthing.orders import store
from farthing.orders.model import LineItem, NewLine, Order


async def place(
    tx: Transaction,
    *,
    customer: CustomerId,
    email: str | None,
    lines: Sequence[NewLine],
    total: Money,
    expires_at: datetime,
    livemode: bool,
    metadata: Mapping[str, str],
) -> Order:
    """Store what was asked for at the price of now. The caller has priced it; nothing from the buyer is a price."""
    items = tuple(_item(line) for line in lines)
    order = Order(
        id=OrderId.new(),
        number=0,
        customer_id=customer,
        email=email,
        livemode=livemode,
        status=OrderStatus.OPEN,
        subtotal=sum((item.amount for item in items), start=Money.zero(total.currency)),
        total=total,
        metadata=dict(metadata),
        placed_at=tx.now,
        expires_at=expires_at,
        paid_at=None,
        closed_at=None,
        lines=items,
    )
    order = replace(order, number=await store.insert(tx, order))
    await events.record(tx, "order.placed", order=order.id, **order.described())
    return order


async def mark_paid(tx: Transaction, order: Order) -> Order:
    """The whole price is in. The caller holds the order's lock."""
    return await _move(tx, order, "pay", "order.paid")


async def expire(tx: Transaction, order: Order) -> Order:
    return await _move(tx, order, "expire", "order.expired")


async def cancel(tx: Transaction, order: Order) -> Order:
    return await _move(tx, order, "cancel", "order.canceled")


async def mark_refunded(tx: Transaction, order: Order) -> Order:
    """The whole price is back with the buyer."""
    return await _move(tx, order, "refund", "order.refunded")


async def reinstate(tx: Transaction, order: Order) -> Order:
    """A refund came back from the bank: the order is paid again."""
    paid = replace(order, status=ORDER.move(order.status, "reinstate"))
    await store.save_status(tx, order, paid.status)
    return paid


async def _move(tx: Transaction, order: Order, verb: str, event: events.EventName) -> Order:
    moved = replace(order, status=ORDER.move(order.status, verb))
    await store.save_status(tx, order, moved.status)
    await events.record(tx, event, order=order.id, **order.described())
    return moved


def _item(line: NewLine) -> LineItem:
    return LineItem(
        id=LineItemId.new(),
        product=line.product,
        kind=line.kind,
        name=line.name,
        quantity=line.quantity,
        unit=line.unit,
        amount=line.unit * line.quantity,
        features=line.features,
        access_days=line.access_days,
        metadata=line.metadata,
    )
