"""What is not sent yet can be called off, by quantity: its money, its stock and its seller's share follow at once."""

from collections.abc import Sequence

import pytest
from tests.marketplace.conftest import Market, of
from tests.marketplace.test_one_payment_many_sellers import owed, parts, usd
from tests.marketplace.test_paying_sellers import delivered
from tests.news import happened, hear, read, sound, work
from tests.worlds import buy, unchanged

from farthing import cancellations, events, inventory, orders, payments, refunds, seller_orders
from farthing.cancellations import Cancellation
from farthing.catalog import CartItem, RefundPolicy, ReturnPolicy
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, Forbidden, Invalid, NotFound
from farthing.ids import LineItemId, SellerOrderId
from farthing.lifecycles import OrderStatus, RefundStatus, SellerFulfillment, SellerOrderStatus
from farthing.refunds import Judge
from farthing.seller_orders import Party, SellerOrder

POLICY = ReturnPolicy()


async def cancel(
    market: Market,
    part: SellerOrder,
    *lines: tuple[LineItemId, int],
    party: Party = "buyer",
    reason: str | None = None,
    policy: ReturnPolicy = POLICY,
    judge: Judge | None = None,
) -> Cancellation:
    async def act(tx: Transaction) -> Cancellation:
        return await cancellations.cancel(
            tx, part.id, list(lines) or None, party=party, reason=reason, policy=policy, judge=judge
        )

    return await market.do(act)


async def refund_of(market: Market, made: Cancellation) -> payments.Refund:
    id = made.refund_id
    assert id is not None
    return await market.do(lambda tx: payments.get_refund(tx, id))


async def left(market: Market, sku: str) -> tuple[int, int]:
    stock = await market.do(lambda tx: inventory.get(tx, sku))
    return stock.on_hand, stock.available


async def arrive(market: Market) -> None:
    await work(market.world)
    await hear(market.world, market.account)


