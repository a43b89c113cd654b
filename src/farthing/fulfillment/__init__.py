"""What a paid line item turns into: one file for each kind of product."""

from farthing.db import Transaction
from farthing.fulfillment import access, custom
from farthing.fulfillment.kind import Kind
from farthing.orders import Order

KINDS: dict[str, Kind] = {"access": access, "custom": custom}
"""The kinds of product: `kind` in farthing.toml → what paying and refunding do with its lines."""


async def grant(tx: Transaction, order: Order) -> None:
    """Hand over every line of a paid order, in the transaction that marks it paid. Harmless when repeated."""
    for line in order.lines:
        await KINDS[line.kind].grant(tx, order, line)


async def revoke(tx: Transaction, order: Order) -> None:
    """Take back every line: the whole price is back with the buyer."""
    for line in order.lines:
        await KINDS[line.kind].revoke(tx, order, line)


async def restore(tx: Transaction, order: Order) -> None:
    """Hand over again what was taken back: the refund did not happen after all."""
    for line in order.lines:
        await KINDS[line.kind].restore(tx, order, line)


__all__ = ["KINDS", "Kind", "grant", "restore", "revoke"]
