"""Document 003: pay on a page or in the host's own pages, see how it stands, give it back, look after what is saved."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from farthing import checkout, orders, payments
from farthing.checkout import NewCustomer, NewItem
from farthing.db import Row, Transaction
from farthing.documents import records, refunding
from farthing.documents.bodies import CamelBody, CamelShown, Success
from farthing.errors import Invalid, NotFound
from farthing.http.bodies import Currency, Line, Metadata, read_id
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known, OnlyServer
from farthing.http.headers import IdempotencyKey, key_of, mark_replayed
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld
from farthing.http.whose import own
from farthing.ids import OrderId, PaymentId
from farthing.world import World

ITEMS_MAX = 50
URL_MAX = 2000
ID_MAX = 255

router = APIRouter(prefix="/api/v1/payments", tags=["document 003"])

Url = Annotated[str, Field(min_length=1, max_length=URL_MAX)]
GivenId = Annotated[str, Field(max_length=ID_MAX)]


class Cart(CamelBody):
    """What is bought, at the catalog's prices. An item has a `price` of its own only where its product lets buyers say one."""

    items: list[NewItem] = Field(min_length=1, max_length=ITEMS_MAX)
    currency: Currency | None = None
    customer: NewCustomer | None = None
    metadata: Metadata = Field(default_factory=dict)


class NewSession(Cart):
    mode: Literal["payment"] = "payment"
    success_url: Url | None = None
    cancel_url: Url | None = None


class NewIntent(CamelBody):
    """For an order that stands, or for a cart: then an order is placed for it."""

    order_id: GivenId | None = None
    items: list[NewItem] = Field(default=[], max_length=ITEMS_MAX)
    currency: Currency | None = None
    customer: NewCustomer | None = None
    metadata: Metadata = Field(default_factory=dict)
    return_url: Url | None = None


class NewPortal(CamelBody):
    return_url: Url
    customer_id: Line | None = Field(None, description="For servers: the host's own id of its user.")


class SessionShown(CamelShown):
    session_id: str
    url: str
    order_id: str
    payment_id: str | None
    amount: int
    currency: str
    expires_at: datetime


class IntentShown(CamelShown):
    payment_id: str
    payment_intent_id: str | None
    client_secret: str
    publishable_key: str | None
    order_id: str
    amount: int
    currency: str
    return_url: str


class PaymentShown(CamelShown):
    id: str
    order_id: str
    user_id: str | None
    stripe_payment_intent_id: str | None
    stripe_checkout_session_id: str | None
    mode: str
    amount: int
    refunded_amount: int
    currency: str
    status: Literal["pending", "processing", "succeeded", "failed", "refunded"]
    metadata: dict[str, str]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Row) -> "PaymentShown":
        told = {name: row[name] for name in cls.model_fields if name not in ("id", "order_id")}
        return cls(id=str(PaymentId.of(row["id"])), order_id=str(OrderId.of(row["order_id"])), **told)


class PortalShown(CamelShown):
    url: str


@router.post("/checkout-session", status_code=201, dependencies=[LIMITED])
async def open_session(
    world: TheWorld, caller: Known, wanted: NewSession, response: Response, header: IdempotencyKey = None
) -> Success[SessionShown]:
    """Place an order and open a payment page for it. Where the buyer goes afterwards is checked against the allowed hosts."""
    settings = world.settings
    success = wanted.success_url or settings.success_url
    cancel = wanted.cancel_url or settings.cancel_url
    if success is None or cancel is None:
        raise Invalid(
            "Send successUrl and cancelUrl, or set FARTHING_SUCCESS_URL and FARTHING_CANCEL_URL.", param="success_url"
        )
    started = await checkout.start(
        world,
        items=[item.item() for item in wanted.items],
        buyer=checkout.buyer_of(caller, wanted.customer),
        success_url=success,
        cancel_url=cancel,
        actor=caller.actor,
        currency=wanted.currency,
        metadata=wanted.metadata,
        key=key_of(header, caller, "checkout-session", wanted.model_dump()),
    )
    if started.replayed:
        mark_replayed(response)
    async with world.db.transaction(caller.actor) as tx:
        page = await checkout.get(tx, started.id)
    shown = SessionShown(
        session_id=page.provider_checkout_id or str(page.id),
        url=started.url,
        order_id=str(started.order_id),
        payment_id=None if page.payment_id is None else str(page.payment_id),
        amount=started.total.amount,
        currency=started.total.currency,
        expires_at=started.expires_at,
    )
    return Success(data=shown)


