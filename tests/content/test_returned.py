"""A refund of content that the bank returns days later. The sandbox's clock is moved, so these tests have one alone."""

import pytest
from tests.news import happened, hear, sound, work
from tests.worlds import Account, Sandbox, buy, session_of, start

from farthing import checkout, entitlements, payments, purchases
from farthing.catalog import CartItem
from farthing.ids import OrderId
from farthing.lifecycles import PurchaseStatus
from farthing.purchases import Purchase
from farthing.world import World

ARTICLE = CartItem("article", content="abc-123")


@pytest.fixture
def sandbox(lone_sandbox: Sandbox) -> Sandbox:
    return lone_sandbox


async def _of(world: World, order: OrderId) -> list[Purchase]:
    async with world.db.transaction("test") as tx:
        return await purchases.of_order(tx, order)


async def _refund(world: World, order: OrderId) -> None:
    async with world.db.transaction("test") as tx:
        await payments.refund_order(tx, order, None, reason="requested_by_customer", note=None)


async def test_a_refund_that_fails_gives_everybody_back_exactly_what_it_took(world: World, account: Account) -> None:
    started = await start(world, ARTICLE)
    session = await session_of(world, started.id)
    assert (await account.pay(session, "4000000000005126")).status_code == 200
    await checkout.sync(world, session, actor="test")
    await _refund(world, started.order_id)
    await work(world)
    (gone,) = await _of(world, started.order_id)
    assert (gone.status, gone.refunded) == (PurchaseStatus.REFUNDED, gone.shares)
    version = await _version(world, gone)
    await account.advance(86_400 + 60)
    await hear(world, account, "refund.failed")
    (again,) = await _of(world, started.order_id)
    assert (again.status, again.refunded.total.amount) == (PurchaseStatus.COMPLETED, 0)
    assert await purchases.owns(world.db, "ada", "abc-123")
    assert await _version(world, again) == version + 1
    assert await sound(world)


async def test_content_that_was_bought_again_is_not_given_back_twice_when_its_refund_fails(
    world: World, account: Account
) -> None:
    started = await start(world, ARTICLE)
    session = await session_of(world, started.id)
    assert (await account.pay(session, "4000000000005126")).status_code == 200
    await checkout.sync(world, session, actor="test")
    await _refund(world, started.order_id)
    await work(world)
    await buy(world, account, ARTICLE)
    await account.advance(86_400 + 60)
    await hear(world, account, "refund.failed")
    (first,) = await _of(world, started.order_id)
    assert first.status == PurchaseStatus.REFUNDED
    assert "purchase.not_restored" in await happened(world, started.order_id)
    assert await sound(world)


async def _version(world: World, purchase: Purchase) -> int:
    async with world.db.transaction("test") as tx:
        return await entitlements.version_of(tx, purchase.customer_id)
