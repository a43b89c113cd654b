"""What needs the provider: sending what sellers earned, and taking it back. No transaction is open meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

import structlog

from farthing import seller_orders
from farthing.db import Transaction
from farthing.errors import DatabaseUnavailable, ProviderError, ProviderUnavailable
from farthing.ids import SellerOrderId, TransferId, TransferReversalId
from farthing.lifecycles import TransferReversalStatus
from farthing.payments import Recorded
from farthing.payouts import actions, releasing, store
from farthing.payouts.model import Reversal, Transfer
from farthing.providers import TransferWanted
from farthing.world import World

KEYS_KEPT: Final = timedelta(hours=23)
"""Stripe may forget a key after 24 h (https://docs.stripe.com/api/idempotent_requests): then look before asking."""

SWEEP_MAX: Final = 100
RELEASED_MAX: Final = 500
"""Between two looks at all that is due."""

BATCH: Final = 25
"""Released, and what was answered recorded, in one transaction."""

BATCHES_AT_ONCE: Final = 2
"""While the one is asked for, the other is written."""

AT_ONCE: Final = 6
"""Transfers asked for, or sellers' accounts looked at, in parallel: fewer than there are connections."""

NOT_OURS: Final = "not ours: we asked for no such transfer"

T = TypeVar("T")
Told = Callable[[Transaction, str | None], Awaitable[None]]
"""Something to write in the same transaction; it is given the reason why the news concerns nobody here, or None."""

log = structlog.get_logger("farthing.payouts")


async def release_due(world: World, *, actor: str = "sweep", send: bool = True) -> int:
    """Sweep: what was held long enough is on its way. Many in one transaction, and where that fails, each in its own: one that
    fails holds up no other.

    Without `send` the provider is not asked here: a worker does that.
    """
    async with world.db.transaction(actor) as tx:
        due = await seller_orders.due(tx, livemode=world.provider.livemode, limit=RELEASED_MAX)
    gate, doors = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(BATCHES_AT_ONCE)

    async def release(ids: Sequence[SellerOrderId]) -> int:
        async with doors:
            transfers = await _release(world, actor, ids, send=send)
            if send:
                await _send_all(world, transfers, gate)
            return len(transfers)

    return sum(await asyncio.gather(*(release(due[at : at + BATCH]) for at in range(0, len(due), BATCH))))


async def take_back_due(world: World) -> int:
    """Sweep: what went back to buyers is asked back of sellers who have it already, and what nobody answered is asked again."""
    async with world.db.transaction("sweep") as tx:
        over = await store.over_transferred(tx, limit=SWEEP_MAX)
    for transfer in over:
        await world.db.run("sweep", partial(_take_back, transfer))
    async with world.db.transaction("sweep") as tx:
        reversals = await store.waiting_reversals(tx, limit=SWEEP_MAX)
        transfers = await store.waiting(tx, limit=SWEEP_MAX)
    for transfer in transfers:
        await _patiently(partial(send_transfer, world, transfer))
    for reversal in reversals:
        await _patiently(partial(send_reversal, world, reversal))
    return len(over) + len(reversals) + len(transfers)


async def send_transfer(world: World, id: TransferId) -> None:
    """Ask the provider for it. Its id is the key, so asking twice pays once."""

    async def ask(tx: Transaction) -> tuple[Transfer | None, bool]:
        transfer = await store.get(tx, id)
        stale = tx.now - transfer.requested_at > KEYS_KEPT
        return transfer if await store.mark_asked(tx, id) else None, stale

    transfer, stale = await world.db.run("worker", ask)
    if transfer is not None:
        await _record(world, {transfer: await _ask(world, transfer, stale=stale)})


async def _ask(world: World, transfer: Transfer, *, stale: bool) -> str | None:
    """The provider's id of it; None where the provider refused, which is written down then.

    That we are at it is committed. Where nobody answers, the next one who comes by asks again.
    """
    id = transfer.id
    provider = world.provider_named(transfer.provider)
    group = str(transfer.order_id)
    wanted = TransferWanted(
        transfer.provider_account_id, transfer.money, reference=str(id), group=group, charge_id=transfer.provider_charge_id
    )
    try:
        seen = await provider.find_transfer(str(id), group=group) if stale else None
        seen = seen or await provider.create_transfer(wanted, key=str(id))
    except ProviderUnavailable:
        await world.db.run("worker", lambda tx: store.mark_unanswered(tx, id))
        raise
    except ProviderError as error:
        reason = error.detail
        await world.db.run("worker", lambda tx: actions.refuse(tx, id, reason))
        return None
    return seen.id


async def _record(world: World, answers: Mapping[Transfer, str | None]) -> None:
    sent = {transfer: theirs for transfer, theirs in answers.items() if theirs is not None}
    if sent:
        await world.db.run("worker", lambda tx: actions.record_sent(tx, sent))


async def send_reversal(world: World, id: TransferReversalId) -> None:
    """Ask the provider to take it back. Its id is the key, so asking twice takes once."""

    async def ask(tx: Transaction) -> tuple[Reversal | None, Transfer, bool]:
        reversal = await store.get_reversal(tx, id)
        stale = reversal.asked_at is not None and tx.now - reversal.asked_at > KEYS_KEPT
        asked = await store.mark_reversal_asked(tx, id)
        return reversal if asked else None, await store.get(tx, reversal.transfer_id), stale

    reversal, transfer, stale = await world.db.run("worker", ask)
    if reversal is None:
        return
    provider = world.provider_named(transfer.provider)
    assert transfer.provider_transfer_id is not None, "what was never sent is not taken back"
    try:
        seen = await provider.find_reversal(transfer.provider_transfer_id, str(id)) if stale else None
        seen = seen or await provider.reverse_transfer(
            transfer.provider_transfer_id, reversal.money, reference=str(id), key=str(id)
        )
    except ProviderUnavailable:
        raise
    except ProviderError as error:
        reason = error.detail
        await world.db.run("worker", lambda tx: actions.refuse_reversal(tx, id, reason))
        return
    theirs = seen.id
    await world.db.run("worker", lambda tx: actions.record_reversed(tx, id, theirs))


async def sync_transfer(world: World, theirs: str, *, actor: str, also: Told | None = None) -> Recorded:
    """See how a transfer stands at the provider, and write down what we asked for and did not hear of. What somebody did
    there is not written into our books: that is for a person to decide.
    """
    provider = world.provider
    seen = await provider.transfer(theirs)
    async with world.db.transaction(actor) as tx:
        found = await store.find_seen(tx, provider.name, provider.livemode, seen)
        asked = [] if found is None else await store.reversals_of(tx, found.id)
    waiting = [each.id for each in asked if each.status == TransferReversalStatus.REQUESTED]
    answered = [(id, back.id) for id in waiting if (back := await provider.find_reversal(theirs, str(id)))]

    async def work(tx: Transaction) -> None:
        if found is not None:
            await actions.record_sent(tx, {found: seen.id})
            for id, name in answered:
                await actions.record_reversed(tx, id, name)
        if also is not None:
            await also(tx, None if found is not None else NOT_OURS)

    await world.db.run(actor, work)
    return Recorded(None if found is None else found.order_id, None if found is not None else NOT_OURS)


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T | None:
    try:
        return await ask()
    except ProviderUnavailable as error:
        log.warning("payout.unanswered", error=error.detail)
        return None


async def _release(world: World, actor: str, ids: Sequence[SellerOrderId], *, send: bool) -> list[Transfer]:
    """Where it fails, one by one."""
    try:
        return await world.db.run(actor, lambda tx: releasing.release(tx, ids, send=send))
    except DatabaseUnavailable:
        raise
    except Exception:
        if len(ids) == 1:
            log.exception("payout.not_released", seller_order=str(ids[0]))
            return []
    return [transfer for id in ids for transfer in await _release(world, actor, [id], send=send)]


async def _send_all(world: World, transfers: Sequence[Transfer], gate: asyncio.Semaphore) -> None:
    """What was answered is written down together. Whoever dies before that has asked in vain: it is asked again, by its key."""

    async def ask(transfer: Transfer) -> str | None:
        async with gate:
            return await _patiently(partial(_ask, world, transfer, stale=False))

    answers = await asyncio.gather(*map(ask, transfers))
    await _record(world, dict(zip(transfers, answers, strict=True)))


async def _take_back(id: TransferId, tx: Transaction) -> Reversal | None:
    return await actions.take_back(tx, id)
