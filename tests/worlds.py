"""A whole world for tests: our database, the real Stripe provider, and a sandbox for it to talk to.

Import the fixtures in a conftest: `from tests.worlds import account, outbox, sandbox, world`. Every test has an account of its
own in one sandbox; a test that moves the sandbox's clock asks for `lone_sandbox` instead, for the clock is everybody's.
"""

import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import pytest
import uvicorn
from psycopg import sql
from pydantic import SecretStr

from farthing import catalog, checkout, orders
from farthing.catalog import CartItem, Content
from farthing.checkout import Buyer, Started
from farthing.config import Settings
from farthing.db import Database, Transaction
from farthing.http.idempotency import Key
from farthing.ids import CheckoutId
from farthing.money import Money
from farthing.orders import Order
from farthing.providers.stripe import Stripe
from farthing.sandbox import create_app
from farthing.sandbox.signing import header
from farthing.world import World

WEBHOOK_SECRET = "whsec_of_the_tests"
BASE_URL = "http://testserver"
CARD = "4242424242424242"
DECLINED_CARD = "4000000000000002"
DISPUTED_CARD = "4000000000000259"
THREE_D_SECURE_CARD = "4000002760003184"

CATALOG = """
currency = "eur"

[shop]
name = "The test shop"

[products.guide]
name = "The guide"
kind = "access"
features = ["guide:pro"]
prices = ["49.00 EUR", "55.00 USD"]

[products.club]
name = "The club, one year"
kind = "access"
features = ["club:stories", "club:archive"]
access_days = 365
price = "24.00 EUR"
max_quantity = 1

[products.mug]
name = "A mug"
kind = "custom"
price = "12.50 EUR"
max_quantity = 100

[products.article]
name = "An article"
kind = "content"
prices = ["3.00 EUR", "3.50 USD"]
content = { platform_fee_basis_points = 1000, organization_fee_basis_points = 500 }

[products.ebook]
name = "An e-book"
kind = "download"
price = "9.00 EUR"
download = { files = ["book/book.pdf", "book/book.epub"], downloads_max = 2, days = 30 }

[coupons.welcome]
name = "Welcome"
percent = 10
codes = ["WELCOME10"]

[coupons.once]
name = "One of a kind"
amount = "5.00 EUR"
codes = ["ONLY1"]
max_redemptions = 1

[products.retired]
name = "No longer for sale"
kind = "custom"
price = "5.00 EUR"
active = false
"""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox. Its clock and its faults belong to all of its accounts."""

    url: str


@contextmanager
def running_sandbox() -> Iterator[Sandbox]:
    config = uvicorn.Config(create_app(), port=0, log_level="critical", lifespan="on", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the sandbox ended before it was ready"
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Sandbox(f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The sandbox of the run."""
    with running_sandbox() as running:
        yield running


@pytest.fixture
def lone_sandbox() -> Iterator[Sandbox]:
    """A sandbox for one test, whose clock it may move. Override `sandbox` with it where the world shall stand on it."""
    with running_sandbox() as running:
        yield running


@dataclass(frozen=True, slots=True)
class Account:
    """One Stripe account of the sandbox, and what a test does to it from outside."""

    key: str
    http: httpx.AsyncClient

    async def pay(self, session: str, card: str = CARD, **fields: str) -> httpx.Response:
        """Pay a session (cs_…) as the page does: 200 paid, 202 waits for 3-D Secure, 402 declined."""
        body = {"card": card, "email": "buyer@example.com", **fields}
        return await self.http.post(f"/_sandbox/checkout/sessions/{session}/pay", json=body)

    async def get(self, path: str, **params: str) -> dict[str, Any]:
        """What Stripe's API says, such as `get("/v1/refunds")`."""
        answer = await self.http.get(path, params=params)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    async def events(self, type: str | None = None) -> list[dict[str, Any]]:
        """What happened there, oldest first."""
        page = await self.get("/v1/events", limit="100", **({"type": type} if type else {}))
        return list(reversed(page["data"]))

    async def complain(self, payment: str, **fields: Any) -> dict[str, Any]:
        """The buyer's bank disputes a payment (pi_…), or asks, or warns of fraud; returns the dispute as it is there."""
        charge = (await self.get(f"/v1/payment_intents/{payment}"))["latest_charge"]
        answer = await self.http.post(f"/_sandbox/charges/{charge}/dispute", json=fields)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def decide(self, dispute: str, outcome: str) -> None:
        """The bank's word on a dispute (du_…): won, lost, escalated, warning_closed or appealed."""
        answer = await self.http.post(f"/_sandbox/disputes/{dispute}/decide", json={"outcome": outcome})
        assert answer.status_code == 200, answer.text

    async def advance(self, seconds: int) -> None:
        answer = await self.http.post("/_sandbox/clock/advance", json={"seconds": seconds})
        answer.raise_for_status()

    async def fail_next(self, kind: str, path: str, *, method: str = "POST", times: int = 1) -> None:
        """Order a fault, such as `fail_next("lost_response", "/v1/refunds")`."""
        fault = {"kind": kind, "path": path, "method": method, "times": times}
        (await self.http.post("/_sandbox/faults", json=fault)).raise_for_status()


