"""Subscriptions over HTTP: begin one, look, end it, let it go on."""

from typing import Annotated, Literal

import fastapi
from fastapi import APIRouter, Response
from pydantic import Field

from farthing import invoices
from farthing.errors import (
    Conflict,
    Forbidden,
    Invalid,
    KeyInUse,
    KeyReused,
    Malformed,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    TooMany,
    Unauthenticated,
)
from farthing.http.bodies import Body, Currency, Email, Line, ListShown, Metadata, PageQuery, listed, read_id, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known
from farthing.http.headers import IdempotencyKey, key_of, mark_replayed
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld
from farthing.ids import PaymentMethodId, SubscriptionId
from farthing.lifecycles import SubscriptionStatus
from farthing.subscriptions import change_routes, ending, flow, sight
from farthing.subscriptions.present import BegunShown, InvoiceShown, QuotedShown, SubscriptionShown
from farthing.subscriptions.starting import Wanted
from farthing.world import World

router = APIRouter(prefix="/v1/subscriptions", tags=["subscriptions"])
router.include_router(change_routes.router)

QUANTITY_MAX = 100_000
URL_MAX = 2000
STARTS = refuses(
    Malformed,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    KeyInUse,
    Invalid,
    KeyReused,
    TooMany,
    ProviderError,
    ProviderUnavailable,
)
PREVIEWS = refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid, TooMany)
CHANGES = refuses(Unauthenticated, NotFound, Conflict, Invalid, TooMany, ProviderError, ProviderUnavailable)


class SubscriberBody(Body):
    """Whose it is: for servers. A signed-in customer leaves it out."""

    id: Line = Field(description="The host's own id of its user.")
    email: Email | None = None
    name: Line | None = None


class NewSubscription(Body):
    plan: Annotated[Line, Field(description="The plan's key in the catalog.", examples=["pro"])]
    price: Line | None = Field(None, description="Its price, where the plan has several.", examples=["monthly"])
    quantity: int | None = Field(None, ge=0, le=QUANTITY_MAX, description="How many seats; by default the least.")
    currency: Currency | None = Field(None, description="By default that of the catalog, where the price has it.")
    customer: SubscriberBody | None = None
    trial: bool | None = Field(None, description="By default as the plan says, once for each customer. For servers.")
    promotion_code: Line | None = Field(None, description="One of the shop's codes, which takes something off.")
    metadata: Metadata = Field(default_factory=dict)


class NewSubscriptionPage(NewSubscription):
    success_url: Annotated[str, Field(min_length=1, max_length=URL_MAX, examples=["https://shop.example/welcome"])]
    cancel_url: Annotated[str, Field(min_length=1, max_length=URL_MAX, examples=["https://shop.example/plans"])]


class NewDirectSubscription(NewSubscription):
    payment_method: str | None = Field(
        None, description='A saved one of the customer (payment_method_…), or "default". Without it, the browser pays.'
    )


class Cancellation(Body):
    when: Literal["now", "period_end"] = Field("period_end", description="What is paid can be used until its end, either way.")
    reason: Line | None = Field(None, description="Why, in your words.")


class SubscriptionQuery(PageQuery):
    status: SubscriptionStatus | None = None
    plan: Line | None = None
    customer: Line | None = Field(None, description="For servers: the host's own id of its user.")


@router.post("/checkout", operation_id="subscriptions_checkout", status_code=201, dependencies=[LIMITED], responses=STARTS)
async def checkout(
    world: TheWorld, caller: Known, wanted: NewSubscriptionPage, response: Response, header: IdempotencyKey = None
) -> BegunShown:
    """Open a payment page on which a subscription begins. A plan is bought by itself, without one-off goods."""
    asked = _wanted(caller, wanted, success_url=wanted.success_url, cancel_url=wanted.cancel_url)
    begun = await flow.start(world, asked, actor=caller.actor, key=key_of(header, caller, "subscribe", wanted.model_dump()))
    if begun.replayed:
        mark_replayed(response)
    return BegunShown.of(begun)


@router.post("", operation_id="subscriptions_create", status_code=201, dependencies=[LIMITED], responses=STARTS)
async def create(
    world: TheWorld, caller: Known, wanted: NewDirectSubscription, response: Response, header: IdempotencyKey = None
) -> BegunShown:
    """Begin a subscription without a page: a saved payment method is charged, or the browser pays with the client secret."""
    named = wanted.payment_method
    method = None if named in (None, "default") else read_id(PaymentMethodId, named or "", param="payment_method")
    begun = await flow.start(
        world,
        _wanted(caller, wanted, method=method, use_default=named == "default"),
        actor=caller.actor,
        key=key_of(header, caller, "subscription", wanted.model_dump()),
    )
    if begun.replayed:
        mark_replayed(response)
    return BegunShown.of(begun)


