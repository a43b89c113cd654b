"""Idempotency keys, and the accidents they are there for."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import CARD_ONLY, Client, Running, charge, error_of, events, eventually

GIVEN: Any = {
    "amount": 900,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "confirm": True,
    "automatic_payment_methods": CARD_ONLY,
}


def _count(client: Client) -> int:
    return len(client.v1.payment_intents.list().data)


def test_the_same_key_gets_the_same_answer_and_nothing_happens_twice(client: Client) -> None:
    first = client.v1.payment_intents.create(GIVEN, {"idempotency_key": "k"})
    again = client.v1.payment_intents.create(GIVEN, {"idempotency_key": "k"})
    assert again.id == first.id
    headers = again.last_response.headers
    assert headers["idempotent-replayed"] == "true"
    assert headers["original-request"] == first.last_response.request_id != again.last_response.request_id
    assert "idempotent-replayed" not in first.last_response.headers
    assert _count(client) == 1


def test_a_decline_is_remembered_too(client: Client) -> None:
    declined = {**GIVEN, "payment_method": "pm_card_visa_chargeDeclined"}
    seen = []
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refused:
            client.v1.payment_intents.create(declined, {"idempotency_key": "k"})
        seen.append(error_of(refused).charge)
    assert seen[0] == seen[1]
    assert _count(client) == 1


def test_the_key_is_for_one_thing_only(client: Client) -> None:
    client.v1.payment_intents.create(GIVEN, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        client.v1.payment_intents.create({**GIVEN, "amount": 901}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        client.v1.customers.create({}, {"idempotency_key": "k"})
    assert _count(client) == 1
    assert client.v1.customers.list().data == []


def test_parameters_refused_at_the_door_do_not_spend_the_key(client: Client) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.create({"colour": "red"}, {"idempotency_key": "k"})
    assert client.v1.customers.create({"name": "A"}, {"idempotency_key": "k"}).name == "A"


def test_a_refusal_after_execution_began_does_spend_it(client: Client) -> None:
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
            client.v1.payment_intents.create({**GIVEN, "customer": "cus_none"}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError):
        client.v1.payment_intents.create(GIVEN, {"idempotency_key": "k"})
    assert _count(client) == 0


def test_a_key_is_forgotten_after_a_day(client: Client, sandbox: Running) -> None:
    first = client.v1.customers.create({}, {"idempotency_key": "k"})
    sandbox.advance(86_401)
    assert client.v1.customers.create({}, {"idempotency_key": "k"}).id != first.id


def test_keys_of_two_accounts_do_not_meet(sandbox: Running) -> None:
    one, two = (sandbox.client().v1.customers.create({}, {"idempotency_key": "k"}) for _ in range(2))
    assert one.id != two.id


def test_a_key_still_at_work_is_a_409(client: Client, sandbox: Running) -> None:
    sandbox.fault(path="/v1/payment_intents", kind="slow", seconds=0.5)
    first = threading.Thread(target=lambda: client.v1.payment_intents.create(GIVEN, {"idempotency_key": "k"}))
    first.start()
    eventually(lambda: _count(client) == 1)
    with pytest.raises(stripe.APIError) as refused:
        client.v1.payment_intents.create(GIVEN, {"idempotency_key": "k"})
    assert (refused.value.http_status, error_of(refused).code) == (409, "idempotency_key_in_use")
    first.join()
    assert client.v1.payment_intents.create(GIVEN, {"idempotency_key": "k"}).status == "succeeded"
    assert _count(client) == 1


@pytest.mark.parametrize(
    ("kind", "error", "done"),
    [
        ("reset_before", stripe.APIConnectionError, 0),
        ("lost_response", stripe.APIConnectionError, 1),
        ("500_before", stripe.APIError, 0),
        ("500_after", stripe.APIError, 1),
        ("429", stripe.RateLimitError, 0),
        ("409_in_use", stripe.APIError, 0),
    ],
)
def test_after_an_accident_the_same_key_leads_to_exactly_one_payment(
    client: Client, sandbox: Running, kind: str, error: type[Exception], done: int
) -> None:
    sandbox.fault(method="POST", path="/v1/payment_intents", kind=kind, times=1)
    with pytest.raises(error):
        client.v1.payment_intents.create(GIVEN, {"idempotency_key": "k"})
    assert _count(client) == done
    assert client.v1.payment_intents.create(GIVEN, {"idempotency_key": "k"}).status == "succeeded"
    assert _count(client) == 1
    assert events(client).count("charge.succeeded") == 1


def test_a_sticky_500_is_done_and_stays_a_500(client: Client, sandbox: Running) -> None:
    sandbox.fault(path="/v1/payment_intents", kind="500_sticky")
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            client.v1.payment_intents.create(GIVEN, {"idempotency_key": "k"})
    assert _count(client) == 1


def test_the_sdk_gets_over_a_lost_answer_by_itself(sandbox: Running) -> None:
    patient = sandbox.client(retries=2)
    intent = charge(patient)
    sandbox.fault(path="/v1/refunds", kind="lost_response", times=2)
    assert patient.v1.refunds.create({"payment_intent": intent.id}).status == "succeeded"
    assert len(patient.v1.refunds.list().data) == 1


def test_faults_wait_for_their_own_route_and_can_be_taken_back(client: Client, sandbox: Running) -> None:
    sandbox.fault(path="/v1/payment_intents/*/capture", kind="500_before")
    assert client.v1.customers.create({}).id
    assert charge(client).status == "succeeded"
    waiting = sandbox.http.get(f"{sandbox.url}/_sandbox/faults").json()["faults"]
    assert [each["kind"] for each in waiting] == ["500_before"]
    assert sandbox.http.delete(f"{sandbox.url}/_sandbox/faults").json() == {"faults": []}
    assert sandbox.post("/faults", kind="earthquake").status_code == 400
