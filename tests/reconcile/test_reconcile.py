"""Our rows against the provider's lists: every difference is named, healed where the normal path heals it, and kept else."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import pytest
from tests.news import busy, count, happened, hear, paid_beside, read, sound, work
from tests.reconcile.test_missed_events import dashboard_refund, fee_told, intent_of
from tests.worlds import Account, buy, session_of, start

from farthing import payments, reconcile, timeline, worker
from farthing.clock import TravelClock
from farthing.db import Transaction
from farthing.ids import PaymentId, ReconciliationId
from farthing.lifecycles import DiscrepancyStatus
from farthing.reconcile import Discrepancy, Reconciliation
from farthing.world import World


async def compare(world: World, *, heals: bool = False, days: int | None = None) -> Reconciliation:
    """Everything, unless days are named."""
    since = None if days is None else world.clock.now() - timedelta(days=days)
    id = await world.db.run("test", lambda tx: reconcile.start(tx, "stripe", False, since=since, heals=heals))
    return await reconcile.run(world, id)


async def found(world: World, status: DiscrepancyStatus | None = DiscrepancyStatus.OPEN) -> list[Discrepancy]:
    async with world.db.transaction("test") as tx:
        page = await reconcile.list_page(tx, limit=100, status=status)
    return list(page.items)


async def named(world: World) -> set[tuple[str, str, str]]:
    return {each.difference.key for each in await found(world)}


async def tamper(world: World, sql: str, **params: object) -> None:
    """Somebody changes rows by hand."""

    async def work(tx: Transaction) -> None:
        touched = (await tx.connection.execute(sql.encode(), params)).rowcount
        assert touched == 1, sql

    await world.db.run("somebody", work)


@pytest.mark.covers("S003-23", "S002-22")
async def test_on_an_untampered_mixed_day_nothing_differs(world: World, account: Account) -> None:
    await busy(world, account)
    for days in (None, 7):
        done = await compare(world, days=days)
        assert [each.difference for each in await found(world)] == []
        assert (done.status, done.found, done.left_open) == ("finished", 0, 0)
        assert done.compared > 10
    assert await count(world, "reconciliation_seen") == 0


@pytest.mark.covers("S003-23", "F209", "F116")
async def test_a_changed_amount_a_refund_never_heard_of_and_an_orphan_charge_are_named_healed_where_possible_and_kept_else(
    world: World, account: Account
) -> None:
    changed, refunded = await buy(world, account), await buy(world, account)
    await hear(world, account)
    intent = await intent_of(world, changed.id)
    await tamper(
        world,
        "UPDATE payments SET amount = amount + 100, received_amount = received_amount + 100 WHERE provider_payment_id = %(i)s",
        i=intent,
    )
    refund = await dashboard_refund(account, await intent_of(world, refunded.id), 900)
    orphan = await paid_beside(account, PaymentId.new(), 700)
    three = {("differs", intent, "amount"), ("missing_here", refund, "refund"), ("missing_here", orphan, "payment")}

    done = await compare(world)
    assert (await named(world), done.found, done.healed, done.left_open) == (three, 3, 0, 3)
    shown = {each.difference.subject: (each.difference.ours, each.difference.theirs) for each in await found(world)}
    assert shown == {
        intent: ("50.00 EUR", "49.00 EUR"),
        refund: (None, "succeeded 9.00 EUR"),
        orphan: (None, "succeeded 7.00 EUR"),
    }
    assert (await happened(world)).count("discrepancy.found") == 3
    first = {each.id: each.first_seen_at for each in await found(world)}

    healed = await compare(world, heals=True)
    assert (healed.found, healed.healed, healed.left_open) == (3, 1, 2)
    async with world.db.transaction("test") as tx:
        [booked] = await payments.refunds_of_order(tx, refunded.id)
        told = [entry for entry in await timeline.of_order(tx, refunded.id) if entry.name.startswith("discrepancy.")]
    assert (booked.status, booked.money.amount, booked.provider_refund_id) == ("succeeded", 900, refund)
    assert [(entry.name, entry.detail) for entry in told] == [
        ("discrepancy.found", f"{refund} refund: nothing here, succeeded 9.00 EUR there"),
        ("discrepancy.healed", f"{refund} refund: nothing here, succeeded 9.00 EUR there"),
    ]

    again = await compare(world)
    assert (again.found, await named(world)) == (2, three - {("missing_here", refund, "refund")})
    for each in await found(world):
        assert each.first_seen_at == first[each.id], "found again it keeps its age"
        assert each.last_seen_at > each.first_seen_at
        assert each.reason is not None
    assert (await happened(world)).count("discrepancy.found") == 3, "told once"


@pytest.mark.covers("S002-22", "F93")
async def test_the_money_of_a_buyer_who_never_returned_and_a_refund_of_the_dashboard_are_found_without_any_event(
    world: World, account: Account
) -> None:
    order = await buy(world, account)
    started = await start(world)
    session = await session_of(world, started.id)
    assert (await account.pay(session)).status_code == 200
    await dashboard_refund(account, await intent_of(world, order.id), 4900)
    done = await compare(world, heals=True, days=1)
    assert (done.healed, done.left_open) == (done.found, 0)
    assert (await read(world, started.order_id)).status == "paid"
    assert (await read(world, order.id)).status == "refunded"
    assert await sound(world)
    assert (await compare(world)).found == 0


async def test_money_there_with_the_mark_of_a_paid_order_goes_back(world: World, account: Account) -> None:
    order = await buy(world, account)
    await hear(world, account)
    async with world.db.transaction("test") as tx:
        [payment] = await payments.of_order(tx, order.id)
    second = await paid_beside(account, payment.id)
    assert (await compare(world)).found == 1
    assert await named(world) == {("missing_here", second, "payment")}
    assert (await compare(world, heals=True)).left_open == 0
    await work(world)
    async with world.db.transaction("test") as tx:
        [back] = await payments.refunds_of_order(tx, order.id)
    assert (back.reason, back.status) == ("surplus", "succeeded")
    assert await sound(world)
    assert (await compare(world)).found == 0


async def test_what_is_ours_and_not_theirs_is_named(world: World, account: Account) -> None:
    """The other direction: a row whose object the provider does not know."""
    order = await buy(world, account)
    await hear(world, account)
    intent = await intent_of(world, order.id)
    await tamper(world, "UPDATE payments SET provider_payment_id = 'pi_gone' WHERE provider_payment_id = %(i)s", i=intent)
    await compare(world, heals=True, days=7)
    assert ("missing_there", "pi_gone", "payment") in await named(world)
    [gone] = [each for each in await found(world) if each.difference.subject == "pi_gone"]
    assert gone.difference.order_id == order.id


async def test_each_field_that_differs_is_named(world: World, account: Account) -> None:
    order = await buy(world, account)
    await hear(world, account)
    intent, refund = await intent_of(world, order.id), await dashboard_refund(account, await intent_of(world, order.id), 100)
    await hear(world, account)
    changes = {
        ("differs", intent, "fee"): "UPDATE payments SET fee_amount = fee_amount + 1",
        ("differs", intent, "refunded"): "UPDATE payments SET refunded_amount = refunded_amount + 1",
        ("differs", intent, "currency"): "UPDATE payments SET currency = 'usd', received_currency = 'usd'",
        ("differs", refund, "amount"): "UPDATE refunds SET amount = amount + 1",
        ("differs", refund, "status"): "UPDATE refunds SET status = 'failed'",
    }
    undo = {
        ("differs", intent, "fee"): "UPDATE payments SET fee_amount = fee_amount - 1",
        ("differs", intent, "refunded"): "UPDATE payments SET refunded_amount = refunded_amount - 1",
        ("differs", intent, "currency"): "UPDATE payments SET currency = 'eur', received_currency = 'eur'",
        ("differs", refund, "amount"): "UPDATE refunds SET amount = amount - 1",
        ("differs", refund, "status"): "UPDATE refunds SET status = 'succeeded'",
    }
    for key, change in changes.items():
        await tamper(world, change)
        await compare(world, days=7)
        assert key in await named(world), change
        assert all(each.difference.ours != each.difference.theirs for each in await found(world)), "two that look alike"
        await tamper(world, undo[key])
        assert (await compare(world, days=7)).left_open == 0, "what is gone is closed"
    assert {each.status for each in await found(world, None)} == {"resolved"}


async def test_a_fact_in_the_books_that_no_movement_stands_behind_is_named_by_currency(
    world: World, account: Account, clock: TravelClock
) -> None:
    await buy(world, account)
    await fee_told(account)
    await hear(world, account)
    clock.advance(timedelta(minutes=11))
    assert (await compare(world)).found == 0
    post = """
        WITH fact AS (
            INSERT INTO ledger_transactions (id, kind, reference, posted_at, actor)
            VALUES (gen_random_uuid(), 'payment', 'by hand', now() - interval '1 day', 'somebody') RETURNING id
        ), leg AS (
            INSERT INTO ledger_entries (transaction_id, account, amount, currency)
            SELECT fact.id, leg.account, leg.amount, 'eur' FROM fact, (VALUES ('provider:stripe', 100), ('sales', -100))
                AS leg (account, amount) RETURNING 1
        ) SELECT 1
    """
    await tamper(world, post)
    await compare(world)
    assert await named(world) == {("balance", "provider:stripe", "eur")}


async def test_a_difference_that_somebody_accepts_is_not_counted_until_it_changes(world: World, account: Account) -> None:
    orphan = await paid_beside(account, PaymentId.new(), 700)
    await compare(world)
    [open_one] = await found(world)
    accepted = await world.db.run("staff:ada", lambda tx: reconcile.accept(tx, open_one.id, "another shop of ours"))
    assert (accepted.status, accepted.note, accepted.closed_by) == ("accepted", "another shop of ours", "staff:ada")
    done = await compare(world, heals=True)
    assert (done.found, done.left_open) == (0, 0)
    (await account.http.post("/v1/refunds", data={"payment_intent": orphan})).raise_for_status()
    assert (await compare(world)).left_open == 0, "its refund is the orphan's, and no other difference"


async def test_of_reconciliations_that_nobody_runs_only_those_without_a_job_are_closed(world: World) -> None:
    def begin(*, here: bool) -> Awaitable[ReconciliationId]:
        return world.db.run("test", lambda tx: reconcile.start(tx, "stripe", False, since=None, heals=False, here=here))

    by_a_job, here = await begin(here=False), await begin(here=True)
    clock = world.db.clock = TravelClock()
    clock.advance(timedelta(minutes=3))
    later = await begin(here=True)
    async with world.db.transaction("test") as tx:
        runs = [await reconcile.get_run(tx, id) for id in (by_a_job, here, later)]
    assert [run.status for run in runs] == ["waiting", "failed", "waiting"]
    assert str(runs[1].failure).startswith("Interrupted: the process that ran it is gone.")


@pytest.mark.covers("F130", "F199")
async def test_each_night_is_reconciled_once_and_a_missed_one_is_made_up_for(
    world: World, account: Account, clock: TravelClock
) -> None:
    order = await buy(world, account)
    await hear(world, account)
    await reconcile.nightly_due(world)
    assert await count(world, "reconciliations") == 0, "the first night is still to come"
    await dashboard_refund(account, await intent_of(world, order.id), 4900)
    clock.advance(timedelta(days=3))
    for _ in range(3):
        await reconcile.nightly_due(world)
    assert await count(world, "reconciliations") == 1
    assert reconcile.TASK in worker.TASKS
    await work(world)
    async with world.db.transaction("test") as tx:
        [night] = (await reconcile.runs_page(tx, limit=10)).items
    assert (night.status, night.night, night.healed, night.left_open) == ("finished", True, night.found, 0)
    assert (await read(world, order.id)).status == "refunded"


async def test_a_run_whose_process_died_is_run_again_and_a_finished_one_is_not(world: World, account: Account) -> None:
    await buy(world, account)
    await hear(world, account)
    id = await world.db.run("test", lambda tx: reconcile.start(tx, "stripe", False, since=None, heals=False))
    await account.fail_next("500_before", "/v1/refunds", method="GET", times=3)
    with pytest.raises(Exception, match="did not answer"):
        await reconcile.run(world, id)
    done = await reconcile.run(world, id)
    assert (done.status, done.found) == ("finished", 0)
    assert await reconcile.run(world, id) == done


async def test_a_dispute_that_no_event_told_of_is_found_and_booked(world: World, account: Account, clock: TravelClock) -> None:
    started = await start(world)
    session = await session_of(world, started.id)
    assert (await account.pay(session, "4000000000000259")).status_code == 200
    await compare(world, heals=True)
    while not (await account.get("/v1/disputes"))["data"]:
        await asyncio.sleep(0.02)
    [dispute] = (await account.get("/v1/disputes"))["data"]
    await compare(world)
    assert ("missing_here", dispute["id"], "dispute") in {each.difference.key for each in await found(world, None)}
    assert (await compare(world, heals=True)).left_open == 0
    await fee_told(account)
    clock.advance(timedelta(minutes=11))
    assert (await compare(world, heals=True)).left_open == 0, "the balance has it as well"
    assert await sound(world)
