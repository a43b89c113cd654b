"""What the people of the warehouse say: what came, what was counted, what was lost, what was carried elsewhere."""

from datetime import datetime

from farthing import events
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid, NotFound
from farthing.inventory import actions, store
from farthing.inventory.model import MAIN, MovementKind, Policy, StockItem, checked_quantity, checked_sku


async def place_named(tx: Transaction, key: str, name: str, *, priority: int = 0, active: bool = True) -> None:
    """Make a location, or say something else of it. The one with the smallest priority is emptied first."""
    await store.upsert_location(tx, key, name, priority, active=active)


async def define(
    tx: Transaction,
    sku: str,
    name: str,
    *,
    policy: Policy = "deny",
    backorder_max: int | None = None,
    expected_at: datetime | None = None,
    low_at: int | None = None,
) -> StockItem:
    """Say that something is counted, and what is done when nothing is left. Raises Conflict for a limit below what is sold."""
    if policy == "deny" and backorder_max is not None:
        raise Invalid(
            "Nothing is sold of what is to come under the policy deny: leave backorder_max out.", param="backorder_max"
        )
    known = await store.upsert_item(
        tx, checked_sku(sku), name, policy, backorder_max=backorder_max, expected_at=expected_at, low_at=low_at
    )
    if not known:
        raise Conflict(f"More of {sku} that is to come is sold already than {backorder_max}.", param="backorder_max")
    return await get(tx, sku)


async def get(tx: Transaction, sku: str) -> StockItem:
    found = await store.find_item(tx, sku)
    if found is None:
        raise NotFound(f"There is no stock of {sku[:100]!r}.", param="sku")
    return found


async def receive(
    tx: Transaction, sku: str, quantity: int, *, location: str = MAIN, reason: str | None = None, reference: str | None = None
) -> bool:
    """So many have come, and whoever waits for them is served; False where that was said before under the same reference."""
    await _ready(tx, sku, location)
    new = await store.insert_movement(
        tx, "received", sku, location, checked_quantity(quantity), reason=reason, reference=reference
    )
    if not new:
        return False
    await store.change_level(tx, sku, location, on_hand=quantity)
    await events.record(tx, "stock.received", sku=sku, location=location, quantity=quantity)
    await actions.arrived(tx, sku, location)
    await store.no_longer_low(tx, sku)
    return True


async def count(tx: Transaction, sku: str, on_hand: int, *, location: str = MAIN, reason: str | None = None) -> int:
    """Somebody counted them: returns by how many the books were wrong. Raises Conflict for fewer than orders hold."""
    if type(on_hand) is not int or on_hand < 0:
        raise Invalid("What lies on a shelf is a whole number, 0 or more.", param="on_hand")
    await _ready(tx, sku, location)
    before = next((level for level in (await get(tx, sku)).levels if level.location == location), None)
    known = before.on_hand if before else 0
    change = on_hand - known
    if not change:
        return 0
    await _take(tx, sku, location, change, "counted", reason)
    return change


async def lose(tx: Transaction, sku: str, quantity: int, *, location: str = MAIN, reason: str) -> None:
    """So many are broken, stolen or gone. Raises Conflict where orders hold what would be missing."""
    await _ready(tx, sku, location)
    await _take(tx, sku, location, -checked_quantity(quantity), "lost", reason)


async def carry(tx: Transaction, sku: str, quantity: int, *, source: str, target: str, reason: str | None = None) -> None:
    """So many are carried from one place to another. What orders hold stays where it is."""
    checked_quantity(quantity)
    if source == target:
        raise Invalid("It is carried to where it lies: name two places.", param="target")
    await _ready(tx, sku, target)
    if not await store.change_level(tx, sku, source, on_hand=-quantity):
        raise await _too_few(tx, sku, source)
    await store.change_level(tx, sku, target, on_hand=quantity)
    for place, moved in ((source, -quantity), (target, quantity)):
        await store.insert_movement(tx, "moved", sku, place, moved, reason=reason)
    await events.record(tx, "stock.moved", sku=sku, source=source, target=target, quantity=quantity)
    await actions.arrived(tx, sku, target)


async def _ready(tx: Transaction, sku: str, location: str) -> None:
    """Lock the item, and have a row for it there."""
    await get(tx, checked_sku(sku))
    if not await store.has_location(tx, location):
        if location != MAIN:
            raise NotFound(f"There is no location {location[:63]!r}.", param="location")
        await store.upsert_location(tx, MAIN, "Main", 0, active=True)
    await store.lock(tx, [sku])
    await store.add_level(tx, sku, location)


async def _take(tx: Transaction, sku: str, location: str, change: int, kind: MovementKind, reason: str | None) -> None:
    if not await store.change_level(tx, sku, location, on_hand=change):
        raise await _too_few(tx, sku, location)
    await store.insert_movement(tx, kind, sku, location, change, reason=reason)
    event: events.EventName = "stock.lost" if kind == "lost" else "stock.counted"
    await events.record(tx, event, sku=sku, location=location, quantity=change, reason=reason)
    if change > 0:
        await actions.arrived(tx, sku, location)
        await store.no_longer_low(tx, sku)
    else:
        await actions.tell_low(tx, [sku])


async def _too_few(tx: Transaction, sku: str, location: str) -> Conflict:
    """Why so many cannot leave that place. The item is locked."""
    item = await get(tx, sku)
    level = next((level for level in item.levels if level.location == location), None)
    if level is None or not level.on_hand:
        elsewhere = ", ".join(f"{each.on_hand} in {each.location}" for each in item.levels if each.on_hand)
        said = f"None of {item.name} ({sku}) lies in {location}" + (f": there are {elsewhere}." if elsewhere else ".")
    elif not level.reserved:
        said = f"Of {item.name} ({sku}) only {level.on_hand} {'lies' if level.on_hand == 1 else 'lie'} in {location}."
    else:
        lies, free = "lies" if level.on_hand == 1 else "lie", f"{level.available or 'none'}"
        said = (
            f"Of {item.name} ({sku}) {level.on_hand} {lies} in {location}, and orders hold {level.reserved}: "
            f"{free} can be taken. Cancel orders, or wait."
        )
    return Conflict(said, param="quantity")
