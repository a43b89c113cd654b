"""Events that never reached us are read from the provider's own list, once, and acted on as any delivery."""

import asyncio
from datetime import timedelta

import pytest
from tests.news import count, hear, read, sound, tell, work
from tests.worlds import Account, buy, session_of, start

from farthing import payments, reconcile, timeline, webhooks, worker
from farthing.clock import TravelClock
from farthing.db import Transaction
from farthing.money import Money
from farthing.reconcile import EventCursor
from farthing.world import World


async def drain(world: World) -> None:
    while await webhooks.drain(world):
        pass


async def cursor(world: World) -> EventCursor:
    async with world.db.transaction("test") as tx:
        found = await reconcile.cursor_of(tx, "stripe", False)
    assert found is not None
    return found


async def sources(world: World) -> list[str]:
    async with world.db.transaction("test") as tx:
        return await tx.all(lambda row: str(row["source"]), "SELECT source FROM provider_events ORDER BY source")


async def dashboard_refund(account: Account, intent: str, amount: int) -> str:
    """Somebody gives money back in the provider's dashboard."""
    answer = await account.http.post("/v1/refunds", data={"payment_intent": intent, "amount": str(amount)})
    return str(answer.raise_for_status().json()["id"])


async def fee_told(account: Account) -> None:
    """The fee is told a moment after the payment."""
    while not await account.events("charge.updated"):
        await asyncio.sleep(0.02)


async def intent_of(world: World, order: object) -> str:
    async with world.db.transaction("test") as tx:
        [payment] = [p for p in await payments.of_order(tx, order) if p.settles]  # type: ignore[arg-type]
    assert payment.provider_payment_id is not None
    return payment.provider_payment_id


@pytest.mark.covers("F93", "S003-24", "C28")
async def test_a_buyer_who_paid_and_never_came_back_gets_what_was_paid_for_though_no_webhook_came(
    world: World, account: Account
) -> None:
    started = await start(world)
    assert (await account.pay(await session_of(world, started.id))).status_code == 200
    swept = await reconcile.sweep_events(world, actor="sweep")
    assert swept.stored > 0
    assert await sources(world) == ["sweep"] * swept.stored
    await drain(world)
    assert (await read(world, started.order_id)).status == "paid"
    async with world.db.transaction("test") as tx:
        told = [entry for entry in await timeline.of_order(tx, started.order_id) if entry.kind == "notice"]
    assert {entry.actor for entry in told} == {"sweep:stripe"}
    assert all(entry.title.startswith("Found in Stripe's list, never delivered: ") for entry in told)
    assert await sound(world)


@pytest.mark.covers("F93")
async def test_a_refund_of_the_dashboard_is_booked_though_its_only_event_was_lost(world: World, account: Account) -> None:
    order = await buy(world, account)
    await hear(world, account)
    await dashboard_refund(account, await intent_of(world, order.id), 900)
    assert (await reconcile.sweep_events(world, actor="sweep")).stored > 0
    await drain(world)
    async with world.db.transaction("test") as tx:
        [refund] = await payments.refunds_of_order(tx, order.id)
    assert (refund.status, refund.money, refund.reason) == ("succeeded", Money(900, "eur"), "provider")
    assert await sound(world)


async def test_what_was_heard_is_not_heard_again_and_what_is_read_twice_is_stored_once(world: World, account: Account) -> None:
    await buy(world, account)
    await fee_told(account)
    await hear(world, account)
    stored = await count(world, "provider_events")
    first = await reconcile.sweep_events(world, actor="sweep")
    again = await reconcile.sweep_events(world, actor="sweep")
    assert (first.stored, again.stored) == (0, 0)
    assert again.read == first.read > 0, "the same second is read again: another event of it may have come late"
    assert await count(world, "provider_events") == stored
    assert (await cursor(world)).last_event_id == (await account.events())[-1]["id"]


@pytest.mark.covers("F92", "F107")
async def test_events_of_the_second_in_which_we_stopped_are_not_skipped(world: World, account: Account) -> None:
    """The list is read; then more happens within the same second, and later."""
    await buy(world, account)
    await reconcile.sweep_events(world, actor="sweep")
    second = await buy(world, account)
    while len(await account.events("charge.updated")) < 2:
        await asyncio.sleep(0.02)
    await reconcile.sweep_events(world, actor="sweep")
    known = {event["id"] for event in await account.events()}
    async with world.db.transaction("test") as tx:
        stored = set(await tx.all(lambda row: str(row["provider_event_id"]), "SELECT provider_event_id FROM provider_events"))
    watched = {e["id"] for e in await account.events() if e["type"] in ("payment_intent.succeeded", "charge.updated")}
    assert watched <= stored <= known
    assert (await read(world, second.id)).status == "paid"


