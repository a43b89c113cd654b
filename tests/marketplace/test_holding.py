"""What was earned goes out on the agreed day, not while somebody holds it, and not to a bank account that is new."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.marketplace.conftest import MARKET, Market, of
from tests.marketplace.test_one_payment_many_sellers import usd
from tests.marketplace.test_paying_sellers import (
    AVAILABLE_AT_ONCE,
    DAYS,
    debts,
    delivered,
    earned,
    give_back,
    settle,
    theirs,
    transfers,
)
from tests.news import happened, read, sound, work
from tests.sellers.selling import goes_through, news_of
from tests.sellers.selling import hear as hear_at
from tests.worlds import session_of, start

from farthing import catalog, checkout, payouts, seller_orders, sellers
from farthing.errors import ConfigError, Conflict
from farthing.seller_orders.model import release_time


@pytest.mark.parametrize(
    ("days", "day", "expected"),
    [
        (3, None, datetime(2026, 11, 21, 10, 30, tzinfo=UTC)),
        (3, "1", datetime(2026, 12, 1, tzinfo=UTC)),
        (3, "21", datetime(2026, 12, 21, tzinfo=UTC)),
        (3, "22", datetime(2026, 11, 22, tzinfo=UTC)),
        (3, "monday", datetime(2026, 11, 23, tzinfo=UTC)),
        (90, "28", datetime(2027, 2, 28, tzinfo=UTC)),
    ],
)
def test_money_goes_out_on_the_first_such_day_after_the_holding_period(days: int, day: str | None, expected: datetime) -> None:
    assert release_time(datetime(2026, 11, 18, 10, 30, tzinfo=UTC), days, day) == expected


async def test_whoever_is_held_is_not_paid_until_somebody_lets_go(market: Market) -> None:
    await earned(market, card=AVAILABLE_AT_ONCE)
    await market.do(lambda tx: sellers.hold(tx, market.grace.id, "Police asked."))
    await settle(market)
    assert await theirs(market) == []
    (standing,) = await market.do(lambda tx: payouts.balance(tx, market.grace.id))
    assert (standing.held, standing.due) == (usd(1800), usd(0))
    page = await market.do(lambda tx: payouts.holdings(tx, market.grace.id, limit=5))
    assert [(each.why, each.because) for each in page.items] == [("held", "Police asked.")]
    with pytest.raises(Conflict, match=r"is held: Police asked\."):
        await payouts.pay_out(market.world, market.grace.id, actor="test")
    await market.do(lambda tx: sellers.let_go(tx, market.grace.id))
    await settle(market)
    assert [each["amount"] for each in await theirs(market)] == [1800]


@pytest.mark.covers("S004-19")
async def test_a_new_bank_account_is_paid_some_days_later(market: Market) -> None:
    await earned(market)
    await goes_through(market.account, market.grace, account_number="000111111113")
    await hear_at(market.world, await news_of(market.account, market.grace))
    await settle(market)
    assert await theirs(market) == []
    held = await market.do(lambda tx: sellers.get(tx, market.grace.id))
    assert held.held_because == "The bank account changed."
    assert "seller.held" in await happened(market.world)
    await market.do(lambda tx: tx.run("UPDATE sellers SET held_until = held_until - interval '3 days'"))
    await settle(market)
    assert [each["amount"] for each in await theirs(market)] == [1800]


@pytest.mark.covers("S004-14", "F27")
async def test_money_may_wait_on_the_sellers_account_and_goes_to_their_bank_after_the_holding_period(market: Market) -> None:
    early = replace(
        market,
        world=replace(
            market.world,
            catalog=catalog.parse(MARKET.replace("holding_days = 3", 'holding_days = 3\ndesign = "transfer_early"')),
        ),
    )
    lamp, sofa = await early.lists(early.grace, "lamp", 2000), await early.lists(early.grace, "sofa", 5000)
    orders = []
    for listing in (lamp, sofa):
        started = await start(early.world, of(listing))
        session = await session_of(early.world, started.id)
        assert (await early.account.pay(session, AVAILABLE_AT_ONCE)).status_code == 200
        await checkout.sync(early.world, session, actor="test")
        orders.append(await read(early.world, started.order_id))
    await settle(early)
    assert sorted(each["amount"] for each in await theirs(early)) == [1800, 4500]
    (standing,) = await early.do(lambda tx: payouts.balance(tx, early.grace.id))
    assert (standing.with_seller, standing.early) == (usd(6300), usd(6300))
    assert await payouts.available(early.world, early.grace.id, actor="test") == [usd(0)]
    with pytest.raises(Conflict, match="Nothing can go to their bank now"):
        await payouts.pay_out(early.world, early.grace.id, actor="test")
    assert await payouts.pay_out_due(early.world) == 0
    # What goes back meanwhile is there to be taken back.
    await give_back(early, orders[1], 1000)
    await settle(early)
    assert await early.do(debts) == {}
    await delivered(early, orders[0])
    await early.do(lambda tx: tx.run("UPDATE seller_orders SET release_at = release_at - %(time)s::interval", time=3 * DAYS))
    (part,) = await early.do(lambda tx: seller_orders.of_order(tx, orders[0].id))
    await early.do(lambda tx: seller_orders.hold(tx, part.id, "looks strange"))
    assert await payouts.pay_out_due(early.world) == 0
    await early.do(lambda tx: seller_orders.let_go(tx, part.id))
    assert await payouts.pay_out_due(early.world) == 1
    await work(early.world)
    assert await payouts.pay_out_due(early.world) == 0
    (standing,) = await early.do(lambda tx: payouts.balance(tx, early.grace.id))
    assert (standing.to_bank, standing.with_seller, standing.early) == (usd(1800), usd(3600), usd(3600))
    assert len(await transfers(early, early.grace)) == 2
    assert await sound(early.world)


def test_money_that_waits_on_accounts_needs_payouts_that_wait_for_us() -> None:
    wrong = MARKET.replace("holding_days = 3", 'design = "transfer_early"\npayouts = "daily"')
    with pytest.raises(ConfigError, match="payouts"):
        catalog.parse(wrong)
