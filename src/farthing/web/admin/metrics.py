"""Figures: charts with the tables they are drawn from, the rows behind each figure, and both as CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response

from farthing import analytics, customers
from farthing.analytics import KINDS, SHEETS, Asked, Kind, Month, Retention, SheetName
from farthing.db import Transaction
from farthing.errors import NotFound
from farthing.formats import money_text
from farthing.money import Money
from farthing.web import charts
from farthing.web.charts import Chart, Part
from farthing.web.links import frame_of
from farthing.web.page import render
from farthing.web.wiring import asked, reading, world_of

SHOWN: Final = 50
"""Rows behind a figure, the greatest first."""


@dataclass(frozen=True, slots=True)
class Book:
    """All figures in one currency."""

    currency: str
    months: Sequence[Month]
    mrr: Chart
    movements: Chart
    cohorts: Sequence[tuple[date, int, Sequence[Retention | None]]]

    @property
    def now(self) -> Month:
        return self.months[-1]


async def overview(request: Request) -> Response:
    """Twelve months of every currency, and checkouts and failed payments of the last of them.

    `?from=` and `?to=` choose others, `?currency=` one of them.
    """
    async with reading(request) as tx:
        await analytics.refresh(tx, limit=analytics.BATCH)
        of = _asked(request, tx)
        months = await analytics.months(tx, of.first, of.last, livemode=of.livemode, currency=of.currency)
        kept = await analytics.retention(tx, of.first, of.last, livemode=of.livemode, currency=of.currency)
        conversion = await analytics.conversion(tx, of.last, of.until, livemode=of.livemode, currency=of.currency)
        failures = await analytics.failures(tx, of.last, of.until, livemode=of.livemode, currency=of.currency)
        day = await analytics.success(tx, 24, livemode=of.livemode)
        left = await analytics.uncounted(tx)
    locale = frame_of(request).locale
    currencies = list(dict.fromkeys(each.currency for each in months))
    return render(
        request,
        "admin/metrics.html",
        books=[_book(currency, months, kept, locale) for currency in currencies],
        of=of,
        conversion=conversion,
        failures=failures,
        success=day,
        uncounted=left,
        kinds=KINDS,
        query=_query(request),
    )


async def rows(request: Request) -> Response:
    """Who moved MRR in the months that were asked for. `?kind=` is one of the movements."""
    typed = asked(request, "kind")
    kind: Kind | None = typed if typed in KINDS else None
    async with reading(request) as tx:
        of = _asked(request, tx)
        currency = of.currency or "eur"
        found = await analytics.movements(
            tx, of.first, of.until, livemode=of.livemode, currency=currency, kind=kind, limit=SHOWN
        )
        people = await customers.get_all(tx, (each.customer_id for each in found))
    shown = [(each, Money(analytics.whole(each.parts), each.currency)) for each in found]
    return render(
        request, "admin/metrics_rows.html", found=shown, people=people, of=of, kind=kind, kinds=KINDS, currency=currency
    )


async def failed(request: Request) -> Response:
    """The payments that failed in the months that were asked for. `?reason=` is the provider's word."""
    reason = asked(request, "reason")
    async with reading(request) as tx:
        of = _asked(request, tx)
        found = await analytics.failed_payments(
            tx, of.first, of.until, livemode=of.livemode, currency=of.currency, reason=reason, limit=SHOWN
        )
        people = await customers.get_all(tx, (each.customer_id for each in found))
    return render(request, "admin/metrics_failed.html", found=found, people=people, of=of, reason=reason)


async def begun(request: Request) -> Response:
    """The checkouts of a plan that were started in the months that were asked for."""
    plan = asked(request, "plan")
    async with reading(request) as tx:
        of = _asked(request, tx)
        found = await analytics.begun(
            tx, of.first, of.until, livemode=of.livemode, currency=of.currency, plan=plan, limit=SHOWN
        )
        people = await customers.get_all(tx, (each.customer_id for each in found))
    return render(request, "admin/metrics_begun.html", found=found, people=people, of=of, plan=plan)


async def export(request: Request) -> Response:
    """A sheet as a CSV file."""
    name = request.path_params["sheet"]
    if name not in SHEETS:
        raise NotFound("There is no such sheet.")
    async with reading(request) as tx:
        await analytics.refresh(tx, limit=analytics.BATCH)
        found = await analytics.sheet(tx, cast("SheetName", name), _asked(request, tx))
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return Response(found.csv(), media_type="text/csv; charset=utf-8", headers=headers)


def _asked(request: Request, tx: Transaction) -> Asked:
    first, last = asked(request, "from"), asked(request, "to")
    return analytics.asked(
        analytics.today(tx),
        livemode=world_of(request).provider.livemode,
        first=None if first is None else analytics.read_month(first, param="from"),
        last=None if last is None else analytics.read_month(last, param="to"),
        currency=asked(request, "currency"),
    )


def _query(request: Request) -> dict[str, str]:
    return {name: value for name in ("from", "to", "currency") if (value := asked(request, name)) is not None}


def _book(currency: str, months: Sequence[Month], kept: Sequence[Retention], locale: str) -> Book:
    mine = [each for each in months if each.currency == currency]
    mrr = charts.line([(f"{each.month:%b}", each.end.amount, _said(each, "", each.end, locale)) for each in mine])
    moved = charts.columns(
        [
            (
                f"{each.month:%b}",
                [
                    Part(money.amount, f"moved-{kind}", _said(each, kind, money, locale))
                    for kind, money in each.movements.items()
                ],
            )
            for each in mine
        ]
    )
    return Book(currency, mine, mrr, moved, _cohorts([each for each in kept if each.currency == currency], len(mine)))


def _said(each: Month, kind: str, money: Money, locale: str) -> str:
    return f"{each.month:%b %Y}: {kind} {money_text(money, locale)}".replace(":  ", ": ")


def _cohorts(kept: Sequence[Retention], width: int) -> list[tuple[date, int, list[Retention | None]]]:
    """A row for each cohort, of one width."""
    found: dict[date, list[Retention | None]] = {}
    for each in kept:
        found.setdefault(each.cohort, []).append(each)
    return [(cohort, row[0].started if row[0] else 0, [*row, *[None] * (width - len(row))]) for cohort, row in found.items()]
