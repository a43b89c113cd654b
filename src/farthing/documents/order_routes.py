"""Document 004: a buyer orders a seller's listing, pays for it, and follows it; its seller says that it left."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import fastapi
from fastapi import APIRouter, Response
from pydantic import Field

from farthing import addresses, checkout, customers, orders, payments, seller_orders, sellers
from farthing.addresses import AddressIn
from farthing.catalog import SHIPPING, CartItem
from farthing.db import Transaction
from farthing.documents.bodies import CamelBody, CamelShown
from farthing.documents.content_routes import SignedIn
from farthing.errors import Conflict, Forbidden, Invalid
from farthing.http.bodies import Line, Query, read_id
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known
from farthing.http.headers import IdempotencyKey, key_of, mark_replayed
from farthing.http.limits import LIMITED
from farthing.http.state import TheWorld
from farthing.ids import OrderId
from farthing.lifecycles import OrderStatus, SellerFulfillment
from farthing.money import Money
from farthing.orders import Order
from farthing.seller_orders import SellerOrder
from farthing.world import World

ID_MAX = 255
PAGE_MAX = 100

router = APIRouter(prefix="/api/v1", tags=["document 004"])

GivenId = Annotated[str, Field(min_length=1, max_length=ID_MAX)]
Status = Literal["PENDING", "PAID", "SHIPPED", "DELIVERED", "CANCELLED", "EXPIRED", "REFUNDED"]


class NewOrder(CamelBody):
    listing_id: GivenId
    quantity: int = Field(1, ge=1, le=1000)
    shipping_address: AddressIn | None = None


class OrderChange(CamelBody):
    """One of them: a seller says SHIPPED, whoever received it (or the shop's server) DELIVERED, the buyer CANCELLED."""

    status: Literal["SHIPPED", "DELIVERED", "CANCELLED"]
    carrier: Line | None = None
    tracking_number: Line | None = None


class NewIntent(CamelBody):
    order_id: GivenId


class Confirmation(CamelBody):
    order_id: GivenId


class OrderQuery(Query):
    limit: int = Field(25, ge=1, le=PAGE_MAX)
    cursor: str | None = Field(None, max_length=64)


class ItemShown(CamelShown):
    id: str
    listing_id: str | None
    title: str
    quantity: int
    unit_price: int = Field(description="Minor units.")
    total: int


class PaymentShown(CamelShown):
    id: str
    order_id: str
    amount: int = Field(description="Minor units.")
    currency: str
    stripe_payment_id: str | None
    status: str
    created_at: datetime


class OrderShown(CamelShown):
    id: str
    order_number: str
    buyer_id: str | None
    seller_id: str | None = Field(description="Of the only seller; null where several sell in it.")
    status: Status
    total_amount: int = Field(description="Minor units.")
    amount_decimal: str = Field(description="The same for people.", examples=["40.00"])
    currency: str
    shipping_address: dict[str, Any] | None
    items: list[ItemShown]
    payment: PaymentShown | None
    created_at: datetime
    updated_at: datetime


class OrdersShown(CamelShown):
    data: list[OrderShown]
    next_cursor: str | None


class IntentShown(CamelShown):
    order_id: str
    payment_id: str
    payment_intent_id: str | None
    client_secret: str
    publishable_key: str | None
    amount: int
    currency: str


@router.post("/orders", status_code=201, dependencies=[LIMITED])
async def create_order(
    world: TheWorld, caller: SignedIn, wanted: NewOrder, response: Response, header: IdempotencyKey = None
) -> OrderShown:
    """Order so many of a listing. Its stock is kept while the buyer pays; nothing is paid yet."""
    who = caller.identity
    order, replayed = await checkout.place_order(
        world,
        items=[CartItem("", wanted.quantity, listing=wanted.listing_id)],
        buyer=checkout.Buyer(who.external_id, who.email, who.name),
        actor=caller.actor,
        shipping_address=None if wanted.shipping_address is None else wanted.shipping_address.model_dump(),
        key=key_of(header, caller, "order", wanted.model_dump()),
    )
    if replayed:
        mark_replayed(response)
    return await _read(world, caller, order.id)


@router.get("/orders")
async def order_history(world: TheWorld, caller: Known, query: Annotated[OrderQuery, fastapi.Query()]) -> OrdersShown:
    """A buyer's own orders, newest first; a server's all."""
    cursor = None if query.cursor is None else read_id(OrderId, query.cursor, param="cursor")
    async with world.db.transaction(caller.actor) as tx:
        page = await orders.page_for(tx, caller, limit=query.limit, cursor=cursor)
        return OrdersShown(data=[await _shown(tx, order) for order in page.items], next_cursor=page.next_cursor)


@router.get("/orders/{id}")
async def get_order(world: TheWorld, caller: Known, id: str) -> OrderShown:
    """One order, for its buyer, and for a seller who sells in it."""
    return await _read(world, caller, OrderId.parse(id))


@router.put("/orders/{id}")
async def change_order(world: TheWorld, caller: Known, id: str, wanted: OrderChange) -> OrderShown:
    """What its seller, its buyer or the shop may say of it, and nothing else: it is paid when Stripe says so."""
    order_id = OrderId.parse(id)
    if wanted.status == "CANCELLED":
        return await cancel_order(world, caller, id)

    async def work(tx: Transaction) -> None:
        order, parts = await _seen(tx, caller, order_id)
        if wanted.status == "SHIPPED":
            await _ship(tx, await _own(tx, caller, parts), wanted)
        else:
            await _arrive(tx, caller, order, parts)

    await world.db.run(caller.actor, work)
    return await _read(world, caller, order_id)


@router.post("/orders/{id}/cancel")
async def cancel_order(world: TheWorld, caller: Known, id: str) -> OrderShown:
    """Call an order off: one that is not paid, or that is paid and of which nothing was sent; then the money goes back."""
    order_id = OrderId.parse(id)
    async with world.db.transaction(caller.actor) as tx:
        order = await orders.get_for(tx, caller, order_id)
    buyer = isinstance(caller, CustomerCaller)
    if order.status not in OVER:
        await checkout.call_off(world, order_id, actor=caller.actor, party="buyer" if buyer else "platform")
    return await _read(world, caller, order_id)


@router.post("/payments/create-intent", status_code=201, dependencies=[LIMITED])
async def create_intent(
    world: TheWorld, caller: Known, wanted: NewIntent, response: Response, header: IdempotencyKey = None
) -> IntentShown:
    """A payment of the whole order for the host's own pages: the secret is for the buyer's browser alone."""
    order = await _of_body(world, caller, wanted.order_id)
    key = key_of(f"intent {header}" if header else None, caller, "create-intent", wanted.model_dump())
    intent = await checkout.open_intent(world, order.id, actor=caller.actor, key=key)
    if intent.replayed:
        mark_replayed(response)
    return IntentShown(
        order_id=str(order.id),
        payment_id=str(intent.payment.id),
        payment_intent_id=intent.payment.provider_payment_id,
        client_secret=intent.client_secret,
        publishable_key=intent.publishable_key,
        amount=intent.payment.asked.amount,
        currency=intent.payment.asked.currency,
    )


@router.post("/payments/confirm", dependencies=[LIMITED])
async def confirm(world: TheWorld, caller: Known, wanted: Confirmation) -> OrderShown:
    """Look how its payment stands at Stripe, and record it. What a browser says about that is not believed."""
    order = await _of_body(world, caller, wanted.order_id)
    await checkout.sync_order(world, order.id, actor=caller.actor)
    return await _read(world, caller, order.id)


async def _of_body(world: World, caller: Server | CustomerCaller, id: str) -> Order:
    order_id = read_id(OrderId, id, param="orderId")
    async with world.db.transaction(caller.actor) as tx:
        return await orders.get_for(tx, caller, order_id)


async def _read(world: World, caller: Server | CustomerCaller, id: OrderId) -> OrderShown:
    async with world.db.transaction(caller.actor) as tx:
        order, parts = await _seen(tx, caller, id)
        if not isinstance(caller, CustomerCaller) or await _buys(tx, caller, order):
            return await _shown(tx, order)
        return await _shown(tx, order, sold=await _sold_by(tx, caller, parts))


async def _seen(tx: Transaction, caller: Server | CustomerCaller, id: OrderId) -> tuple[Order, Sequence[SellerOrder]]:
    """For its buyer, its sellers and the shop; for others there is no such order."""
    parts = await seller_orders.of_order(tx, id)
    if isinstance(caller, CustomerCaller) and await _sold_by(tx, caller, parts):
        return await orders.get(tx, id), parts
    return await orders.get_for(tx, caller, id), parts


async def _sold_by(tx: Transaction, caller: CustomerCaller, parts: Sequence[SellerOrder]) -> list[SellerOrder]:
    own = [await sellers.get(tx, part.seller_id) for part in parts if part.seller_id is not None]
    ids = {seller.id for seller in own if seller.external_id == caller.identity.external_id}
    return [part for part in parts if part.seller_id in ids]


async def _buys(tx: Transaction, caller: CustomerCaller, order: Order) -> bool:
    return (await customers.get(tx, order.customer_id)).external_id == caller.identity.external_id


async def _own(tx: Transaction, caller: Server | CustomerCaller, parts: Sequence[SellerOrder]) -> Sequence[SellerOrder]:
    if not parts:
        raise Conflict("Nobody sends what is not paid: the order is still to be paid.")
    own = parts if isinstance(caller, Server) else await _sold_by(tx, caller, parts)
    if not own:
        raise Forbidden("Only who sells it says that it was sent.")
    return own


async def _ship(tx: Transaction, parts: Sequence[SellerOrder], wanted: OrderChange) -> None:
    if wanted.carrier is None:
        raise Invalid("Say who carries it: send carrier, and trackingNumber where there is one.", param="carrier")
    for part in parts:
        await seller_orders.ship(tx, part.id, carrier=wanted.carrier, tracking_number=wanted.tracking_number)


async def _arrive(tx: Transaction, caller: Server | CustomerCaller, order: Order, parts: Sequence[SellerOrder]) -> None:
    """All parcels that are under way have arrived: said by whoever received them, or by the shop."""
    if isinstance(caller, CustomerCaller) and not await _buys(tx, caller, order):
        raise Forbidden("Who is paid on delivery does not say that it arrived.")
    parcels = [parcel for part in parts for parcel in await seller_orders.shipments_of(tx, part.id)]
    if not parcels:
        raise Conflict("Nothing of it has been sent.")
    for parcel in parcels:
        if parcel.closed_at is None:
            await seller_orders.move_shipment(tx, parcel.id, "deliver")


async def _shown(tx: Transaction, order: Order, *, sold: Sequence[SellerOrder] | None = None) -> OrderShown:
    """With `sold`: for who sells these parts of it alone. What others sell in it, and what it came to, is not theirs to see."""
    parts = await seller_orders.of_order(tx, order.id) if sold is None else sold
    buyer = await customers.get(tx, order.customer_id)
    address = await addresses.find(tx, order.id)
    theirs = None if sold is None else {line.line_id for part in sold for line in part.lines}
    lines = [line for line in order.lines if theirs is None or line.id in theirs]
    whole = len(lines) == len(order.lines)
    paid = await payments.of_order(tx, order.id) if whole else []
    total = order.total if whole else sum((line.total for line in lines), start=Money.zero(order.total.currency))
    named = {line.details.get("seller") for line in lines if line.kind != SHIPPING}
    last = max([order.placed_at, *filter(None, (order.paid_at, order.closed_at)), *(part.confirmed_at for part in parts)])
    return OrderShown(
        id=str(order.id),
        order_number=str(order.number),
        buyer_id=buyer.external_id,
        seller_id=next(iter(named)) if len(named) == 1 else None,
        status=_status(order, parts),
        total_amount=total.amount,
        amount_decimal=_decimal(total),
        currency=order.total.currency,
        shipping_address=None if address is None else address.plain(),
        items=[
            ItemShown(
                id=str(line.id),
                listing_id=line.details.get("listing"),
                title=line.name,
                quantity=line.quantity,
                unit_price=line.unit.amount,
                total=line.total.amount,
            )
            for line in lines
        ],
        payment=_payment(paid[-1]) if paid else None,
        created_at=order.placed_at,
        updated_at=last,
    )


OVER = (OrderStatus.CANCELED, OrderStatus.EXPIRED)


def _status(order: Order, parts: Sequence[SellerOrder]) -> Status:
    """One word for the three axes."""
    if order.status != OrderStatus.PAID:
        return STATUS[order.status]
    if parts and all(part.fulfillment_status == SellerFulfillment.CANCELED for part in parts):
        return "CANCELLED"
    open_ = [part for part in parts if part.fulfillment_status != SellerFulfillment.CANCELED]
    if open_ and all(part.fulfillment_status == SellerFulfillment.DELIVERED for part in open_):
        return "DELIVERED"
    sent = (SellerFulfillment.SHIPPED, SellerFulfillment.DELIVERED)
    return "SHIPPED" if open_ and all(part.fulfillment_status in sent for part in open_) else "PAID"


STATUS: dict[OrderStatus, Status] = {
    OrderStatus.OPEN: "PENDING",
    OrderStatus.EXPIRED: "EXPIRED",
    OrderStatus.CANCELED: "CANCELLED",
    OrderStatus.REFUNDED: "REFUNDED",
}


def _payment(paid: payments.Payment) -> PaymentShown:
    return PaymentShown(
        id=str(paid.id),
        order_id=str(paid.order_id),
        amount=paid.asked.amount,
        currency=paid.asked.currency,
        stripe_payment_id=paid.provider_payment_id,
        status=str(paid.status),
        created_at=paid.opened_at,
    )


def _decimal(money: Money) -> str:
    return str(money).split()[0]
