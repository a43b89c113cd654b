"""What a customer does on their own pages besides looking at orders: ask for money back, fetch files, keep ways to pay."""

import re
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from starlette.types import ASGIApp
from tests.boards import board, board_day
from tests.customers.test_methods import attach, methods
from tests.customers.test_push import theirs
from tests.news import hear, work
from tests.pages.test_account import ADA, GRACE, who
from tests.pages.visitor import Visitor
from tests.worlds import Account, buy

from farthing import refunds, web
from farthing.catalog import CartItem, RefundPolicy
from farthing.db import Transaction
from farthing.orders import Order
from farthing.refunds import RefundRequest, Wanted
from farthing.world import World


@pytest.fixture
def pages(world: World) -> ASGIApp:
    return web.build(world, authenticate=who)


@pytest.fixture
def ada(visit: Callable[[], Visitor]) -> Visitor:
    return as_(visit(), "ada")


def as_(visitor: Visitor, name: str) -> Visitor:
    visitor.http.headers["x-user"] = name
    return visitor


async def asked_of(world: World, order: Order) -> list[RefundRequest]:
    async with world.db.transaction("test") as tx:
        return list((await refunds.list_page(tx, limit=10, order=order.id)).items)


def fields_of(text: str) -> list[str]:
    return re.findall(r'name="(units:[^"]+)"', text)


@pytest.mark.covers("C17", "S003-31")
async def test_money_back_is_asked_for_by_line_seen_and_taken_back(ada: Visitor, world: World, account: Account) -> None:
    order = await buy(world, account, CartItem("guide"), CartItem("mug", 4), buyer=ADA)
    url = f"/account/orders/{order.id}"
    assert "Ask for money back" in (await ada.get(url)).text
    form = (await ada.get(f"{url}/refund-request")).text
    assert "Somebody at" in form
    guide, mugs = fields_of(form)
    for wrong, said in (({}, "at least one thing"), ({mugs: "5"}, "from 0 to 4"), ({mugs: "x"}, "from 0 to 4")):
        answer = await ada.post(f"{url}/refund-request", **wrong, message="broken")
        assert (answer.status_code, said in answer.text, ">broken</textarea>" in answer.text) == (422, True, True)
    text = await ada.follow(await ada.post(f"{url}/refund-request", **{mugs: "2"}, message="<b>two</b> are broken"))
    for words in (
        "We have your request",
        "You asked for €25.00",
        "2 × A mug",
        "&lt;b&gt;two&lt;/b&gt;",
        "Somebody looks at it",
    ):
        assert words in text
    assert "Ask for money back" not in text
    again = await ada.follow(await ada.post(f"{url}/refund-request", **{guide: "1"}))
    assert "being looked at already" in again
    (made,) = await asked_of(world, order)
    assert (made.requested_by, made.message, made.status) == ("customer:ada", "<b>two</b> are broken", "requested")
    text = await ada.follow(await ada.post(f"{url}/refund-request/withdrawal", request=str(made.id)))
    assert "You took the request back" in text
    assert [each.status for each in await asked_of(world, order)] == ["withdrawn"]


@pytest.mark.covers("S000-45")
async def test_within_the_policy_the_money_goes_back_at_once(
    visit: Callable[[], Visitor], world: World, account: Account
) -> None:
    sold = replace(world.catalog, refunds=RefundPolicy(window_days=14, auto_approve=True))
    there = replace(world, catalog=sold)
    order = await buy(there, account, CartItem("mug"), buyer=ADA)
    url = f"/account/orders/{order.id}"
    (ada,) = await _on(there, "ada")
    form = (await ada.get(f"{url}/refund-request")).text
    assert "your money goes back at once" in form
    text = await ada.follow(await ada.post(f"{url}/refund-request", **dict.fromkeys(fields_of(form), "1")))
    assert "is on its way back to you" in text
    await work(there)
    text = (await ada.get(url)).text
    assert "Sent to your bank" in text
    assert "all of it is back with you" in text
    assert (await ada.get(f"{url}/refund-request")).status_code == 409
    await ada.http.aclose()


@pytest.mark.covers("S000-45")
async def test_nobody_asks_or_withdraws_for_somebody_else(visit: Callable[[], Visitor], world: World, account: Account) -> None:
    order, own = await buy(world, account, buyer=GRACE), await buy(world, account, buyer=ADA)
    ada, grace, stranger = as_(visit(), "ada"), as_(visit(), "grace"), visit()
    url = f"/account/orders/{order.id}/refund-request"
    fields = dict.fromkeys(fields_of((await grace.get(url)).text), "1")
    await grace.post(url, **fields)
    (made,) = await asked_of(world, order)
    assert (await ada.get(url)).status_code == 404
    assert (await ada.post(url, **fields)).status_code == 404
    for place in (order.id, own.id):
        taken = await ada.post(f"/account/orders/{place}/refund-request/withdrawal", request=str(made.id))
        assert taken.status_code == 404
    assert (await stranger.get(url)).status_code == 401
    assert (await stranger.post(url, **fields)).status_code == 401
    assert [each.status for each in await asked_of(world, order)] == ["requested"]


