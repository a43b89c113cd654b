"""What can be done to a seller's part of an order. The caller holds the order's lock where it says so; else it is taken."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from farthing import events, inventory, orders
from farthing.carriers import links
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid
from farthing.ids import LineItemId, SellerId, SellerOrderId, ShipmentId
from farthing.lifecycles import SELLER_ORDER, SHIPMENT, SellerFulfillment, SellerOrderStatus, ShipmentStatus
from farthing.orders import LineItem, Order
from farthing.seller_orders import store
from farthing.seller_orders.model import SellerOrder, Shipment, is_due, release_time, standing, to_call_off, to_send

CARRIER_MAX: Final = 63
REASON_MAX: Final = 500
TRACKING_MAX: Final = 100


async def confirm(tx: Transaction, order: Order, lines: Sequence[LineItem]) -> None:
    """Make one for each who sells in a paid order, of these lines of it. Harmless when repeated. The order is locked."""
    by_seller: dict[SellerId | None, list[LineItem]] = {}
    for line in lines:
        seller = line.details.get("seller_id")
        by_seller.setdefault(None if seller is None else SellerId.parse(seller), []).append(line)
    for whose, own in by_seller.items():
        id = await store.insert(tx, order, whose, own)
        if id is not None:
            await _tell(tx, "seller_order.confirmed", await store.get(tx, id))


async def cancel_line(tx: Transaction, line: LineItemId, *, because: str) -> int:
    """What is not sent of it is not sent any more; how many that were. The order is locked."""
    found = await store.find_of_line(tx, line)
    if found is None or found.status != SellerOrderStatus.CONFIRMED:
        return 0
    left = next(each.to_ship for each in found.lines if each.line_id == line)
    if left:
        await store.change_line(tx, line, canceled=left)
        await _follow(tx, found.id, because=because)
    return left


async def call_off(
    tx: Transaction, id: SellerOrderId, lines: Sequence[tuple[LineItemId, int]] | None, *, because: str
) -> list[tuple[LineItemId, int]]:
    """Some units, or all that is left, are not sent, by somebody's word; what that are. Raises Conflict for what was sent.

    What it costs and what lies on the shelf is the caller's, who holds the order's lock.
    """
    found = await store.get(tx, id)
    going = to_call_off(found, lines)
    for line, quantity in going:
        await store.change_line(tx, line, canceled=quantity, called_off=quantity)
    await _follow(tx, id, because=because)
    return going


async def await_return(tx: Transaction, line: LineItemId, quantity: int) -> None:
    """So many may come back. The caller holds the order's lock, and has looked that they arrived."""
    await store.change_line(tx, line, to_return=quantity)


async def end_return(tx: Transaction, line: LineItemId, *, awaited: int, came: int) -> None:
    """They are not awaited any more: so many of them came. The caller holds the order's lock."""
    await store.change_line(tx, line, to_return=-awaited, returned=came)


async def take_parcel_back(tx: Transaction, parcel: Shipment) -> None:
    """What was in a parcel that never arrived is with its seller again, and goes to nobody. The order is locked."""
    if parcel.settled_at is not None:
        raise Conflict(
            f"What was in {parcel.id} is decided already: {parcel.settled_how}.", extra={"state": parcel.settled_how}
        )
    await store.save_settled(tx, parcel.id, "taken_in")
    for line, quantity in parcel.lines:
        await store.change_line(tx, line, came_back=quantity)
    await _follow(tx, parcel.seller_order_id, because="undeliverable")


async def reinstate_line(tx: Transaction, line: LineItemId) -> int:
    """What its refund canceled is to be sent after all; how many that are. The order is locked.

    Where all the rest has arrived, and is paid for or about to be, nothing is sent any more: its refund is tried again.
    """
    found = await store.find_of_line(tx, line)
    if found is None or found.status == SellerOrderStatus.COMPLETED:
        return 0
    canceled = next(each.canceled for each in found.lines if each.line_id == line) - await store.called_off(tx, line)
    if canceled:
        await store.change_line(tx, line, canceled=-canceled)
        await _follow(tx, found.id)
    return canceled


