"""`farthing stock`: what there is of what can run out, and what came and went."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from farthing import inventory
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.db import Transaction
from farthing.inventory import MAIN, Policy, StockItem

RIGHT = frozenset({"On hand", "Kept", "Free", "To come", "Quantity"})


async def list_(*, low: bool = False, limit: int = 100) -> int:
    """List what is counted, and how much of it there is.

    For example:

        farthing stock list
        farthing stock list --low --json

    Parameters
    ----------
    low
        Only what is low, or gone.
    limit
        How many, by sku.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        page = await inventory.list_items(tx, after=None, limit=max(1, min(limit, 100)), low=low)
    rows = [
        (item.name, item.on_hand, item.on_hand - item.available, item.available, item.backordered, item.policy, item.sku)
        for item in page.items
    ]
    columns = ("Name", "On hand", "Kept", "Free", "To come", "When it runs out", "Sku")
    terminal().show({"data": [_document(item) for item in page.items]}, show.table(columns, rows, right=RIGHT))
    if page.next_cursor is not None:
        terminal().say("There are more: --limit says how many are shown.")
    return 0


async def show_(sku: str, /, *, limit: int = 25) -> int:
    """Show where something lies, and what came and went.

    For example:

        farthing stock show LAMP-1

    Parameters
    ----------
    sku
        What is counted.
    limit
        How many movements, the newest first.
    """
    async with opening.database() as db, db.transaction(ACTOR) as tx:
        item = await inventory.get(tx, sku)
        moved = (await inventory.movements(tx, sku, before=None, limit=max(1, min(limit, 100)))).items
    levels = [(level.location, level.on_hand, level.reserved, level.available) for level in item.levels]
    rows = [(show.at(m.moved_at), m.kind, f"{m.quantity:+d}", m.location, m.order_id, m.reason, m.actor) for m in moved]
    document = _document(item) | {
        "movements": [
            {"kind": m.kind, "quantity": m.quantity, "location": m.location, "order": m.order_id, "moved_at": m.moved_at}
            for m in moved
        ]
    }
    terminal().show(
        document,
        _said(item),
        show.table(("Location", "On hand", "Kept", "Free"), levels, right=RIGHT),
        show.table(("At", "What", "Quantity", "Location", "Order", "Why", "By"), rows, right=RIGHT),
    )
    return 0


async def set_(
    sku: str,
    /,
    *,
    name: str,
    policy: Policy = "deny",
    backorder_max: int | None = None,
    low_at: int | None = None,
) -> int:
    """Count something from now on, or say what is done when nothing is left.

    For example:

        farthing stock set LAMP-1 --name "A lamp" --low-at 5
        farthing stock set LAMP-1 --name "A lamp" --policy backorder --backorder-max 20

    Parameters
    ----------
    sku
        What is counted: the `sku` of a product of kind goods, or the product's key.
    name
        What people call it.
    policy
        deny sells what is there; backorder and preorder also what is to come.
    backorder_max
        How much of what is to come may be sold.
    low_at
        stock.low is told when no more than this is left.
    """

    async def work(tx: Transaction) -> StockItem:
        return await inventory.define(tx, sku, name, policy=policy, backorder_max=backorder_max, low_at=low_at)

    return await _done(sku, work)


async def receive(
    sku: str, quantity: int, /, *, location: str = MAIN, reference: str | None = None, reason: str | None = None
) -> int:
    """So many have come. Orders that wait for them are served.

    For example:

        farthing stock receive LAMP-1 20 --reference "delivery note 7"

    Parameters
    ----------
    sku
        What came.
    quantity
        How many.
    location
        Where they lie now.
    reference
        What they came with: the same again receives nothing twice.
    reason
        For your own people.
    """

    async def work(tx: Transaction) -> object:
        return await inventory.receive(tx, sku, quantity, location=location, reference=reference, reason=reason)

    return await _done(sku, work)


async def count(sku: str, on_hand: int, /, *, location: str = MAIN, reason: str | None = None) -> int:
    """Somebody counted them: so many lie there.

    For example:

        farthing stock count LAMP-1 17 --reason "the year's end"

    Parameters
    ----------
    sku
        What was counted.
    on_hand
        How many lie there.
    location
        Where.
    reason
        For your own people.
    """
    return await _done(sku, lambda tx: inventory.count(tx, sku, on_hand, location=location, reason=reason))


async def lose(sku: str, quantity: int, /, *, reason: str, location: str = MAIN) -> int:
    """So many are broken, stolen or gone.

    For example:

        farthing stock lose LAMP-1 1 --reason "fell off the shelf" --yes

    Parameters
    ----------
    sku
        What is gone.
    quantity
        How many.
    reason
        Why.
    location
        Where they lay.
    """
    terminal().confirm(f"Take {quantity} of {sku} off the shelf for good?")
    return await _done(sku, lambda tx: inventory.lose(tx, sku, quantity, location=location, reason=reason))


async def move(sku: str, quantity: int, /, *, source: str, target: str, reason: str | None = None) -> int:
    """So many are carried from one place to another.

    For example:

        farthing stock move LAMP-1 5 --source main --target cellar

    Parameters
    ----------
    sku
        What is carried.
    quantity
        How many.
    source
        From where.
    target
        Where to.
    reason
        For your own people.
    """
    return await _done(sku, lambda tx: inventory.carry(tx, sku, quantity, source=source, target=target, reason=reason))


async def locations(*, new: str | None = None, name: str | None = None, priority: int = 0) -> int:
    """List where stock lies, or make one more place.

    For example:

        farthing stock locations
        farthing stock locations --new cellar --name "The cellar" --priority 1

    Parameters
    ----------
    new
        The key of a place to make.
    name
        What people call it.
    priority
        The smallest is emptied first.
    """
    async with opening.database() as db:
        if new is not None:
            key, called = new, name or new
            await db.run(ACTOR, lambda tx: inventory.place_named(tx, key, called, priority=priority))
        async with db.transaction(ACTOR) as tx:
            found = await inventory.locations(tx)
    names = ("key", "name", "priority", "active")
    rows = [(key, called, rank, "yes" if active else "no") for key, called, rank, active in found]
    columns = ("Key", "Name", "Priority", "Active")
    terminal().show({"data": [dict(zip(names, place, strict=True)) for place in found]}, show.table(columns, rows))
    return 0


async def _done(sku: str, work: Callable[[Transaction], Awaitable[object]]) -> int:
    async with opening.database() as db:
        await db.run(ACTOR, work)
        async with db.transaction(ACTOR) as tx:
            item = await inventory.get(tx, sku)
    terminal().show(_document(item), _said(item))
    return 0


def _said(item: StockItem) -> str:
    to_come = f", {item.backordered} sold of what is to come" if item.backordered else ""
    return f"[bold]{show.said(item.sku)}[/] {show.said(item.name)}: {item.on_hand} on hand, {item.available} free{to_come}."


def _document(item: StockItem) -> dict[str, object]:
    names = ("sku", "name", "policy", "on_hand", "available", "sellable", "backordered", "backorder_max", "low_at")
    levels = [{"location": e.location, "on_hand": e.on_hand, "reserved": e.reserved} for e in item.levels]
    return {name: getattr(item, name) for name in names} | {"levels": levels}
