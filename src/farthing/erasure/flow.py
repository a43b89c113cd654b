"""Erasing: one transaction here, then a job that deletes them at the provider. What is told of that is cleaned later."""

from datetime import timedelta
from typing import Final

from farthing import customers, events, jobs
from farthing.db import Transaction
from farthing.erasure import store
from farthing.errors import Conflict, ProviderUnavailable
from farthing.ids import CustomerId
from farthing.world import World

STILL_TOLD: Final = timedelta(days=7)
"""For so long a provider repeats what it could not deliver."""


async def erase(world: World, id: CustomerId, *, actor: str) -> None:
    """Forget who the customer was. Orders, payments and books stay, and belong to an id that names nobody.

    What the host and its staff wrote in their own words loses their address and name. In the audit trail stay the host's own id
    of the user, as who did something, and an order's metadata, as the host described it: it is no place for names. Raises
    NotFound, and Conflict while an order of theirs can still be paid or is still to be sent somewhere, or a dispute is not
    decided. Safe to repeat.
    """

    async def work(tx: Transaction) -> None:
        person = await customers.lock(tx, id)
        if needed := await store.still_needed(tx, id):
            raise Conflict(f"{id} {needed}")
        words = [word for word in (person.email, person.name, *await store.addresses_of(tx, id)) if word]
        await store.clean_bodies(tx, id, words)
        await store.clean_words(tx, id, words)
        await store.forget(tx, id, words)
        if person.erased_at is None:
            await customers.forget(tx, id)
            await events.record(tx, "customer.erased", customer=id)
        await jobs.schedule(tx, "customers.push", customer=str(id))

    await world.db.run(actor, work)
    try:
        await customers.push(world, id, actor=actor)
    except ProviderUnavailable:
        return  # the job asks again


async def clean_again(world: World) -> int:
    """Sweep: what the provider told of people after they were erased here, their deletion above all, is cleaned as well."""

    async def work(tx: Transaction) -> None:
        for id, erased_at in await store.erased_since(tx, tx.now - STILL_TOLD):
            await store.clean_bodies(tx, id, [], since=erased_at)

    await world.db.run("sweep", work)
    return 0
