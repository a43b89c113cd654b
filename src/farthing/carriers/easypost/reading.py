"""Between EasyPost's words and ours."""

import math
import re
from datetime import UTC, datetime
from typing import Any, Final

from farthing.carriers.model import (
    BoughtLabel,
    CarrierNotice,
    Parcel,
    Place,
    Quote,
    Rate,
    RefundState,
    SeenTracking,
    TrackingStatus,
    links,
)
from farthing.errors import Invalid, Malformed
from farthing.money import Money

GRAMS_PER_OUNCE: Final = 28.349523125
MM_PER_INCH: Final = 25.4
ID: Final = re.compile(r"[A-Za-z0-9_]{1,255}")

STATES: Final = {
    "unknown": TrackingStatus.UNKNOWN,
    "pre_transit": TrackingStatus.PRE_TRANSIT,
    "in_transit": TrackingStatus.IN_TRANSIT,
    "out_for_delivery": TrackingStatus.OUT_FOR_DELIVERY,
    "available_for_pickup": TrackingStatus.AVAILABLE_FOR_PICKUP,
    "delivered": TrackingStatus.DELIVERED,
    "return_to_sender": TrackingStatus.RETURN_TO_SENDER,
    "failure": TrackingStatus.FAILURE,
    "cancelled": TrackingStatus.EXCEPTION,
    "error": TrackingStatus.EXCEPTION,
}
"""https://docs.easypost.com/docs/trackers#tracker-object"""

THEIRS: Final = {
    "usps": "USPS",
    "ups": "UPS",
    "fedex": "FedEx",
    "dhl": "DHLExpress",
    "dhlexpress": "DHLExpress",
    "dhlpaket": "DHLPaket",
    "royalmail": "RoyalMail",
    "dpd": "DPD",
    "gls": "GLS",
    "hermes": "Hermes",
    "canadapost": "CanadaPost",
    "auspost": "AustraliaPost",
    "postnl": "PostNL",
}
"""Our word for a carrier → EasyPost's. For any other EasyPost finds out by the number."""


def address_of(place: Place) -> dict[str, str]:
    told = {
        "name": place.name,
        "company": place.company,
        "street1": place.line1,
        "street2": place.line2,
        "city": place.city,
        "state": place.state,
        "zip": place.postal_code,
        "country": place.country,
        "phone": place.phone,
    }
    return {name: value for name, value in told.items() if value is not None}


def parcel_of(parcel: Parcel) -> dict[str, float]:
    """In ounces and inches, rounded up to tenths: what is lighter than it was said to be is never charged afterwards."""
    told = {"weight": _up(parcel.weight_grams / GRAMS_PER_OUNCE)}
    if parcel.size is not None:
        told["length"] = _up(parcel.size.length_mm / MM_PER_INCH)
        told["width"] = _up(parcel.size.width_mm / MM_PER_INCH)
        told["height"] = _up(parcel.size.height_mm / MM_PER_INCH)
    return told


def _up(value: float) -> float:
    return math.ceil(round(value * 10, 6)) / 10


def quote_of(shipment: dict[str, Any]) -> Quote:
    rates = [rate for each in shipment.get("rates") or [] if (rate := _rate(each)) is not None]
    return Quote(
        str(shipment["id"]), shipment.get("reference"), sorted(rates, key=lambda rate: rate.money.amount), label_of(shipment)
    )


def _rate(told: dict[str, Any]) -> Rate | None:
    """None for one in a currency that we cannot count in."""
    try:
        money = Money.parse(str(told["rate"]), str(told["currency"]).lower())
    except Invalid:
        return None
    said = told.get("delivery_days") or told.get("est_delivery_days")
    days = said if isinstance(said, int) else None
    return Rate(str(told["id"]), _carrier(told["carrier"]), str(told["service"]), money, days)


def label_of(shipment: dict[str, Any]) -> BoughtLabel | None:
    paper, chosen = shipment.get("postage_label"), shipment.get("selected_rate")
    if not paper or not chosen or not shipment.get("tracking_code"):
        return None
    carrier, number = _carrier(chosen["carrier"]), str(shipment["tracking_code"])
    tracker = shipment.get("tracker") or {}
    return BoughtLabel(
        carrier=carrier,
        service=str(chosen["service"]),
        money=Money.parse(str(chosen["rate"]), str(chosen["currency"]).lower()),
        tracking_number=number,
        tracker_id=tracker.get("id"),
        tracking_url=_page(tracker.get("public_url")) or links(carrier, number),
        label_url=str(paper["label_url"]),
        refund=refund_of(shipment),
    )


def refund_of(shipment: dict[str, Any]) -> RefundState | None:
    found: dict[str | None, RefundState] = {"submitted": "submitted", "refunded": "refunded", "rejected": "rejected"}
    return found.get(shipment.get("refund_status"))


def tracking_of(tracker: dict[str, Any]) -> SeenTracking:
    details = tracker.get("tracking_details") or []
    carrier, number = _carrier(tracker.get("carrier") or "unknown"), str(tracker["tracking_code"])
    detail = details[-1].get("message") if details else None
    return SeenTracking(
        tracker_id=str(tracker["id"]),
        carrier=carrier,
        tracking_number=number,
        status=STATES.get(str(tracker.get("status")), TrackingStatus.UNKNOWN),
        detail=str(detail)[:500] if detail else None,
        url=_page(tracker.get("public_url")) or links(carrier, number),
        expected_at=_moment(tracker.get("est_delivery_date")),
        at=_moment(details[-1].get("datetime")) if details else None,
    )


def _carrier(theirs: object) -> str:
    return re.sub(r"[^a-z0-9]", "", str(theirs).lower())[:63] or "unknown"


def _page(url: object) -> str | None:
    return url if isinstance(url, str) and url.startswith(("https://", "http://")) else None


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def notice_of(event: object) -> CarrierNotice:
    if not isinstance(event, dict):
        raise Malformed("The delivery is no event.")
    id, about = event.get("id"), event.get("result")
    if not isinstance(id, str) or not ID.fullmatch(id):
        raise Malformed("The delivery has no id.")
    tracker = about.get("id") if isinstance(about, dict) and about.get("object") == "Tracker" else None
    return CarrierNotice(
        id=id,
        type=str(event.get("description"))[:100],
        livemode=event.get("mode") == "production",
        tracker_id=tracker if isinstance(tracker, str) and ID.fullmatch(tracker) else None,
        occurred_at=_moment(event.get("created_at")),
    )
