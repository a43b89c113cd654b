"""What a buyer pays for the way: one line of the order, by the rate that serves the address."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from tests.api.conftest import Connect, api, connect, secret
from tests.marketplace.conftest import MARKET, Market, of
from tests.marketplace.test_canceling import arrive, cancel, refund_of
from tests.marketplace.test_one_payment_many_sellers import owed, parts, usd
from tests.markets import HOME
from tests.news import read, sound
from tests.worlds import BASE_URL, session_of, unchanged

from farthing import cancellations, catalog, checkout, orders, payments, refunds, seller_orders
from farthing.catalog import CartItem, RefundPolicy, ReturnPolicy
from farthing.checkout import Buyer, Started
from farthing.db import Transaction
from farthing.errors import Invalid
from farthing.lifecycles import OrderStatus
from farthing.orders import Order
from farthing.payments import WantedLine

__all__ = ["api", "connect", "secret"]

RATES = """
[shipping]
countries = ["US", "DE", "FR"]

[[shipping.rates]]
key = "standard"
name = "Standard delivery"
prices = ["4.90 USD"]
countries = ["US"]
free_from = ["50.00 USD"]

[[shipping.rates]]
key = "express"
name = "By air"
prices = ["19.00 USD"]
countries = ["US", "DE"]
tax_rate = "20"

[coupons.half]
name = "Half of it"
percent = 50
codes = ["HALF"]

