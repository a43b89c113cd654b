"""Acting on the inbox: an event says where to look; what nobody knows is tried again, then shown to a person."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tests.news import count, happened, hear, paid_beside, read, sound, tell
from tests.webhooks.conftest import event, states, stored
from tests.worlds import Account, buy, session_of, start, unchanged

from farthing import payments, webhooks
from farthing.clock import TravelClock
from farthing.ids import PaymentId
from farthing.lifecycles import NoticeStatus, OrderStatus
from farthing.webhooks import StoredNotice
from farthing.webhooks.drain import ATTEMPTS_MAX
from farthing.world import World


async def drained(world: World) -> None:
    while await webhooks.drain(world):
        pass


async def test_the_events_of_a_purchase_lead_to_its_order(world: World, account: Account) -> None:
    started = await start(world)
    assert (await account.pay(await session_of(world, started.id))).status_code == 200
    await hear(world, account)
    assert (await read(world, started.order_id)).status == OrderStatus.PAID
    notices = {notice.type: notice for notice in await stored(world)}
    for type in ("checkout.session.completed", "payment_intent.succeeded"):
        notice = notices[type]
        assert (notice.status, notice.order_id, notice.attempts) == (NoticeStatus.PROCESSED, started.order_id, 1)
        assert notice.finished_at is not None
    assert notices["product.created" if "product.created" in notices else "charge.succeeded"].status == NoticeStatus.IGNORED
    assert (await happened(world)).count("order.paid") == 1
    assert await sound(world)


@pytest.mark.covers("F94")
async def test_what_belongs_to_somebody_else_is_ignored_with_a_reason(world: World, account: Account) -> None:
    form = {
        "amount": "700",
        "currency": "eur",
        "payment_method": "pm_card_visa",
        "confirm": "true",
        "automatic_payment_methods[enabled]": "true",
        "automatic_payment_methods[allow_redirects]": "never",
    }
    intent = (await account.http.post("/v1/payment_intents", data=form)).raise_for_status().json()["id"]
    (await account.http.post("/v1/refunds", data={"payment_intent": intent})).raise_for_status()
    async with unchanged(world):
        await hear(world, account)
    found = {notice.type: f"{notice.status}: {notice.reason}" for notice in await stored(world)}
    not_ours = "ignored: not ours: it does not carry the id of one of our payments"
    assert (found["payment_intent.succeeded"], found["refund.created"]) == (not_ours, not_ours)
    assert {notice.status for notice in await stored(world)} == {NoticeStatus.IGNORED}


async def _parked(world: World, clock: TravelClock, id: str) -> StoredNotice:
    """Drain hour by hour until the event is out of the way."""
    for attempt in range(1, ATTEMPTS_MAX + 1):
        notice = next(notice for notice in await stored(world) if notice.provider_event_id == id)
        assert (notice.status, notice.attempts) == (NoticeStatus.RECEIVED, attempt - 1)
        await webhooks.drain(world)
        assert await webhooks.drain(world) == 0, "it is not tried twice in a row"
        clock.advance(timedelta(hours=1, seconds=1))
    return next(notice for notice in await stored(world) if notice.provider_event_id == id)


@pytest.mark.covers("F97")
async def test_a_payment_with_our_mark_that_we_do_not_know_is_tried_again_and_then_parked(
    world: World, account: Account, clock: TravelClock
) -> None:
    nobody = PaymentId.new()
    await paid_beside(account, nobody)
    (succeeded,) = await account.events("payment_intent.succeeded")
    await tell(world, [succeeded])
    notice = await _parked(world, clock, succeeded["id"])
    assert (notice.status, notice.attempts, notice.order_id) == (NoticeStatus.PARKED, ATTEMPTS_MAX, None)
    assert str(nobody) in str(notice.reason)
    assert await happened(world) == ["notice.parked"]
    assert await webhooks.drain(world) == 0
    assert await count(world, "payments") == 0


async def test_what_is_parked_is_acted_on_when_a_person_replays_it(world: World, account: Account, clock: TravelClock) -> None:
    body: dict[str, Any] = event(type="refund.created", data={"object": {"id": "re_of_nobody"}})
    await tell(world, [body])
    notice = await _parked(world, clock, "evt_1")
    assert notice.status == NoticeStatus.PARKED
    assert "No such refund" in str(notice.reason)
    async with world.db.transaction("staff:1") as tx:
        assert await webhooks.replay(tx, [notice.id]) == 1
    await webhooks.drain(world)
    (again,) = await stored(world)
    assert (again.status, again.attempts) == (NoticeStatus.RECEIVED, 1)


@pytest.mark.covers("F102")
async def test_an_outage_parks_nothing(world: World, account: Account, clock: TravelClock) -> None:
    await account.fail_next("500_before", "/v1/refunds/*", method="GET", times=100)
    await tell(world, [event(type="refund.created", data={"object": {"id": "re_1"}})])
    for _ in range(2):
        await webhooks.drain(world)
        clock.advance(timedelta(hours=2))
    async with world.db.transaction("test") as tx:
        await tx.run("UPDATE provider_events SET attempts = 50")
    await webhooks.drain(world)
    (notice,) = await stored(world)
    assert notice.status == NoticeStatus.RECEIVED
    assert "Stripe did not answer for certain" in str(notice.reason)


async def test_replaying_what_was_done_does_nothing_twice(world: World, account: Account) -> None:
    order = await buy(world, account)
    await hear(world, account)
    await asyncio.sleep(1)  # the fee is known a moment after the payment, and a replay would learn it
    await hear(world, account)
    ids = [notice.id for notice in await stored(world)]
    async with unchanged(world):
        async with world.db.transaction("staff:1") as tx:
            assert await webhooks.replay(tx, ids) > 0
        await drained(world)
    assert set((await states(world)).values()) >= {"processed"}
    assert (await happened(world, order.id)).count("payment.succeeded") == 1


NONSENSE: list[dict[str, Any]] = [
    {},
    {"status": "succeeded"},
    {"status": "succeeded", "amount_received": "4900", "currency": "eur", "metadata": {}},
    {"status": "succeeded", "amount_received": 4900, "currency": "xxx", "metadata": {}},
    {"status": "succeeded", "amount_received": 10**15, "currency": "eur", "metadata": {}},
    {"status": ["succeeded"], "amount_received": 4900, "currency": "eur", "metadata": []},
    {"status": "succeeded", "amount_received": -1, "currency": "eur", "metadata": {"farthing_payment": 7}},
    {"status": "succeeded", "amount_received": 4900, "currency": "eur", "metadata": {"farthing_payment": "payment_\0"}},
]


async def test_bodies_that_make_no_sense_stop_nobody_behind_them(world: World, account: Account) -> None:
    started = await start(world)
    assert (await account.pay(await session_of(world, started.id))).status_code == 200
    odd = [
        event(id=f"evt_odd{i}", type="payment_intent.succeeded", data={"object": about | {"id": f"pi_{i}"}})
        for i, about in enumerate(NONSENSE)
    ]
    await tell(world, [*odd, *await account.events()])
    await drained(world)
    assert (await read(world, started.order_id)).status == OrderStatus.PAID
    found = await states(world)
    assert all(found[each["id"]].startswith(("received: ", "ignored: not ours")) for each in odd)
    assert await count(world, "payments") == 1
    assert await sound(world)


async def test_a_surplus_payment_is_heard_of_by_its_event_alone(world: World, account: Account) -> None:
    order = await buy(world, account)
    async with world.db.transaction("test") as tx:
        (payment,) = await payments.of_order(tx, order.id)
    second = await paid_beside(account, payment.id)
    await hear(world, account, "payment_intent.succeeded")
    async with world.db.transaction("test") as tx:
        found = {each.provider_payment_id: each for each in await payments.of_order(tx, order.id)}
    assert (found[second].status, found[second].surplus_reason) == ("surplus", "already_paid")
    assert await sound(world)


@pytest.mark.covers("F98")
async def test_an_event_in_the_words_of_another_version_only_rings(world: World, account: Account) -> None:
    started = await start(world)
    assert (await account.pay(await session_of(world, started.id))).status_code == 200
    (succeeded,) = await account.events("payment_intent.succeeded")
    about = succeeded["data"]["object"]
    of_another_time = {"id": about["id"], "object": "payment_intent", "charges": {"data": []}, "amount_received": "4900"}
    await tell(world, [succeeded | {"api_version": "2019-02-19", "data": {"object": of_another_time}}])
    await drained(world)
    assert (await read(world, started.order_id)).status == OrderStatus.PAID
    assert await sound(world)


@pytest.mark.covers("F180")
async def test_the_words_of_old_events_are_dropped_and_none_of_them_is_taken_for_new(
    world: World, account: Account, clock: TravelClock
) -> None:
    await buy(world, account)
    await hear(world, account)
    # The provider may tell of the payment's fee a moment later: what counts is what was heard.
    events = await stored(world)
    clock.advance(timedelta(days=world.settings.inbox_days - 1))
    await webhooks.forget(world)
    assert all(notice.body for notice in await stored(world))
    clock.advance(timedelta(days=2))
    assert await webhooks.forget(world) == len(events)
    assert await webhooks.forget(world) == 0
    assert not any(notice.body for notice in await stored(world))
    async with unchanged(world), world.db.transaction("staff:1") as tx:
        assert await webhooks.replay(tx, [notice.id for notice in await stored(world)]) > 0
    await drained(world)
    assert len(await stored(world)) == len(events)
    assert await sound(world)
