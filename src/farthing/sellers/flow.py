"""What needs the provider: accounts of sellers, the pages where they look after them, and how they stand. No transaction is
open meanwhile."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog

from farthing import events
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Forbidden, ProviderError, ProviderUnavailable
from farthing.ids import SellerId
from farthing.lifecycles import SellerStatus
from farthing.providers import OnboardingPage, SeenAccount
from farthing.sellers import accounts, actions, store
from farthing.sellers.model import Seller, Wanted, check_open
from farthing.world import World

NOT_OURS: Final = "not ours: it belongs to none of our sellers"

UNANSWERED: Final = timedelta(seconds=60)
"""After this long without an answer, the sweep asks in the place of whoever asked first."""

SETTLING: Final = timedelta(hours=1)
SETTLED: Final = timedelta(days=1)
"""Accounts that no event told of for this long are looked at: of those that wait for something, and of all others."""

LOOK_MAX: Final = 50

Told = Callable[[Transaction, str | None], Awaitable[None]]
"""Something to write in the same transaction; it is given the reason why the news concerns nobody here, or None."""

log = structlog.get_logger("farthing.sellers")


async def remember(world: World, wanted: Wanted, *, actor: str) -> Seller:
    """Find or make the seller, and keep what is newly told. Nobody is called. Raises Invalid, Conflict."""
    provider, country = world.provider, world.catalog.marketplace.country

    async def work(tx: Transaction) -> Seller:
        return await actions.remember(tx, wanted, country=country, provider=provider.name, livemode=provider.livemode)

    return await world.db.run(actor, work)


async def check_may_begin(world: World, external_id: str) -> None:
    """Raise Forbidden for somebody who is no seller, where the shop says itself who is one."""
    async with world.db.transaction("sellers") as tx:
        known = await store.find_by_external_id(tx, external_id, livemode=world.provider.livemode)
    if known is None and not world.catalog.marketplace.open:
        raise Forbidden("Nobody becomes a seller here by themselves.")


async def at_provider(world: World, id: SellerId, *, actor: str) -> Seller:
    """The seller with an account, which is made if need be: once, however many ask and whatever is lost.

    Raises ProviderUnavailable where there was no answer (ask again: it is the same question), ProviderError where it was no,
    Conflict for one who was rejected.
    """

    async def ask(tx: Transaction) -> Seller:
        seller = await store.get(tx, id)
        check_open(seller)
        return await actions.want_account(tx, seller, payouts=payouts)

    payouts, hold_days = world.catalog.marketplace.payouts, world.catalog.marketplace.account_change_days
    seller = await world.db.run(actor, ask)
    if seller.provider_account_id is not None:
        return seller
    provider = world.provider_named(seller.provider)
    look = await _begin(world, actor)
    seen = None
    if seller.stale(world.clock.now()):
        # The answer was lost so long ago that the key may be forgotten.
        assert seller.asked_at is not None, "what is stale was asked"
        seen = await provider.find_account(str(id), since=seller.asked_at)
        if seen is None:
            asked = seller
            seller = await world.db.run(actor, lambda tx: actions.want_another(tx, asked, payouts=payouts))
            if seller.provider_account_id is not None:
                return seller
    if seen is None:
        seen = await _made(world, seller, actor)
    found, owner = seen, seller

    async def record(tx: Transaction) -> Seller:
        kept = await actions.opened(tx, owner, found)
        return await actions.record_seen(tx, kept, found, look, hold_days=hold_days)

    return await world.db.run(actor, record)


async def _made(world: World, seller: Seller, actor: str) -> SeenAccount:
    try:
        return await world.provider_named(seller.provider).create_account(seller.wanted(), key=seller.key)
    except ProviderUnavailable:
        raise
    except ProviderError as error:
        reason = refusal(error)
        await world.db.run(actor, lambda tx: actions.refused(tx, seller, reason))
        raise


async def onboard(world: World, id: SellerId, *, refresh_url: str, return_url: str, actor: str) -> OnboardingPage:
    """A page of the provider's where the seller tells what is asked for. Its address opens once and is kept nowhere."""
    seller = await at_provider(world, id, actor=actor)
    assert seller.provider_account_id is not None, "it was just made"
    provider = world.provider_named(seller.provider)
    page = await provider.onboarding_page(seller.provider_account_id, refresh_url=refresh_url, return_url=return_url)
    await world.db.run(actor, lambda tx: _note(tx, "seller.onboarding_started", seller))
    return page


