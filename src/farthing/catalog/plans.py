"""Plans: what is paid again and again. Plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

from farthing.errors import Conflict, Invalid, NotFound
from farthing.money import Money

Interval = Literal["day", "week", "month", "year"]

TrialMark = Literal["customer", "email", "card"]

MAIN: Final = "main"
"""The group of a plan that names none."""


@dataclass(frozen=True, slots=True)
class SubscriptionPolicy:
    """What holds for all subscriptions."""

    grace_days: int = 7
    """How long a plan may be used after its paid time while we wait for the money."""
    trial_reminder_days: int = 3
    card_reminder_days: int = 14
    trial_marks: frozenset[TrialMark] = frozenset({"customer", "email"})
    """By what somebody is known who has tried a plan of the group before."""
    second_trial: Literal["without", "refused"] = "without"
    """What becomes of it: the plan without a trial, or nothing."""
    paused_access: Literal["paid", "all"] = "paid"
    """Whether a paused plan can be used until what is paid is over, or all the time."""

    @property
    def grace(self) -> timedelta:
        return timedelta(days=self.grace_days)


@dataclass(frozen=True, slots=True)
class PlanPrice:
    """One price of a plan: an amount for each currency, for each stretch of time. A retired one is kept by who has it."""

    key: str
    interval: Interval
    interval_count: int
    amounts: Mapping[str, Money]
    active: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What a product of kind "plan" is besides its name and its features. A customer has one plan of each group."""

    group: str
    prices: Mapping[str, PlanPrice]
    seats_min: int = 1
    seats_max: int = 1
    trial_days: int | None = None
    trial_needs_card: bool = True
    limits: Mapping[str, int] = field(default_factory=dict)
    """Feature → how much of it."""
    credits: int | None = None
    """How many credits each paid period brings."""
    credits_days: int | None = None
    """For how long they can be spent; None: as long as the period may be used."""

    def price(self, key: str | None) -> PlanPrice:
        """The one that is named, or the only one. Raises NotFound, Conflict for a retired one, Invalid where it is open."""
        for_sale = [price for price in self.prices.values() if price.active]
        if key is None:
            if len(for_sale) != 1:
                known = ", ".join(price.key for price in for_sale)
                raise Invalid(f"Say which price: {known}.", param="price")
            return for_sale[0]
        found = self.prices.get(key)
        if found is None:
            known = ", ".join(price.key for price in for_sale)
            raise NotFound(f"The plan has no price {key[:63]!r}: it has {known}.", param="price")
        if not found.active:
            raise Conflict(f"The price {key!r} is retired: nobody can begin with it any more.", param="price")
        return found

    def check_seats(self, quantity: int) -> None:
        if type(quantity) is not int:
            raise Invalid("The quantity is a whole number.", param="quantity")
        if quantity < self.seats_min:
            raise Invalid(f"The quantity is at least {self.seats_min}.", param="quantity")
        if quantity > self.seats_max:
            raise Invalid(f"The quantity is at most {self.seats_max}.", param="quantity")
