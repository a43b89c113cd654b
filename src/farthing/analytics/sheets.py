"""Figures as sheets: columns and rows, the same for a terminal, a CSV file and a program."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from farthing.analytics.model import KINDS, Conversion, Failures, Month, Mrr, Ratio, Retention
from farthing.money import Money

Cell = str | int | date | Money | Ratio | None

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""Spreadsheets take a text that begins so for a formula, https://owasp.org/www-community/attacks/CSV_Injection."""


@dataclass(frozen=True, slots=True)
class Sheet:
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]

    def csv(self) -> str:
        """RFC 4180. Amounts in major units, as spreadsheets add them; ratios in percent."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(self.columns)
        writer.writerows([_written(cell) for cell in row] for row in self.rows)
        return out.getvalue()

    def document(self) -> list[dict[str, object]]:
        return [dict(zip(self.columns, map(_plain, row), strict=True)) for row in self.rows]


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case Money():
            return str(cell.decimal)
        case Ratio():
            return "" if cell.thousandths is None else str(cell).removesuffix("%")
        case str() if cell.startswith(FORMULA):
            return f"'{cell}"
        case _:
            return str(cell)


def _plain(cell: Cell) -> object:
    match cell:
        case Ratio():
            return {"part": cell.part, "of": cell.whole, "percent": None if cell.thousandths is None else str(cell)[:-1]}
        case date():
            return cell.isoformat()
        case _:
            return cell


def of_mrr(found: Sequence[Mrr]) -> Sheet:
    columns = ("day", "currency", "mrr", "customers", "arpu")
    return Sheet(columns, [(each.day, each.currency, each.amount, each.customers, each.arpu) for each in found])


def of_movements(found: Sequence[Month]) -> Sheet:
    columns = ("month", "currency", "start", *KINDS, "end")
    return Sheet(
        columns, [(_month(each.month), each.currency, each.start, *each.movements.values(), each.end) for each in found]
    )


def of_churn(found: Sequence[Month]) -> Sheet:
    columns = (
        *("month", "currency", "customers_start", "new", "reactivated", "churned", "customers_end"),
        *("customer_churn", "revenue_churn", "net_revenue_retention", "arpu"),
    )
    rows = [
        (
            *(_month(each.month), each.currency, each.start_customers, each.new_customers, each.reactivated_customers),
            *(each.churned_customers, each.end_customers),
            *(each.customer_churn, each.revenue_churn, each.net_retention, each.arpu),
        )
        for each in found
    ]
    return Sheet(columns, rows)


def of_cohorts(found: Sequence[Retention]) -> Sheet:
    columns = ("cohort", "currency", "month", "months_since", "started", "customers", "kept", "mrr")
    rows = [
        (
            *(_month(each.cohort), each.currency, _month(each.month), each.months_since),
            *(each.started, each.customers, each.kept, each.amount),
        )
        for each in found
    ]
    return Sheet(columns, rows)


def of_conversion(found: Sequence[Conversion]) -> Sheet:
    columns = ("plan", "currency", "started", "completed", "trialed", "paid", "conversion")
    rows = [(each.plan, each.currency, each.started, each.completed, each.trialed, each.paid, each.rate) for each in found]
    return Sheet(columns, rows)


def of_failures(found: Sequence[Failures]) -> Sheet:
    columns = ("of", "reason", "currency", "failed", "attempts", "amount", "recovered", "recovered_amount", "recovery")
    rows = [
        (
            *(each.what, each.reason, each.currency, each.failed, each.attempts, each.amount),
            *(each.recovered, each.recovered_amount, each.rate),
        )
        for each in found
    ]
    return Sheet(columns, rows)


def _month(first: date) -> str:
    return f"{first:%Y-%m}"
