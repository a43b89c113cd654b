"""Subscriptions and invoices that bring in money for a seller: fees kept, shares passed on, and balances that are right."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.billing import new_customer, new_price
from tests.sandbox.conftest import Client, Running, error_of, eventually
from tests.sandbox.connect import movements, new_seller, on


@pytest.fixture
def seller(client: Client) -> str:
    return new_seller(client)


def subscribe(client: Client, price: Any, **params: Any) -> Any:
    return client.v1.subscriptions.create({"customer": new_customer(client).id, "items": [{"price": price.id}], **params})


def settled(client: Client, seller: str | None = None) -> Any:
    options = on(seller) if seller else {}
    eventually(lambda: client.v1.charges.list({"limit": 1}, options).data[0].balance_transaction)
    return client.v1.charges.list({"limit": 1}, options).data[0]


def test_a_platform_keeps_a_percentage_of_what_goes_to_the_seller(client: Client, seller: str) -> None:
    subscription = subscribe(
        client,
        new_price(client, 10_001),
        application_fee_percent=12.5,
        transfer_data={"destination": seller},
        on_behalf_of=seller,
    )
    assert (subscription.application_fee_percent, subscription.on_behalf_of) == (12.5, seller)
    assert (subscription.transfer_data.destination, subscription.transfer_data.amount_percent) == (seller, None)
    charge = settled(client)
    assert (charge.amount, charge.application_fee_amount, charge.on_behalf_of) == (10_001, 1250, seller)
    assert movements(client) == [
        ("charge", 10_001, 320, 9681),
        ("transfer", -10_001, 0, -10_001),
        ("application_fee", 1250, 0, 1250),
    ]
    assert movements(client, seller) == [("payment", 10_001, 1250, 8751)]
    assert client.v1.invoices.retrieve(subscription.latest_invoice).on_behalf_of == seller


def test_only_a_part_goes_to_the_seller(client: Client, seller: str) -> None:
    subscribe(client, new_price(client, 10_000), transfer_data={"destination": seller, "amount_percent": 85})
    assert settled(client).transfer_data.amount == 8500
    assert movements(client) == [("charge", 10_000, 320, 9680), ("transfer", -8500, 0, -8500)]
    assert movements(client, seller) == [("payment", 8500, 0, 8500)]


def test_a_subscription_of_the_seller_pays_the_platform_its_fee(client: Client, seller: str) -> None:
    options = on(seller)
    customer = client.v1.customers.create({"email": "ada@example.com"}, options)
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id}, options)
    product = client.v1.products.create({"name": "Tea club"}, options)
    price = client.v1.prices.create(
        {"currency": "usd", "unit_amount": 10_000, "product": product.id, "recurring": {"interval": "month"}}, options
    )
    subscription = client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "default_payment_method": method.id,
            "application_fee_percent": 10,
            "expand": ["latest_invoice"],
        },
        options,
    )
    assert subscription.application.startswith("ca_")
    assert subscription.latest_invoice.application == subscription.application
    settled(client, seller)
    assert [(kind, net) for kind, _, _, net in movements(client)] == [("application_fee", 1000)]
    assert [(kind, amount) for kind, amount, _, _ in movements(client, seller)] == [("charge", 10_000)]


def test_the_terms_can_change_for_the_next_invoices(client: Client, seller: str) -> None:
    subscription = subscribe(client, new_price(client, 10_000), transfer_data={"destination": seller})
    changed = client.v1.subscriptions.update(subscription.id, {"application_fee_percent": 20})
    assert (changed.application_fee_percent, changed.transfer_data.destination) == (20, seller)
    freed = client.v1.subscriptions.update(subscription.id, {"application_fee_percent": "", "transfer_data": ""})
    assert (freed.application_fee_percent, freed.transfer_data) == (None, None)


def test_an_invoice_with_a_fee_and_a_destination(client: Client, seller: str) -> None:
    customer = new_customer(client)
    invoice = client.v1.invoices.create(
        {"customer": customer.id, "application_fee_amount": 300, "transfer_data": {"destination": seller}}
    )
    client.v1.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 5000, "currency": "usd"})
    client.v1.invoices.update(invoice.id, {"application_fee_amount": 400})
    assert client.v1.invoices.pay(invoice.id).status == "paid"
    assert settled(client).application_fee_amount == 400
    assert movements(client) == [("charge", 5000, 175, 4825), ("transfer", -5000, 0, -5000), ("application_fee", 400, 0, 400)]
    assert movements(client, seller) == [("payment", 5000, 400, 4600)]


def test_a_subscription_bought_on_the_page_is_shared_from_the_first_payment_on(
    sandbox: Running, client: Client, seller: str
) -> None:
    price = new_price(client, 10_000)
    session = client.v1.checkout.sessions.create(
        {
            "mode": "subscription",
            "line_items": [{"price": price.id, "quantity": 1}],
            "success_url": "http://127.0.0.1:9/thanks",
            "subscription_data": {"application_fee_percent": 7.5, "transfer_data": {"destination": seller}},
        }
    )
    assert sandbox.pay(session.id, card="4242424242424242").status_code == 200
    paid = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
    assert (paid.subscription.application_fee_percent, paid.subscription.transfer_data.destination) == (7.5, seller)
    assert settled(client).application_fee_amount == 750
    assert movements(client, seller) == [("payment", 10_000, 750, 9250)]


def test_a_fee_needs_a_seller_and_is_a_percentage(client: Client, seller: str) -> None:
    price = new_price(client)
    refusals: list[tuple[Any, str]] = [
        ({"application_fee_percent": 10}, "application_fee_percent"),
        ({"application_fee_percent": 101, "transfer_data": {"destination": seller}}, "application_fee_percent"),
        ({"application_fee_percent": 1.234, "transfer_data": {"destination": seller}}, "application_fee_percent"),
        ({"transfer_data": {"destination": "acct_none"}}, "transfer_data[destination]"),
        (
            {"application_fee_percent": 1, "transfer_data": {"destination": seller, "amount_percent": 1}},
            "application_fee_percent",
        ),
    ]
    for params, param in refusals:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            subscribe(client, price, **params)
        assert error_of(refused).param == param
    assert client.v1.subscriptions.list({"status": "all"}).data == []
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.invoices.create({"customer": new_customer(client).id, "application_fee_amount": 1})
    assert error_of(refused).param == "application_fee_amount"