@router.post("/preview", operation_id="subscriptions_preview", dependencies=[LIMITED], responses=PREVIEWS)
async def preview(world: TheWorld, caller: Known, wanted: NewSubscription) -> QuotedShown:
    """What it would cost to begin a plan, with a promotion code and its trial. Nothing is written, no code is held."""
    return QuotedShown.of(await flow.preview_start(world, _wanted(caller, wanted), actor=caller.actor))


@router.get("", operation_id="subscriptions_list", responses=refuses(Unauthenticated, Invalid))
async def list_subscriptions(
    world: TheWorld, caller: Known, query: Annotated[SubscriptionQuery, fastapi.Query()]
) -> ListShown[SubscriptionShown]:
    """Newest first. A customer sees their own."""
    async with world.db.transaction(caller.actor) as tx:
        page = await sight.page_for(
            tx,
            caller,
            limit=query.limit,
            cursor=query.after(SubscriptionId),
            status=query.status,
            customer=query.customer,
            plan=query.plan,
        )
    return listed(page, SubscriptionShown.of)


@router.get("/{id}", operation_id="subscriptions_get", responses=refuses(Unauthenticated, NotFound))
async def get(world: TheWorld, caller: Known, id: str) -> SubscriptionShown:
    """How a subscription stands, as far as we know."""
    return await _read(world, caller, SubscriptionId.parse(id))


@router.get("/{id}/invoices", operation_id="subscriptions_invoices", responses=refuses(Unauthenticated, NotFound))
async def list_invoices(world: TheWorld, caller: Known, id: str) -> ListShown[InvoiceShown]:
    """Its invoices, newest first."""
    async with world.db.transaction(caller.actor) as tx:
        found = await sight.find_for(tx, caller, SubscriptionId.parse(id))
        page = await invoices.list_page(tx, limit=100, subscription=found.id)
    return listed(page, InvoiceShown.of)


@router.post("/{id}/cancellation", operation_id="subscriptions_cancel", dependencies=[LIMITED], responses=CHANGES)
async def cancel(world: TheWorld, caller: Known, id: str, wanted: Cancellation | None = None) -> SubscriptionShown:
    """End a subscription with the period that is paid, or now. Nothing is given back, and what is paid can be used."""
    asked, subscription = wanted or Cancellation.model_construct(when="period_end", reason=None), SubscriptionId.parse(id)
    await _read(world, caller, subscription)
    await ending.cancel(world, subscription, now=asked.when == "now", comment=asked.reason, actor=caller.actor)
    return await _read(world, caller, subscription)


@router.post("/{id}/resumption", operation_id="subscriptions_resume", dependencies=[LIMITED], responses=CHANGES)
async def resume(world: TheWorld, caller: Known, id: str) -> SubscriptionShown:
    """Let a subscription that was to end, or is paused, go on. After a pause longer than what was paid, a period is charged."""
    subscription = SubscriptionId.parse(id)
    await _read(world, caller, subscription)
    await ending.resume(world, subscription, actor=caller.actor)
    return await _read(world, caller, subscription)


@router.post("/{id}/sync", operation_id="subscriptions_sync", dependencies=[LIMITED], responses=CHANGES)
async def sync(world: TheWorld, caller: Known, id: str) -> SubscriptionShown:
    """See how a subscription stands at the payment provider, and record it."""
    subscription = SubscriptionId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        found = await sight.find_for(tx, caller, subscription)
    await flow.sync(world, found.provider_subscription_id, actor=caller.actor)
    return await _read(world, caller, subscription)


def _wanted(
    caller: Server | CustomerCaller,
    wanted: NewSubscription,
    *,
    success_url: str | None = None,
    cancel_url: str | None = None,
    method: PaymentMethodId | None = None,
    use_default: bool = False,
) -> Wanted:
    """A server speaks for anybody, a customer for themselves."""
    if isinstance(caller, CustomerCaller):
        if wanted.customer is not None:
            raise Forbidden("You subscribe as yourself: leave customer out.", param="customer")
        if wanted.trial is not None:
            raise Forbidden("Only the shop's own servers may say who tries a plan: leave trial out.", param="trial")
        identity = caller.identity
        external_id, email, name = identity.external_id, identity.email, identity.name
    else:
        if wanted.customer is None:
            raise Invalid("Say who subscribes: send customer.id.", param="customer")
        external_id, email, name = wanted.customer.id, wanted.customer.email, wanted.customer.name
    return Wanted(
        plan=wanted.plan,
        external_id=external_id,
        price=wanted.price,
        quantity=wanted.quantity,
        currency=wanted.currency,
        email=email,
        name=name,
        trial=wanted.trial,
        success_url=success_url,
        cancel_url=cancel_url,
        method=method,
        use_default=use_default,
        metadata=wanted.metadata,
        promotion_code=wanted.promotion_code,
    )


async def _read(world: World, caller: Server | CustomerCaller, id: SubscriptionId) -> SubscriptionShown:
    async with world.db.transaction(caller.actor) as tx:
        return SubscriptionShown.of(await sight.find_for(tx, caller, id))
