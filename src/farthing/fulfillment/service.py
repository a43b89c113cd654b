"""Kind "service": people do it, unit by unit, and say so."""

from datetime import timedelta
from typing import Final

from farthing import events, orders
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid
from farthing.events import EventName
from farthing.fulfillment import store
from farthing.fulfillment.store import Fulfillment
from farthing.ids import LineItemId, OrderId
from farthing.lifecycles import FULFILLMENT, FulfillmentStatus
from farthing.money import Money
from farthing.orders import LineItem, Order

NOTE_MAX: Final = 500


async def grant(tx: Transaction, order: Order, line: LineItem) -> None:
    """It is on the list of what is to be done."""
    days = line.details.get("deadline_days")
    due_at = None if days is None else tx.now + timedelta(days=days)
    units = line.quantity * line.details["units"]
    if await store.insert(tx, order.id, line.id, units, due_at) is not None:
        await _tell(tx, "fulfillment.opened", line.id)


async def revoke(tx: Transaction, order: Order, line: LineItem) -> None:
    """Nobody starts it any more. What was delivered stays delivered."""
    found = await store.lock(tx, line.id)
    if FULFILLMENT.allows(found.status, "cancel"):
        await store.save(tx, found.id, FULFILLMENT.move(found.status, "cancel"), found.delivered_units, None)
        await _tell(tx, "fulfillment.canceled", line.id)


async def restore(tx: Transaction, order: Order, line: LineItem) -> None:
    found = await store.lock(tx, line.id)
    verb = "resume" if found.delivered_units else "reopen"
    if FULFILLMENT.allows(found.status, verb):
        await store.save(tx, found.id, FULFILLMENT.move(found.status, verb), found.delivered_units, None)
        await _tell(tx, "fulfillment.opened", line.id)


async def used(tx: Transaction, order: Order, line: LineItem) -> Money:
    """The units that are delivered: their share of the price, rounded up to a whole minor unit."""
    found = await store.find(tx, line.id)
    if found is None:
        return Money.zero(line.total.currency)
    return Money(-(-line.total.amount * found.delivered_units // found.units), line.total.currency)


async def advance_to(
    tx: Transaction, order: OrderId, line: LineItemId, delivered: int, *, note: str | None = None
) -> Fulfillment:
    """So many of its units are delivered by now, all in all; 0: somebody has begun. Saying the same again changes nothing.

    Raises NotFound for a line without work, Invalid for more units than there are, Conflict for fewer than before, or where it
    is canceled.
    """
    if note is not None and (len(note) > NOTE_MAX or "\0" in note):
        raise Invalid(f"A note has at most {NOTE_MAX} characters.", param="note")
    locked = await orders.lock(tx, order)
    if all(each.id != line for each in locked.lines):
        raise Invalid(f"{line} is no line item of {order}.", param="line_item")
    found = await store.lock(tx, line)
    if not 0 <= delivered <= found.units:
        units = "1 unit" if found.units == 1 else f"{found.units} units"
        raise Invalid(f"{found.id} has {units}: say from 0 to {found.units}.", param="delivered_units")
    if delivered < found.delivered_units:
        raise Conflict(f"Of {found.id} {found.delivered_units} were delivered, which cannot be undone: give the money back.")
    reached = FulfillmentStatus.DELIVERED if delivered == found.units else FulfillmentStatus.IN_PROGRESS
    if reached == found.status and delivered == found.delivered_units and note in (None, found.note):
        return found
    if reached != found.status:
        FULFILLMENT.move(found.status, "deliver" if reached == FulfillmentStatus.DELIVERED else "start")
    await store.save(tx, found.id, reached, delivered, note)
    name: EventName = "fulfillment.delivered" if reached == FulfillmentStatus.DELIVERED else "fulfillment.progressed"
    return await _tell(tx, name, line, note=note)


async def _tell(tx: Transaction, name: EventName, line: LineItemId, **more: object) -> Fulfillment:
    now = await store.lock(tx, line)
    await events.record(
        tx,
        name,
        order=now.order_id,
        fulfillment=now.id,
        line_item=line,
        status=str(now.status),
        units=now.units,
        delivered_units=now.delivered_units,
        **more,
    )
    return now
