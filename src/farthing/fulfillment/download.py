"""Kind "download": the buyer may fetch files, so many times each, for a number of days or for ever."""

from datetime import timedelta

from farthing import downloads
from farthing.db import Transaction
from farthing.money import Money
from farthing.orders import LineItem, Order


async def grant(tx: Transaction, order: Order, line: LineItem) -> None:
    """Bought twice, each file may be fetched twice as often."""
    limit, days = line.details["downloads_max"], line.details["days"]
    await downloads.grant(
        tx,
        customer=order.customer_id,
        order=order.id,
        line=line.id,
        files=line.details["files"],
        downloads_max=None if limit is None else limit * line.quantity,
        expires_at=None if days is None else tx.now + timedelta(days=days),
    )


async def revoke(tx: Transaction, order: Order, line: LineItem) -> None:
    await downloads.revoke_line(tx, line.id, order.id)


async def restore(tx: Transaction, order: Order, line: LineItem) -> None:
    await downloads.restore_line(tx, line.id, order.id)


async def used(tx: Transaction, order: Order, line: LineItem) -> Money:
    """Once one of the files was fetched, all of it is used up: nobody can take a copy back."""
    return line.total if await downloads.was_fetched(tx, line.id) else Money.zero(line.total.currency)
