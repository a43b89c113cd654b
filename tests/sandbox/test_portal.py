"""The billing portal and the hosted invoice: what a customer sees there, does there, and may not do there."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.billing import new_customer, new_price
from tests.sandbox.conftest import Client, Running


@pytest.fixture
def plan(client: Client) -> Any:
    return client.v1.subscriptions.create(
        {"customer": new_customer(client).id, "items": [{"price": new_price(client, 1000, name="Small").id}]}
    )


def enter(client: Client, customer: str, **params: Any) -> Any:
    given = {"customer": customer, "return_url": "http://127.0.0.1:9/account", **params}
    return client.v1.billing_portal.sessions.create(given)


def press(sandbox: Running, url: str, **fields: str) -> Any:
    return sandbox.http.post(url, data=fields)


def test_a_plan_is_canceled_and_kept_after_all(client: Client, sandbox: Running, plan: Any) -> None:
    session = enter(client, plan.customer)
    shown = sandbox.http.get(session.url)
    assert (shown.status_code, "Small" in shown.text, "per month" in shown.text) == (200, True, True)
    said = press(sandbox, session.url, act="cancel", subscription=plan.id)
    assert "will end with its period" in said.text
    canceled = client.v1.subscriptions.retrieve(plan.id)
    item = canceled["items"].data[0]
    assert (canceled.status, canceled.cancel_at, canceled.cancel_at_period_end) == ("active", item.current_period_end, False)
    press(sandbox, session.url, act="undo", subscription=plan.id)
    assert client.v1.subscriptions.retrieve(plan.id).cancel_at is None


def test_another_plan_shows_its_price_before_it_is_taken(client: Client, sandbox: Running, plan: Any) -> None:
    large = new_price(client, 5000, name="Large")
    features: Any = {
        "subscription_update": {
            "enabled": True,
            "default_allowed_updates": ["price"],
            "products": [{"product": large.product, "prices": [large.id]}],
            "proration_behavior": "always_invoice",
        }
    }
    configuration = client.v1.billing_portal.configurations.create({"features": features})
    session = enter(client, plan.customer, configuration=configuration.id)
    looked = press(sandbox, session.url, act="look", subscription=plan.id, price=large.id)
    assert "Remaining time on Large" in looked.text
    assert client.v1.subscriptions.retrieve(plan.id)["items"].data[0].price.unit_amount == 1000
    assert len(client.v1.invoices.list().data) == 1
    changed = press(sandbox, session.url, act="change", subscription=plan.id, price=large.id)
    assert "has been changed" in changed.text
    assert client.v1.subscriptions.retrieve(plan.id)["items"].data[0].price.unit_amount == 5000
    assert client.v1.invoices.list().data[0].status == "paid"
    refused = press(sandbox, session.url, act="cancel", subscription=plan.id)
    assert refused.status_code == 400
    assert client.v1.subscriptions.retrieve(plan.id).cancel_at is None


def test_cards_are_added_chosen_and_removed(client: Client, sandbox: Running, plan: Any) -> None:
    session = enter(client, plan.customer)
    assert press(sandbox, session.url, act="add_card", number="5555555555554444").status_code == 200
    customer = client.v1.customers.retrieve(plan.customer, {"expand": ["invoice_settings.default_payment_method"]})
    assert customer.invoice_settings.default_payment_method.card.brand == "mastercard"
    kept = customer.invoice_settings.default_payment_method.id
    refused = press(sandbox, session.url, act="remove", method=kept)
    assert (refused.status_code, "add another one first" in refused.text) == (400, True)
    old = next(each.id for each in client.v1.customers.payment_methods.list(plan.customer).data if each.id != kept)
    press(sandbox, session.url, act="remove", method=old)
    assert [each.id for each in client.v1.customers.payment_methods.list(plan.customer).data] == [kept]
    declined = press(sandbox, session.url, act="add_card", number="4000000000000002")
    assert (declined.status_code, "was declined" in declined.text) == (402, True)


def test_somebody_elses_plan_is_not_touched(client: Client, sandbox: Running, plan: Any) -> None:
    session = enter(client, new_customer(client).id)
    assert press(sandbox, session.url, act="cancel", subscription=plan.id).status_code == 400
    assert client.v1.subscriptions.retrieve(plan.id).cancel_at is None
    assert sandbox.http.get(f"{sandbox.url}/p/bps_none").status_code == 404


def test_configurations_are_kept_and_checked(client: Client) -> None:
    made = client.v1.billing_portal.configurations.create({"features": {"invoice_history": {"enabled": True}}})
    changed = client.v1.billing_portal.configurations.update(made.id, {"active": False, "name": "Old"})
    assert (changed.active, changed.name, changed.features.invoice_history.enabled) == (False, "Old", True)
    customer = new_customer(client)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        enter(client, customer.id, configuration=made.id)
    assert refused.value.param == "configuration"
    default = enter(client, customer.id)
    found = client.v1.billing_portal.configurations.list({"is_default": True}).data
    assert [each.id for each in found] == [default.configuration]


def test_an_invoice_is_shown_printed_and_paid(client: Client, sandbox: Running) -> None:
    customer = new_customer(client, card=None)
    invoice = client.v1.invoices.create({"customer": customer.id, "collection_method": "send_invoice", "days_until_due": 7})
    client.v1.invoice_items.create(
        {"customer": customer.id, "invoice": invoice.id, "amount": 1900, "currency": "usd", "description": "Tea (green)"}
    )
    invoice = client.v1.invoices.send_invoice(invoice.id)
    page = sandbox.http.get(invoice.hosted_invoice_url)
    assert (page.status_code, "Tea (green)" in page.text, "$19.00" in page.text) == (200, True, True)
    printed = sandbox.http.get(invoice.invoice_pdf)
    assert (printed.headers["content-type"], printed.content[:5]) == ("application/pdf", b"%PDF-")
    assert b"Tea \\(green\\)" in printed.content
    declined = press(sandbox, invoice.hosted_invoice_url, number="4000000000000002")
    assert (declined.status_code, "was declined" in declined.text) == (402, True)
    assert client.v1.invoices.retrieve(invoice.id).status == "open"
    assert press(sandbox, invoice.hosted_invoice_url, number="4242424242424242").status_code == 200
    assert client.v1.invoices.retrieve(invoice.id).amount_paid == 1900
    assert press(sandbox, invoice.hosted_invoice_url, number="4242424242424242").status_code == 400


def test_an_invoice_asks_the_bank_when_the_card_wants_it(client: Client, sandbox: Running) -> None:
    customer = new_customer(client, card=None)
    invoice = client.v1.invoices.create({"customer": customer.id, "collection_method": "send_invoice", "days_until_due": 7})
    client.v1.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 1900, "currency": "usd"})
    invoice = client.v1.invoices.send_invoice(invoice.id)
    asked = press(sandbox, invoice.hosted_invoice_url, number="4000002760003184")
    assert (asked.status_code, "/c/3ds/pi_" in asked.headers["location"]) == (303, True)
    assert client.v1.invoices.retrieve(invoice.id).status == "open"
    sandbox.http.post(asked.headers["location"], data={"answer": "complete"})
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"
