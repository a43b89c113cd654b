"""Parcels: which are on their way, and what became of one."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from farthing import addresses, orders, seller_orders, sellers, shipping
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Invalid
from farthing.ids import ShipmentId
from farthing.lifecycles import SHIPMENT, ShipmentStatus
from farthing.paging import Page
from farthing.seller_orders import Shipment
from farthing.web.page import redirect, render
from farthing.web.staff import staff_of
from farthing.web.wiring import asked, form_of, reading, world_of

SHOWN: Final = 50
TROUBLED: Final = "troubled"
SETTLEMENTS: Final = {
    ShipmentStatus.LOST: {
        "resend": "Others are sent in their place",
        "write_off": "Nobody sends them any more: refund the buyer",
    },
    ShipmentStatus.RETURNED: {"resend": "They are sent again"},
}
"""What can be decided about the goods of a parcel, by what became of it."""

VERBS: Final = {
    "move": "It is on its way",
    "deliver": "It arrived",
    "lose": "It is lost",
    "return": "It came back",
}


async def shipment_list(request: Request) -> Response:
    """`?q=` is a tracking number; `?status=troubled`: those that somebody must look after."""
    typed, words, cursor = asked(request, "status") or "", asked(request, "q"), asked(request, "cursor")
    status, livemode = ShipmentStatus(typed) if typed in set(ShipmentStatus) else None, world_of(request).provider.livemode
    async with reading(request) as tx:
        counts = await seller_orders.count_shipments(tx, livemode=livemode)
        after = ShipmentId.parse(cursor) if cursor else None
        if typed == TROUBLED:
            ids = await shipping.troubled(tx, livemode=livemode, limit=SHOWN + 1, cursor=after)
            parcels = [await seller_orders.get_shipment(tx, id) for id in ids]
            found = Page.of(parcels, SHOWN, lambda parcel: parcel.id)
        else:
            found = await seller_orders.list_shipments(
                tx, livemode=livemode, limit=SHOWN, cursor=after, status=status, search=words
            )
        parts = {id: await seller_orders.get(tx, id) for id in {parcel.seller_order_id for parcel in found.items}}
        whose = {id: await sellers.get(tx, id) for id in {part.seller_id for part in parts.values() if part.seller_id}}
    if words and cursor is None and len(found.items) == 1:
        return redirect(request, "admin_shipment", id=found.items[0].id)
    return render(
        request,
        "admin/shipments.html",
        found=found,
        parts=parts,
        sellers=whose,
        counts=counts,
        statuses=list(ShipmentStatus),
        chosen=status,
        troubled=typed == TROUBLED,
        words=words,
    )


async def shipment_detail(request: Request) -> Response:
    async with reading(request) as tx:
        parcel = await seller_orders.get_shipment(tx, _id(request))
        part = await seller_orders.get(tx, parcel.seller_order_id)
        paid = await orders.get(tx, part.order_id)
        address = await addresses.find(tx, part.order_id)
        seller = await sellers.get(tx, part.seller_id) if part.seller_id else None
    return render(
        request,
        "admin/shipment.html",
        parcel=parcel,
        part=part,
        order=paid,
        seller=seller,
        address=address,
        address_lines=addresses.written(address) if address else [],
        names={line.line_id: line.name for line in part.lines},
        may_ask=world_of(request).carrier is not None and parcel.tracking_number is not None and parcel.delivered_at is None,
        settlements=SETTLEMENTS[parcel.status] if parcel.status in SETTLEMENTS and parcel.settled_at is None else {},
        verbs={verb: said for verb, said in VERBS.items() if SHIPMENT.allows(parcel.status, verb)},
    )


async def news(request: Request) -> Response:
    """Somebody heard what became of it. Said twice, it is said once."""
    verb = (await form_of(request)).get("news", "")

    async def work(tx: Transaction) -> Shipment:
        if verb not in VERBS:
            raise Invalid("Say what became of it.", param="news")
        return await seller_orders.move_shipment(tx, _id(request), verb)

    try:
        await world_of(request).db.run(staff_of(request).actor, work)
    except (Conflict, Invalid) as error:
        return redirect(request, "admin_shipment", id=_id(request), flash=("danger", error.detail))
    return redirect(
        request, "admin_shipment", id=_id(request), flash=("success", "It is noted, and whoever waits for it is told.")
    )


async def track(request: Request) -> Response:
    """Ask the carrier where it is."""
    try:
        await shipping.track(world_of(request), _id(request), actor=staff_of(request).actor)
    except FarthingError as error:
        return redirect(request, "admin_shipment", id=_id(request), flash=("danger", error.detail))
    return redirect(request, "admin_shipment", id=_id(request), flash=("success", "This is where it is."))


async def settle(request: Request) -> Response:
    """What becomes of the goods of one that was lost, or came back."""
    how = (await form_of(request)).get("how", "")

    async def work(tx: Transaction) -> Shipment:
        match how:
            case "resend" | "write_off":
                return await seller_orders.settle(tx, _id(request), how)
            case _:
                raise Invalid("Say what becomes of what was in it.", param="how")

    try:
        await world_of(request).db.run(staff_of(request).actor, work)
    except (Conflict, Invalid) as error:
        return redirect(request, "admin_shipment", id=_id(request), flash=("danger", error.detail))
    return redirect(request, "admin_shipment", id=_id(request), flash=("success", "It is decided."))


def _id(request: Request) -> ShipmentId:
    return ShipmentId.parse(request.path_params["id"])
