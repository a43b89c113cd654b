"""What went to a seller's bank is told line by line, and the lines add up to it."""

import csv
import io
from decimal import Decimal

import pytest
from fastapi import FastAPI
from tests.api.conftest import Connect, api, connect, secret
from tests.marketplace.conftest import Market, of
from tests.marketplace.test_one_payment_many_sellers import usd
from tests.marketplace.test_paying_sellers import AVAILABLE_AT_ONCE, delivered, give_back, settle, time_passes
from tests.news import read, sound, work
from tests.worlds import session_of, start

from farthing import checkout, payouts
from farthing.errors import Conflict
from farthing.orders import Order
from farthing.payouts import Payout, Statement

__all__ = ["api", "connect", "secret"]


@pytest.fixture
def people(market: Market, api: FastAPI, connect: Connect) -> Connect:
    api.state.world = market.world
    return connect


async def bought(market: Market, sku: str, amount: int) -> Order:
    started = await start(market.world, of(await market.lists(market.grace, sku, amount)))
    session = await session_of(market.world, started.id)
    assert (await market.account.pay(session, AVAILABLE_AT_ONCE)).status_code == 200
    await checkout.sync(market.world, session, actor="test")
    return await read(market.world, started.order_id)


async def released(market: Market, order: Order) -> None:
    await delivered(market, order)
    await time_passes(market, 3)
    await settle(market)


async def paid_out(market: Market, amount: int | None = None) -> Payout:
    wanted = None if amount is None else usd(amount)
    made = await payouts.pay_out(market.world, market.grace.id, wanted, actor="test")
    await work(market.world)
    return made


async def stated(market: Market, payout: Payout) -> tuple[Statement, list[tuple[str, int]]]:
    found = await market.do(lambda tx: payouts.statement(tx, payout.id))
    rows = list(csv.DictReader(io.StringIO(payouts.sheet(found))))
    assert sum(Decimal(row["amount"]) for row in rows) == found.payout.money.decimal
    return found, [(line.kind, line.money.amount) for line in found.all_lines]


async def over_http(people: Connect, payout: Payout, stated: Statement) -> None:
    """A seller sees their own, a server everybody's, another seller none of it."""
    path = f"/v1/payouts/{payout.id}"
    async with people(**{"X-User": "grace"}) as grace, people(**{"X-User": "linus"}) as linus, people() as guest:
        mine = (await grace.get("/v1/payouts")).json()["data"]
        assert [(each["amount"]["amount"], each["status"]) for each in mine] == [
            (5310, "pending"),
            (100, "pending"),
            (1700, "pending"),
        ]
        assert (await linus.get("/v1/payouts")).json()["data"] == []
        assert (await grace.get("/v1/payouts", params={"seller": "linus"})).status_code == 403
        for each in ("", "/statement", "/statement/csv", "/statement/pdf"):
            assert (await linus.get(path + each)).status_code == 404
            assert (await guest.get(path + each)).status_code == 401
            assert (await grace.get(path + each)).status_code == 200
        shown = (await grace.get(f"{path}/statement")).json()
        total = sum(each["amount"]["amount"] for each in shown["lines"])
        assert shown["opening"]["amount"] + total - shown["closing"]["amount"] == shown["payout"]["amount"]["amount"]
        assert (await grace.get(f"{path}/statement/csv")).text == payouts.sheet(stated)
        balance = (await grace.get("/v1/balances")).json()["data"][0]
        assert (balance["to_bank"]["amount"], balance["owed"]["amount"]) == (7110, 0)
        assert (await grace.post("/v1/payouts", json={})).status_code == 409
        assert (await linus.post("/v1/payouts", json={"seller": "grace"})).status_code == 403
        assert (await linus.post("/v1/payouts", json={"amount": 5})).status_code == 422


@pytest.mark.covers("S004-3", "S004-19")
async def test_each_payout_is_stated_line_by_line_to_the_last_unit(market: Market, people: Connect) -> None:
    lamp = await bought(market, "lamp", 2000)
    await released(market, lamp)
    first = await paid_out(market, 1700)
    assert (await stated(market, first))[1] == [("sale", 2000), ("platform_fee", -200), ("closing", -100)]
    second = await paid_out(market)
    assert (await stated(market, second))[1] == [("opening", 100)]
    # The account is empty: what goes back to the buyer is owed, and kept of what comes next.
    await give_back(market, lamp, 500)
    await settle(market)
    desk = await bought(market, "desk", 3000)
    await give_back(market, desk, 600)
    await released(market, desk)
    sofa = await bought(market, "sofa", 5000)
    await released(market, sofa)
    await give_back(market, sofa, 1000)
    await settle(market)
    third = await paid_out(market)
    found, lines = await stated(market, third)
    assert lines == [
        ("sale", 3000),
        ("platform_fee", -300),
        ("refund", -540),
        ("debt", -450),
        ("sale", 5000),
        ("platform_fee", -500),
        ("reversal", -900),
    ]
    assert (found.payout.money, found.closing) == (usd(1710 + 3600), usd(0))
    of_lamp = next(line for line in found.lines if line.kind == "debt")
    assert (of_lamp.number, of_lamp.name) == (f"{lamp.number}-1", "lamp of Grace")
    assert await sound(market.world)
    paper = payouts.pdf(found, shop="The test market", seller="Grace")
    assert paper.startswith(b"%PDF")
    assert paper == payouts.pdf(found, shop="The test market", seller="Grace")
    await over_http(people, third, found)
    waiting = await bought(market, "pen", 1000)
    await released(market, waiting)
    asked = await payouts.pay_out(market.world, market.grace.id, actor="test")
    with pytest.raises(Conflict, match="nothing left the account"):
        await market.do(lambda tx: payouts.statement(tx, asked.id))
