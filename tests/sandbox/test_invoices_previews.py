"""Previews of invoices: of renewals, of changes, of ends and pauses, of subscriptions that are only imagined."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.billing import DAY, Events, advance, at, new_clock, new_customer, new_price, set_card
from tests.sandbox.conftest import Client, error_of


@pytest.fixture
def month(client: Client) -> Any:
    """Thirty days of April for 30.00, fifteen of them gone."""
    clock = new_clock(client, at(2026, 4, 1))
    customer = new_customer(client, clock)
    subscription = client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": new_price(client, 3000).id}]})
    advance(client, clock, at(2026, 4, 16))
    return clock, customer, subscription


def preview(client: Client, **params: Any) -> Any:
    return client.v1.invoices.create_preview(params)


def amounts(invoice: Any) -> list[int]:
    return [line.amount for line in invoice.lines.data]


def test_a_preview_is_no_invoice_and_leaves_no_trace(client: Client, month: Any) -> None:
    _, customer, subscription = month
    seen = Events(client)
    seen_before = client.v1.invoices.list().data
    shown = preview(client, subscription=subscription.id)
    assert (shown.id.startswith("upcoming_"), shown.status, shown.number, shown.billing_reason) == (
        True,
        "draft",
        None,
        "subscription_cycle",
    )
    assert (shown.total, shown.period_start, shown.customer) == (3000, at(2026, 4, 1), customer.id)
    assert (client.v1.invoices.list().data, seen.types()) == (seen_before, [])


def test_only_what_comes_every_time(client: Client, month: Any) -> None:
    _, _, subscription = month
    change: Any = {"items": [{"id": subscription["items"].data[0].id, "quantity": 2}]}
    both = preview(client, subscription=subscription.id, subscription_details=change)
    alone = preview(client, subscription=subscription.id, subscription_details=change, preview_mode="recurring")
    assert (amounts(both), amounts(alone)) == ([-1500, 3000, 6000], [6000])


def test_the_next_of_a_customer_without_naming_a_subscription(client: Client, month: Any) -> None:
    _, customer, subscription = month
    client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": new_price(client, 700).id}]})
    shown = preview(client, customer=customer.id)
    assert (shown.total, shown.parent.subscription_details.subscription) == (3000, subscription.id)
    nobody = new_customer(client)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        preview(client, customer=nobody.id)
    assert (refused.value.http_status, error_of(refused).code) == (404, "invoice_upcoming_none")
    client.v1.invoice_items.create({"customer": nobody.id, "amount": 250, "currency": "usd"})
    assert preview(client, customer=nobody.id).total == 250


def test_what_ending_or_pausing_now_would_give_back(client: Client, month: Any) -> None:
    _, _, subscription = month
    ending = preview(client, subscription=subscription.id, subscription_details={"cancel_now": True})
    pausing = preview(client, subscription=subscription.id, subscription_details={"pause": {"type": "subscription"}})
    assert (ending.total, pausing.total) == (-1500, -1500)
    kept = client.v1.subscriptions.retrieve(subscription.id)
    assert (kept.status, kept.cancel_at) == ("active", None)
    client.v1.subscriptions.pause(subscription.id)
    resuming = preview(client, subscription=subscription.id, subscription_details={"resume_at": "now"})
    resumed = client.v1.subscriptions.resume(subscription.id, {"expand": ["latest_invoice"]})
    assert amounts(resuming) == amounts(resumed.latest_invoice) == [-1500, 3000]


def test_a_subscription_that_is_only_imagined(client: Client) -> None:
    clock = new_clock(client, at(2026, 4, 16))
    customer = new_customer(client, clock)
    price = new_price(client, 3000)
    tax = client.v1.tax_rates.create({"display_name": "Tax", "inclusive": False, "percentage": 10})
    coupon = client.v1.coupons.create({"percent_off": 50, "duration": "once"})
    given: Any = {
        "items": [{"price": price.id, "quantity": 2}],
        "billing_cycle_anchor": {"type": "timestamp", "timestamp": at(2026, 5, 1)},
        "default_tax_rates": [tax.id],
    }
    shown = preview(client, customer=customer.id, subscription_details=given, discounts=[{"coupon": coupon.id}])
    made = client.v1.subscriptions.create(
        {
            "customer": customer.id,
            **given,
            "billing_cycle_anchor": at(2026, 5, 1),
            "discounts": [{"coupon": coupon.id}],
            "expand": ["latest_invoice"],
        }
    )
    assert shown.total == made.latest_invoice.total == 1650
    assert client.v1.coupons.retrieve(coupon.id).times_redeemed == 1


def test_a_buyer_who_is_nobody_yet(client: Client) -> None:
    price = new_price(client, 3000)
    tax = client.v1.tax_rates.create({"display_name": "Tax", "inclusive": False, "percentage": 10})
    details: Any = {"items": [{"price": price.id}], "default_tax_rates": [tax.id]}
    plain = preview(client, customer_details={"tax_exempt": "none"}, subscription_details=details)
    exempt = preview(client, customer_details={"tax_exempt": "exempt"}, subscription_details=details)
    assert (plain.total, exempt.total, exempt.total_taxes[0].taxability_reason) == (3300, 3000, "customer_exempt")
    assert client.v1.customers.list().data == []
    with pytest.raises(stripe.InvalidRequestError) as refused:
        preview(client, subscription_details=details)
    assert error_of(refused).param == "customer"


def test_what_waits_can_be_imagined_otherwise(client: Client, month: Any) -> None:
    _, customer, subscription = month
    waiting = client.v1.invoice_items.create({"customer": customer.id, "amount": 100, "currency": "usd"})
    shown = preview(
        client,
        subscription=subscription.id,
        invoice_items=[{"invoiceitem": waiting.id, "amount": 900}, {"amount": 50, "currency": "usd"}],
    )
    assert amounts(shown) == [900, 50, 3000]
    assert client.v1.invoice_items.retrieve(waiting.id).amount == 100


# What cannot be asked for


def test_what_is_more_than_may_be_charged_stays_a_draft_and_says_why(client: Client) -> None:
    clock = new_clock(client, at(2026, 4, 1))
    customer = new_customer(client, clock)
    subscription = client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": new_price(client).id}]})
    client.v1.subscriptions.update(
        subscription.id,
        {"items": [{"id": subscription["items"].data[0].id, "quantity": 200_000}], "proration_behavior": "none"},
    )
    seen = Events(client)
    advance(client, clock, at(2026, 5, 1) + DAY)
    draft = client.v1.invoices.list({"limit": 1}).data[0]
    assert (draft.status, draft.number, draft.last_finalization_error.code) == ("draft", None, "amount_too_large")
    assert "invoice.finalization_failed" in seen.types()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.invoices.finalize_invoice(draft.id)
    assert error_of(refused).code == "amount_too_large"


def test_a_card_that_is_gone_fails_like_one_that_declines(client: Client, month: Any) -> None:
    clock, customer, subscription = month
    method = set_card(client, customer.id, "pm_card_visa")
    client.v1.subscriptions.update(subscription.id, {"default_payment_method": method.id})
    client.v1.payment_methods.detach(method.id)
    advance(client, clock, at(2026, 5, 2))
    failed = client.v1.invoices.list({"limit": 1}).data[0]
    assert (failed.status, failed.attempt_count, bool(failed.next_payment_attempt)) == ("open", 1, True)
    assert client.v1.subscriptions.retrieve(subscription.id).status == "past_due"
