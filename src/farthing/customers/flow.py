"""Having customers at the provider: making them there once, pushing what changed, deleting who is forgotten."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from farthing import events
from farthing.customers import actions, attachments, store
from farthing.customers.model import Attachment, Customer, check_known
from farthing.db import Transaction
from farthing.errors import DatabaseUnavailable, ProviderError, ProviderUnavailable
from farthing.ids import CustomerId
from farthing.providers import CustomerWanted, SeenCustomer
from farthing.world import World

UNPUSHED: Final = timedelta(seconds=60)
"""After this long without an answer, the sweep asks in the place of whoever asked first."""

SWEEP_MAX: Final = 50

log = structlog.get_logger("farthing.customers")


async def at_provider(world: World, id: CustomerId, *, actor: str) -> str:
    """The provider's id of the customer, who is made there if need be: once, however many ask and whatever is lost.

    Raises ProviderUnavailable where there was no answer (ask again: it is the same question), ProviderError where it was no,
    Conflict for a customer who was erased.
    """
    link = await _asked(world, id, actor)
    if link.provider_customer_id is not None:
        return link.provider_customer_id
    provider = world.provider_named(link.provider)
    seen = None
    if link.stale(world.clock.now()):
        # The answer was lost so long ago that the key may be forgotten.
        assert link.asked_at is not None, "what is stale was asked"
        seen = await provider.find_customer(str(id), since=link.asked_at)
        if seen is None:
            link = await world.db.run(actor, lambda tx: _anew(tx, link))
            if link.provider_customer_id is not None:
                return link.provider_customer_id
    if seen is None:
        seen = await _made(world, link, actor)
    found = seen
    return await world.db.run(actor, lambda tx: actions.made(tx, link, found))


async def push(world: World, id: CustomerId, *, actor: str) -> None:
    """Bring the provider up to what we know of the customer: make, change, or delete them there. Safe to repeat.

    A refusal is kept with the customer and not raised: asking again would not change it.
    """
    async with world.db.transaction(actor) as tx:
        person = await store.get(tx, id)
        link = await attachments.get(tx, id, world.provider.name, livemode=world.provider.livemode)
    if link is None:
        return
    if person.erased_at is not None:
        await _forget(world, link, actor)
        return
    try:
        if link.provider_customer_id is None:
            await at_provider(world, id, actor=actor)
        else:
            await _update(world, id, actor)
    except ProviderUnavailable:
        raise
    except ProviderError as error:
        log.warning("customer.refused", customer=str(id), code=error.extra.get("provider_code"))


async def push_due(world: World) -> int:
    """Sweep: push whoever should have been pushed by now."""
    provider = world.provider
    async with world.db.transaction("sweep") as tx:
        due = await attachments.due(tx, provider.name, livemode=provider.livemode, before=tx.now - UNPUSHED, limit=SWEEP_MAX)
    for id in due:
        try:
            await push(world, id, actor="sweep")
        except ProviderUnavailable:
            return 0  # it stays due, and the next round asks again
        except DatabaseUnavailable:
            raise
        except Exception:  # one whom nobody can push must not keep the others waiting
            log.exception("customer.not_pushed", customer=str(id))
    return 0


async def lose(world: World, id: CustomerId, provider_customer_id: str, *, actor: str) -> None:
    """The provider just said that it has no such customer: look, and if it is so, let the next use make them anew."""
    if not (await world.provider.customer(provider_customer_id)).deleted:
        return

    async def work(tx: Transaction) -> None:
        link = await attachments.lock(tx, id, world.provider.name, livemode=world.provider.livemode)
        if link is not None and link.provider_customer_id == provider_customer_id:
            await actions.lost(tx, link)

    await world.db.run(actor, work)


async def _asked(world: World, id: CustomerId, actor: str) -> Attachment:
    """The intention, committed: the row, and what will be asked for, word for word."""
    provider = world.provider

    async def work(tx: Transaction) -> Attachment:
        link = await attachments.get(tx, id, provider.name, livemode=provider.livemode)
        if link is not None and link.provider_customer_id is not None:
            return link
        person = await store.get(tx, id)
        await actions.want(tx, person, provider.name, livemode=provider.livemode, soon=False)
        return await _with_request(tx, person, provider.name, provider.livemode)

    return await world.db.run(actor, work)


async def _with_request(tx: Transaction, person: Customer, provider: str, livemode: bool) -> Attachment:
    link = await attachments.lock(tx, person.id, provider, livemode=livemode)
    assert link is not None, f"{person.id} was just claimed"
    if link.provider_customer_id is None and link.request is None:
        await attachments.save_request(tx, link, person, incarnation=link.incarnation)
        link = await attachments.get(tx, person.id, provider, livemode=livemode)
        assert link is not None
    return link


async def _anew(tx: Transaction, asked: Attachment) -> Attachment:
    """Nothing came of the first question: ask a new one, with a key of its own. Of two who find that out, one does."""
    link = await attachments.lock(tx, asked.customer_id, asked.provider, livemode=asked.livemode)
    assert link is not None, f"{asked.customer_id} was claimed and cannot be gone"
    if link.provider_customer_id is None and link.incarnation == asked.incarnation:
        person = await store.get(tx, link.customer_id)
        check_known(person)
        await attachments.save_request(tx, link, person, incarnation=link.incarnation + 1)
        link = await attachments.get(tx, link.customer_id, link.provider, livemode=link.livemode)
        assert link is not None
    return link


async def _made(world: World, link: Attachment, actor: str) -> SeenCustomer:
    try:
        return await world.provider_named(link.provider).create_customer(link.wanted(), key=link.key)
    except ProviderUnavailable:
        raise
    except ProviderError as error:
        reason = refusal(error)
        await world.db.run(actor, lambda tx: actions.refused(tx, link, reason))
        raise


@dataclass(frozen=True, slots=True)
class _Push:
    """One state of a customer, on its way."""

    link: Attachment
    wanted: CustomerWanted
    fingerprint: str
    until: datetime | None
    """The claim under which it is pushed; None where somebody else holds it."""


async def _begin_push(tx: Transaction, id: CustomerId, provider: str, livemode: bool) -> _Push | None:
    link = await attachments.lock(tx, id, provider, livemode=livemode)
    if link is None or link.provider_customer_id is None or link.push_due_at is None:
        return None
    person, fingerprint = await store.get(tx, id), await attachments.fingerprint(tx, id)
    wanted = CustomerWanted(
        reference=str(id),
        external_id=person.external_id,
        email=person.email,
        name=person.name,
        metadata=person.metadata,
        removed=sorted({*link.pushed_keys} - {*person.metadata}),
    )
    return _Push(link, wanted, fingerprint, await attachments.claim_push(tx, link))


async def _update(world: World, id: CustomerId, actor: str) -> None:
    provider = world.provider
    push = await world.db.run(actor, lambda tx: _begin_push(tx, id, provider.name, provider.livemode))
    if push is None:
        return
    link, until, theirs = push.link, push.until, push.link.provider_customer_id
    assert theirs is not None, "only who is known there is changed there"
    if until is None:
        raise ProviderUnavailable(f"Somebody else is pushing {id}: it is tried again shortly.")
    try:
        # Another claim is another key: the state from before the last one, come back, is not an answer from before.
        await provider.update_customer(theirs, push.wanted, key=f"{link.key}:{until.timestamp()}")
    except ProviderUnavailable:
        raise
    except ProviderError as error:
        if error.extra.get("provider_code") == "resource_missing":
            await lose(world, id, theirs, actor=actor)
            return
        reason = refusal(error)
        await world.db.run(actor, lambda tx: actions.refused(tx, link, reason))
        raise

    async def record(tx: Transaction) -> None:
        if await attachments.save_pushed(tx, link, until, push.wanted, push.fingerprint):
            await events.record(tx, "customer.pushed", customer=id, provider_customer=theirs, made=False)
            await actions.push_what_changed_meanwhile(tx, link)

    await world.db.run(actor, record)


async def _forget(world: World, link: Attachment, actor: str) -> None:
    """Who was erased here is deleted there. Deleting twice deletes once."""
    theirs = link.provider_customer_id
    if theirs is None and link.asked_at is not None:
        found = await world.provider.find_customer(str(link.customer_id), since=link.asked_at)
        theirs = None if found is None else found.id
    if theirs is not None:
        await world.provider_named(link.provider).delete_customer(theirs)

    async def work(tx: Transaction) -> None:
        current = await attachments.lock(tx, link.customer_id, link.provider, livemode=link.livemode)
        if current is not None and current.provider_customer_id is not None:
            await actions.lost(tx, current)
        await attachments.settle_erased(tx, link)

    await world.db.run(actor, work)


def refusal(error: ProviderError) -> str:
    """Why, without what was said: a provider's sentence may quote the address that it did not like."""
    code, param = error.extra.get("provider_code"), error.extra.get("provider_param")
    return f"the provider refused {param or 'the customer'} ({code or 'no reason given'})"
