"""What is done to saved methods at the provider. It is the one who knows: after each change we look."""

from farthing.customers import attachments, flow, looking, methods, store
from farthing.customers.model import Customer, PaymentMethod
from farthing.db import Transaction
from farthing.errors import NotFound
from farthing.ids import CustomerId, PaymentMethodId
from farthing.world import World


async def make_default(world: World, customer: CustomerId, id: PaymentMethodId, *, actor: str) -> PaymentMethod:
    """Let this method pay when none is named, here and at the provider. Raises NotFound, or Conflict where it was removed."""
    method = await _own(world, customer, id, actor)
    theirs = await flow.at_provider(world, customer, actor=actor)
    await world.provider_named(method.provider).set_default_method(theirs, method.provider_method_id)
    await looking.sync(world, theirs, actor=actor)
    return await _read(world, id, actor)


async def detach(world: World, customer: CustomerId, id: PaymentMethodId, *, actor: str) -> PaymentMethod:
    """Remove it for good, here and at the provider. Removing what is removed changes nothing. Raises NotFound."""
    method = await _read(world, id, actor)
    if method.customer_id != customer:
        raise NotFound(f"There is no payment method {id}.")
    await world.provider_named(method.provider).detach_method(method.provider_method_id)
    await looking.sync_method(world, method.provider_method_id, actor=actor)
    return await _read(world, id, actor)


async def _own(world: World, customer: CustomerId, id: PaymentMethodId, actor: str) -> PaymentMethod:
    provider = world.provider
    async with world.db.transaction(actor) as tx:
        return await methods.to_charge(tx, customer, provider.name, livemode=provider.livemode, named=id)


async def _read(world: World, id: PaymentMethodId, actor: str) -> PaymentMethod:
    async with world.db.transaction(actor) as tx:
        return await methods.get(tx, id)


async def find_for(tx: Transaction, external_id: str) -> Customer:
    """Raises NotFound for a user of the host whom we never met."""
    found = await store.find_by_external_id(tx, external_id)
    if found is None:
        raise NotFound("There is no such customer.")
    return found


async def provider_id(tx: Transaction, world: World, customer: CustomerId) -> str | None:
    link = await attachments.get(tx, customer, world.provider.name, livemode=world.provider.livemode)
    return None if link is None else link.provider_customer_id
