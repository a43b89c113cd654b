"""Every event the sandbox can cause is caused on order, and told like any other."""

from __future__ import annotations

import ast
import functools
import http.server
import itertools
import json
import re
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import stripe
from stripe.params import _webhook_endpoint_create_params as endpoint_params
from tests.sandbox.conftest import Client, Running, eventually

import farthing.sandbox
from farthing.sandbox.settings import API_VERSION
from farthing.sandbox.triggers import RECIPES

HOUSE = Path(farthing.sandbox.__file__).parent
OPEN = ".+"
NOT_SO = "did not come about: what was overridden, or set for this account, stands in its way."
UNREACHABLE = {"account.application.deauthorized"}
"""Events that nobody can ask for afterwards: with them the platform lost its access to the account."""
PLAIN, CONNECT = "/plain", "/connect"


@functools.cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _literals(path: Path) -> Iterator[ast.expr]:
    yield from (node for node in ast.walk(_tree(path)) if isinstance(node, ast.Constant | ast.JoinedStr))


STRIPES = {
    node.value
    for node in _literals(Path(endpoint_params.__file__))
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[a-z_.]+\.[a-z_]+", node.value)
}
"""Every event type the SDK knows."""


def _spellings(node: ast.AST) -> list[str]:
    """What a literal may become, as patterns: f-strings by all that stands in them."""
    match node:
        case ast.Constant(value):
            return [re.escape(str(value))]
        case ast.IfExp(_, body, orelse):
            return _spellings(body) + _spellings(orelse)
        case ast.FormattedValue(value):
            return _spellings(value)
        case ast.JoinedStr(values):
            return ["".join(parts) for parts in itertools.product(*map(_spellings, values))]
        case _:
            return [OPEN]


def _named_in(path: Path) -> set[str]:
    """The event types that a file names: whole anywhere, put together wherever an event is told, whatever stands in it."""
    told = {place for call in _tellings(path) for node in call.args for place in ast.walk(node)}
    patterns = [each for node in _literals(path) for each in _spellings(node) if node in told or OPEN not in each]
    return {type for type in STRIPES if any(re.fullmatch(each, type) for each in patterns if "." in each)}


def _tellings(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("emit", "update"):
            yield node


CAUSED = {
    type: path.relative_to(HOUSE).as_posix()
    for path in sorted(HOUSE.rglob("*.py"))
    if "triggers" not in path.parts
    for type in _named_in(path)
}


def _emitted() -> Iterator[tuple[str, str]]:
    """(where, type) of every event whose type stands where it is told."""
    for path in HOUSE.rglob("*.py"):
        for call in _tellings(path):
            place = 0 if call.func.attr == "emit" else 1  # type: ignore[attr-defined]
            if len(call.args) > place and isinstance(constant := call.args[place], ast.Constant):
                yield f"{path.relative_to(HOUSE)}:{call.lineno}", str(constant.value)


def test_every_event_that_the_sandbox_causes_has_a_recipe() -> None:
    assert len(CAUSED) > 100
    assert {type: where for type, where in CAUSED.items() if type not in RECIPES} == {}
    assert set(RECIPES) <= set(CAUSED)


def test_every_event_that_is_told_is_one_of_stripes() -> None:
    assert [(where, type) for where, type in _emitted() if type not in STRIPES] == []


# Each of them


@dataclass
class Shop:
    """An account whose webhooks somebody hears: its own at one door, its sellers' at another."""

    sandbox: Running
    key: str
    client: Client
    secrets: dict[str, str] = field(default_factory=dict)
    heard: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)
    """Event id → path, signature and body."""

    def hear(self, event: str) -> tuple[str, str, bytes]:
        eventually(lambda: event in self.heard)
        return self.heard[event]

    def trigger(self, event: str, **fields: Any) -> Any:
        return self.sandbox.post("/trigger", event=event, key=self.key, **fields)