async def sendable(
    tx: Transaction, id: SellerOrderId, lines: Sequence[tuple[LineItemId, int]] | None
) -> tuple[SellerOrder, list[tuple[LineItemId, int]]]:
    """What would go into a parcel, under the order's lock. Raises Conflict, Invalid or NotFound for what cannot be sent."""
    order = await _locked(tx, id)
    paid = await orders.get(tx, order.order_id)
    if paid.access_held_at is not None:
        if await store.is_disputed(tx, paid.id):
            raise Conflict(f"The payment of {order.number} is disputed: send nothing before the bank has decided.")
        raise Conflict(f"The payment of {order.number} was disputed, and the bank has decided: nothing of it is sent.")
    going = to_send(order, lines, await inventory.to_come_of(tx, order.order_id))
    back = await store.paid_back(tx, [line for line, _ in going])
    left = [(line, quantity) for line, quantity in going if not back[line][1]]
    if not left or (lines is not None and len(left) < len(going)):
        raise Conflict(f"What was paid for it goes back, or has gone: of {order.number} that is not sent.", param="lines")
    return order, left


async def ship(
    tx: Transaction,
    id: SellerOrderId,
    lines: Sequence[tuple[LineItemId, int]] | None = None,
    *,
    carrier: str,
    tracking_number: str | None = None,
    tracking_url: str | None = None,
    followed_by: str | None = None,
    tracker_id: str | None = None,
) -> Shipment:
    """A parcel leaves, with what is named or all that is left. Raises Conflict for what cannot be sent, and for a tracking
    number that another parcel has.
    """
    _, contents = await sendable(tx, id, lines)
    key, number = _checked_carrier(carrier), _checked_number(tracking_number)
    parcel = Shipment(
        id=ShipmentId.new(),
        seller_order_id=id,
        status=ShipmentStatus.SHIPPED,
        carrier=key,
        tracking_number=number,
        tracking_url=tracking_url or (links(key, number) if number else None),
        shipped_at=tx.now,
        delivered_at=None,
        closed_at=None,
        lines=contents,
        followed_by=followed_by,
        tracker_id=tracker_id,
        track_again_at=tx.now if number else None,
    )
    if not await store.insert_shipment(tx, parcel):
        raise Conflict(f"{carrier} {tracking_number} is another parcel: look at the number again.", param="tracking_number")
    for line, quantity in parcel.lines:
        await store.change_line(tx, line, shipped=quantity)
    await _follow(tx, id)
    await _tell(
        tx,
        "seller_order.shipped",
        await store.get(tx, id),
        shipment=parcel.id,
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        tracking_url=parcel.tracking_url,
    )
    return parcel


async def move_shipment(tx: Transaction, id: ShipmentId, verb: str) -> Shipment:
    """A parcel goes on: `move`, `deliver`, `lose`, `return` or `cancel`. Late and repeated news changes nothing."""
    parcel = await store.get_shipment(tx, id)
    await _locked(tx, parcel.seller_order_id)
    parcel = await store.get_shipment(tx, id)
    status = SHIPMENT.moves[verb][1]
    # What was decided about its goods stands, whatever turns up afterwards.
    if parcel.status == status or parcel.settled_at is not None:
        return parcel
    if not SHIPMENT.allows(parcel.status, verb):
        raise Conflict(_cannot(parcel, verb), extra={"state": str(parcel.status), "verb": verb})
    await store.save_shipment(tx, id, SHIPMENT.move(parcel.status, verb))
    if verb == "move":
        return await store.get_shipment(tx, id)
    order = await store.get(tx, parcel.seller_order_id)
    if verb == "deliver":
        for line, quantity in parcel.lines:
            await store.change_line(tx, line, delivered=quantity)
        await _follow(tx, order.id)
    elif verb == "cancel":
        for line, quantity in parcel.lines:
            await store.change_line(tx, line, shipped=-quantity)
        await _follow(tx, order.id)
    name: events.EventName = ENDS[status]
    await _tell(tx, name, order, shipment=id, carrier=parcel.carrier, tracking_number=parcel.tracking_number)
    return await store.get_shipment(tx, id)


ENDS: Final[dict[ShipmentStatus, events.EventName]] = {
    ShipmentStatus.DELIVERED: "shipment.delivered",
    ShipmentStatus.LOST: "shipment.lost",
    ShipmentStatus.RETURNED: "shipment.returned",
    ShipmentStatus.CANCELED: "shipment.canceled",
}


