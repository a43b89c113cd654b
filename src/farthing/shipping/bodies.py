"""What is said of shipping over HTTP."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from farthing.addresses import AddressIn
from farthing.carriers import Dimensions, Parcel, Rate
from farthing.http.bodies import CURSOR_MAX, Body, MoneyIn, MoneyShown, Query, Shown
from farthing.ids import public
from farthing.lifecycles import LabelStatus
from farthing.shipping.model import LENGTH_MAX, WEIGHT_MAX, Label

LINES_MAX = 50
Millimeters = Annotated[int, Field(ge=1, le=LENGTH_MAX)]


class SizeIn(Body):
    length_mm: Millimeters
    width_mm: Millimeters
    height_mm: Millimeters


class ParcelIn(Body):
    weight_grams: int = Field(ge=1, le=WEIGHT_MAX, description="With its packing.")
    size: SizeIn | None = None

    def read(self) -> Parcel:
        size = self.size
        return Parcel(self.weight_grams, None if size is None else Dimensions(size.length_mm, size.width_mm, size.height_mm))


class WantedRates(Body):
    parcel: ParcelIn
    origin: AddressIn | None = Field(
        None, alias="from", description="Where it is sent from. It is kept: say it once, and again when it changes."
    )


class LabelLine(Body):
    line_item: str = Field(max_length=CURSOR_MAX)
    quantity: int = Field(ge=1, le=1_000_000)


class NewLabel(WantedRates):
    """Without lines: for all that is left to send."""

    carrier: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$"), Field(examples=["usps"])]
    service: Annotated[str, StringConstraints(min_length=1, max_length=100), Field(examples=["GroundAdvantage"])]
    max: MoneyIn = Field(description="What it may cost at most: what the rates said.")
    lines: list[LabelLine] | None = Field(None, min_length=1, max_length=LINES_MAX)


class RateShown(Shown):
    object: Literal["rate"] = "rate"
    carrier: str
    service: str
    amount: MoneyShown
    days: int | None = Field(description="How many days the carrier says it takes.")

    @classmethod
    def of(cls, rate: Rate) -> "RateShown":
        return cls(carrier=rate.carrier, service=rate.service, amount=MoneyShown.of(rate.money), days=rate.days)


class LabelShown(Shown):
    id: str
    object: Literal["label"] = "label"
    status: LabelStatus
    seller_order: str
    shipment: str | None = Field(description="The parcel that left with it.")
    carrier: str
    service: str
    amount: MoneyShown | None
    tracking_number: str | None
    label_url: str | None = Field(description="The paper to print.")
    refused_because: str | None
    requested_at: datetime
    bought_at: datetime | None

    @classmethod
    def of(cls, label: Label) -> "LabelShown":
        return cls(
            id=str(label.id),
            status=label.status,
            seller_order=str(label.seller_order_id),
            shipment=public(label.shipment_id),
            carrier=label.carrier,
            service=label.service,
            amount=MoneyShown.perhaps(label.amount),
            tracking_number=label.tracking_number,
            label_url=label.label_url,
            refused_because=label.refused_because,
            requested_at=label.requested_at,
            bought_at=label.bought_at,
        )


class Settling(Body):
    how: Literal["resend", "write_off"]


class SlipQuery(Query):
    shipment: str | None = Field(None, max_length=CURSOR_MAX, description="One parcel; without it, what is left to send.")
    format: Literal["html", "pdf"] = "html"
    prices: bool = Field(False, description="Whether what each costs stands there.")
