"""The shop of a marketplace as buyers see it: what sellers list, a cart of several of them, and how the order goes."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

import httpx
import pytest
from starlette.types import ASGIApp
from tests.pages.test_shop import attempt_of, count
from tests.pages.visitor import Visitor
from tests.sellers.selling import onboarded
from tests.worlds import Account

from farthing import catalog, checkout, inventory, listings, orders, returns, seller_orders, sellers, web
from farthing.db import Database, Transaction
from farthing.ids import OrderId
from farthing.listings import Listing
from farthing.money import Money
from farthing.orders import Order
from farthing.sellers import Seller
from farthing.world import World

T = TypeVar("T")

HOPPER = "grace@example.com"
ADDRESS = {
    "to_name": "Grace Hopper",
    "to_line1": "1 Navy Way",
    "to_postal_code": "22202",
    "to_city": "Arlington",
    "to_state": "VA",
    "to_country": "US",
}

SOLD = """
currency = "usd"
[shop]
name = "The test market"
[marketplace]
country = "US"
[shipping]
countries = ["US", "DE"]
[products.thing]
name = "Something of a seller's"
kind = "goods"
goods = { listed = true }
[products.mug]
name = "A mug of the market's own"
kind = "goods"
price = "5.00 USD"
goods = { sku = "MUG" }
"""


@dataclass(frozen=True, slots=True)
class Market:
    world: World
    account: Account
    potter: Seller
    weaver: Seller
    bowl: Listing
    scarf: Listing

    async def do(self, act: Callable[[Transaction], Awaitable[T]]) -> T:
        return await self.world.db.run("test", act)


@pytest.fixture
async def market(world: World, account: Account) -> Market:
    there = replace(world, catalog=catalog.parse(SOLD))
    potter, weaver = await onboarded(there, account, "potter"), await onboarded(there, account, "weaver")

    async def work(tx: Transaction) -> list[Listing]:
        await inventory.define(tx, "MUG", "A mug")
        found = []
        for seller, sku, title, amount, stock in (
            (potter, "b", "A blue bowl", 2400, 4),
            (weaver, "s", "A long scarf", 3900, 9),
        ):
            wanted = listings.Wanted(title=title, prices=[Money(amount, "usd")], description=f"By hand: {title}")
            made = await listings.create(tx, there.catalog, seller.id, sku, wanted, livemode=False, stock=stock)
            found.append(await listings.publish(tx, made.id))
        return found

    bowl, scarf = await there.db.run("test", work)
    return Market(there, account, potter, weaver, bowl, scarf)


@pytest.fixture
def pages(market: Market) -> ASGIApp:
    return web.build(market.world, authenticate=None)


async def fill(visitor: Visitor, market: Market, bowls: int = 2) -> str:
    await visitor.get("/")
    await visitor.post("/cart", listing=str(market.bowl.id), quantity=str(bowls))
    await visitor.post("/cart", listing=str(market.scarf.id))
    return await attempt_of(visitor)


async def order_of(db: Database) -> Order:
    async with db.transaction("test") as tx:
        return await orders.get(tx, OrderId.of(await tx.value("SELECT id FROM orders")))


async def bought(visitor: Visitor, market: Market) -> Order:
    attempt = await fill(visitor, market)
    answer = await visitor.post("/cart/checkout", attempt=attempt, email=HOPPER, **ADDRESS)
    session = answer.headers["location"].rpartition("/")[2]
    assert (await market.account.pay(session)).status_code == 200
    await checkout.sync(market.world, session, actor="test")
    return await order_of(market.world.db)


@pytest.mark.covers("S004-14", "S004-16")
async def test_the_shop_shows_whose_it_is_and_how_many_are_left(visitor: Visitor, market: Market) -> None:
    text = (await visitor.get("/")).text
    for words in ("A blue bowl", "$24.00", "Sold by Potter", "Only 4 left", "A long scarf", "Sold by Weaver", "Sold out"):
        assert words in text
    assert ("Only 9 left" in text, "Something of a seller" in text, "potter@example.com" in text) == (False, False, False)


@pytest.mark.covers("S004-1", "S004-5", "F169")
async def test_a_cart_of_two_sellers_is_sent_where_the_buyer_says_and_paid_at_once(
    visitor: Visitor, market: Market, db: Database
) -> None:
    attempt = await fill(visitor, market)
    page = (await visitor.get("/cart")).text
    assert all(words in page for words in ("Sold by Potter", "Sold by Weaver", "$87.00", "Germany", "Where it is sent"))
    wrong = await visitor.post("/cart/checkout", attempt=attempt, email=HOPPER, **ADDRESS | {"to_postal_code": "ABC"})
    assert (wrong.status_code, 'id="error-to_postal_code"' in wrong.text, 'value="1 Navy Way"' in wrong.text) == (
        422,
        True,
        True,
    )
    there = await visitor.post("/cart/checkout", attempt=attempt, email=HOPPER, **ADDRESS | {"to_country": "FR"})
    assert (there.status_code, 'id="error-to_country"' in there.text) == (422, True)
    missing = await visitor.post("/cart/checkout", attempt=attempt, email=HOPPER)
    assert (missing.status_code, "Say where it is sent" in missing.text) == (422, True)
    assert await count(db, "orders") == 0
    paid = [await visitor.post("/cart/checkout", attempt=attempt, email=HOPPER, shown="8700", **ADDRESS) for _ in range(2)]
    assert {answer.headers["location"] for answer in paid} == {paid[0].headers["location"]}
    assert (await order_of(db)).total == Money(8700, "usd")


RATES = """
[[shipping.rates]]
key = "standard"
name = "Standard delivery"
prices = ["4.90 USD"]
countries = ["US"]
[[shipping.rates]]
key = "express"
name = "By air"
prices = ["19.00 USD"]
"""


async def test_the_cart_says_what_the_way_costs_before_it_is_paid_whoever_changes_where_it_goes(market: Market) -> None:
    sold = catalog.parse(SOLD.replace("[products.thing]", RATES + "[products.thing]"))
    shop = httpx.ASGITransport(web.build(replace(market.world, catalog=sold), authenticate=None))
    async with httpx.AsyncClient(transport=shop, base_url="http://testserver") as client:
        visitor = Visitor(client)
        attempt = await fill(visitor, market)
        page = (await visitor.get("/cart")).text
        assert all(words in page for words in ("Standard delivery, $4.90", "By air, $19.00", "Pay $91.90")), page
        form = ADDRESS | {"attempt": attempt, "email": HOPPER, "shipping_rate": "standard"}
        abroad = ADDRESS | {"to_country": "DE", "to_state": "", "to_postal_code": "10117", "to_city": "Berlin"}
        for changed in ({"shipping_rate": "express"}, abroad):
            answer = await visitor.post("/cart/checkout", **form | {"shown": "9190"} | changed)
            assert (answer.status_code, "Pay $106.00" in answer.text, 'value="1 Navy Way"' in answer.text) == (409, True, True)
        assert await count(market.world.db, "orders") == 0
        paid = await visitor.post("/cart/checkout", **form | {"shown": "10600"} | abroad)
        assert paid.status_code == 303
        order = await order_of(market.world.db)
        assert (order.total, order.lines[-1].name) == (Money(10600, "usd"), "By air")
    async with httpx.AsyncClient() as anybody:
        assert "By air" in (await anybody.get(paid.headers["location"])).text


@pytest.mark.covers("F171")
async def test_what_changed_since_the_cart_was_filled_is_said_and_not_sold(
    visitor: Visitor, market: Market, db: Database
) -> None:
    attempt = await fill(visitor, market)
    dearer = listings.Wanted(prices=[Money(2600, "usd")])
    await market.do(lambda tx: listings.change(tx, market.world.catalog, market.bowl.id, dearer))
    answer = await visitor.post("/cart/checkout", attempt=attempt, email=HOPPER, shown="8700", **ADDRESS)
    assert (answer.status_code, "costs something else" in answer.text) == (409, True)
    assert "Its price changed: it was $24.00" in answer.text
    assert 'name="shown" value="9100"' in answer.text

    await market.do(lambda tx: inventory.lose(tx, market.bowl.stock, 3, reason="broken"))
    assert "Only 1 can be bought" in (await visitor.get("/cart")).text
    await market.do(lambda tx: sellers.suspend(tx, market.weaver.id, "Sells what is not theirs."))
    text = (await visitor.get("/cart")).text
    assert ("Its seller cannot sell at the moment" in text, "Sells what is not theirs" in text) == (True, False)
    assert "/cart/checkout" not in text
    refused = await visitor.post("/cart/checkout", attempt=attempt, email=HOPPER, **ADDRESS)
    assert (refused.status_code, await count(db, "orders")) == (409, 0)

    text = await visitor.follow(await visitor.post("/cart/changes", remove=str(market.scarf.id)))
    assert "A long scarf" not in text
    more = await visitor.follow(await visitor.post("/cart/changes", **{f"quantity:{market.bowl.id}": "3"}))
    assert "choose a whole number from 1 to 1." in more
    await visitor.post("/cart/changes", **{f"quantity:{market.bowl.id}": "1"})
    text = (await visitor.get("/cart")).text
    assert ("Its price changed" in text, "Pay $26.00" in text) == (False, True)
    await market.do(lambda tx: listings.archive(tx, market.bowl.id))
    assert "not for sale any more" in (await visitor.get("/cart")).text
    again = await visitor.follow(await visitor.post("/cart", listing=str(market.bowl.id)))
    assert "Nothing was added" in again


async def test_what_no_seller_has_is_not_added(visitor: Visitor, market: Market) -> None:
    await visitor.get("/")
    for listing, quantity in (("listing_x", "1"), (str(market.potter.id), "1"), (str(market.bowl.id), "5"), ("", "1")):
        await visitor.post("/cart", listing=listing, quantity=quantity)
        assert "Your cart is empty" in (await visitor.get("/cart")).text


async def test_who_comes_back_from_the_payment_page_is_led_to_the_order_that_keeps_the_last_ones(
    visitor: Visitor, market: Market
) -> None:
    attempt = await fill(visitor, market, bowls=4)
    assert (await visitor.post("/cart/checkout", attempt=attempt, email=HOPPER, **ADDRESS)).status_code == 303
    text = (await visitor.get("/cart")).text
    assert "Order 1001 of this cart waits to be paid" in text
    assert "/cart/checkout" not in text
    link = re.search(r'href="(/pay/[\w-]+)"', text)
    assert link
    assert "Pay $135.00" in (await visitor.get(link[1])).text


@pytest.mark.covers("S004-17")
async def test_a_link_without_a_name_in_it_shows_how_each_part_goes(
    visit: Callable[[], Visitor], visitor: Visitor, market: Market
) -> None:
    order, db = await bought(visitor, market), market.world.db
    link = checkout.progress_url(market.world.settings, order, market.world.clock.now())
    path, stranger = httpx.URL(link).path, visit()
    assert len(path.rpartition("/")[2]) == 50
    text = (await stranger.get(path)).text
    assert all(words in text for words in ("Order 1001", "From Potter", "From Weaver", "1001-1", "Being packed", "$87.00"))
    assert not any(words in text for words in ("Hopper", "Navy Way", "grace@", str(order.id), str(order.customer_id)))
    first, second = await market.do(lambda tx: seller_orders.of_order(tx, order.id))
    sent = partial(seller_orders.ship, carrier="dhl", tracking_number="JD01", tracking_url="https://dhl.example/JD01")
    parcel = await market.do(lambda tx: sent(tx, first.id))
    text = (await stranger.get(path)).text
    assert all(words in text for words in ("On its way", "Parcel with DHL", "JD01", 'href="https://dhl.example/JD01"'))
    await market.do(lambda tx: seller_orders.move_shipment(tx, parcel.id, "deliver"))
    await market.do(lambda tx: seller_orders.cancel_line(tx, second.lines[0].line_id, because="refunded"))
    text = (await stranger.get(path)).text
    assert all(words in text for words in ("Delivered", "Canceled", "(1 not sent)"))
    # Forged, for another purpose, or too old, it shows nothing.
    paying = checkout.recovery_url(market.world.settings, order).rpartition("/")[2]
    for token in (path[10:-1] + "x", paying, "x" * 50, "%00"):
        assert (await stranger.get(f"/progress/{token}")).status_code == 404, token
    old = checkout.progress_url(market.world.settings, order, market.world.clock.now() - timedelta(days=91))
    assert (await stranger.get(httpx.URL(old).path)).status_code == 409
    assert await count(db, "orders") == 1


async def path_of(market: Market, order: Order) -> str:
    return httpx.URL(checkout.progress_url(market.world.settings, order, market.world.clock.now())).path


@pytest.mark.covers("S004-8")
async def test_behind_the_link_what_is_not_sent_is_called_off_and_what_arrived_is_sent_back(
    visit: Callable[[], Visitor], visitor: Visitor, market: Market
) -> None:
    order, holder = await bought(visitor, market), visit()
    path = await path_of(market, order)
    first, second = await market.do(lambda tx: seller_orders.of_order(tx, order.id))
    parcel = await market.do(lambda tx: seller_orders.ship(tx, first.id, carrier="dhl", tracking_number="JD01"))
    text = (await holder.get(path)).text
    assert f"{path}/cancellation?part={first.id}" not in text
    asked = (await holder.get(f"{path}/cancellation?part={second.id}")).text
    assert "1 × A long scarf" in asked
    for part in (first.id, "seller_order_x"):
        await holder.post(f"{path}/cancellation", part=str(part))
    assert [part.status for part in await market.do(lambda tx: seller_orders.of_order(tx, order.id))] == ["confirmed"] * 2
    said = await holder.follow(await holder.post(f"{path}/cancellation", part=str(second.id)))
    assert all(words in said for words in ("It is called off", "Canceled", "−$39.00"))
    again = await holder.follow(await holder.post(f"{path}/cancellation", part=str(second.id)))
    assert "−$78.00" not in again

    await market.do(lambda tx: seller_orders.move_shipment(tx, parcel.id, "deliver"))
    form = (await holder.get(f"{path}/return?part={first.id}")).text
    (units,) = re.findall(r'name="(units:[^"]+)"', form)
    none = await holder.post(f"{path}/return", part=str(first.id), reason="damaged", **{units: "0"})
    assert (none.status_code, "Choose at least one" in none.text) == (422, True)
    many = await holder.post(f"{path}/return", part=str(first.id), reason="damaged", **{units: "3"})
    assert (many.status_code, "from 0 to 2" in many.text) == (422, True)
    said = await holder.follow(await holder.post(f"{path}/return", part=str(first.id), reason="damaged", **{units: "1"}))
    assert all(words in said for words in ("Return 1001-1-R1", "Being looked at", "Keep it after all"))
    (back,) = await market.do(lambda tx: returns.of_order(tx, order.id))
    assert [(line.quantity, line.reason) for line in back.lines] == [(1, "damaged")]
    note = "To the pottery, please."
    await market.do(lambda tx: returns.approve(tx, back.id, policy=market.world.catalog.returns, note=note))
    assert note in (await holder.get(path)).text
    changes = {"return": str(back.id), "carrier": "dhl", "tracking_number": "JD99"}
    assert "On its way back" in await holder.follow(await holder.post(f"{path}/return/changes", **changes))
    gone = await holder.follow(await holder.post(f"{path}/return/changes", **changes, keep="yes"))
    assert "You keep it" not in gone


async def test_a_link_opens_its_own_order_and_no_other(visitor: Visitor, visit: Callable[[], Visitor], market: Market) -> None:
    order = await bought(visitor, market)
    (part, *_) = await market.do(lambda tx: seller_orders.of_order(tx, order.id))
    other = await path_of(market, replace(order, id=OrderId.new()))
    stranger = visit()
    for path in (f"{other}/cancellation?part={part.id}", f"/progress/{'x' * 50}/cancellation?part={part.id}"):
        assert (await stranger.get(path)).status_code == 404
        assert (await stranger.post(path.partition("?")[0], part=str(part.id))).status_code == 404
    assert [each.status for each in await market.do(lambda tx: seller_orders.of_order(tx, order.id))] == ["confirmed"] * 2
