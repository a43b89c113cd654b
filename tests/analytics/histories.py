"""Histories of subscriptions, and what they are worth by a model in plain Python that knows fractions and no SQL."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final
from uuid import UUID, uuid5

import psycopg
from hypothesis import strategies as st

FIRST: Final = date(2024, 1, 1)
DAYS: Final = 400
CUSTOMERS: Final = 4
EACH: Final = 3
"""Subscriptions of a customer."""

A_YEAR: Final = {"year": 1, "month": 12, "week": 52, "day": 365}
_SPACE: Final = UUID(int=4)


@dataclass(frozen=True, slots=True)
class Fact:
    customer: int
    subscription: int
    at: datetime
    status: str
    unit: int
    quantity: int
    discount: int
    currency: str
    interval: str
    count: int
    paused: bool
    duplicate: bool

    @property
    def livemode(self) -> bool:
        """Of each customer's subscriptions the last is a test."""
        return self.subscription != EACH - 1

    @property
    def worth(self) -> Fraction:
        """A month, in minor units."""
        if self.status not in ("active", "past_due") or self.paused or self.duplicate:
            return Fraction(0)
        return Fraction((self.unit * self.quantity - self.discount) * A_YEAR[self.interval], 12 * self.count)


def customer_id(customer: int) -> UUID:
    return uuid5(_SPACE, f"customer {customer}")


def subscription_id(customer: int, subscription: int) -> UUID:
    return uuid5(_SPACE, f"subscription {customer} {subscription}")


STATUSES: Final = ["trialing", "active", "active", "active", "past_due", "unpaid", "paused", "canceled", "incomplete"]
COUNTS: Final = {"month": [1, 3, 6, 7], "year": [1, 2, 3], "week": [1, 2, 4], "day": [1, 7, 30]}


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """In the order in which they are recorded: of one subscription by time, of different ones in any order."""
    of_each = [
        [_fact(draw, customer, subscription, at) for at in sorted(draw(st.lists(_moments(), max_size=5)))]
        for customer in range(CUSTOMERS)
        for subscription in range(EACH)
    ]
    order = draw(st.permutations([place for place, facts in enumerate(of_each) for _ in facts]))
    waiting = [iter(facts) for facts in of_each]
    return [next(waiting[place]) for place in order]


def _moments() -> st.SearchStrategy[datetime]:
    # Few days, and few hours, so that much happens at once and at the edges of days.
    days = st.one_of(st.integers(0, DAYS - 1), st.sampled_from([30, 31, 59, 60, 365, 366]))
    hours = st.sampled_from([timedelta(), timedelta(hours=13), timedelta(hours=24, microseconds=-1)])
    return st.builds(lambda day, hour: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day) + hour, days, hours)


def _fact(draw: st.DrawFn, customer: int, subscription: int, at: datetime) -> Fact:
    unit, quantity = draw(st.sampled_from([0, 1, 999, 1000, 4900, 12_000])), draw(st.sampled_from([1, 1, 3]))
    interval = draw(st.sampled_from(["month", "month", "year", "week", "day"]))
    return Fact(
        customer=customer,
        subscription=subscription,
        at=at,
        status=draw(st.sampled_from(STATUSES)),
        unit=unit,
        quantity=quantity,
        discount=draw(st.sampled_from([0, 0, unit * quantity // 3, unit * quantity])),
        currency=draw(st.sampled_from(["eur", "eur", "eur", "usd"])),
        interval=interval,
        count=draw(st.sampled_from(COUNTS[interval])),
        paused=draw(st.sampled_from([False, False, False, True])),
        duplicate=draw(st.sampled_from([False, False, False, True])),
    )


Book = tuple[bool, str]
"""Mode and currency."""


def worth_by_day(facts: Sequence[Fact]) -> Iterator[tuple[date, dict[tuple[int, Book], Fraction]]]:
    """At the end of each day: what each customer is worth in each book."""
    for number in range(DAYS + 1):
        day = FIRST + timedelta(days=number)
        newest = {(fact.customer, fact.subscription): fact for fact in facts if fact.at.date() <= day}
        found: dict[tuple[int, Book], Fraction] = defaultdict(Fraction)
        for fact in newest.values():
            found[fact.customer, (fact.livemode, fact.currency)] += fact.worth
        yield day, {key: worth for key, worth in found.items() if worth}


@dataclass(frozen=True, slots=True)
class Moved:
    customer: int
    book: Book
    day: date
    kind: str
    worth: Fraction
    after: Fraction
    cohort: date


def movements(facts: Sequence[Fact]) -> list[Moved]:
    """By looking at every two days, one after the other."""
    before: dict[tuple[int, Book], Fraction] = {}
    cohorts: dict[tuple[int, Book], date] = {}
    found = []
    for day, worth in worth_by_day(facts):
        for key in before.keys() | worth.keys():
            was, now = before.get(key, Fraction(0)), worth.get(key, Fraction(0))
            if was == now:
                continue
            kind = "churn" if not now else "expansion" if now > was else "contraction"
            if not was:
                kind = "reactivation" if key in cohorts else "new"
            cohorts.setdefault(key, day.replace(day=1))
            found.append(Moved(key[0], key[1], day, kind, now - was, now, cohorts[key]))
        before = worth
    return found


INSERT: Final = """
    INSERT INTO subscription_facts (subscription_id, customer_id, happened_at, recorded_at, changes, status, plan, plan_group,
        quantity, unit_amount, amount, discount_amount, currency, interval, interval_count, duplicate, paused, livemode)
    VALUES (%s, %s, %s, %s, '{status}', %s, 'pro', 'main', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


def insert(connection: psycopg.Connection[Any], facts: Sequence[Fact]) -> None:
    rows = [
        (
            subscription_id(fact.customer, fact.subscription),
            customer_id(fact.customer),
            fact.at,
            fact.at,
            fact.status,
            fact.quantity,
            fact.unit,
            fact.unit * fact.quantity,
            fact.discount,
            fact.currency,
            fact.interval,
            fact.count,
            fact.duplicate,
            fact.paused,
            fact.livemode,
        )
        for fact in facts
    ]
    with connection.cursor() as cursor:
        cursor.executemany(INSERT, rows)


def prepare(connection: psycopg.Connection[Any]) -> None:
    """Customers and their subscriptions, which no figure looks at: facts point to them."""
    for customer in range(CUSTOMERS):
        connection.execute(
            "INSERT INTO customers (id, external_id, created_at) VALUES (%s, %s, now())", (customer_id(customer), str(customer))
        )
        for number in range(EACH):
            connection.execute(
                """
                INSERT INTO subscriptions (id, customer_id, provider, livemode, provider_subscription_id, provider_item_id,
                    provider_price_id, plan, plan_group, quantity, unit_amount, currency, interval, interval_count, status,
                    started_at, current_period_start, current_period_end, look, seen_at, created_at)
                VALUES (%(id)s, %(customer)s, 'stripe', %(livemode)s, %(name)s, 'si', 'price', 'pro', %(name)s, 1, 1, 'eur',
                    'month', 1, 'active', now(), now(), now(), 1, now(), now())
                """,
                {
                    "id": subscription_id(customer, number),
                    "customer": customer_id(customer),
                    "name": f"sub_{customer}_{number}",
                    "livemode": number != EACH - 1,
                },
            )
