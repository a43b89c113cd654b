"""`farthing listen` as people run it: a process that shows and forwards webhooks until Ctrl-C."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe
from tests.cli.conftest import bare_environment
from tests.cli.sandboxes import Shop, shop
from tests.sandbox.conftest import Client, Running, eventually, serve
from tests.terminals import hears_ctrl_c

from farthing.sandbox import Settings, control_listeners

ENDS_SECONDS = 15


@dataclass
class Listening:
    process: subprocess.Popen[str]
    beside: Path
    """What it says that is no answer."""
    ready: Any = None
    lines: queue.Queue[Any] = field(default_factory=queue.Queue)

    def next(self) -> Any:
        return self.lines.get(timeout=ENDS_SECONDS)

    def end(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Its exit code, and what it said beside."""
        self.process.send_signal(number)
        return self.process.wait(ENDS_SECONDS), self.beside.read_text()


@contextmanager
def listening(folder: Path, url: str, key: str, *words: str) -> Iterator[Listening]:
    command = [sys.executable, "-m", "farthing", "listen", "--json", *words]
    environ = bare_environment() | {"STRIPE_API_BASE": url, "STRIPE_SECRET_KEY": key}
    beside = folder / "listen.log"
    with (
        beside.open("w") as log,
        subprocess.Popen(
            command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=hears_ctrl_c
        ) as process,
    ):
        made, out = Listening(process, beside), process.stdout
        assert out is not None
        made.ready = json.loads(out.readline())

        def read() -> None:
            for line in out:
                made.lines.put(json.loads(line))

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            process.kill()
            thread.join(ENDS_SECONDS)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    path = tmp_path_factory.mktemp("sandbox") / "state.sqlite3"
    yield from serve(str(path), Settings(retry_after_seconds=(0.05, 0.05)))


@pytest.fixture
def key() -> str:
    return f"sk_test_{uuid.uuid4().hex}"


@pytest.fixture
def client(running: Running, key: str) -> Client:
    return running.client(key)


@pytest.fixture
def somebody() -> Iterator[Shop]:
    with shop() as made:
        yield made