async def open_dashboard(world: World, id: SellerId, *, actor: str) -> str:
    """The address of the provider's page where the seller sees their payouts: for one click. Raises Conflict too early."""
    async with world.db.transaction(actor) as tx:
        seller = await store.get(tx, id)
    if seller.provider_account_id is None or not seller.details_submitted or seller.status == SellerStatus.DEAUTHORIZED:
        raise Conflict(f"{id} has no dashboard yet: they have to finish onboarding first.")
    url = await world.provider_named(seller.provider).dashboard_page(seller.provider_account_id)
    await world.db.run(actor, lambda tx: _note(tx, "seller.dashboard_opened", seller))
    return url


async def _note(tx: Transaction, type: events.EventName, seller: Seller) -> None:
    """Who let somebody in, and when; of the link itself nothing."""
    await events.record(tx, type, seller=seller.id, external_id=seller.external_id, account=seller.provider_account_id)


async def sync(world: World, id: SellerId, *, actor: str) -> Seller:
    """See how a seller's account stands, and record it. One without an account is as they were."""
    async with world.db.transaction(actor) as tx:
        seller = await store.get(tx, id)
    if seller.provider_account_id is None:
        return seller
    await sync_account(world, seller.provider_account_id, actor=actor)
    async with world.db.transaction(actor) as tx:
        return await store.get(tx, id)


async def sync_account(world: World, account: str, *, actor: str, also: Told | None = None) -> None:
    """See how an account stands and record it. The same for every event, page, command and sweep, in whatever order they
    come. An account that is none of our sellers' is looked at and forgotten.
    """
    provider, hold_days = world.provider, world.catalog.marketplace.account_change_days
    look = await _begin(world, actor)
    seen = await provider.account(account)

    async def work(tx: Transaction) -> None:
        seller = await actions.owner_of(tx, provider.name, provider.livemode, seen)
        if seller is not None:
            await actions.record_seen(tx, seller, seen, look, hold_days=hold_days)
        if also is not None:
            await also(tx, None if seller is not None else NOT_OURS)

    await world.db.run(actor, work)


async def look_again(world: World) -> int:
    """Sweep: look at accounts that nothing was heard of, and ask again where no answer came."""
    provider = world.provider
    name, livemode = provider.name, provider.livemode
    async with world.db.transaction("sweep") as tx:
        silent = await accounts.to_look_at(
            tx, provider=name, livemode=livemode, settling=tx.now - SETTLING, settled=tx.now - SETTLED, limit=LOOK_MAX
        )
        waiting = await accounts.unanswered(tx, provider=name, livemode=livemode, before=tx.now - UNANSWERED, limit=LOOK_MAX)
    for account in silent:
        try:
            await sync_account(world, account, actor="sweep")
        except FarthingError as error:
            log.warning("look.failed", account=account, error=error.detail)
    for id in waiting:
        try:
            await at_provider(world, id, actor="sweep")
        except FarthingError as error:
            log.warning("account.not_opened", seller=str(id), error=error.detail)
    return 0


async def send_rejection(world: World, id: SellerId) -> None:
    """Tell the provider that we have nothing to do with them any more. The seller's id is the key, so it happens once."""
    async with world.db.transaction("worker") as tx:
        seller = await store.get(tx, id)
    if seller.rejection_reason is None or seller.provider_account_id is None or seller.status == SellerStatus.REJECTED:
        return
    provider, look = world.provider_named(seller.provider), await _begin(world, "worker")
    hold_days = world.catalog.marketplace.account_change_days
    try:
        seen = await provider.reject_account(seller.provider_account_id, reason=seller.rejection_reason, key=seller.key)
    except ProviderUnavailable:
        raise
    except ProviderError as error:
        reason = refusal(error)
        seen = await provider.account(seller.provider_account_id)
        if not seen.gone:
            await world.db.run("worker", lambda tx: actions.rejection_refused(tx, seller, reason))
    await world.db.run("worker", lambda tx: actions.record_seen(tx, seller, seen, look, hold_days=hold_days))


def refusal(error: ProviderError) -> str:
    """Why, without what was said: a provider's sentence may quote the address that it did not like."""
    code, param = error.extra.get("provider_code"), error.extra.get("provider_param")
    return f"the provider refused {param or 'the account'} ({code or 'no reason given'})"


async def _begin(world: World, actor: str) -> int:
    """Before the look, not after it: of two looks, the one that began later is right."""
    return await world.db.run(actor, accounts.next_look)