[products.guide]
name = "A guide to lamps"
kind = "custom"
price = "30.00 USD"
"""
BERLIN = HOME | {"state": None, "city": "Berlin", "postal_code": "10117", "country": "DE"}
PARIS = HOME | {"state": None, "city": "Paris", "postal_code": "75001", "country": "FR"}


@pytest.fixture
async def market(market: Market) -> Market:
    return replace(market, world=replace(market.world, catalog=catalog.parse(MARKET + RATES)))


@pytest.fixture
def people(market: Market, api: FastAPI, connect: Connect) -> Connect:
    api.state.world = market.world
    return connect


async def start(
    market: Market, *items: CartItem, to: Mapping[str, Any] | None = None, rate: str | None = None, code: str | None = None
) -> Started:
    return await checkout.start(
        market.world,
        items=items,
        buyer=Buyer("ada", "ada@example.com", "Ada Lovelace"),
        success_url=f"{BASE_URL}/thanks",
        cancel_url=f"{BASE_URL}/cart",
        actor="test",
        promotion_code=code,
        shipping_address=to or HOME,
        shipping_rate=rate,
    )


async def bought(market: Market, *items: CartItem, rate: str | None = None, code: str | None = None) -> Order:
    started = await start(market, *items, rate=rate, code=code)
    session = await session_of(market.world, started.id)
    assert (await market.account.pay(session)).status_code == 200
    await checkout.sync(market.world, session, actor="test")
    return await market.do(lambda tx: orders.get(tx, started.order_id))


def lines(order: Order) -> list[tuple[str, str, int]]:
    return [(line.kind, line.name, line.total.amount) for line in order.lines]


async def test_the_way_is_one_line_more_that_the_shop_keeps_and_can_give_back(market: Market) -> None:
    lamp, novel = await market.lists(market.grace, "lamp"), await market.lists(market.linus, "novel", 1500)
    order = await bought(market, of(lamp), of(novel))
    assert (order.status, order.total, order.subtotal) == (OrderStatus.PAID, usd(3990), usd(3990))
    assert lines(order)[2:] == [("shipping", "Standard delivery", 490)]
    assert await owed(market) == {"seller:grace:pending": 1800, "seller:linus:pending": 1350}
    assert [len(part.lines) for part in await parts(market, order)] == [1, 1]
    way = order.lines[2].id

    async def give_back(tx: Transaction) -> payments.Refund:
        wanted = refunds.Wanted(lines=(WantedLine(way),))
        return await refunds.create(
            tx, order.id, wanted, reason="requested_by_customer", note=None, role="admin", policy=RefundPolicy()
        )

    assert (await market.do(give_back)).money == usd(490)
    await arrive(market)
    assert (await read(market.world, order.id)).payment_status == "partially_refunded"
    assert await owed(market) == {"seller:grace:pending": 1800, "seller:linus:pending": 1350}
    assert await sound(market.world)


async def test_it_is_free_from_what_the_goods_cost_and_no_code_makes_it_cheaper(market: Market) -> None:
    lamp = await market.lists(market.grace, "lamp", stock=50)
    for items, code, expected in (
        ([of(lamp, 2)], None, [4000, 490]),
        ([of(lamp, 3)], None, [6000, 0]),
        ([of(lamp, 3)], "HALF", [3000, 490]),
        ([of(lamp), CartItem("guide")], None, [2000, 3000, 490]),  # what is not sent does not count
        ([CartItem("guide")], None, [3000]),
    ):
        started = await start(market, *items, code=code)
        order = await read(market.world, started.order_id)
        assert ([line.total.amount for line in order.lines], order.total) == (expected, usd(sum(expected)))
    fast = await read(market.world, (await start(market, of(lamp), rate="express")).order_id)
    assert (lines(fast)[1], fast.lines[1].details["tax_rate"]) == (("shipping", "By air", 1900), "20")
    assert (fast.lines[1].product, fast.lines[1].details["rate"]) == ("shipping:express", "express")
    abroad = await read(market.world, (await start(market, of(lamp), to=BERLIN)).order_id)
    assert lines(abroad)[1] == ("shipping", "By air", 1900)


@pytest.mark.parametrize(
    ("to", "rate", "param", "said"),
    [
        (HOME, "expres", "shipping_rate", "There is no shipping rate 'expres'. Did you mean 'express'?"),
        (BERLIN, "standard", "shipping_rate", "'standard' does not serve DE in usd: use express."),
        (PARIS, None, "shipping_address.country", "Nothing is sent to FR in usd: no shipping rate serves that."),
    ],
)
async def test_a_rate_that_does_not_serve_is_refused_with_its_field(
    market: Market, to: Mapping[str, Any], rate: str | None, param: str, said: str
) -> None:
    async with unchanged(market.world):
        with pytest.raises(Invalid) as refused:
            await start(market, CartItem("bag"), to=to, rate=rate)
    assert (refused.value.param, refused.value.detail) == (param, said)


async def test_the_preview_tells_the_rates_of_a_country_and_an_order_takes_the_one_that_is_named(people: Connect) -> None:
    cart = {"items": [{"product": "bag", "quantity": 2}]}
    async with people(**{"X-User": "ada"}) as ada:
        assert (await ada.post("/v1/carts", json=cart)).json()["shipping_rates"] == []
        seen = (await ada.post("/v1/carts", json=cart | {"shipping_country": "US"})).json()
        assert [(rate["id"], rate["price"]["amount"]) for rate in seen["shipping_rates"]] == [
            ("standard", 490),
            ("express", 1900),
        ]
        assert (seen["line_items"][1]["product"], seen["total"]["amount"]) == ("shipping:standard", 1490)
        nowhere = await ada.post("/v1/carts", json=cart | {"shipping_country": "FR"})
        assert (nowhere.status_code, nowhere.json()["param"]) == (422, "shipping_country")
        body = cart | {"shipping_address": HOME, "shipping_rate": "express"}
        placed = await ada.post("/v1/orders", json=body)
        assert (placed.status_code, placed.json()["total"]["amount"]) == (201, 2900)
        refused = await ada.post("/v1/orders", json=body | {"shipping_address": BERLIN, "shipping_rate": "standard"})
        assert (refused.status_code, refused.json()["param"]) == (422, "shipping_rate")


async def test_what_was_paid_for_the_way_goes_back_with_the_last_of_the_goods_unless_something_was_sent(market: Market) -> None:
    lamp, novel = await market.lists(market.grace, "lamp"), await market.lists(market.linus, "novel", 1500)

    async def all_of_it(order: Order) -> None:
        await market.do(lambda tx: cancellations.cancel_order(tx, order.id, party="buyer", policy=ReturnPolicy()))
        await arrive(market)
        assert (await read(market.world, order.id)).status == OrderStatus.REFUNDED

    await all_of_it(await bought(market, of(lamp), of(novel)))
    order = await bought(market, of(lamp, 2), of(novel))
    graces, linuses = await parts(market, order)
    first = await cancel(market, graces, (graces.lines[0].line_id, 1))
    assert (await refund_of(market, first)).money == usd(2000)
    assert (await refund_of(market, await cancel(market, graces))).money == usd(2000)
    assert (await refund_of(market, await cancel(market, linuses))).money == usd(1500)  # free from 50.00 on
    order = await bought(market, of(lamp), of(novel))
    graces, linuses = await parts(market, order)
    assert (await refund_of(market, await cancel(market, graces))).money == usd(2000)
    assert (await refund_of(market, await cancel(market, linuses))).money == usd(1990)
    order = await bought(market, of(lamp), of(novel))
    graces, linuses = await parts(market, order)
    await market.do(lambda tx: seller_orders.ship(tx, graces.id, carrier="dhl"))
    assert (await refund_of(market, await cancel(market, linuses))).money == usd(1500)
    await arrive(market)
    assert await sound(market.world)