def _secret(folder: Path, key: str) -> str:
    """As a shell would take it into a variable."""
    command = [sys.executable, "-m", "farthing", "listen", "--print-secret", "--key", key]
    done = subprocess.run(command, cwd=folder, env=bare_environment(), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.strip()


def test_webhooks_are_shown_and_forwarded_as_signed(
    tmp_path: Path, running: Running, client: Client, key: str, somebody: Shop
) -> None:
    own, connected = f"{somebody.url}/hooks", f"{somebody.url}/connect"
    words = ["--forward-to", own.removeprefix("http://"), "--forward-connect-to", connected]
    with listening(tmp_path, running.url, key, *words) as heard:
        secret = heard.ready["secret"]
        assert heard.ready == {
            "ready": True,
            "url": running.url,
            "secret": _secret(tmp_path, key),
            "forward_to": own,
            "forward_connect_to": connected,
        }
        customer = client.v1.customers.create({"email": "ada@example.com"})
        came, answered = heard.next(), heard.next()
        assert (came["type"], came["connect"], came["body"]["data"]["object"]["id"]) == ("customer.created", False, customer.id)
        assert (answered["event"], answered["status"], answered["url"]) == (came["event"], 200, own)
        client.v1.accounts.create({"type": "standard", "email": "jenny@example.com"})
        seller = running.post("/trigger", event="account.updated", key=key).json()["triggered"][0]["account"]
        eventually(lambda: "account.updated" in somebody.types)
        events = {}
        for path, headers, body in somebody.heard:
            told = stripe.Webhook.construct_event(body, headers["stripe-signature"], secret)
            events[told.type] = (path, headers["user-agent"].partition("/")[0], getattr(told, "account", None))
        assert events["customer.created"] == ("/hooks", "Stripe", None)
        assert events["account.updated"] == ("/connect", "Stripe", seller)

        names = [each.description for each in client.v1.webhook_endpoints.list().data]
        assert names == [f"farthing listen, for {own}"] * 2
        assert heard.end() == (0, f"Forwarding to {own}. Ctrl-C ends it.\nNo longer listening.\n")
    assert client.v1.webhook_endpoints.list().data == []


def test_without_a_place_to_forward_to_it_only_shows(tmp_path: Path, running: Running, client: Client, key: str) -> None:
    with listening(tmp_path, running.url, key, "--events", "product.created, price.created") as heard:
        client.v1.customers.create({})
        client.v1.products.create({"name": "Tea"})
        assert heard.next()["type"] == "product.created"
        assert heard.lines.empty()
        [event] = client.v1.events.list({"type": "product.created"}).data
        eventually(lambda: client.v1.events.retrieve(event.id).pending_webhooks == 0)
        assert heard.end(signal.SIGTERM)[0] == 0
    assert client.v1.webhook_endpoints.list().data == []


def test_what_the_server_refuses_is_sent_again(
    tmp_path: Path, running: Running, client: Client, key: str, somebody: Shop
) -> None:
    somebody.answers = [500, 404]
    with listening(tmp_path, running.url, key, "--forward-to", somebody.url) as heard:
        client.v1.products.create({"name": "Tea"})
        assert [heard.next().get("status") for _ in range(6)] == [None, 500, None, 404, None, 200]
    assert somebody.types == ["product.created"] * 3


def test_where_nobody_is_at_home_it_says_so(tmp_path: Path, running: Running, client: Client, key: str) -> None:
    with listening(tmp_path, running.url, key, "--forward-to", ":9/hooks") as heard:
        client.v1.products.create({"name": "Tea"})
        heard.next()
        answered = heard.next()
        assert (answered["status"], answered["problem"], answered["url"]) == (None, "nobody there", "http://127.0.0.1:9/hooks")


def test_it_goes_on_where_the_sandbox_forgot_it_or_was_started_anew(tmp_path: Path, key: str) -> None:
    settings = Settings(retry_after_seconds=(0.05,) * 9)
    with shop() as somebody:
        first = serve(str(tmp_path / "first.sqlite3"), settings)
        running = next(first)
        port = int(running.url.rpartition(":")[2])
        with listening(tmp_path, running.url, key, "--forward-to", somebody.url) as heard:
            running.post("/reset")
            eventually(lambda: len(running.client(key).v1.webhook_endpoints.list().data) == 2, 10)
            running.post("/trigger", event="product.created", key=key)
            eventually(lambda: len(somebody.heard) == 1)
            next(first, None)
            eventually(lambda: f"The sandbox at {running.url} is away: waiting for it." in heard.beside.read_text())
            second = serve(str(tmp_path / "second.sqlite3"), settings, port=port)
            again = next(second)
            eventually(lambda: len(again.client(key).v1.webhook_endpoints.list().data) == 2, 10)
            again.post("/trigger", event="product.created", key=key)
            eventually(lambda: len(somebody.heard) == 2)
            for _, headers, body in somebody.heard:
                stripe.Webhook.construct_event(body, headers["stripe-signature"], heard.ready["secret"])
            code, said = heard.end()
            assert code == 0
            assert said.count("Listening again: the sandbox had forgotten us.") == 2
            next(second, None)


def test_one_that_was_killed_is_forgotten_by_the_sandbox(
    tmp_path: Path, running: Running, client: Client, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_listeners, "LEASE_SECONDS", 2.5)
    with listening(tmp_path, running.url, key) as heard:
        assert len(client.v1.webhook_endpoints.list().data) == 2
        heard.process.kill()
        eventually(lambda: client.v1.webhook_endpoints.list().data == [], 10)


def test_a_restarted_sandbox_sends_what_was_caused_before_and_forgets_who_is_gone(
    tmp_path: Path, key: str, somebody: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, settings = str(tmp_path / "state.sqlite3"), Settings(retry_after_seconds=(0.05,) * 9)
    first = serve(state, settings)
    running = next(first)
    lease = {"url": somebody.url, "secret": f"whsec_{'a' * 32}", "key": key, "events": ["customer.created"]}
    assert running.post("/listeners", **lease).json()["made"]
    assert not running.post("/listeners", **lease).json()["made"]
    somebody.answers = [500] * 3
    running.client(key).v1.customers.create({})
    next(first, None)
    monkeypatch.setattr(control_listeners, "LEASE_SECONDS", 1.0)
    second = serve(state, settings)
    again = next(second).client(key)
    eventually(lambda: again.v1.events.list().data[0].pending_webhooks == 0)
    path, headers, body = somebody.heard[-1]
    told = stripe.Webhook.construct_event(body, headers["stripe-signature"], str(lease["secret"]))
    assert (path, told.type) == ("/account", "customer.created")
    eventually(lambda: again.v1.webhook_endpoints.list().data == [])
    next(second, None)


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({}, 400, "Pass the `url`"),
        ({"url": "nowhere"}, 400, "explicit scheme"),
        ({"url": 7}, 400, "Pass the `url`"),
        ({"secret": "whsec_short"}, 400, "Pass the `secret`"),
        ({"secret": ["whsec_"]}, 400, "Pass the `secret`"),
        ({"events": ["nothing.at_all"]}, 400, "Stripe has no event 'nothing.at_all'."),
        ({"events": "customer.created"}, 400, "Invalid array"),
        ({"events": [{}]}, 400, "Stripe has no event '{}'."),
        ({"key": "sk_live_1"}, 400, "sk_test_"),
    ],
)
def test_a_lease_that_makes_no_sense_is_refused(
    running: Running, client: Client, key: str, fields: dict[str, Any], status: int, said: str
) -> None:
    right = {"url": "http://127.0.0.1:9", "secret": f"whsec_{'a' * 32}", "key": key}
    asked = {**right, **fields} if fields else {}
    answer = httpx.post(f"{running.url}/_sandbox/listeners", json=asked)
    assert (answer.status_code, said in answer.json()["error"]["message"]) == (status, True), answer.text
    assert client.v1.webhook_endpoints.list().data == []


def test_the_first_listen_of_a_fresh_sandbox_needs_no_key(tmp_path: Path) -> None:
    for fresh in serve(":memory:", Settings()):
        with listening(tmp_path, fresh.url, "") as heard:
            fresh.client("sk_test_farthing").v1.customers.create({})
            assert heard.next()["type"] == "customer.created"
            heard.end()
