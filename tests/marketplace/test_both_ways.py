"""Nobody has the thing and its money, whatever they ask for in which order; and nothing is sent that was paid back."""

import pytest
from structlog.testing import capture_logs
from tests.marketplace.conftest import Market, of
from tests.marketplace.test_canceling import cancel
from tests.marketplace.test_one_payment_many_sellers import owed, parts, usd
from tests.marketplace.test_paying_sellers import AVAILABLE_AT_ONCE, earned, settle
from tests.news import hear, sound, work
from tests.worlds import buy

from farthing import cancellations, erasure, payments, payouts, refunds, seller_orders, sellers
from farthing.catalog import RefundPolicy
from farthing.db import Transaction
from farthing.errors import Conflict
from farthing.ids import OrderId
from farthing.lifecycles import RefundRequestStatus, SellerFulfillment, SellerOrderStatus
from farthing.payments import Refund, WantedLine
from farthing.payouts import bank_actions, banks
from farthing.refunds import RefundRequest, Wanted

AUTO = RefundPolicy(window_days=14, auto_approve=True)


async def ask(market: Market, order: OrderId, *lines: WantedLine) -> RefundRequest:
    """As its buyer does, on their own pages."""

    async def work_(tx: Transaction) -> RefundRequest:
        wanted = Wanted(lines=lines)
        return await refunds.request(
            tx, order, wanted, reason="requested_by_customer", message=None, policy=AUTO, by_buyer=True
        )

    return await market.world.db.run("customer:ada", work_)


async def test_who_has_the_lamp_does_not_get_its_price_back_on_their_own_word(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp")
    sent = await buy(market.world, market.account, of(lamp, 2))
    (part,) = await parts(market, sent)
    line = part.lines[0].line_id
    await market.do(lambda tx: seller_orders.ship(tx, part.id, [(line, 1)], carrier="dhl"))
    waits = await ask(market, sent.id)
    assert (waits.status, waits.money) == (RefundRequestStatus.REQUESTED, usd(4000))
    unsent = await buy(market.world, market.account, of(lamp, 2))
    (part,) = await parts(market, unsent)
    line = part.lines[0].line_id
    some = await ask(market, unsent.id, WantedLine(line, 1))
    assert some.status == RefundRequestStatus.REQUESTED, "both would still be sent"
    await market.world.db.run("customer:ada", lambda tx: refunds.withdraw(tx, some.id))
    assert (await ask(market, unsent.id)).status == RefundRequestStatus.APPROVED
    # The bank has not answered yet, and its seller is quick.
    with pytest.raises(Conflict, match="goes back"):
        await market.do(lambda tx: seller_orders.ship(tx, part.id, carrier="dhl"))
    await work(market.world)
    await hear(market.world, market.account)
    assert (await parts(market, unsent))[0].status == SellerOrderStatus.CANCELED
    assert await sound(market.world)


async def test_what_was_refunded_stays_unsent_where_its_money_is_returned_after_the_rest_arrived(market: Market) -> None:
    lamp, vase = await market.lists(market.grace, "lamp"), await market.lists(market.grace, "vase", 3000)
    order = await buy(market.world, market.account, of(lamp), of(vase))
    first = order.lines[0].id

    async def refund(tx: Transaction) -> Refund:
        lines = [WantedLine(first)]
        return await payments.refund_order(tx, order.id, None, reason="requested_by_customer", note=None, lines=lines)

    made = await market.do(refund)
    await work(market.world)
    await hear(market.world, market.account)
    (part,) = await parts(market, order)
    parcel = await market.do(lambda tx: seller_orders.ship(tx, part.id, carrier="dhl"))
    await market.do(lambda tx: seller_orders.move_shipment(tx, parcel.id, "deliver"))
    await market.do(lambda tx: payments.refunds.refuse(tx, made.id, "the account is closed"))
    (part,) = await parts(market, order)
    assert (part.status, part.fulfillment_status) == (SellerOrderStatus.COMPLETED, SellerFulfillment.DELIVERED)
    assert [line.to_ship for line in part.lines] == [0, 0]
    again = await market.do(lambda tx: refunds.retry(tx, made.id, role="server", policy=RefundPolicy()))
    assert (again.money, await owed(market)) == (usd(2000), {"refunds:owed": 2000, "seller:grace:pending": 2700})
    assert await sound(market.world)


async def test_two_who_look_at_once_do_not_send_the_same_money_to_the_bank_twice(market: Market) -> None:
    await earned(market, card=AVAILABLE_AT_ONCE)
    await settle(market)
    looked = await market.do(lambda tx: banks.marks(tx, market.grace.id))
    await payouts.pay_out(market.world, market.grace.id, usd(800), actor="test")
    await work(market.world)
    with pytest.raises(Conflict, match="went to their bank meanwhile"):
        await market.do(lambda tx: bank_actions.want(tx, market.grace.id, usd(1000), usd(1800), seen=looked))
    assert (await payouts.pay_out(market.world, market.grace.id, actor="test")).money == usd(1000)
    assert await sound(market.world)


async def test_a_payout_run_that_leaves_a_seller_out_does_not_write_their_name_into_the_log(market: Market) -> None:
    await earned(market, card=AVAILABLE_AT_ONCE)
    await settle(market)
    await market.do(lambda tx: sellers.suspend(tx, market.grace.id, "We look at it."))
    with capture_logs() as said:
        assert await payouts.run(market.world, actor="test", sellers_wanted=[market.grace.id]) == []
    (line,) = [each for each in said if each["event"] == "payout.not_wanted"]
    assert (line["seller"], line["error"]) == (str(market.grace.id), "conflict")
    assert market.grace.described not in str(said)


async def test_a_forgotten_buyers_own_words_about_what_they_called_off_are_gone(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp")
    order = await buy(market.world, market.account, of(lamp, 2))
    (part,) = await parts(market, order)
    line = part.lines[0].line_id
    await cancel(market, part, (line, 1), reason="I moved to 12 Rue de la Paix")
    await cancel(market, part, (line, 1), party="seller", reason="sold out")
    await erasure.erase(market.world, order.customer_id, actor="test")
    made = await market.do(lambda tx: cancellations.of_order(tx, order.id))
    assert [each.reason for each in made] == ["[erased]", "sold out"]
