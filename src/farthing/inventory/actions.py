"""What can be done to stock. Each takes the open transaction; whoever holds an order's lock takes that of its stock after it.

What may be kept for somebody is decided under the lock of the item; that nobody is promised what is not there is a CHECK.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from farthing import events
from farthing.db import Transaction
from farthing.errors import NotFound, OutOfStock
from farthing.ids import LineItemId, OrderId, StockReservationId
from farthing.inventory import store
from farthing.inventory.model import Part, Reservation, StockItem, Wish, allocate
from farthing.lifecycles import ReservationStatus


async def check(tx: Transaction, wanted: Sequence[tuple[str, int]]) -> None:
    """Raise OutOfStock where `reserve` would at this moment, and NotFound for a sku that nobody counts. Holds nothing."""
    items = await store.items(tx, {sku for sku, _ in wanted})
    for sku, quantity in wanted:
        if sku not in items:
            raise NotFound(f"There is no stock of {sku!r}: nobody has counted it yet.", param="items")
        sellable = items[sku].sellable
        if sellable is not None and quantity > sellable:
            raise _out(items[sku])


async def reserve(tx: Transaction, order: OrderId, wishes: Sequence[Wish], *, until: datetime) -> None:
    """Keep what the lines of an order need, all of it or nothing. Of many at once, as many are served as there is for.

    Raises OutOfStock; then the transaction must not commit.
    """
    short = await _take(tx, order, wishes, until=until)
    if short:
        item = await store.find_item(tx, short[0].sku)
        assert item is not None, "it was looked for above"
        raise _out(item)


async def commit(tx: Transaction, order: OrderId) -> None:
    """The order is paid: what was kept for it leaves the shelf. The caller holds the order's lock. Harmless when repeated."""
    for kept in await _locked(tx, order):
        if kept.status != ReservationStatus.RESERVED:
            continue
        await store.close(tx, [kept.id], ReservationStatus.COMMITTED)
        if kept.location is not None:
            await _sell(tx, kept.id, kept.sku, kept.location, kept.quantity)


async def secure(tx: Transaction, order: OrderId, wishes: Sequence[Wish]) -> list[Wish]:
    """Whatever of a paid order's stock was let go because its time was over is kept once more; returns what cannot be.

    The caller holds the order's lock, and goes on to `commit` in the same transaction.
    """
    standing = {kept.line_id for kept in await _locked(tx, order)}
    return await _take(tx, order, [wish for wish in wishes if wish.line not in standing], until=tx.now)


async def promise(tx: Transaction, order: OrderId, wish: Wish) -> bool:
    """Sell of what is to come, beyond what the item's own policy allows, because the shop said so for late payments.

    False where its `backorder_max` is reached. The caller holds the order's lock.
    """
    await store.lock(tx, [wish.sku])
    if not await store.change_backordered(tx, wish.sku, wish.quantity, beyond_policy=True):
        return False
    await store.insert_reservations(tx, order, [(wish, Part(None, wish.quantity))], until=tx.now)
    return True


async def extend(tx: Transaction, order: OrderId, until: datetime) -> None:
    """The buyer has longer, and so is it kept longer. The caller holds the order's lock."""
    await store.extend(tx, order, until)


async def release(tx: Transaction, order: OrderId) -> None:
    """Nobody can pay the order any more: what was kept for it is free. The caller holds the order's lock."""
    for kept in await _locked(tx, order):
        if kept.status == ReservationStatus.RESERVED:
            await _let_go(tx, kept)


async def lapse(tx: Transaction, order: OrderId) -> int:
    """What is kept past its time is free for somebody else; the order may still be paid, and then asks again."""
    over = [
        kept for kept in await _locked(tx, order) if kept.status == ReservationStatus.RESERVED and kept.expires_at <= tx.now
    ]
    for kept in over:
        await _let_go(tx, kept)
    if over:
        await events.record(
            tx, "stock.lapsed", order=order, items=[{"sku": kept.sku, "quantity": kept.quantity} for kept in over]
        )
    return len(over)


