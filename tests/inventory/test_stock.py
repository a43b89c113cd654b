"""Stock by what people say of it, and by what is sold."""

import asyncio
from datetime import timedelta

import pytest
from tests.inventory.conftest import do, left, stock
from tests.news import happened, hear, read, sound, work
from tests.races.rounds import ROUNDS
from tests.worlds import Account, buy, session_of, start, unchanged

from farthing import checkout, inventory, payments
from farthing.catalog import CartItem
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Invalid, NotFound, OutOfStock
from farthing.http.idempotency import Key
from farthing.lifecycles import OrderStatus
from farthing.orders import Order
from farthing.world import World


async def bought(world: World, account: Account, product: str, quantity: int = 1) -> Order:
    return await buy(world, account, CartItem(product, quantity))


async def test_what_is_paid_leaves_the_shelf(shop: World, account: Account) -> None:
    await stock(shop, "LAMP-1", 5)
    started = await start(shop, CartItem("lamp", 2))
    assert await left(shop, "LAMP-1") == (5, 2, 0)
    order = await bought(shop, account, "lamp", 3)
    assert order.status == OrderStatus.PAID
    assert await left(shop, "LAMP-1") == (2, 2, 0)
    await checkout.cancel_order(shop, started.order_id, actor="test")
    assert await left(shop, "LAMP-1") == (2, 0, 0)
    assert await sound(shop)


@pytest.mark.covers("F75")
async def test_more_than_there_is_cannot_be_ordered_and_nothing_is_written(shop: World) -> None:
    await stock(shop, "LAMP-1", 2)
    async with unchanged(shop):
        with pytest.raises(OutOfStock, match="Lamp-1: only 2 are left") as refused:
            await start(shop, CartItem("lamp", 3))
        with pytest.raises(OutOfStock):
            await start(shop, CartItem("lamp", 2), CartItem("lamp", 1, {"colour": "red"}))
        with pytest.raises(NotFound, match="no stock of 'vase'"):
            await start(shop, CartItem("vase"))
    assert refused.value.extra == {"sku": "LAMP-1", "available": 2}


async def test_whoever_got_the_last_one_and_asks_again_with_their_key_hears_of_their_own_order(shop: World) -> None:
    await stock(shop, "vase", 1)
    first = await start(shop, CartItem("vase"), key=Key.of("ada", "first", "vase"))
    again = await start(shop, CartItem("vase"), key=Key.of("ada", "first", "vase"))
    assert (again.order_id, again.url) == (first.order_id, first.url)
    with pytest.raises(OutOfStock):
        await start(shop, CartItem("vase"), key=Key.of("ada", "second", "vase"))


async def test_what_nobody_counts_never_runs_out(shop: World, account: Account) -> None:
    assert (await bought(shop, account, "card", 10)).status == OrderStatus.PAID


@pytest.mark.covers("S000-55", "F44")
async def test_the_last_one_is_sold_once_however_many_want_it(shop: World) -> None:
    await stock(shop, "vase", 0)
    for round_ in range(ROUNDS):
        await do(shop, lambda tx: inventory.receive(tx, "vase", 1))
        tries = (start(shop, CartItem("vase"), buyer=checkout.Buyer(f"{round_}-{n}")) for n in range(5))
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(answer, checkout.Started) for answer in answers) == 1
        assert sum(isinstance(answer, OutOfStock) for answer in answers) == 4
    assert await left(shop, "vase") == (ROUNDS, ROUNDS, 0)
    assert await sound(shop)


@pytest.mark.covers("F47")
async def test_carts_in_opposite_order_do_not_wait_for_each_other(shop: World) -> None:
    await stock(shop, "vase", 40)
    await stock(shop, "LAMP-1", 40)
    carts = [[CartItem("vase"), CartItem("lamp")], [CartItem("lamp"), CartItem("vase")]] * 8
    await asyncio.gather(*(start(shop, *cart, buyer=checkout.Buyer(str(n))) for n, cart in enumerate(carts)))
    assert await left(shop, "vase") == (40, 16, 0)


async def test_what_is_refunded_in_full_is_on_the_shelf_again(shop: World, account: Account) -> None:
    await stock(shop, "LAMP-1", 5)
    order = await bought(shop, account, "lamp", 3)
    await do(shop, lambda tx: payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None))
    await work(shop)
    await hear(shop, account)
    assert (await read(shop, order.id)).status == OrderStatus.REFUNDED
    assert await left(shop, "LAMP-1") == (5, 0, 0)
    assert "stock.returned" in await happened(shop, order.id)
    assert await sound(shop)


async def test_what_is_to_come_is_sold_and_served_in_turn_when_it_comes(shop: World, account: Account) -> None:
    await stock(shop, "LAMP-1", 1, policy="backorder", backorder_max=6)
    first = await bought(shop, account, "lamp", 3)
    waiting = await start(shop, CartItem("lamp", 2))
    second = await bought(shop, account, "lamp", 2)
    assert await left(shop, "LAMP-1") == (0, 0, 6)
    with pytest.raises(OutOfStock):
        await start(shop, CartItem("lamp", 1))
    await do(shop, lambda tx: inventory.receive(tx, "LAMP-1", 3, reference="note 7"))
    assert not await do(shop, lambda tx: inventory.receive(tx, "LAMP-1", 3, reference="note 7"))
    # Paid ones first: the two of the first order, then one of the second's.
    assert (await happened(shop, first.id)).count("stock.arrived") == 1
    assert (await happened(shop, second.id)).count("stock.arrived") == 1
    assert await left(shop, "LAMP-1") == (0, 0, 3)
    await do(shop, lambda tx: inventory.receive(tx, "LAMP-1", 10))
    assert await left(shop, "LAMP-1") == (9, 2, 0)
    await checkout.cancel_order(shop, waiting.order_id, actor="test")
    assert await left(shop, "LAMP-1") == (9, 0, 0)
    assert await sound(shop)


