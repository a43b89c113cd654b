"""Who may give how much money back: the table `[refunds]` of farthing.toml, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from farthing.money import Money

RefundRole = Literal["support", "finance", "developer", "admin", "server"]
"""Who gives money back: a member of staff by role, or "server": an API key, the command line, the host's own code."""

Amounts = Mapping[str, Money]
"""One amount for each currency. Where there is any, a currency without one has none."""


@dataclass(frozen=True, slots=True)
class RefundPolicy:
    """Without the table nothing is limited, and every request of a buyer waits for a person."""

    window_days: int | None = None
    """How long after the payment a request may be approved by itself; None: however late."""
    auto_approve: bool = False
    leave_out_used: bool = True
    """What is used up of a line stays paid, unless staff say otherwise."""
    second_person_above: Amounts = field(default_factory=dict)
    limits: Mapping[str, Amounts] = field(default_factory=dict)
    """Role → the most that one refund may be."""
    daily: Mapping[str, Amounts] = field(default_factory=dict)
    """Role → the most that one person may give back in a day (UTC)."""

    def needs_second(self, total: Money) -> bool:
        """Whether one person alone must not give so much of an order back; what went back before counts."""
        return bool(self.second_person_above) and not within(self.second_person_above, total)

    def in_window(self, paid_at: datetime | None, now: datetime) -> bool:
        if paid_at is None or self.window_days is None:
            return paid_at is not None
        return now <= paid_at + timedelta(days=self.window_days)


def within(amounts: Amounts, money: Money) -> bool:
    most = amounts.get(money.currency)
    return most is not None and money <= most
