"""Parcels, what they cost to send and where they are, in words of no carrier's own. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from farthing.money import Money


class TrackingStatus(StrEnum):
    """Where a parcel is, whatever its carrier calls that."""

    UNKNOWN = "unknown"
    PRE_TRANSIT = "pre_transit"
    """There is a label; the carrier has not got it yet."""
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    DELIVERED = "delivered"
    RETURN_TO_SENDER = "return_to_sender"
    FAILURE = "failure"
    """The carrier has given it up."""
    EXCEPTION = "exception"
    """Something is wrong, and it may yet arrive."""


RefundState = Literal["submitted", "refunded", "rejected"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a parcel comes from or goes to. `country` is two letters."""

    country: str
    name: str
    line1: str
    line2: str | None = None
    company: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Dimensions:
    length_mm: int
    width_mm: int
    height_mm: int


@dataclass(frozen=True, slots=True)
class Parcel:
    weight_grams: int
    size: Dimensions | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """What one service of one carrier asks for it."""

    id: str
    carrier: str
    """As tracking numbers are kept: `usps`."""
    service: str
    money: Money
    days: int | None
    """How many days they say it takes."""


@dataclass(frozen=True, slots=True)
class BoughtLabel:
    """What was paid for: a number, and a paper to print."""

    carrier: str
    service: str
    money: Money
    tracking_number: str
    tracker_id: str | None
    tracking_url: str | None
    label_url: str
    refund: RefundState | None


@dataclass(frozen=True, slots=True)
class Quote:
    """A parcel as the carrier's company knows it: what it would cost, and the label once it is bought."""

    id: str
    reference: str | None
    rates: Sequence[Rate]
    label: BoughtLabel | None = None


@dataclass(frozen=True, slots=True)
class SeenTracking:
    """A parcel as the carrier sees it now."""

    tracker_id: str
    carrier: str
    tracking_number: str
    status: TrackingStatus
    detail: str | None
    """The carrier's last words on it."""
    url: str | None
    expected_at: datetime | None
    at: datetime | None = None
    """When the carrier saw it last."""


@dataclass(frozen=True, slots=True)
class CarrierNotice:
    """A verified event of theirs; without a tracker nothing follows from it."""

    id: str
    type: str
    livemode: bool
    tracker_id: str | None
    occurred_at: datetime | None


LINKS: Final = {
    "usps": "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
    "ups": "https://www.ups.com/track?tracknum={number}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={number}",
    "dhl": "https://www.dhl.com/en/express/tracking.html?AWB={number}",
    "dhlexpress": "https://www.dhl.com/en/express/tracking.html?AWB={number}",
    "dhlpaket": "https://www.dhl.de/en/privatkunden/dhl-sendungsverfolgung.html?piececode={number}",
    "royalmail": "https://www.royalmail.com/track-your-item#/tracking-results/{number}",
    "dpd": "https://tracking.dpd.de/parcelstatus?query={number}",
    "gls": "https://gls-group.com/track/{number}",
    "hermes": "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation/#{number}",
    "canadapost": "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={number}",
    "auspost": "https://auspost.com.au/mypost/track/#/details/{number}",
    "laposte": "https://www.laposte.fr/outils/suivre-vos-envois?code={number}",
    "postnl": "https://jouw.postnl.nl/track-and-trace/{number}",
}
"""Carrier → the page where buyers follow a parcel."""


def links(carrier: str, number: str) -> str | None:
    """Where a buyer follows it; None for a carrier that we do not know, or a number that is none."""
    page = LINKS.get(carrier)
    return page.format(number=number) if page is not None and number.isascii() and number.isalnum() else None
