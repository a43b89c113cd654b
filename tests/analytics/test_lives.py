"""What a customer's life does to the figures, through the provider's own clock; and staff who hear that payments fail."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from tests.news import happened, hear, work
from tests.subscriptions.conftest import Ada, begin, subscribe, the_one
from tests.worlds import DECLINED_CARD, Account, Outbox, buy, session_of, start

from farthing import analytics, api, subscriptions
from farthing.analytics import Month, Mrr
from farthing.catalog.alert_policy import AlertPolicy
from farthing.http import keys
from farthing.ids import StaffId
from farthing.world import World


async def mrr(world: World) -> Mrr | None:
    """Today's, kept and from the facts alone: they are the same."""
    await analytics.catch_up(world.db, actor="test")
    async with world.db.transaction("test") as tx:
        today = analytics.today(tx)
        kept = await analytics.mrr(tx, today, livemode=False)
        assert [each for each in kept if each.parts] == await analytics.mrr_from_facts(tx, today, livemode=False)
        assert set((await analytics.differences(tx)).values()) == {0}
    return kept[0] if kept else None


async def moved(world: World) -> list[tuple[str, int]]:
    """All movements, oldest first."""
    async with world.db.transaction("test") as tx:
        return await tx.all(
            lambda row: (row["kind"], analytics.whole(row["parts"])), "SELECT kind, parts FROM mrr_movements ORDER BY day"
        )


async def test_a_yearly_plan_counts_a_twelfth_and_ends_with_its_period_not_when_it_was_canceled(
    world: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(world, account, price="yearly", quantity=2)
    found = await mrr(world)
    assert found is not None
    assert (found.amount.amount, found.customers, found.parts * 12) == (3333, 1, 40_000 * 30_240)
    await subscriptions.cancel(world, bought.id, now=False, actor="test")
    await ada.later(days=30)
    assert (await mrr(world)) == replace(found, day=ada.clock.now().date())
    await ada.later(days=340)
    after = await mrr(world)
    assert after is not None
    assert (after.parts, after.customers, after.arpu) == (0, 0, None)
    assert await moved(world) == [("new", 3333), ("churn", -3333)]


async def test_a_trial_is_worth_nothing_until_it_is_paid(world: World, account: Account, ada: Ada) -> None:
    await subscribe(world, account, "team")
    assert await mrr(world) is None
    await ada.later(days=15)
    found = await mrr(world)
    assert found is not None
    assert found.amount.amount == 5000
    async with world.db.transaction("test") as tx:
        today = analytics.today(tx)
        (tried,) = await analytics.conversion(tx, today - timedelta(days=30), today, livemode=False)
    assert (tried.plan, tried.started, tried.completed, tried.trialed, tried.paid, str(tried.rate)) == (
        *("team", 1, 1, 1, 1),
        "100.0%",
    )


async def test_who_stays_while_a_card_fails_counts_and_who_comes_back_is_a_reactivation(
    world: World, account: Account, ada: Ada
) -> None:
    bought = await subscribe(world, account)
    await ada.card("pm_card_chargeCustomerFail")
    await ada.later(days=32)
    assert (await the_one(world)).status == "past_due"
    found = await mrr(world)
    assert found is not None
    assert found.amount.amount == 2000
    await subscriptions.cancel(world, bought.id, now=True, actor="test")
    await ada.later(days=2)
    await ada.saves("pm_card_visa")
    await begin(world, quantity=2, success_url=None, cancel_url=None, use_default=True)
    await mrr(world)
    assert await moved(world) == [("new", 2000), ("churn", -2000), ("reactivation", 4000)]
    async with world.db.transaction("test") as tx:
        today = analytics.today(tx)
        (failed,) = await analytics.failures(tx, today - timedelta(days=60), today, livemode=False)
    assert (failed.what, failed.failed, failed.amount.amount, failed.recovered) == ("subscription", 1, 2000, 0)


async def test_a_pause_is_a_contraction_to_nothing_while_it_lasts(world: World, account: Account, ada: Ada) -> None:
    bought = await subscribe(world, account)
    path = f"/v1/subscriptions/{bought.provider_subscription_id}"
    (await account.http.post(path, data={"pause_collection[behavior]": "void"})).raise_for_status()
    await ada.later(days=2)
    paused = await mrr(world)
    assert paused is not None
    assert (paused.parts, (await the_one(world)).status) == (0, "active")
    (await account.http.post(path, data={"pause_collection": ""})).raise_for_status()
    await ada.later(days=2)
    await mrr(world)
    assert await moved(world) == [("new", 2000), ("churn", -2000), ("reactivation", 2000)]


@pytest.mark.covers("S001-18")
async def test_a_server_reads_the_figures_and_what_is_asked_wrongly_is_refused(
    world: World, account: Account, ada: Ada
) -> None:
    await subscribe(world, account)
    rest = api.build()
    rest.state.world = world
    async with world.db.transaction("test") as tx:
        _, secret = await keys.create(tx, "the shop's server", livemode=False)
    headers = {"Authorization": f"Bearer {secret}"}
    transport = httpx.ASGITransport(rest)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as server:

        async def get(path: str, **params: str) -> dict[str, Any]:
            answer = await server.get(f"/v1/metrics/{path}", params=params)
            assert answer.status_code == 200, answer.text
            return json.loads(answer.text)  # type: ignore[no-any-return]

        (now,) = (await get("mrr"))["data"]
        assert (now["mrr"], now["customers"]) == ({"amount": 2000, "currency": "eur"}, 1)
        months = (await get("movements"))["data"]
        assert (len(months), months[-1]["new"], months[-1]["start"]["amount"]) == (12, {"amount": 2000, "currency": "eur"}, 0)
        assert (await get("churn"))["data"][-1]["customer_churn"] == {"part": 0, "of": 1, "percent": "0.0"}
        assert (await get("cohorts"))["data"][-1]["kept"]["percent"] == "100.0"
        assert (await get("conversion", currency="eur"))["data"][0]["paid"] == 1
        assert (await get("failed-payments"))["data"] == []
        assert (await get("movements", currency="usd"))["data"] == []
        for path in ("movements?from=2026-13", "movements?from=2026-05&to=2026-01", "movements?from=2001-01", "mrr?day=soon"):
            answer = await server.get(f"/v1/metrics/{path}")
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), path
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as guest:
        assert (await guest.get("/v1/metrics/mrr")).status_code == 401


