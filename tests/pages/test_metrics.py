"""The page of figures: what it shows, where each figure leads, and that it can be taken along."""

import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from tests.analytics.histories import Fact, customer_id, insert, prepare
from tests.pages.visitor import Visitor

from farthing.db.database import SESSION
from farthing.ids import CustomerId
from farthing.world import World


def fact(customer: int, at: datetime, status: str = "active", unit: int = 2000) -> Fact:
    return Fact(customer, 2, at, status, unit, 1, 0, "eur", "month", 1, paused=False, duplicate=False)


@pytest.fixture
def year(world: World, dsn: str) -> str:
    """Of the first customer a start, an upgrade and an end; of the second a start last month. This month as in an address."""
    now = datetime.now(UTC).replace(day=1, hour=0, minute=0)
    before = [(now - timedelta(days=days)).replace(day=10) for days in (170, 100, 40, 5)]
    with psycopg.connect(dsn, options=SESSION) as connection:
        prepare(connection)
        insert(connection, [fact(0, before[0]), fact(0, before[1], unit=5000), fact(1, before[3])])
        insert(connection, [fact(0, before[3], "canceled", 5000)])
        connection.commit()
    return f"{before[3]:%Y-%m}"


@pytest.mark.covers("S001-18")
async def test_every_figure_leads_to_the_rows_behind_it(admin: Visitor, year: str) -> None:
    text = (await admin.get("/admin/metrics")).text
    assert "Monthly recurring revenue in EUR" in text
    assert text.count('role="img"') == 2
    assert "€20.00" in text
    links = {found.replace("&amp;", "&") for found in re.findall(r'href="(/admin/metrics/movements\?[^"]+)"', text)}
    assert f"/admin/metrics/movements?from={year}&to={year}&currency=eur&kind=churn" in links
    for link in links:
        assert (await admin.get(link)).status_code == 200
    churned = (await admin.get(f"/admin/metrics/movements?from={year}&to={year}&currency=eur&kind=churn")).text
    assert str(CustomerId.of(customer_id(0))) in churned
    assert "−€50.00" in churned
    assert str(CustomerId.of(customer_id(1))) not in churned


async def test_figures_can_be_taken_along_as_csv(admin: Visitor, year: str) -> None:
    await admin.get("/admin/metrics")
    for sheet in ("mrr", "movements", "churn", "cohorts", "conversion", "failed-payments"):
        answer = await admin.get(f"/admin/metrics/{sheet}.csv")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    rows = (await admin.get(f"/admin/metrics/movements.csv?from={year}&to={year}")).text.splitlines()
    assert rows[1] == f"{year},eur,50.00,20.00,0.00,0.00,-50.00,0.00,20.00"
    assert (await admin.get("/admin/metrics/everything.csv")).status_code == 404
    assert (await admin.get("/admin/metrics?from=soon")).status_code == 422


async def test_a_shop_without_subscriptions_is_told_what_will_be_here(admin: Visitor) -> None:
    text = (await admin.get("/admin/metrics")).text
    assert "Figures appear here with the first subscription" in text
    for page in ("movements", "failed-payments", "starts"):
        assert (await admin.get(f"/admin/metrics/{page}")).status_code == 200
