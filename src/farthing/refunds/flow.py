"""Calling a refund off, where that is still possible."""

from farthing import payments
from farthing.db import Transaction
from farthing.errors import Conflict
from farthing.ids import RefundId
from farthing.lifecycles import RefundStatus
from farthing.payments import Refund
from farthing.world import World


async def cancel(world: World, id: RefundId, *, actor: str) -> Refund:
    """One that was never sent is taken back here; one that is on its way is canceled by the provider, where it can be.

    Stripe cancels only a refund that waits for the buyer to do something (https://docs.stripe.com/api/refunds/cancel): its
    refusal is raised as ProviderError, and nothing changes. Raises Conflict for one that is done.
    """

    async def take_back(tx: Transaction) -> Refund:
        return await payments.withdraw_unsent(tx, id)

    found = await world.db.run(actor, take_back)
    if found.status == RefundStatus.CANCELED:
        return found
    if found.status != RefundStatus.PENDING or found.provider_refund_id is None:
        raise Conflict(f"{id} is {found.status}: it cannot be called off any more.")
    await world.provider_named(found.provider).cancel_refund(found.provider_refund_id)
    await payments.sync_refund(world, found.provider_refund_id, actor=actor)
    async with world.db.transaction(actor) as tx:
        return await payments.get_refund(tx, id)
