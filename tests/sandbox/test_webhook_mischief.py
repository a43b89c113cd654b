"""Webhooks as they are on a bad day: twice, late, shuffled, spoiled, lost; and what a receiver makes of them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import Client, Listener, Running, eventually


@pytest.fixture
def endpoint(client: Client, listener: Listener) -> Any:
    return client.v1.webhook_endpoints.create({"url": listener.url, "enabled_events": ["customer.created", "product.created"]})


def _order(sandbox: Running, endpoint: Any, kind: str, **more: Any) -> None:
    assert sandbox.post("/webhooks", kind=kind, endpoint=endpoint.id, **more).status_code == 200


def _wait(sandbox: Running) -> None:
    assert sandbox.post("/webhooks/wait", seconds=5).json()["delivered"] is True


def _names(listener: Listener) -> list[str]:
    return [json.loads(body)["data"]["object"]["name"] for _, body in listener.received]


def _verify(listener: Listener, secret: str, place: int = 0) -> Any:
    headers, body = listener.received[place]
    return stripe.Webhook.construct_event(body, headers["stripe-signature"], secret)


def test_a_webhook_can_come_twice(client: Client, sandbox: Running, listener: Listener, endpoint: Any) -> None:
    _order(sandbox, endpoint, "duplicate")
    client.v1.customers.create({"name": "a"})
    client.v1.customers.create({"name": "b"})
    listener.wait_for(lambda types: len(types) == 3)
    _wait(sandbox)
    assert sorted(_names(listener)) == ["a", "a", "b"]


def test_a_webhook_can_come_late(client: Client, sandbox: Running, listener: Listener, endpoint: Any) -> None:
    _order(sandbox, endpoint, "delay", seconds=0.3, event="customer.*")
    client.v1.customers.create({"name": "late"})
    client.v1.products.create({"name": "in time"})
    _wait(sandbox)
    assert _names(listener) == ["in time", "late"]


def test_a_webhook_can_be_lost_until_somebody_resends_it(
    client: Client, sandbox: Running, listener: Listener, endpoint: Any
) -> None:
    _order(sandbox, endpoint, "drop")
    client.v1.customers.create({"name": "lost"})
    event = client.v1.events.list({"type": "customer.created"}).data[0]
    log = f"{sandbox.url}/_sandbox/events/{event.id}/deliveries"
    eventually(lambda: sandbox.http.get(log).json()["deliveries"][0]["status"] == "dropped")
    assert [each.id for each in client.v1.events.list({"delivery_success": False}).data] == [event.id]
    assert listener.received == []
    sandbox.post(f"/events/{event.id}/resend")
    _wait(sandbox)
    assert _names(listener) == ["lost"]


@pytest.mark.parametrize("kind", ["bad_signature", "bad_body", "stale", "wrong_secret"])
def test_a_webhook_can_fail_verification_and_then_come_right(
    client: Client, sandbox: Running, listener: Listener, endpoint: Any, kind: str
) -> None:
    _order(sandbox, endpoint, kind)
    listener.answers = [400]
    client.v1.customers.create({"name": "x"})
    listener.wait_for(lambda types: len(types) == 2)
    with pytest.raises(stripe.SignatureVerificationError):
        _verify(listener, endpoint.secret)
    assert _verify(listener, endpoint.secret, 1).type == "customer.created"


def test_a_webhook_can_be_signed_and_no_text(client: Client, sandbox: Running, listener: Listener, endpoint: Any) -> None:
    _order(sandbox, endpoint, "bad_utf8")
    client.v1.customers.create({"name": "x"})
    eventually(lambda: len(listener.received) == 1)
    with pytest.raises(UnicodeDecodeError):
        listener.received[0][1].decode()


@pytest.mark.parametrize(
    ("order", "expected"),
    [("created", "abcd"), ("reversed", "dcba"), (["product.created"], "d")],
)
def test_held_webhooks_are_released_in_the_order_asked_for(
    client: Client, sandbox: Running, listener: Listener, endpoint: Any, order: Any, expected: str
) -> None:
    _order(sandbox, endpoint, "hold", times=100)
    for name in "abc":
        client.v1.customers.create({"name": name})
    client.v1.products.create({"name": "d"})
    _wait(sandbox)
    assert listener.received == []
    released = sandbox.post("/webhooks/release", order=order, endpoint=endpoint.id).json()["released"]
    assert "".join(_names(listener)) == expected
    assert {each["status"] for each in released} == {200}
    assert sandbox.post("/webhooks/release", order="sideways").status_code == 400


def test_the_same_seed_shuffles_the_same_way(client: Client, sandbox: Running, listener: Listener, endpoint: Any) -> None:
    orders = []
    for _ in range(2):
        _order(sandbox, endpoint, "reorder", times=8, seconds=0.3, seed=7)
        for name in "abcdefgh":
            client.v1.customers.create({"name": name})
        listener.wait_for(lambda types: len(types) == 8)
        _wait(sandbox)
        orders.append("".join(_names(listener)))
        listener.received.clear()
    assert orders[0] == orders[1] != "abcdefgh"
    assert sorted(orders[0]) == list("abcdefgh")


def test_a_rotated_secret_overlaps_with_the_old_one(
    client: Client, sandbox: Running, listener: Listener, endpoint: Any
) -> None:
    new = sandbox.post(f"/webhook_endpoints/{endpoint.id}/rotate", overlap_seconds=0.5).json()["secret"]
    client.v1.customers.create({"name": "both"})
    listener.wait_for(lambda types: len(types) == 1)
    assert _verify(listener, endpoint.secret).id == _verify(listener, new).id
    time.sleep(0.5)
    client.v1.customers.create({"name": "new only"})
    listener.wait_for(lambda types: len(types) == 2)
    assert _verify(listener, new, 1).type == "customer.created"
    with pytest.raises(stripe.SignatureVerificationError):
        _verify(listener, endpoint.secret, 1)
    assert sandbox.post("/webhook_endpoints/we_none/rotate").status_code == 404


def test_an_endpoint_pins_its_version(client: Client, listener: Listener) -> None:
    client.v1.webhook_endpoints.create(
        {"url": listener.url, "enabled_events": ["customer.created"], "api_version": "2026-09-30.endive"}
    )
    client.v1.customers.create({})
    listener.wait_for(lambda types: len(types) == 1)
    assert json.loads(listener.received[0][1])["api_version"] == "2026-09-30.endive"
    with pytest.raises(stripe.APIError, match="another family"):
        client.v1.webhook_endpoints.create({"url": listener.url, "enabled_events": ["*"], "api_version": "2025-03-31.basil"})


def test_an_answer_can_come_after_its_webhook(client: Client, sandbox: Running, listener: Listener, endpoint: Any) -> None:
    sandbox.fault(path="/v1/customers", kind="webhook_first", seconds=5)
    client.v1.customers.create({"name": "first"})
    assert _names(listener) == ["first"]


def test_waiting_says_when_it_was_in_vain(client: Client, sandbox: Running, endpoint: Any, listener: Listener) -> None:
    _order(sandbox, endpoint, "delay", seconds=1)
    client.v1.customers.create({"name": "late"})
    late = sandbox.post("/webhooks/wait", seconds=0.1)
    assert (late.status_code, late.json()["delivered"]) == (504, False)
    _wait(sandbox)
    assert _names(listener) == ["late"]


@pytest.mark.parametrize("fields", [{"kind": "earthquake"}, {"kind": "drop", "times": 0}, {"kind": "delay", "seconds": "x"}])
def test_mischief_that_makes_no_sense_is_refused(sandbox: Running, fields: Any) -> None:
    before = sandbox.http.get(f"{sandbox.url}/_sandbox/webhooks").json()
    assert sandbox.post("/webhooks", **fields).status_code == 400
    assert sandbox.http.get(f"{sandbox.url}/_sandbox/webhooks").json() == before
