"""Shipping over HTTP: a seller asks what it costs, buys a label and prints the slip; so do the shop's servers, for anybody."""

import asyncio
from typing import Annotated, Any

import fastapi
from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from farthing import addresses, seller_orders
from farthing.addresses import Address, AddressIn
from farthing.db import Transaction
from farthing.errors import (
    CarrierError,
    CarrierUnavailable,
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    Unauthenticated,
)
from farthing.http.bodies import ListShown, PageQuery, listed, read_id, refuses
from farthing.http.callers import CustomerCaller, Server
from farthing.http.credentials import Known
from farthing.http.state import TheWorld
from farthing.ids import LabelId, LineItemId, SellerOrderId, ShipmentId
from farthing.lifecycles import LabelStatus
from farthing.money import Money
from farthing.paging import Page
from farthing.seller_orders import SellerOrder, Shipment, ShipmentShown
from farthing.shipping import flow, slips, store
from farthing.shipping.bodies import LabelShown, NewLabel, RateShown, Settling, SlipQuery, WantedRates
from farthing.shipping.model import Label, Wanted

router = APIRouter(prefix="/v1", tags=["shipping"])

SENT = (Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid)
ASKED = (*SENT, CarrierError, CarrierUnavailable)
REQUESTED = 202
PAPER: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {}, "application/pdf": {}}}}


@router.post("/seller-orders/{id}/rates", operation_id="seller_orders_rates", responses=refuses(*ASKED))
async def rates(world: TheWorld, caller: Known, id: str, wanted: WantedRates) -> ListShown[RateShown]:
    """What services ask for a parcel of it, the cheapest first. Nothing is bought."""
    part = await _theirs(world, caller, SellerOrderId.parse(id))
    found = await flow.rates(world, part.id, wanted.parcel.read(), origin=_origin(wanted.origin), actor=caller.actor)
    return listed(Page(list(found), None), RateShown.of)


@router.post("/seller-orders/{id}/labels", operation_id="labels_create", status_code=201, responses=refuses(*SENT))
async def buy(world: TheWorld, caller: Known, id: str, wanted: NewLabel, response: fastapi.Response) -> LabelShown:
    """Buy a label: its parcel leaves with the carrier's number. 202: the carrier has not answered yet, and is asked again."""
    part = await _theirs(world, caller, SellerOrderId.parse(id))
    lines = None
    if wanted.lines is not None:
        lines = [(read_id(LineItemId, line.line_item, param="lines"), line.quantity) for line in wanted.lines]
    asked = Wanted(wanted.parcel.read(), wanted.carrier, wanted.service, Money(wanted.max.amount, wanted.max.currency), lines)
    label = await flow.buy_label(world, part.id, asked, origin=_origin(wanted.origin), actor=caller.actor)
    if label.status == LabelStatus.REQUESTED:
        response.status_code = REQUESTED
    return LabelShown.of(label)


@router.get("/seller-orders/{id}/labels", operation_id="seller_orders_labels", responses=refuses(Unauthenticated, NotFound))
async def list_labels(world: TheWorld, caller: Known, id: str) -> ListShown[LabelShown]:
    """All that were wanted for it, the oldest first."""
    part = await _theirs(world, caller, SellerOrderId.parse(id))
    async with world.db.transaction(caller.actor) as tx:
        return listed(Page(await store.of_seller_order(tx, part.id), None), LabelShown.of)


@router.get("/labels/{id}", operation_id="labels_get", responses=refuses(Unauthenticated, NotFound))
async def get_label(world: TheWorld, caller: Known, id: str) -> LabelShown:
    return LabelShown.of(await _label(world, caller, LabelId.parse(id)))


@router.post("/labels/{id}/refund", operation_id="labels_refund", responses=refuses(*SENT))
async def refund_label(world: TheWorld, caller: Known, id: str) -> LabelShown:
    """Give back one that was not used: its parcel does not leave, and what was in it waits to be sent again."""
    label = await _label(world, caller, LabelId.parse(id))
    return LabelShown.of(await flow.refund_label(world, label.id, actor=caller.actor))


@router.post("/shipments/{id}/tracking", operation_id="shipments_track", responses=refuses(*ASKED))
async def track(world: TheWorld, caller: Known, id: str) -> ShipmentShown:
    """Ask the carrier now where a parcel is; sweeps and the carrier's own events do so by themselves."""
    parcel = await _parcel(world, caller, ShipmentId.parse(id))
    return ShipmentShown.of(await flow.track(world, parcel.id, actor=caller.actor))


