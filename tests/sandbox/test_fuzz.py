"""Whatever is sent to the API, the controls and the pages, in whatever shape, is answered, and leaves a sandbox that works.

`FARTHING_FUZZ_SEED` and `FARTHING_FUZZ_REQUESTS` make a longer run of other requests.
"""

from __future__ import annotations

import logging
import os
import random
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.sandbox.conftest import Client, Running, charge, eventually, holds_the_law, new_session, serve
from tests.sandbox.fuzz import HOSTILE, Fuzzer

from farthing.sandbox import Settings
from farthing.sandbox.clock import Clock
from farthing.sandbox.control import control_routes
from farthing.sandbox.control_sellers import seller_control_routes
from farthing.sandbox.deliveries import Deliveries
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import OPERATIONS
from farthing.sandbox.store import Store
from farthing.sandbox.world import Sandbox

SEED = int(os.environ.get("FARTHING_FUZZ_SEED", "1"))
REQUESTS = int(os.environ.get("FARTHING_FUZZ_REQUESTS", "4000"))
CONTROL_REQUESTS = REQUESTS // 8
ADVANCED_EVERY = 300
KEY = "sk_test_fuzz"
HEADERS = {"authorization": f"Bearer {KEY}", "content-type": "application/x-www-form-urlencoded"}
FINE = {200, 400, 401, 402, 403, 404, 501}
# A run that replaces the state, or waits for something, says nothing about what comes after it.
NOT_NOW = ("/_sandbox/webhooks/wait",)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Running]:
    """A sandbox that may be filled with anything."""
    yield from serve(
        str(tmp_path / "state.sqlite3"), Settings(strict=False, settles_after_seconds=0.01, retry_after_seconds=(0.1,))
    )


