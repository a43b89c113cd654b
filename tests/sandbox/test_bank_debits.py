"""Debits from bank accounts: days between the order and the answer, and what everybody is told meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import CARD_ONLY, Client, Running, charge, events, new_session

DAY = 86_400
SEPA: Any = {
    "type": "sepa_debit",
    "sepa_debit": {"iban": "AT321904300235473204"},
    "billing_details": {"name": "Ada", "email": "ada@example.com"},
}


def _ach(client: Client, number: str = "000123456789") -> Any:
    return client.v1.payment_methods.create(
        {
            "type": "us_bank_account",
            "us_bank_account": {"account_number": number, "routing_number": "110000000", "account_holder_type": "company"},
            "billing_details": {"name": "Ada"},
        }
    )


def test_a_debit_is_processing_until_the_bank_answers(client: Client, sandbox: Running) -> None:
    method = client.v1.payment_methods.create(SEPA)
    assert (method.sepa_debit.last4, method.sepa_debit.country) == ("3204", "AT")
    intent = charge(client, 10_000, method.id, currency="eur")
    assert (intent.status, intent.amount_received, intent.latest_charge[:3]) == ("processing", 0, "py_")
    waiting = client.v1.charges.retrieve(intent.latest_charge)
    assert (waiting.status, waiting.paid, waiting.balance_transaction) == ("pending", False, None)
    assert events(client) == ["payment_intent.created", "payment_intent.processing", "charge.pending"]
    sandbox.advance(5 * DAY)
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    booked = client.v1.balance_transactions.list({"source": intent.latest_charge}).data
    assert [(each.type, each.reporting_category, each.amount, each.fee) for each in booked] == [
        ("payment", "charge", 10_000, 80)
    ]
    assert events(client)[3:] == ["charge.succeeded", "payment_intent.succeeded", "charge.updated"]
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    assert (refund.id[:4], refund.status) == ("pyr_", "succeeded")
    assert client.v1.balance_transactions.list({"source": refund.id}).data[0].type == "payment_refund"


def test_a_slow_bank_takes_three_minutes_more_and_a_silent_one_never_answers(client: Client, sandbox: Running) -> None:
    slow = charge(client, card="pm_sepaDebit_successDelayed_de", currency="eur")
    silent = charge(client, card="pm_usBankAccount_processing")
    sandbox.advance(4 * DAY + 60)
    assert client.v1.payment_intents.retrieve(slow.id).status == "processing"
    sandbox.advance(180)
    assert client.v1.payment_intents.retrieve(slow.id).status == "succeeded"
    sandbox.advance(300 * DAY)
    assert client.v1.payment_intents.retrieve(silent.id).status == "processing"
    canceled = client.v1.payment_intents.cancel(silent.id, {"cancellation_reason": "requested_by_customer"})
    assert (canceled.status, client.v1.charges.retrieve(silent.latest_charge).status) == ("canceled", "failed")
    assert events(client)[-2:] == ["charge.failed", "payment_intent.canceled"]


@pytest.mark.parametrize(
    ("method", "currency", "reason"),
    [("pm_usBankAccount_dispute", "usd", "debit_not_authorized"), ("pm_sepaDebit_disputed_at", "eur", "customer_initiated")],
)
def test_a_bank_gives_a_debit_back_and_nobody_can_answer(
    client: Client, sandbox: Running, method: str, currency: str, reason: str
) -> None:
    intent = charge(client, 10_000, method, currency=currency)
    sandbox.advance(5 * DAY)
    dispute = client.v1.disputes.list({"payment_intent": intent.id}).data[0]
    assert (dispute.status, dispute.reason, dispute.amount) == ("lost", reason, 10_000)
    assert (dispute.evidence_details.due_by, dispute.payment_method_details) == (None, None)
    assert events(client)[3:] == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.updated",
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.updated",
        "charge.dispute.closed",
    ]
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    balance = client.v1.balance.retrieve()
    assert sum(each.amount for each in (*balance.available, *balance.pending)) == 10_000 - 80 - 11_500


def test_a_refund_waits_for_the_payment_it_gives_back(client: Client, sandbox: Running) -> None:
    intent = charge(client, 10_000, "pm_usBankAccount_success")
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 4000})
    assert (refund.status, refund.pending_reason, refund.balance_transaction) == ("pending", "charge_pending", None)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 6001})
    assert client.v1.balance_transactions.list().data == []
    sandbox.advance(4 * DAY + 1)
    made = client.v1.charges.retrieve(intent.latest_charge)
    assert (client.v1.refunds.retrieve(refund.id).status, made.amount_refunded, made.refunded) == ("succeeded", 4000, False)
    assert events(client)[3:] == [
        "refund.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.updated",
        "refund.updated",
        "charge.refund.updated",
        "charge.refunded",
    ]
    assert sorted(each.net for each in client.v1.balance_transactions.list().data) == [-4000, 9920]


def test_a_refund_of_a_payment_that_never_came_is_called_off(client: Client, sandbox: Running) -> None:
    intent = charge(client, 10_000, "pm_usBankAccount_noAccount")
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    sandbox.advance(4 * DAY + 1)
    assert client.v1.refunds.retrieve(refund.id).status == "canceled"
    assert events(client)[4:] == ["charge.failed", "payment_intent.payment_failed", "refund.updated", "charge.refund.updated"]
    assert client.v1.balance_transactions.list().data == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("000111111113", "account_closed"),
        ("000111111116", "no_account"),
        ("000222222227", "insufficient_funds"),
        ("000333333335", "debit_not_authorized"),
        ("000777777771", "charge_exceeds_source_limit"),
    ],
)
def test_a_debit_that_bounces_leaves_the_intent_open(client: Client, sandbox: Running, number: str, code: str) -> None:
    intent = charge(client, card=_ach(client, number).id)
    sandbox.advance(5 * DAY)
    failed = client.v1.payment_intents.retrieve(intent.id)
    assert (failed.status, failed.last_payment_error.code) == ("requires_payment_method", code)
    assert client.v1.charges.retrieve(intent.latest_charge).failure_code == code
    assert client.v1.balance_transactions.list().data == []
    assert events(client)[3:] == ["charge.failed", "payment_intent.payment_failed"]


@pytest.mark.parametrize(
    ("method", "currency", "code"),
    [
        ("pm_sepaDebit_failed_de", "eur", "generic_could_not_process"),
        ("pm_usBankAccount_invalidCurrency", "usd", "invalid_currency"),
    ],
)
def test_the_events_can_be_listed_after_a_debit_that_could_not_be_processed(
    client: Client, sandbox: Running, method: str, currency: str, code: str
) -> None:
    """They were answered with 500: the intent bore the charge's failure code, which is no error code."""
    intent = charge(client, card=method, currency=currency)
    sandbox.advance(5 * DAY)
    assert events(client)[3:] == ["charge.failed", "payment_intent.payment_failed"]
    failed = client.v1.payment_intents.retrieve(intent.id)
    assert failed.last_payment_error.code == "payment_intent_payment_attempt_failed"
    assert client.v1.charges.retrieve(intent.latest_charge).failure_code == code


