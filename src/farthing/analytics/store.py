"""The figures out of the database: each is one view or function of the schema, asked for one mode and maybe one currency."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from farthing.analytics.model import KINDS, Conversion, Failures, Kind, Month, Mrr, Retention
from farthing.db import Row, Transaction
from farthing.ids import CustomerId
from farthing.money import Money


async def mrr(tx: Transaction, day: date, *, livemode: bool, currency: str | None = None) -> list[Mrr]:
    """As it is kept."""
    return await tx.all(
        lambda row: _mrr(day, row),
        """
        SELECT livemode, currency, parts, customers FROM mrr_kept_on(%(day)s)
        WHERE livemode = %(livemode)s AND (%(currency)s::text IS NULL OR currency = %(currency)s) ORDER BY currency
        """,
        day=day,
        livemode=livemode,
        currency=currency,
    )


async def mrr_from_facts(tx: Transaction, day: date, *, livemode: bool, currency: str | None = None) -> list[Mrr]:
    """The same without anything that is kept: it reads every fact up to that day."""
    return await tx.all(
        lambda row: _mrr(day, row),
        """
        SELECT livemode, currency, parts, customers FROM mrr_on(%(day)s)
        WHERE livemode = %(livemode)s AND (%(currency)s::text IS NULL OR currency = %(currency)s) ORDER BY currency
        """,
        day=day,
        livemode=livemode,
        currency=currency,
    )


async def months(tx: Transaction, first: date, last: date, *, livemode: bool, currency: str | None = None) -> list[Month]:
    return await tx.all(
        _month,
        """
        SELECT * FROM mrr_months(%(first)s, %(last)s)
        WHERE livemode = %(livemode)s AND (%(currency)s::text IS NULL OR currency = %(currency)s) ORDER BY currency, month
        """,
        first=first,
        last=last,
        livemode=livemode,
        currency=currency,
    )


async def retention(
    tx: Transaction, first: date, last: date, *, livemode: bool, currency: str | None = None
) -> list[Retention]:
    return await tx.all(
        lambda row: Retention(**{**row, "customers": int(row["customers"]), "parts": int(row["parts"])}),
        """
        SELECT cohort, month, livemode, currency, started, customers, parts FROM mrr_retention(%(first)s, %(last)s)
        WHERE livemode = %(livemode)s AND (%(currency)s::text IS NULL OR currency = %(currency)s)
        ORDER BY currency, cohort, month
        """,
        first=first,
        last=last,
        livemode=livemode,
        currency=currency,
    )


async def conversion(
    tx: Transaction, first: date, last: date, *, livemode: bool, currency: str | None = None
) -> list[Conversion]:
    return await tx.all(
        lambda row: Conversion(**row),
        """
        SELECT plan, livemode, currency, started, completed, trialed, paid FROM conversion_by_plan(%(first)s, %(last)s)
        WHERE livemode = %(livemode)s AND (%(currency)s::text IS NULL OR currency = %(currency)s)
        """,
        first=first,
        last=last,
        livemode=livemode,
        currency=currency,
    )


async def failures(tx: Transaction, first: date, last: date, *, livemode: bool, currency: str | None = None) -> list[Failures]:
    return await tx.all(
        _failures,
        """
        SELECT * FROM failed_payments(%(first)s, %(last)s)
        WHERE livemode = %(livemode)s AND (%(currency)s::text IS NULL OR currency = %(currency)s)
        """,
        first=first,
        last=last,
        livemode=livemode,
        currency=currency,
    )


@dataclass(frozen=True, slots=True)
class Movement:
    """What one customer moved on one day."""

    customer_id: CustomerId
    day: date
    currency: str
    kind: Kind
    parts: int
    after_parts: int


async def movements(
    tx: Transaction, first: date, last: date, *, livemode: bool, currency: str, kind: Kind | None, limit: int
) -> list[Movement]:
    """The rows behind a figure between two days, the greatest first."""
    return await tx.all(
        lambda row: Movement(**{**row, "customer_id": CustomerId.of(row["customer_id"])}),
        """
        SELECT customer_id, day, currency, kind, parts, after_parts FROM mrr_movements
        WHERE day BETWEEN %(first)s AND %(last)s AND livemode = %(livemode)s AND currency = %(currency)s
            AND (%(kind)s::text IS NULL OR kind = %(kind)s)
        ORDER BY abs(parts) DESC, day, customer_id LIMIT %(limit)s
        """,
        first=first,
        last=last,
        livemode=livemode,
        currency=currency,
        kind=kind,
        limit=limit,
    )


async def refresh(tx: Transaction, *, limit: int) -> int:
    found: int = await tx.value("SELECT mrr_refresh(%(limit)s)", limit=limit)
    return found


async def rebuild(tx: Transaction) -> None:
    """However long it takes."""
    await tx.run("SET LOCAL statement_timeout = 0")
    await tx.run("SELECT mrr_rebuild()")


async def uncounted(tx: Transaction) -> int:
    """Customers whose newest facts are not in what is kept."""
    found: int = await tx.value("SELECT count(*) FROM mrr_stale")
    return found


async def differences(tx: Transaction) -> dict[str, int]:
    """What is kept and is not what the facts say: how many rows of each kind."""
    await tx.run("SET LOCAL statement_timeout = 0")
    return dict(await tx.all(lambda row: (str(row["what"]), int(row["rows"])), "SELECT what, rows FROM mrr_differences"))


def _mrr(day: date, row: Row) -> Mrr:
    return Mrr(day, row["livemode"], row["currency"], int(row["parts"]), int(row["customers"]))


def _month(row: Row) -> Month:
    counted: Sequence[str] = [name for name in Month.__dataclass_fields__ if name.endswith("_customers")]
    figures: dict[str, Any] = {name: int(row[name]) for name in counted}
    return Month(
        month=row["month"],
        livemode=row["livemode"],
        currency=row["currency"],
        start_parts=int(row["start_parts"]),
        end_parts=int(row["end_parts"]),
        moved_parts=tuple(int(row[f"{kind}_parts"]) for kind in KINDS),
        **figures,
    )


def _failures(row: Row) -> Failures:
    currency = row["currency"]
    return Failures(
        what=row["what"],
        reason=row["reason"],
        livemode=row["livemode"],
        currency=currency,
        failed=row["failed"],
        attempts=int(row["attempts"]),
        amount=Money(int(row["failed_amount"]), currency),
        recovered=row["recovered"],
        recovered_amount=Money(int(row["recovered_amount"]), currency),
    )
