"""Payment intents confirmed through the API: every test card, the bank's page, capture by hand, and what is refused."""

from __future__ import annotations

import pytest
import stripe
from tests.sandbox.conftest import CARD_ONLY, Client, Running, charge, error_of, events, eventually

DECLINES = [
    ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
    ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
    ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
    ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
    ("pm_card_visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded"),
    ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
    ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
    ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
    ("pm_card_radarBlock", "card_declined", "fraudulent"),
]


@pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_mastercard", "pm_card_amex", "pm_card_createDispute"])
def test_a_good_card_succeeds_at_once_and_is_booked_a_moment_later(client: Client, card: str) -> None:
    intent = charge(client, 10_000, card)
    assert (intent.status, intent.amount_received) == ("succeeded", 10_000)
    made = client.v1.charges.retrieve(str(intent.latest_charge))
    assert made.paid
    eventually(lambda: client.v1.charges.retrieve(made.id).balance_transaction)
    booked = client.v1.balance_transactions.list({"source": made.id}).data
    assert [(each.amount, each.fee, each.net, each.status) for each in booked] == [(10_000, 320, 9_680, "pending")]
    assert events(client) == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "charge.updated"]
    told = client.v1.events.list({"types": ["charge.succeeded", "charge.updated"]}).data
    assert told[1].data.object["balance_transaction"] is None
    assert told[0].data.previous_attributes["balance_transaction"] is None
    assert told[0].data.object["balance_transaction"] == booked[0].id


@pytest.mark.parametrize(("card", "code", "decline_code"), DECLINES)
def test_a_declined_card_is_a_402_with_the_failed_charge(client: Client, card: str, code: str, decline_code: str) -> None:
    with pytest.raises(stripe.CardError) as declined:
        charge(client, card=card)
    error = error_of(declined)
    assert (declined.value.http_status, error.code, error.decline_code) == (402, code, decline_code)
    intent = client.v1.payment_intents.retrieve(error.payment_intent.id)
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error.decline_code == decline_code
    assert intent.latest_charge == error.charge
    failed = client.v1.charges.retrieve(error.charge)
    assert (failed.status, failed.paid, failed.failure_code) == ("failed", False, code)
    assert events(client) == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]
    assert client.v1.balance_transactions.list().data == []


def test_a_blocked_card_never_reached_its_bank(client: Client) -> None:
    with pytest.raises(stripe.CardError) as declined:
        charge(client, card="pm_card_radarBlock")
    outcome = client.v1.charges.retrieve(error_of(declined).charge).outcome
    assert (outcome.type, outcome.network_status) == ("blocked", "not_sent_to_network")


def test_bypass_pending_is_available_at_once(client: Client, sandbox: Running) -> None:
    charge(client, 10_000, "pm_card_bypassPending")
    charge(client, 1_000)
    eventually(lambda: len(client.v1.balance_transactions.list().data) == 2)
    balance = client.v1.balance.retrieve()
    assert (balance.available[0].amount, balance.pending[0].amount) == (9_680, 941)
    sandbox.advance(2 * 86_400 + 1)
    balance = client.v1.balance.retrieve()
    assert (balance.available[0].amount, balance.pending[0].amount) == (10_621, 0)


def test_the_bank_sends_the_buyer_back_with_what_became_of_it(client: Client, sandbox: Running) -> None:
    intent = client.v1.payment_intents.create(
        {
            "amount": 2000,
            "currency": "usd",
            "payment_method": "pm_card_authenticationRequired",
            "confirm": True,
            "return_url": "http://127.0.0.1:9/back?cart=1",
        }
    )
    assert intent.status == "requires_action"
    assert intent.next_action.redirect_to_url.url == f"{sandbox.url}/c/3ds/{intent.id}"
    answer = sandbox.http.post(intent.next_action.redirect_to_url.url, data={"answer": "complete"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"http://127.0.0.1:9/back?cart=1&payment_intent={intent.id}&")
    assert answer.headers["location"].endswith("redirect_status=succeeded")
    paid = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
    assert (paid.status, paid.next_action) == ("succeeded", None)
    assert paid.latest_charge.payment_method_details.card.three_d_secure.result == "authenticated"


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("pm_card_threeDSecureRequiredChargeDeclined", "card_declined"),
        ("pm_card_threeDSecureRequiredProcessingError", "processing_error"),
        ("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "card_declined"),
    ],
)
def test_a_card_may_be_declined_after_the_bank_said_yes(client: Client, sandbox: Running, card: str, code: str) -> None:
    intent = charge(client, card=card)
    answer = sandbox.post(f"/payment_intents/{intent.id}/authenticate", outcome="complete")
    assert (answer.status_code, answer.json()["error"]["code"]) == (402, code)
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_payment_method"


