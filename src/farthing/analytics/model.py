"""What the figures are: whole amounts out of parts of minor units, and ratios that nobody rounded before. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from farthing.errors import Invalid
from farthing.money import Money

PARTS: Final = 30_240
"""In one minor unit: see `mrr_parts` in the schema."""

MONTHS_MAX: Final = 120

Kind = Literal["new", "expansion", "contraction", "churn", "reactivation"]
KINDS: Final[tuple[Kind, ...]] = ("new", "expansion", "contraction", "churn", "reactivation")


def whole(parts: int) -> int:
    """The nearest whole minor unit; a half goes up."""
    return (2 * parts + PARTS) // (2 * PARTS)


def shared(total: int, parts: Sequence[int]) -> list[int]:
    """Whole minor units for each, together the total: each is rounded down, and those that lost most get one more."""
    found = [each // PARTS for each in parts]
    lost = sorted(range(len(parts)), key=lambda place: (-(parts[place] % PARTS), place))
    for place in lost[: total - sum(found)]:
        found[place] += 1
    return found


@dataclass(frozen=True, slots=True)
class Ratio:
    """A part of a whole, both as they were counted."""

    part: int
    whole: int

    @property
    def thousandths(self) -> int | None:
        """None: of nothing."""
        return None if self.whole == 0 else (2000 * self.part + self.whole) // (2 * self.whole)

    def __str__(self) -> str:
        found = self.thousandths
        if found is None:
            return "—"
        sign, found = ("-" if found < 0 else ""), abs(found)
        return f"{sign}{found // 10}.{found % 10}%"


@dataclass(frozen=True, slots=True)
class Mrr:
    """Monthly recurring revenue at the end of a day (UTC)."""

    day: date
    livemode: bool
    currency: str
    parts: int
    customers: int

    @property
    def amount(self) -> Money:
        return Money(whole(self.parts), self.currency)

    @property
    def arpu(self) -> Money | None:
        return per_customer(self.parts, self.customers, self.currency)


@dataclass(frozen=True, slots=True)
class Month:
    """How MRR moved in a month, and why. `movements` add up to what lies between the two ends, also as whole amounts."""

    month: date
    livemode: bool
    currency: str
    start_parts: int
    end_parts: int
    moved_parts: tuple[int, ...]
    """In the order of `KINDS`."""
    start_customers: int
    new_customers: int
    churned_customers: int
    reactivated_customers: int
    end_customers: int

    @property
    def start(self) -> Money:
        return Money(whole(self.start_parts), self.currency)

    @property
    def end(self) -> Money:
        return Money(whole(self.end_parts), self.currency)

    @property
    def movements(self) -> dict[Kind, Money]:
        amounts = shared(whole(self.end_parts) - whole(self.start_parts), self.moved_parts)
        return {kind: Money(amount, self.currency) for kind, amount in zip(KINDS, amounts, strict=True)}

    @property
    def customer_churn(self) -> Ratio:
        """Of those who paid at the start or came since, who left."""
        return Ratio(self.churned_customers, self.start_customers + self.new_customers + self.reactivated_customers)

    @property
    def revenue_churn(self) -> Ratio:
        """What was lost by leaving and by paying less, of what there was at the start."""
        return Ratio(-self._moved("churn") - self._moved("contraction"), self.start_parts)

    @property
    def net_retention(self) -> Ratio:
        """What is left of the start without new customers: with what the others pay more, and without what was lost."""
        kept = self.end_parts - self._moved("new") - self._moved("reactivation")
        return Ratio(kept, self.start_parts)

    @property
    def arpu(self) -> Money | None:
        return per_customer(self.end_parts, self.end_customers, self.currency)

    def _moved(self, kind: Kind) -> int:
        return self.moved_parts[KINDS.index(kind)]


@dataclass(frozen=True, slots=True)
class Retention:
    """Of a cohort, how many pay at the end of a month, and how much."""

    cohort: date
    month: date
    livemode: bool
    currency: str
    started: int
    customers: int
    parts: int

    @property
    def months_since(self) -> int:
        return 12 * (self.month.year - self.cohort.year) + self.month.month - self.cohort.month

    @property
    def kept(self) -> Ratio:
        return Ratio(self.customers, self.started)

    @property
    def amount(self) -> Money:
        return Money(whole(self.parts), self.currency)


@dataclass(frozen=True, slots=True)
class Conversion:
    """Of the wishes to begin a plan, what became of them."""

    plan: str
    livemode: bool
    currency: str
    started: int
    completed: int
    trialed: int
    paid: int

    @property
    def rate(self) -> Ratio:
        return Ratio(self.paid, self.started)


@dataclass(frozen=True, slots=True)
class Failures:
    """Payments that failed for one reason, and how many of them came after all."""

    what: str
    reason: str
    livemode: bool
    currency: str
    failed: int
    attempts: int
    amount: Money
    recovered: int
    recovered_amount: Money

    @property
    def rate(self) -> Ratio:
        return Ratio(self.recovered, self.failed)


def per_customer(parts: int, customers: int, currency: str) -> Money | None:
    """The nearest whole minor unit, rounded once."""
    if customers == 0:
        return None
    unit = PARTS * customers
    return Money((2 * parts + unit) // (2 * unit), currency)


def month_of(day: date) -> date:
    return day.replace(day=1)


def months_before(month: date, count: int) -> date:
    at = 12 * month.year + month.month - 1 - count
    return date(at // 12, at % 12 + 1, 1)


def checked_months(first: date, last: date) -> tuple[date, date]:
    """The first days of both months. Raises Invalid where they are the wrong way round, or too many."""
    first, last = month_of(first), month_of(last)
    if last < first:
        raise Invalid("The last month is before the first.", param="to")
    if 12 * (last.year - first.year) + last.month - first.month >= MONTHS_MAX:
        raise Invalid(f"At most {MONTHS_MAX} months at once.", param="from")
    return first, last


def read_month(text: str, *, param: str) -> date:
    """Of 2026-11. Raises Invalid."""
    return _read(f"{text}-01", f"{text[:20]!r} is not a month: write it like 2026-11.", param)


def read_day(text: str, *, param: str) -> date:
    return _read(text, f"{text[:20]!r} is not a day: write it like 2026-11-21.", param)


def _read(text: str, said: str, param: str) -> date:
    """Of this century and the next: far from both ends of what a date can be."""
    try:
        found = date.fromisoformat(text) if len(text) == len("2026-11-21") else None
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year < 2200:
        raise Invalid(said, param=param)
    return found
