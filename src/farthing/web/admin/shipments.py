"""Parcels: which are on their way, and what became of one."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from farthing import addresses, orders, seller_orders, sellers
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid
from farthing.ids import ShipmentId
from farthing.lifecycles import SHIPMENT, ShipmentStatus
from farthing.seller_orders import Shipment
from farthing.web.page import redirect, render
from farthing.web.staff import staff_of
from farthing.web.wiring import asked, form_of, reading, world_of

SHOWN: Final = 50
VERBS: Final = {
    "move": "It is on its way",
    "deliver": "It arrived",
    "lose": "It is lost",
    "return": "It came back",
}


async def shipment_list(request: Request) -> Response:
    """`?q=` is a tracking number."""
    typed, words, cursor = asked(request, "status") or "", asked(request, "q"), asked(request, "cursor")
    status, livemode = ShipmentStatus(typed) if typed in set(ShipmentStatus) else None, world_of(request).provider.livemode
    async with reading(request) as tx:
        counts = await seller_orders.count_shipments(tx, livemode=livemode)
        found = await seller_orders.list_shipments(
            tx,
            livemode=livemode,
            limit=SHOWN,
            cursor=ShipmentId.parse(cursor) if cursor else None,
            status=status,
            search=words,
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


def _id(request: Request) -> ShipmentId:
    return ShipmentId.parse(request.path_params["id"])