async def test_what_staff_filed_is_neither_shown_nor_taken_back(ada: Visitor, world: World, account: Account) -> None:
    order = await buy(world, account, CartItem("mug"), buyer=ADA)
    policy = RefundPolicy()

    async def file(tx: Transaction) -> RefundRequest:
        return await refunds.request(
            tx, order.id, Wanted(), reason="duplicate", message="for us alone", policy=policy, by_buyer=False
        )

    made = await world.db.run("staff:1", file)
    url = f"/account/orders/{order.id}"
    text = (await ada.get(url)).text
    assert "for us alone" not in text
    assert "Ask for money back" not in text
    assert "being looked at already" in await ada.follow(await ada.get(f"{url}/refund-request"))
    assert (await ada.post(f"{url}/refund-request/withdrawal", request=str(made.id))).status_code == 404


async def test_the_menu_has_what_the_shop_sells_and_files_are_fetched_by_their_owner(
    visit: Callable[[], Visitor], world: World, account: Account
) -> None:
    ada, grace = as_(visit(), "ada"), as_(visit(), "grace")
    text = (await ada.get("/account/downloads")).text
    assert "Nothing to download yet" in text
    assert "/account/credits" not in text
    order = await buy(world, account, CartItem("ebook"), CartItem("article", content="own"), buyer=ADA)
    text = (await ada.get("/account/downloads")).text
    assert "2 downloads left" in text
    found = re.search(r'action="(/account/downloads/[^"]+)"', text)
    assert found
    answer = await ada.post(found[1])
    assert (answer.status_code, answer.headers["referrer-policy"]) == (303, "no-referrer")
    assert answer.headers["location"].startswith(f"{world.settings.base_url}/downloads/ey")
    await grace.get("/account/downloads")
    assert (await grace.post(found[1])).status_code == 404
    assert "By the shop itself" in (await ada.get("/account/purchases")).text
    assert "You own nothing yet" in (await grace.get("/account/purchases")).text
    text = (await ada.get(f"/account/orders/{order.id}")).text
    assert "book.pdf" in text
    assert "Yours to keep" in text


async def test_a_board_shows_its_postings_work_and_credits(world: World, account: Account) -> None:
    await board_day(world, account)
    (bob,) = await _on(board(world), "bob")
    text = (await bob.get("/account/credits")).text
    for words in ("Your balance", ">8<", "8 credits", "busy: kept", "−2", "Given back", "+10"):
        assert words in text
    links = re.findall(r'href="(/account/orders/order_[^"]+)"', (await bob.get("/account/orders")).text)
    shown = [(await bob.get(link)).text for link in links]
    credits_, waiting, posted = shown[-3:]
    assert "10 credits" in credits_
    assert "as soon as somebody has looked at it" in waiting
    assert "1 of 3 units delivered" in waiting
    assert "Published until" in posted
    await bob.http.aclose()


@pytest.mark.covers("S003-25")
async def test_saved_methods_are_added_chosen_and_removed(visit: Callable[[], Visitor], world: World, account: Account) -> None:
    ada, grace = as_(visit(), "ada"), as_(visit(), "grace")
    assert "No payment method is saved" in (await ada.get("/account/payment-methods")).text
    answer = await ada.post("/account/payment-methods")
    assert answer.headers["location"].startswith(f"{world.settings.stripe_api_base}/c/")
    (there,) = await theirs(account)
    await attach(account, there["id"], "pm_card_visa")
    await attach(account, there["id"])
    text = await ada.follow(await ada.get("/account/payment-methods?saved=1"))
    assert "Visa •••• 4242" in text
    visa, mastercard = await methods(world)
    assert f"/account/payment-methods/{visa.id}/default" not in text
    url = f"/account/payment-methods/{mastercard.id}"
    assert (await grace.get(f"{url}/removal")).status_code == 404
    assert (await grace.post(f"{url}/removal")).status_code == 404
    assert (await grace.post(f"{url}/default")).status_code == 404
    assert "pays from now on" in await ada.follow(await ada.post(f"{url}/default"))
    assert "Remove this payment method?" in (await ada.get(f"{url}/removal")).text
    assert "is removed" in await ada.follow(await ada.post(f"{url}/removal"))
    assert [(each.status, each.is_default) for each in await methods(world)] == [("attached", False), ("detached", False)]
    answer = await ada.post("/account/portal")
    assert (answer.status_code, answer.headers["location"].startswith(f"{world.settings.stripe_api_base}/")) == (303, True)
    assert "There is no such customer" in await grace.follow(await grace.post("/account/portal"))
    await account.fail_next("500_before", "/v1/checkout/sessions", times=6)
    assert (await ada.post("/account/payment-methods")).headers["location"] == "/account/payment-methods"
    await hear(world, account)


async def test_strangers_are_asked_who_they_are_on_every_page(visitor: Visitor) -> None:
    for path in ("downloads", "credits", "purchases", "payment-methods"):
        assert (await visitor.get(f"/account/{path}")).status_code == 401
    for path in ("payment-methods", "portal"):
        assert (await visitor.post(f"/account/{path}")).status_code == 401


async def _on(world: World, *names: str) -> list[Visitor]:
    """Signed-in visitors of the pages of this world; the test closes their clients."""
    pages = web.build(world, authenticate=who)
    clients = (httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url="http://testserver") for _ in names)
    return [as_(Visitor(client), name) for client, name in zip(clients, names, strict=True)]
