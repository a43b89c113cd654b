"""The shop that is killed: a whole world with a host's hooks in it, and the doors that a client and the provider knock at.

The process that dies and the one that comes after it open the same one.
"""

import base64
import os
import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from tests.races.boundaries import BOUNDARIES
from tests.worlds import BASE_URL, CARD, CATALOG, WEBHOOK_SECRET, content_of, signed

from farthing import catalog, checkout, jobs
from farthing.api import build
from farthing.clock import TravelClock
from farthing.config import Settings
from farthing.db import Database, Transaction
from farthing.events import Event
from farthing.jobs import Drained
from farthing.providers.stripe import Stripe
from farthing.webhooks import Door, Inbox
from farthing.worker import SWEEPS, TASKS
from farthing.world import Hook, World

HOST_TABLES: Final = """
    CREATE TABLE public.host_deliveries (event text PRIMARY KEY, type text NOT NULL);
    CREATE TABLE public.host_sales (order_id text PRIMARY KEY, total text NOT NULL);
"""
"""What the host keeps: a row for each event it was told of, and one for each sale in our own transaction."""

ROUNDS_MAX: Final = 40
LEASES: Final = timedelta(seconds=65)
"""After this long everybody may take over what a dead process had in its hands."""


@dataclass(frozen=True)
class Place:
    """Where a shop stands."""

    dsn: str
    key: str
    """Of its account at the sandbox."""
    url: str
    """Of the sandbox."""
    post: str
    """The file that is the post office: a line for each message that was handed in."""
    secret: str = ""
    """Of an API key of ours."""


class PostOffice:
    """Takes messages outside of every transaction, and remembers them whoever dies."""

    def __init__(self, path: str) -> None:
        self._path = path

    async def send(self, *, key: str, recipient: str, subject: str, text: str, html: str) -> None:
        BOUNDARIES.before()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{key} {recipient}\n".encode())
        os.close(descriptor)
        BOUNDARIES.after()


@dataclass(frozen=True)
class Shop:
    place: Place
    world: World
    client: httpx.AsyncClient
    """Somebody who calls our API and our webhook door."""
    outside: httpx.AsyncClient
    """Somebody at the provider: the buyer on its page, a person in its dashboard."""
    clock: TravelClock

    async def deliver(self, event: dict[str, Any]) -> int:
        body, signature = signed(event)
        answer = await self.client.post("/webhooks/stripe", content=body, headers={"Stripe-Signature": signature})
        return answer.status_code

    async def pay(self, session: str, card: str = CARD) -> httpx.Response:
        """What the buyer does on the provider's page: 200 paid, 402 declined, 400 where nobody can pay any more."""
        body = {"card": card, "email": "ada@example.com"}
        return await self.outside.post(f"/_sandbox/checkout/sessions/{session}/pay", json=body)

    async def deliver_all(self, events: Sequence[dict[str, Any]], say: Callable[[str], None] = lambda _: None) -> None:
        for event in events:
            assert await self.deliver(event) == 200
            say(f"stored {event['id']}")

    async def work(self) -> Drained:
        """What a worker does, until there is nothing left to do."""
        total = Drained()
        for _ in range(ROUNDS_MAX):
            found = sum([await sweep.work(self.world) for sweep in SWEEPS])
            drained = await jobs.drain(self.world.db, self.world, TASKS, ignore_delays=True)
            total = Drained(total.done + drained.done, total.again + drained.again, total.dead + drained.dead)
            if not found and not drained.done:
                return total
        raise AssertionError(f"the shop does not come to rest: {total}")

    async def post(self, path: str, body: dict[str, Any], key: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.place.secret}", "Idempotency-Key": key}
        return await self.client.post(path, json=body, headers=headers)


CART: Final = {
    "items": [{"product": "guide", "quantity": 1}],
    "customer": {"id": "ada", "email": "ada@example.com"},
    "success_url": f"{BASE_URL}/thanks",
    "cancel_url": f"{BASE_URL}/cart",
}

BOARD: Final = """
[products.job-posting]
name = "A job posting"
kind = "job_posting"
price = "99.00 EUR"

[products.email-blast]
name = "An email to everybody"
kind = "custom"
addon_of = ["job-posting"]
price = "49.00 EUR"

[products.credits]
name = "Ten credits"
kind = "credits"
price = "100.00 EUR"
credits = { amount = 10 }
"""

PLANS: Final = """
[products.pro]
name = "Pro"
kind = "plan"
features = ["reports"]
plan.credits = 100
plan.prices.monthly = { price = "20.00 EUR", interval = "month" }

[products.team]
name = "Team"
kind = "plan"
features = ["reports", "team"]
plan.prices.monthly = { price = "50.00 EUR", interval = "month" }
"""

MARKET: Final = """
[marketplace]
country = "US"
holding_days = 0

[[marketplace.fees]]
platform_basis_points = 1000

[products.thing]
name = "Something of a seller's"
kind = "goods"
goods = { listed = true }
"""
"""What was earned is due as soon as it has arrived."""

