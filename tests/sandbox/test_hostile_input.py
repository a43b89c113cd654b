"""Whatever is sent, the answer is a refusal and never an accident: no 500, and nothing is made."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import stripe
from tests.sandbox.conftest import Client, Running, charge, new_session, serve

from farthing.sandbox import Settings
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import OPERATIONS

HEADERS = {"authorization": "Bearer sk_test_hostile", "content-type": "application/x-www-form-urlencoded"}
BODIES = [
    b"%ff%fe=%00",
    b"\xff\xfe\x00",
    b"a[b]=1&a=2",
    b"a=1&a[b]=2",
    b"a[b][c][d][e][f][g][h][i][j][k][l][m][n]=1",
    b"[]=1&[[=2&]]=3&=4",
    b"metadata=x",
    b"metadata[]=x",
    b"metadata[a][b]=x",
    b"metadata[a%00b]=%00",
    b"expand=customer",
    b"expand[a]=customer",
    b"expand[]=" + b"a." * 500,
    b"expand[][x]=1",
    b"expand[" + b"9" * 5000 + b"]=customer",
    b"&".join(b"k%d=v" % number for number in range(3000)),
]
VALUES = (
    "", "0", "-1", "1", "99999999999999999999", "1e3", "1.5", "NaN", "true", "null", "usd", "USD", "pi_1", "x" * 6000, "\x00",
    "é", "'; DROP TABLE objects; --", "pm_card_visa", "card", "http://[", "http://a b/", "http://127.0.0.1:9/",
)  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_body_that_is_none_is_refused_by_every_operation(sandbox: Running, body: bytes) -> None:
    for operation in OPERATIONS:
        if operation.method == "POST":
            answer = sandbox.http.post(sandbox.url + operation.path, content=body, headers=HEADERS)
            assert answer.status_code in (200, 400, 403, 404, 501), (operation.path, answer.text)


def _ids(client: Client, sandbox: Running) -> dict[str, str]:
    """Something real for every kind of path."""
    session, intent = new_session(client), charge(client, capture_method="manual")
    product = client.v1.products.create({"name": "A"})
    price = client.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 100})
    paid = charge(client)
    return {
        "/v1/products": product.id,
        "/v1/prices": price.id,
        "/v1/customers": client.v1.customers.create({}).id,
        "/v1/payment_methods": paid.payment_method,
        "/v1/payment_intents": intent.id,
        "/v1/charges": paid.latest_charge,
        "/v1/refunds": client.v1.refunds.create({"payment_intent": paid.id, "amount": 5}).id,
        "/v1/checkout/sessions": session.id,
        "/v1/events": client.v1.events.list().data[0].id,
    }


def _fields(operation: Operation, chance: random.Random) -> str:
    import stripe.params
    import stripe.params.checkout
    import stripe.params.test_helpers

    room, _, name = operation.params.rpartition(".")
    cls: Any = getattr(getattr(stripe.params, room) if room else stripe.params, name)
    names = [each for each in cls.__annotations__ if not each.startswith(("stripe_", "max_network", "api_key", "content_"))]
    wanted = set(cls.__required_keys__) | set(chance.sample(names, min(3, len(names))))
    shapes = ("{}={}", "{}[]={}", "{}[0][price]={}", "{}[enabled]={}", "{}[a]={}")
    return "&".join(chance.choice(shapes).format(each, quote(chance.choice(VALUES))) for each in sorted(wanted))


def test_nothing_makes_an_accident(sandbox: Running, client: Client) -> None:
    chance, ids = random.Random(7), _ids(client, sandbox)
    key = client._requestor.api_key
    for _ in range(12):
        for operation in OPERATIONS:
            base = operation.path.partition("/{")[0]
            path = operation.path.replace("{id}", ids.get(base, "x_none")).replace("{pm}", "pm_none")
            content = _fields(operation, chance)
            inside: Any = {"content": content} if operation.method == "POST" else {"params": content}
            answer = sandbox.http.request(
                operation.method, sandbox.url + path, headers=HEADERS | {"authorization": f"Bearer {key}"}, **inside
            )
            assert answer.status_code in (200, 400, 402, 403, 404, 501), (operation.method, path, content, answer.text)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"card": 5}', b'{"card": "x", "email": []}', b'{"payment_method": "pm_card_no"}']
)
def test_the_controls_refuse_what_they_do_not_understand(sandbox: Running, client: Client, body: bytes) -> None:
    session = new_session(client)
    for path in (f"/checkout/sessions/{session.id}/pay", "/clock/advance", "/faults"):
        answer = sandbox.http.post(f"{sandbox.url}/_sandbox{path}", content=body)
        assert answer.status_code in (400, 402), (path, answer.text)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert client.v1.charges.list().data == []


def test_pages_survive_anything_typed(sandbox: Running, client: Client) -> None:
    session = new_session(client)
    good = {"email": "a@example.com", "number": "4242424242424242", "expiry": "12/34", "cvc": "123", "name": "A"}
    for field in good:
        for value in VALUES:
            answer = sandbox.http.post(session.url, data=good | {field: value})
            if answer.status_code == 303:
                session = new_session(client)
            assert answer.status_code in (303, 400, 402), (field, value, answer.status_code)
    assert sandbox.http.post(session.url, content=b"\xff%zz").status_code == 400


def test_the_number_of_a_card_is_nowhere_in_the_state(tmp_path: Path) -> None:
    real: Any = {"number": "4111111111111111", "exp_month": 1, "exp_year": 2035}
    with closing(serve(str(tmp_path / "state.sqlite3"), Settings())) as running:
        sandbox = next(running)
        client = sandbox.client()
        sandbox.pay(new_session(client).id, card="4242 4242 4242 4242")
        with pytest.raises(stripe.CardError):
            client.v1.payment_methods.create({"type": "card", "card": real})
        kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for number in (b"4242424242424242", b"4242 4242", b"4111111111111111"):
        assert number not in kept


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/faults", {"kind": []}),
        ("/faults", {"kind": {"slow": 1}}),
        ("/webhooks", {"kind": []}),
        ("/seed", {"key": "sk_test_named", "objects": [{"post": "/v1/products", "as": ["tea"], "params": {"name": "Tea"}}]}),
    ],
)
def test_a_list_where_a_word_belongs_is_refused(sandbox: Running, path: str, fields: Any) -> None:
    answer = sandbox.post(path, **fields)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_clock_is_not_moved_by_thousands_of_digits(sandbox: Running) -> None:
    digits = "9" * 5000
    assert sandbox.http.post(f"{sandbox.url}/_sandbox/clock/advance", data={"seconds": digits}).status_code == 400
    assert sandbox.http.get(f"{sandbox.url}/_sandbox/clock/preview", params={"seconds": digits}).status_code == 400
