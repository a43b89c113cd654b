"""Events and their deliveries: signed, retried, written down, resent, and never in the way of the request."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import Client, Listener, Running, charge, eventually, new_session

from farthing.sandbox.deliveries import TO_ONE_MAX

VERSION: Any = "2026-10-28.endive"


def _listen(client: Client, listener: Listener, *types: Any) -> Any:
    return client.v1.webhook_endpoints.create(
        {"url": listener.url, "enabled_events": [*types] or ["*"], "api_version": VERSION}
    )


def test_everything_that_happens_is_delivered_signed(client: Client, sandbox: Running, listener: Listener) -> None:
    endpoint = _listen(client, listener)
    session = new_session(client, metadata={"order": "1"})
    sandbox.pay(session.id, card="4242424242424242")
    listener.wait_for(lambda types: "charge.updated" in types and len(types) == 7)
    for headers, body in listener.received:
        event = client.construct_event(body, headers["stripe-signature"], endpoint.secret)
        assert event.api_version == VERSION
        assert event.type in listener.types
    done = next(json.loads(body) for _, body in listener.received if b'"checkout.session.completed"' in body)
    assert done["data"]["object"]["metadata"] == {"order": "1"}
    assert "line_items" not in done["data"]["object"]
    eventually(lambda: client.v1.events.retrieve(done["id"]).pending_webhooks == 0)


def test_signatures_carry_real_time_although_the_clock_is_ahead(client: Client, sandbox: Running, listener: Listener) -> None:
    endpoint = _listen(client, listener, "customer.created")
    sandbox.advance(3 * 86_400)
    client.v1.customers.create({})
    listener.wait_for(lambda types: len(types) == 1)
    headers, body = listener.received[0]
    client.construct_event(body, headers["stripe-signature"], endpoint.secret, tolerance=60)
    signed = int(headers["stripe-signature"].split(",")[0].removeprefix("t="))
    assert abs(signed - time.time()) < 60
    assert json.loads(body)["created"] > time.time() + 2 * 86_400


def test_only_what_was_asked_for_is_sent(client: Client, listener: Listener) -> None:
    _listen(client, listener, "customer.created", "refund.created")
    client.v1.products.create({"name": "A"})
    client.v1.customers.create({})
    listener.wait_for(lambda types: types == ["customer.created"])
    assert client.v1.events.list({"type": "product.created"}).data[0].pending_webhooks == 0


def test_a_failed_delivery_is_tried_again_and_signed_anew(client: Client, sandbox: Running, listener: Listener) -> None:
    _listen(client, listener, "customer.created")
    listener.answers = [500, 302]
    client.v1.customers.create({})
    listener.wait_for(lambda types: len(types) == 3)
    event = client.v1.events.list({"type": "customer.created"}).data[0]
    eventually(lambda: client.v1.events.retrieve(event.id).pending_webhooks == 0)
    log = sandbox.http.get(f"{sandbox.url}/_sandbox/events/{event.id}/deliveries").json()["deliveries"][0]
    assert (log["status"], log["attempts"]) == ("succeeded", 3)
    assert [each["status"] for each in log["log"]] == [500, 302, 200]


def test_it_gives_up_in_the_end_until_somebody_resends(client: Client, sandbox: Running, listener: Listener) -> None:
    _listen(client, listener, "customer.created")
    listener.answers = [500, 500, 500]
    client.v1.customers.create({})
    event = client.v1.events.list({"type": "customer.created"}).data[0]
    log = f"{sandbox.url}/_sandbox/events/{event.id}/deliveries"
    eventually(lambda: sandbox.http.get(log).json()["deliveries"][0]["status"] == "failed")
    assert [each.id for each in client.v1.events.list({"delivery_success": False}).data] == [event.id]
    assert sandbox.post(f"/events/{event.id}/resend").json() == {"deliveries": 1}
    listener.wait_for(lambda types: len(types) == 4)
    eventually(lambda: client.v1.events.list({"delivery_success": False}).data == [])
    assert event.id in [each.id for each in client.v1.events.list({"delivery_success": True}).data]


def test_the_secret_is_shown_once(client: Client, listener: Listener) -> None:
    endpoint = _listen(client, listener)
    assert endpoint.secret.startswith("whsec_")
    assert "secret" not in client.v1.webhook_endpoints.retrieve(endpoint.id)
    assert "secret" not in client.v1.webhook_endpoints.list().data[0]


def test_a_disabled_or_deleted_endpoint_hears_nothing(client: Client, listener: Listener) -> None:
    endpoint = _listen(client, listener, "customer.created")
    assert client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True}).status == "disabled"
    client.v1.customers.create({})
    assert client.v1.webhook_endpoints.update(endpoint.id, {"disabled": False}).status == "enabled"
    client.v1.customers.create({"name": "heard"})
    listener.wait_for(lambda types: len(types) == 1)
    assert json.loads(listener.received[0][1])["data"]["object"]["name"] == "heard"
    assert client.v1.webhook_endpoints.delete(endpoint.id).deleted
    client.v1.customers.create({})
    assert client.v1.webhook_endpoints.list().data == []
    assert len(listener.received) == 1


@pytest.mark.parametrize(
    "params",
    [
        {"url": "hooks"},
        {"url": "http://["},
        {"url": "http://127.0.0.1:0/"},
        {"url": "http://127.0.0.1:999999/"},
        {"url": "http://a b/"},
        {"enabled_events": ["order.exploded"]},
    ],
)
def test_an_endpoint_that_cannot_be_is_refused(client: Client, params: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["*"], **params})
    assert client.v1.webhook_endpoints.list().data == []


def test_a_resent_event_does_not_reach_an_endpoint_that_was_switched_off(
    client: Client, sandbox: Running, listener: Listener
) -> None:
    endpoint = _listen(client, listener, "customer.created")
    client.v1.customers.create({})
    listener.wait_for(lambda types: len(types) == 1)
    client.v1.webhook_endpoints.update(endpoint.id, {"disabled": True})
    event = client.v1.events.list({"type": "customer.created"}).data[0].id
    assert sandbox.post(f"/events/{event}/resend").json() == {"deliveries": 1}
    assert sandbox.post("/webhooks/wait").status_code == 200
    assert len(listener.received) == 1
    assert sandbox.http.get(f"{sandbox.url}/_sandbox/events/{event}/deliveries").json()["deliveries"][0]["status"] == "failed"


def test_an_event_remembers_the_request_that_caused_it(client: Client) -> None:
    customer = client.v1.customers.create({}, {"idempotency_key": "once"})
    event = client.v1.events.list({"type": "customer.created"}).data[0]
    assert event.request.to_dict() == {"id": customer.last_response.request_id, "idempotency_key": "once"}


def test_an_event_keeps_the_object_as_it_was(client: Client) -> None:
    intent = charge(client)
    client.v1.refunds.create({"payment_intent": intent.id})
    then = client.v1.events.list({"type": "charge.succeeded"}).data[0].data.object
    assert (then["amount_refunded"], client.v1.charges.retrieve(then["id"]).amount_refunded) == (0, 2500)


def test_an_endpoint_that_hangs_holds_up_nobody(client: Client, listener: Listener) -> None:
    client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/closed", "enabled_events": ["*"]})
    _listen(client, listener, "customer.created")
    started = time.monotonic()
    client.v1.customers.create({})
    listener.wait_for(lambda types: types == ["customer.created"])
    assert time.monotonic() - started < 1


def test_a_receiver_that_never_answers_does_not_keep_the_others_waiting(
    client: Client, sandbox: Running, listener: Listener
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as deaf:
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        client.v1.webhook_endpoints.create({"url": address, "enabled_events": ["customer.created"]})
        for _ in range(3 * TO_ONE_MAX):
            client.v1.customers.create({})
        other = sandbox.client()
        _listen(other, listener, "customer.created")
        other.v1.customers.create({})
        assert listener.wait_for(bool) == ["customer.created"]
        assert all(event.pending_webhooks == 1 for event in client.v1.events.list({"type": "customer.created"}).data)


def test_a_webhook_aimed_at_the_sandbox_itself_does_not_move_it(client: Client, sandbox: Running) -> None:
    url = f"{sandbox.url}/_sandbox/clock/advance"
    client.v1.webhook_endpoints.create({"url": url, "enabled_events": ["product.created"]})
    before = sandbox.http.get(f"{sandbox.url}/_sandbox/clock").json()["ahead_seconds"]
    client.v1.products.create({"name": "Tea"})
    event = client.v1.events.list({"type": "product.created"}).data[0].id
    log = f"{sandbox.url}/_sandbox/events/{event}/deliveries"
    eventually(lambda: sandbox.http.get(log).json()["deliveries"][0]["log"])
    assert sandbox.http.get(log).json()["deliveries"][0]["log"][0]["status"] == 403
    assert sandbox.http.get(f"{sandbox.url}/_sandbox/clock").json()["ahead_seconds"] == before
