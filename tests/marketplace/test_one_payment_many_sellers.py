"""A cart with things of several sellers is one payment, and one order for each who sells."""

from functools import partial

import pytest
from tests.marketplace.conftest import Market, of
from tests.news import happened, hear, read, sound, work
from tests.worlds import buy, start, unchanged

from farthing import earnings, inventory, ledger, listings, payments, seller_orders, sellers
from farthing.catalog import CartItem
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Invalid, NotFound, OutOfStock
from farthing.ids import ListingId, ShipmentId
from farthing.lifecycles import OrderStatus, SellerFulfillment, SellerOrderStatus
from farthing.money import Money
from farthing.orders import Order
from farthing.payments import WantedLine
from farthing.seller_orders import SellerOrder


def usd(amount: int) -> Money:
    return Money(amount, "usd")


async def parts(market: Market, order: Order) -> list[SellerOrder]:
    return await market.do(lambda tx: seller_orders.of_order(tx, order.id))


async def arrives(id: ShipmentId, tx: Transaction) -> None:
    await seller_orders.move_shipment(tx, id, "deliver")


async def owed(market: Market) -> dict[str, int]:
    found = await market.do(ledger.trial_balance)
    return {each.account: -each.money.amount for each in found if each.kind == "liability" and each.money}


@pytest.mark.covers("S004-14")
async def test_one_payment_becomes_an_order_for_each_seller_and_everybody_has_their_share(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp", 2000)
    vase = await market.lists(market.grace, "vase", 1001)
    novel = await market.lists(market.linus, "novel", 1500, category="books")
    order = await buy(market.world, market.account, of(lamp, 2), of(vase), of(novel), CartItem("bag"))
    assert (order.status, order.total) == (OrderStatus.PAID, usd(7001))
    found = await parts(market, order)
    assert [(part.seller_id, part.number, len(part.lines)) for part in found] == [
        (market.grace.id, f"{order.number}-1", 2),
        (market.linus.id, f"{order.number}-2", 1),
        (None, f"{order.number}-3", 1),
    ]
    assert {part.fulfillment_status for part in found} == {SellerFulfillment.UNFULFILLED}
    assert await owed(market) == {"seller:grace:pending": 3600 + 901, "seller:linus:pending": 1500 - 225 - 30}
    (earned,) = await market.do(lambda tx: earnings.earned(tx, market.grace.id))
    assert (earned.sales, earned.platform_fees, earned.share) == (usd(5001), usd(500), usd(4501))
    stock = await market.do(lambda tx: inventory.get(tx, lamp.stock))
    assert (stock.on_hand, stock.available) == (8, 8)
    assert await sound(market.world)


async def test_each_seller_sends_their_own_in_as_many_parcels_as_they_like(market: Market) -> None:
    lamp, novel = await market.lists(market.grace, "lamp"), await market.lists(market.linus, "novel")
    order = await buy(market.world, market.account, of(lamp, 3), of(novel))
    graces, linuses = await parts(market, order)
    line = graces.lines[0].line_id
    first = await market.do(lambda tx: seller_orders.ship(tx, graces.id, [(line, 1)], carrier="DHL", tracking_number="JD01"))
    assert (await parts(market, order))[0].fulfillment_status == SellerFulfillment.PARTIALLY_SHIPPED
    second = await market.do(lambda tx: seller_orders.ship(tx, graces.id, carrier="dhl", tracking_number="JD02"))
    assert list(second.lines) == [(line, 2)]
    with pytest.raises(Conflict, match="is sent already"):
        await market.do(lambda tx: seller_orders.ship(tx, graces.id, carrier="dhl"))
    for parcel in (first, second, first):
        await market.do(partial(arrives, parcel.id))
    with pytest.raises(Conflict, match="JD01 was delivered already: where its buyer does not have it, give their money back"):
        await market.do(lambda tx: seller_orders.move_shipment(tx, first.id, "lose"))
    with pytest.raises(Conflict, match="JD01 was delivered already: it cannot be that it is on its way now"):
        await market.do(lambda tx: seller_orders.move_shipment(tx, first.id, "move"))
    done, waiting = await parts(market, order)
    assert (done.status, done.fulfillment_status) == (SellerOrderStatus.COMPLETED, SellerFulfillment.DELIVERED)
    assert waiting.status == SellerOrderStatus.CONFIRMED
    with pytest.raises(Conflict, match="another parcel"):
        await market.do(lambda tx: seller_orders.ship(tx, linuses.id, carrier="dhl", tracking_number="JD02"))
    told = [type for type in await happened(market.world, order.id) if type.startswith(("seller_order", "shipment"))]
    sent, came = "seller_order.shipped", "shipment.delivered"
    assert told == [*["seller_order.confirmed"] * 2, sent, sent, came, "seller_order.delivered", came]
    assert await sound(market.world)


async def test_what_goes_back_is_taken_from_everybody_by_their_part(market: Market) -> None:
    lamp, vase = await market.lists(market.grace, "lamp", 2000), await market.lists(market.grace, "vase", 1001)
    order = await buy(market.world, market.account, of(lamp, 2), of(vase))
    lines = {line.name: line.id for line in order.lines}

    async def refund(tx: Transaction) -> None:
        whole = [WantedLine(lines["vase of Grace"])]
        await payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None, lines=whole)
        part = [WantedLine(lines["lamp of Grace"], amount=usd(1000))]
        await payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None, lines=part)

    await market.do(refund)
    await work(market.world)
    await hear(market.world, market.account)
    assert await owed(market) == {"seller:grace:pending": 3600 - 900}
    (part,) = await parts(market, order)
    assert sorted((line.name, line.canceled) for line in part.lines) == [("lamp of Grace", 0), ("vase of Grace", 1)]
    assert (await market.do(lambda tx: inventory.get(tx, vase.stock))).available == 10
    assert await sound(market.world)


