"""What buyers ordered of a seller: what is to be sent, where to, and which parcels left."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing import addresses, disputes, earnings, orders, seller_orders, shipping
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Invalid
from farthing.http import idempotency
from farthing.http.idempotency import Key
from farthing.ids import LineItemId, SellerOrderId, ShipmentId
from farthing.lifecycles import DisputeStatus, SellerOrderStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.seller_orders import SellerOrder
from farthing.web import papers
from farthing.web.page import redirect, render
from farthing.web.seller.door import Selling, for_seller, own_part
from farthing.web.wiring import asked, form_of, reading, world_of

SHOWN: Final = 25
UNITS: Final = "units:"
"""A field of each line: how many of it are in the parcel."""
CARRIERS: Final = ("dhl", "ups", "usps", "fedex", "dpd", "gls", "royal-mail", "la-poste")
"""What the field proposes; any other may be typed."""


@dataclass(frozen=True, slots=True)
class Earnings:
    """What a seller has of their part of an order."""

    sold: Money
    went_back: Money
    """Of their share: with a refund, or to the buyer's bank."""
    left: Money
    owed: Money
    """What was sent to them, and is taken back."""


async def order_list(request: Request, selling: Selling) -> Response:
    """What waits to be sent, or with `?show=all` everything."""
    cursor, everything = asked(request, "cursor"), asked(request, "show") == "all"
    async with reading(request) as tx:
        found = await seller_orders.list_page(
            tx,
            livemode=selling.seller.livemode,
            limit=SHOWN,
            cursor=SellerOrderId.parse(cursor) if cursor else None,
            seller=selling.seller.id,
            to_ship=not everything,
        )
        waiting = await seller_orders.count_to_ship(tx, selling.seller.id)
    return render(request, "seller/orders.html", found=found, everything=everything, waiting=waiting)


async def order_detail(request: Request, selling: Selling) -> Response:
    return await _detail(request, selling, {})


async def ship(request: Request, selling: Selling) -> Response:
    """A parcel leaves. Sent twice, it is one parcel: the attempt in the form is the key."""
    form = await form_of(request)

    async def work(tx: Transaction) -> None:
        part = await own_part(tx, selling, request.path_params["id"])
        lines = parcel_of(part, form)
        asked_for = [str(part.id), [(str(line), units) for line, units in lines], form.get("tracking_number", "")]
        key = Key.of(selling.actor, form.get("attempt", "")[:64] or secrets.token_urlsafe(24), asked_for)
        claim = await idempotency.claim(tx, key)
        if claim.subject is None:
            parcel = await seller_orders.ship(
                tx,
                part.id,
                lines,
                carrier=form.get("carrier", ""),
                tracking_number=form.get("tracking_number") or None,
                tracking_url=_link(form.get("tracking_url", "")),
            )
            await idempotency.begin(tx, key, parcel.id)
        await idempotency.let_go(tx, key)

    try:
        await world_of(request).db.run(selling.actor, work)
    except (Invalid, Conflict) as error:
        return await _detail(request, selling, form, error)
    said = "It is on its way. The buyer is told."
    return redirect(request, "seller_order", id=request.path_params["id"], flash=("success", said))


async def packing_slip(request: Request, selling: Selling) -> Response:
    """The paper for what is to be sent, or with `?parcel=` for a parcel that left."""
    parcel = asked(request, "parcel")
    async with reading(request) as tx:
        part = await own_part(tx, selling, request.path_params["id"])
        slip = await shipping.slip_of(
            tx, part.id, shop=world_of(request).catalog.shop.name, shipment=ShipmentId.parse(parcel) if parcel else None
        )
    return await papers.packing_slip(slip)


def parcel_of(part: SellerOrder, typed: Mapping[str, str]) -> list[tuple[LineItemId, int]]:
    """How many of each line are in the parcel, as the form says it. Raises Invalid."""
    counts = [(line, typed.get(f"{UNITS}{line.line_id}", "") or "0") for line in part.lines]
    for line, count in counts:
        if not (count.isascii() and count.isdigit() and len(count) <= 9):
            raise Invalid(f"How many of {line.name} are in it is a whole number.", param="lines")
    lines = [(line.line_id, int(count)) for line, count in counts if int(count)]
    if not lines:
        raise Invalid("Say of at least one thing how many are in the parcel.", param="lines")
    return lines


async def _detail(request: Request, selling: Selling, typed: Mapping[str, str], error: FarthingError | None = None) -> Response:
    async with reading(request) as tx:
        part = await own_part(tx, selling, request.path_params["id"])
        paid = await orders.get(tx, part.order_id)
        address = await addresses.find(tx, part.order_id)
        parcels = await seller_orders.shipments_of(tx, part.id)
        earned = await _earned(tx, part, paid.total.currency)
        bank = await _bank(tx, paid)
    sendable = part.status == SellerOrderStatus.CONFIRMED and any(line.to_ship for line in part.lines)
    return render(
        request,
        "seller/order.html",
        status=error.status if error else 200,
        part=part,
        address=address,
        address_lines=addresses.written(address) if address else [],
        parcels=parcels,
        names={line.line_id: line.name for line in part.lines},
        earned=earned,
        sendable=sendable and bank is None,
        bank=bank,
        carriers=CARRIERS,
        units=UNITS,
        typed=typed,
        error=error,
        attempt=secrets.token_urlsafe(24),
        now=world_of(request).clock.now(),
    )


async def _earned(tx: Transaction, part: SellerOrder, currency: str) -> Earnings:
    own = {line.line_id for line in part.lines}
    found = [each for each in await earnings.of_order(tx, part.order_id) if each.line_id in own]
    nothing = Money.zero(currency)
    return Earnings(
        sold=sum((each.shares.seller_share for each in found), start=nothing),
        went_back=sum((each.refunded.seller_share for each in found), start=nothing),
        left=sum((each.left.seller_share for each in found), start=nothing),
        owed=sum((each.owed for each in found), start=nothing),
    )


async def _bank(tx: Transaction, order: Order) -> Literal["asks", "took", "decided"] | None:
    """What the buyer's bank has to do with it, where that keeps it from being sent. `decided`: not against the shop."""
    if order.access_held_at is None:
        return None
    if await seller_orders.is_disputed(tx, order.id):
        return "asks"
    found = await disputes.of_order(tx, order.id)
    return "took" if any(each.status == DisputeStatus.LOST for each in found) else "decided"


def _link(typed: str) -> str | None:
    if not typed:
        return None
    if not typed.startswith(("https://", "http://")) or " " in typed or len(typed) > 2000:
        raise Invalid("A link begins with https:// and has no spaces.", param="tracking_url")
    return typed


ROUTES: Final = (
    Route("/seller/orders", for_seller(order_list), name="seller_orders", methods=["GET"]),
    Route("/seller/orders/{id}", for_seller(order_detail), name="seller_order", methods=["GET"]),
    Route("/seller/orders/{id}/packing-slip", for_seller(packing_slip), name="seller_packing_slip", methods=["GET"]),
    Route("/seller/orders/{id}/shipments", for_seller(ship), name="seller_ship", methods=["POST"]),
)
