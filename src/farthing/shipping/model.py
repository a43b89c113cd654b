"""A label, and when its parcel is looked for again. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from farthing.carriers.model import Dimensions, Parcel, Quote, Rate, SeenTracking, TrackingStatus
from farthing.errors import Invalid
from farthing.ids import LabelId, LineItemId, SellerOrderId, ShipmentId
from farthing.lifecycles import LabelStatus, ShipmentStatus
from farthing.money import Money

WEIGHT_MAX: Final = 1_000_000
LENGTH_MAX: Final = 5_000
LOST_FOR: Final = timedelta(days=30)
"""How long a parcel that was given up for lost is still looked for."""

OLDER: Final = timedelta(days=2)
"""A label may have been bought elsewhere, and scanned, before its number is told here."""

REFUSALS_MAX: Final = 5
AGAIN: Final = {
    TrackingStatus.OUT_FOR_DELIVERY: timedelta(hours=1),
    TrackingStatus.IN_TRANSIT: timedelta(hours=4),
}
OTHERWISE: Final = timedelta(hours=8)

VERBS: Final = {
    TrackingStatus.IN_TRANSIT: "move",
    TrackingStatus.OUT_FOR_DELIVERY: "move",
    TrackingStatus.AVAILABLE_FOR_PICKUP: "move",
    TrackingStatus.DELIVERED: "deliver",
    TrackingStatus.RETURN_TO_SENDER: "return",
    TrackingStatus.FAILURE: "lose",
}
"""What a carrier sees → what becomes of the shipment. The rest says nothing that anybody must do something about yet."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A label as somebody asks for it: this service of this carrier, for no more than that."""

    parcel: Parcel
    carrier: str
    service: str
    max: Money
    lines: Sequence[tuple[LineItemId, int]] | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """A label, wanted or paid for."""

    id: LabelId
    seller_order_id: SellerOrderId
    shipment_id: ShipmentId | None
    """The parcel that left with it."""
    livemode: bool
    sold_by: str
    status: LabelStatus
    carrier: str
    service: str
    max: Money
    amount: Money | None
    parcel: Parcel
    lines: Sequence[tuple[LineItemId, int]]
    quote_id: str | None
    tracking_number: str | None
    label_url: str | None
    refused_because: str | None
    requested_at: datetime
    asked_at: datetime | None
    bought_at: datetime | None
    refund_asked_at: datetime | None
    closed_at: datetime | None
    ask_again_at: datetime | None


def checked(parcel: Parcel) -> Parcel:
    """Raises Invalid for a parcel that nobody carries."""
    if not 1 <= parcel.weight_grams <= WEIGHT_MAX:
        raise Invalid(f"A parcel weighs 1 to {WEIGHT_MAX} grams.", param="parcel.weight_grams")
    sizes = () if parcel.size is None else (parcel.size.length_mm, parcel.size.width_mm, parcel.size.height_mm)
    if any(not 1 <= size <= LENGTH_MAX for size in sizes):
        raise Invalid(f"Each side of a parcel is 1 to {LENGTH_MAX} mm.", param="parcel")
    return parcel


def chosen(quote: Quote, label: Label) -> tuple[Rate | None, str]:
    """The rate that was agreed on; without one, why."""
    for rate in quote.rates:
        if (rate.carrier, rate.service) == (label.carrier, label.service):
            if rate.money.currency != label.max.currency:
                return None, f"{label.carrier} {label.service} costs {rate.money}, and {label.max} was agreed on"
            if rate.money > label.max:
                return None, f"{label.carrier} {label.service} costs {rate.money} by now, and {label.max} at most was agreed on"
            return rate, ""
    return None, f"{label.carrier} {label.service} does not carry this parcel there"


def next_look(status: ShipmentStatus, seen: TrackingStatus, *, closed_at: datetime | None, now: datetime) -> datetime | None:
    """When the carrier is asked again; None where nothing new can come."""
    if status in (ShipmentStatus.DELIVERED, ShipmentStatus.RETURNED, ShipmentStatus.CANCELED):
        return None
    if status == ShipmentStatus.LOST and closed_at is not None and now - closed_at > LOST_FOR:
        return None
    return now + AGAIN.get(seen, OTHERWISE)


def believed(seen: SeenTracking, shipped_at: datetime) -> SeenTracking:
    """Whoever types in the number of a parcel that arrived long ago is not paid for it: its news is older than the parcel."""
    if seen.at is None or seen.at > shipped_at - OLDER:
        return seen
    return replace(seen, status=TrackingStatus.EXCEPTION, detail="The carrier saw it before it was sent: another parcel?")


def size_of(length: int | None, width: int | None, height: int | None) -> Dimensions | None:
    if length is None or width is None or height is None:
        return None
    return Dimensions(length, width, height)
