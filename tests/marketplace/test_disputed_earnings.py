"""What a buyer's bank takes back, its sellers lose as well: nothing goes to them meanwhile, and what went comes back."""

import asyncio
from dataclasses import replace

import pytest
from tests.disputes.disputed import complain, dispute_of
from tests.marketplace.conftest import MARKET, Market, of
from tests.marketplace.test_one_payment_many_sellers import owed, usd
from tests.marketplace.test_paying_sellers import (
    AVAILABLE_AT_ONCE,
    debts,
    delivered,
    earned,
    give_back,
    settle,
    theirs,
    time_passes,
    transfers,
)
from tests.news import happened, hear, read, sound
from tests.races.rounds import ROUNDS
from tests.worlds import buy, session_of, start

from farthing import catalog, disputes, ledger, payouts
from farthing.catalog import CartItem
from farthing.orders import Order

AT_ONCE = 5


async def disputed(market: Market, order: Order, **fields: object) -> str:
    """Its buyer went to the bank, and we heard of it."""
    dispute = str((await complain(market.world, market.account, order, **fields))["id"])
    await hear(market.world, market.account)
    return dispute


async def decided(market: Market, dispute: str, outcome: str) -> None:
    await market.account.decide(dispute, outcome)
    await disputes.sync_dispute(market.world, dispute, actor="test")


async def fill(market: Market) -> None:
    """Something of the market's own is sold, and its money is there."""
    started = await start(market.world, CartItem("bag", 10))
    session = await session_of(market.world, started.id)
    assert (await market.account.pay(session, AVAILABLE_AT_ONCE)).status_code == 200
    while (await market.account.get("/v1/balance"))["available"][0]["amount"] < 2000:
        await asyncio.sleep(0.05)


async def platform(market: Market) -> int:
    """What is ours of all that was sold."""
    found = await market.do(ledger.trial_balance)
    return -sum(each.money.amount for each in found if each.account == ledger.PLATFORM_FEES.name)


@pytest.mark.covers("F18", "S004-19")
async def test_a_lost_dispute_takes_the_sellers_share_back_and_a_won_appeal_gives_it_again(market: Market) -> None:
    order = await earned(market, card=AVAILABLE_AT_ONCE)
    await settle(market)
    dispute = await disputed(market, order)
    assert await market.do(debts) == {}
    await decided(market, dispute, "lost")
    assert await market.do(debts) == {"seller:grace:owed": 1800}
    assert await platform(market) == 0
    assert "earning.reversed" in await happened(market.world, order.id)
    assert await sound(market.world)
    await settle(market)
    (sent,) = await transfers(market, market.grace)
    assert sent.reversed == sent.money
    assert [each["amount_reversed"] for each in await theirs(market)] == [1800]
    assert await sound(market.world)
    await decided(market, dispute, "appealed")
    await settle(market)
    assert len(await theirs(market)) == 1
    await decided(market, dispute, "won")
    # Out of that charge nothing is transferred a second time.
    await settle(market)
    assert await owed(market) == {"seller:grace:pending": 1800}
    await fill(market)
    await time_passes(market, 1)
    await settle(market)
    assert await market.do(debts) == {}
    assert await platform(market) == 200
    assert "earning.restored" in await happened(market.world, order.id)
    assert await owed(market) == {}
    assert [(each["amount"], each["amount_reversed"]) for each in await theirs(market)] == [(1800, 0), (1800, 1800)]
    assert await sound(market.world)


@pytest.mark.covers("F18")
async def test_nothing_goes_to_a_seller_while_a_bank_asks_and_all_of_it_once_it_has_decided_for_us(market: Market) -> None:
    order = await earned(market)
    dispute = await disputed(market, order)
    await settle(market)
    assert await theirs(market) == []
    (standing,) = await market.do(lambda tx: payouts.balance(tx, market.grace.id))
    assert (standing.disputed, standing.on_hold, standing.due) == (usd(1800), usd(1800), usd(0))
    await decided(market, dispute, "won")
    await settle(market)
    assert [each["amount"] for each in await theirs(market)] == [1800]
    assert await sound(market.world)


@pytest.mark.covers("F18")
async def test_of_what_was_partly_refunded_a_lost_dispute_takes_what_is_left_and_no_more(market: Market) -> None:
    lamp, novel = await market.lists(market.grace, "lamp", 2000), await market.lists(market.linus, "novel", 1000)
    order = await buy(market.world, market.account, of(lamp), of(novel))
    await give_back(market, order, 600)
    await delivered(market, order)
    await time_passes(market, 3)
    await settle(market)
    assert sorted(each["amount"] for each in await theirs(market)) == [720, 1440]
    dispute = await disputed(market, order, amount=1200)
    await decided(market, dispute, "lost")
    # Half of what was left: 1200 of 2400, 800 of grace's 1600 and 400 of linus' 800, a tenth of each ours.
    assert await market.do(debts) == {"seller:grace:owed": 720, "seller:linus:owed": 360}
    assert await platform(market) == 120
    await settle(market)
    assert await market.do(debts) == {}
    assert sorted(each["amount_reversed"] for each in await theirs(market)) == [360, 720]
    assert (await dispute_of(market.world, order)).lost_amount == 1200
    assert await sound(market.world)


