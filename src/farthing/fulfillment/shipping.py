"""Kind "shipping": what the buyer pays for the way. The shop's own, and nothing to hand over: parcels are of the goods."""

from farthing.db import Transaction
from farthing.orders import LineItem, Order


async def grant(tx: Transaction, order: Order, line: LineItem) -> None:
    """Parcels leave as the goods of the order do."""


async def revoke(tx: Transaction, order: Order, line: LineItem) -> None:
    """That it went back says nothing about the parcels."""


async def restore(tx: Transaction, order: Order, line: LineItem) -> None:
    """Nothing was taken."""
