"""A customer's own pages: their orders, and nothing of anybody else's."""

from collections.abc import Callable

import httpx
import pytest
from starlette.requests import Request
from starlette.types import ASGIApp
from tests.pages.visitor import Visitor
from tests.worlds import Account, buy, start

from farthing import payments, web
from farthing.catalog import CartItem
from farthing.checkout import Buyer
from farthing.http.callers import CustomerIdentity
from farthing.ids import OrderId
from farthing.money import Money
from farthing.orders import Order
from farthing.world import World

ADA = Buyer("ada", "ada@example.com", "Ada Lovelace")
GRACE = Buyer("grace", "grace@example.com", "Grace Hopper")


async def who(request: Request) -> CustomerIdentity | None:
    """The host's own way to know its users."""
    name = request.headers.get("x-user")
    return CustomerIdentity(name, f"{name}@example.com", name.capitalize()) if name else None


@pytest.fixture
def pages(world: World) -> ASGIApp:
    return web.build(world, authenticate=who)


@pytest.fixture
def ada(visit: Callable[[], Visitor]) -> Visitor:
    visitor = visit()
    visitor.http.headers["x-user"] = "ada"
    return visitor


@pytest.mark.covers("S000-44")
async def test_orders_are_listed_newest_first(ada: Visitor, world: World, account: Account) -> None:
    await buy(world, account, CartItem("mug", 2), buyer=ADA)
    await start(world, buyer=ADA)
    await start(world, buyer=GRACE)
    text = (await ada.get("/account/orders")).text
    assert text.index("Order 1002") < text.index("Order 1001")
    assert "Order 1003" not in text
    assert "2 × A mug" in text


async def test_an_order_that_waits_leads_on_to_its_payment(ada: Visitor, world: World) -> None:
    started = await start(world, CartItem("mug", 2), buyer=ADA)
    text = (await ada.get(f"/account/orders/{started.order_id}")).text
    assert "The order is kept for you until" in text
    paying = text.partition('href="/pay/')[2].partition('"')[0]
    assert "Pay €25.00" in (await ada.get(f"/pay/{paying}")).text


async def test_an_order_shows_items_access_and_what_came_back(ada: Visitor, world: World, account: Account) -> None:
    order = await buy(world, account, CartItem("guide"), CartItem("mug", 2), buyer=ADA)
    async with world.db.transaction("test") as tx:
        await payments.refund_order(tx, order.id, Money(500, "eur"), reason="duplicate", note="not for the buyer")
    text = (await ada.get(f"/account/orders/{order.id}")).text
    for words in ("€74.00", "guide:pro", "for ever", "−€5.00", "Visa •••• 4242", "ada@example.com"):
        assert words in text
    assert "not for the buyer" not in text


@pytest.mark.covers("S000-45")
@pytest.mark.parametrize("path", ["/account/orders/{id}", "/account/orders/order_x", "/account/orders/%00"])
async def test_an_order_of_somebody_else_does_not_exist(ada: Visitor, world: World, account: Account, path: str) -> None:
    order = await buy(world, account, buyer=GRACE)
    answer = await ada.get(path.format(id=order.id))
    assert answer.status_code == 404
    assert "grace" not in answer.text.lower()
    missing = await ada.get(f"/account/orders/{OrderId.new()}")
    assert missing.status_code == 404


async def test_pages_of_twenty_lead_on(ada: Visitor, world: World) -> None:
    for _ in range(21):
        await start(world, buyer=ADA)
    first = (await ada.get("/account/orders")).text
    assert first.count("order-card panel") + first.count("panel order-card") == 20
    cursor = first.partition("?cursor=")[2].partition('"')[0]
    assert "Order 1001" in (await ada.get(f"/account/orders?cursor={cursor}")).text


async def test_a_stranger_is_asked_who_they_are(visit: Callable[[], Visitor], world: World, account: Account) -> None:
    order: Order = await buy(world, account, buyer=ADA)
    for path in ("/account/orders", f"/account/orders/{order.id}"):
        answer = await visit().get(path)
        assert answer.status_code == 401
        assert "1001" not in answer.text


async def test_the_demo_customer_signs_in_and_out_by_a_switch(visit: Callable[[], Visitor]) -> None:
    visitor = visit()
    await visitor.get("/account/orders")
    assert "No orders yet" in await visitor.follow(await visitor.post("/demo/sign-in"))
    assert "Demo Customer" in (await visitor.get("/")).text
    assert "You are a guest again" in await visitor.follow(await visitor.post("/demo/sign-out"))
    assert (await visitor.get("/account/orders")).status_code == 401


async def test_the_host_s_word_wins_over_the_demo_switch(ada: Visitor) -> None:
    await ada.get("/account/orders")
    await ada.post("/demo/sign-in")
    text = (await ada.get("/")).text
    assert "Ada" in text
    assert "Demo Customer" not in text


async def test_mounted_below_a_path_all_links_stay_below_it(world: World) -> None:
    transport = httpx.ASGITransport(web.build(world, authenticate=who), root_path="/billing")
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers={"x-user": "ada"}) as http:
        text = (await http.get("/billing/account/orders")).text
    links = [part.partition('"')[0] for part in text.split('href="')[1:]]
    assert links
    assert [link for link in links if not link.startswith(("/billing", "#"))] == []
