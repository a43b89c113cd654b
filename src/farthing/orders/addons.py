"""Add-ons that are bought after what they accompany: for a line of a paid order of the same buyer, and no more than fit."""

from farthing.db import Transaction
from farthing.errors import Conflict, Invalid, NotFound
from farthing.ids import CustomerId, LineItemId, OrderId
from farthing.lifecycles import OrderStatus
from farthing.orders import store
from farthing.orders.model import LineItem, NewLine, Order


async def base_of(tx: Transaction, customer: CustomerId, line: NewLine) -> tuple[Order, LineItem] | None:
    """What the new add-on accompanies, held until the commit, where that is in an earlier order.

    Raises NotFound for what is not the buyer's, Invalid for what it does not go with, Conflict where it is not paid, was given
    back or has as many as fit. Whoever orders at the same moment waits for the lock, and is counted.
    """
    if line.for_line is None:
        return None
    order, base = await _find(tx, line.for_line)
    if order is None or base is None or order.customer_id != customer:
        raise NotFound(f"There is no line item {line.for_line[:64]!r}.", param="items")
    if base.product not in line.addon_of:
        wanted = " or ".join(repr(key) for key in line.addon_of)
        raise Invalid(f"{line.product!r} accompanies {wanted}, not {base.product!r}.", param="items")
    if order.status != OrderStatus.PAID:
        raise Conflict(
            f"Order {order.number} is {order.status}: an add-on is bought with it, or once it is paid.", param="items"
        )
    if await _is_gone(tx, base.id):
        raise Conflict(f"{base.id} was given back, or is on its way: buy {base.product!r} again.", param="items")
    held, limit = await _held(tx, base.id, line.product), base.quantity * line.addon_max
    if held + line.quantity > limit:
        said = f"{base.id} may have {limit} of {line.product!r}, and has {held} in orders that are paid or may still be."
        raise Conflict(said, param="items")
    return order, base


async def base_line(tx: Transaction, line: LineItem) -> tuple[Order, LineItem]:
    """What an add-on accompanies. Takes no lock."""
    assert line.addon_to is not None, f"{line.id} is no add-on"
    order_id = await _order_of(tx, line.addon_to)
    assert order_id is not None, f"{line.addon_to} is referenced and cannot be gone"
    order = await store.get(tx, order_id)
    return order, next(each for each in order.lines if each.id == line.addon_to)


async def accompanies_something(tx: Transaction, addon: LineItem) -> bool:
    """Whether what an add-on of a later order accompanies is still the buyer's: nobody gives it back until the commit."""
    base, _ = await base_line(tx, addon)
    base = await store.lock(tx, base.id)
    assert addon.addon_to is not None, f"{addon.id} is no add-on"
    return base.status == OrderStatus.PAID and not await _is_gone(tx, addon.addon_to)


async def addons_of(tx: Transaction, base: LineItemId) -> list[tuple[OrderId, LineItemId]]:
    """The paid add-ons of a line, also those of later orders: what is left alone when the line goes back."""
    return await tx.all(
        lambda row: (OrderId.of(row["order_id"]), LineItemId.of(row["id"])),
        """
        SELECT line.order_id, line.id FROM line_items line JOIN orders ON orders.id = line.order_id
        WHERE line.addon_to = %(base)s AND orders.status = 'paid' ORDER BY line.id
        """,
        base=base,
    )


async def _find(tx: Transaction, named: str) -> tuple[Order | None, LineItem | None]:
    try:
        id = LineItemId.parse(named)
    except NotFound:
        return None, None
    order_id = await _order_of(tx, id)
    if order_id is None:
        return None, None
    order = await store.lock(tx, order_id)
    return order, next((line for line in order.lines if line.id == id), None)


async def _order_of(tx: Transaction, line: LineItemId) -> OrderId | None:
    found = await tx.value("SELECT order_id FROM line_items WHERE id = %(line)s", line=line)
    return None if found is None else OrderId.of(found)


async def _is_gone(tx: Transaction, line: LineItemId) -> bool:
    """All that was paid for it went back, or is on its way. The caller holds the lock of its order."""
    gone: bool = await tx.value(
        """
        SELECT refunding_amount + refunded_amount > 0
            AND refunding_amount + refunded_amount >= amount - discount_amount + tax_amount
        FROM line_items WHERE id = %(line)s
        """,
        line=line,
    )
    return gone


async def _held(tx: Transaction, base: LineItemId, product: str) -> int:
    held: int = await tx.value(
        """
        SELECT coalesce(sum(line.quantity), 0)::int FROM line_items line JOIN orders ON orders.id = line.order_id
        WHERE line.addon_to = %(base)s AND line.product = %(product)s AND orders.status IN ('open', 'paid')
        """,
        base=base,
        product=product,
    )
    return held
