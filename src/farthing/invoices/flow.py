"""What needs the provider: the fee of an invoice's payment, and what went back of it. No transaction is open meanwhile."""

from datetime import timedelta
from typing import Final

import structlog

from farthing import payments
from farthing.db import Transaction
from farthing.errors import ProviderError
from farthing.invoices import actions, store
from farthing.payments import Also, Recorded
from farthing.providers import SeenRefund
from farthing.world import World

FEE_EXPECTED: Final = timedelta(minutes=10)
FEE_AWAITED: Final = timedelta(days=30)
LOOK_MAX: Final = 100

log = structlog.get_logger("farthing.invoices")


async def sync_payment(world: World, provider_payment_id: str, *, actor: str, also: Also | None = None) -> Recorded:
    """See how a payment stands and record it: one of an order, or one that paid for an invoice. With it its fee."""
    provider = world.provider
    seen = await provider.payment(provider_payment_id)
    answer = Recorded(None)

    async def noted(tx: Transaction, recorded: Recorded) -> None:
        nonlocal answer
        of_invoice = recorded.ignored is not None and await actions.knows_payment(
            tx, provider.name, provider.livemode, provider_payment_id
        )
        if of_invoice and seen.fee is not None:
            await actions.learn_fee(tx, provider.name, provider.livemode, provider_payment_id, seen.fee)
        answer = Recorded(None) if of_invoice else recorded
        if also is not None:
            await also(tx, answer)

    await payments.sync(world, provider_payment_id, actor=actor, seen=seen, also=noted)
    return answer


async def sync_refund(
    world: World, provider_refund_id: str, *, actor: str, also: Also | None = None, seen: SeenRefund | None = None
) -> Recorded:
    """See how a refund stands and record it, whoever made it: of an order's payment, or of one that paid for an invoice."""
    provider = world.provider
    found = seen or await provider.refund(provider_refund_id)

    async def noted(tx: Transaction, recorded: Recorded) -> None:
        if recorded.ignored is not None and await actions.record_refund(tx, provider.name, provider.livemode, found):
            recorded = Recorded(None)
        if also is not None:
            await also(tx, recorded)

    return await payments.sync_refund(world, provider_refund_id, actor=actor, also=noted, seen=found)


async def look_for_fees(world: World) -> int:
    """Sweep: ask for the fees that nobody told of."""
    async with world.db.transaction("sweep") as tx:
        before, after = tx.now - FEE_EXPECTED, tx.now - FEE_AWAITED
        ids = await store.without_fee(tx, before=before, after=after, limit=LOOK_MAX)
    for id in ids:
        try:
            await _sync_fee(world, id, "sweep")
        except ProviderError as error:
            log.warning("look.failed", id=id, error=error.detail)
    return 0


async def _sync_fee(world: World, provider_payment_id: str, actor: str) -> None:
    provider = world.provider
    fee = (await provider.payment(provider_payment_id)).fee
    if fee is not None:
        await world.db.run(actor, lambda tx: actions.learn_fee(tx, provider.name, provider.livemode, provider_payment_id, fee))
