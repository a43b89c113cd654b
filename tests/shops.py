"""A whole shop on loopback ports, as `farthing serve` runs it: sandbox, PostgreSQL, API, pages and worker, for a browser."""

import asyncio
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import uvicorn
from pydantic import SecretStr
from starlette.types import ASGIApp
from tests.worlds import CARD, Sandbox

from farthing import catalog
from farthing.app import Farthing
from farthing.catalog import Catalog
from farthing.config import Settings
from farthing.db import Database
from farthing.web.staff import create_staff

PASSWORD = "correct horse battery staple"
STAFF = {"admin@shop.example": "admin", "viewer@shop.example": "viewer"}


@dataclass(frozen=True, slots=True)
class Shop:
    url: str
    key: str
    """Of its account at the sandbox."""
    sandbox: Sandbox
    dsn: str
    settings: Settings
    clients: list[httpx.Client] = field(default_factory=list)
    """Of everybody who is at the shop: closed with it."""


class Client:
    """Somebody at the shop without a browser: fills the forms in, which is faster than clicking."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.http = httpx.Client(base_url=shop.url, timeout=30)
        shop.clients.append(self.http)
        self._token = _found(r'name="form_token" value="([^"]+)"', self.http.get("/admin/sign-in").text)

    def post(self, path: str, /, **fields: str) -> httpx.Response:
        return self.http.post(path, data={"form_token": self._token, **fields})

    def sign_in(self, email: str) -> None:
        assert self.post("/admin/sign-in", email=email, password=PASSWORD).status_code == 303

    def start(self, email: str = "", /, **cart: int) -> str:
        """Fill the cart and go to the payment page; returns cs_…"""
        for product, quantity in cart.items():
            self.post("/cart", product=product.replace("_", "-"), quantity=str(quantity))
        attempt = _found(r'name="attempt" value="([^"]+)"', self.http.get("/cart").text)
        answer = self.post("/cart/checkout", attempt=attempt, email=email)
        assert answer.status_code == 303, answer.text
        session: str = answer.headers["location"].rpartition("/")[2]
        return session

    def pay(self, session: str, card: str = CARD) -> int:
        """Pay there and come back, as the browser would; returns what the sandbox answered."""
        body = {"card": card, "email": "buyer@example.com"}
        url = f"{self.shop.sandbox.url}/_sandbox/checkout/sessions/{session}/pay"
        paid = httpx.post(url, json=body, auth=(self.shop.key, ""), timeout=30).status_code
        if paid == 200:
            back = self.http.get(f"/checkout/return?session_id={session}")
            self.http.get(back.headers["location"])
        return paid

    def link(self, path: str, pattern: str) -> str:
        """The first link on a page that looks like this."""
        return _found(f'href="({pattern})"', self.http.get(path).text)

    def wait_for(self, path: str, words: str) -> None:
        """Until the worker has done what makes the page say so."""
        until = time.monotonic() + 20
        while words not in (text := self.http.get(path).text):
            assert time.monotonic() < until, f"{path} never said {words!r}: {text}"
            time.sleep(0.1)


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, f"{pattern} is not in {text}"
    return found[1]


@contextmanager
def running_shop(dsn: str, sandbox: Sandbox, sells: Catalog | None = None) -> Iterator[Shop]:
    """Ready when the block begins, gone when it ends."""
    with running_app(
        dsn, sandbox, lambda settings: Farthing(settings, catalog=sells or catalog.parse(catalog.EXAMPLE)).asgi
    ) as shop:
        yield shop


@contextmanager
def running_app(dsn: str, sandbox: Sandbox, make: Callable[[Settings], ASGIApp]) -> Iterator[Shop]:
    """The same around an application that is made with the settings."""
    listener = socket.create_server(("127.0.0.1", 0))
    url, key = f"http://127.0.0.1:{listener.getsockname()[1]}", f"sk_test_{uuid.uuid4().hex}"
    settings = Settings(
        env="dev",
        database_url=SecretStr(dsn),
        base_url=url,
        secret_key=SecretStr("a secret of the tests, long enough to sign with"),
        stripe_secret_key=SecretStr(key),
        stripe_webhook_secrets=(SecretStr(_register(sandbox, key, f"{url}/webhooks/stripe")),),
        stripe_api_base=sandbox.url,
    )
    # In a thread: a browser under test has an event loop in this one.
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(asyncio.run, _add_staff(dsn)).result()
    server = uvicorn.Server(uvicorn.Config(make(settings), log_level="critical", lifespan="on", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the shop ended before it was ready"
        time.sleep(0.01)
    shop = Shop(url, key, sandbox, dsn, settings)
    try:
        yield shop
    finally:
        for client in shop.clients:
            client.close()
        server.should_exit = True
        thread.join(20)
        listener.close()


def _register(sandbox: Sandbox, key: str, url: str) -> str:
    """Have events delivered to the shop; returns the secret they are signed with."""
    answer = httpx.post(
        f"{sandbox.url}/v1/webhook_endpoints",
        auth=(key, ""),
        data={"url": url, "enabled_events[0]": "*", "api_version": "2026-10-28.endive"},
    )
    secret: str = answer.raise_for_status().json()["secret"]
    return secret


async def _add_staff(dsn: str) -> None:
    db = Database(dsn)
    await db.open()
    async with db.transaction("test") as tx:
        for email, role in STAFF.items():
            await create_staff(tx, email, PASSWORD, role)
    await db.close()
