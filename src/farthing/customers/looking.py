"""Seeing how customers and their saved methods stand at the provider. The same for webhook, command and page."""

from collections.abc import Awaitable, Callable
from typing import Final

from farthing.customers import actions, attachments, methods
from farthing.db import Transaction
from farthing.ids import CustomerId
from farthing.providers import SeenCustomer
from farthing.world import World

NOT_OURS: Final = "not ours: it belongs to none of our customers"

Told = Callable[[Transaction, str | None], Awaitable[None]]
"""Something to write in the same transaction; it is given the reason why the news concerns nobody here, or None."""


async def sync(world: World, provider_customer_id: str, *, actor: str, also: Told | None = None) -> None:
    """See how a customer stands at the provider, and record it. The same for webhook, command and page."""
    provider = world.provider
    seen = await provider.customer(provider_customer_id)

    async def work(tx: Transaction) -> None:
        owner = await actions.customer_of(tx, provider.name, provider.livemode, seen)
        link = None
        if owner is not None:
            link = await attachments.lock(tx, owner, provider.name, livemode=provider.livemode)
        # News of somebody who was replaced meanwhile is old news.
        if link is not None and link.provider_customer_id == seen.id:
            if seen.deleted:
                await actions.lost(tx, link)
            else:
                await methods.set_default(tx, link, seen.default_method)
        if also is not None:
            await also(tx, None if owner is not None else NOT_OURS)

    await world.db.run(actor, work)


async def sync_method(world: World, provider_method_id: str, *, actor: str, also: Told | None = None) -> None:
    """See how a saved method stands at the provider, and record it: new, changed, or somebody's no more."""
    provider, seen_at = world.provider, world.clock.now()
    seen = await provider.method(provider_method_id)
    whose = None
    if seen.customer_id is not None:
        async with world.db.transaction(actor) as tx:
            known = await attachments.find_owner(tx, provider.name, provider.livemode, seen.customer_id)
        # Perhaps the answer to our call that made them is not written yet: the customer knows whose they are.
        whose = await provider.customer(seen.customer_id) if known is None else SeenCustomer(seen.customer_id, None)

    async def work(tx: Transaction) -> None:
        owner = None if whose is None else await actions.customer_of(tx, provider.name, provider.livemode, whose)
        found = await methods.record(tx, provider.name, provider.livemode, owner, seen, seen_at=seen_at)
        if also is not None:
            await also(tx, None if found is not None else NOT_OURS)

    await world.db.run(actor, work)


async def sync_methods(world: World, id: CustomerId, *, actor: str) -> None:
    """See all saved methods of a customer, also those we were never told of."""
    provider, seen_at = world.provider, world.clock.now()
    async with world.db.transaction(actor) as tx:
        link = await attachments.get(tx, id, provider.name, livemode=provider.livemode)
    if link is None or link.provider_customer_id is None:
        return
    theirs = link.provider_customer_id
    found = await provider.methods(theirs)
    at_hand = {method.id for method in found}

    async def work(tx: Transaction) -> list[str]:
        for method in found:
            await methods.record(tx, provider.name, provider.livemode, id, method, seen_at=seen_at)
        held = await methods.of_customer(tx, id, livemode=provider.livemode)
        return [m.provider_method_id for m in held if m.provider_method_id not in at_hand]

    for missing in await world.db.run(actor, work):
        await sync_method(world, missing, actor=actor)
    await sync(world, theirs, actor=actor)
