"""Subscriptions made by API: how they begin, change, pause, fail and end."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.billing import DAY, START, Events, advance, at, new_clock, new_customer, new_price, set_card
from tests.sandbox.conftest import Client


def subscribe(client: Client, customer: Any, price: Any, **params: Any) -> Any:
    return client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}], **params})


def item_of(subscription: Any) -> Any:
    return subscription["items"].data[0]


def status(client: Client, subscription: Any) -> str:
    return str(client.v1.subscriptions.retrieve(subscription.id).status)


# Beginning


def test_default_incomplete_waits_for_the_payment_to_be_confirmed(client: Client) -> None:
    customer, price = new_customer(client, card=None), new_price(client)
    seen = Events(client)
    subscription = subscribe(
        client,
        customer,
        price,
        payment_behavior="default_incomplete",
        payment_settings={"save_default_payment_method": "on_subscription"},
        expand=["latest_invoice.confirmation_secret", "latest_invoice.payments"],
    )
    invoice = subscription.latest_invoice
    assert (subscription.status, invoice.status, invoice.amount_due) == ("incomplete", "open", 1000)
    assert seen.types() == [
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "payment_intent.created",
    ]
    intent = invoice.payments.data[0].payment.payment_intent
    assert invoice.confirmation_secret.client_secret.startswith(f"{intent}_secret_")
    client.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"})
    paid = client.v1.subscriptions.retrieve(subscription.id)
    assert (paid.status, bool(paid.default_payment_method)) == ("active", True)
    assert seen.types() == [
        "payment_method.attached",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
        "customer.subscription.updated",
    ]


def test_nobody_paid_within_23_hours_and_it_is_over(client: Client) -> None:
    clock = new_clock(client)
    customer, price = new_customer(client, clock, card=None), new_price(client)
    subscription = subscribe(client, customer, price, payment_behavior="default_incomplete")
    seen = Events(client)
    advance(client, clock, START + DAY)
    assert status(client, subscription) == "incomplete_expired"
    assert client.v1.invoices.retrieve(subscription.latest_invoice).status == "void"
    assert seen.types()[1:4] == ["customer.subscription.updated", "invoice.voided", "payment_intent.canceled"]


def test_allow_incomplete_keeps_what_a_declined_card_leaves(client: Client) -> None:
    customer, price = new_customer(client, card="pm_card_chargeCustomerFail"), new_price(client)
    subscription = subscribe(client, customer, price)
    assert subscription.status == "incomplete"
    invoice = client.v1.invoices.retrieve(subscription.latest_invoice)
    assert (invoice.status, invoice.attempt_count, invoice.next_payment_attempt) == ("open", 1, None)
    paid = client.v1.invoices.pay(invoice.id, {"payment_method": set_card(client, customer.id, "pm_card_visa").id})
    assert (paid.status, status(client, subscription)) == ("paid", "active")


def test_error_if_incomplete_leaves_nothing(client: Client) -> None:
    customer, price = new_customer(client, card="pm_card_chargeCustomerFail"), new_price(client)
    seen = Events(client)
    with pytest.raises(stripe.CardError) as refused:
        subscribe(client, customer, price, payment_behavior="error_if_incomplete")
    assert (refused.value.http_status, refused.value.code) == (402, "card_declined")
    assert client.v1.subscriptions.list({"status": "all"}).data == []
    assert client.v1.invoices.list().data == []
    assert seen.types() == []


def test_without_a_card_it_does_not_begin(client: Client) -> None:
    customer, price = new_customer(client, card=None), new_price(client)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        subscribe(client, customer, price)
    assert refused.value.code == "resource_missing"
    assert client.v1.subscriptions.list({"status": "all"}).data == []


def test_an_anchor_ahead_makes_a_shorter_first_period_that_costs_its_part(client: Client) -> None:
    clock = new_clock(client, at(2026, 4, 16))
    subscription = subscribe(client, new_customer(client, clock), new_price(client, 3000), billing_cycle_anchor=at(2026, 5, 1))
    assert (item_of(subscription).current_period_start, item_of(subscription).current_period_end) == (
        at(2026, 4, 16),
        at(2026, 5, 1),
    )
    assert client.v1.invoices.retrieve(subscription.latest_invoice).total == 1500


def test_an_invoice_to_be_sent_waits_for_its_money(client: Client) -> None:
    clock = new_clock(client)
    subscription = subscribe(
        client,
        new_customer(client, clock, card=None),
        new_price(client),
        collection_method="send_invoice",
        days_until_due=14,
    )
    assert subscription.status == "active"
    seen = Events(client)
    advance(client, clock, START + 7200)
    invoice = client.v1.invoices.retrieve(subscription.latest_invoice)
    assert (invoice.status, invoice.due_date) == ("open", START + 14 * DAY)
    assert seen.types()[1:-1] == ["invoice.finalized", "payment_intent.created", "invoice.sent"]
    paid = client.v1.invoices.pay(invoice.id, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid_off_stripe) == ("paid", 1000)


# Changing


def test_a_new_quantity_is_billed_with_the_next_invoice(client: Client) -> None:
    clock = new_clock(client, at(2026, 4, 1))
    subscription = subscribe(client, new_customer(client, clock), new_price(client, 3000))
    advance(client, clock, at(2026, 4, 16))
    seen = Events(client)
    client.v1.subscription_items.update(item_of(subscription).id, {"quantity": 3})
    assert seen.types() == ["invoiceitem.created", "invoiceitem.created", "customer.subscription.updated"]
    pending = client.v1.invoice_items.list({"customer": subscription.customer}).data
    assert [each.amount for each in pending] == [4500, -1500]
    preview = client.v1.invoices.create_preview({"subscription": subscription.id})
    assert ([line.amount for line in preview.lines.data], preview.total) == ([-1500, 4500, 9000], 12000)
    advance(client, clock, at(2026, 5, 2))
    invoice = client.v1.invoices.list({"limit": 1}).data[0]
    assert (invoice.total, invoice.status, invoice.billing_reason) == (12000, "paid", "subscription_cycle")


def test_another_interval_begins_a_new_period_today(client: Client) -> None:
    clock = new_clock(client, at(2026, 4, 1))
    month, year = new_price(client, 3000), new_price(client, 30000, "year")
    subscription = subscribe(client, new_customer(client, clock), month)
    advance(client, clock, at(2026, 4, 16))
    changed = client.v1.subscriptions.update(
        subscription.id, {"items": [{"id": item_of(subscription).id, "price": year.id}], "expand": ["latest_invoice"]}
    )
    assert (item_of(changed).current_period_start, item_of(changed).current_period_end) == (at(2026, 4, 16), at(2027, 4, 16))
    assert (changed.latest_invoice.total, changed.latest_invoice.status) == (28500, "paid")


def test_no_proration_means_the_next_invoice_only(client: Client) -> None:
    customer = new_customer(client)
    subscription = subscribe(client, customer, new_price(client))
    client.v1.subscriptions.update(
        subscription.id,
        {"items": [{"id": item_of(subscription).id, "quantity": 2}], "proration_behavior": "none"},
    )
    assert client.v1.invoice_items.list({"customer": customer.id}).data == []
    assert client.v1.invoices.create_preview({"subscription": subscription.id}).total == 2000


def test_a_downgrade_gives_credit_for_the_next_invoices(client: Client) -> None:
    clock = new_clock(client, at(2026, 4, 1))
    customer = new_customer(client, clock)
    subscription = subscribe(client, customer, new_price(client, 6000))
    small = new_price(client, 1000)
    advance(client, clock, at(2026, 4, 16))
    client.v1.subscriptions.update(
        subscription.id,
        {"items": [{"id": item_of(subscription).id, "price": small.id}], "proration_behavior": "always_invoice"},
    )
    invoice = client.v1.invoices.list({"limit": 1}).data[0]
    assert (invoice.total, invoice.amount_due, invoice.status, invoice.ending_balance) == (-2500, 0, "paid", -2500)
    assert client.v1.customers.retrieve(customer.id).balance == -2500
    advance(client, clock, at(2026, 5, 2))
    renewed = client.v1.invoices.list({"limit": 1}).data[0]
    assert (renewed.total, renewed.amount_due, renewed.ending_balance) == (1000, 0, -1500)
    moved = client.v1.customers.balance_transactions.list(customer.id).data
    assert [(each.amount, each.type) for each in moved] == [(1000, "applied_to_invoice"), (-2500, "applied_to_invoice")]


def test_a_change_that_must_be_paid_waits_until_it_is(client: Client) -> None:
    customer = new_customer(client)
    subscription = subscribe(client, customer, new_price(client))
    large = new_price(client, 9000)
    set_card(client, customer.id, "pm_card_chargeCustomerFail")
    change: Any = {
        "items": [{"id": item_of(subscription).id, "price": large.id}],
        "proration_behavior": "always_invoice",
        "payment_behavior": "pending_if_incomplete",
    }
    waiting = client.v1.subscriptions.update(subscription.id, change)
    assert (waiting.status, item_of(waiting).price.unit_amount) == ("active", 1000)
    assert waiting.pending_update.subscription_items[0].price.unit_amount == 9000
    method = set_card(client, customer.id, "pm_card_visa")
    client.v1.invoices.pay(waiting.latest_invoice, {"payment_method": method.id})
    applied = client.v1.subscriptions.retrieve(subscription.id)
    assert (applied.pending_update, item_of(applied).price.unit_amount) == (None, 9000)


def test_an_error_if_incomplete_update_changes_nothing(client: Client) -> None:
    customer = new_customer(client)
    subscription = subscribe(client, customer, new_price(client))
    set_card(client, customer.id, "pm_card_chargeCustomerFail")
    change: Any = {"items": [{"id": item_of(subscription).id, "quantity": 5}], "proration_behavior": "always_invoice"}
    with pytest.raises(stripe.CardError):
        client.v1.subscriptions.update(subscription.id, change | {"payment_behavior": "error_if_incomplete"})
    assert item_of(client.v1.subscriptions.retrieve(subscription.id)).quantity == 1
    assert len(client.v1.invoices.list().data) == 1


def test_items_come_and_go(client: Client) -> None:
    subscription = subscribe(client, new_customer(client), new_price(client))
    extra = new_price(client, 500)
    item = client.v1.subscription_items.create({"subscription": subscription.id, "price": extra.id, "quantity": 2})
    assert len(client.v1.subscription_items.list({"subscription": subscription.id}).data) == 2
    assert client.v1.subscription_items.delete(item.id).deleted
    assert len(client.v1.subscriptions.retrieve(subscription.id)["items"].data) == 1
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.subscription_items.delete(item_of(subscription).id)
    assert len(client.v1.subscriptions.retrieve(subscription.id)["items"].data) == 1


def test_a_trial_ended_early_is_charged_today(client: Client) -> None:
    clock = new_clock(client)
    subscription = subscribe(client, new_customer(client, clock), new_price(client), trial_period_days=30)
    assert subscription.status == "trialing"
    ended = client.v1.subscriptions.update(subscription.id, {"trial_end": "now", "expand": ["latest_invoice"]})
    assert (ended.status, ended.latest_invoice.amount_paid, item_of(ended).current_period_start) == ("active", 1000, START)


# Pausing


def test_a_paused_collection_keeps_its_status_and_its_drafts(client: Client) -> None:
    clock = new_clock(client)
    subscription = subscribe(client, new_customer(client, clock), new_price(client))
    seen = Events(client)
    client.v1.subscriptions.update(subscription.id, {"pause_collection": {"behavior": "keep_as_draft"}})
    assert seen.types() == ["customer.subscription.updated"]
    advance(client, clock, at(2026, 3, 2))
    assert status(client, subscription) == "active"
    assert [each.status for each in client.v1.invoices.list().data] == ["draft", "paid"]
    client.v1.subscriptions.update(subscription.id, {"pause_collection": ""})
    assert client.v1.subscriptions.retrieve(subscription.id).pause_collection is None


def test_a_paused_subscription_makes_no_invoices_until_it_is_resumed(client: Client) -> None:
    clock = new_clock(client)
    subscription = subscribe(client, new_customer(client, clock), new_price(client, 3000))
    seen = Events(client)
    paused = client.v1.subscriptions.pause(subscription.id, {"type": "subscription"})
    assert (paused.status, paused.status_details.paused.subscription.type) == ("paused", "pause_requested")
    assert seen.types() == [
        "invoiceitem.created",
        "customer.subscription.paused",
        "customer.subscription.updated",
    ]
    advance(client, clock, at(2026, 3, 15))
    assert len(client.v1.invoices.list().data) == 1
    resumed = client.v1.subscriptions.resume(subscription.id, {"expand": ["latest_invoice"]})
    assert (resumed.status, item_of(resumed).current_period_start) == ("active", at(2026, 3, 15))
    assert [line.amount for line in resumed.latest_invoice.lines.data] == [-3000, 3000]
    assert "customer.subscription.resumed" in seen.types()


# Failing and ending


def test_when_every_try_failed_it_is_canceled(client: Client) -> None:
    clock = new_clock(client)
    customer = new_customer(client, clock)
    subscription = subscribe(client, customer, new_price(client))
    set_card(client, customer.id, "pm_card_chargeCustomerFail")
    advance(client, clock, at(2026, 3, 20))
    ended = client.v1.subscriptions.retrieve(subscription.id)
    assert (ended.status, ended.cancellation_details.reason) == ("canceled", "payment_failed")
    assert client.v1.invoices.retrieve(ended.latest_invoice).attempt_count == 4
    failed = [each for each in client.v1.charges.list({"customer": customer.id}).data if each.status == "failed"]
    assert len(failed) == 4


def test_canceled_now_with_credit_for_the_rest(client: Client) -> None:
    clock = new_clock(client, at(2026, 4, 1))
    customer = new_customer(client, clock)
    subscription = subscribe(client, customer, new_price(client, 3000))
    advance(client, clock, at(2026, 4, 16))
    seen = Events(client)
    ended = client.v1.subscriptions.cancel(subscription.id, {"prorate": True, "invoice_now": True})
    assert (ended.status, ended.ended_at) == ("canceled", at(2026, 4, 16))
    assert client.v1.customers.retrieve(customer.id).balance == -1500
    assert seen.types()[:2] == ["invoiceitem.created", "customer.subscription.deleted"]
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.subscriptions.cancel(subscription.id)


def test_a_deleted_customer_takes_the_subscriptions_along(client: Client) -> None:
    customer = new_customer(client)
    subscription = subscribe(client, customer, new_price(client))
    client.v1.customers.delete(customer.id)
    assert status(client, subscription) == "canceled"


def test_lists_hide_what_has_been_canceled(client: Client) -> None:
    customer, price = new_customer(client), new_price(client)
    kept = subscribe(client, customer, price)
    client.v1.subscriptions.cancel(subscribe(client, customer, price).id)
    assert [each.id for each in client.v1.subscriptions.list().data] == [kept.id]
    assert len(client.v1.subscriptions.list({"status": "all"}).data) == 2
    assert len(client.v1.subscriptions.list({"price": price.id, "status": "canceled"}).data) == 1
    expanded = client.v1.customers.retrieve(customer.id, {"expand": ["subscriptions"]})
    assert [each.id for each in expanded.subscriptions.data] == [kept.id]


# Clocks


def test_a_clock_only_goes_forward_and_not_too_far(client: Client) -> None:
    clock = new_clock(client)
    subscribe(client, new_customer(client, clock), new_price(client))
    for moment in (START, START - 1, START + 90 * DAY):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": moment})
        assert refused.value.param == "frozen_time"
    assert client.v1.test_helpers.test_clocks.retrieve(clock.id).frozen_time == START
    client.v1.test_helpers.test_clocks.delete(clock.id)
    assert client.v1.customers.list().data == []


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"trial_period_days": 100_000}, "trial_period_days"),
        ({"trial_end": 2**60}, "trial_end"),
        ({"billing_cycle_anchor": 2**60}, "billing_cycle_anchor"),
        ({"default_payment_method": "pm_none"}, "default_payment_method"),
        ({"discounts": [{"coupon": "NONE"}]}, "discounts[0][coupon]"),
    ],
)
def test_impossible_wishes_are_refused_and_nothing_is_made(client: Client, params: Any, param: str) -> None:
    customer, price = new_customer(client), new_price(client)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        subscribe(client, customer, price, **params)
    assert refused.value.param == param
    assert client.v1.subscriptions.list({"status": "all"}).data == []


def test_a_price_recurs_and_a_clock_stands_within_reason(client: Client) -> None:
    for count in (0, -1, 37):
        with pytest.raises(stripe.InvalidRequestError):
            new_price(client, recurring={"interval": "month", "interval_count": count})
    with pytest.raises(stripe.InvalidRequestError):
        new_clock(client, 2**60)
    assert client.v1.prices.list().data == []
