"""What needs the provider: money from sellers' accounts to their banks, and how it stands. No transaction is open meanwhile."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from farthing import sellers
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, ProviderError, ProviderUnavailable
from farthing.ids import PayoutId, SellerId
from farthing.lifecycles import PayoutStatus
from farthing.money import Money
from farthing.payouts import balances, bank_actions, banks
from farthing.payouts.flow import AT_ONCE, KEYS_KEPT, SWEEP_MAX, Told
from farthing.payouts.model import Payout, payable
from farthing.providers import Funds, SeenPayout
from farthing.sellers import Seller
from farthing.world import World

NEWS_EXPECTED: Final = timedelta(days=1)
MAY_COME_BACK: Final = timedelta(days=7)
"""A bank may return what it had taken, mostly within five business days (https://docs.stripe.com/payouts)."""

NOT_OURS: Final = "not ours: it belongs to none of our sellers"

Seen = Mapping[str, tuple[int, int]]
"""How their payouts stood when an account was looked at."""

log = structlog.get_logger("farthing.payouts")


async def available(world: World, id: SellerId, *, actor: str) -> list[Money]:
    """What of a seller's can go to their bank now, in each currency: what is there, less what is still held."""
    found, _ = await _look(world, id, actor=actor)
    return found


async def _look(world: World, id: SellerId, *, actor: str) -> tuple[list[Money], Seen]:
    async with world.db.transaction(actor) as tx:
        seller = await sellers.get(tx, id)
        standing = await balances.balance(tx, id)
        seen = await banks.marks(tx, id)
    held = {each.due.currency: each.early for each in standing}
    return [payable(each, held.get(each.available.currency)) for each in await _funds(world, seller)], seen


async def pay_out(
    world: World, id: SellerId, money: Money | None = None, *, actor: str, retry_of: PayoutId | None = None
) -> Payout:
    """Promise so much of what a seller has to their bank, or all that can go; a job asks the provider.

    Raises Conflict where it cannot go now, ProviderUnavailable where nobody knows how much there is.
    """
    async with world.db.transaction(actor) as tx:
        bank_actions.check_able(await sellers.get(tx, id), tx.now)
    there_now, seen = await _look(world, id, actor=actor)
    found = {each.currency: each for each in there_now if each.amount > 0}
    if money is None:
        if len(found) != 1:
            raise Conflict(
                "Nothing can go to their bank now." if not found else "Name the amount: there are several currencies."
            )
        (money,) = found.values()
    there, wanted = found.get(money.currency, Money.zero(money.currency)), money
    return await world.db.run(actor, lambda tx: bank_actions.want(tx, id, wanted, there, seen=seen, retry_of=retry_of))


async def retry(world: World, id: PayoutId, *, actor: str) -> Payout:
    """Send what failed again. Once: what failed again is another payout. Raises Conflict."""
    async with world.db.transaction(actor) as tx:
        failed = await banks.get(tx, id)
    return await pay_out(world, failed.seller_id, failed.money, actor=actor, retry_of=id)


async def run(
    world: World, *, actor: str, sellers_wanted: Sequence[SellerId] | None = None, dry_run: bool = False
) -> list[Money]:
    """Pay out all that can go, of all sellers who can be paid or of these; with `dry_run` only say how much that would be.

    Each by themselves: one who cannot be paid now holds up no other.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(id: SellerId) -> list[Money]:
        async with gate:
            try:
                return await _pay_out_all(world, id, actor=actor, dry_run=dry_run)
            except ProviderUnavailable:
                raise
            except FarthingError as error:
                # Its words name the seller.
                log.warning("payout.not_wanted", seller=str(id), error=error.code)
                return []

    wanted = sellers_wanted if sellers_wanted is not None else await _with_money(world, actor)
    return [money for each in await asyncio.gather(*map(one, wanted)) for money in each]


async def _pay_out_all(world: World, id: SellerId, *, actor: str, dry_run: bool) -> list[Money]:
    async with world.db.transaction(actor) as tx:
        bank_actions.check_able(await sellers.get(tx, id), tx.now)
    found, seen = await _look(world, id, actor=actor)
    there = [each for each in found if each.amount > 0]
    if not dry_run:
        for money in there:
            await world.db.run(actor, partial(_want, id, money, seen))
    return there


async def _want(id: SellerId, money: Money, seen: Seen, tx: Transaction) -> Payout:
    return await bank_actions.want(tx, id, money, money, seen=seen)


async def send_payout(world: World, id: PayoutId) -> None:
    """Ask the provider for it. Its id is the key, so asking twice pays once; without an answer it is unknown, not failed."""

    async def ask(tx: Transaction) -> tuple[Payout | None, bool]:
        payout = await banks.get(tx, id)
        stale = payout.asked_at is not None and tx.now - payout.asked_at > KEYS_KEPT
        return payout if await banks.mark_asked(tx, id) else None, stale

    payout, stale = await world.db.run("worker", ask)
    if payout is None:
        return
    provider = world.provider_named(payout.provider)
    try:
        seen = None
        if stale:
            seen = await provider.find_payout_by_mark(payout.provider_account_id, str(id), since=payout.requested_at)
        seen = seen or await provider.create_payout(payout.wanted(), key=str(id))
    except ProviderUnavailable:
        raise
    except ProviderError as error:
        reason = error.detail
        await world.db.run("worker", lambda tx: bank_actions.refuse(tx, id, reason))
        return
    await _record(world, seen, actor="worker")


async def sync_payout(world: World, named: str, *, actor: str, also: Told | None = None) -> None:
    """See how a payout stands and record it. The same for every event, command and sweep, in whatever order they come.

    One that failed may have switched its bank account off: then the account is looked at as well.
    """
    seen = await world.provider.payout(named)
    payout = await _record(world, seen, actor=actor, also=also)
    if payout is not None and payout.status == PayoutStatus.FAILED:
        await sellers.sync_account(world, payout.provider_account_id, actor=actor)


async def look_at_banks(world: World) -> int:
    """Sweep: ask again where no answer came, and look at payouts that should have arrived, or may have come back."""
    async with world.db.transaction("sweep") as tx:
        waiting = await banks.waiting(tx, limit=SWEEP_MAX)
        silent = await banks.to_look_at(tx, before=tx.now - NEWS_EXPECTED, arrived=tx.now - MAY_COME_BACK, limit=SWEEP_MAX)
    asks = [partial(send_payout, world, id) for id in waiting]
    asks += [partial(sync_payout, world, each.name_there, actor="sweep") for each in silent]
    for ask in asks:
        try:
            await ask()
        except ProviderError as error:
            log.warning("payout.unanswered", error=error.detail)
    return 0


async def pay_out_due(world: World) -> int:
    """Sweep: where money waits on sellers' accounts, what was held long enough goes on to their banks."""
    if world.catalog.marketplace.design != "transfer_early":
        return 0
    return len(await run(world, actor="sweep"))


async def _record(world: World, seen: SeenPayout, *, actor: str, also: Told | None = None) -> Payout | None:
    provider = world.provider

    async def work(tx: Transaction) -> Payout | None:
        payout = await bank_actions.record_seen(tx, provider.name, provider.livemode, seen)
        if also is not None:
            await also(tx, None if payout is not None else NOT_OURS)
        return payout

    return await world.db.run(actor, work)


async def _funds(world: World, seller: Seller) -> list[Funds]:
    if seller.provider_account_id is None:
        return []
    return list(await world.provider_named(seller.provider).funds(seller.provider_account_id))


async def _with_money(world: World, actor: str) -> list[SellerId]:
    async with world.db.transaction(actor) as tx:
        return await balances.with_money(tx, livemode=world.provider.livemode)