@pytest.fixture(autouse=True)
def _nothing_broke(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Not even inside: what falls due later breaks without an answer to see it by."""
    yield
    assert [each.getMessage() for each in caplog.get_records("call") if each.levelno >= logging.ERROR] == []


def _seed(client: Client, fuzz: Fuzzer) -> None:
    """Something real of the most common kinds."""
    product = client.v1.products.create({"name": "Tea"})
    monthly: Any = {"product": product.id, "currency": "usd", "unit_amount": 500, "recurring": {"interval": "month"}}
    price = client.v1.prices.create(monthly)
    customer = client.v1.customers.create({"email": "a@example.com"})
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    subscription: Any = {"customer": customer.id, "default_payment_method": card.id, "items": [{"price": price.id}]}
    made = [product, price, customer, card, client.v1.subscriptions.create(subscription), new_session(client)]
    made += [charge(client), charge(client, capture_method="manual"), charge(client, card="pm_card_createDispute")]
    made += [client.v1.coupons.create({"percent_off": 10, "duration": "once"})]
    made += [client.v1.accounts.create({"type": "express", "country": "US"})]
    for each in made:
        fuzz.learn(each.to_dict())


def _ask(running: Running, fuzz: Fuzzer, operation: Operation) -> httpx.Response:
    headers = dict(HEADERS)
    if fuzz.ids["account"] and fuzz.chance.random() < 0.05:
        headers["stripe-account"] = fuzz.chance.choice(fuzz.ids["account"])
    if operation.method == "POST" and fuzz.chance.random() < 0.1:
        headers["idempotency-key"] = fuzz.chance.choice("abcd")
    form = fuzz.form(operation.params)
    inside: Any = {"content": form} if operation.method == "POST" else {"params": form}
    return running.http.request(operation.method, running.url + fuzz.path(operation), headers=headers, **inside)


def _is_stripes(answer: httpx.Response) -> bool:
    """JSON, and an error as Stripe words them where it is one."""
    body = answer.json()
    if answer.status_code == 200:
        return isinstance(body, dict)
    return isinstance(body["error"]["message"], str) and bool(body["error"]["message"]) and "type" in body["error"]


def _is_sound(running: Running) -> None:
    """The balance is what its transactions sum to, and somebody can still buy something."""
    client = running.client(KEY)
    sellers = [{"stripe_account": each.id} for each in client.v1.accounts.list({"limit": 5}).data]
    for options in [{}, *sellers]:
        eventually(lambda options=options: holds_the_law(client, **options))  # type: ignore[misc]
    assert charge(client).status == "succeeded"
    session = new_session(client)
    assert running.pay(session.id, card="4242424242424242").status_code == 200
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_whatever_is_asked_of_the_api_is_answered_in_stripes_words(alone: Running) -> None:
    fuzz = Fuzzer(SEED)
    _seed(alone.client(KEY), fuzz)
    for number in range(REQUESTS):
        operation = fuzz.chance.choice(OPERATIONS)
        answer = _ask(alone, fuzz, operation)
        asked = (operation.method, str(answer.request.url), answer.request.content[:500], answer.text[:300])
        assert answer.status_code in FINE, asked
        assert _is_stripes(answer), asked
        if answer.status_code == 200:
            fuzz.learn(answer.json())
        if number % ADVANCED_EVERY == ADVANCED_EVERY - 1:
            alone.advance(fuzz.chance.choice((5, 3_600, 86_400, 8 * 86_400)))
    _is_sound(alone)


def _controls() -> list[tuple[str, str]]:
    sandbox = Sandbox((store := Store(":memory:")), Clock(store), Settings())
    routes = [*control_routes(sandbox, Deliveries(sandbox)), *seller_control_routes(sandbox)]
    store.close()
    return [(method, each.path) for each in routes for method in sorted(each.methods or ()) if each.path not in NOT_NOW]


def test_whatever_is_asked_of_the_controls_is_answered(alone: Running) -> None:
    fuzz = Fuzzer(SEED)
    _seed(alone.client(KEY), fuzz)
    names: tuple[str, ...] = (
        "seconds",
        "to",
        "kind",
        "times",
        "path",
        "method",
        "event",
        "endpoint",
        "seed",
        "name",
        "order",
        "card",
        "email",
    )
    names += ("outcome", "overlap_seconds", "key", "objects", "url", "events", "secret", "three_d_secure", "version", "tables")
    values = [
        *(each for each in HOSTILE if each != "\ud800"),
        None,
        True,
        -1,
        0.5,
        10**18,
        1e300,
        [None],
        {"a": None},
        "complete",
    ]
    controls = _controls()
    for _ in range(CONTROL_REQUESTS):
        method, path = fuzz.chance.choice(controls)
        known = [each for some in fuzz.ids.values() for each in some] or ["x"]
        target = path
        while "{" in target:
            head, _, rest = target.partition("{")
            target = head + fuzz.chance.choice(["%00", "..", "x" * 300, *known]) + rest.partition("}")[2]
        fields = {name: fuzz.chance.choice(values) for name in fuzz.chance.sample(names, fuzz.chance.randrange(5))}
        inside: Any = fuzz.chance.choice(({"json": fields}, {"data": {name: str(each)[:99] for name, each in fields.items()}}))
        answer = alone.http.request(method, alone.url + target, **({"params": {"seconds": "9"}} if method == "GET" else inside))
        assert answer.status_code < 500 or answer.status_code == 501, (method, target, fields, answer.text[:300])
        alone.http.delete(f"{alone.url}/_sandbox/faults")
        alone.http.delete(f"{alone.url}/_sandbox/webhooks")
    _is_sound(alone)


def test_whatever_is_typed_into_the_pages_is_answered(alone: Running) -> None:
    fuzz, client = Fuzzer(SEED), alone.client(KEY)
    _seed(client, fuzz)
    account = fuzz.ids["account"][-1]
    links: Any = {
        "account": account,
        "type": "account_onboarding",
        "refresh_url": "http://a.test",
        "return_url": "http://a.test",
    }
    portal = client.v1.billing_portal.sessions.create({"customer": fuzz.ids["customer"][0], "return_url": "http://a.test"})
    pages = [new_session(client).url, portal.url, client.v1.account_links.create(links).url, f"{alone.url}/_sandbox/"]
    pages += [f"{alone.url}/_sandbox/objects/{each}" for some in fuzz.ids.values() for each in some]
    names = (
        "email",
        "number",
        "expiry",
        "cvc",
        "name",
        "method",
        "iban",
        "code",
        "action",
        "quantity",
        "price",
        "subscription",
    )
    for _ in range(CONTROL_REQUESTS):
        page = fuzz.chance.choice(pages) + fuzz.chance.choice(("", "", "?x=1", "/x", "?request=%00&before=9&type=%ff"))
        fields = {name: str(fuzz.chance.choice([each for each in HOSTILE if each != "\ud800"])) for name in names}
        method = fuzz.chance.choice(("GET", "POST", "POST", "PUT", "HEAD"))
        inside: Any = {"data": fields} if method == "POST" else {}
        answer = alone.http.request(method, page, **inside)
        assert answer.status_code < 500, (method, page, fields, answer.text[:300])
    _is_sound(alone)


HEAD = "POST /v1/customers HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer sk_test_raw\r\n"
RAW = [
    b"",
    b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    b"GET /v1/customers HTTP/9.9\r\n\r\n",
    b"BREW /v1/customers HTTP/1.1\r\nhost: localhost\r\n\r\n",
    b"GET http://evil.test/v1/customers HTTP/1.1\r\nhost: localhost\r\n\r\n",
    b"GET /v1/customers\x00x HTTP/1.1\r\nhost: localhost\r\n\r\n",
    b"GET /v1/customers/%ff%00%2f HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer sk_test_raw\r\n\r\n",
    b"GET /v1/customers HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer \xff\xfe\r\n\r\n",
    b"GET /v1/customers HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic \xc3\xa9\r\n\r\n",
    b"GET /v1/customers HTTP/1.1\r\n" + b"x: y\r\n" * 2_000 + b"\r\n",
    b"GET /v1/customers?" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
    (HEAD + "content-length: -1\r\n\r\n").encode(),
    (HEAD + "content-length: 10\r\ncontent-length: 20\r\n\r\nname=a").encode(),
    (HEAD + "content-length: 99999999999999999999\r\n\r\nname=a").encode(),
    (HEAD + "content-length: 100\r\n\r\nname=half").encode(),
    (HEAD + "transfer-encoding: chunked\r\n\r\nzz\r\nname=a\r\n0\r\n\r\n").encode(),
    (HEAD + "transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\nname=a").encode(),
    (HEAD + "transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n6\r\nname=a\r\n0\r\n\r\n").encode(),
    (HEAD + "transfer-encoding: gzip\r\n\r\n").encode(),
    (HEAD + "expect: 100-continue\r\ncontent-length: 6\r\n\r\nname=a").encode(),
    (HEAD + "idempotency-key: \u00e9\x01\r\ncontent-length: 6\r\n\r\nname=a").encode("latin-1"),
    (HEAD + "stripe-version: x\r\nstripe-account: \x7f\r\ncontent-length: 0\r\n\r\n").encode(),
    (HEAD + "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: x\r\n\r\n").encode(),
]


@pytest.mark.parametrize("request_", RAW, ids=range(len(RAW)))
def test_what_is_hardly_http_is_refused_and_harms_nobody(alone: Running, request_: bytes) -> None:
    port = urlsplit(alone.url).port
    with socket.create_connection(("127.0.0.1", port or 0), timeout=5) as wire:
        wire.sendall(request_)
        wire.shutdown(socket.SHUT_WR)
        said = b""
        with suppress(OSError):
            while part := wire.recv(65_536):
                said += part
    assert said == b"" or said.split(b" ", 2)[1][:1] in (b"1", b"2", b"4"), said[:200]
    assert charge(alone.client()).status == "succeeded"


def test_methods_and_kinds_of_content_that_stripe_does_not_have_are_refused(alone: Running) -> None:
    for method in ("PUT", "PATCH", "OPTIONS", "TRACE", "HEAD"):
        answer = alone.http.request(method, f"{alone.url}/v1/customers", headers=HEADERS)
        assert answer.status_code in (404, 405), method
    for kind in ("application/json", "text/xml", "multipart/form-data; boundary=x", "", "x" * 5_000):
        answer = alone.http.post(
            f"{alone.url}/v1/customers", content=b'{"name": "a"}', headers=HEADERS | {"content-type": kind}
        )
        assert (answer.status_code, _is_stripes(answer)) == (400, True), kind
    large = alone.http.post(f"{alone.url}/v1/customers", content=b"name=" + b"a" * 3_000_000, headers=HEADERS)
    assert (large.status_code, _is_stripes(large)) == (413, True)
    assert alone.client(KEY).v1.customers.list().data == []


def test_those_who_dawdle_do_not_keep_others_waiting(alone: Running) -> None:
    port = urlsplit(alone.url).port or 0
    slow = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(100)]
    for number, wire in enumerate(slow):
        wire.sendall(HEAD.encode()[: 10 + number] if number % 2 else (HEAD + "content-length: 1000\r\n\r\nna").encode())
    assert charge(alone.client()).status == "succeeded"
    for wire in slow:
        wire.close()
    assert charge(alone.client()).status == "succeeded"


def test_lone_halves_of_letters_are_no_text(alone: Running) -> None:
    for body in (b"name=%ed%a0%80", b"metadata[%ed%a0%80]=1", b"name=\xed\xa0\x80", b"name=%00"):
        answer = alone.http.post(f"{alone.url}/v1/customers", content=body, headers=HEADERS)
        assert answer.status_code in (200, 400), body
        assert _is_stripes(answer)
    chance = random.Random(SEED)
    for _ in range(50):
        answer = alone.http.post(f"{alone.url}/v1/customers", content=chance.randbytes(40), headers=HEADERS)
        assert answer.status_code == 400
