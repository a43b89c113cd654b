"""Orders without a page of ours over HTTP: place one, then pay it in the host's own pages or on a page opened for it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from farthing.addresses import AddressIn
from farthing.checkout import flow, placing, sight, ways
from farthing.checkout.bodies import (
    ITEMS_MAX,
    NewCustomer,
    NewItem,
    PromotionCode,
    ShippingRateKey,
    StartedShown,
    buyer_of,
    capture_said,
)
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
from farthing.http import proof
from farthing.http.bodies import Body, Currency, Metadata, MoneyShown, Shown, refuses
from farthing.http.callers import Caller, Guest
from farthing.http.credentials import Anybody
from farthing.http.headers import IdempotencyKey, key_of, mark_replayed
from farthing.http.limits import LIMITED
from farthing.http.proof import OrderToken
from farthing.http.state import TheWorld
from farthing.http.urls import Url
from farthing.ids import OrderId
from farthing.lifecycles import PaymentStatus
from farthing.orders import OrderShown
from farthing.payments import Intent
from farthing.providers import CaptureMethod
from farthing.world import World

router = APIRouter(prefix="/orders", tags=["orders"])

WAY_REFUSED = refuses(
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
"""How opening a way to pay an order may be refused."""

CaptureIn = Annotated[
    CaptureMethod | None,
    Field(
        description='"manual" keeps the money until you capture it. By default as the products say. Only servers may say it.'
    ),
]


class NewOrder(Body):
    items: list[NewItem] = Field(min_length=1, max_length=ITEMS_MAX)
    currency: Currency | None = Field(None, description="By default that of the catalog.")
    customer: NewCustomer | None = None
    metadata: Metadata = Field(default_factory=dict)
    promotion_code: PromotionCode | None = None
    shipping_address: AddressIn | None = Field(None, description="Where goods are sent.")
    shipping_rate: ShippingRateKey | None = None


class OrderPlacedShown(OrderShown):
    order_token: str | None = Field(
        description="For guests, good for 30 days: with it as `Farthing-Order-Token` they pay the order and see its payments."
    )


class NewIntent(Body):
    return_url: Url | None = Field(
        None, description="Where the buyer goes after their bank. {ORDER_ID} and {PAYMENT_ID} are filled in."
    )
    capture: CaptureIn = None


class IntentShown(Shown):
    id: str = Field(examples=["payment_01k9h4w3q8fvtb7m2x5c6d0e1f"])
    object: Literal["payment_intent"] = "payment_intent"
    order: str
    status: PaymentStatus
    amount: MoneyShown
    capture: CaptureMethod
    client_secret: str = Field(description="For the buyer's browser alone: never store it, and keep it out of logs and URLs.")
    publishable_key: str | None = Field(description="For Stripe.js; null where STRIPE_PUBLISHABLE_KEY is not set.")
    return_url: str = Field(description="Give it to Stripe.js as `return_url`: it looks, then sends the buyer to yours.")
    redirect_url: str | None = Field(description="Where the buyer's bank wants to see the buyer, if it does.")

    @classmethod
    def of(cls, intent: Intent) -> "IntentShown":
        return cls(
            id=str(intent.payment.id),
            order=str(intent.payment.order_id),
            status=intent.payment.status,
            amount=MoneyShown.of(intent.payment.asked),
            capture=intent.payment.capture_method,
            client_secret=intent.client_secret,
            publishable_key=intent.publishable_key,
            return_url=intent.return_url,
            redirect_url=intent.redirect_url,
        )


class NewPage(Body):
    success_url: Url
    cancel_url: Url
    capture: CaptureIn = None


@router.post(
    "",
    operation_id="orders_create",
    status_code=201,
    dependencies=[LIMITED],
    responses=refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, KeyInUse, Invalid, KeyReused, TooMany),
)
async def place_order(
    world: TheWorld, caller: Anybody, wanted: NewOrder, response: Response, header: IdempotencyKey = None
) -> OrderPlacedShown:
    """Place an order for the cart at the catalog's prices. Nothing is paid yet, unless it costs nothing."""
    buyer = buyer_of(caller, wanted.customer)
    order, replayed = await placing.place_order(
        world,
        items=[item.item() for item in wanted.items],
        buyer=buyer,
        actor=caller.actor,
        currency=wanted.currency,
        metadata=wanted.metadata,
        promotion_code=wanted.promotion_code,
        shipping_address=wanted.shipping_address.model_dump() if wanted.shipping_address else None,
        shipping_rate=wanted.shipping_rate,
        key=key_of(header, caller, "order", wanted.model_dump(), email=buyer.email),
    )
    if replayed:
        mark_replayed(response)
    guest = isinstance(caller, Guest)
    token = proof.token_of(world.settings, order.id, placed_at=order.placed_at) if guest else None
    return OrderPlacedShown(**dict(OrderShown.of(order)), order_token=token)


@router.post(
    "/{id}/payment-intents",
    operation_id="payment_intents_create",
    tags=["payments"],
    status_code=201,
    dependencies=[LIMITED],
    responses=WAY_REFUSED,
)
async def open_intent(
    world: TheWorld,
    caller: Anybody,
    id: str,
    wanted: NewIntent,
    response: Response,
    header: IdempotencyKey = None,
    token: OrderToken = None,
) -> IntentShown:
    """Open a payment for your own pages. A former way to pay the order is closed first; one that was paid is a conflict."""
    order_id = OrderId.parse(id)
    await _see(world, caller, token, order_id)
    intent = await ways.open_intent(
        world,
        order_id,
        actor=caller.actor,
        return_url=wanted.return_url,
        capture_method=capture_said(caller, wanted.capture),
        key=key_of(header, caller, f"intent {order_id}", wanted.model_dump()),
    )
    if intent.replayed:
        mark_replayed(response)
    return IntentShown.of(intent)


@router.post(
    "/{id}/checkout-sessions",
    operation_id="orders_checkout",
    tags=["checkout"],
    status_code=201,
    dependencies=[LIMITED],
    responses=WAY_REFUSED,
)
async def open_page(
    world: TheWorld,
    caller: Anybody,
    id: str,
    wanted: NewPage,
    response: Response,
    header: IdempotencyKey = None,
    token: OrderToken = None,
) -> StartedShown:
    """Open a payment page for an order that stands: the first, or another after the buyer left the one before."""
    order_id = OrderId.parse(id)
    await _see(world, caller, token, order_id)
    started = await ways.open_page(
        world,
        order_id,
        success_url=wanted.success_url,
        cancel_url=wanted.cancel_url,
        actor=caller.actor,
        capture_method=capture_said(caller, wanted.capture),
        key=key_of(header, caller, f"page {order_id}", wanted.model_dump()),
    )
    if started.replayed:
        mark_replayed(response)
    return StartedShown.model_validate(flow.answer(started))


async def _see(world: World, caller: Caller, token: str | None, id: OrderId) -> None:
    async with world.db.transaction(caller.actor) as tx:
        await sight.order_for(world, tx, caller, token, id)
