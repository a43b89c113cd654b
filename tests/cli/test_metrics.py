"""The figures from the command line: as tables, JSON and CSV, and a check that what is kept is what the facts say."""

from datetime import UTC, datetime

import psycopg
from tests.analytics.histories import Fact, insert, prepare
from tests.cli.conftest import Farthing

from farthing.db.database import SESSION


async def test_the_figures_of_a_month_are_told_and_compared_with_the_facts(farthing: Farthing, dsn: str) -> None:
    def fact(day: int, status: str, unit: int) -> Fact:
        at = datetime(2026, 6, day, tzinfo=UTC)
        return Fact(0, 2, at, status, unit, 1, 0, "eur", "month", 1, paused=False, duplicate=False)

    with psycopg.connect(dsn, options=SESSION) as connection:
        prepare(connection)
        insert(connection, [fact(3, "active", 2000), fact(9, "active", 3000), fact(20, "canceled", 3000)])
        connection.commit()
    (found,) = farthing("metrics", "movements", "--month", "2026-06", "--json").json["data"]
    amounts = {name: found[name]["amount"] for name in ("start", "new", "expansion", "churn", "end")}
    assert amounts == {"start": 0, "new": 2000, "expansion": 1000, "churn": -3000, "end": 0}
    assert farthing("metrics", "mrr", "--day", "2026-06-10", "--csv").out.splitlines()[1] == "2026-06-10,eur,30.00,1,30.00"
    (day,) = farthing("metrics", "mrr", "--day", "2026-06-10", "--from-facts", "--json").json["data"]
    assert day["mrr"] == {"amount": 3000, "currency": "eur"}
    assert "100.0%" in farthing("metrics", "churn", "--month", "2026-06").out
    assert farthing("metrics", "check").code == 0
    with psycopg.connect(dsn, options=SESSION) as connection:
        connection.execute("UPDATE mrr_days SET parts = parts + 1")
    assert farthing("metrics", "check").code == 7
    assert farthing("metrics", "check", "--rebuild").code == 0
    assert farthing("metrics", "movements", "--month", "2026-13").code == 2
    assert farthing("metrics", "movements", "--month", "2026-01", "--from", "2026-01").code == 2
