"""Sellers' parts of orders over HTTP: a seller sees and sends their own, a server anybody's, a buyer follows theirs."""

from datetime import datetime
from typing import Annotated, Literal

import fastapi
from fastapi import APIRouter
from pydantic import Field, StringConstraints

from farthing import addresses, orders, sellers
from farthing.addresses import AddressShown
from farthing.db import Transaction
from farthing.errors import Conflict, Forbidden, Invalid, Malformed, NotFound, Unauthenticated
from farthing.http.bodies import CURSOR_MAX, Body, Line, ListShown, PageQuery, Shown, listed, read_id, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known
from farthing.http.state import TheWorld
from farthing.ids import LineItemId, OrderId, SellerOrderId, ShipmentId
from farthing.lifecycles import SellerFulfillment, SellerOrderStatus
from farthing.seller_orders import actions, store
from farthing.seller_orders.model import SellerOrder, Shipment
from farthing.seller_orders.shown import ShipmentShown

LINES_MAX = 50

router = APIRouter(prefix="/v1", tags=["seller orders"])


class SellerLineShown(Shown):
    line_item: str
    name: str
    quantity: int
    canceled: int
    shipped: int
    delivered: int
    came_back: int = Field(description="Sent, and taken in again without having arrived.")
    to_return: int = Field(description="Asked for by returns that have not come.")
    returned: int = Field(description="Arrived, and taken in again.")


class SellerOrderShown(Shown):
    id: str
    object: Literal["seller_order"] = "seller_order"
    number: str = Field(description="For people.", examples=["1042-1"])
    order: str
    seller: str | None = Field(description="The host's own id of who sells it; null: the shop itself.")
    status: SellerOrderStatus
    fulfillment_status: SellerFulfillment
    confirmed_at: datetime
    completed_at: datetime | None
    canceled_at: datetime | None
    canceled_because: str | None
    shipping_address: AddressShown | None
    lines: list[SellerLineShown]
    shipments: list[ShipmentShown]


class SellerOrderQuery(PageQuery):
    status: SellerOrderStatus | None = None
    to_ship: bool = Field(False, description="Only what waits to be sent.")
    seller: Line | None = Field(None, description="For servers: your own id of a user who sells.")


class ParcelLine(Body):
    line_item: str = Field(max_length=CURSOR_MAX)
    quantity: int = Field(ge=1, le=1_000_000)


class NewShipment(Body):
    """Without lines: all that is left to send."""

    carrier: Annotated[str, StringConstraints(min_length=1, max_length=63), Field(examples=["dhl"])]
    tracking_number: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    tracking_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s\x00]+$", max_length=2000)] | None = None
    lines: list[ParcelLine] | None = Field(None, min_length=1, max_length=LINES_MAX)


class ShipmentNews(Body):
    status: Literal["in_transit", "delivered", "lost", "returned"]


VERBS = {"in_transit": "move", "delivered": "deliver", "lost": "lose", "returned": "return"}
SENT = (Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid)


@router.get(
    "/seller-orders", operation_id="seller_orders_list", responses=refuses(Unauthenticated, Forbidden, NotFound, Invalid)
)
async def list_seller_orders(
    world: TheWorld, caller: Known, query: Annotated[SellerOrderQuery, fastapi.Query()]
) -> ListShown[SellerOrderShown]:
    """Newest first. A seller sees their own."""
    named = query.seller
    if isinstance(caller, CustomerCaller):
        if named not in (None, caller.identity.external_id):
            raise Forbidden("You see what you sell yourself: leave seller out.", param="seller")
        named = caller.identity.external_id
    async with world.db.transaction(caller.actor) as tx:
        seller = None
        if named is not None:
            seller = await sellers.find_by_external_id(tx, named, livemode=world.provider.livemode)
            if seller is None and isinstance(caller, CustomerCaller):
                return ListShown[SellerOrderShown](data=[], has_more=False, next_cursor=None)
            if seller is None:
                raise NotFound(f"There is no seller {named[:64]!r}.", param="seller")
        page = await store.list_page(
            tx,
            livemode=world.provider.livemode,
            limit=query.limit,
            cursor=query.after(SellerOrderId),
            seller=seller.id if seller else None,
            status=query.status,
            to_ship=query.to_ship,
        )
        shown = {each.id: await _shown(tx, each) for each in page.items}
    return listed(page, lambda each: shown[each.id])


