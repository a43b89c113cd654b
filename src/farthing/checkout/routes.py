"""Checkout over HTTP: start one, look at it, and end or check what became of its order."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints

from farthing import catalog, orders, payments
from farthing.addresses import AddressIn
from farthing.checkout import calling_off, customer_routes, exchange_routes, flow, order_routes, payment_routes, store
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
from farthing.checkout.model import Checkout
from farthing.checkout.present import CartShown
from farthing.checkout.preview import preview
from farthing.db import Transaction
from farthing.errors import (
    AlreadyPurchased,
    Conflict,
    ContentNotFound,
    ContentNotPriced,
    ContentUnavailable,
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
from farthing.http.bodies import Body, Currency, Line, Metadata, MoneyShown, Shown, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Anybody, Known
from farthing.http.headers import IdempotencyKey, key_of, mark_replayed
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld
from farthing.http.urls import Url
from farthing.ids import CheckoutId, OrderId
from farthing.lifecycles import CheckoutStatus, OrderStatus
from farthing.providers import CaptureMethod
from farthing.world import World

router = APIRouter(prefix="/v1")
router.include_router(customer_routes.router)
router.include_router(order_routes.router)
router.include_router(payment_routes.router)
router.include_router(exchange_routes.router)

CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), Field(examples=["DE"])]
Locale = Annotated[str, StringConstraints(min_length=2, max_length=20)]


class NewCheckout(Body):
    items: list[NewItem] = Field(min_length=1, max_length=ITEMS_MAX)
    currency: Currency | None = Field(None, description="By default that of the catalog.")
    success_url: Url
    cancel_url: Url
    customer: NewCustomer | None = None
    metadata: Metadata = Field(default_factory=dict)
    promotion_code: PromotionCode | None = None
    shipping_address: AddressIn | None = Field(None, description="Where goods are sent.")
    shipping_rate: ShippingRateKey | None = None
    locale: Locale | None = Field(None, description="What the buyer reads: emails are written in it.", examples=["de"])
    save_payment_method: bool = Field(False, description="Keep what pays with the signed-in buyer, to be charged later.")
    capture: CaptureMethod | None = Field(
        None, description='"manual" keeps the money until you capture it. By default as the products say; only for servers.'
    )


class NewCart(Body):
    items: list[NewItem] = Field(min_length=1, max_length=ITEMS_MAX)
    currency: Currency | None = Field(None, description="By default that of the catalog.")
    promotion_code: PromotionCode | None = None
    customer: Line | None = Field(None, description="For servers: the host's own id of the user whose cart it is.")
    shipping_country: CountryCode | None = Field(
        None, description="Where goods would be sent: with it the cart has a line for that, where there are rates."
    )
    shipping_rate: ShippingRateKey | None = None


class CheckoutSessionShown(Shown):
    id: str
    object: Literal["checkout_session"] = "checkout_session"
    status: CheckoutStatus
    order: str
    order_number: int
    order_status: OrderStatus
    url: str | None = Field(description="Where the buyer pays; null once that is over.")
    success_url: str
    cancel_url: str
    started_at: datetime
    expires_at: datetime
    total: MoneyShown


@router.post(
    "/carts",
    operation_id="carts_price",
    tags=["checkout"],
    dependencies=[LIMITED],
    responses=refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid, TooMany),
)
async def price_cart(world: TheWorld, caller: Anybody, wanted: NewCart) -> CartShown:
    """What a cart would cost now, with a promotion code. Nothing is written, no code is reserved."""
    if wanted.customer is not None and not isinstance(caller, Server):
        raise Forbidden("Only the shop's own servers may say whose cart it is.", param="customer")
    cart = await preview(
        world,
        items=[item.item() for item in wanted.items],
        actor=caller.actor,
        currency=wanted.currency,
        promotion_code=wanted.promotion_code,
        customer=caller.identity.external_id if isinstance(caller, CustomerCaller) else wanted.customer,
        shipping_country=wanted.shipping_country,
        shipping_rate=wanted.shipping_rate,
    )
    there = wanted.shipping_country
    return CartShown.of(cart, () if there is None else catalog.rates_for(world.catalog, cart, there))


@router.post(
    "/checkout/sessions",
    operation_id="checkout_sessions_create",
    tags=["checkout"],
    status_code=201,
    dependencies=[LIMITED],
    responses=refuses(
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
        ContentNotFound,
        ContentNotPriced,
        ContentUnavailable,
        AlreadyPurchased,
    ),
)
async def start_checkout(
    world: TheWorld, caller: Anybody, wanted: NewCheckout, response: Response, header: IdempotencyKey = None
) -> StartedShown:
    """Place an order for the cart at the catalog's prices, and open a payment page for it."""
    buyer = buyer_of(caller, wanted.customer)
    started = await flow.start(
        world,
        items=[item.item() for item in wanted.items],
        buyer=buyer,
        success_url=wanted.success_url,
        cancel_url=wanted.cancel_url,
        actor=caller.actor,
        currency=wanted.currency,
        metadata=wanted.metadata,
        promotion_code=wanted.promotion_code,
        shipping_address=wanted.shipping_address.model_dump() if wanted.shipping_address else None,
        shipping_rate=wanted.shipping_rate,
        locale=wanted.locale,
        save_method=wanted.save_payment_method,
        capture_method=capture_said(caller, wanted.capture),
        key=key_of(header, caller, "checkout", wanted.model_dump(), email=buyer.email),
    )
    if started.replayed:
        mark_replayed(response)
    return StartedShown.model_validate(flow.answer(started))


