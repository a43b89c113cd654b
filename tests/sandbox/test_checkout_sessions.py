"""Checkout sessions from creation to paid, declined, confirmed with the bank, or expired."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import Client, Running, error_of, events, eventually, new_session

PAID = [
    "product.created",
    "price.created",
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
    "charge.updated",
]


def test_a_new_session_is_open_and_has_no_payment_yet(client: Client, sandbox: Running) -> None:
    session = new_session(client, metadata={"order": "7"}, client_reference_id="order-7")
    assert (session.status, session.payment_status, session.amount_total, session.currency) == ("open", "unpaid", 2500, "usd")
    assert session.url == f"{sandbox.url}/c/pay/{session.id}"
    assert session.payment_intent is None
    assert session.metadata["order"] == "7"
    assert session.id.startswith("cs_test_")
    assert session.expires_at == session.created + 24 * 3600


def test_paying_completes_it_in_the_order_stripe_tells(client: Client, sandbox: Running) -> None:
    session = new_session(client)
    answer = sandbox.pay(session.id, card="4242 4242 4242 4242")
    assert answer.status_code == 200
    assert answer.json()["redirect_to"] == f"http://127.0.0.1:9/thanks?s={session.id}"
    eventually(lambda: "charge.updated" in events(client))
    assert events(client) == PAID
    paid = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge.balance_transaction"]})
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.customer is None
    assert paid.customer_details.email == "ada@example.com"
    transaction = paid.payment_intent.latest_charge.balance_transaction
    assert (transaction.amount, transaction.fee, transaction.net) == (2500, 103, 2397)


def test_the_metadata_of_the_session_does_not_reach_the_payment(client: Client, sandbox: Running) -> None:
    session = new_session(client, metadata={"a": "1"}, payment_intent_data={"metadata": {"b": "2"}, "transfer_group": "g"})
    intent = sandbox.pay(session.id, payment_method="pm_card_visa").json()["payment_intent"]
    assert intent["metadata"] == {"b": "2"}
    assert intent["transfer_group"] == "g"


def test_a_declined_card_leaves_it_open_and_the_next_card_pays_the_same_intent(client: Client, sandbox: Running) -> None:
    session = new_session(client)
    declined = sandbox.pay(session.id, card="4000000000009995")
    assert declined.status_code == 402
    assert declined.json()["error"]["decline_code"] == "insufficient_funds"
    still = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert (still.status, still.payment_status) == ("open", "unpaid")
    assert still.payment_intent.status == "requires_payment_method"
    assert still.payment_intent.last_payment_error.code == "card_declined"
    paid = sandbox.pay(session.id, card="4242424242424242").json()
    assert paid["payment_intent"]["id"] == still.payment_intent.id
    charges = client.v1.charges.list({"payment_intent": still.payment_intent.id}).data
    assert [each.status for each in charges] == ["succeeded", "failed"]


def test_a_card_that_is_no_test_card_is_refused_and_nothing_is_made(client: Client, sandbox: Running) -> None:
    session = new_session(client)
    for number, code in (("4242424242424241", "incorrect_number"), ("4111111111111111", "card_declined")):
        answer = sandbox.pay(session.id, card=number)
        assert (answer.status_code, answer.json()["error"]["code"]) == (402, code)
        assert number not in answer.text
    assert client.v1.checkout.sessions.retrieve(session.id).payment_intent is None
    assert events(client) == ["product.created", "price.created"]


@pytest.mark.parametrize(("answer", "status", "last"), [("complete", 200, "charge.succeeded"), ("fail", 200, "")])
def test_three_d_secure_waits_for_the_bank(client: Client, sandbox: Running, answer: str, status: int, last: str) -> None:
    session = new_session(client)
    waiting = sandbox.pay(session.id, payment_method="pm_card_threeDSecure2Required")
    assert waiting.status_code == 202
    intent = waiting.json()["payment_intent"]
    assert intent["status"] == "requires_action"
    assert waiting.json()["redirect_to"] == f"{sandbox.url}/c/3ds/{intent['id']}"
    answered = sandbox.post(f"/payment_intents/{intent['id']}/authenticate", outcome=answer)
    assert answered.status_code == status
    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    if last:
        assert (session.status, session.payment_status) == ("complete", "paid")
    else:
        assert (session.status, session.payment_intent.status) == ("open", "requires_payment_method")
        assert session.payment_intent.last_payment_error.code == "payment_intent_authentication_failure"
        assert session.payment_intent.latest_charge is None


def test_three_d_secure_can_be_answered_in_the_same_call(client: Client, sandbox: Running) -> None:
    card = "4000002760003184"
    assert sandbox.pay(new_session(client).id, card=card, three_d_secure="complete").json()["session"]["status"] == "complete"
    failed = sandbox.pay(new_session(client).id, card=card, three_d_secure="fail")
    assert failed.json()["session"]["status"] == "open"


def test_a_paid_session_can_neither_be_paid_again_nor_expired(client: Client, sandbox: Running) -> None:
    session = new_session(client)
    sandbox.pay(session.id, card="4242424242424242")
    again = sandbox.pay(session.id, card="4242424242424242")
    assert again.status_code == 400
    with pytest.raises(stripe.InvalidRequestError, match="complete"):
        client.v1.checkout.sessions.expire(session.id)
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    assert len(client.v1.charges.list({"payment_intent": intent}).data) == 1


def test_an_expired_session_takes_its_unpaid_intent_with_it(client: Client, sandbox: Running) -> None:
    session = new_session(client)
    sandbox.pay(session.id, card="4000000000000002")
    expired = client.v1.checkout.sessions.expire(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    intent = client.v1.payment_intents.retrieve(str(expired.payment_intent))
    assert (intent.status, intent.cancellation_reason) == ("canceled", "automatic")
    assert events(client)[-2:] == ["checkout.session.expired", "payment_intent.canceled"]
    assert sandbox.pay(session.id, card="4242424242424242").status_code == 400


def test_a_session_expires_by_itself_when_its_time_comes(client: Client, sandbox: Running) -> None:
    session = new_session(client)
    sandbox.advance(24 * 3600 - 120)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"
    sandbox.advance(240)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert events(client)[-1] == "checkout.session.expired"


@pytest.mark.parametrize("seconds", [60, 25 * 3600])
def test_it_expires_between_half_an_hour_and_a_day_from_now(client: Client, sandbox: Running, seconds: int) -> None:
    now = sandbox.http.get(f"{sandbox.url}/_sandbox/clock").json()["now"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        new_session(client, expires_at=now + seconds)
    assert refused.value.param == "expires_at"
    assert client.v1.checkout.sessions.list().data == []


def test_an_amount_of_zero_needs_no_payment(client: Client, sandbox: Running) -> None:
    session = new_session(client, amount=0)
    paid = sandbox.pay(session.id, card="4242424242424242").json()["session"]
    assert (paid["status"], paid["payment_status"], paid["payment_intent"]) == ("complete", "no_payment_required", None)
    assert events(client) == ["product.created", "price.created", "checkout.session.completed"]


def test_a_customer_is_made_when_asked_for(client: Client, sandbox: Running) -> None:
    session = new_session(client, customer_creation="always")
    sandbox.pay(session.id, card="4242424242424242", name="Ada L")
    customer = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["customer"]}).customer
    assert (customer.email, customer.name) == ("ada@example.com", "Ada L")


def test_the_card_of_a_known_customer_is_kept_when_it_will_be_used_again(client: Client, sandbox: Running) -> None:
    customer = client.v1.customers.create({"email": "known@example.com"})
    session = new_session(client, customer=customer.id, payment_intent_data={"setup_future_usage": "off_session"})
    sandbox.pay(session.id, card="5555555555554444", email=None)
    kept = client.v1.customers.payment_methods.list(customer.id).data
    assert [each.card.brand for each in kept] == ["mastercard"]


def test_a_manual_capture_completes_unpaid(client: Client, sandbox: Running) -> None:
    session = new_session(client, payment_intent_data={"capture_method": "manual"})
    paid = sandbox.pay(session.id, card="4242424242424242").json()
    assert (paid["session"]["status"], paid["session"]["payment_status"]) == ("complete", "unpaid")
    captured = client.v1.payment_intents.capture(paid["payment_intent"]["id"])
    assert (captured.status, captured.amount_received) == ("succeeded", 2500)


def test_line_items_are_there_when_expanded_or_listed(client: Client) -> None:
    product = client.v1.products.create({"name": "Cup"})
    price = client.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 700})
    session = new_session(client, line_items=[{"price": price.id, "quantity": 3}])
    assert "line_items" not in client.v1.checkout.sessions.retrieve(session.id)
    expanded = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["line_items.data.price.product"]})
    line = expanded.line_items.data[0]
    assert (line.amount_total, line.quantity, line.description, line.price.product.name) == (2100, 3, "Cup", "Cup")
    assert client.v1.checkout.sessions.line_items.list(session.id).data[0].id == line.id


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"mode": "subscription"}, "line_items"),
    ({"mode": "setup"}, "line_items"),
    ({"ui_mode": "embedded_page"}, "ui_mode"),
    ({"branding_settings": {"button_color": "#ff0000"}}, "branding_settings"),
    ({"optional_items": [{"price": "price_x", "quantity": 1}]}, "optional_items"),
    (
        {"payment_method_options": {"card": {"request_three_d_secure": "any"}}},
        "payment_method_options[card][request_three_d_secure]",
    ),
    ({"payment_method_collection": "always"}, "payment_method_collection"),
    ({"customer_update": {"name": "auto"}}, "customer_update"),
    ({"automatic_tax": {"enabled": True}}, "automatic_tax"),
    ({"payment_intent_data": {"application_fee_amount": 5}}, "payment_intent_data[application_fee_amount]"),
    ({"payment_method_types": ["card"]}, "payment_method_types"),
    ({"line_items": []}, "line_items"),
    ({"success_url": "thanks"}, "success_url"),
    ({"customer": "cus_none"}, "customer"),
    ({"customer": "cus_none", "customer_email": "a@b.c"}, "customer"),
]


@pytest.mark.parametrize(("params", "param"), REFUSED)
def test_what_it_does_not_do_is_refused_by_name(client: Client, params: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.StripeError) as refused:
        new_session(client, **params)
    assert error_of(refused).param == param
    assert refused.value.http_status in (400, 501)
    assert client.v1.checkout.sessions.list().data == []
    assert events(client) == []


def test_too_small_a_total_is_refused(client: Client) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        new_session(client, amount=49)
    assert refused.value.code == "amount_too_small"


def test_its_metadata_can_be_changed(client: Client) -> None:
    session = new_session(client, metadata={"a": "1", "b": "2"})
    changed = client.v1.checkout.sessions.update(session.id, {"metadata": {"a": "", "c": "3"}})
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}


def test_its_payment_is_not_confirmed_behind_its_back(client: Client, sandbox: Running) -> None:
    session = new_session(client)
    sandbox.pay(session.id, card="4000000000000002")
    intent = str(client.v1.checkout.sessions.retrieve(session.id).payment_intent)
    with pytest.raises(stripe.InvalidRequestError, match="Checkout Session"):
        client.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"})
    with pytest.raises(stripe.InvalidRequestError, match="Checkout Session"):
        client.v1.payment_intents.cancel(intent)
    assert client.v1.payment_intents.retrieve(intent).status == "requires_payment_method"