@router.get("/seller-orders/{id}", operation_id="seller_orders_get", responses=refuses(Unauthenticated, NotFound))
async def get_seller_order(world: TheWorld, caller: Known, id: str) -> SellerOrderShown:
    """One of them. Somebody else's does not exist for a seller."""
    async with world.db.transaction(caller.actor) as tx:
        return await _shown(tx, await _own(tx, caller, SellerOrderId.parse(id)))


@router.get(
    "/orders/{id}/seller-orders", operation_id="orders_seller_orders_list", responses=refuses(Unauthenticated, NotFound)
)
async def of_order(world: TheWorld, caller: Known, id: str) -> ListShown[SellerOrderShown]:
    """Who sends what of an order, and how far it is: for its buyer, and for the shop's servers."""
    async with world.db.transaction(caller.actor) as tx:
        order = await orders.get_for(tx, caller, OrderId.parse(id))
        shown = [await _shown(tx, each) for each in await store.of_order(tx, order.id)]
    return ListShown[SellerOrderShown](data=shown, has_more=False, next_cursor=None)


@router.post("/seller-orders/{id}/shipments", operation_id="shipments_create", status_code=201, responses=refuses(*SENT))
async def ship(world: TheWorld, caller: Known, id: str, wanted: NewShipment) -> ShipmentShown:
    """A parcel leaves."""
    lines = None
    if wanted.lines is not None:
        lines = [(read_id(LineItemId, line.line_item, param="lines"), line.quantity) for line in wanted.lines]

    async def work(tx: Transaction) -> Shipment:
        own = await _own(tx, caller, SellerOrderId.parse(id))
        return await actions.ship(
            tx,
            own.id,
            lines,
            carrier=wanted.carrier,
            tracking_number=wanted.tracking_number,
            tracking_url=wanted.tracking_url,
        )

    return ShipmentShown.of(await world.db.run(caller.actor, work))


@router.post("/shipments/{id}/news", operation_id="shipments_news", responses=refuses(*SENT))
async def news(world: TheWorld, caller: Known, id: str, wanted: ShipmentNews) -> ShipmentShown:
    """How far a parcel is. That it arrived is said by the shop's servers, not by who is paid for it."""

    async def work(tx: Transaction) -> Shipment:
        parcel = await store.get_shipment(tx, ShipmentId.parse(id))
        await _own(tx, caller, parcel.seller_order_id)
        if wanted.status == "delivered" and not isinstance(caller, Server):
            raise Forbidden("Who is paid on delivery does not say that it arrived.", param="status")
        return await actions.move_shipment(tx, parcel.id, VERBS[wanted.status])

    return ShipmentShown.of(await world.db.run(caller.actor, work))


async def _own(tx: Transaction, caller: Server | CustomerCaller, id: SellerOrderId) -> SellerOrder:
    found = await store.get(tx, id)
    if isinstance(caller, CustomerCaller):
        seller = None if found.seller_id is None else await sellers.get(tx, found.seller_id)
        if seller is None or seller.external_id != caller.identity.external_id:
            raise NotFound(f"There is no seller order {id}.")
    return found


async def _shown(tx: Transaction, found: SellerOrder) -> SellerOrderShown:
    seller = None if found.seller_id is None else await sellers.get(tx, found.seller_id)
    lines = [
        SellerLineShown(
            line_item=str(line.line_id),
            name=line.name,
            quantity=line.quantity,
            canceled=line.canceled,
            shipped=line.shipped,
            delivered=line.delivered,
            came_back=line.came_back,
            to_return=line.to_return,
            returned=line.returned,
        )
        for line in found.lines
    ]
    return SellerOrderShown(
        id=str(found.id),
        number=found.number,
        order=str(found.order_id),
        seller=None if seller is None else seller.external_id,
        status=found.status,
        fulfillment_status=found.fulfillment_status,
        confirmed_at=found.confirmed_at,
        completed_at=found.completed_at,
        canceled_at=found.canceled_at,
        canceled_because=found.canceled_because,
        shipping_address=AddressShown.perhaps(await addresses.find(tx, found.order_id)),
        lines=lines,
        shipments=[ShipmentShown.of(parcel) for parcel in await store.shipments_of(tx, found.id)],
    )