async def take_again(tx: Transaction, order: OrderId, wishes: Sequence[Wish]) -> list[Wish]:
    """What was put back is wanted after all: it leaves the shelf once more; returns what cannot. The caller holds the
    order's lock."""
    short = await _take(tx, order, wishes, until=tx.now)
    await commit(tx, order)
    return short


async def tell_short(tx: Transaction, order: OrderId, wish: Wish) -> None:
    """An order is paid, and what it was for is gone: somebody must decide."""
    await events.record(tx, "stock.short", order=order, sku=wish.sku, line_item=wish.line, quantity=wish.quantity)


async def put_back(tx: Transaction, line: LineItemId, quantity: int, *, reason: str, location: str | None = None) -> int:
    """So many of what a line bought are on the shelf again, by default where they came from; returns how many are.

    What the line still waited for is not waited for any more, and that first. No more comes back than left. The caller holds
    the order's lock.
    """
    sold = await store.of_line(tx, line)
    await store.lock(tx, {kept.sku for kept in sold})
    left = quantity
    for kept in sorted(await store.of_line(tx, line), key=lambda kept: kept.location is not None):
        taken = min(left, kept.quantity - kept.restocked)
        if not taken or kept.status != ReservationStatus.COMMITTED:
            continue
        if kept.location is None:
            await _unpromise(tx, kept, taken)
        else:
            await _return(tx, kept, taken, location or kept.location, reason)
        left -= taken
    return quantity - left


async def take_in(
    tx: Transaction, line: LineItemId, *, restocked: int, written_off: int, reason: str, location: str | None = None
) -> None:
    """Of what a line bought and was sent, so many are on the shelf again, and so many came and are of no use.

    By default where they came from. Each is a movement: what is written off comes back and is lost in the same moment, so
    that nobody is served of it. The caller holds the order's lock, and has looked that so many were sent.
    """
    if location is not None and not await store.has_location(tx, location):
        raise NotFound(f"There is no location {location[:63]!r}.", param="location")
    sold = await store.of_line(tx, line)
    await store.lock(tx, {kept.sku for kept in sold})
    back, lost = restocked, written_off
    for kept in await store.of_line(tx, line):
        if kept.location is None or kept.status != ReservationStatus.COMMITTED:
            continue
        place, room = location or kept.location, kept.quantity - kept.restocked
        if taken := min(lost, room):
            await _write_off(tx, kept, taken, place, reason)
            lost, room = lost - taken, room - taken
        if taken := min(back, room):
            await _return(tx, kept, taken, place, reason)
            back -= taken


async def arrived(tx: Transaction, sku: str, location: str) -> None:
    """Serve whoever waits for it from what lies there now: what is paid first, then whoever asked first.

    The caller holds the item's lock.
    """
    item = await store.find_item(tx, sku)
    assert item is not None, "it has just been received"
    free = next((level.available for level in item.levels if level.location == location), 0)
    for waiting in await store.to_come(tx, sku):
        served = min(free, waiting.quantity)
        if not served:
            return
        id = await store.serve(tx, waiting, location, served)
        await store.change_backordered(tx, sku, -served)
        await store.change_level(tx, sku, location, reserved=served)
        if waiting.status == ReservationStatus.COMMITTED:
            await _sell(tx, id, sku, location, served)
            await events.record(
                tx,
                "stock.arrived",
                order=waiting.order_id,
                sku=sku,
                line_item=waiting.line_id,
                quantity=served,
                location=location,
            )
        free -= served


async def tell_low(tx: Transaction, skus: Collection[str]) -> None:
    for sku, available in await store.newly_low(tx, skus):
        await events.record(tx, "stock.low", sku=sku, available=available)


