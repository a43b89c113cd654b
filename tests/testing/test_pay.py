"""The fixture `pay`, for who uses Farthing: the whole of it, real, on an empty database, and at rest whenever a test looks."""

import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, HTTPException
from fastapi.responses import RedirectResponse
from tests.whole import sized

from farthing import Farthing, OrderPaid, Settings, sellers
from farthing.errors import ConfigError
from farthing.ids import SellerId
from farthing.money import Money
from farthing.testing import Mailbox, Pay, Sandbox, TestClock, WorkFailed
from farthing.testing.lending import given, named
from farthing.world import World

CATALOG = """
currency = "eur"

[products.guide]
name = "The guide"
kind = "access"
features = ["guide:pro"]
price = "49.00 EUR"
"""
ADA: Any = {"customer": "ada", "email": "ada@example.com"}


class Shop:
    """A host with a Farthing of its own, made once, as a module would."""

    def __init__(self) -> None:
        self.pay = Farthing(Settings(checkout_minutes=45))
        self.app = FastAPI(lifespan=self.pay.lifespan)
        self.sold: list[str] = []
        self.fails = False
        self.app.post("/buy")(self.buy)
        self.app.get("/guide")(self.read)
        self.pay.on(OrderPaid, name="celebrate")(self.celebrate)
        self.app.mount("/", self.pay.asgi)

    async def buy(self, user: str) -> RedirectResponse:
        return RedirectResponse((await self.pay.checkout("guide", customer=user, email=f"{user}@example.com")).url, 303)

    async def read(self, user: str) -> dict[str, str]:
        if not await self.pay.entitled(user, "guide:pro"):
            raise HTTPException(402)
        return {"page": "1"}

    async def celebrate(self, event: OrderPaid) -> None:
        if self.fails:
            raise RuntimeError("no champagne")
        self.sold.append(str(event.order_id))


SHOP = Shop()


@pytest.fixture
def farthing_catalog() -> str:
    return CATALOG


@pytest.fixture
def farthing_app() -> Any:
    return SHOP.app


@pytest.fixture
def shop(pay: Pay) -> Iterator[Shop]:
    SHOP.sold.clear()
    yield SHOP
    SHOP.fails = False


def test_a_purchase_through_the_application(pay: Pay, shop: Shop, sandbox: Sandbox, mailbox: Mailbox) -> None:
    page = pay.http.post("/buy", params={"user": "ada"}).headers["location"]
    assert pay.http.get("/guide", params={"user": "ada"}).status_code == 402
    assert sandbox.pay(page)
    assert pay.http.get("/guide", params={"user": "ada"}).json() == {"page": "1"}
    assert [(message.recipient, message.subject) for message in mailbox] == [("ada@example.com", "Your order 1001")]
    assert len(shop.sold) == 1
    pay.check_books()


def test_a_refund_is_sent_and_told(pay: Pay, shop: Shop, sandbox: Sandbox, mailbox: Mailbox) -> None:
    checkout = pay.checkout("guide", **ADA)
    assert sandbox.pay(checkout)
    pay.refund(checkout, Money(900, "eur"))
    assert pay.order(checkout).status == "paid"
    pay.refund(checkout)
    assert pay.order(checkout).status == "refunded"
    assert not pay.entitled("ada", "guide:pro")
    assert [refund.amount for refund in sandbox.client.v1.refunds.list().data] == [4000, 900]
    assert [message.subject for message in mailbox.to("ada@example.com")] == [
        "Your order 1001",
        *["Refund for your order 1001"] * 2,
    ]


def test_a_seller_who_is_onboarded_may_sell_and_nobody_has_to_ask(pay: Pay, sandbox: Sandbox) -> None:
    world = pay.farthing.world
    grace = pay.run(sellers.remember(world, sellers.Wanted("grace", country="US"), actor="test"))
    back = sellers.address(world, grace.id, "return")
    pay.run(sellers.onboard(world, grace.id, refresh_url=back, return_url=back, actor="test"))
    (made,) = sandbox.client.v1.accounts.list().data
    sandbox.onboard(made)
    assert pay.run(_read(world, grace.id)).may_sell


async def _read(world: World, id: SellerId) -> sellers.Seller:
    async with world.db.transaction("test") as tx:
        return await sellers.get(tx, id)


def test_every_test_begins_with_order_1001_and_no_emails(pay: Pay, shop: Shop, mailbox: Mailbox) -> None:
    assert pay.order(pay.checkout("guide", **ADA)).number == 1001
    assert (len(mailbox), shop.sold) == (0, [])
    with pytest.raises(AssertionError, match="No email was sent"):
        _ = mailbox.last


