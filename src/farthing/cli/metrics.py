"""`farthing metrics`: what the facts say of the business, for people, spreadsheets and programs."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from cyclopts import Parameter

from farthing import analytics
from farthing.analytics import Asked, SheetName
from farthing.cli import opening, show
from farthing.cli.opening import ACTOR
from farthing.cli.terminal import terminal
from farthing.errors import Invalid
from farthing.money import Money

DIFFERENT: Final = 7

From = Annotated[str | None, Parameter(name="--from")]
Until = Annotated[str | None, Parameter(name="--to")]


async def mrr(*, day: str | None = None, currency: str | None = None, csv: bool = False, from_facts: bool = False) -> int:
    """Monthly recurring revenue at the end of a day (UTC), and what a customer brings on average.

    For example:

        farthing metrics mrr
        farthing metrics mrr --day 2026-06-30 --currency eur --json

    Parameters
    ----------
    day
        Which day, such as 2026-06-30; today without it.
    currency
        Only in this currency.
    csv
        As comma-separated values.
    from_facts
        Read every fact instead of the kept sums: slower, and the same.
    """
    chosen = None if day is None else analytics.read_day(day, param="day")
    if not from_facts:
        return await _show("mrr", currency=currency, csv=csv, day=chosen)
    settings = opening.settings()
    async with opening.database(settings) as db, db.transaction(ACTOR) as tx:
        at = chosen or analytics.today(tx)
        found = await analytics.mrr_from_facts(tx, at, livemode=settings.livemode, currency=currency)
    document = [{"day": at.isoformat(), "currency": one.currency, "mrr": one.amount} for one in found]
    rows = [(at, one.currency, one.amount) for one in found]
    terminal().show({"data": document}, show.table(("Day", "Currency", "Mrr"), rows, right=frozenset({"Mrr"})))
    return 0


async def movements(
    *, month: str | None = None, from_: From = None, to: Until = None, currency: str | None = None, csv: bool = False
) -> int:
    """How MRR moved each month: new, expansion, contraction, churn, reactivation. They add up to what lies between its ends.

    For example:

        farthing metrics movements
        farthing metrics movements --from 2026-01 --to 2026-06 --csv

    Parameters
    ----------
    month
        Only this month, such as 2026-06.
    from_
        From this month on; without it twelve months.
    to
        Until this month; this one without it.
    currency
        Only in this currency.
    csv
        As comma-separated values.
    """
    return await _show("movements", month=month, from_=from_, to=to, currency=currency, csv=csv)


async def churn(
    *, month: str | None = None, from_: From = None, to: Until = None, currency: str | None = None, csv: bool = False
) -> int:
    """Customers who came and left each month, customer churn, revenue churn, net revenue retention and ARPU.

    For example:

        farthing metrics churn --month 2026-06

    Parameters
    ----------
    month
        Only this month, such as 2026-06.
    from_
        From this month on; without it twelve months.
    to
        Until this month; this one without it.
    currency
        Only in this currency.
    csv
        As comma-separated values.
    """
    return await _show("churn", month=month, from_=from_, to=to, currency=currency, csv=csv)


async def cohorts(*, from_: From = None, to: Until = None, currency: str | None = None, csv: bool = False) -> int:
    """Of those who paid first in a month, how many still pay in each month since, and how much.

    For example:

        farthing metrics cohorts --from 2026-01 --csv

    Parameters
    ----------
    from_
        The first month of customers; without it twelve months.
    to
        Until this month; this one without it.
    currency
        Only in this currency.
    csv
        As comma-separated values.
    """
    return await _show("cohorts", from_=from_, to=to, currency=currency, csv=csv)


async def conversion(
    *, month: str | None = None, from_: From = None, to: Until = None, currency: str | None = None, csv: bool = False
) -> int:
    """Of the checkouts of each plan that were started, how many became a subscription, and how many were ever paid.

    For example:

        farthing metrics conversion --month 2026-06

    Parameters
    ----------
    month
        Only this month, such as 2026-06.
    from_
        From this month on; without it twelve months.
    to
        Until this month; this one without it.
    currency
        Only in this currency.
    csv
        As comma-separated values.
    """
    return await _show("conversion", month=month, from_=from_, to=to, currency=currency, csv=csv)


async def failed_payments(
    *, month: str | None = None, from_: From = None, to: Until = None, currency: str | None = None, csv: bool = False
) -> int:
    """Payments that failed, by reason, and how many of them came after all.

    For example:

        farthing metrics failed-payments --month 2026-06

    Parameters
    ----------
    month
        Only this month, such as 2026-06.
    from_
        From this month on; without it twelve months.
    to
        Until this month; this one without it.
    currency
        Only in this currency.
    csv
        As comma-separated values.
    """
    return await _show("failed-payments", month=month, from_=from_, to=to, currency=currency, csv=csv)


async def check(*, rebuild: bool = False) -> int:
    """Compare the kept sums with the facts; exit code 7 where they differ.

    For example:

        farthing metrics check
        farthing metrics check --rebuild

    Parameters
    ----------
    rebuild
        Derive all of them from the facts anew.
    """
    async with opening.database() as db:
        if rebuild:
            with terminal().progress("Reading every fact"):
                await db.run(ACTOR, analytics.rebuild)
        await analytics.catch_up(db, actor=ACTOR)
        async with db.transaction(ACTOR) as tx:
            left, found = await analytics.uncounted(tx), await analytics.differences(tx)
    wrong = sum(found.values())
    said = f"{wrong} kept rows are not what the facts say." if wrong else "What is kept is what the facts say."
    if left:
        said += f" The newest facts of {_customers(left)} are not counted yet: the worker does it."
    terminal().show({"differences": found, "uncounted": left}, said)
    return DIFFERENT if wrong and not left else 0


async def _show(
    name: SheetName,
    *,
    month: str | None = None,
    from_: str | None = None,
    to: str | None = None,
    currency: str | None = None,
    csv: bool = False,
    day: date | None = None,
) -> int:
    if month is not None and (from_ is not None or to is not None):
        raise Invalid("Say --month, or --from and --to, not both.", param="month")
    first, last = (analytics.read_month(each, param=named) if each else None for each, named in _asked(month, from_, to))
    settings = opening.settings()
    async with opening.database(settings) as db:
        await analytics.catch_up(db, actor=ACTOR)
        async with db.transaction(ACTOR) as tx:
            of: Asked = analytics.asked(
                analytics.today(tx), livemode=settings.livemode, first=first, last=last, currency=currency, day=day
            )
            found = await analytics.sheet(tx, name, of)
            left = await analytics.uncounted(tx)
    if csv:
        terminal().raw(found.csv().rstrip("\r\n"))
        return 0
    right = (
        frozenset(_label(name) for name, cell in zip(found.columns, found.rows[0], strict=True) if _is_figure(cell))
        if found.rows
        else frozenset()
    )
    table = show.table([_label(each) for each in found.columns], found.rows, right=right)
    terminal().show({"data": found.document(), "livemode": settings.livemode, "uncounted": left}, table)
    if left:
        terminal().say(f"The newest facts of {_customers(left)} are not counted yet: the worker does it.")
    return 0


def _asked(month: str | None, from_: str | None, to: str | None) -> tuple[tuple[str | None, str], tuple[str | None, str]]:
    return ((month, "month"), (month, "month")) if month else ((from_, "from"), (to, "to"))


def _label(column: str) -> str:
    return column.replace("_", " ").capitalize()


def _is_figure(cell: object) -> bool:
    return isinstance(cell, int | Money | analytics.Ratio) or cell is None


def _customers(count: int) -> str:
    return "1 customer" if count == 1 else f"{count} customers"
