"""Kind "goods": things that can run out. Kept while the buyer pays, gone from the shelf when it is paid."""

from collections.abc import Sequence
from typing import Final

from farthing import inventory
from farthing.db import Transaction
from farthing.ids import CustomerId
from farthing.inventory import Wish
from farthing.lifecycles import ReservationStatus
from farthing.orders import LineItem, NewLine, Order

OUT_OF_STOCK: Final = "out_of_stock"
"""Why money for it goes back."""


async def check(tx: Transaction, customer: CustomerId, line: NewLine) -> NewLine:
    """Raises OutOfStock, before anything is written."""
    if line.details["counted"]:
        await inventory.check(tx, [(line.details["sku"], line.quantity)])
    return line


async def place(tx: Transaction, order: Order, lines: Sequence[LineItem]) -> None:
    await inventory.reserve(tx, order.id, _wishes(lines), until=order.expires_at)


async def refusal(tx: Transaction, order: Order, line: LineItem) -> str | None:
    """What was let go because its time was over is gone: then it is as the product says."""
    short = await inventory.secure(tx, order.id, _wishes([line]))
    if not short or line.details["late_payment"] == "hold":
        return None
    if line.details["late_payment"] == "back_order" and await inventory.promise(tx, order.id, short[0]):
        return None
    return OUT_OF_STOCK


async def grant(tx: Transaction, order: Order, line: LineItem) -> None:
    """All that is kept for the order leaves the shelf, and whoever decides hears of what is not there."""
    await inventory.commit(tx, order.id)
    standing = {kept.line_id for kept in await inventory.of_order(tx, order.id)}
    for wish in _wishes([line]):
        if wish.line not in standing:
            await inventory.tell_short(tx, order.id, wish)


async def revoke(tx: Transaction, order: Order, line: LineItem) -> None:
    """All that was paid for it went back: it is on the shelf again."""
    if line.details["counted"]:
        await inventory.put_back(tx, line.id, line.quantity, reason="refunded")


async def restore(tx: Transaction, order: Order, line: LineItem) -> None:
    """The refund did not happen after all: it leaves the shelf again, if it is still there."""
    for wish in _wishes([line]):
        kept = await inventory.of_line(tx, line.id)
        out = sum(each.quantity - each.restocked for each in kept if each.status == ReservationStatus.COMMITTED)
        missing = Wish(wish.line, wish.sku, wish.quantity - out)
        if missing.quantity > 0 and await inventory.take_again(tx, order.id, [missing]):
            await inventory.tell_short(tx, order.id, missing)


def _wishes(lines: Sequence[LineItem]) -> list[Wish]:
    return [Wish(line.id, line.details["sku"], line.quantity) for line in lines if line.details["counted"]]
