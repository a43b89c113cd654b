"""A sandbox that checks its own answers, an account of its own for every test, and somebody to send webhooks to."""

from __future__ import annotations

import http.server
import json
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe
import uvicorn
from tests.browser import browser, context, page

from farthing.sandbox import Settings, create_app

__all__ = ["browser", "context", "page"]
stripe.enable_telemetry = False
Client = Any
"""A stripe.StripeClient. Its types call nearly every field optional; tests know what must be there."""
CARD_ONLY: Any = {"enabled": True, "allow_redirects": "never"}


@dataclass
class Running:
    """A sandbox under uvicorn in a thread of this process."""

    url: str
    http: httpx.Client
    wire: stripe.HTTPXClient

    def client(self, key: str | None = None, retries: int = 0) -> Client:
        return stripe.StripeClient(
            key or f"sk_test_{uuid.uuid4().hex}",
            base_addresses={"api": self.url},
            max_network_retries=retries,
            http_client=self.wire,
        )

    def post(self, path: str, /, **fields: Any) -> httpx.Response:
        return self.http.post(f"{self.url}/_sandbox{path}", json=fields)

    def pay(self, session: str, **fields: Any) -> httpx.Response:
        return self.post(f"/checkout/sessions/{session}/pay", **{"email": "ada@example.com", **fields})

    def advance(self, seconds: float) -> None:
        assert self.post("/clock/advance", seconds=seconds).status_code == 200

    def fault(self, **fields: Any) -> None:
        assert self.post("/faults", **fields).status_code == 200


def serve(path: str, settings: Settings, port: int = 0) -> Generator[Running, None, None]:
    config = uvicorn.Config(create_app(path, settings), port=port, lifespan="on", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    wire = stripe.HTTPXClient(timeout=10, allow_sync_methods=True)
    try:
        with httpx.Client(timeout=10) as client:
            yield Running(f"http://127.0.0.1:{port}", client, wire)
    finally:
        wire.close()  # type: ignore[no-untyped-call]
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    path: Path = tmp_path_factory.mktemp("sandbox") / "state.sqlite3"
    yield from serve(str(path), Settings(strict=True, settles_after_seconds=0.03, retry_after_seconds=(0.1, 0.1)))


@pytest.fixture
def client(sandbox: Running) -> Client:
    """The official SDK, with an account nobody else has."""
    return sandbox.client()


@dataclass
class Listener:
    """Somewhere webhooks go. `answers` says what the next ones are told; then it is 200 again."""

    url: str = ""
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    before: Callable[[], object] = bool
    """Called between the two."""

    def wait_for(self, enough: Callable[[list[str]], bool]) -> list[str]:
        eventually(lambda: enough(self.types))
        return self.types

    @property
    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.received]


@pytest.fixture
def listener() -> Iterator[Listener]:
    heard = Listener()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            heard.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            heard.before()
            self.send_response(heard.answers.pop(0) if heard.answers else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 64  # sixteen webhooks come at once: who does not get in waits a second

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    heard.url = f"http://127.0.0.1:{server.server_address[1]}/hooks"
    yield heard
    server.shutdown()
    thread.join(5)
    server.server_close()


def eventually(holds: Callable[[], object], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def new_session(client: Client, amount: int = 2500, **params: Any) -> Any:
    line = {
        "price_data": {"currency": "usd", "unit_amount": amount, "product_data": {"name": "Tea pot"}},
        "quantity": 1,
    }
    given: Any = {
        "mode": "payment",
        "line_items": [line],
        "success_url": "http://127.0.0.1:9/thanks?s={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/cart",
    }
    return client.v1.checkout.sessions.create({**given, **params})


def charge(client: Client, amount: int = 2500, card: str = "pm_card_visa", **params: Any) -> Any:
    given: Any = {
        "amount": amount,
        "currency": "usd",
        "payment_method": card,
        "confirm": True,
        "automatic_payment_methods": CARD_ONLY,
    }
    return client.v1.payment_intents.create({**given, **params})


def events(client: Client) -> list[str]:
    """Their types, oldest first."""
    return [each.type for each in reversed(client.v1.events.list({"limit": 100}).data)]


def holds_the_law(client: Client, **options: Any) -> bool:
    """Whether what the balance says is what its transactions sum to."""
    balance = client.v1.balance.retrieve({}, options)
    moved = client.v1.balance_transactions.list({"limit": 100}, options).auto_paging_iter()
    return bool(sum(part.amount for part in (*balance.available, *balance.pending)) == sum(each.net for each in moved))


def error_of(caught: pytest.ExceptionInfo[stripe.StripeError]) -> Any:
    """The error object of a refusal, which the SDK's types call optional."""
    return caught.value.error