@router.get(
    "/checkout/sessions/{id}",
    operation_id="checkout_sessions_get",
    tags=["checkout"],
    responses=refuses(Unauthenticated, NotFound),
)
async def get_session(world: TheWorld, caller: Known, id: str) -> CheckoutSessionShown:
    """How a checkout session stands, as far as we know."""
    session_id = CheckoutId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        session = await store.get(tx, session_id)
        order = await _order_of(tx, caller, session)
    return CheckoutSessionShown(
        id=str(session.id),
        status=session.status,
        order=str(order.id),
        order_number=order.number,
        order_status=order.status,
        url=session.url,
        success_url=session.success_url,
        cancel_url=session.cancel_url,
        started_at=session.started_at,
        expires_at=session.expires_at,
        total=MoneyShown.of(order.total),
    )


async def _order_of(tx: Transaction, caller: Server | CustomerCaller, session: Checkout) -> orders.Order:
    """Somebody else's session is refused in the words for one that does not exist."""
    try:
        return await orders.get_for(tx, caller, session.order_id)
    except NotFound:
        raise NotFound(f"There is no checkout session {session.id}.") from None


@router.post(
    "/orders/{id}/cancellation",
    operation_id="orders_cancel",
    tags=["orders"],
    responses=refuses(Unauthenticated, NotFound, Conflict, ProviderError, ProviderUnavailable),
)
async def cancel_order(world: TheWorld, caller: Known, id: str) -> payments.OrderDetailShown:
    """Close the payment page and cancel the order; a paid one as long as nothing of it was sent, and its money goes back.

    Canceling what is canceled or expired changes nothing.
    """
    order_id = OrderId.parse(id)
    if (await _read(world, caller, order_id)).status not in (OrderStatus.CANCELED, OrderStatus.EXPIRED):
        party: calling_off.Party = "buyer" if isinstance(caller, CustomerCaller) else "platform"
        await calling_off.call_off(world, order_id, actor=caller.actor, party=party)
    return await _read(world, caller, order_id)


@router.post(
    "/orders/{id}/sync",
    operation_id="orders_sync",
    tags=["orders"],
    dependencies=[LIMITED],
    responses=refuses(Unauthenticated, NotFound, TooMany, ProviderError, ProviderUnavailable),
)
async def sync_order(world: TheWorld, caller: Known, id: str) -> payments.OrderDetailShown:
    """See how everything of the order stands at the payment provider, and record it."""
    order_id = OrderId.parse(id)
    await _read(world, caller, order_id)
    await flow.sync_order(world, order_id, actor=caller.actor)
    return await _read(world, caller, order_id)


async def _read(world: World, caller: Server | CustomerCaller, id: OrderId) -> payments.OrderDetailShown:
    async with world.db.transaction(caller.actor) as tx:
        order = await orders.get_for(tx, caller, id)
        return await payments.detail_of(tx, order, for_staff=isinstance(caller, Server))
