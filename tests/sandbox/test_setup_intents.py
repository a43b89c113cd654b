"""Cards saved today and charged later: what the bank asks now, and what it remembers."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import CARD_ONLY, Client, Running, charge, error_of, events

DAY = 86_400


def _set_up(client: Client, card: str, **params: Any) -> Any:
    given: Any = {"payment_method": card, "confirm": True, "automatic_payment_methods": CARD_ONLY}
    return client.v1.setup_intents.create({**given, **params})


def _session(client: Client, **params: Any) -> Any:
    given: Any = {"mode": "setup", "currency": "usd", "success_url": "http://127.0.0.1:9/saved?s={CHECKOUT_SESSION_ID}"}
    return client.v1.checkout.sessions.create({**given, **params})


def test_a_card_is_saved_to_its_customer(client: Client) -> None:
    customer = client.v1.customers.create({})
    intent = _set_up(client, "pm_card_visa", customer=customer.id)
    assert (intent.status, intent.usage, intent.latest_attempt[:7]) == ("succeeded", "off_session", "setatt_")
    assert client.v1.customers.payment_methods.list(customer.id).data[0].id == intent.payment_method
    assert events(client) == [
        "customer.created",
        "setup_intent.created",
        "setup_intent.succeeded",
        "payment_method.attached",
    ]
    assert client.v1.setup_attempts.list({"setup_intent": intent.id}).data[0].status == "succeeded"


def test_a_card_set_up_with_its_bank_is_charged_without_it(client: Client, sandbox: Running) -> None:
    customer = client.v1.customers.create({}).id
    intent = _set_up(client, "pm_card_authenticationRequiredOnSetup", customer=customer)
    assert (intent.status, intent.next_action.type) == ("requires_action", "redirect_to_url")
    page = intent.next_action.redirect_to_url.url
    assert "saving this card" in sandbox.http.get(page).text
    assert sandbox.http.post(page, data={"answer": "complete"}).status_code == 200
    assert client.v1.setup_intents.retrieve(intent.id).status == "succeeded"
    paid = charge(client, card=intent.payment_method, customer=customer, off_session=True)
    assert paid.status == "succeeded"
    assert events(client)[1:5] == [
        "setup_intent.created",
        "setup_intent.requires_action",
        "setup_intent.succeeded",
        "payment_method.attached",
    ]


@pytest.mark.parametrize(
    ("card", "off_session"),
    [
        ("pm_card_authenticationRequiredOnSetup", "authentication_required"),
        ("pm_card_authenticationRequired", "authentication_required"),
    ],
)
def test_a_card_its_bank_never_saw_is_declined_off_session(client: Client, card: str, off_session: str) -> None:
    customer = client.v1.customers.create({}).id
    method = client.v1.payment_methods.attach(card, {"customer": customer})
    with pytest.raises(stripe.CardError) as refused:
        charge(client, card=method.id, customer=customer, off_session=True)
    assert (refused.value.code, error_of(refused).payment_intent.status) == (off_session, "requires_payment_method")


def test_a_card_already_set_up_asks_only_when_the_buyer_is_there(client: Client) -> None:
    customer = client.v1.customers.create({}).id
    method = client.v1.payment_methods.attach("pm_card_authenticationRequiredSetupForOffSession", {"customer": customer})
    assert charge(client, card=method.id, customer=customer, off_session=True).status == "succeeded"
    assert charge(client, card=method.id, customer=customer).status == "requires_action"


def test_a_card_that_fails_later_can_be_saved(client: Client) -> None:
    customer = client.v1.customers.create({}).id
    saved = _set_up(client, "pm_card_chargeCustomerFail", customer=customer)
    assert saved.status == "succeeded"
    with pytest.raises(stripe.CardError):
        charge(client, card=saved.payment_method, customer=customer, off_session=True)


def test_a_declined_card_is_not_saved(client: Client) -> None:
    with pytest.raises(stripe.CardError) as refused:
        _set_up(client, "pm_card_visa_chargeDeclined")
    intent = error_of(refused).setup_intent
    assert (intent.status, intent.last_setup_error.decline_code) == ("requires_payment_method", "generic_decline")
    assert events(client) == ["setup_intent.created", "setup_intent.setup_failed"]
    assert client.v1.setup_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}).status == "succeeded"


def test_an_intent_is_changed_confirmed_and_canceled_in_its_time(client: Client) -> None:
    intent = client.v1.setup_intents.create({"automatic_payment_methods": CARD_ONLY})
    assert intent.status == "requires_payment_method"
    changed = client.v1.setup_intents.update(intent.id, {"payment_method": "pm_card_visa", "metadata": {"a": "1"}})
    assert (changed.status, changed.metadata["a"]) == ("requires_confirmation", "1")
    assert client.v1.setup_intents.cancel(intent.id, {"cancellation_reason": "abandoned"}).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.setup_intents.confirm(intent.id)
    assert refused.value.code == "setup_intent_unexpected_state"
    assert [each.id for each in client.v1.setup_intents.list().data] == [intent.id]
    assert events(client) == ["setup_intent.created", "setup_intent.canceled"]


def test_a_checkout_page_saves_a_card(client: Client, sandbox: Running) -> None:
    customer = client.v1.customers.create({"email": "ada@example.com"}).id
    session = _session(client, customer=customer)
    assert (session.mode, session.payment_status, session.amount_total) == ("setup", "no_payment_required", None)
    assert "Save a card for later" in sandbox.http.get(session.url).text
    waiting = sandbox.pay(session.id, card="4000002500003155")
    assert waiting.status_code == 202
    assert sandbox.http.post(waiting.json()["redirect_to"], data={"answer": "complete"}).status_code == 303
    done = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
    assert (done.status, done.setup_intent.status) == ("complete", "succeeded")
    assert client.v1.customers.payment_methods.list(customer).data[0].id == done.setup_intent.payment_method
    assert events(client)[1:] == [
        "setup_intent.created",
        "setup_intent.requires_action",
        "setup_intent.succeeded",
        "payment_method.attached",
        "checkout.session.completed",
    ]


def test_a_setup_session_that_expires_cancels_its_intent(client: Client, sandbox: Running) -> None:
    session = _session(client)
    assert sandbox.pay(session.id, card="4000000000000002").status_code == 402
    sandbox.advance(DAY)
    assert client.v1.checkout.sessions.retrieve(session.id).status == "expired"
    assert client.v1.setup_intents.retrieve(session.setup_intent).status == "canceled"


@pytest.mark.parametrize(
    "params", [{"line_items": [{"price": "price_x"}]}, {"currency": ""}, {"payment_intent_data": {"description": "x"}}]
)
def test_a_setup_session_takes_no_money(client: Client, params: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        _session(client, **params)
    assert client.v1.checkout.sessions.list().data == []


def test_an_authorization_nobody_captures_expires_after_a_week(client: Client, sandbox: Running) -> None:
    held, taken = (charge(client, capture_method="manual") for _ in range(2))
    assert client.v1.charges.capture(taken.latest_charge, {"amount": 900}).amount_captured == 900
    sandbox.advance(7 * DAY + 5)
    expired = client.v1.payment_intents.retrieve(held.id)
    assert (expired.status, expired.cancellation_reason) == ("canceled", "expired")
    assert client.v1.payment_intents.retrieve(taken.id).amount_received == 900
    assert events(client)[-2:] == ["charge.expired", "payment_intent.canceled"]
    with pytest.raises(stripe.InvalidRequestError, match="already been captured"):
        client.v1.charges.capture(taken.latest_charge)


def test_a_bank_account_is_told_of_while_setting_it_up(client: Client) -> None:
    customer = client.v1.customers.create({"email": "ada@example.com"})
    data = {
        "type": "sepa_debit",
        "sepa_debit": {"iban": "DE89370400440532013000"},
        "billing_details": {"name": "Ada", "email": "ada@example.com"},
    }
    intent = client.v1.setup_intents.create(
        {"customer": customer.id, "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    )
    done = client.v1.setup_intents.confirm(intent.id, {"payment_method_data": data})
    method = client.v1.payment_methods.retrieve(done.payment_method)
    assert (done.status, method.customer, method.sepa_debit.last4) == ("succeeded", customer.id, "3000")
    assert len(client.v1.customers.payment_methods.list(customer.id).data) == 1