@pytest.fixture
async def account(sandbox: Sandbox) -> AsyncIterator[Account]:
    key = f"sk_test_{uuid.uuid4().hex}"
    async with httpx.AsyncClient(base_url=sandbox.url, auth=httpx.BasicAuth(key, ""), timeout=20) as http:
        yield Account(key, http)
        await http.delete("/_sandbox/faults")


CONTENTS = {
    "abc-123": Content("Introduction to SQL", seller="grace", organization="school"),
    "dear": Content("A dear film", price=[Money(999, "eur"), Money(1001, "jpy"), Money(10_010, "bhd")], seller="grace"),
    "own": Content("By the shop itself", price=Money(500, "eur")),
    "draft": Content("Not published yet", published=False),
    "free": Content("For everybody", price=Money(0, "eur")),
}
"""What the host of the tests sells; a test may change it."""


async def content_of(reference: str) -> Content | None:
    return CONTENTS.get(reference)


@dataclass(frozen=True, slots=True)
class Message:
    key: str
    recipient: str
    subject: str
    text: str
    html: str


@dataclass(slots=True)
class Outbox:
    """A mailer that keeps what it was given, in the order it came."""

    messages: list[Message] = field(default_factory=list)

    async def send(self, *, key: str, recipient: str, subject: str, text: str, html: str) -> None:
        self.messages.append(Message(key, recipient, subject, text, html))


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def settings(dsn: str, sandbox: Sandbox, account: Account) -> Settings:
    return Settings(
        env="test",
        database_url=SecretStr(dsn),
        base_url=BASE_URL,
        secret_key=SecretStr("a secret of the tests, long enough to sign with"),
        stripe_secret_key=SecretStr(account.key),
        stripe_webhook_secrets=(SecretStr(WEBHOOK_SECRET),),
        stripe_api_base=sandbox.url,
        allowed_hosts=("shop.example",),
    )


@pytest.fixture
async def world(settings: Settings, db: Database, account: Account, outbox: Outbox) -> AsyncIterator[World]:
    """Everything real but the post office, and a host that knows a few contents."""
    provider = Stripe(account.key, livemode=False, webhook_secrets=[WEBHOOK_SECRET], base=settings.stripe_api_base)
    yield World(settings, db, provider, catalog.parse(CATALOG), outbox, content=content_of)
    await provider.close()


async def start(
    world: World,
    *items: CartItem,
    buyer: Buyer | None = None,
    code: str | None = None,
    key: Key | None = None,
    save_method: bool = False,
) -> Started:
    """Begin a checkout, by default of one guide for the user "ada"."""
    return await checkout.start(
        world,
        items=items or [CartItem("guide")],
        buyer=buyer or Buyer("ada", "ada@example.com", "Ada Lovelace"),
        success_url=f"{BASE_URL}/thanks",
        cancel_url=f"{BASE_URL}/cart",
        actor="test",
        promotion_code=code,
        save_method=save_method,
        key=key,
    )


async def session_of(world: World, id: CheckoutId) -> str:
    """The provider's name for one of our checkout sessions: cs_…"""
    async with world.db.transaction("test") as tx:
        found = (await checkout.get(tx, id)).provider_checkout_id
    assert found is not None, f"{id} has not reached the provider"
    return found


async def buy(
    world: World,
    account: Account,
    *items: CartItem,
    buyer: Buyer | None = None,
    code: str | None = None,
    save_method: bool = False,
) -> Order:
    """A whole purchase, recorded as the return page would: the order is paid when this answers."""
    started = await start(world, *items, buyer=buyer, code=code, save_method=save_method)
    session = await session_of(world, started.id)
    assert (await account.pay(session)).status_code == 200
    await checkout.sync(world, session, actor="test")
    async with world.db.transaction("test") as tx:
        return await orders.get(tx, started.order_id)


WATCHED = (
    "customers provider_customers payment_methods off_session_charges"
    " orders line_items payments checkouts refunds entitlements events ledger_entries emails idempotency_keys jobs"
    " coupons promotion_codes redemptions subscription_starts"
    " refund_lines refund_requests"
    " disputes dispute_answers fraud_warnings"
    " job_postings fulfillments credit_grants credit_entries"
    " purchases purchase_reversals downloads access_versions"
    " stock_items stock_levels stock_reservations stock_movements"
    " listings earnings earning_reversals seller_orders seller_order_lines shipments shipment_lines"
    " transfers transfer_lines seller_fees transfer_reversals payouts shipping_addresses ship_from_addresses labels"
    " cancellations cancellation_lines returns return_lines"
    " sellers"
)


@asynccontextmanager
async def unchanged(world: World) -> AsyncIterator[None]:
    """Assert that what happens inside leaves every row of business as it was."""
    before = await _contents(world)
    yield
    assert await _contents(world) == before


async def _contents(world: World) -> dict[str, str]:
    async with world.db.transaction("test") as tx:
        return {name: await _rows(tx, name) for name in WATCHED.split()}


async def _rows(tx: Transaction, table: str) -> str:
    every = sql.SQL("SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '') AS rows FROM {} t")
    row = await (await tx.connection.execute(every.format(sql.Identifier(table)))).fetchone()
    assert row is not None
    return str(row["rows"])


def signed(event: dict[str, Any], *, secret: str = WEBHOOK_SECRET, at: int | None = None) -> tuple[bytes, str]:
    """The body of a delivery and its Stripe-Signature header."""
    body = orjson.dumps(event)
    return body, header(body, [secret], int(time.time()) if at is None else at)
