"""When staff are told that payments fail."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """Fewer than so many percent of at least so many payments came."""

    payment_success_percent: int = 50
    payments_min: int = 20
