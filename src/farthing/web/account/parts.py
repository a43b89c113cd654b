"""How far each part of an order is: who sends it, in which parcels, and where they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from farthing import returns, seller_orders, sellers
from farthing.catalog import ReturnPolicy
from farthing.db import Transaction
from farthing.ids import OrderId
from farthing.lifecycles import SellerFulfillment, ShipmentStatus
from farthing.returns import Return, Returnable
from farthing.seller_orders import SellerOrder, Shipment


@dataclass(frozen=True, slots=True)
class Part:
    """`seller` is None for what the shop itself sends. A step is (label, state): done, now, stopped, or nothing."""

    order: SellerOrder
    seller: str | None
    steps: Sequence[tuple[str, str]]
    parcels: Sequence[Shipment]
    may_cancel: bool
    """Something of it is not sent yet, and the shop lets buyers call it off."""
    returnable: Sequence[Returnable]
    """What could be sent back now."""
    returns: Sequence[Return]

    @property
    def names(self) -> Mapping[object, str]:
        """What lies in a parcel, by the id of its line."""
        return {line.line_id: line.name for line in self.order.lines}


async def parts_of(tx: Transaction, order: OrderId, policy: ReturnPolicy) -> list[Part]:
    """None before it is paid, and where nothing is sent."""
    found, every = [], await returns.of_order(tx, order)
    for part in await seller_orders.of_order(tx, order):
        seller = None if part.seller_id is None else await sellers.get(tx, part.seller_id)
        parcels = await seller_orders.shipments_of(tx, part.id)
        name = None if seller is None else seller.name or "One of our sellers"
        found.append(
            Part(
                part,
                name,
                steps_of(part.fulfillment_status, parcels),
                parcels,
                policy.buyer_cancels and part.status == "confirmed" and any(line.to_ship for line in part.lines),
                [each for each in await returns.offer(tx, part, policy) if each.quantity],
                [each for each in every if each.seller_order_id == part.id],
            )
        )
    return found


def steps_of(status: SellerFulfillment, parcels: Sequence[Shipment]) -> list[tuple[str, str]]:
    """Paid, packed, sent, there; a parcel that is lost or came back stops it for the eye."""
    stopped = any(parcel.status in (ShipmentStatus.LOST, ShipmentStatus.RETURNED) for parcel in parcels)
    match status:
        case SellerFulfillment.UNFULFILLED:
            return [("Paid", "done"), ("Being packed", "now"), ("Shipped", ""), ("Delivered", "")]
        case SellerFulfillment.PARTIALLY_SHIPPED:
            return [("Paid", "done"), ("Partly shipped", "now"), ("Delivered", "")]
        case SellerFulfillment.SHIPPED:
            under_way = ("Did not arrive", "stopped") if stopped else ("On its way", "now")
            return [("Paid", "done"), ("Shipped", "done"), under_way, ("Delivered", "")]
        case SellerFulfillment.DELIVERED:
            return [("Paid", "done"), ("Shipped", "done"), ("Delivered", "done")]
        case SellerFulfillment.CANCELED:
            return [("Paid", "done"), ("Canceled", "stopped")]