@router.post("/payment-intent", status_code=201, dependencies=[LIMITED])
async def open_intent(
    world: TheWorld, caller: Known, wanted: NewIntent, response: Response, header: IdempotencyKey = None
) -> Success[IntentShown]:
    """Open a payment for the host's own pages: the secret is for the buyer's browser alone."""
    order_id = await _order_of(world, caller, wanted, header)
    key = key_of(f"intent {header}" if header else None, caller, "payment-intent", wanted.model_dump())
    intent = await checkout.open_intent(world, order_id, actor=caller.actor, return_url=wanted.return_url, key=key)
    if intent.replayed:
        mark_replayed(response)
    shown = IntentShown(
        payment_id=str(intent.payment.id),
        payment_intent_id=intent.payment.provider_payment_id,
        client_secret=intent.client_secret,
        publishable_key=intent.publishable_key,
        order_id=str(order_id),
        amount=intent.payment.asked.amount,
        currency=intent.payment.asked.currency,
        return_url=intent.return_url,
    )
    return Success(data=shown)


@router.post("/refund", status_code=201)
async def refund(
    world: TheWorld, caller: OnlyServer, wanted: refunding.NewRefund, response: Response, header: IdempotencyKey = None
) -> Success[refunding.RefundShown]:
    """Give a payment back, all that is left of it or an amount. For the shop's own servers: buyers ask under
    /v1/orders/{id}/refund-requests.
    """
    payment = await _find(world, caller, wanted.payment_id, param="paymentId")
    key = key_of(header, caller, "refund", wanted.model_dump())
    shown, replayed = await world.db.run(
        caller.actor, lambda tx: refunding.refund_once(tx, payment, wanted, key, world.catalog.refunds)
    )
    if replayed:
        mark_replayed(response)
    return Success(data=shown)


@router.post("/customer-portal", status_code=201, dependencies=[LIMITED])
async def open_portal(world: TheWorld, caller: Known, wanted: NewPortal) -> Success[PortalShown]:
    """Open the provider's page where the customer looks after payment methods and invoices. It is short-lived."""
    named = wanted.customer_id
    if isinstance(caller, CustomerCaller):
        named = own(caller, named or caller.identity.external_id)
    if named is None:
        raise Invalid("Say whose portal: send customerId, your own id of the user.", param="customer_id")
    url = await checkout.portal_page(world, named, return_url=wanted.return_url, actor=caller.actor)
    return Success(data=PortalShown(url=url))


@router.get("/{id}", dependencies=[LIMITED])
async def get_payment(world: TheWorld, caller: Known, id: str) -> Success[PaymentShown]:
    """How a payment stands: by our id or by Stripe's. Poll it; Stripe itself is asked at most every five seconds."""
    payment = await _find(world, caller, id[:ID_MAX])
    await payments.look(world, payment.id, actor=caller.actor)
    async with world.db.transaction(caller.actor) as tx:
        return Success(data=PaymentShown.of(await records.payment(tx, payment.id)))


async def _find(world: World, caller: Server | CustomerCaller, id: str, *, param: str | None = None) -> payments.Payment:
    """Raises NotFound for a payment of somebody else as for none; Invalid where the id was a parameter."""
    async with world.db.transaction(caller.actor) as tx:
        try:
            found = await _named(world, tx, id)
            await orders.get_for(tx, caller, found.order_id)
        except NotFound as error:
            said = f"There is no payment {id[:64]!r}."
            raise (NotFound(said) if param is None else Invalid(said, param=param)) from error
    return found


async def _named(world: World, tx: Transaction, id: str) -> payments.Payment:
    if not id.startswith("pi_"):
        return await payments.get(tx, PaymentId.parse(id))
    provider = world.provider
    storable = id if id.isascii() and id.isprintable() else ""
    found = await payments.find_by_provider_id(tx, provider.name, provider.livemode, storable)
    if found is None:
        raise NotFound(f"There is no payment {id!r}.")
    return found


async def _order_of(world: World, caller: Server | CustomerCaller, wanted: NewIntent, header: str | None) -> OrderId:
    if (wanted.order_id is None) == (not wanted.items):
        raise Invalid("Send either orderId or items.", param="items")
    if wanted.order_id is not None:
        order_id = read_id(OrderId, wanted.order_id, param="orderId")
        async with world.db.transaction(caller.actor) as tx:
            await orders.get_for(tx, caller, order_id)
        return order_id
    order, _ = await checkout.place_order(
        world,
        items=[item.item() for item in wanted.items],
        buyer=checkout.buyer_of(caller, wanted.customer),
        actor=caller.actor,
        currency=wanted.currency,
        metadata=wanted.metadata,
        key=key_of(header, caller, "payment-intent order", wanted.model_dump()),
    )
    return order.id