def _cannot(parcel: Shipment, verb: str) -> str:
    said = f"The parcel {parcel.tracking_number or parcel.id} {STANDS[parcel.status]} already"
    if parcel.status == ShipmentStatus.DELIVERED and verb in ("lose", "return"):
        return f"{said}: where its buyer does not have it, give their money back; where they do not want it, it is a return."
    return f"{said}: it cannot be that it {STANDS[SHIPMENT.moves[verb][1]]} now."


STANDS: Final = {
    ShipmentStatus.SHIPPED: "was sent",
    ShipmentStatus.IN_TRANSIT: "is on its way",
    ShipmentStatus.DELIVERED: "was delivered",
    ShipmentStatus.LOST: "is lost",
    ShipmentStatus.RETURNED: "came back",
    ShipmentStatus.CANCELED: "was canceled",
}


async def settle(tx: Transaction, id: ShipmentId, how: Literal["resend", "write_off"]) -> Shipment:
    """Decide about the goods of a parcel that was lost, or came back: they are sent again, or nobody sends them any more.

    What replaces a lost one leaves the shelf; raises Conflict where nothing is left. What came back and is not sent again is
    taken in (`returns.receive_parcel`), which pays the buyer; for what is written off they are paid by a refund.
    """
    parcel = await store.get_shipment(tx, id)
    await _locked(tx, parcel.seller_order_id)
    parcel = await store.get_shipment(tx, id)
    if parcel.settled_how == how:
        return parcel
    if parcel.settled_at is not None or parcel.status not in (ShipmentStatus.LOST, ShipmentStatus.RETURNED):
        said = parcel.settled_how or parcel.status
        raise Conflict(f"{id} is {said}: there is nothing to decide about its goods.", extra={"state": str(said)})
    lost = parcel.status == ShipmentStatus.LOST
    if how == "write_off" and not lost:
        raise Conflict("It came back: take it in, and say what of it is of use.", param="how")
    if how == "resend":
        await _check_paid(tx, parcel)
    await store.save_settled(tx, id, how)
    for line, quantity in parcel.lines:
        await store.change_line(tx, line, shipped=-quantity, canceled=quantity if how == "write_off" else 0)
        if how == "resend" and lost:
            await _take_another(tx, line, quantity)
    await _follow(tx, parcel.seller_order_id, because=f"parcel {parcel.status}")
    order = await store.get(tx, parcel.seller_order_id)
    more = {"carrier": parcel.carrier, "tracking_number": parcel.tracking_number, "how": how}
    await _tell(tx, "shipment.settled", order, shipment=id, **more)
    return await store.get_shipment(tx, id)


async def _check_paid(tx: Transaction, parcel: Shipment) -> None:
    """Raise Conflict where its buyer has the money for what would be sent again, or is about to."""
    back = await store.paid_back(tx, [line for line, _ in parcel.lines])
    for line in (await store.get(tx, parcel.seller_order_id)).lines:
        units, whole = back.get(line.line_id, (0, False))
        still_sold = line.quantity - line.canceled - line.came_back - line.returned - line.to_return
        if whole or (units and still_sold > line.quantity - units):
            raise Conflict(f"{line.name} is paid back, or about to be: it is not sent again.", param="how")


async def _take_another(tx: Transaction, line: LineItemId, quantity: int) -> None:
    """What was lost is gone from the shelf already; what goes out in its place is taken from where the first came from."""
    left = quantity
    for kept in await inventory.of_line(tx, line):
        taken = min(left, kept.quantity - kept.restocked)
        if taken and kept.location is not None:
            await inventory.lose(tx, kept.sku, taken, location=kept.location, reason="sent again for a lost parcel")
            left -= taken


async def hold(tx: Transaction, id: SellerOrderId, because: str) -> SellerOrder:
    """What it earned stays where it is until `let_go`. Raises Conflict where it is gone already."""
    order = await _locked(tx, id)
    if order.released_at is not None and not order.early:
        raise Conflict(f"What {order.number} earned went to its seller already: refund, and it is taken back.")
    said = because.strip()
    if not 1 <= len(said) <= REASON_MAX or "\0" in said:
        raise Invalid(f"A reason has 1 to {REASON_MAX} characters.", param="reason")
    await store.save_held(tx, id, said)
    await _tell(tx, "seller_order.held", order, reason=said)
    return await store.get(tx, id)