async def test_a_refunded_order_is_not_sent(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp")
    order = await buy(market.world, market.account, of(lamp))
    await market.do(lambda tx: payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None))
    await work(market.world)
    await hear(market.world, market.account)
    assert (await read(market.world, order.id)).status == OrderStatus.REFUNDED
    (part,) = await parts(market, order)
    assert (part.status, part.canceled_because) == (SellerOrderStatus.CANCELED, "refunded")
    with pytest.raises(Conflict, match="nothing is sent"):
        await market.do(lambda tx: seller_orders.ship(tx, part.id, carrier="dhl"))
    assert await owed(market) == {}
    assert await sound(market.world)


async def test_what_cannot_be_bought_is_refused_and_nothing_is_written(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp", stock=2)
    draft = await market.do(
        lambda tx: listings.create(
            tx,
            market.world.catalog,
            market.grace.id,
            "draft",
            listings.Wanted(title="A draft", prices=[usd(100)]),
            livemode=False,
        )
    )
    suspended = await market.lists(market.linus, "novel")
    await market.do(lambda tx: sellers.suspend(tx, market.linus.id, "looks strange"))
    wrong: list[tuple[CartItem, type[FarthingError], str]] = [
        (of(lamp, 3), OutOfStock, "only 2 are left"),
        (of(draft), Conflict, "not for sale"),
        (of(suspended), Conflict, "its seller may not sell"),
        (CartItem("", listing=str(ListingId.new())), NotFound, "no listing"),
        (CartItem("", listing="listing_x"), NotFound, "no listing"),
        (CartItem("bag", listing=str(lamp.id)), Conflict, "leave product out"),
        (CartItem("thing"), Invalid, "Say which listing"),
        (of(lamp, 11), Invalid, f"at most 10 of {lamp.title}"),
    ]
    async with unchanged(market.world):
        for item, refusal, said in wrong:
            with pytest.raises(refusal, match=said) as refused:
                await start(market.world, item)
            assert "items" in str(refused.value.param), item
    with pytest.raises(Conflict, match="a listing 'lamp' already"):
        await market.lists(market.grace, "lamp")


async def test_what_runs_out_is_called_as_its_seller_calls_it_now(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp", stock=2)
    wanted = listings.Wanted(title="A lamp of brass")
    await market.do(lambda tx: listings.change(tx, market.world.catalog, lamp.id, wanted))
    assert (await market.do(lambda tx: inventory.get(tx, lamp.stock))).name == "A lamp of brass"
    async with unchanged(market.world):
        with pytest.raises(OutOfStock, match="A lamp of brass: only 2 are left"):
            await start(market.world, of(lamp, 3))


async def test_the_price_of_a_cart_is_the_sellers_price_of_now(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp", 2000)
    started = await start(market.world, of(lamp))
    changed = listings.Wanted(prices=[usd(9900)])
    await market.do(lambda tx: listings.change(tx, market.world.catalog, lamp.id, changed))
    assert (await read(market.world, started.order_id)).total == usd(2000)
    later = await start(market.world, of(lamp))
    assert (await read(market.world, later.order_id)).total == usd(9900)
