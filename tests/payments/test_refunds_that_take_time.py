"""Banks take days for a refund, and sometimes send it back. The sandbox's clock moves, so each test has one of its own."""

import pytest
from tests.news import hear, read, sound, work
from tests.payments.looks import back, balances, holds, payment_of, refund, refund_lines, refunds_of
from tests.worlds import Account, Sandbox, lone_sandbox, session_of, start, unchanged

from farthing import checkout, entitlements
from farthing.catalog import CartItem
from farthing.errors import Conflict
from farthing.lifecycles import OrderStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import WantedLine
from farthing.world import World

__all__ = ["lone_sandbox"]

PENDING_REFUND_CARD = "4000000000007726"
FAILING_REFUND_CARD = "4000000000005126"


@pytest.fixture
def sandbox(lone_sandbox: Sandbox) -> Sandbox:
    return lone_sandbox


async def pay_with(world: World, account: Account, card: str) -> Order:
    started = await start(world)
    session = await session_of(world, started.id)
    assert (await account.pay(session, card)).status_code == 200
    await checkout.sync(world, session, actor="test")
    return await read(world, started.order_id)


async def test_a_refund_that_the_bank_takes_time_for_is_pending_until_it_is_there(world: World, account: Account) -> None:
    order = await pay_with(world, account, PENDING_REFUND_CARD)
    await refund(world, order.id)
    await work(world)
    payment = await payment_of(world, order.id)
    assert (payment.refunding_amount, payment.refunded_amount) == (4900, 0)
    assert [each.status for each in await refunds_of(world, order.id)] == ["pending"]
    assert (await read(world, order.id)).status == OrderStatus.PAID
    assert await holds(world), "nothing is back yet"
    async with unchanged(world):
        with pytest.raises(Conflict, match="left to refund"):
            await refund(world, order.id)
    assert await sound(world)

    await account.advance(86_400 + 60)
    await hear(world, account, "refund.updated")
    assert [each.status for each in await refunds_of(world, order.id)] == ["succeeded"]
    assert (await read(world, order.id)).status == OrderStatus.REFUNDED
    assert not await holds(world)
    assert await sound(world)


@pytest.mark.covers("F16")
async def test_a_refund_that_the_bank_returns_gives_the_order_back_what_it_lost(world: World, account: Account) -> None:
    order = await pay_with(world, account, FAILING_REFUND_CARD)
    await refund(world, order.id)
    await work(world)
    assert (await read(world, order.id)).status == OrderStatus.REFUNDED
    assert not await holds(world)

    await account.advance(86_400 + 60)
    await hear(world, account, "refund.failed")
    (returned,) = await refunds_of(world, order.id)
    assert (returned.status, returned.failure_reason) == ("failed", "lost_or_stolen_card")
    payment = await payment_of(world, order.id)
    assert (payment.refunding_amount, payment.refunded_amount, payment.refundable) == (0, 0, Money(4900, "eur"))
    restored = await read(world, order.id)
    assert (restored.status, restored.closed_at, restored.paid_at) == (OrderStatus.PAID, None, order.paid_at)
    assert await holds(world)
    books = await balances(world)
    assert (books["sales"], books.get("refunds", 0), books.get("refunds:owed", 0)) == (-4900, 0, 0)
    async with unchanged(world):
        await hear(world, account, "refund.created")
    assert await sound(world)


@pytest.mark.covers("F16")
async def test_a_line_whose_refund_the_bank_returns_is_restored_and_no_other(world: World, account: Account) -> None:
    started = await start(world, CartItem("guide"), CartItem("club"))
    assert (await account.pay(await session_of(world, started.id), FAILING_REFUND_CARD)).status_code == 200
    await checkout.sync(world, await session_of(world, started.id), actor="test")
    order = await read(world, started.order_id)
    await refund_lines(world, order.id, WantedLine(order.lines[0].id))
    await work(world)
    await account.advance(80_000)
    await refund_lines(world, order.id, WantedLine(order.lines[1].id))
    await work(world)
    assert (await read(world, order.id)).status == OrderStatus.REFUNDED
    await account.advance(7_000)
    await hear(world, account)
    assert (await read(world, order.id)).status == OrderStatus.PAID
    assert await holds(world)
    assert not await entitlements.check(world.db, "ada", "club:stories")
    assert await back(world, order) == [("guide", 0, 0), ("club", 2400, 1)]
    assert await sound(world)
