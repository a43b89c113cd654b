"""Kind "custom": the host delivers, in its own hook on `order.paid`. Nothing happens here."""

from farthing.db import Transaction
from farthing.orders import LineItem, Order


async def grant(tx: Transaction, order: Order, line: LineItem) -> None:
    """The host's hook does it."""


async def revoke(tx: Transaction, order: Order, line: LineItem) -> None:
    """The host's hook on `order.refunded` does it."""


async def restore(tx: Transaction, order: Order, line: LineItem) -> None:
    """The host's hook on `refund.failed` does it."""
