"""A parcel over HTTP."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from farthing.carriers import TrackingStatus
from farthing.http.bodies import Shown
from farthing.lifecycles import ShipmentStatus
from farthing.seller_orders.model import Settlement, Shipment


class ShipmentLineShown(Shown):
    line_item: str
    quantity: int


class ShipmentShown(Shown):
    id: str
    object: Literal["shipment"] = "shipment"
    status: ShipmentStatus
    carrier: str
    tracking_number: str | None
    tracking_url: str | None
    shipped_at: datetime
    delivered_at: datetime | None
    tracking_status: TrackingStatus | None = Field(description="Where the carrier sees it, in words of no carrier's own.")
    tracking_detail: str | None = Field(description="The carrier's last words on it.")
    expected_at: datetime | None
    settlement: Settlement | None = Field(description="What became of the goods of one that was lost or came back.")
    lines: list[ShipmentLineShown]

    @classmethod
    def of(cls, parcel: Shipment) -> "ShipmentShown":
        return cls(
            id=str(parcel.id),
            status=parcel.status,
            carrier=parcel.carrier,
            tracking_number=parcel.tracking_number,
            tracking_url=parcel.tracking_url,
            shipped_at=parcel.shipped_at,
            delivered_at=parcel.delivered_at,
            tracking_status=parcel.tracking_status,
            tracking_detail=parcel.tracking_detail,
            expected_at=parcel.expected_at,
            settlement=parcel.settled_how,
            lines=[ShipmentLineShown(line_item=str(line), quantity=quantity) for line, quantity in parcel.lines],
        )