async def test_a_whole_sheet_is_a_csv_file_and_no_cell_is_a_formula() -> None:
    month = Month(date(2026, 6, 1), True, "eur", 30_240 * 100, 30_240 * 250, (30_240 * 150, 0, 0, 0, 0), 1, 1, 0, 0, 2)
    text = analytics.of_movements([month]).csv()
    assert text.splitlines() == [
        "month,currency,start,new,expansion,contraction,churn,reactivation,end",
        "2026-06,eur,1.00,1.50,0.00,0.00,0.00,0.00,2.50",
    ]
    odd = analytics.Sheet(("reason",), [("=cmd()",)])
    assert odd.csv() == "reason\r\n'=cmd()\r\n"


@pytest.mark.covers("S001-19")
async def test_staff_are_told_once_that_payments_fail_and_again_only_after_they_came(
    plain_world: World, account: Account, outbox: Outbox
) -> None:
    policy = AlertPolicy(payment_success_percent=60, payments_min=2)
    world = replace(plain_world, catalog=replace(plain_world.catalog, alerts=policy))
    async with world.db.transaction("test") as tx:
        for role in ("admin", "support"):
            await tx.run(
                """
                INSERT INTO staff (id, email, password_hash, role, created_at)
                VALUES (%(id)s, %(email)s, 'none', %(role)s, %(now)s)
                """,
                id=StaffId.new(),
                email=f"{role}@shop.example",
                role=role,
                now=tx.now,
            )
    await buy(world, account)
    await analytics.watch_payments(world)
    assert "alert.payment_success_rate" not in await happened(world)
    started = await start(world)
    await account.pay(await session_of(world, started.id), DECLINED_CARD)
    await hear(world, account)
    for _ in range(2):
        await analytics.watch_payments(world)
    # Of the hour and of the day.
    assert (await happened(world)).count("alert.payment_success_rate") == 2
    await work(world)
    told = [each for each in outbox.messages if "payments came in the last" in each.subject]
    assert {each.recipient for each in told} == {"admin@shop.example"}
    assert len(told) == 2
    await account.pay(await session_of(world, started.id))
    await hear(world, account)
    await analytics.watch_payments(world)
    async with world.db.transaction("test") as tx:
        assert await tx.value("SELECT count(*) FROM payment_alerts WHERE closed_at IS NULL") == 0