@pytest.fixture(scope="module")
def shop(sandbox: Running) -> Iterator[Shop]:
    key = f"sk_test_{uuid.uuid4().hex}"
    made = Shop(sandbox, key, sandbox.client(key))

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.heard[json.loads(body)["id"]] = (self.path, self.headers["stripe-signature"], body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 64  # sixteen webhooks come at once: who does not get in waits a second

    server = Server(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    for path in (PLAIN, CONNECT):
        endpoint = made.client.v1.webhook_endpoints.create(
            {
                "url": f"http://127.0.0.1:{server.server_address[1]}{path}",
                "enabled_events": ["*"],
                "connect": path == CONNECT,
            }
        )
        made.secrets[path] = endpoint.secret
    yield made
    server.shutdown()
    thread.join(5)
    server.server_close()


@pytest.mark.parametrize("event", sorted(RECIPES))
def test_an_event_is_caused_and_told(shop: Shop, event: str) -> None:
    answer = shop.trigger(event)
    assert answer.status_code == 200, answer.text
    caused = answer.json()["triggered"]
    assert {each["type"] for each in caused} == {event}
    for each in caused:
        path = CONNECT if each["account"] else PLAIN
        heard_at, signature, body = shop.hear(each["id"])
        assert (heard_at, each["webhooks"]) == (path, 1)
        told = stripe.Webhook.construct_event(body, signature, shop.secrets[path])
        assert (told.type, told.api_version, told.data.object["object"]) == (event, API_VERSION, _object_of(event))
        if event not in UNREACHABLE:
            options: Any = {"stripe_account": each["account"]} if each["account"] else {}
            kept = shop.client.v1.events.retrieve(each["id"], {}, options)
            assert told.data.to_dict() == kept.data.to_dict()


def _object_of(event: str) -> str:
    """What an event of this type carries: nearly always what it is called by."""
    named = event.rpartition(".")[0]
    return {
        "account.application": "application",
        "account.external_account": "bank_account",
        "application_fee.refund": "fee_refund",
        "charge.dispute": "dispute",
        "charge.refund": "refund",
        "customer.discount": "discount",
        "customer.subscription": "subscription",
        "customer.tax_id": "tax_id",
    }.get(named, named)


def test_events_come_of_requests_as_they_do_at_stripe(shop: Shop) -> None:
    done = shop.trigger("customer.created").json()
    [made] = done["made"]
    assert (made["object"], made["id"]) == ("customer", done["triggered"][0]["object"])
    event = shop.client.v1.events.retrieve(done["triggered"][0]["id"])
    assert event.request.id.startswith("req_")
    assert len(event.request.idempotency_key) == 36
    assert shop.client.v1.customers.retrieve(made["id"]).email == "ada@example.com"


def test_the_clock_of_the_sandbox_stands_still_while_time_passes_on_a_test_clock(shop: Shop) -> None:
    before = shop.sandbox.http.get(f"{shop.sandbox.url}/_sandbox/clock").json()
    shop.trigger("customer.subscription.trial_will_end")
    shop.trigger("payout.failed")
    assert shop.sandbox.http.get(f"{shop.sandbox.url}/_sandbox/clock").json()["ahead_seconds"] == before["ahead_seconds"]


# What can be asked for, and what not


def test_the_recipes_are_listed_with_a_sentence_each(shop: Shop) -> None:
    listed = shop.sandbox.http.get(f"{shop.sandbox.url}/_sandbox/triggers").json()["triggers"]
    assert [each["event"] for each in listed] == sorted(RECIPES)
    assert all(re.fullmatch(r"[A-Z].+\.", each["says"]) for each in listed)


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"event": "charge.refundd"}, 404, "Did you mean charge.refunded"),
        ({"event": "charge.dispute.appealed"}, 404, "Did you mean charge.dispute"),
        ({"event": "nothing"}, 404, "Nothing here causes 'nothing'."),
        ({}, 400, "Pass `event`"),
        ({"event": ["charge.refunded"]}, 400, "Pass `event`"),
        ({"event": "charge.refunded", "key": "sk_live_1"}, 400, "sk_test_"),
        ({"event": "charge.refunded", "key": 7}, 400, "sk_test_"),
        ({"event": "charge.refunded", "overrides": ["amount"]}, 400, "`overrides` must be objects"),
        ({"event": "charge.refunded", "overrides": {"refund": {"amount": "a"}}}, 400, "Invalid integer"),
        ({"event": "charge.refunded", "overrides": {"refund": {"tea": "a"}}}, 400, "unknown parameter: tea"),
        ({"event": "charge.refunded", "overrides": {"tea_pot": {}}}, 400, "needs no tea_pot"),
        ({"event": "charge.dispute.updated", "overrides": {"payment_intent": {"payment_method": "pm_card_visa"}}}, 400, NOT_SO),
        ({"event": "charge.succeeded", "overrides": {"payment_intent": {"confirm": False}}}, 400, NOT_SO),
        ({"event": "charge.failed", "overrides": {"payment_intent": {"payment_method": "pm_card_visa"}}}, 400, "its refusal"),
        ({"event": "customer.created", "overrides": {"customer": {"name": [{"a": None}]}}}, 400, "Invalid string"),
        ({"event": "payout.paid", "overrides": {"payout": {"amount": 99_999_999}}}, 400, "insufficient funds"),
    ],
)
def test_what_cannot_be_triggered_is_refused_and_leaves_nothing(
    shop: Shop, asked: dict[str, Any], status: int, said: str
) -> None:
    before = shop.client.v1.events.list({"limit": 1}).data[0].id
    answer = shop.sandbox.http.post(f"{shop.sandbox.url}/_sandbox/trigger", json={"key": shop.key, **asked})
    assert (answer.status_code, said in answer.json()["error"]["message"]) == (status, True), answer.text
    assert shop.client.v1.events.list({"limit": 1}).data[0].id == before


def test_without_a_key_it_must_be_clear_whose_account_is_meant(shop: Shop) -> None:
    shop.sandbox.client().v1.customers.create({})
    answer = shop.sandbox.post("/trigger", event="customer.created")
    assert (answer.status_code, "there are several" in answer.text) == (400, True)


def test_what_is_made_can_be_made_otherwise(shop: Shop) -> None:
    overrides = {
        "payment_intent": {"amount": "4200", "metadata": {"order": "1001"}},
        "refund": {"reason": "duplicate"},
    }
    done = shop.trigger("charge.refunded", overrides=overrides).json()
    charge = shop.client.v1.charges.retrieve(done["triggered"][0]["object"])
    assert (charge.amount, charge.amount_refunded, charge.metadata["order"]) == (4200, 4200, "1001")
    assert shop.client.v1.refunds.list({"charge": charge.id}).data[0].reason == "duplicate"