EVERYTHING: Final = CART | {
    "items": [
        {"product": "article", "quantity": 1, "content": "abc-123"},
        {"product": "credits", "quantity": 1},
        {"product": "job-posting", "quantity": 1, "metadata": {"job": "job-1"}},
        {"product": "email-blast", "quantity": 1, "metadata": {"job": "job-1"}},
    ],
    "promotion_code": "ONLY1",
}
"""Each kind that keeps rows of its own, with a code that can be used once."""

LEGAL: Final = """
[legal]
name = "The test shop"
address = ["Ringstraße 1"]
country = "AT"
"""
"""Every payment and every refund draws a number of its own, whoever dies."""

CARTS: Final = {
    "settle_everything": EVERYTHING,
    "refund_line": EVERYTHING,
    "spend": EVERYTHING,
    "capture": CART | {"capture": "manual"},
}
"""Flow → what is bought in it, where it is not `CART`."""

API: Final[list[FastAPI]] = []
"""Built once: a process that forks has it ready for every child."""


def api() -> FastAPI:
    if not API:
        API.append(build())
    return API[0]


@asynccontextmanager
async def opened(place: Place, clock: TravelClock | None = None) -> AsyncIterator[Shop]:
    clock = clock or TravelClock()
    db = Database(place.dsn, clock=clock, pool_max=8)
    await db.open()
    provider = Stripe(place.key, livemode=False, webhook_secrets=[WEBHOOK_SECRET], base=place.url)
    sells = catalog.parse(CATALOG + BOARD + PLANS + LEGAL + MARKET)
    world = World(_settings(place), db, provider, sells, PostOffice(place.post), content=content_of)
    _listen(world)
    inbox = Inbox(db)
    app = api()
    app.state.world = world
    try:
        async with (
            httpx.AsyncClient(transport=httpx.ASGITransport(_doors(app, world, inbox)), base_url=BASE_URL) as client,
            httpx.AsyncClient(base_url=place.url, auth=httpx.BasicAuth(place.key, ""), timeout=20, verify=False) as outside,
        ):
            yield Shop(place, world, client, outside, clock)
    finally:
        await inbox.close()
        await provider.close()
        await db.close()


def _settings(place: Place) -> Settings:
    return Settings(
        env="test",
        database_url=SecretStr(place.dsn),
        base_url=BASE_URL,
        secret_key=SecretStr("a secret of the tests, long enough to sign with"),
        stripe_secret_key=SecretStr(place.key),
        stripe_webhook_secrets=(SecretStr(WEBHOOK_SECRET),),
        stripe_api_base=place.url,
    )


def _doors(app: FastAPI, world: World, inbox: Inbox) -> Any:
    door = Door(world, inbox)

    async def doors(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/webhooks/stripe":
            response = await door(Request(scope, receive))
            await response(scope, receive, send)
        elif scope["path"] == "/checkout/return":
            response = await checkout.come_back(world, Request(scope, receive))
            await response(scope, receive, send)
        else:
            await app(scope, receive, send)

    return doors


def _listen(world: World) -> None:
    """The host: it writes down what it was told, and a sale in the transaction that makes it."""

    async def told(event: Event) -> None:
        async with world.db.connection() as connection:
            values = (str(event.id), event.type)
            await connection.execute("INSERT INTO host_deliveries VALUES (%s, %s) ON CONFLICT DO NOTHING", values)

    async def sold(tx: Transaction, event: Any) -> None:
        total = f"{event.data['total']['amount']} {event.data['total']['currency']}"
        await tx.connection.execute("INSERT INTO host_sales VALUES (%s, %s)", (str(event.order_id), total))

    for type in ("order.paid", "order.refunded", "payment.surplus", "refund.succeeded"):
        world.hooks[type] = [Hook("told", told)]
    world.db.hooks["order.paid"] = [sold]


def events_at(place: Place) -> list[dict[str, Any]]:
    """What the provider has to tell, oldest first. By another library than the house uses: looking is no boundary."""
    page = look(place, "/v1/events?limit=100")
    return list(reversed(page["data"]))


def look(place: Place, path: str) -> dict[str, Any]:
    credentials = base64.b64encode(f"{place.key}:".encode()).decode()
    request = urllib.request.Request(place.url + path, headers={"Authorization": f"Basic {credentials}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        found: dict[str, Any] = orjson.loads(answer.read())
    return found


def tell(place: Place, path: str, **fields: Any) -> None:
    """Ask the sandbox for something that is no part of Stripe, likewise."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(place.url + path, orjson.dumps(fields), headers)
    with urllib.request.urlopen(request, timeout=20):
        pass


def messages_at(place: Place) -> list[str]:
    path = Path(place.post)
    return path.read_text().splitlines() if path.exists() else []
