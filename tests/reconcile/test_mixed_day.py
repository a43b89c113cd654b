"""Hundreds of orders of every kind on one day, with news that come late, twice, or never: every unit is accounted for."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.news import paid_beside, sound
from tests.reconcile.command import reconciled
from tests.reconcile.day import CATALOG, Day, content_of, planned
from tests.reconcile.test_missed_events import dashboard_refund
from tests.reconcile.test_reconcile import compare, named, tamper
from tests.whole import sized
from tests.worlds import Account, Sandbox, running_sandbox

from farthing import catalog
from farthing.clock import TravelClock
from farthing.ids import PaymentId
from farthing.world import World

ORDERS = sized(500, 150)
SEED = 1971


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Its clock is moved. Thousands of its answers are as those of any test, and not compared with the SDK's types again."""
    monkeypatch.delenv("FARTHING_STRICT")
    with running_sandbox() as running:
        yield running


@pytest.fixture
def day(world: World, account: Account, clock: TravelClock) -> Day:
    shop = replace(world, catalog=catalog.parse(CATALOG), content=content_of)
    return Day(shop, account, clock, planned(ORDERS, SEED), random.Random(SEED))


@pytest.mark.timeout(600)  # a crowded machine takes its time
@pytest.mark.covers("S003-23", "S003-28", "S000-53", "F209")
async def test_after_a_day_of_everything_nothing_differs_and_what_somebody_changes_is_named(
    day: Day, dsn: str, tmp_path: Path
) -> None:
    world, account = day.world, day.account
    await day.go_by()
    await day.makes_up()
    await there_was_everything(day)
    await sound(world)
    assert (await compare(world)).left_open == 0, await named(world)

    changed, given_back = await untouched(world)
    await tamper(
        world,
        "UPDATE payments SET amount = amount + 100, received_amount = received_amount + 100 WHERE provider_payment_id = %(i)s",
        i=changed,
    )
    refund = await dashboard_refund(account, given_back, 100)
    orphan = await paid_beside(account, PaymentId.new(), 700)
    left = {("differs", changed, "amount"), ("missing_here", orphan, "payment")}
    assert (await compare(world)).left_open == 3
    assert await named(world) == left | {("missing_here", refund, "refund")}

    healed = await compare(world, heals=True)
    assert (healed.found, healed.healed, healed.left_open) == (3, 1, 2)
    code, told = reconciled(world.settings, CATALOG, tmp_path)
    assert (code, {(each["kind"], each["subject"], each["field"]) for each in told}) == (7, left)


async def there_was_everything(day: Day) -> None:
    """The day was as mixed as it was meant to be: whatever can become of an order, a payment or a refund became of some."""
    counted = {table: await statuses(day.world, table) for table in ("orders", "payments", "refunds", "disputes", "purchases")}
    assert sum(counted["orders"].values()) == ORDERS
    assert counted["orders"].keys() == {"paid", "refunded", "canceled", "expired"}, counted
    assert counted["payments"].keys() == {"succeeded", "canceled"}, counted
    assert counted["refunds"].keys() == {"succeeded", "failed"}, counted
    assert counted["disputes"].keys() == {"needs_response", "warning_needs_response", "lost", "won"}, counted
    assert counted["purchases"].keys() == {"completed", "suspended", "refunded"}, counted
    assert (await statuses(day.world, "provider_events")).keys() == {"processed"}
    codes = Counter(sale.code for sale in day.sales)
    assert min(codes["WELCOME10"], codes["GIFT"]) > ORDERS // 100
    assert {sale.currency for sale in day.sales} == {"eur", "usd", "jpy", "kwd"}


async def statuses(world: World, table: str) -> Counter[str]:
    assert table.isidentifier()
    async with world.db.transaction("test") as tx:
        rows = await (await tx.connection.execute(f"SELECT status, count(*) AS rows FROM {table} GROUP BY status")).fetchall()
    return Counter({row["status"]: row["rows"] for row in rows})


async def untouched(world: World) -> tuple[str, str]:
    """Two payments in euro of which nothing went back (pi_…)."""
    async with world.db.transaction("test") as tx:
        found = await tx.all(
            lambda row: str(row["provider_payment_id"]),
            """
            SELECT provider_payment_id FROM payments
            WHERE settles AND status = 'succeeded' AND provider_payment_id IS NOT NULL AND currency = 'eur'
                AND NOT EXISTS (SELECT 1 FROM refunds WHERE refunds.payment_id = payments.id)
                AND NOT EXISTS (SELECT 1 FROM disputes WHERE disputes.payment_id = payments.id)
            ORDER BY id LIMIT 2
            """,
        )
    one, other = found
    return one, other
