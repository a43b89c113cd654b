"""Discounts of subscriptions, of their items, and of what else stands on their invoices; and codes that have limits."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.billing import DAY, START, Events, advance, at, new_clock, new_customer, new_price
from tests.sandbox.conftest import Client, error_of, eventually


def coupon(client: Client, **params: Any) -> str:
    return str(client.v1.coupons.create({"percent_off": 50, "duration": "forever", **params}).id)


def code(client: Client, **params: Any) -> str:
    promotion = {"type": "coupon", "coupon": coupon(client)}
    return str(client.v1.promotion_codes.create({"promotion": promotion, **params}).id)


def subscribe(client: Client, customer: Any, *items: Any, **params: Any) -> Any:
    return client.v1.subscriptions.create(
        {"customer": customer.id, "items": list(items), "expand": ["latest_invoice"], **params}
    )


def totals(client: Client) -> list[int]:
    """Of all invoices, oldest first."""
    return [each.total for each in reversed(client.v1.invoices.list({"limit": 100}).data)]


# Of single items


def test_an_item_has_a_discount_of_its_own_before_that_of_the_whole(client: Client) -> None:
    tea, cups = new_price(client, 1000, name="Tea"), new_price(client, 400, name="Cups")
    half, tenth = coupon(client), coupon(client, percent_off=10)
    subscription = subscribe(
        client,
        new_customer(client),
        {"price": tea.id, "discounts": [{"coupon": half}]},
        {"price": cups.id},
        discounts=[{"coupon": tenth}],
        expand=["latest_invoice", "items.data.discounts", "discounts"],
    )
    own = subscription["items"].data[0].discounts[0]
    assert (own.source.coupon, own.subscription, own.subscription_item) == (
        half,
        subscription.id,
        subscription["items"].data[0].id,
    )
    invoice = subscription.latest_invoice
    assert (invoice.subtotal, invoice.total) == (900, 810)
    first, second = invoice.lines.data
    assert first.discounts == [own.id]
    assert [each.amount for each in first.discount_amounts] == [500, 50]
    assert [each.amount for each in second.discount_amounts] == [40]
    assert {each.discount: each.amount for each in invoice.total_discount_amounts} == {
        own.id: 500,
        subscription.discounts[0].id: 90,
    }
    assert invoice.discounts == [subscription.discounts[0].id]


def test_an_items_discount_is_used_up_once_and_can_be_changed(client: Client) -> None:
    clock = new_clock(client)
    once = coupon(client, duration="once")
    subscription = subscribe(
        client, new_customer(client, clock), {"price": new_price(client).id, "discounts": [{"coupon": once}]}
    )
    item = subscription["items"].data[0].id
    assert client.v1.subscription_items.retrieve(item).discounts == []
    advance(client, clock, at(2026, 3, 2))
    client.v1.subscription_items.update(item, {"discounts": [{"coupon": coupon(client, percent_off=25)}]})
    advance(client, clock, at(2026, 4, 2))
    assert totals(client) == [500, 1000, 750]
    seen = Events(client)
    client.v1.subscription_items.update(item, {"discounts": ""})
    assert seen.types() == ["customer.discount.deleted", "customer.subscription.updated"]


def test_prorations_are_of_what_was_really_paid(client: Client) -> None:
    clock = new_clock(client, at(2026, 4, 1))
    customer = new_customer(client, clock)
    item: Any = {"price": new_price(client, 3000).id, "discounts": [{"coupon": coupon(client)}]}
    subscription = subscribe(client, customer, item)
    advance(client, clock, at(2026, 4, 16))
    client.v1.subscription_items.update(subscription["items"].data[0].id, {"quantity": 3})
    assert [each.amount for each in client.v1.invoice_items.list({"customer": customer.id}).data] == [2250, -750]


# How long


def test_durations_over_four_renewals(client: Client) -> None:
    clock = new_clock(client, at(2026, 1, 15))
    for duration in ({"duration": "once"}, {"duration": "repeating", "duration_in_months": 2}, {"duration": "forever"}):
        subscribe(
            client,
            new_customer(client, clock),
            {"price": new_price(client).id},
            discounts=[{"coupon": coupon(client, **duration)}],
        )
    for month in (2, 3, 4):
        advance(client, clock, at(2026, month, 16))
    by_customer: dict[str, list[int]] = {}
    for each in reversed(client.v1.invoices.list({"limit": 100}).data):
        by_customer.setdefault(each.customer, []).append(each.total)
    assert list(by_customer.values()) == [[500, 1000, 1000, 1000], [500, 500, 1000, 1000], [500, 500, 500, 500]]


def test_another_coupon_takes_the_place_of_the_one_before(client: Client) -> None:
    subscription = subscribe(
        client, new_customer(client), {"price": new_price(client).id}, discounts=[{"coupon": coupon(client)}]
    )
    seen = Events(client)
    client.v1.subscriptions.update(subscription.id, {"discounts": [{"coupon": coupon(client, percent_off=5)}]})
    assert seen.types() == ["coupon.created", "customer.discount.updated", "customer.subscription.updated"]
    kept = client.v1.subscriptions.retrieve(subscription.id).discounts[0]
    client.v1.subscriptions.update(subscription.id, {"discounts": [{"discount": kept}, {"coupon": coupon(client)}]})
    assert seen.types() == ["coupon.created", "customer.discount.created", "customer.subscription.updated"]
    gone = client.v1.subscriptions.delete_discount(subscription.id)
    assert (gone.deleted, gone.object) == (True, "discount")
    assert seen.types() == ["customer.discount.deleted", "customer.discount.deleted", "customer.subscription.updated"]
    assert client.v1.subscriptions.retrieve(subscription.id).discounts == []
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.subscriptions.delete_discount(subscription.id)
    assert refused.value.http_status == 404


def test_a_coupon_for_one_product_leaves_the_others_alone(client: Client) -> None:
    tea, cups = new_price(client, 1000, name="Tea"), new_price(client, 400, name="Cups")
    only = coupon(client, amount_off=300, percent_off=None, currency="usd", applies_to={"products": [cups.product]})
    subscription = subscribe(client, new_customer(client), {"price": tea.id}, {"price": cups.id}, discounts=[{"coupon": only}])
    assert subscription.latest_invoice.total == 1100
    assert [line.discount_amounts and line.discount_amounts[0].amount for line in subscription.latest_invoice.lines.data] == [
        [],
        300,
    ]
    assert client.v1.coupons.retrieve(only, {"expand": ["applies_to"]}).applies_to.products == [cups.product]


# Codes


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ({"restrictions": {"minimum_amount": 1001, "minimum_amount_currency": "usd"}}, "promotion_code_minimum"),
        ({"restrictions": {"minimum_amount": 1, "minimum_amount_currency": "eur"}}, "promotion_code_minimum"),
        ({"restrictions": {"first_time_transaction": True}}, "promotion_code_first_time"),
        ({"expires_at": START + DAY}, "promotion_code_expired"),
        ({"active": False}, "promotion_code_expired"),
    ],
)
def test_a_code_has_its_limits(client: Client, limits: Any, problem: str) -> None:
    clock = new_clock(client)
    customer = new_customer(client, clock)
    price = new_price(client)
    subscribe(client, customer, {"price": price.id})
    if "expires_at" in limits:
        limits = {"expires_at": client.v1.customers.create({}).created + 1}
    limited = code(client, **limits)
    if "expires_at" in limits:
        _wait_until_it_lapses(client, limited)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        subscribe(client, customer, {"price": price.id}, discounts=[{"promotion_code": limited}])
    assert error_of(refused).code == problem
    assert client.v1.promotion_codes.retrieve(limited).times_redeemed == 0
    assert len(client.v1.subscriptions.list({"status": "all"}).data) == 1


def _wait_until_it_lapses(client: Client, id: str) -> None:
    eventually(lambda: not client.v1.promotion_codes.retrieve(id).active)


def test_a_code_is_for_one_customer_and_so_many_times(client: Client) -> None:
    ada, bob = new_customer(client), new_customer(client)
    price = new_price(client)
    mine = code(client, customer=ada.id, max_redemptions=1)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        subscribe(client, bob, {"price": price.id}, discounts=[{"promotion_code": mine}])
    assert error_of(refused).code == "promotion_code_invalid_customer"
    subscription = subscribe(client, ada, {"price": price.id}, discounts=[{"promotion_code": mine}], expand=["discounts"])
    assert subscription.discounts[0].promotion_code == mine
    used = client.v1.promotion_codes.retrieve(mine)
    assert (used.times_redeemed, used.active) == (1, False)
    with pytest.raises(stripe.InvalidRequestError):
        subscribe(client, ada, {"price": price.id}, discounts=[{"promotion_code": mine}])


def test_a_coupon_and_a_code_in_two_currencies(client: Client) -> None:
    off = client.v1.coupons.create(
        {"amount_off": 300, "currency": "usd", "currency_options": {"eur": {"amount_off": 200}}, "expand": ["currency_options"]}
    )
    assert (off.currency_options["usd"].amount_off, off.currency_options["eur"].amount_off) == (300, 200)
    least: Any = {
        "minimum_amount": 1000,
        "minimum_amount_currency": "usd",
        "currency_options": {"eur": {"minimum_amount": 900}},
    }
    both = client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": off.id}, "restrictions": least})
    price = new_price(client, 900, currency="eur")
    subscription = subscribe(client, new_customer(client), {"price": price.id}, discounts=[{"promotion_code": both.id}])
    assert (subscription.currency, subscription.latest_invoice.total) == ("eur", 700)
    with pytest.raises(stripe.InvalidRequestError):
        subscribe(client, new_customer(client), {"price": new_price(client, 900).id}, discounts=[{"promotion_code": both.id}])


# Of what stands on invoices


def test_a_line_of_an_invoice_has_its_own_discount(client: Client) -> None:
    customer = new_customer(client)
    invoice = client.v1.invoices.create({"customer": customer.id, "discounts": [{"coupon": coupon(client, percent_off=10)}]})
    seen = Events(client)
    item = client.v1.invoice_items.create(
        {
            "customer": customer.id,
            "invoice": invoice.id,
            "amount": 1000,
            "currency": "usd",
            "discounts": [{"coupon": coupon(client)}],
        }
    )
    assert (item.amount, item.net_amount, len(item.discounts)) == (1000, 500, 1)
    client.v1.invoice_items.create({"customer": customer.id, "invoice": invoice.id, "amount": 200, "currency": "usd"})
    made = client.v1.invoices.retrieve(invoice.id)
    assert (made.subtotal, made.total, made.total_excluding_tax) == (700, 630, 630)
    assert sum(each.amount for each in made.total_discount_amounts) == 570
    assert not [each for each in seen.types() if each.startswith("customer.discount")]
    changed = client.v1.invoice_items.update(item.id, {"discounts": ""})
    assert (changed.discounts, changed.net_amount) == ([], 1000)
    assert client.v1.invoices.retrieve(invoice.id).total == 1080
