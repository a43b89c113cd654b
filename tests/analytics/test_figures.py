"""Every figure equals a model in plain Python, whatever happened and in whatever order it was heard of."""

import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.analytics.histories import (
    DAYS,
    FIRST,
    Book,
    Fact,
    Moved,
    customer_id,
    histories,
    insert,
    movements,
    prepare,
    worth_by_day,
)

from farthing.analytics.model import KINDS, PARTS, Month, Ratio, shared, whole
from farthing.db.database import SESSION

Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def books(postgres: str, template: str) -> Iterator[Connection]:
    """One database for all histories: each is rolled back."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        with psycopg.connect(make_conninfo(postgres, dbname=name), options=SESSION) as connection:
            prepare(connection)
            connection.commit()
            yield connection
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def fractions(parts: Any) -> Fraction:
    return Fraction(int(parts), PARTS)


@quick
@given(facts=histories(), days=st.lists(st.integers(0, DAYS), min_size=3, max_size=3))
def test_mrr_of_any_past_day_is_what_the_facts_say(books: Connection, facts: list[Fact], days: list[int]) -> None:
    with books.transaction(force_rollback=True):
        insert(books, facts)
        wanted = dict(worth_by_day(facts))
        for day in (FIRST + timedelta(days=number) for number in days):
            sums: dict[Book, Fraction] = defaultdict(Fraction)
            for (_, book), worth in wanted[day].items():
                sums[book] += worth
            rows = books.execute("SELECT livemode, currency, parts, customers FROM mrr_on(%s)", (day,)).fetchall()
            assert {(row[0], row[1]): fractions(row[2]) for row in rows} == sums
            paying = {book: sum(key[1] == book for key in wanted[day]) for book in sums}
            assert {(row[0], row[1]): row[3] for row in rows} == paying


@quick
@given(facts=histories(), cuts=st.lists(st.integers(0, 60), max_size=3), batch=st.integers(1, 5))
def test_movements_are_the_same_however_and_whenever_they_are_derived(
    books: Connection, facts: list[Fact], cuts: list[int], batch: int
) -> None:
    """By the model, from the facts at once, and bit by bit while facts come in, some of them for days that were counted."""
    with books.transaction(force_rollback=True):
        for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(facts)], strict=True):
            insert(books, facts[start:end])
            while books.execute("SELECT mrr_refresh(%s)", (batch,)).fetchone() != (0,):
                pass
        wanted = movements(facts)
        assert kept(books) == {
            (customer_id(each.customer), each.book, each.day, each.kind, each.worth, each.after, each.cohort) for each in wanted
        }
        assert books.execute("SELECT what FROM mrr_differences WHERE rows > 0").fetchall() == []
        compare_months(books, wanted)
        compare_cohorts(books, wanted)
        before = kept(books)
        books.execute("SELECT mrr_rebuild()")
        assert kept(books) == before


def kept(books: Connection) -> set[tuple[Any, ...]]:
    columns = "customer_id, livemode, currency, day, kind, parts, after_parts, cohort"
    rows = books.execute(f"SELECT {columns} FROM mrr_movements").fetchall()
    return {(row[0], (row[1], row[2]), row[3], row[4], fractions(row[5]), fractions(row[6]), row[7]) for row in rows}


def compare_months(books: Connection, wanted: Sequence[Moved]) -> None:
    first, last = date(2024, 2, 1), date(2025, 2, 1)
    rows = books.execute("SELECT * FROM mrr_months(%s, %s)", (first, last)).fetchall()
    for month, livemode, currency, start, *moved, end, starting, new, churned, reactivated, ending in rows:
        mine = [each for each in wanted if each.book == (livemode, currency)]
        here = [each for each in mine if each.day.replace(day=1) == month]
        earlier = [each for each in mine if each.day < month]
        assert fractions(start) == sum((each.worth for each in earlier), Fraction(0))
        assert fractions(end) == sum((each.worth for each in [*earlier, *here]), Fraction(0))
        assert [fractions(each) for each in moved] == [
            sum((each.worth for each in here if each.kind == kind), Fraction(0)) for kind in KINDS
        ]
        assert sum(moved) == end - start
        counts = [sum(each.kind == kind for each in here) for kind in ("new", "churn", "reactivation")]
        assert (new, churned, reactivated) == tuple(counts)
        assert ending - starting == new + reactivated - churned
        assert_whole_amounts_add_up(start, end, moved)
    seen = {each.book for each in wanted if each.day < date(2025, 3, 1)}
    assert len(rows) == 13 * len(seen)


def assert_whole_amounts_add_up(start: Any, end: Any, moved: Sequence[Any]) -> None:
    shown = Month(FIRST, True, "eur", int(start), int(end), tuple(map(int, moved)), 0, 0, 0, 0, 0)
    assert sum(money.amount for money in shown.movements.values()) == shown.end.amount - shown.start.amount


def compare_cohorts(books: Connection, wanted: Sequence[Moved]) -> None:
    rows = books.execute("SELECT * FROM mrr_retention(%s, %s)", (FIRST, date(2025, 2, 1))).fetchall()
    for cohort, month, livemode, currency, started, customers, parts in rows:
        mine = [each for each in wanted if each.book == (livemode, currency) and each.cohort == cohort]
        newest = {each.customer: each for each in mine if each.day.replace(day=1) <= month}
        assert started == len({each.customer for each in mine})
        assert customers == sum(each.after > 0 for each in newest.values())
        assert fractions(parts) == sum((each.after for each in newest.values()), Fraction(0))


@given(parts=st.lists(st.integers(-(10**9), 10**9), min_size=5, max_size=5), start=st.integers(0, 10**9))
def test_what_is_shown_adds_up_and_no_share_is_off_by_a_whole_unit(parts: list[int], start: int) -> None:
    total = whole(start + sum(parts)) - whole(start)
    found = shared(total, parts)
    assert sum(found) == total
    assert all(abs(each * PARTS - part) < PARTS for each, part in zip(found, parts, strict=True))


def test_twelve_months_of_a_yearly_price_are_the_yearly_price(books: Connection) -> None:
    """For each amount: nothing is lost by dividing by twelve."""
    wrong = books.execute(
        """
        SELECT amount FROM generate_series(1::bigint, 5000) AS amount
        WHERE 12 * mrr_parts('active', false, false, amount, 0, 'year', 1) <> amount * %s
        """,
        (PARTS,),
    ).fetchall()
    books.rollback()
    assert wrong == []


def test_an_odd_interval_is_off_by_less_than_anybody_can_see(books: Connection) -> None:
    rows = books.execute(
        """
        SELECT "interval", count, mrr_parts('active', false, false, 99999999, 0, "interval", count)
        FROM unnest('{day,week,month,year}'::text[]) AS "interval", generate_series(1, 1095) AS count
        """
    ).fetchall()
    books.rollback()
    a_year = {"year": 1, "month": 12, "week": 52, "day": 365}
    off = [abs(Fraction(99999999 * a_year[each], 12 * count) - fractions(parts)) for each, count, parts in rows]
    assert max(off) <= Fraction(1, 2 * PARTS)


@pytest.mark.parametrize(
    ("part", "of", "shown"), [(1, 3, "33.3%"), (2, 3, "66.7%"), (0, 0, "—"), (-1, 8, "-12.5%"), (5, 4, "125.0%")]
)
def test_a_ratio_is_shown_with_one_decimal(part: int, of: int, shown: str) -> None:
    assert str(Ratio(part, of)) == shown