@router.post("/shipments/{id}/settlement", operation_id="shipments_settle", responses=refuses(*SENT))
async def settle(world: TheWorld, caller: Known, id: str, said: Settling) -> ShipmentShown:
    """What becomes of the goods of a parcel that was lost, or came back. That nobody sends them is said by the shop's servers,
    not by who is paid once the rest arrived."""
    parcel = await _parcel(world, caller, ShipmentId.parse(id))
    if said.how == "write_off" and not isinstance(caller, Server):
        raise Forbidden("The shop writes it off, and pays the buyer back. Until then you may send it again.", param="how")
    return ShipmentShown.of(await world.db.run(caller.actor, lambda tx: seller_orders.settle(tx, parcel.id, said.how)))


@router.get("/shipments/troubled", operation_id="shipments_troubled", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def troubled(world: TheWorld, caller: Known, query: Annotated[PageQuery, fastapi.Query()]) -> ListShown[ShipmentShown]:
    """Parcels that somebody must look after: lost or come back, stuck, or much too long on their way. For servers."""
    if not isinstance(caller, Server):
        raise Forbidden("Only the shop's servers see everybody's parcels.")
    async with world.db.transaction(caller.actor) as tx:
        ids = await store.troubled(tx, livemode=world.provider.livemode, limit=query.limit + 1, cursor=query.after(ShipmentId))
        page = Page.of([await seller_orders.get_shipment(tx, each) for each in ids], query.limit, lambda parcel: parcel.id)
    return listed(page, ShipmentShown.of)


@router.get(
    "/seller-orders/{id}/packing-slip",
    operation_id="seller_orders_packing_slip",
    responses=PAPER | refuses(Unauthenticated, NotFound, Conflict, Invalid),
    response_class=Response,
)
async def packing_slip(world: TheWorld, caller: Known, id: str, query: Annotated[SlipQuery, fastapi.Query()]) -> Response:
    """The paper that lies in the parcel."""
    part = await _theirs(world, caller, SellerOrderId.parse(id))
    shipment = None if query.shipment is None else read_id(ShipmentId, query.shipment, param="shipment")
    async with world.db.transaction(caller.actor) as tx:
        slip = await slips.slip_of(tx, part.id, shop=world.catalog.shop.name, shipment=shipment, prices=query.prices)
    if query.format == "html":
        return HTMLResponse(slips.html(slip), headers={"cache-control": "private, no-cache"})
    made = await asyncio.to_thread(slips.pdf, slip)
    headers = {"content-disposition": f'inline; filename="{slip.number}.pdf"', "cache-control": "private, no-cache"}
    return Response(made, media_type="application/pdf", headers=headers)


async def _theirs(world: TheWorld, caller: Server | CustomerCaller, id: SellerOrderId) -> SellerOrder:
    """For who sends it. A buyer follows it elsewhere: here it does not exist for them."""
    async with world.db.transaction(caller.actor) as tx:
        return await _sendable_by(tx, caller, id)


async def _sendable_by(tx: Transaction, caller: Server | CustomerCaller, id: SellerOrderId) -> SellerOrder:
    part = await seller_orders.get(tx, id)
    if await seller_orders.parties(tx, caller, part) == {"buyer"}:
        raise NotFound(f"There is no seller order {id}.")
    return part


async def _label(world: TheWorld, caller: Server | CustomerCaller, id: LabelId) -> Label:
    async with world.db.transaction(caller.actor) as tx:
        label = await store.get(tx, id)
        try:
            await _sendable_by(tx, caller, label.seller_order_id)
        except NotFound:
            raise NotFound(f"There is no label {id}.") from None
        return label


async def _parcel(world: TheWorld, caller: Server | CustomerCaller, id: ShipmentId) -> Shipment:
    async with world.db.transaction(caller.actor) as tx:
        parcel = await seller_orders.get_shipment(tx, id)
        try:
            await _sendable_by(tx, caller, parcel.seller_order_id)
        except NotFound:
            raise NotFound(f"There is no shipment {id}.") from None
        return parcel


def _origin(given: AddressIn | None) -> Address | None:
    if given is None:
        return None
    try:
        return addresses.checked(given.model_dump(by_alias=False))
    except Invalid as error:
        field = (error.param or "").rpartition(".")[2]
        raise Invalid(error.detail.replace("shipping address", "sender's address"), param=f"from.{field}") from None
