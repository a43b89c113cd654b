"""What a paid line item turns into: one file for each kind of product."""

from farthing.db import Transaction
from farthing.fulfillment import access, custom
from farthing.fulfillment.kind import Checked, Kind, Proof, Proven, Used
from farthing.ids import CustomerId
from farthing.money import Money
from farthing.orders import LineItem, NewLine, Order

KINDS: dict[str, Kind] = {"access": access, "custom": custom}
"""The kinds of product: `kind` in farthing.toml → what paying and refunding do with its lines."""


async def check(tx: Transaction, customer: CustomerId, line: NewLine) -> NewLine:
    """Whether this customer may buy the line now, in the transaction that places the order. Raises as the kind says."""
    kind = KINDS[line.kind]
    return await kind.check(tx, customer, line) if isinstance(kind, Checked) else line


async def used(tx: Transaction, order: Order, line: LineItem) -> Money:
    """How much of what was paid for the line is used up, by what its kind says; nothing where it says nothing."""
    kind = KINDS[line.kind]
    return await kind.used(tx, order, line) if isinstance(kind, Used) else Money.zero(line.amount.currency)


async def proofs(tx: Transaction, order: Order) -> list[Proof]:
    """What the buyer was given of the order, and used, oldest first."""
    found: list[Proof] = []
    for line in order.lines:
        kind = KINDS[line.kind]
        if isinstance(kind, Proven):
            found += await kind.proofs(tx, order, line)
    return sorted(found, key=lambda proof: proof.at)


async def grant(tx: Transaction, order: Order) -> None:
    """Hand over every line of a paid order, in the transaction that marks it paid. Harmless when repeated."""
    for line in order.lines:
        await KINDS[line.kind].grant(tx, order, line)


async def revoke(tx: Transaction, order: Order) -> None:
    """Take back every line: the whole price is back with the buyer."""
    for line in order.lines:
        await KINDS[line.kind].revoke(tx, order, line)


async def revoke_line(tx: Transaction, order: Order, line: LineItem) -> None:
    """Take back one line: all that was paid for it is back with the buyer."""
    await KINDS[line.kind].revoke(tx, order, line)


async def restore_line(tx: Transaction, order: Order, line: LineItem) -> None:
    """Hand one line over again. Not while a dispute holds the order: then that does it when it is over."""
    if order.access_held_at is not None:
        return
    await KINDS[line.kind].restore(tx, order, line)


__all__ = [
    "KINDS",
    "Checked",
    "Kind",
    "Proof",
    "Proven",
    "Used",
    "check",
    "grant",
    "proofs",
    "restore_line",
    "revoke",
    "revoke_line",
    "used",
]