def test_nobody_can_ask_a_buyer_who_is_not_there(client: Client) -> None:
    with pytest.raises(stripe.CardError) as declined:
        charge(client, card="pm_card_authenticationRequired", off_session=True)
    assert declined.value.code == "authentication_required"


def test_a_card_set_up_before_pays_off_session(client: Client, sandbox: Running) -> None:
    customer = client.v1.customers.create({"email": "a@example.com"})
    first = charge(client, card="pm_card_authenticationRequiredOnSetup", customer=customer.id, setup_future_usage="off_session")
    sandbox.post(f"/payment_intents/{first.id}/authenticate", outcome="complete")
    kept = client.v1.payment_intents.retrieve(first.id).payment_method
    again = charge(client, card=str(kept), customer=customer.id, off_session=True)
    assert again.status == "succeeded"


def test_capture_by_hand_takes_part_and_gives_the_rest_back(client: Client) -> None:
    intent = charge(client, 5000, capture_method="manual")
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 5000)
    captured = client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 3000})
    assert (captured.status, captured.amount_received, captured.amount_capturable) == ("succeeded", 3000, 0)
    made = client.v1.charges.retrieve(str(captured.latest_charge), {"expand": ["balance_transaction"]})
    assert (made.amount_captured, made.amount_refunded, made.balance_transaction.amount) == (3000, 2000, 3000)
    assert events(client)[-3:] == ["charge.captured", "charge.updated", "payment_intent.succeeded"]


def test_canceling_lets_an_authorization_go(client: Client) -> None:
    intent = charge(client, capture_method="manual")
    canceled = client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (canceled.status, canceled.cancellation_reason, canceled.amount_capturable) == ("canceled", "abandoned", 0)
    assert client.v1.charges.retrieve(str(canceled.latest_charge)).refunded
    assert client.v1.balance_transactions.list().data == []


def test_a_final_state_is_final(client: Client) -> None:
    intent = charge(client)
    for verb in (client.v1.payment_intents.cancel, client.v1.payment_intents.capture):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            verb(intent.id)
        assert refused.value.code == "payment_intent_unexpected_state"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.update(intent.id, {"amount": 1})
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_a_server_confirm_needs_somewhere_to_send_the_buyer(client: Client) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="return_url"):
        charge(client, automatic_payment_methods={"enabled": True})
    assert client.v1.payment_intents.list().data == []


def test_created_then_updated_then_confirmed(client: Client) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 700, "currency": "usd", "automatic_payment_methods": CARD_ONLY, "metadata": {"a": "1"}}
    )
    assert (intent.status, intent.capture_method) == ("requires_payment_method", "automatic_async")
    changed = client.v1.payment_intents.update(intent.id, {"amount": 900, "payment_method": "pm_card_visa"})
    assert (changed.status, changed.amount) == ("requires_confirmation", 900)
    assert client.v1.payment_intents.confirm(intent.id).status == "succeeded"


