"""The provider's own pages for a customer: where they save a way to pay, and where they look after what they have."""

from farthing import customers
from farthing.db import Transaction
from farthing.errors import NotFound
from farthing.http.idempotency import Key
from farthing.http.urls import checked_url
from farthing.ids import CustomerId, EventId
from farthing.world import World


async def setup_page(
    world: World,
    external_id: str,
    *,
    success_url: str,
    cancel_url: str,
    actor: str,
    currency: str | None = None,
    key: Key | None = None,
) -> str:
    """Where the customer saves a method to be charged later; it is ours once the provider tells of it.

    With the same key the same page. Raises NotFound for somebody we never met, Invalid for a URL on a host not allowed.
    """
    hosts = world.settings.hosts
    success, cancel = checked_url(success_url, hosts, param="success_url"), checked_url(cancel_url, hosts, param="cancel_url")
    theirs = await _theirs(world, external_id, actor)
    return await world.provider.setup_page(
        theirs,
        currency=currency or world.catalog.currency,
        success_url=success,
        cancel_url=cancel,
        # Nothing is charged there, and what is saved twice is shown twice: without a key each call is a page.
        key=f"{key.caller}:{key.key}" if key else str(EventId.new()),
    )


async def portal_page(world: World, external_id: str, *, return_url: str, actor: str) -> str:
    """Where the customer looks after methods, invoices and address. Short-lived: ask for one when they click.

    Whose it is comes from the caller, never from a page. Raises NotFound for somebody we never met.
    """
    return_to = checked_url(return_url, world.settings.hosts, param="return_url")
    return await world.provider.portal_page(await _theirs(world, external_id, actor), return_url=return_to)


async def _theirs(world: World, external_id: str, actor: str) -> str:
    async def find(tx: Transaction) -> CustomerId:
        found = await customers.find_by_external_id(tx, external_id)
        if found is None:
            raise NotFound("There is no such customer.")
        return found.id

    return await customers.at_provider(world, await world.db.run(actor, find), actor=actor)
