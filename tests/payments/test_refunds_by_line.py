"""A line goes back, or some of it: the buyer gets what it cost, and only that line loses what it granted."""

import pytest
from tests.news import hear, read, sound, work
from tests.payments.looks import back, holds, payment_of, refund_lines
from tests.worlds import Account, buy, unchanged

from farthing import payments
from farthing.catalog import CartItem
from farthing.errors import Conflict
from farthing.lifecycles import OrderStatus
from farthing.money import Money
from farthing.payments import WantedLine
from farthing.world import World


@pytest.mark.covers("S000-20", "S000-41", "F14")
async def test_a_line_that_went_back_whole_is_revoked_and_the_rest_of_the_order_stays(world: World, account: Account) -> None:
    order = await buy(world, account, CartItem("guide"), CartItem("mug", 3))
    guide, mugs = order.lines
    made = await refund_lines(world, order.id, WantedLine(guide.id), WantedLine(mugs.id, quantity=1))
    assert made.money == Money(4900 + 1250, "eur")
    assert await holds(world), "nothing is back yet"
    await work(world)
    assert await back(world, order) == [("guide", 4900, 1), ("mug", 1250, 1)]
    assert not await holds(world)
    assert (await read(world, order.id)).status == OrderStatus.PAID
    await hear(world, account)
    assert await sound(world)

    await refund_lines(world, order.id, WantedLine(mugs.id))
    await work(world)
    assert (await read(world, order.id)).status == OrderStatus.REFUNDED
    assert await back(world, order) == [("guide", 4900, 1), ("mug", 3750, 3)]
    assert await sound(world)


async def test_part_of_a_line_takes_nothing_away_from_its_buyer(world: World, account: Account) -> None:
    order = await buy(world, account)
    await refund_lines(world, order.id, WantedLine(order.lines[0].id, amount=Money(4899, "eur")))
    await work(world)
    assert await holds(world)
    assert await sound(world)


@pytest.mark.covers("D5", "F13")
async def test_an_amount_is_spread_over_the_lines_whoever_gives_it_back(world: World, account: Account) -> None:
    order = await buy(world, account, CartItem("guide"), CartItem("mug", 2))
    payment = (await payment_of(world, order.id)).provider_payment_id
    for amount in ("1000", "2000"):
        form = {"payment_intent": str(payment), "amount": amount}
        (await account.http.post("/v1/refunds", data=form)).raise_for_status()
    await hear(world, account)
    assert await back(world, order) == [("guide", 1986, 0), ("mug", 1014, 0)]
    assert (await read(world, order.id)).status == OrderStatus.PAID
    await refund_lines(world, order.id, WantedLine(order.lines[1].id))
    async with world.db.transaction("staff:1") as tx:
        await payments.refund_order(tx, order.id, None, reason="duplicate", note=None)
    await work(world)
    assert await back(world, order) == [("guide", 4900, 1), ("mug", 2500, 2)]
    assert (await read(world, order.id)).status == OrderStatus.REFUNDED
    assert await sound(world)


@pytest.mark.covers("F15", "F41")
async def test_the_database_itself_refuses_more_of_a_line_than_was_bought(world: World, account: Account) -> None:
    order = await buy(world, account, CartItem("mug", 2), CartItem("guide"))
    mugs = order.lines[0]
    await refund_lines(world, order.id, WantedLine(mugs.id, quantity=2, amount=Money(2000, "eur")))
    async with unchanged(world):
        with pytest.raises(Conflict, match="has 0 left to give back, not 1"):
            await refund_lines(world, order.id, WantedLine(mugs.id, quantity=1))
        with pytest.raises(Exception, match="line_items_not_more_than_paid"):
            await _set(world, "UPDATE line_items SET refunded_amount = 501 WHERE product = 'mug'")
        with pytest.raises(Exception, match="line_items_not_more_than_bought"):
            await _set(world, "UPDATE line_items SET refunded_quantity = 1 WHERE product = 'mug'")
    await work(world)
    assert await back(world, order) == [("mug", 2000, 2), ("guide", 0, 0)]
    assert await sound(world)


async def _set(world: World, sql: str) -> None:
    async with world.db.connection() as connection:
        await connection.execute(sql.encode())