def test_a_guest_card_is_spent_by_its_payment(client: Client) -> None:
    method = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    charge(client, card=method.id)
    with pytest.raises(stripe.InvalidRequestError, match="previously used"):
        charge(client, card=method.id)


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (49, "usd", "amount_too_small"),
        (29, "gbp", "amount_too_small"),
        (0, "usd", "parameter_invalid_integer"),
        (100_000_000, "usd", "amount_too_large"),
        (5001, "kwd", "parameter_invalid_integer"),
        (1000, "zzz", None),
    ],
)
def test_amounts_stripe_would_not_charge_are_refused(client: Client, amount: int, currency: str, code: str | None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        charge(client, amount, currency=currency)
    assert refused.value.code == code
    assert client.v1.payment_intents.list().data == []


def test_an_amount_in_yen_has_no_decimals(client: Client) -> None:
    assert charge(client, 50, currency="JPY").currency == "jpy"


def test_a_payment_method_is_told_of_while_confirming(client: Client, sandbox: Running) -> None:
    data = {
        "type": "us_bank_account",
        "us_bank_account": {"account_number": "000123456789", "routing_number": "110000000"},
        "billing_details": {"name": "Ada"},
    }
    intent = client.v1.payment_intents.create({"amount": 900, "currency": "usd", "automatic_payment_methods": CARD_ONLY})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa", "payment_method_data": data})
    assert refused.value.code == "parameters_exclusive"
    paid = client.v1.payment_intents.confirm(intent.id, {"payment_method_data": data})
    assert (paid.status, client.v1.payment_methods.retrieve(paid.payment_method).us_bank_account.last4) == (
        "processing",
        "6789",
    )
    at_once = client.v1.payment_intents.create(
        {
            "amount": 900,
            "currency": "usd",
            "confirm": True,
            "payment_method_data": data,
            "automatic_payment_methods": CARD_ONLY,
            "payment_details": {"order_reference": "order_7"},
        }
    )
    assert (at_once.status, at_once.payment_details.order_reference) == ("processing", "order_7")


@pytest.mark.parametrize(("wanted", "status"), [("any", "requires_action"), ("automatic", "succeeded")])
def test_three_d_secure_is_done_where_it_is_asked_for(client: Client, wanted: str, status: str) -> None:
    options = {"card": {"request_three_d_secure": wanted}}
    intent = charge(client, card="pm_card_threeDSecureOptional", payment_method_options=options)
    assert (intent.status, intent.payment_method_options.card.request_three_d_secure) == (status, wanted)


def test_an_authorization_is_captured_in_part_once_and_never_grows(client: Client) -> None:
    intent = charge(client, 10_000, capture_method="manual")
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 10_000)
    with pytest.raises(stripe.InvalidRequestError, match="not eligible for incremental"):
        client.v1.payment_intents.increment_authorization(intent.id, {"amount": 11_000})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 10_001})
    assert refused.value.code == "amount_too_large"
    with pytest.raises(stripe.APIError) as missing:
        client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 4_000, "final_capture": False})
    assert missing.value.http_status == 501
    taken = client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 4_000, "statement_descriptor_suffix": "TEA"})
    made = client.v1.charges.retrieve(taken.latest_charge)
    assert (taken.status, taken.amount_received, made.amount_captured, made.amount_refunded) == (
        "succeeded",
        4_000,
        4_000,
        6_000,
    )
    assert (made.refunded, made.statement_descriptor_suffix) == (False, "TEA")
    assert events(client) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "charge.captured",
        "charge.updated",
        "payment_intent.succeeded",
    ]
    assert [each.net for each in client.v1.balance_transactions.list().data] == [4_000 - 146]
    client.v1.refunds.create({"payment_intent": intent.id})
    assert sum(each.net for each in client.v1.balance_transactions.list().data) == -146


def test_an_authorization_nobody_captures_is_let_go_after_a_week(client: Client, sandbox: Running) -> None:
    intent = charge(client, 10_000, capture_method="manual")
    sandbox.advance(7 * 86_400 + 1)
    gone = client.v1.payment_intents.retrieve(intent.id)
    assert (gone.status, gone.cancellation_reason, gone.amount_capturable) == ("canceled", "expired", 0)
    assert events(client)[-2:] == ["charge.expired", "payment_intent.canceled"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(intent.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    assert client.v1.balance_transactions.list().data == []


def test_a_declined_card_off_session_says_what_its_bank_wants(client: Client) -> None:
    customer = client.v1.customers.create({"email": "a@example.com"})
    method = client.v1.payment_methods.attach("pm_card_authenticationRequired", {"customer": customer.id})
    with pytest.raises(stripe.CardError) as declined:
        charge(client, card=method.id, customer=customer.id, off_session=True)
    error = error_of(declined)
    assert (declined.value.http_status, error.code, error.decline_code) == (402, *["authentication_required"] * 2)
    assert (error.type, error.payment_method.id, error.payment_intent.status) == (
        "card_error",
        method.id,
        "requires_payment_method",
    )
    assert error.charge == error.payment_intent.latest_charge
    again = client.v1.payment_intents.confirm(error.payment_intent.id, {"payment_method": method.id})
    assert again.status == "requires_action"


@pytest.mark.parametrize(
    ("card", "checks"),
    [
        ("pm_card_visa", ("pass", "pass", "pass")),
        ("pm_card_cvcCheckFail", ("pass", "pass", "fail")),
        ("pm_card_avsZipFail", ("pass", "fail", "pass")),
        ("pm_card_avsLine1Fail", ("fail", "pass", "pass")),
        ("pm_card_avsFail", ("fail", "fail", "pass")),
        ("pm_card_avsUnchecked", ("unavailable", "unavailable", "pass")),
    ],
)
def test_a_cards_bank_checks_what_it_was_told(client: Client, card: str, checks: tuple[str, str, str]) -> None:
    token = f"tok_{card.removeprefix('pm_card_')}"
    address = {"address": {"line1": "1 Main Street", "postal_code": "10001"}}
    method = client.v1.payment_methods.create({"type": "card", "card": {"token": token}, "billing_details": address})
    intent = charge(client, card=method.id)
    shown = client.v1.charges.retrieve(intent.latest_charge).payment_method_details.card.checks
    assert (shown.address_line1_check, shown.address_postal_code_check, shown.cvc_check) == checks
