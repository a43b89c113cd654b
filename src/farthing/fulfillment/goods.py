"""Kind "goods": things that can run out and are sent. Kept while the buyer pays, gone from the shelf when it is paid; then
whoever sells them has an order of their own, and has earned their share.
"""

from collections.abc import Sequence
from typing import Final

from farthing import earnings, inventory, seller_orders
from farthing.db import Transaction
from farthing.inventory import Wish
from farthing.lifecycles import ReservationStatus
from farthing.money import Money
from farthing.orders import LineItem, NewLine, Order

OUT_OF_STOCK: Final = "out_of_stock"
"""Why money for it goes back."""


async def left(tx: Transaction, lines: Sequence[NewLine]) -> None:
    wanted = [(line.details["sku"], line.quantity) for line in lines if line.details["counted"]]
    if wanted:
        await inventory.check(tx, wanted)


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
    await seller_orders.confirm(tx, order, [each for each in order.lines if each.kind == line.kind])
    if "seller_id" in line.details:
        await earnings.record(tx, order, line)


async def revoke(tx: Transaction, order: Order, line: LineItem) -> None:
    """All that was paid for it went back: what is not sent is not sent any more, and is on the shelf again."""
    canceled = await seller_orders.cancel_line(tx, line.id, because="refunded")
    if canceled and line.details["counted"]:
        await inventory.put_back(tx, line.id, canceled, reason="refunded")


async def restore(tx: Transaction, order: Order, line: LineItem) -> None:
    """The refund did not happen after all: what it canceled is to be sent again, if it is still there."""
    reinstated = await seller_orders.reinstate_line(tx, line.id)
    if not reinstated:
        return
    for wish in _wishes([line]):
        kept = await inventory.of_line(tx, line.id)
        out = sum(each.quantity - each.restocked for each in kept if each.status == ReservationStatus.COMMITTED)
        missing = Wish(wish.line, wish.sku, min(reinstated, wish.quantity - out))
        if missing.quantity > 0 and await inventory.take_again(tx, order.id, [missing]):
            await inventory.tell_short(tx, order.id, missing)


async def goes_back_unseen(tx: Transaction, line: LineItem, *, whole: bool) -> bool:
    """What left comes back by a return; and of what has not, a part of the price would leave all of it to be sent."""
    return whole and not await seller_orders.has_left(tx, line.id)


async def suspend(tx: Transaction, order: Order, line: LineItem) -> None:
    """While the payment is disputed nothing is sent: the order itself says so. What is sold stays sold."""


async def reverse(tx: Transaction, line: LineItem, reference: str, money: Money) -> None:
    await earnings.reverse(tx, line.id, reference, money)


async def withdraw_reversal(tx: Transaction, line: LineItem, reference: str) -> None:
    restored = await earnings.withdraw_reversal(tx, line.id, reference)
    if restored is not None and restored.pending:
        await seller_orders.release_again(tx, line.id)


def _wishes(lines: Sequence[LineItem]) -> list[Wish]:
    return [Wish(line.id, line.details["sku"], line.quantity) for line in lines if line.details["counted"]]