@pytest.mark.parametrize(
    ("method", "status", "types"),
    [
        ("pm_usBankAccount_success", "paid", ["charge.succeeded", "payment_intent.succeeded", "…succeeded", "charge.updated"]),
        ("pm_usBankAccount_noAccount", "unpaid", ["charge.failed", "payment_intent.payment_failed", "…failed"]),
    ],
)
def test_a_session_completes_unpaid_and_hears_later(
    client: Client, sandbox: Running, method: str, status: str, types: list[str]
) -> None:
    session = new_session(client)
    assert session.payment_method_types == ["card", "us_bank_account"]
    assert sandbox.pay(session.id, payment_method=method).status_code == 200
    paid = client.v1.checkout.sessions.retrieve(session.id)
    assert (paid.status, paid.payment_status) == ("complete", "unpaid")
    before = [
        "product.created",
        "price.created",
        "payment_intent.created",
        "payment_intent.processing",
        "charge.pending",
        "checkout.session.completed",
    ]
    assert events(client) == before
    sandbox.advance(5 * DAY)
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == status
    assert events(client)[len(before) :] == [each.replace("…", "checkout.session.async_payment_") for each in types]


def test_a_bank_account_can_be_typed_on_the_page(client: Client, sandbox: Running) -> None:
    session = new_session(client)
    page = f"{sandbox.url}/c/pay/{session.id}"
    assert "Pay from a bank account" in sandbox.http.get(page).text
    form = {"email": "ada@example.com", "name": "Ada", "account_number": "1", "routing_number": "110000000"}
    refused = sandbox.http.post(page, data=form)
    assert refused.status_code == 400
    assert "test bank account number" in refused.text
    assert client.v1.checkout.sessions.retrieve(session.id).payment_intent is None
    done = sandbox.http.post(page, data=form | {"account_number": "000123456789"})
    assert (done.status_code, done.headers["location"]) == (303, f"http://127.0.0.1:9/thanks?s={session.id}")
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"


