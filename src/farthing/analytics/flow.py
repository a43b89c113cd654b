"""Asking for figures: whatever is not counted yet is counted first."""

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Final, Literal, get_args

from farthing.analytics import sheets, store
from farthing.analytics.model import checked_months, month_of, months_before
from farthing.analytics.sheets import Sheet
from farthing.db import Database, Transaction
from farthing.world import World

BATCH: Final = 500
"""Customers in one transaction."""

ROUNDS_MAX: Final = 20
"""While somebody waits. What is left after a bulk import is the worker's."""

BACK: Final = 11
"""Months before this one that are shown where nobody says which."""

SheetName = Literal["mrr", "movements", "churn", "cohorts", "conversion", "failed-payments"]
SHEETS: Final[tuple[SheetName, ...]] = get_args(SheetName)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which months, and in which books. A day in `until` cuts the last month short for what counts days."""

    first: date
    last: date
    livemode: bool
    currency: str | None = None
    day: date | None = None

    @property
    def until(self) -> date:
        """The last day of the last month."""
        return months_before(self.last, -1) - timedelta(days=1)


def asked(
    today: date,
    *,
    livemode: bool,
    first: date | None = None,
    last: date | None = None,
    currency: str | None = None,
    day: date | None = None,
) -> Asked:
    """Twelve months until this one, where nothing is said. Raises Invalid."""
    last = month_of(last or today)
    first, last = checked_months(first or months_before(last, BACK), last)
    return Asked(first, last, livemode, currency, day or today)


async def refresh_due(world: World) -> int:
    """Sweep: bring movements along for whoever has new facts. Each is derived anew from all of them, so twice is once."""
    return await world.db.run("sweep", lambda tx: store.refresh(tx, limit=BATCH))


async def catch_up(db: Database, *, actor: str) -> None:
    """Count what is not counted yet, as far as somebody can wait for it."""
    for _ in range(ROUNDS_MAX):
        if not await db.run(actor, lambda tx: store.refresh(tx, limit=BATCH)):
            return


async def sheet(tx: Transaction, name: SheetName, of: Asked) -> Sheet:
    live, currency = of.livemode, of.currency
    match name:
        case "mrr":
            assert of.day is not None, "a day was asked for, or today is"
            return sheets.of_mrr(await store.mrr(tx, of.day, livemode=live, currency=currency))
        case "movements":
            return sheets.of_movements(await store.months(tx, of.first, of.last, livemode=live, currency=currency))
        case "churn":
            return sheets.of_churn(await store.months(tx, of.first, of.last, livemode=live, currency=currency))
        case "cohorts":
            return sheets.of_cohorts(await store.retention(tx, of.first, of.last, livemode=live, currency=currency))
        case "conversion":
            return sheets.of_conversion(await store.conversion(tx, of.first, of.until, livemode=live, currency=currency))
        case "failed-payments":
            return sheets.of_failures(await store.failures(tx, of.first, of.until, livemode=live, currency=currency))


def today(tx: Transaction) -> date:
    return tx.now.astimezone(UTC).date()
