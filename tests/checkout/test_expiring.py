"""Abandoned checkouts end by themselves. The sandbox's clock moves with ours, so each test has one of its own."""

from datetime import timedelta

import pytest
from tests.news import count, happened, hear, paid_beside, read, sound, work
from tests.worlds import Account, Sandbox, lone_sandbox, session_of, start, unchanged

from farthing import checkout, entitlements, payments
from farthing.clock import TravelClock
from farthing.lifecycles import OrderStatus
from farthing.world import World

__all__ = ["lone_sandbox"]


@pytest.fixture
def sandbox(lone_sandbox: Sandbox) -> Sandbox:
    return lone_sandbox


@pytest.mark.covers("F106")
async def test_an_abandoned_checkout_expires_with_its_order(world: World, account: Account, clock: TravelClock) -> None:
    started = await start(world)
    session = await session_of(world, started.id)
    clock.advance(timedelta(minutes=59))
    async with unchanged(world):
        assert await checkout.close_due(world) == 0
    clock.advance(timedelta(minutes=2))
    assert await checkout.close_due(world) == 1
    assert await checkout.close_due(world) == 0
    order = await read(world, started.order_id)
    assert order.status == OrderStatus.EXPIRED
    assert order.closed_at is not None
    assert (await happened(world, order.id))[-3:] == ["checkout.expired", "payment.canceled", "order.expired"]
    assert (await account.get(f"/v1/checkout/sessions/{session}"))["status"] == "expired"
    assert (await account.pay(session)).status_code == 400
    assert await sound(world)


async def test_what_expired_at_the_provider_first_expires_here(world: World, account: Account) -> None:
    started = await start(world)
    await account.advance(3700)
    await hear(world, account, "checkout.session.expired")
    assert (await read(world, started.order_id)).status == OrderStatus.EXPIRED
    async with unchanged(world):
        assert await checkout.close_due(world) == 0
    assert await sound(world)


@pytest.mark.covers("F40")
async def test_who_pays_in_the_last_moment_has_paid(world: World, account: Account, clock: TravelClock) -> None:
    started = await start(world)
    session = await session_of(world, started.id)
    assert (await account.pay(session)).status_code == 200
    clock.advance(timedelta(minutes=61))
    assert await checkout.close_due(world) == 1
    assert (await read(world, started.order_id)).status == OrderStatus.PAID
    assert await entitlements.check(world.db, "ada", "guide:pro")
    assert await sound(world)


async def test_money_for_an_expired_order_goes_back(world: World, account: Account, clock: TravelClock) -> None:
    started = await start(world)
    clock.advance(timedelta(minutes=61))
    await checkout.close_due(world)
    async with world.db.transaction("test") as tx:
        (payment,) = await payments.of_order(tx, started.order_id)
    await payments.sync(world, await paid_beside(account, payment.id), actor="test")
    await work(world)
    async with world.db.transaction("test") as tx:
        (late,) = await payments.of_order(tx, started.order_id)
        (back,) = await payments.refunds_of_order(tx, started.order_id)
    assert (late.status, late.surplus_reason, late.settles) == ("surplus", "order_expired", False)
    assert (back.status, back.reason, back.money) == ("succeeded", "surplus", late.received)
    assert (await read(world, started.order_id)).status == OrderStatus.EXPIRED
    assert not await entitlements.check(world.db, "ada", "guide:pro")
    assert [refund["amount"] for refund in (await account.get("/v1/refunds"))["data"]] == [4900]
    assert await sound(world)


async def test_one_page_that_cannot_be_closed_keeps_no_other_open(world: World, account: Account, clock: TravelClock) -> None:
    lost, other = await start(world), await start(world)
    async with world.db.transaction("test") as tx:
        # As after a change of the account: there is no such session any more.
        await tx.run("UPDATE checkouts SET provider_checkout_id = 'cs_test_gone' WHERE id = %(id)s", id=lost.id)
    clock.advance(timedelta(minutes=61))
    assert await checkout.close_due(world) == 1
    assert (await read(world, other.order_id)).status == OrderStatus.EXPIRED
    assert (await read(world, lost.order_id)).status == OrderStatus.OPEN


async def test_while_the_provider_is_silent_nothing_is_given_up(world: World, account: Account, clock: TravelClock) -> None:
    started = await start(world)
    clock.advance(timedelta(minutes=61))
    await account.fail_next("500_before", "/v1/checkout/sessions/*", times=3)
    async with unchanged(world):
        assert await checkout.close_due(world) == 0
    assert (await read(world, started.order_id)).status == OrderStatus.OPEN
    assert await checkout.close_due(world) == 1
    assert (await read(world, started.order_id)).status == OrderStatus.EXPIRED
    assert await count(world, "orders") == 1
