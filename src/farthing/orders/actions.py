"""What can be done to an order. Each takes the open transaction, moves the order along its lifecycle and records it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from farthing import discounts, events, inventory
from farthing.db import Transaction
from farthing.ids import CustomerId, LineItemId, OrderId
from farthing.lifecycles import ORDER, OrderStatus
from farthing.money import Money
from farthing.orders import model, store
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
    locale: str | None = None,
) -> Order:
    """Store what was asked for at the price of now. The caller has priced it; nothing from the buyer is a price."""
    items = _items(lines)
    zero = Money.zero(total.currency)
    order = Order(
        id=OrderId.new(),
        number=0,
        customer_id=customer,
        email=email,
        livemode=livemode,
        status=OrderStatus.OPEN,
        subtotal=sum((item.amount for item in items), start=zero),
        discount=sum((item.discount for item in items), start=zero),
        tax=sum((item.tax for item in items), start=zero),
        total=total,
        metadata=dict(metadata),
        locale=locale,
        placed_at=tx.now,
        expires_at=expires_at,
        paid_at=None,
        cancel_requested_at=None,
        closed_at=None,
        lines=items,
    )
    order = replace(order, number=await store.insert(tx, order))
    await events.record(tx, "order.placed", order=order.id, **order.described())
    return order


async def mark_paid(tx: Transaction, order: Order) -> Order:
    """The whole price is in. The caller holds the order's lock."""
    await discounts.consume(tx, order.id)
    return await _move(tx, order, "pay", "order.paid")


async def reduce(tx: Transaction, order: Order, uncaptured: Money) -> Order:
    """Less was captured than was authorized: the price is what was taken. The caller holds the order's lock."""
    reduced = model.reduced(order, uncaptured)
    await store.save_reduced(tx, reduced)
    amount = {"amount": uncaptured.amount, "currency": uncaptured.currency}
    await events.record(tx, "order.reduced", order=order.id, amount=amount)
    return reduced


async def extend(tx: Transaction, order: Order, until: datetime) -> Order:
    """Give the buyer this long at least. The caller holds the order's lock."""
    if until <= order.expires_at:
        return order
    await store.save_expiry(tx, order, until)
    await inventory.extend(tx, order.id, until)
    return replace(order, expires_at=until)


async def request_cancel(tx: Transaction, order: Order) -> None:
    """Somebody wants it called off. That is decided at the provider: there, a buyer may be paying at this moment."""
    ORDER.move(order.status, "cancel")
    if order.cancel_requested_at is None:
        await store.save_cancel_request(tx, order)
        await events.record(tx, "order.cancel_requested", order=order.id)


async def close_unpaid(tx: Transaction, order: Order) -> Order:
    """Nobody can pay it any more: canceled if somebody wanted that, else expired. Nothing, where it is not open."""
    verb = "expire" if order.cancel_requested_at is None else "cancel"
    if not ORDER.allows(order.status, verb):
        return order
    if verb == "cancel":
        return await cancel(tx, order)
    await _let_go(tx, order)
    return await _move(tx, order, "expire", "order.expired")


async def cancel(tx: Transaction, order: Order) -> Order:
    await _let_go(tx, order)
    return await _move(tx, order, "cancel", "order.canceled")


async def mark_refunded(tx: Transaction, order: Order) -> Order:
    """The whole price is back with the buyer."""
    return await _move(tx, order, "refund", "order.refunded")


async def reinstate(tx: Transaction, order: Order) -> Order:
    """A refund came back from the bank: the order is paid again."""
    paid = replace(order, status=ORDER.move(order.status, "reinstate"))
    await store.save_status(tx, order, paid.status)
    return paid


async def hold_access(tx: Transaction, order: Order) -> Order:
    """Its payment is disputed: nothing it granted is handed over again until `release_access`."""
    await store.save_access_held(tx, order, held=True)
    return replace(order, access_held_at=tx.now)


async def release_access(tx: Transaction, order: Order) -> Order:
    await store.save_access_held(tx, order, held=False)
    return replace(order, access_held_at=None)


async def _let_go(tx: Transaction, order: Order) -> None:
    """Nobody can pay it any more: what was kept for it is somebody else's."""
    await discounts.release(tx, order.id)
    await inventory.release(tx, order.id)


async def _move(tx: Transaction, order: Order, verb: str, event: events.EventName) -> Order:
    moved = replace(order, status=ORDER.move(order.status, verb))
    if moved.status in (OrderStatus.PAID, OrderStatus.REFUNDED):
        moved = replace(moved, payment_status="paid" if moved.status == OrderStatus.PAID else "refunded")
    await store.save_status(tx, order, moved.status)
    await events.record(tx, event, order=order.id, **order.described())
    return moved


def _items(lines: Sequence[NewLine]) -> tuple[LineItem, ...]:
    ids = [LineItemId.new() for _ in lines]
    return tuple(_item(id, line, _accompanied(line, ids)) for id, line in zip(ids, lines, strict=True))


def _accompanied(line: NewLine, ids: Sequence[LineItemId]) -> LineItemId | None:
    if line.base is not None:
        return ids[line.base]
    return None if line.for_line is None else LineItemId.parse(line.for_line)


def _item(id: LineItemId, line: NewLine, addon_to: LineItemId | None) -> LineItem:
    return LineItem(
        id=id,
        product=line.product,
        kind=line.kind,
        name=line.name,
        quantity=line.quantity,
        unit=line.unit,
        amount=line.unit * line.quantity,
        features=line.features,
        access_days=line.access_days,
        metadata=line.metadata,
        discount=Money(line.discount_amount, line.unit.currency),
        tax=Money(line.tax_amount, line.unit.currency),
        details=line.details,
        addon_to=addon_to,
    )