def test_time_passes_for_farthing_and_its_sandbox(pay: Pay, sandbox: Sandbox, clock: TestClock) -> None:
    nobody = pay.checkout("guide", **ADA)
    clock.advance(minutes=46)
    assert pay.order(nobody).status == "expired"
    clock.advance(days=800)
    somebody = pay.checkout("guide", **ADA)
    assert sandbox.pay(somebody)
    order = pay.order(somebody)
    assert order.status == "paid"
    assert order.placed_at is not None
    assert clock.now() - order.placed_at < timedelta(minutes=1)


def test_a_hook_that_raises_fails_the_test(pay: Pay, shop: Shop, sandbox: Sandbox, clock: TestClock) -> None:
    shop.fails = True
    checkout = pay.checkout("guide", **ADA)
    with pytest.raises(WorkFailed, match=r"hook:celebrate on order\.paid: RuntimeError: no champagne"):
        sandbox.pay(checkout)
    shop.fails, pay.hooks_may_fail = False, True
    assert shop.sold == []
    clock.advance(minutes=5)
    assert len(shop.sold) == 1


def test_what_is_ordered_to_fail_is_tried_again_when_time_passes(
    pay: Pay, shop: Shop, sandbox: Sandbox, clock: TestClock
) -> None:
    checkout = pay.checkout("guide", **ADA)
    sandbox.pay(checkout)
    sandbox.fail_next("500_before", "/v1/refunds", times=20)
    pay.refund(checkout)
    assert pay.order(checkout).status == "paid"
    sandbox.behave()
    clock.advance(hours=1)
    assert pay.order(checkout).status == "refunded"


async def test_farthing_may_be_awaited_in_a_test_s_own_loop(pay: Pay, shop: Shop, sandbox: Sandbox) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(shop.app), base_url=pay.url) as http:
        sandbox.pay((await http.post("/buy", params={"user": "ada"})).headers["location"])
        assert await shop.pay.entitled("ada", "guide:pro")
        assert (await http.get("/guide", params={"user": "ada"})).json() == {"page": "1"}
        ready = await http.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")


def test_starlette_s_client_may_run_the_application_too(pay: Pay, shop: Shop, sandbox: Sandbox) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from starlette.testclient import TestClient as Client
    with Client(shop.app, follow_redirects=False) as http:
        sandbox.pay(http.post("/buy", params={"user": "ada"}).headers["location"])
        assert http.get("/guide", params={"user": "ada"}).json() == {"page": "1"}
        assert http.get("/v1/orders").status_code == 401
    assert pay.entitled("ada", "guide:pro"), "its lifespan has not stopped Farthing"


@pytest.fixture
def given_back() -> Iterator[None]:
    """Set up before `pay`, and so taken down after it."""
    before = {name: value for name, value in vars(SHOP.pay).items() if name not in ("inbox", "_site")}
    yield
    assert {name: value for name, value in vars(SHOP.pay).items() if name not in ("inbox", "_site")} == before
    assert not SHOP.pay.started


@pytest.mark.usefixtures("given_back")
def test_the_farthing_is_given_back_as_it_was(request: pytest.FixtureRequest) -> None:
    pay: Pay = request.getfixturevalue("pay")
    assert (pay.farthing.settings.env, pay.farthing.settings.checkout_minutes, pay.farthing.started) == ("test", 45, True)


@pytest.mark.every_event_order(duplicates=True, limit=sized(8, 3))
def test_the_end_is_the_same_in_every_order(pay: Pay, shop: Shop, sandbox: Sandbox) -> Any:
    checkout = pay.checkout("guide", **ADA)
    sandbox.pay(checkout, "4000000000000002")
    sandbox.pay(checkout)
    sandbox.deliver()
    assert [len(shop.sold), pay.order(checkout).status] == [1, "paid"]
    end = pay.end_state()
    assert [row["status"] for row in end["orders"]] == ["paid"]
    return end


def test_an_application_without_a_farthing_is_told_how_to_mount_one() -> None:
    with pytest.raises(ConfigError, match=r'no Farthing is mounted: app.mount\("/", pay.asgi\)'):
        given(FastAPI())
    with pytest.raises(ConfigError, match="name an application"):
        given("main:app")
    with pytest.raises(ConfigError, match="write module:name, such as main:app"):
        named("main", Path())