@pytest.mark.timeout(600)
async def test_a_release_and_a_dispute_at_once_pay_a_seller_only_what_the_bank_left(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp", 2000, stock=ROUNDS)
    found: list[tuple[str, str]] = []

    async def race(number: int) -> None:
        order = await buy(market.world, market.account, of(lamp))
        await delivered(market, order)
        dispute = str((await complain(market.world, market.account, order))["id"])
        await time_passes(market, 3)
        await asyncio.gather(payouts.release_due(market.world), disputes.sync_dispute(market.world, dispute, actor="test"))
        found.append((dispute, "won" if number % 2 else "lost"))

    for first in range(0, ROUNDS, AT_ONCE):
        await asyncio.gather(*(race(number) for number in range(first, first + AT_ONCE)))
    for dispute, outcome in found:
        await decided(market, dispute, outcome)
    await settle(market)
    await settle(market)
    sent = await transfers(market, market.grace)
    assert sum((each.money - each.reversed).amount for each in sent) == ROUNDS // 2 * 1800
    assert len({each.seller_order_id for each in sent}) == len(sent) >= ROUNDS // 2
    assert await owed(market) == {}
    assert await market.do(debts) == {}
    assert await platform(market) == ROUNDS // 2 * 200
    assert await sound(market.world)


@pytest.mark.covers("F18")
async def test_where_the_shop_says_so_its_sellers_bear_what_the_bank_charges(market: Market) -> None:
    says = MARKET.replace("holding_days = 3", 'holding_days = 3\ndispute_fees = "seller"')
    strict = replace(market, world=replace(market.world, catalog=catalog.parse(says)))
    lamp, novel = await strict.lists(strict.grace, "lamp", 2000), await strict.lists(strict.linus, "novel", 1000)
    order = await buy(strict.world, strict.account, of(lamp), of(novel))
    dispute = await disputed(strict, order)
    await decided(strict, dispute, "lost")
    await disputes.sync_dispute(strict.world, dispute, actor="test")
    # Fifteen dollars by their shares, 1800 and 900; of what was sold nothing was theirs yet.
    assert await strict.do(debts) == {"seller:grace:owed": 1000, "seller:linus:owed": 500}
    assert await sound(strict.world)
    await earned(strict, sku="sofa")
    await settle(strict)
    (sent,) = await transfers(strict, strict.grace)
    assert (sent.money, sent.netted) == (usd(800), usd(1000))
    assert await strict.do(debts) == {"seller:linus:owed": 500}
    (standing,) = await strict.do(lambda tx: payouts.balance(tx, strict.linus.id))
    assert standing.owed == usd(500)
    assert await sound(strict.world)
    await decided(strict, dispute, "appealed")
    await decided(strict, dispute, "won")
    # The bank does not give its fee back, and nor do we.
    assert await strict.do(debts) == {"seller:linus:owed": 500}
    assert await sound(strict.world)


@pytest.mark.covers("S004-13")
async def test_a_sale_is_declined_paid_and_given_back_by_what_the_provider_tells_alone(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp", 2000)
    started = await start(market.world, of(lamp))
    session = await session_of(market.world, started.id)
    assert (await market.account.pay(session, "4000000000000002")).status_code == 402
    await hear(market.world, market.account, "payment_intent.payment_failed")
    assert (await read(market.world, started.order_id)).status == "open"
    assert (await market.account.pay(session)).status_code == 200
    await hear(market.world, market.account, "payment_intent.succeeded")
    assert (await read(market.world, started.order_id)).status == "paid"
    assert await owed(market) == {"seller:grace:pending": 1800}
    (intent,) = await market.account.events("payment_intent.succeeded")
    back = {"payment_intent": intent["data"]["object"]["id"], "amount": "500"}
    (await market.account.http.post("/v1/refunds", data=back)).raise_for_status()
    assert await market.account.events("charge.refunded")
    await hear(market.world, market.account)
    assert await owed(market) == {"seller:grace:pending": 1350}
    told = await happened(market.world, started.order_id)
    assert ("payment.failed" in told, "order.paid" in told, "refund.succeeded" in told) == (True, True, True)
    assert await sound(market.world)
