"""When the money does not come: retries by a schedule of one's own, what follows the last, and invoices past their date."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from tests.sandbox.billing import DAY, Events, advance, at, new_clock, new_customer, new_price, set_card
from tests.sandbox.conftest import Client, Running, events


@pytest.fixture
def key() -> str:
    return f"sk_test_{uuid.uuid4().hex}"


@pytest.fixture
def client(sandbox: Running, key: str) -> Client:
    return sandbox.client(key)


def order(sandbox: Running, key: str, **fields: Any) -> None:
    answer = sandbox.post("/billing", key=key, **fields)
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in fields} == fields


def failing(client: Client, **params: Any) -> Any:
    """A subscription of April whose card fails on the first of May."""
    clock = new_clock(client, at(2026, 4, 1))
    customer = new_customer(client, clock)
    subscription = client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": new_price(client).id}], **params}
    )
    set_card(client, customer.id, "pm_card_chargeCustomerFail")
    return clock, customer, subscription


def status(client: Client, subscription: Any) -> str:
    return str(client.v1.subscriptions.retrieve(subscription.id).status)


@pytest.mark.parametrize(
    ("ends", "becomes", "reason"),
    [
        ("cancel", "canceled", "payment_failed"),
        ("unpaid", "unpaid", None),
        ("past_due", "past_due", None),
        ("paused", "paused", None),
    ],
)
def test_after_the_last_retry_it_becomes_what_the_account_wants(
    sandbox: Running, client: Client, key: str, ends: str, becomes: str, reason: str | None
) -> None:
    order(sandbox, key, dunning_days=[1, 2], dunning_ends=ends)
    clock, _, subscription = failing(client)
    advance(client, clock, at(2026, 5, 3, 12))
    assert status(client, subscription) == "past_due"
    failed = client.v1.invoices.list({"limit": 1}).data[0]
    assert (failed.attempt_count, failed.next_payment_attempt) == (2, at(2026, 5, 4, 1))
    advance(client, clock, at(2026, 5, 4, 2))
    ended = client.v1.subscriptions.retrieve(subscription.id)
    assert (ended.status, ended.cancellation_details.reason) == (becomes, reason)
    failed = client.v1.invoices.retrieve(failed.id)
    assert (failed.attempt_count, failed.next_payment_attempt) == (3, None)
    if becomes == "paused":
        assert ended.status_details.paused.subscription.type == "final_payment_failure"


def test_an_unpaid_subscription_drafts_on_and_lives_again_when_paid(sandbox: Running, client: Client, key: str) -> None:
    order(sandbox, key, dunning_days=[], dunning_ends="unpaid")
    clock, customer, subscription = failing(client)
    advance(client, clock, at(2026, 5, 2))
    assert status(client, subscription) == "unpaid"
    advance(client, clock, at(2026, 6, 2))
    assert [each.status for each in client.v1.invoices.list().data] == ["draft", "open", "paid"]
    method = set_card(client, customer.id, "pm_card_visa")
    latest = client.v1.invoices.list({"limit": 1}).data[0]
    client.v1.invoices.pay(latest.id, {"payment_method": method.id})
    assert status(client, subscription) == "active"
    assert client.v1.customers.retrieve(customer.id).delinquent is False


def test_what_is_tried_by_hand_moves_no_schedule(client: Client) -> None:
    clock, _, subscription = failing(client)
    advance(client, clock, at(2026, 5, 2))
    failed = client.v1.invoices.list({"limit": 1}).data[0]
    seen = Events(client)
    with pytest.raises(Exception, match="declined"):
        client.v1.invoices.pay(failed.id)
    assert "invoice.payment_failed" in seen.types()
    again = client.v1.invoices.retrieve(failed.id)
    assert (again.attempt_count, again.next_payment_attempt) == (1, failed.next_payment_attempt)
    assert status(client, subscription) == "past_due"


def test_the_bank_wants_to_see_the_buyer_of_a_renewal(client: Client) -> None:
    clock = new_clock(client, at(2026, 4, 1))
    customer = new_customer(client, clock)
    client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": new_price(client).id}]})
    set_card(client, customer.id, "pm_card_authenticationRequired")
    seen = Events(client)
    advance(client, clock, at(2026, 5, 2))
    types = seen.types()
    assert types.index("invoice.payment_action_required") < types.index("invoice.payment_failed")
    failed = client.v1.invoices.list({"limit": 1, "expand": ["data.payments"]}).data[0]
    intent = client.v1.payment_intents.retrieve(failed.payments.data[0].payment.payment_intent)
    assert intent.last_payment_error.code == "authentication_required"


def test_a_sent_invoice_reminds_falls_due_and_makes_the_subscription_past_due(
    sandbox: Running, client: Client, key: str
) -> None:
    order(sandbox, key, overdue_ends_days=30)
    clock = new_clock(client, at(2026, 4, 1))
    customer = new_customer(client, clock, card=None)
    subscription = client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": new_price(client).id}],
            "collection_method": "send_invoice",
            "days_until_due": 10,
        }
    )
    advance(client, clock, at(2026, 4, 5))
    seen = Events(client)
    advance(client, clock, at(2026, 4, 8, 1))
    assert seen.types()[1:-1] == ["invoice.will_be_due"]
    advance(client, clock, at(2026, 4, 11, 1))
    assert seen.types()[1:-1] == ["invoice.overdue", "customer.updated", "customer.subscription.updated"]
    assert (status(client, subscription), client.v1.customers.retrieve(customer.id).delinquent) == ("past_due", True)
    overdue = client.v1.invoices.list({"due_date": {"lte": at(2026, 4, 11)}}).data
    assert [each.id for each in overdue] == [subscription.latest_invoice]
    advance(client, clock, at(2026, 5, 12))
    assert status(client, subscription) == "canceled"
    assert client.v1.subscriptions.retrieve(subscription.id).cancellation_details.reason == "payment_failed"


def test_a_due_date_can_be_moved(client: Client) -> None:
    clock = new_clock(client, at(2026, 4, 1))
    customer = new_customer(client, clock, card=None)
    invoice = client.v1.invoices.create({"customer": customer.id, "collection_method": "send_invoice", "days_until_due": 5})
    client.v1.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 900, "currency": "usd"})
    client.v1.invoices.send_invoice(invoice.id)
    moved = client.v1.invoices.update(invoice.id, {"due_date": at(2026, 4, 1) + 20 * DAY})
    assert moved.due_date == at(2026, 4, 21)
    advance(client, clock, at(2026, 4, 20))
    assert "invoice.overdue" not in events(client)
    advance(client, clock, at(2026, 4, 22))
    assert events(client).count("invoice.overdue") == 1
    paid = client.v1.invoices.pay(invoice.id, {"paid_out_of_band": True})
    assert (paid.status, client.v1.customers.retrieve(customer.id).delinquent) == ("paid", False)


def test_settings_that_cannot_be_are_refused_and_others_keep_their_own(sandbox: Running, client: Client, key: str) -> None:
    wrong: list[Any] = [
        {"dunning_days": [0]},
        {"dunning_days": "3"},
        {"dunning_ends": "never"},
        {"upcoming_days": -1},
        {"upcoming_days": True},
        {"fee_fixed_amount": 0},
    ]
    for fields in wrong:
        answer = sandbox.post("/billing", key=key, **fields)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, next(iter(fields)))
    assert sandbox.post("/billing", dunning_days=[1]).status_code == 400
    order(sandbox, key, dunning_days=[9])
    shown = sandbox.http.get(f"{sandbox.url}/_sandbox/billing", params={"key": key}).json()
    other = sandbox.http.get(f"{sandbox.url}/_sandbox/billing", params={"key": "sk_test_other"}).json()
    assert (shown["dunning_days"], other["dunning_days"]) == ([9], [3, 5, 7])
    account = client.v1.accounts.retrieve_current().id
    assert sandbox.http.request("DELETE", f"{sandbox.url}/_sandbox/billing", json={"account": account}).json() == other