@pytest.mark.covers("F199", "F130")
async def test_the_worker_reads_when_it_is_time_and_first_of_all_after_it_was_down(
    world: World, account: Account, clock: TravelClock
) -> None:
    assert "missed events" in {sweep.name for sweep in worker.SWEEPS}
    await reconcile.sweep_due(world)
    began = await cursor(world)
    started = await start(world)
    await account.pay(await session_of(world, started.id))
    await reconcile.sweep_due(world)
    assert await count(world, "provider_events") == 0, "its time has not come"
    clock.advance(timedelta(minutes=6))
    await account.fail_next("reset_before", "/v1/events", method="GET", times=3)
    await reconcile.sweep_due(world)
    assert (await cursor(world)).swept_at == began.swept_at, "who got no answer has not read it"
    clock.advance(timedelta(minutes=1))
    await reconcile.sweep_due(world)
    await drain(world)
    assert (await read(world, started.order_id)).status == "paid"
    assert (await cursor(world)).read_until >= began.read_until


@pytest.mark.covers("F199")
async def test_after_more_days_than_the_provider_remembers_it_says_what_is_gone(
    world: World, account: Account, clock: TravelClock
) -> None:
    order = await buy(world, account)
    await reconcile.sweep_events(world, actor="sweep")
    down_since = (await cursor(world)).swept_at
    clock.advance(timedelta(days=40))
    swept = await reconcile.sweep_events(world, actor="sweep")
    assert swept.lost_since == down_since
    clock.advance(timedelta(minutes=6))
    again = await reconcile.sweep_events(world, actor="sweep")
    assert again.lost_since == down_since, "until somebody compares everything"
    async with world.db.transaction("test") as tx:
        told = await tx.all(lambda row: str(row["type"]), "SELECT type FROM events WHERE type = 'notice.lost'")
    assert (len(told), order.status) == (1, "paid")


async def test_a_reading_that_died_half_way_goes_on_and_skips_nothing(
    world: World, account: Account, clock: TravelClock
) -> None:
    started = await start(world)
    await account.pay(await session_of(world, started.id))

    async def older(tx: Transaction) -> None:
        await reconcile.sweep_due(world)
        await tx.run("UPDATE event_cursors SET read_until = read_until - interval '2 days'")

    await reconcile.sweep_due(world)
    await world.db.run("test", older)
    before = await cursor(world)
    await account.fail_next("500_before", "/v1/events", method="GET", times=3)
    with pytest.raises(Exception, match="did not answer"):
        await reconcile.sweep_events(world, actor="sweep")
    assert (await cursor(world)).read_until == before.read_until
    swept = await reconcile.sweep_events(world, actor="sweep")
    assert swept.stored > 0
    await drain(world)
    assert (await read(world, started.order_id)).status == "paid"


async def test_a_clock_that_is_hours_ahead_passes_no_event_by(world: World, account: Account, clock: TravelClock) -> None:
    """Ours says that the piece is over in which theirs still has something to tell."""
    started = await start(world)
    clock.advance(timedelta(hours=10))
    await reconcile.sweep_events(world, actor="sweep")
    await account.pay(await session_of(world, started.id))
    for _ in range(2):
        clock.advance(timedelta(minutes=6))
        await reconcile.sweep_events(world, actor="sweep")
    await drain(world)
    assert (await read(world, started.order_id)).status == "paid"


@pytest.mark.covers("F85")
async def test_asked_to_slow_down_it_waits_and_reads_on(world: World, account: Account) -> None:
    await buy(world, account)
    await account.fail_next("429", "/v1/events", method="GET", times=1)
    assert (await reconcile.sweep_events(world, actor="sweep")).read > 0


@pytest.mark.covers("F94")
async def test_events_of_others_on_the_same_account_are_told_apart(world: World, account: Account) -> None:
    await buy(world, account)
    form = {"amount": "500", "currency": "eur", "payment_method": "pm_card_visa", "confirm": "true"}
    form |= {"automatic_payment_methods[enabled]": "true", "automatic_payment_methods[allow_redirects]": "never"}
    assert (await account.http.post("/v1/payment_intents", data=form)).status_code == 200
    await reconcile.sweep_events(world, actor="sweep")
    await drain(world)
    await work(world)
    async with world.db.transaction("test") as tx:
        ignored = await tx.value("SELECT count(*) FROM provider_events WHERE status = 'ignored' AND reason LIKE 'not ours%%'")
        parked = await tx.value("SELECT count(*) FROM provider_events WHERE status IN ('parked', 'received')")
    assert (ignored > 0, parked) == (True, 0)
    await tell(world, await account.events())
    assert await sound(world)
