"""Customers over HTTP: a server tells who its users are; a user sees themselves and their saved payment methods."""

from typing import Annotated

import fastapi
from fastapi import APIRouter
from pydantic import Field

from farthing.customers import actions, managing, methods, store
from farthing.customers.model import Customer
from farthing.customers.present import CustomerShown, PaymentMethodShown
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, Invalid, NotFound, ProviderError, ProviderUnavailable, Unauthenticated
from farthing.http.bodies import Body, Email, Line, ListShown, Metadata, PageQuery, listed, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known, OnlyServer
from farthing.http.state import TheWorld
from farthing.http.whose import Whose, own
from farthing.ids import CustomerId, PaymentMethodId
from farthing.paging import Page

router = APIRouter(prefix="/v1/customers", tags=["customers"])


class CustomerWantedBody(Body):
    id: Annotated[Line, Field(description="The host's own id of its user.", examples=["user_4711"])]
    email: Email | None = None
    name: Line | None = None
    metadata: Metadata | None = Field(None, description="Replaces what was there; left out, that stays.")


class CustomerQuery(PageQuery):
    search: Line | None = Field(None, description="The beginning of an email or name, or a whole id: yours, ours, theirs.")


@router.post("", operation_id="customers_remember", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def remember(world: TheWorld, caller: OnlyServer, wanted: CustomerWantedBody) -> CustomerShown:
    """Find or make the customer, keep what is new, and have the provider know it. Repeating it changes nothing."""
    provider = world.provider

    async def work(tx: Transaction) -> CustomerShown:
        found = await actions.remember(
            tx, external_id=wanted.id, email=wanted.email, name=wanted.name, metadata=wanted.metadata
        )
        await actions.want(tx, found, provider.name, livemode=provider.livemode)
        return CustomerShown.of(found, await managing.provider_id(tx, world, found.id))

    return await world.db.run(caller.actor, work)


@router.get("", operation_id="customers_list", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def list_customers(
    world: TheWorld, caller: OnlyServer, query: Annotated[CustomerQuery, fastapi.Query()]
) -> ListShown[CustomerShown]:
    """Newest first."""
    async with world.db.transaction(caller.actor) as tx:
        page = await store.list_page(tx, limit=query.limit, cursor=query.after(CustomerId), search=query.search)
        known = {person.id: await managing.provider_id(tx, world, person.id) for person in page.items}
    return listed(page, lambda person: CustomerShown.of(person, known[person.id]))


@router.get(
    "/{external_id:path}/payment-methods",
    operation_id="payment_methods_list",
    responses=refuses(Unauthenticated, NotFound),
)
async def list_methods(world: TheWorld, caller: Known, external_id: Whose) -> ListShown[PaymentMethodShown]:
    """What the customer may pay with again."""
    async with world.db.transaction(caller.actor) as tx:
        person = await managing.find_for(tx, own(caller, external_id))
        held = await methods.of_customer(tx, person.id, livemode=world.provider.livemode)
    return listed(Page(held, None), PaymentMethodShown.of)


@router.post(
    "/{external_id:path}/payment-methods/{id}/default",
    operation_id="payment_methods_make_default",
    responses=refuses(Unauthenticated, NotFound, Conflict, ProviderError, ProviderUnavailable),
)
async def make_default(world: TheWorld, caller: Known, external_id: Whose, id: str) -> PaymentMethodShown:
    """Let this one pay when none is named."""
    person = await _person(world, caller, external_id)
    method = PaymentMethodId.parse(id)
    return PaymentMethodShown.of(await managing.make_default(world, person.id, method, actor=caller.actor))


@router.delete(
    "/{external_id:path}/payment-methods/{id}",
    operation_id="payment_methods_detach",
    responses=refuses(Unauthenticated, NotFound, ProviderError, ProviderUnavailable),
)
async def detach(world: TheWorld, caller: Known, external_id: Whose, id: str) -> PaymentMethodShown:
    """Remove it for good, here and at the provider."""
    person = await _person(world, caller, external_id)
    method = PaymentMethodId.parse(id)
    return PaymentMethodShown.of(await managing.detach(world, person.id, method, actor=caller.actor))


# The last, for an id may hold a slash.
@router.get("/{external_id:path}", operation_id="customers_get", responses=refuses(Unauthenticated, NotFound))
async def get(world: TheWorld, caller: Known, external_id: Whose) -> CustomerShown:
    """The customer as we know them."""
    async with world.db.transaction(caller.actor) as tx:
        person = await managing.find_for(tx, own(caller, external_id))
        return CustomerShown.of(person, await managing.provider_id(tx, world, person.id))


async def _person(world: TheWorld, caller: Server | CustomerCaller, external_id: str) -> Customer:
    async with world.db.transaction(caller.actor) as tx:
        return await managing.find_for(tx, own(caller, external_id))
