"""Figures over HTTP, for the shop's own servers."""

from datetime import date
from typing import Annotated, Literal

import fastapi
from fastapi import APIRouter
from pydantic import Field

from farthing.analytics import flow, store
from farthing.analytics.flow import Asked, SheetName
from farthing.analytics.model import Ratio, read_day, read_month
from farthing.analytics.sheets import Cell, Sheet
from farthing.errors import Forbidden, Invalid, Unauthenticated
from farthing.http.bodies import Currency, MoneyShown, Query, Shown, refuses
from farthing.http.credentials import OnlyServer
from farthing.http.state import TheWorld
from farthing.money import Money

router = APIRouter(prefix="/v1/metrics", tags=["metrics"])

REFUSES = refuses(Unauthenticated, Forbidden, Invalid)


class RatioShown(Shown):
    part: int
    of: int
    percent: str | None = Field(description="With one decimal; null where there is nothing to have a part of.")


class MetricsShown(Shown):
    object: Literal["metrics"] = "metrics"
    livemode: bool
    uncounted: int = Field(description="Customers whose newest changes are not in it yet; the worker counts them.")
    data: list[dict[str, str | int | MoneyShown | RatioShown | None]] = Field(
        description="A row for each month, day, cohort, plan or reason, and currency."
    )


class MonthsQuery(Query):
    first: str | None = Field(None, alias="from", max_length=7, examples=["2026-01"], description="The first month.")
    last: str | None = Field(None, alias="to", max_length=7, examples=["2026-06"], description="The last month: this one.")
    currency: Currency | None = None


class DayQuery(Query):
    day: str | None = Field(None, max_length=10, examples=["2026-06-30"], description="Today where nothing is said.")
    currency: Currency | None = None


Months = Annotated[MonthsQuery, fastapi.Query()]


@router.get("/mrr", operation_id="metrics_mrr", responses=REFUSES)
async def mrr(world: TheWorld, caller: OnlyServer, query: Annotated[DayQuery, fastapi.Query()]) -> MetricsShown:
    """Monthly recurring revenue at the end of a day (UTC), for each currency, with paying customers and ARPU."""
    day = None if query.day is None else read_day(query.day, param="day")
    return await _answer(world, caller, "mrr", currency=query.currency, day=day)


@router.get("/movements", operation_id="metrics_movements", responses=REFUSES)
async def movements(world: TheWorld, caller: OnlyServer, query: Months) -> MetricsShown:
    """New, expansion, contraction, churn and reactivation of each month; they add up to what lies between its two ends."""
    return await _of_months(world, caller, "movements", query)


@router.get("/churn", operation_id="metrics_churn", responses=REFUSES)
async def churn(world: TheWorld, caller: OnlyServer, query: Months) -> MetricsShown:
    """Customers who came and left in each month, customer and revenue churn, net revenue retention, ARPU."""
    return await _of_months(world, caller, "churn", query)


@router.get("/cohorts", operation_id="metrics_cohorts", responses=REFUSES)
async def cohorts(world: TheWorld, caller: OnlyServer, query: Months) -> MetricsShown:
    """Of those who paid first in a month, who still pays in each month since."""
    return await _of_months(world, caller, "cohorts", query)


@router.get("/conversion", operation_id="metrics_conversion", responses=REFUSES)
async def conversion(world: TheWorld, caller: OnlyServer, query: Months) -> MetricsShown:
    """Of the checkouts of each plan that were started, how many were paid."""
    return await _of_months(world, caller, "conversion", query)


@router.get("/failed-payments", operation_id="metrics_failed_payments", responses=REFUSES)
async def failed_payments(world: TheWorld, caller: OnlyServer, query: Months) -> MetricsShown:
    """Payments that failed, by reason, and how many of them came after all."""
    return await _of_months(world, caller, "failed-payments", query)


async def _of_months(world: TheWorld, caller: OnlyServer, name: SheetName, query: MonthsQuery) -> MetricsShown:
    first = None if query.first is None else read_month(query.first, param="from")
    last = None if query.last is None else read_month(query.last, param="to")
    return await _answer(world, caller, name, first=first, last=last, currency=query.currency)


async def _answer(
    world: TheWorld,
    caller: OnlyServer,
    name: SheetName,
    *,
    first: date | None = None,
    last: date | None = None,
    currency: str | None = None,
    day: date | None = None,
) -> MetricsShown:
    livemode = world.provider.livemode
    await flow.catch_up(world.db, actor=caller.actor)
    async with world.db.transaction(caller.actor) as tx:
        of: Asked = flow.asked(flow.today(tx), livemode=livemode, first=first, last=last, currency=currency, day=day)
        found = await flow.sheet(tx, name, of)
        left = await store.uncounted(tx)
    return MetricsShown(livemode=livemode, uncounted=left, data=_shown(found))


def _shown(found: Sheet) -> list[dict[str, str | int | MoneyShown | RatioShown | None]]:
    return [{name: _cell(cell) for name, cell in zip(found.columns, row, strict=True)} for row in found.rows]


def _cell(cell: Cell) -> str | int | MoneyShown | RatioShown | None:
    match cell:
        case Money():
            return MoneyShown.of(cell)
        case Ratio():
            percent = None if cell.thousandths is None else str(cell).removesuffix("%")
            return RatioShown(part=cell.part, of=cell.whole, percent=percent)
        case date():
            return cell.isoformat()
        case _:
            return cell
