"""Prices that are more than an amount: in tiers, by the package, in several currencies, in parts of a cent."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.billing import advance, at, new_clock, new_customer, new_price
from tests.sandbox.conftest import Client, error_of

TIERS: Any = [
    {"up_to": 5, "unit_amount": 1000, "flat_amount": 500},
    {"up_to": 10, "unit_amount": 800},
    {"up_to": "inf", "unit_amount_decimal": "600.5"},
]


def tiered(client: Client, mode: str, tiers: Any = TIERS, **params: Any) -> Any:
    product = client.v1.products.create({"name": "Seats"})
    given: Any = {"currency": "usd", "product": product.id, "recurring": {"interval": "month"}, "billing_scheme": "tiered"}
    return client.v1.prices.create({**given, "tiers_mode": mode, "tiers": tiers, "expand": ["tiers"], **params})


def total(client: Client, price: Any, quantity: int, **params: Any) -> Any:
    subscription = client.v1.subscriptions.create(
        {
            "customer": new_customer(client).id,
            "items": [{"price": price.id, "quantity": quantity}],
            "expand": ["latest_invoice"],
            **params,
        }
    )
    return subscription.latest_invoice.total


def test_tiers_are_shown_to_those_who_ask(client: Client) -> None:
    price = tiered(client, "graduated")
    assert (price.billing_scheme, price.tiers_mode, price.unit_amount) == ("tiered", "graduated", None)
    assert [(each.up_to, each.unit_amount, each.flat_amount) for each in price.tiers] == [
        (5, 1000, 500),
        (10, 800, None),
        (None, None, None),
    ]
    assert "tiers" not in client.v1.prices.retrieve(price.id).to_dict()


@pytest.mark.parametrize(
    ("mode", "quantity", "amount"),
    [
        ("graduated", 0, 500),
        ("graduated", 5, 5500),
        ("graduated", 6, 6300),
        ("graduated", 11, 500 + 5000 + 4000 + 601),
        ("volume", 5, 5500),
        ("volume", 6, 4800),
        ("volume", 11, 6606),
    ],
)
def test_what_so_many_cost(client: Client, mode: str, quantity: int, amount: int) -> None:
    assert total(client, tiered(client, mode), quantity) == amount


def test_a_quantity_in_tiers_changes_with_a_true_preview(client: Client) -> None:
    clock = new_clock(client, at(2026, 4, 1))
    customer = new_customer(client, clock)
    price = tiered(client, "volume")
    subscription = client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id, "quantity": 5}]})
    advance(client, clock, at(2026, 4, 16))
    change: Any = {
        "items": [{"id": subscription["items"].data[0].id, "quantity": 6}],
        "proration_behavior": "always_invoice",
        "proration_date": at(2026, 4, 16),
    }
    preview = client.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": change})
    changed = client.v1.subscriptions.update(subscription.id, {**change, "expand": ["latest_invoice"]})
    assert [line.amount for line in preview.lines.data] == [-2750, 2400]
    assert changed.latest_invoice.total == preview.total == -350


def test_packages(client: Client) -> None:
    up = new_price(client, 500, transform_quantity={"divide_by": 10, "round": "up"})
    down = new_price(client, 500, transform_quantity={"divide_by": 10, "round": "down"})
    assert (total(client, up, 21), total(client, down, 29)) == (1500, 1000)
    assert (up.transform_quantity.divide_by, up.transform_quantity.round) == (10, "up")


def test_parts_of_a_cent_are_rounded_once(client: Client) -> None:
    price = new_price(client, unit_amount=None, unit_amount_decimal="0.5")
    assert (total(client, price, 201), price.unit_amount) == (101, None)


def test_a_price_in_several_currencies(client: Client) -> None:
    price = new_price(client, 1000, currency_options={"eur": {"unit_amount": 900}, "jpy": {"unit_amount": 1500}})
    shown = client.v1.prices.retrieve(price.id, {"expand": ["currency_options"]}).currency_options.to_dict()
    assert {code: each["unit_amount"] for code, each in shown.items()} == {"usd": 1000, "eur": 900, "jpy": 1500}
    subscription = client.v1.subscriptions.create(
        {
            "customer": new_customer(client).id,
            "items": [{"price": price.id, "quantity": 2}],
            "currency": "eur",
            "expand": ["latest_invoice"],
        }
    )
    invoice = subscription.latest_invoice
    assert (subscription.currency, invoice.currency, invoice.total) == ("eur", "eur", 1800)
    assert (invoice.lines.data[0].currency, str(invoice.lines.data[0].pricing.unit_amount_decimal)) == ("eur", "900")
    client.v1.prices.update(price.id, {"currency_options": {"gbp": {"unit_amount": 800}}})
    assert total(client, price, 1, currency="gbp") == 800
    with pytest.raises(stripe.InvalidRequestError) as refused:
        total(client, price, 1, currency="cad")
    assert error_of(refused).param == "currency"


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"tiers": []}, "tiers"),
        ({"tiers": TIERS[:2]}, "tiers[1][up_to]"),
        ({"tiers": [{"up_to": 5, "unit_amount": 1}, {"up_to": 5, "unit_amount": 1}, TIERS[2]]}, "tiers[1][up_to]"),
        ({"tiers": [{"up_to": "inf"}]}, "tiers[0][unit_amount]"),
        ({"tiers": [{"up_to": "inf", "unit_amount": -1}]}, "tiers[0][unit_amount]"),
        ({"unit_amount": 5}, "tiers"),
        ({"transform_quantity": {"divide_by": 2, "round": "up"}}, "transform_quantity"),
        ({"billing_scheme": "per_unit", "tiers": TIERS}, "tiers_mode"),
        ({"currency_options": {"usd": {"tiers": TIERS}}}, "currency_options[usd]"),
    ],
)
def test_prices_that_make_no_sense(client: Client, params: Any, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        tiered(client, "graduated", **params)
    assert error_of(refused).param == param
    assert client.v1.prices.list().data == []


def test_prices_are_found_by_what_they_say(client: Client) -> None:
    kept = new_price(client, 700, metadata={"plan": "tea"}, lookup_key="tea_monthly")
    new_price(client, 800)
    found = client.v1.prices.search({"query": 'metadata["plan"]:"tea"'}).data
    assert [each.id for each in found] == [kept.id]
    assert client.v1.prices.search({"query": 'lookup_key:"tea_monthly" AND active:"false"'}).data == []
