"""`plan` and `apply`: make the provider sell what farthing.toml says.

An apply may be interrupted between any two calls and run again: it looks before it makes. A product has an id of our own at
the provider, so that it cannot be made twice; a price is found by its lookup key. One call could still be under way when the
next run looks, from a process that was killed; the request for a new price is therefore the same for some minutes.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from farthing import events
from farthing.catalog import store
from farthing.catalog.planning import KnownPrice, Plan, applied, compare
from farthing.catalog.steps import (
    AdoptProduct,
    ArchiveProduct,
    CreateProduct,
    Line,
    RetirePrice,
    SetPrice,
    Step,
    UpdateProduct,
)
from farthing.catalog.turn import own_turn
from farthing.db import Transaction
from farthing.errors import Conflict, ProviderError
from farthing.providers import CatalogItem
from farthing.world import World

ACTOR = "catalog"


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply did. No lines: there was nothing to do."""

    lines: Sequence[Line]


async def plan(world: World) -> Plan:
    """What an apply would do now. Changes nothing."""
    provider = world.provider
    async with world.db.transaction(ACTOR) as tx:
        known = await store.memory(tx, provider.name, livemode=provider.livemode)
    return compare(world.catalog, await provider.catalog(), known)


async def apply(world: World, planned: Plan | None = None, *, actor: str = ACTOR) -> Applied:
    """Do what must be done; doing it again does nothing.

    With a plan that somebody has seen, exactly that is done: raises Conflict where things have changed since. Raises
    ProviderError at the first step that is refused; the steps before it stay done, and the next apply goes on from there.
    """
    async with own_turn(world):
        current = await plan(world)
        if planned is not None and planned.steps != current.steps:
            raise Conflict("The catalog changed after this plan was made, so nothing was applied: look at a new plan first.")
        for step in current.steps:
            await _take(world, step, actor)
    return Applied(current.lines)


async def _take(world: World, step: Step, actor: str) -> None:
    try:
        await _do(world, step, actor)
    except ProviderError as error:
        line = step.lines[0]
        said = f"{line.verb} {line.product}: {error.detail} What was applied before stays; run `farthing catalog apply` again."
        raise type(error)(said, extra=error.extra) from error


async def _do(world: World, step: Step, actor: str) -> None:
    provider = world.provider
    match step:
        case CreateProduct(item):
            made = await provider.create_product(item, key=_once())
            await _remember_product(world, step, actor, made.id, item)
        case UpdateProduct(id, item):
            await provider.update_product(id, item, key=_once())
            await _remember_product(world, step, actor, id, item)
        case AdoptProduct(id, item):
            await _remember_product(world, step, actor, id, item)
        case ArchiveProduct(id, key, name, description):
            await provider.archive_product(id, key=_once())
            item = CatalogItem(key, name, description, active=False, prices=())
            await _remember_product(world, step, actor, id, item)
        case SetPrice():
            await _set_price(world, step, actor)
        case RetirePrice():
            await _retire_price(world, step, actor)


async def _set_price(world: World, step: SetPrice, actor: str) -> None:
    provider = world.provider
    current = step.current
    if current is None:
        product = await _product_id(world, step.product)
        current = await provider.create_price(product, step.price, key=_request_key(step, product, world.db.clock.now()))
    for old in step.retired:
        if old.id != current.id:
            await provider.archive_price(old.id, key=_once())
    price = KnownPrice(step.price.lookup_key, step.product, current.id, step.price.unit, step.price.recurring)

    async def remember(tx: Transaction) -> None:
        await store.save_price(tx, provider.name, price, livemode=provider.livemode)
        await _record(tx, world, step)

    await world.db.run(actor, remember)


async def _retire_price(world: World, step: RetirePrice, actor: str) -> None:
    provider = world.provider
    for old in step.retired:
        await provider.archive_price(old.id, key=_once())

    async def forget(tx: Transaction) -> None:
        await store.forget_price(tx, provider.name, step.lookup_key, livemode=provider.livemode)
        await _record(tx, world, step)

    await world.db.run(actor, forget)


async def _remember_product(world: World, step: Step, actor: str, id: str, item: CatalogItem) -> None:
    provider = world.provider

    async def remember(tx: Transaction) -> None:
        await store.save_product(tx, provider.name, item.key, id, applied(item), livemode=provider.livemode)
        await _record(tx, world, step)

    await world.db.run(actor, remember)


async def _record(tx: Transaction, world: World, step: Step) -> None:
    """One event for each step, in the transaction that remembers it: an interrupted apply is in the audit trail too."""
    lines = [{"verb": line.verb, "what": line.what, "before": line.before, "after": line.after} for line in step.lines]
    provider = world.provider
    await events.record(
        tx, "catalog.applied", product=step.lines[0].product, changes=lines, provider=provider.name, livemode=provider.livemode
    )


async def _product_id(world: World, product: str) -> str:
    provider = world.provider
    async with world.db.transaction(ACTOR) as tx:
        found = await store.find_product_id(tx, provider.name, product, livemode=provider.livemode)
    assert found is not None, f"{product} is remembered before its prices are set"
    return found


def _once() -> str:
    """For calls that may be made twice without harm: the key only joins the repetitions of the provider's library.

    A key that is the same next time would be answered from the provider's memory, and change nothing.
    """
    return uuid.uuid4().hex


def _request_key(step: SetPrice, product: str, now: datetime) -> str:
    """The same for the same new price beside the same old ones, for ten minutes: longer than any call is under way.

    After that it changes, for a provider repeats a stored failure to whoever asks with the same key.
    """
    price = step.price
    asked = (
        product,
        price.lookup_key,
        f"{price.unit} {price.recurring or ''}".strip(),
        *step.seen,
        f"{now:%Y-%m-%dT%H}",
        str(now.minute // 10),
    )
    return hashlib.sha256("\n".join(asked).encode()).hexdigest()[:32]
