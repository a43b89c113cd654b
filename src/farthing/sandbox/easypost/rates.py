"""What a parcel costs: a few services of each country, dearer with weight. Prices of nobody in particular."""

from __future__ import annotations

from dataclasses import dataclass

from farthing.sandbox.store import Json

OUNCES_MAX = 1120.0
"""70 lb: more than that none of them carries."""


@dataclass(frozen=True, slots=True)
class Service:
    carrier: str
    name: str
    days: int
    base: int
    per_pound: int


HOME: dict[str, tuple[str, tuple[Service, ...]]] = {
    "US": (
        "USD",
        (
            Service("USPS", "GroundAdvantage", 5, 412, 61),
            Service("USPS", "Priority", 2, 731, 118),
            Service("USPS", "Express", 1, 2675, 240),
            Service("UPS", "Ground", 4, 998, 75),
        ),
    ),
    "GB": ("GBP", (Service("RoyalMail", "Tracked48", 3, 335, 70), Service("RoyalMail", "Tracked24", 1, 425, 95))),
}
ELSEWHERE = ("EUR", (Service("DHLPaket", "Standard", 2, 549, 80), Service("DHLPaket", "Express", 1, 1290, 160)))
ABROAD = (Service("DHLExpress", "ExpressWorldwide", 4, 3890, 610),)


def offered(origin: str, destination: str, ounces: float) -> list[Json]:
    """Whole cents, written as EasyPost writes them."""
    currency, services = HOME.get(origin, ELSEWHERE)
    if ounces > OUNCES_MAX:
        return []
    pounds = -(-int(ounces) // 16) or 1
    found = []
    for service in services if origin == destination else ABROAD:
        cents = service.base + service.per_pound * (pounds - 1)
        price = f"{cents // 100}.{cents % 100:02d}"
        found.append(
            {
                "object": "Rate",
                "mode": "test",
                "carrier": service.carrier,
                "service": service.name,
                "rate": price,
                "currency": currency,
                "list_rate": price,
                "list_currency": currency,
                "retail_rate": price,
                "retail_currency": currency,
                "delivery_days": service.days,
                "est_delivery_days": service.days,
                "delivery_date": None,
                "delivery_date_guaranteed": False,
            }
        )
    return found