async def let_go(tx: Transaction, id: SellerOrderId) -> SellerOrder:
    """It is not held any longer than was agreed."""
    order = await _locked(tx, id)
    if order.held_at is not None:
        await store.save_held(tx, id, None)
        await _tell(tx, "seller_order.let_go", order)
    return await store.get(tx, id)


async def release(tx: Transaction, ids: Collection[SellerOrderId]) -> list[SellerOrder]:
    """Mark what they earned as on its way; those whose time has not come, or with whom somebody was quicker, are left out.
    From here to the commit nobody refunds these orders, and nobody else releases them.
    """
    await orders.hold(tx, await store.orders_of(tx, ids))
    found = [part for part in await store.get_all(tx, ids) if part.released_at is None and part.held_at is None]
    # What goes back in some days is not sent out now.
    disputed = await store.disputed(tx, [part.order_id for part in found])
    due = [
        part
        for part in found
        if is_due(part, tx.now) and part.order_id not in disputed and not any(line.to_return for line in part.lines)
    ]
    await store.save_released(tx, [part.id for part in due])
    return due


async def release_again(tx: Transaction, line: LineItemId) -> None:
    """Something of what was released is with us again, or earned after all: it is due now. The order is locked."""
    found = await store.find_of_line(tx, line)
    if found is not None and found.released_at is not None:
        await store.save_unreleased(tx, [found.id], again_at=None)


async def take_back_release(tx: Transaction, ids: Collection[SellerOrderId], again_at: datetime) -> None:
    """They could not be sent after all: their time comes again. The caller holds the orders' locks."""
    await store.save_unreleased(tx, ids, again_at=again_at)


async def _follow(tx: Transaction, id: SellerOrderId, *, because: str | None = None) -> None:
    """Bring it to where its lines are."""
    before = await store.get(tx, id)
    now = standing(before.lines)
    if now == before.fulfillment_status:
        return
    status, event = before.status, None
    if now == SellerFulfillment.CANCELED:
        status, event = SELLER_ORDER.move(before.status, "cancel"), "seller_order.canceled"
    elif now == SellerFulfillment.DELIVERED:
        status, event = SELLER_ORDER.move(before.status, "complete"), "seller_order.delivered"
    elif before.status == SellerOrderStatus.CANCELED:
        status, event = SELLER_ORDER.move(before.status, "reinstate"), "seller_order.reinstated"
    release_at = release_time(tx.now, before.holding_days, before.release_day)
    await store.save(tx, id, status, now, release_at=release_at, because=because)
    if event is not None:
        more = {} if because is None else {"reason": because}
        await _tell(tx, event, await store.get(tx, id), **more)  # type: ignore[arg-type]


async def _locked(tx: Transaction, id: SellerOrderId) -> SellerOrder:
    await orders.lock(tx, await store.order_of(tx, id))
    return await store.get(tx, id)


async def _tell(tx: Transaction, name: events.EventName, order: SellerOrder, **more: Any) -> None:
    await events.record(
        tx,
        name,
        order=order.order_id,
        seller_order=order.id,
        number=order.number,
        seller=order.seller_id,
        line_items=[{"id": str(line.line_id), "name": line.name, "quantity": line.quantity} for line in order.lines],
        **more,
    )


def _checked_carrier(carrier: str) -> str:
    key = carrier.strip().lower().replace(" ", "-")
    if not 1 <= len(key) <= CARRIER_MAX or not key.isascii() or not key.replace("-", "").replace("_", "").isalnum():
        raise Invalid("A carrier is named by a-z, 0-9, - and _, such as dhl.", param="carrier")
    return key


def _checked_number(number: str | None) -> str | None:
    if number is None:
        return None
    found = number.strip()
    if not 1 <= len(found) <= TRACKING_MAX or not found.isprintable():
        raise Invalid(f"A tracking number is a printable text of 1 to {TRACKING_MAX} characters.", param="tracking_number")
    return found