async def _take(tx: Transaction, order: OrderId, wishes: Sequence[Wish], *, until: datetime) -> list[Wish]:
    """Keep what can be kept, and return what cannot."""
    if not wishes:
        return []
    skus = {wish.sku for wish in wishes}
    await store.lock(tx, skus)
    items = await store.items(tx, skus)
    short, parts = [], []
    for wish in wishes:
        found = allocate(items[wish.sku], wish.quantity)
        if found is None:
            short.append(wish)
            continue
        for part in found:
            await _keep(tx, wish.sku, part)
            parts.append((wish, part))
        if sum(other.sku == wish.sku for other in wishes) > 1:
            items = await store.items(tx, skus)
    if parts:
        await store.insert_reservations(tx, order, parts, until=until)
        await tell_low(tx, skus)
    return short


async def _keep(tx: Transaction, sku: str, part: Part) -> None:
    if part.location is None:
        kept = await store.change_backordered(tx, sku, part.quantity)
    else:
        kept = await store.change_level(tx, sku, part.location, reserved=part.quantity)
    assert kept, f"{part.quantity} of {sku} were there a moment ago, under the same lock"


async def _locked(tx: Transaction, order: OrderId) -> list[Reservation]:
    """All that stand, under the locks of their items; nothing is locked where there is nothing."""
    found = await store.of_order(tx, order)
    if not found:
        return []
    await store.lock(tx, {kept.sku for kept in found})
    return await store.of_order(tx, order)


async def _sell(tx: Transaction, id: StockReservationId, sku: str, location: str, quantity: int) -> None:
    await store.change_level(tx, sku, location, on_hand=-quantity, reserved=-quantity)
    await store.insert_movement(tx, "sold", sku, location, -quantity, reservation=id)


async def _let_go(tx: Transaction, kept: Reservation) -> None:
    await store.close(tx, [kept.id], ReservationStatus.RELEASED)
    if kept.location is None:
        await store.change_backordered(tx, kept.sku, -kept.quantity)
    else:
        await store.change_level(tx, kept.sku, kept.location, reserved=-kept.quantity)
        await arrived(tx, kept.sku, kept.location)
        await store.no_longer_low(tx, kept.sku)


async def _unpromise(tx: Transaction, kept: Reservation, quantity: int) -> None:
    await store.change_backordered(tx, kept.sku, -quantity)
    if quantity == kept.quantity:
        await store.release_committed(tx, kept.id)
    else:
        await store.shrink(tx, kept.id, quantity)


async def _return(tx: Transaction, kept: Reservation, quantity: int, location: str, reason: str) -> None:
    await store.add_level(tx, kept.sku, location)
    await store.add_restocked(tx, kept.id, quantity)
    await store.change_level(tx, kept.sku, location, on_hand=quantity)
    await store.insert_movement(tx, "returned", kept.sku, location, quantity, reservation=kept.id, reason=reason)
    await events.record(
        tx,
        "stock.returned",
        order=kept.order_id,
        sku=kept.sku,
        line_item=kept.line_id,
        quantity=quantity,
        location=location,
    )
    await arrived(tx, kept.sku, location)
    await store.no_longer_low(tx, kept.sku)


async def _write_off(tx: Transaction, kept: Reservation, quantity: int, location: str, reason: str) -> None:
    await store.add_level(tx, kept.sku, location)
    await store.add_restocked(tx, kept.id, quantity)
    await store.insert_movement(tx, "returned", kept.sku, location, quantity, reservation=kept.id, reason=reason)
    await store.insert_movement(tx, "lost", kept.sku, location, -quantity, reason=reason)
    await events.record(
        tx, "stock.lost", order=kept.order_id, sku=kept.sku, location=location, quantity=-quantity, reason=reason
    )


def _out(item: StockItem) -> OutOfStock:
    left = item.sellable or 0
    said = f"only {left} {'is' if left == 1 else 'are'} left" if left else "it is sold out"
    return OutOfStock(f"{item.name}: {said}.", param="items", extra={"sku": item.sku, "available": left})
