"""News that comes before the news of the payment it is about: then the subscription is looked at first, with its invoices."""

from farthing import invoices, payments
from farthing.payments import Also, NotYetKnown, Recorded
from farthing.subscriptions import flow
from farthing.world import World


async def hear_of_payment(world: World, provider_payment_id: str, *, actor: str) -> None:
    """Record what paid for an invoice, where nobody told of it yet. Without it, what hangs on it belongs to nobody.

    Raises NotYetKnown where it pays for a subscription of ours, which does not say so yet: the news is heard again later.
    """
    if await _is_known(world, provider_payment_id):
        return
    theirs = await world.provider.subscription_paid_by(provider_payment_id)
    if theirs is None:
        return
    recorded = await flow.sync(world, theirs, actor=actor)
    if recorded.ignored is None and not await _is_known(world, provider_payment_id):
        raise NotYetKnown(f"{provider_payment_id} pays for {theirs}, whose invoices do not say so yet")


async def sync_refund(world: World, provider_refund_id: str, *, actor: str, also: Also | None = None) -> Recorded:
    """See how a refund stands and record it, of an order's payment or of one that paid for an invoice."""
    seen = await world.provider.refund(provider_refund_id)
    if seen.payment_id is not None and seen.reference is None:
        await hear_of_payment(world, seen.payment_id, actor=actor)
    return await invoices.sync_refund(world, provider_refund_id, actor=actor, also=also, seen=seen)


async def _is_known(world: World, provider_payment_id: str) -> bool:
    name, livemode = world.provider.name, world.provider.livemode
    async with world.db.transaction("look") as tx:
        if await payments.find_by_provider_id(tx, name, livemode, provider_payment_id) is not None:
            return True
        return await invoices.knows_payment(tx, name, livemode, provider_payment_id)
