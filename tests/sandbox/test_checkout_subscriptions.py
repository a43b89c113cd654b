"""Subscriptions bought on the checkout page: paid first, born then."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.billing import DAY, Events, advance, new_clock, new_customer, new_price
from tests.sandbox.conftest import Client, Running, error_of

BORN = [
    "customer.subscription.created",
    "invoice.created",
    "invoice.finalized",
    "invoice.paid",
    "invoice.payment_succeeded",
]


def subscribe(client: Client, price: Any, **params: Any) -> Any:
    given = {
        "mode": "subscription",
        "line_items": [{"price": price.id, "quantity": 1}],
        "success_url": "http://127.0.0.1:9/thanks?s={CHECKOUT_SESSION_ID}",
    }
    return client.v1.checkout.sessions.create({**given, **params})


def test_a_subscription_is_born_when_it_is_paid(client: Client, sandbox: Running) -> None:
    price = new_price(client, 1500)
    seen = Events(client)
    session = subscribe(client, price, metadata={"a": "1"}, subscription_data={"metadata": {"b": "2"}})
    assert (session.amount_total, session.subscription, session.payment_intent, session.mode) == (
        1500,
        None,
        None,
        "subscription",
    )
    assert seen.types() == []
    paid = sandbox.pay(session.id, card="4242424242424242")
    assert paid.status_code == 200, paid.text
    session = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription.latest_invoice.payments", "customer"]})
    assert (session.status, session.payment_status, session.payment_intent) == ("complete", "paid", None)
    subscription = session.subscription
    assert (subscription.status, subscription.metadata.to_dict()) == ("active", {"b": "2"})
    assert subscription.default_payment_method.startswith("pm_")
    assert session.customer.email == "ada@example.com"
    invoice = subscription.latest_invoice
    assert (session.invoice, invoice.amount_paid, invoice.billing_reason) == (invoice.id, 1500, "subscription_create")
    assert invoice.payments.data[0].payment.payment_intent == paid.json()["payment_intent"]["id"]
    assert seen.types() == [
        "customer.created",
        "payment_method.attached",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        *BORN,
        "invoice_payment.paid",
        "checkout.session.completed",
    ]


def test_a_declined_card_leaves_no_subscription_and_the_next_card_pays_the_same_intent(
    client: Client, sandbox: Running
) -> None:
    session = subscribe(client, new_price(client))
    assert sandbox.pay(session.id, card="4000000000000002").status_code == 402
    assert client.v1.subscriptions.list({"status": "all"}).data == []
    assert client.v1.invoices.list().data == []
    assert sandbox.pay(session.id, card="4242424242424242").status_code == 200
    assert len(client.v1.payment_intents.list().data) == 1
    assert [each.status for each in client.v1.subscriptions.list().data] == ["active"]


def test_three_d_secure_gives_birth_when_the_bank_agrees(client: Client, sandbox: Running) -> None:
    session = subscribe(client, new_price(client))
    waiting = sandbox.pay(session.id, payment_method="pm_card_authenticationRequired")
    assert waiting.status_code == 202
    assert client.v1.subscriptions.list({"status": "all"}).data == []
    sandbox.post(f"/payment_intents/{waiting.json()['payment_intent']['id']}/authenticate", outcome="complete")
    assert client.v1.checkout.sessions.retrieve(session.id).status == "complete"
    assert len(client.v1.subscriptions.list().data) == 1


def test_a_trial_with_a_card_saves_it_and_charges_at_its_end(client: Client, sandbox: Running) -> None:
    clock = new_clock(client)
    customer = new_customer(client, clock, card=None)
    session = subscribe(client, new_price(client), customer=customer.id, subscription_data={"trial_period_days": 7})
    assert session.amount_total == 0
    paid = sandbox.pay(session.id, card="4242424242424242")
    assert paid.status_code == 200, paid.text
    subscription = client.v1.subscriptions.list({"customer": customer.id}).data[0]
    assert (subscription.status, subscription.test_clock) == ("trialing", clock.id)
    advance(client, clock, clock.frozen_time + 7 * DAY + 7200)
    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"
    assert client.v1.charges.list({"customer": customer.id}).data[0].amount == 1000


def test_a_trial_without_a_card_needs_none_and_ends_as_it_says(client: Client, sandbox: Running) -> None:
    clock = new_clock(client)
    customer = new_customer(client, clock, card=None)
    trial = {"trial_period_days": 7, "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}}}
    session = subscribe(
        client,
        new_price(client),
        customer=customer.id,
        subscription_data=trial,
        payment_method_collection="if_required",
    )
    paid = sandbox.pay(session.id).json()["session"]
    assert (paid["status"], paid["payment_status"]) == ("complete", "no_payment_required")
    advance(client, clock, clock.frozen_time + 8 * DAY)
    ended = client.v1.subscriptions.retrieve(paid["subscription"])
    assert (ended.status, ended.ended_at) == ("canceled", clock.frozen_time + 7 * DAY)
    assert client.v1.charges.list({"customer": customer.id}).data == []


def test_a_promotion_code_typed_on_the_page_takes_its_part_off(client: Client, sandbox: Running) -> None:
    coupon = client.v1.coupons.create({"percent_off": 25, "duration": "once"})
    client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "WELCOME"})
    session = subscribe(client, new_price(client), allow_promotion_codes=True)
    wrong = sandbox.pay(session.id, card="4242424242424242", promotion_code="NOPE")
    assert wrong.status_code == 400
    assert sandbox.pay(session.id, card="4242424242424242", promotion_code="welcome").status_code == 200
    done = client.v1.checkout.sessions.retrieve(session.id)
    assert (done.amount_subtotal, done.amount_total, done.total_details.amount_discount) == (1000, 750, 250)
    assert client.v1.invoices.retrieve(done.invoice).total == 750
    assert client.v1.coupons.retrieve(coupon.id).times_redeemed == 1
    assert client.v1.subscriptions.retrieve(done.subscription).discounts == []


def test_one_time_prices_stand_on_the_first_invoice(client: Client, sandbox: Running) -> None:
    price = new_price(client)
    setup = client.v1.prices.create({"product": price.product, "currency": "usd", "unit_amount": 500})
    lines = [{"price": price.id, "quantity": 2}, {"price": setup.id, "quantity": 1}]
    session = subscribe(client, price, line_items=lines)
    assert session.amount_total == 2500
    assert [each.amount_total for each in client.v1.checkout.sessions.line_items.list(session.id).data] == [2000, 500]
    sandbox.pay(session.id, card="4242424242424242")
    assert client.v1.invoices.list().data[0].amount_paid == 2500


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"payment_intent_data": {"metadata": {"a": "1"}}}, "payment_intent_data"),
        ({"customer_creation": "always"}, "customer_creation"),
        ({"subscription_data": {"application_fee_percent": 5}}, "subscription_data[application_fee_percent]"),
    ],
)
def test_what_it_does_not_do_is_refused(client: Client, params: Any, param: str) -> None:
    price = new_price(client)
    with pytest.raises(stripe.StripeError) as refused:
        subscribe(client, price, **params)
    assert error_of(refused).param == param
    assert refused.value.http_status in (400, 501)
    assert client.v1.checkout.sessions.list().data == []


def test_the_page_tells_the_terms_and_takes_a_code(client: Client, sandbox: Running) -> None:
    coupon = client.v1.coupons.create({"percent_off": 25, "duration": "once"})
    client.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING"})
    session = subscribe(client, new_price(client), allow_promotion_codes=True)
    page = sandbox.http.get(session.url).text
    assert ("$10.00 per month until you cancel" in page, "Promotion code" in page) == (True, True)
    wrong = sandbox.http.post(session.url, data={"apply": "code", "code": "nope"})
    assert (wrong.status_code, "This code is invalid." in wrong.text) == (400, True)
    right = sandbox.http.post(session.url, data={"apply": "code", "code": "spring"})
    assert (right.status_code, "−$2.50" in right.text, "Pay $7.50" in right.text) == (200, True, True)
    assert client.v1.coupons.retrieve(coupon.id).times_redeemed == 0


def test_a_trial_without_a_card_begins_on_the_page(client: Client, sandbox: Running) -> None:
    session = subscribe(
        client,
        new_price(client),
        subscription_data={"trial_period_days": 7},
        payment_method_collection="if_required",
    )
    assert "7 days free, then $10.00 per month until you cancel." in sandbox.http.get(session.url).text
    begun = sandbox.http.post(session.url, data={"without_card": "yes", "email": "ada@example.com"}, follow_redirects=False)
    assert begun.status_code == 303
    assert client.v1.subscriptions.list().data[0].status == "trialing"
    assert client.v1.payment_methods.list().data == []