@pytest.mark.covers("S004-2", "S004-16", "S004-20")
async def test_some_units_are_called_off_and_all_that_hangs_on_them_follows_to_the_unit(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp", 1001)
    order = await buy(market.world, market.account, of(lamp, 3))
    (part,) = await parts(market, order)
    line = part.lines[0].line_id
    assert (await left(market, lamp.stock), await owed(market)) == ((7, 7), {"seller:grace:pending": 2703})
    first = await cancel(market, part, (line, 1))
    assert (first.party, first.actor, list(first.lines)) == ("buyer", "test", [(line, 1)])
    assert (await refund_of(market, first)).money == usd(1001)
    (part,) = await parts(market, order)
    assert (part.lines[0].canceled, part.lines[0].to_ship, part.fulfillment_status) == (1, 2, SellerFulfillment.UNFULFILLED)
    assert await left(market, lamp.stock) == (8, 8)
    assert await owed(market) == {"seller:grace:pending": 1802, "refunds:owed": 1001}
    await market.do(lambda tx: seller_orders.ship(tx, part.id, [(line, 1)], carrier="dhl"))
    with pytest.raises(Conflict, match="1 are left to cancel, not 2"):
        await cancel(market, part, (line, 2))
    await cancel(market, part, party="seller", reason="the last one fell from the shelf")
    with pytest.raises(Conflict, match="is sent already"):
        await cancel(market, part)
    await arrive(market)
    (part,) = await parts(market, order)
    assert (part.lines[0].canceled, part.fulfillment_status) == (2, SellerFulfillment.SHIPPED)
    assert (await read(market.world, order.id)).payment_status == "partially_refunded"
    assert (await owed(market), await left(market, lamp.stock)) == ({"seller:grace:pending": 901}, (9, 9))
    told = [type for type in await happened(market.world, order.id) if type == "seller_order.units_canceled"]
    assert len(told) == 2
    trail = [e for e in await market.do(lambda tx: events.of_order(tx, order.id)) if e.type == "seller_order.units_canceled"]
    assert [(e.actor, e.data["party"], e.data["reason"], e.data["line_items"][0]["quantity"]) for e in trail] == [
        ("test", "buyer", None, 1),
        ("test", "seller", "the last one fell from the shelf", 1),
    ]
    assert [each.reason for each in await market.do(lambda tx: cancellations.of_order(tx, order.id))] == [
        None,
        "the last one fell from the shelf",
    ]
    assert await sound(market.world)


@pytest.mark.covers("S004-8")
async def test_a_whole_order_is_called_off_before_anything_of_it_is_sent(market: Market) -> None:
    lamp, novel = await market.lists(market.grace, "lamp"), await market.lists(market.linus, "novel", 1500)
    order = await buy(market.world, market.account, of(lamp, 2), of(novel))

    async def all_of_it(tx: Transaction) -> list[Cancellation]:
        return await cancellations.cancel_order(tx, order.id, party="buyer", policy=POLICY)

    assert len(await market.do(all_of_it)) == 2
    await arrive(market)
    assert (await read(market.world, order.id)).status == OrderStatus.REFUNDED
    assert {(part.status, part.canceled_because) for part in await parts(market, order)} == {
        (SellerOrderStatus.CANCELED, "canceled by the buyer")
    }
    assert (await left(market, lamp.stock), await left(market, novel.stock), await owed(market)) == ((10, 10), (10, 10), {})
    with pytest.raises(Conflict, match="nothing is sent"):
        await market.do(lambda tx: _ship(tx, order.id))
    assert await market.do(all_of_it) == []
    assert await sound(market.world)


async def _ship(tx: Transaction, order: orders.Order | object) -> None:
    (part, _) = await seller_orders.of_order(tx, order)  # type: ignore[arg-type]
    await seller_orders.ship(tx, part.id, carrier="dhl")


async def test_what_was_given_back_before_does_not_go_back_again(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp", 2000)
    order = await buy(market.world, market.account, of(lamp, 2), CartItem("bag"))
    part, _ = await parts(market, order)
    line = part.lines[0].line_id

    async def goodwill(tx: Transaction) -> None:
        some = [payments.WantedLine(line, amount=usd(2500))]
        await payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None, lines=some)

    await market.do(goodwill)
    made = await cancel(market, part)
    assert made.refund_id is not None
    assert sum(r.money.amount for r in await market.do(lambda tx: payments.refunds_of_order(tx, order.id))) == 4000
    await arrive(market)
    assert (await owed(market), await left(market, lamp.stock)) == ({}, (10, 10))
    assert await sound(market.world)


async def test_what_is_called_off_stays_so_where_the_bank_returns_its_money(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp")
    order = await buy(market.world, market.account, of(lamp, 2), CartItem("bag"))
    part, _ = await parts(market, order)
    made = await cancel(market, part)
    await arrive(market)

    failed = await refund_of(market, made)

    async def fails(tx: Transaction) -> None:
        await payments.refunds.refuse(tx, failed.id, "the account is closed")

    await market.do(fails)
    assert (await refund_of(market, made)).status == RefundStatus.FAILED
    part, _ = await parts(market, order)
    assert (part.status, part.lines[0].canceled) == (SellerOrderStatus.CANCELED, 2)
    assert await left(market, lamp.stock) == (10, 10)
    again = await market.do(lambda tx: refunds.retry(tx, failed.id, role="server", policy=RefundPolicy()))
    assert (again.money, await owed(market)) == (usd(4000), {"refunds:owed": 4000})
    assert await sound(market.world)


async def test_who_may_not_cancel_is_refused_and_nothing_is_written(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp", 2000)
    order = await buy(market.world, market.account, of(lamp, 2))
    (part,) = await parts(market, order)
    line = part.lines[0].line_id
    limited = Judge("server", RefundPolicy(second_person_above={"usd": usd(100)}))
    wrong: Sequence[tuple[dict[str, object], Sequence[tuple[LineItemId, int]], type[FarthingError], str]] = [
        ({"party": "seller"}, [], Invalid, "Say why"),
        ({"policy": ReturnPolicy(buyer_cancels=False)}, [], Forbidden, "not called off by buyers"),
        ({}, [(line, 3)], Conflict, "2 are left to cancel"),
        ({}, [(line, 0)], Invalid, "at least 1"),
        ({}, [(line, 1), (line, 1)], Invalid, "each once"),
        ({}, [(LineItemId.new(), 1)], NotFound, "no line item"),
        ({"reason": "x" * 501}, [], Invalid, "at most 500"),
        ({"party": "platform", "judge": limited}, [], Conflict, "two people"),
    ]
    async with unchanged(market.world):
        for more, lines, refusal, said in wrong:
            with pytest.raises(refusal, match=said):
                await cancel(market, part, *lines, **more)  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            await market.do(lambda tx: cancellations.cancel(tx, SellerOrderId.new(), party="platform", policy=POLICY))
    await delivered(market, order)
    async with unchanged(market.world):
        with pytest.raises(Conflict, match="nothing of it is left to cancel"):
            await cancel(market, part, party="platform")