def test_a_page_for_cards_only_shows_no_bank(client: Client, sandbox: Running) -> None:
    session = new_session(client, allowed_payment_method_types=["card"])
    assert "bank account" not in sandbox.http.get(f"{sandbox.url}/c/pay/{session.id}").text
    assert sandbox.pay(session.id, payment_method="pm_usBankAccount_success").status_code == 400
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"currency": "eur", "payment_method": "pm_usBankAccount_success"}, "not allowed"),
        ({"excluded_payment_method_types": ["us_bank_account"]}, "not allowed"),
        ({"capture_method": "manual"}, "captured manually"),
    ],
)
def test_a_debit_that_cannot_be_is_refused(client: Client, params: Any, message: str) -> None:
    given: Any = {"amount": 900, "currency": "usd", "payment_method": "pm_usBankAccount_success", "confirm": True}
    with pytest.raises(stripe.InvalidRequestError, match=message):
        client.v1.payment_intents.create({**given, "automatic_payment_methods": CARD_ONLY, **params})
    assert client.v1.payment_intents.list().data == []


@pytest.mark.parametrize("iban", ["DE00", "000123456789", "GB33BUKB20201555555555"])
def test_only_test_ibans_are_taken(client: Client, iban: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="IBAN"):
        client.v1.payment_methods.create({**SEPA, "sepa_debit": {"iban": iban}})


def test_a_debit_stands_on_a_mandate(client: Client, sandbox: Running) -> None:
    accepted = {"type": "online", "online": {"ip_address": "127.0.0.1", "user_agent": "tests"}}
    wanted: Any = {"mandate_data": {"customer_acceptance": accepted}}
    once = charge(client, 900, "pm_sepaDebit_success_de", currency="eur", **wanted)
    mandate = client.v1.mandates.retrieve(_mandate_of(client, once, "sepa_debit"))
    assert (mandate.type, mandate.status, mandate.single_use.amount) == ("single_use", "active", 900)
    assert (mandate.customer_acceptance.type, mandate.customer_acceptance.online.ip_address) == ("online", "127.0.0.1")
    assert sandbox.http.get(mandate.payment_method_details.sepa_debit.url).status_code == 200
    customer = client.v1.customers.create({"email": "ada@example.com"})
    setup = client.v1.setup_intents.create(
        {
            "customer": customer.id,
            "confirm": True,
            "payment_method": "pm_usBankAccount_success",
            "automatic_payment_methods": CARD_ONLY,
            **wanted,
        }
    )
    assert client.v1.mandates.retrieve(setup.mandate).type == "multi_use"
    for _ in range(2):
        paid = charge(client, 900, setup.payment_method, customer=customer.id, off_session=True)
        assert _mandate_of(client, paid, "us_bank_account") == setup.mandate
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.mandates.retrieve("mandate_none")
    assert refused.value.code == "resource_missing"


def _mandate_of(client: Client, intent: Any, kind: str) -> str:
    return str(client.v1.charges.retrieve(intent.latest_charge).payment_method_details[kind].mandate)
