"""The whole application as a host mounts it: the door is where it should be, and nothing in front of it reads the body."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp
from tests.news import work
from tests.webhooks.conftest import event, states
from tests.worlds import CATALOG, Account, Outbox, session_of, signed, start, unchanged

from farthing import ConfigError, Farthing, catalog, webhooks
from farthing.clock import TravelClock
from farthing.config import Settings


@pytest.fixture
async def pay(settings: Settings, outbox: Outbox, clock: TravelClock) -> AsyncIterator[Farthing]:
    farthing = Farthing(settings, run_worker=False, catalog=catalog.parse(CATALOG), clock=clock, mailer=outbox)
    yield farthing
    await farthing.stop()


@asynccontextmanager
async def client(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as http:
        yield http


async def post(http: httpx.AsyncClient, path: str, body: bytes, signature: str) -> httpx.Response:
    return await http.post(path, content=body, headers={"Stripe-Signature": signature})


@pytest.mark.covers("F154", "S003-4", "S000-54")
@pytest.mark.parametrize("where", ["", "/pay"])
async def test_a_purchase_is_heard_of_through_the_mounted_application(
    pay: Farthing, account: Account, outbox: Outbox, where: str
) -> None:
    host = FastAPI()
    host.mount(where or "/", pay.asgi)
    async with pay, client(host) as http:
        started = await start(pay.world)
        assert (await account.pay(await session_of(pay.world, started.id))).status_code == 200
        for each in await account.events():
            assert (await post(http, f"{where}/webhooks/stripe", *signed(each))).status_code == 200
        while await webhooks.drain(pay.world):
            pass
        await work(pay.world)
        assert (await pay.order(str(started.order_id))).status == "paid"
        assert await pay.entitled("ada", "guide:pro")
        assert len(outbox.messages) == 1


async def test_the_door_opens_only_to_post(pay: Farthing) -> None:
    async with pay, client(pay.asgi) as http, unchanged(pay.world):
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
            answer = await http.request(method, "/webhooks/stripe")
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_a_host_that_forgot_the_lifespan_is_started_by_the_first_delivery(pay: Farthing) -> None:
    async with client(pay.asgi) as http:
        assert (await http.get("/health/live")).json() == {"status": "live"}
        before = pay.started
        assert (await post(http, "/webhooks/stripe", *signed(event()))).status_code == 200
        assert (before, pay.started) == (False, True)
        assert list(await states(pay.world)) == ["evt_1"]


async def test_a_server_that_is_alive_says_whether_it_is_ready(pay: Farthing) -> None:
    async with pay, client(pay.asgi) as http:
        ready = await http.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")
        async with pay.world.db.transaction("test") as tx:
            await tx.run("UPDATE schema_version SET version_num = '9999'")
        other = await http.get("/health/ready")
        assert (other.status_code, other.json()["schema"]) == (503, "9999")


async def test_a_database_at_another_version_is_not_served(pay: Farthing, outbox: Outbox) -> None:
    async with pay, pay.world.db.transaction("test") as tx:
        await tx.run("UPDATE schema_version SET version_num = '0001'")
    again = Farthing(pay.settings, run_worker=False, catalog=catalog.parse(CATALOG), mailer=outbox)
    with pytest.raises(ConfigError, match="run `farthing db upgrade`"):
        await again.start()
    assert not again.started
    with pytest.raises(ConfigError, match="is not started"):
        _ = again.world
