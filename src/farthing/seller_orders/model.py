"""What one seller has to do for an order, and how far it is. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from farthing.carriers.model import TrackingStatus
from farthing.errors import Conflict, Invalid, NotFound
from farthing.ids import LineItemId, OrderId, SellerId, SellerOrderId, ShipmentId
from farthing.lifecycles import SellerFulfillment, SellerOrderStatus, ShipmentStatus

Settlement = Literal["resend", "taken_in", "write_off"]
"""To be sent again; with its seller, and not sent any more; gone, and not sent any more."""

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class SellerLine:
    """How many were sold, called off, sent, and have arrived; and what came back of them."""

    line_id: LineItemId
    name: str
    quantity: int
    canceled: int
    shipped: int
    delivered: int
    came_back: int = 0
    """Taken in again without having arrived."""
    to_return: int = 0
    """Asked for by open returns."""
    returned: int = 0

    @property
    def returnable(self) -> int:
        """What the buyer has, and has not asked to send back."""
        return self.delivered - self.to_return - self.returned

    @property
    def to_ship(self) -> int:
        return self.quantity - self.canceled - self.shipped


@dataclass(frozen=True, slots=True)
class SellerOrder:
    """The part of a paid order that one seller fulfills; without a seller, the shop's own."""

    id: SellerOrderId
    order_id: OrderId
    seller_id: SellerId | None
    position: int
    number: str
    """For people, such as 1042-1."""
    livemode: bool
    status: SellerOrderStatus
    fulfillment_status: SellerFulfillment
    confirmed_at: datetime
    completed_at: datetime | None
    canceled_at: datetime | None
    canceled_because: str | None
    holding_days: int
    release_at: datetime | None
    """When what it earned may go to the seller."""
    release_day: str | None
    """On which days money goes out; None: on any."""
    early: bool
    """What was earned waits on the seller's account, and not with us."""
    retry_at: datetime | None
    """When to try again what could not be sent."""
    released_at: datetime | None
    held_at: datetime | None
    """Since when somebody wants it held for longer."""
    held_because: str | None
    lines: Sequence[SellerLine]


@dataclass(frozen=True, slots=True)
class Shipment:
    """A parcel on its way, or at its end."""

    id: ShipmentId
    seller_order_id: SellerOrderId
    status: ShipmentStatus
    carrier: str
    tracking_number: str | None
    tracking_url: str | None
    shipped_at: datetime
    delivered_at: datetime | None
    closed_at: datetime | None
    lines: Sequence[tuple[LineItemId, int]]
    followed_by: str | None = None
    """The company that follows it, and its name there."""
    tracker_id: str | None = None
    tracking_status: TrackingStatus | None = None
    tracking_detail: str | None = None
    """The carrier's last words on it."""
    expected_at: datetime | None = None
    tracked_at: datetime | None = None
    track_again_at: datetime | None = None
    settled_at: datetime | None = None
    settled_how: Settlement | None = None
    """What became of the goods of one that was lost or came back; None: nobody has decided."""


def is_due(order: SellerOrder, now: datetime) -> bool:
    """Whether it was held for as long as was agreed, and longer where it could not be sent."""
    again = order.retry_at is None or order.retry_at <= now
    if order.early:
        return again and order.status != SellerOrderStatus.CANCELED
    return again and order.release_at is not None and order.release_at <= now


def release_time(delivered: datetime, days: int, day: str | None) -> datetime:
    """The end of the holding period, or the first midnight (UTC) after it that is such a day."""
    over = delivered + timedelta(days=days)
    if day is None:
        return over
    midnight = over.replace(hour=0, minute=0, second=0, microsecond=0)
    if midnight < over:
        midnight += timedelta(days=1)
    while str(midnight.day) != day and WEEKDAYS[midnight.weekday()] != day:
        midnight += timedelta(days=1)
    return midnight


def standing(lines: Sequence[SellerLine]) -> SellerFulfillment:
    """How far it is, found from its lines."""
    wanted = sum(line.quantity - line.canceled - line.came_back for line in lines)
    if not wanted:
        return SellerFulfillment.CANCELED
    if sum(line.delivered for line in lines) == wanted:
        return SellerFulfillment.DELIVERED
    shipped = sum(line.shipped - line.came_back for line in lines)
    if not shipped:
        return SellerFulfillment.UNFULFILLED
    return SellerFulfillment.SHIPPED if shipped == wanted else SellerFulfillment.PARTIALLY_SHIPPED


def to_call_off(order: SellerOrder, wanted: Sequence[tuple[LineItemId, int]] | None) -> list[tuple[LineItemId, int]]:
    """What is not sent any more: what is named, or all that is left. Raises Conflict, Invalid or NotFound for what cannot."""
    if order.status != SellerOrderStatus.CONFIRMED:
        raise Conflict(
            f"{order.number} is {order.status}: nothing of it is left to cancel.", extra={"state": str(order.status)}
        )
    if wanted is None:
        found = [(line.line_id, line.to_ship) for line in order.lines if line.to_ship]
        if not found:
            raise Conflict(f"All of {order.number} is sent already: what arrives can be returned.")
        return found
    return _named(order, wanted, "to cancel")


def to_send(
    order: SellerOrder, wanted: Sequence[tuple[LineItemId, int]] | None, to_come: Mapping[LineItemId, int] | None = None
) -> list[tuple[LineItemId, int]]:
    """What goes into a parcel: what is named, or all that is left and there. Raises Conflict, Invalid or NotFound for what
    cannot. `to_come`: of which line how many were sold before they were there.
    """
    absent = to_come or {}
    if order.status != SellerOrderStatus.CONFIRMED:
        raise Conflict(f"{order.number} is {order.status}: nothing is sent.", extra={"state": str(order.status)})
    if wanted is None:
        if not any(line.to_ship for line in order.lines):
            raise Conflict(f"All of {order.number} is sent already.")
        there = [(line.line_id, line.to_ship - absent.get(line.line_id, 0)) for line in order.lines]
        found = [(line, quantity) for line, quantity in there if quantity > 0]
        if not found:
            raise Conflict(f"What is left of {order.number} is still to come: it is sent when it is there.")
        return found
    named = _named(order, wanted, "to send")
    lines = {line.line_id: line for line in order.lines}
    for id, quantity in named:
        if quantity > lines[id].to_ship - absent.get(id, 0):
            raise Conflict(
                f"Of {lines[id].name} {absent[id]} are still to come: they are sent when they are there.", param="lines"
            )
    return named


def _named(order: SellerOrder, wanted: Sequence[tuple[LineItemId, int]], what_for: str) -> list[tuple[LineItemId, int]]:
    left = {line.line_id: line for line in order.lines}
    if not wanted or len({line for line, _ in wanted}) < len(wanted):
        raise Invalid("Name at least one line, and each once.", param="lines")
    for line, quantity in wanted:
        if line not in left:
            raise NotFound(f"There is no line item {line} in {order.number}.", param="lines")
        if type(quantity) is not int or quantity < 1:
            raise Invalid("The quantity is at least 1.", param="lines")
        if quantity > left[line].to_ship:
            raise Conflict(f"Of {left[line].name} {left[line].to_ship} are left {what_for}, not {quantity}.", param="lines")
    return list(wanted)
