"""Fifty times at the same moment: a parcel leaves or its order is called off, an order is paid or canceled; never both."""

from collections import Counter
from itertools import count

import pytest
from tests.marketplace.conftest import Market, of
from tests.marketplace.test_canceling import POLICY, arrive, left
from tests.marketplace.test_one_payment_many_sellers import owed, parts
from tests.news import sound
from tests.races.rounds import ROUNDS, both, every, paid, payable, placed, rounds, statuses

from farthing import cancellations, checkout, payments, returns, seller_orders
from farthing.returns import Asked

pytestmark = pytest.mark.timeout(600)


@pytest.mark.covers("S004-16")
async def test_a_parcel_leaves_or_its_order_is_called_off_and_never_both(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp", 2000, stock=ROUNDS)
    numbers = count()

    async def race() -> tuple[str, str]:
        order, _ = await paid(market.world, of(lamp))
        (part,) = await parts(market, order)
        number = f"JD{next(numbers)}"
        ship = market.do(lambda tx: seller_orders.ship(tx, part.id, carrier="dhl", tracking_number=number))
        return await both(ship, market.do(lambda tx: cancellations.cancel(tx, part.id, party="buyer", policy=POLICY)))

    ends = await rounds(race)
    sent, off = ends["Shipment", "Conflict"], ends["Conflict", "Cancellation"]
    assert sent + off == ROUNDS, ends
    await arrive(market)
    assert await statuses(market.world) == +Counter({"paid: succeeded": sent, "refunded: succeeded": off})
    assert await left(market, lamp.stock) == (off, off)
    assert await owed(market) == ({"seller:grace:pending": 1800 * sent} if sent else {})
    back = [refund for refund in await every(market.account, "/v1/refunds") if refund["status"] == "succeeded"]
    assert sum(refund["amount"] for refund in back) == 2000 * off
    assert await sound(market.world)


@pytest.mark.covers("F40", "S004-16")
async def test_an_order_is_paid_or_called_off_and_no_money_stays_without_an_order(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp", 2000, stock=ROUNDS)
    world = market.world

    async def race() -> tuple[str, str]:
        order = await placed(world, of(lamp))
        intent = await checkout.open_intent(world, order.id, actor="test")
        paying = payments.confirm(world, intent.payment.id, method="pm_card_visa", actor="buyer")
        return await both(paying, checkout.call_off(world, order.id, actor="buyer", party="buyer"))

    ends = await rounds(race)
    assert ends.total() == ROUNDS
    await arrive(market)
    found = await statuses(world)
    assert set(found) <= {"paid: succeeded", "canceled: canceled", "refunded: succeeded"}, (ends, found)
    kept = found["paid: succeeded"]
    assert await left(market, lamp.stock) == (ROUNDS - kept, ROUNDS - kept)
    assert await owed(market) == ({"seller:grace:pending": 1800 * kept} if kept else {})
    taken = sum(each["amount"] - each["amount_refunded"] for each in await every(market.account, "/v1/charges") if each["paid"])
    assert (taken, await payable(market.account)) == (2000 * kept, 0)
    assert await sound(world)


async def test_units_are_asked_back_once_however_many_ask_at_the_same_moment(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp", 2000, stock=10)
    order, _ = await paid(market.world, of(lamp, 10))
    (part,) = await parts(market, order)
    parcel = await market.do(lambda tx: seller_orders.ship(tx, part.id, carrier="dhl"))
    await market.do(lambda tx: seller_orders.move_shipment(tx, parcel.id, "deliver"))
    asked = [Asked(part.lines[0].line_id, 1, "changed_mind")]

    async def race() -> tuple[str, str]:
        return await both(
            market.do(lambda tx: returns.request(tx, part.id, asked, policy=POLICY)),
            market.do(lambda tx: returns.request(tx, part.id, asked, policy=POLICY)),
        )

    ends = await rounds(race)
    assert sum(count * (end[0] == "Return") + count * (end[1] == "Return") for end, count in ends.items()) == 10
    (part,) = await parts(market, order)
    assert (part.lines[0].to_return, part.lines[0].returnable) == (10, 0)
    assert await sound(market.world)