@pytest.mark.parametrize(
    ("product", "price", "ends"), [("vase", 2500, "expired"), ("clock", 9000, "paid"), ("chair", 7000, "paid")]
)
@pytest.mark.covers("F45")
async def test_money_that_comes_after_the_last_one_is_gone_does_what_the_product_says(
    shop: World, account: Account, product: str, price: int, ends: str
) -> None:
    await stock(shop, product, 1)
    late = await start(shop, CartItem(product))

    async def time_is_over(tx: Transaction) -> None:
        await inventory.extend(tx, late.order_id, tx.now - timedelta(minutes=16))

    await do(shop, time_is_over)
    assert await checkout.let_stock_go(shop) == 1
    assert await left(shop, product) == (1, 0, 0)
    await bought(shop, account, product)
    await account.pay(await session_of(shop, late.id))
    await hear(shop, account)
    await work(shop)
    await hear(shop, account)
    order = await read(shop, late.order_id)
    told = await happened(shop, late.order_id)
    if product == "vase":
        assert "payment.surplus" in told
        assert "refund.succeeded" in told
        assert order.paid_at is None
    else:
        assert order.status == OrderStatus.PAID
        assert ("stock.short" in told) == (product == "clock")
    assert (await left(shop, product))[2] == (1 if product == "chair" else 0)
    assert await sound(shop)


async def test_little_is_told_once_until_there_is_more(shop: World, account: Account) -> None:
    await stock(shop, "LAMP-1", 4, low_at=2)
    await bought(shop, account, "lamp", 2)
    await bought(shop, account, "lamp", 1)
    assert (await happened(shop)).count("stock.low") == 1
    await do(shop, lambda tx: inventory.receive(tx, "LAMP-1", 3))
    await bought(shop, account, "lamp", 2)
    assert (await happened(shop)).count("stock.low") == 2


async def test_what_is_gone_stands_among_what_is_nearly_gone(shop: World, account: Account) -> None:
    await stock(shop, "LAMP-1", 1)
    assert not (await do(shop, lambda tx: inventory.list_items(tx, after=None, limit=9, low=True))).items
    await bought(shop, account, "lamp", 1)
    (gone,) = (await do(shop, lambda tx: inventory.list_items(tx, after=None, limit=9, low=True))).items
    assert (gone.sku, gone.available) == ("LAMP-1", 0)


async def test_what_orders_hold_can_be_neither_lost_nor_carried_away(shop: World) -> None:
    await stock(shop, "LAMP-1", 3)
    await stock(shop, "LAMP-1", 2, location="cellar")
    await start(shop, CartItem("lamp", 3))
    acts = (
        lambda tx: inventory.lose(tx, "LAMP-1", 1, reason="broken"),
        lambda tx: inventory.carry(tx, "LAMP-1", 1, source="main", target="cellar"),
        lambda tx: inventory.count(tx, "LAMP-1", 2),
    )
    async with unchanged(shop):
        for act in acts:
            with pytest.raises(Conflict, match="orders hold 3: none can be taken"):
                await do(shop, act)
    await do(shop, lambda tx: inventory.carry(tx, "LAMP-1", 2, source="cellar", target="main"))
    assert await do(shop, lambda tx: inventory.count(tx, "LAMP-1", 6, reason="the year's end")) == 1
    await do(shop, lambda tx: inventory.lose(tx, "LAMP-1", 2, reason="broken"))
    page = await do(shop, lambda tx: inventory.movements(tx, "LAMP-1", before=None, limit=10))
    told = [(move.kind, move.location, move.quantity) for move in page.items]
    assert told == [
        ("lost", "main", -2),
        ("counted", "main", 1),
        ("moved", "main", 2),
        ("moved", "cellar", -2),
        ("received", "cellar", 2),
        ("received", "main", 3),
    ]
    assert await sound(shop)


async def test_where_none_lies_nobody_is_told_that_orders_hold_it(shop: World) -> None:
    await stock(shop, "LAMP-1", 3)
    await stock(shop, "LAMP-1", 2, location="cellar")
    await do(shop, lambda tx: inventory.count(tx, "LAMP-1", 0))
    async with unchanged(shop):
        with pytest.raises(Conflict, match=r"None of .* \(LAMP-1\) lies in main: there are 2 in cellar\.$"):
            await do(shop, lambda tx: inventory.lose(tx, "LAMP-1", 1, reason="broken"))
        with pytest.raises(Conflict, match=r"Of .* \(LAMP-1\) only 2 lie in cellar\.$"):
            await do(shop, lambda tx: inventory.carry(tx, "LAMP-1", 3, source="cellar", target="main"))


async def test_what_makes_no_sense_is_refused(shop: World) -> None:
    await stock(shop, "LAMP-1", 3)
    wrong = (
        (lambda tx: inventory.receive(tx, "LAMP-1", 0), Invalid),
        (lambda tx: inventory.receive(tx, "LAMP-1", True), Invalid),
        (lambda tx: inventory.receive(tx, "NONE", 1), NotFound),
        (lambda tx: inventory.receive(tx, "LAMP-1", 1, location="moon"), NotFound),
        (lambda tx: inventory.define(tx, "LAMP-1", "Lamp", backorder_max=3), Invalid),
        (lambda tx: inventory.carry(tx, "LAMP-1", 1, source="main", target="main"), Invalid),
        (lambda tx: inventory.count(tx, "LAMP-1", -1), Invalid),
    )
    async with unchanged(shop):
        for act, refusal in wrong:
            with pytest.raises(FarthingError) as refused:
                await do(shop, act)
            assert type(refused.value) is refusal
