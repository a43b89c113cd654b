"""The customers of a SaaS and all that a plain model says of them: arithmetic on dates, without a database or a provider."""

import random
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tests.whole import sized

MONTHS = sized(24, 14)
SETTLED = timedelta(hours=3)
"""After a period ends, until its invoice is finalized and paid."""

ABOUT = timedelta(hours=4)
"""Before the moment of a comparison: whether what ended then is paid by now depends on the minute."""

Fate = Literal["stays", "ends with the period", "thinks better of it", "ends now", "stops paying", "pays late"]

LATE = ("stops paying", "pays late")


@dataclass
class Member:
    """One customer, and all that the model knows of them."""

    name: str
    plan: str
    price: str
    unit: int
    months: int
    """Of one period."""
    seats: int
    trial: int
    joins: timedelta
    """After the beginning."""
    fate: Fate
    at: int
    """The period before which it comes true."""
    acted: bool = False
    recovered: bool = False
    born: datetime | None = None
    ended_at: datetime | None = None

    @property
    def feature(self) -> str:
        return {"pro": "api", "team": "team"}[self.plan]

    @property
    def amount(self) -> int:
        return self.unit * self.seats

    def boundary(self, period: int) -> datetime:
        """When a period begins: on the day of the month that the first one began on, or the last day of a shorter month."""
        assert self.born is not None
        first = self.born + timedelta(days=self.trial)
        year, month = divmod(first.year * 12 + first.month - 1 + period * self.months, 12)
        return first.replace(year=year, month=month + 1, day=min(first.day, monthrange(year, month + 1)[1]))

    def changes_about(self, moment: datetime) -> bool:
        """Whether a period ends shortly before that moment, or within it."""
        if self.born is None:
            return False
        return any(-ABOUT < self.boundary(period) - moment < timedelta(hours=1) for period in range(MONTHS + 1))

    def periods_paid(self, now: datetime) -> int:
        """By that time, all of which are paid that are due and can be paid."""
        if self.born is None:
            return 0
        begun = [self.boundary(period) for period in range(MONTHS + 1)]
        due = sum(at <= now - SETTLED and (self.ended_at is None or at < self.ended_at) for at in begun)
        return due if self.fate not in LATE or self.recovered else min(due, self.at)

    def paid_until(self, now: datetime) -> datetime | None:
        """None: nobody has begun. A trial is used like what is paid."""
        return None if self.born is None else self.boundary(self.periods_paid(now))

    def may_use(self, now: datetime) -> bool:
        until = self.paid_until(now)
        return until is not None and now < until

    def worth(self, now: datetime) -> int:
        """A month, in twelfths of a minor unit."""
        over = self.ended_at is not None and self.ended_at <= now
        trying = self.born is not None and now < self.boundary(0) + SETTLED
        if self.born is None or over or trying:
            return 0
        return self.amount * 12 // self.months


FEWER = sized(1, 2)
"""Customers, where the whole is too long to wait for: some of each fate nevertheless."""


def members() -> list[Member]:
    chance = random.Random("forty customers")
    wanted: dict[Fate, int] = {
        "stays": 16,
        "ends with the period": 6,
        "thinks better of it": 4,
        "ends now": 4,
        "stops paying": 5,
        "pays late": 5,
    }
    fates = [fate for fate, count in wanted.items() for _ in range(count // FEWER)]
    made = []
    for number, fate in enumerate(fates):
        plan, price, unit, months, trial = chance.choice(
            [*[("pro", "monthly", 2000, 1, 0)] * 2, ("pro", "yearly", 20000, 12, 0), ("team", "monthly", 5000, 1, 14)]
        )
        seats = chance.randint(1, 4) if plan == "pro" else 1
        joins = timedelta(days=30 * chance.randint(0, sized(8, 1)) + chance.randint(1, 27), hours=chance.randint(0, 12))
        at = chance.randint(1, 5) if months == 1 else 1
        made.append(Member(f"member-{number}", plan, price, unit, months, seats, trial, joins, fate, at))
    return made
