"""Kind "access": the buyer may use features, for a number of days or for ever."""

from collections.abc import Sequence
from datetime import timedelta

from farthing import entitlements
from farthing.db import Transaction
from farthing.fulfillment.kind import Proof
from farthing.orders import LineItem, Order


async def grant(tx: Transaction, order: Order, line: LineItem) -> None:
    """Bought twice, it lasts twice as long."""
    days = line.access_days
    until = None if days is None else tx.now + timedelta(days=days * line.quantity)
    for feature in line.features:
        await entitlements.grant(
            tx, customer=order.customer_id, feature=feature, order=order.id, line=line.id, expires_at=until
        )


async def revoke(tx: Transaction, order: Order, line: LineItem) -> None:
    await entitlements.revoke_line(tx, line.id, order.id)


async def restore(tx: Transaction, order: Order, line: LineItem) -> None:
    await entitlements.restore_line(tx, line.id, order.id)


async def proofs(tx: Transaction, order: Order, line: LineItem) -> Sequence[Proof]:
    """When each feature could be used from, and until when."""
    found = []
    for held in await entitlements.of_order(tx, order.id):
        if held.feature in line.features:
            until = "without end" if held.expires_at is None else f"until {held.expires_at:%Y-%m-%d}"
            found.append(Proof(held.granted_at, f"Access to {held.feature} was granted, {until}."))
            if held.revoked_at is not None:
                found.append(Proof(held.revoked_at, f"Access to {held.feature} was taken away."))
    return found
