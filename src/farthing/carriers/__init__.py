"""Companies that carry parcels: what we ask of one, and how we reach them."""

from farthing.carriers.model import (
    BoughtLabel,
    CarrierNotice,
    Dimensions,
    Parcel,
    Place,
    Quote,
    Rate,
    RefundState,
    SeenTracking,
    TrackingStatus,
    links,
)
from farthing.carriers.protocol import Carrier

__all__ = [
    "BoughtLabel",
    "Carrier",
    "CarrierNotice",
    "Dimensions",
    "Parcel",
    "Place",
    "Quote",
    "Rate",
    "RefundState",
    "SeenTracking",
    "TrackingStatus",
    "links",
]
