"""A year of one subscription: trial, renewals, a failed card, recovery, an upgrade, the end. Every event, every cent."""

from __future__ import annotations

from typing import Any

from tests.sandbox.billing import Events, advance, at, new_clock, new_customer, new_price, set_card
from tests.sandbox.conftest import Client, eventually

CHARGED = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
PAID = ["invoice.paid", "invoice.payment_succeeded", "invoice_payment.paid"]
DECLINED = ["charge.failed", "payment_intent.payment_failed", "invoice.payment_failed"]
RENEWED = [
    "invoice.upcoming",
    "invoice.created",
    "customer.subscription.updated",
    "invoice.finalized",
    *CHARGED,
    "invoice.updated",
    *PAID,
    "charge.updated",
]


def advanced(*types: str) -> list[str]:
    return ["test_helpers.test_clock.advancing", *types, "test_helpers.test_clock.ready"]


def test_a_year_of_a_subscription(client: Client) -> None:
    clock = new_clock(client, at(2026, 1, 17, 12))
    customer = new_customer(client, clock)
    small, large = new_price(client, 1000, name="Small"), new_price(client, 3000, name="Large")
    seen = Events(client, settled=True)

    # A trial of two weeks begins, with a card.
    subscription = client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": small.id}], "trial_period_days": 14}
    )
    assert (subscription.status, subscription.trial_end) == ("trialing", at(2026, 1, 31, 12))
    assert seen.types() == [
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
    ]
    assert invoices(client) == [("subscription_create", "paid", 0)]

    # Three days before its end it says so, and a week before comes what will be charged.
    advance(client, clock, at(2026, 1, 30))
    assert seen.types() == advanced("invoice.upcoming", "customer.subscription.trial_will_end")
    advance(client, clock, at(2026, 2, 1))
    assert seen.types() == advanced(
        "customer.subscription.updated",
        "invoice.created",
        "invoice.finalized",
        *CHARGED,
        "invoice.updated",
        *PAID,
        "charge.updated",
    )
    assert period(client, subscription.id) == (at(2026, 1, 31, 12), at(2026, 2, 28, 12))

    # Two renewals; the 31st comes back after February.
    advance(client, clock, at(2026, 4, 1))
    assert seen.types() == advanced(*RENEWED, *RENEWED)
    assert period(client, subscription.id) == (at(2026, 3, 31, 12), at(2026, 4, 30, 12))
    assert invoices(client)[-3:] == [("subscription_cycle", "paid", 1000)] * 3

    # The card begins to decline: tried on day 0 and 3, then another card is there on day 8.
    set_card(client, customer.id, "pm_card_chargeCustomerFail")
    assert seen.types() == ["payment_method.attached", "customer.updated"]
    advance(client, clock, at(2026, 5, 1))
    assert seen.types() == advanced(
        "invoice.upcoming",
        "invoice.created",
        "customer.subscription.updated",
        "invoice.finalized",
        "payment_intent.created",
        *DECLINED,
        "customer.updated",
        "customer.subscription.updated",
        "invoice.updated",
    )
    assert client.v1.subscriptions.retrieve(subscription.id).status == "past_due"
    assert client.v1.customers.retrieve(customer.id).delinquent is True
    failed = client.v1.invoices.list({"limit": 1}).data[0]
    assert (failed.status, failed.attempt_count, failed.next_payment_attempt) == ("open", 1, at(2026, 5, 3, 13))
    advance(client, clock, at(2026, 5, 4))
    assert seen.types() == advanced(*DECLINED, "invoice.updated")
    set_card(client, customer.id, "pm_card_mastercard")
    assert seen.types() == ["payment_method.attached", "customer.updated"]
    advance(client, clock, at(2026, 5, 9))
    assert seen.types() == advanced(
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.updated",
        *PAID,
        "customer.updated",
        "customer.subscription.updated",
        "charge.updated",
    )
    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"
    assert client.v1.customers.retrieve(customer.id).delinquent is False
    recovered = client.v1.invoices.retrieve(failed.id)
    assert (recovered.status, recovered.attempt_count, recovered.amount_paid) == ("paid", 3, 1000)

    # An upgrade in the middle of a period: the preview says what it costs, to the second.
    advance(client, clock, at(2026, 5, 21, 7, 11, 13))
    assert seen.types() == advanced()
    item = subscription["items"].data[0].id
    moment = at(2026, 5, 21, 7, 11, 13)
    change: Any = {"items": [{"id": item, "price": large.id}], "proration_behavior": "always_invoice", "proration_date": moment}
    preview = client.v1.invoices.create_preview({"subscription": subscription.id, "subscription_details": change})
    whole, left = at(2026, 5, 31, 12) - at(2026, 4, 30, 12), at(2026, 5, 31, 12) - moment
    back, charge = -round(1000 * left / whole), round(3000 * left / whole)
    assert [line.amount for line in preview.lines.data] == [back, charge] == [-329, 987]
    assert (preview.total, seen.types()) == (658, [])
    client.v1.subscriptions.update(subscription.id, change)
    eventually(lambda: client.v1.charges.list({"limit": 1}).data[0].balance_transaction)
    assert seen.types() == [
        "invoiceitem.created",
        "invoiceitem.created",
        "customer.subscription.updated",
        "invoice.created",
        "invoice.finalized",
        *CHARGED,
        *PAID,
        "charge.updated",
    ]
    assert invoices(client)[-1] == ("subscription_update", "paid", 658)
    assert client.v1.charges.list({"limit": 1}).data[0].amount == 658

    # Months go by at the new price.
    advance(client, clock, at(2026, 7, 1))
    advance(client, clock, at(2026, 9, 1))
    advance(client, clock, at(2026, 11, 1))
    assert seen.types() == [*advanced(*RENEWED, *RENEWED), *advanced(*RENEWED, *RENEWED), *advanced(*RENEWED, *RENEWED)]
    assert invoices(client)[-6:] == [("subscription_cycle", "paid", 3000)] * 6

    # Canceled at the end of the period, taken back, canceled again; then it is over, and nothing is charged any more.
    ending = client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert (ending.status, ending.cancel_at, ending.canceled_at) == ("active", at(2026, 11, 30, 12), at(2026, 11, 1))
    undone = client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": False})
    assert (undone.cancel_at, undone.canceled_at, undone.cancel_at_period_end) == (None, None, False)
    client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert seen.types() == ["customer.subscription.updated"] * 3
    advance(client, clock, at(2026, 12, 31))
    assert seen.types() == advanced("customer.subscription.deleted")
    ended = client.v1.subscriptions.retrieve(subscription.id)
    assert (ended.status, ended.ended_at, ended.cancellation_details.reason) == (
        "canceled",
        at(2026, 11, 30, 12),
        "cancellation_requested",
    )
    advance(client, clock, at(2027, 1, 17))
    assert seen.types() == advanced()
    assert sum(each.amount_paid for each in client.v1.invoices.list({"limit": 100}).data) == 4 * 1000 + 658 + 6 * 3000
    balance = client.v1.balance.retrieve()
    assert sum(each.amount for each in (*balance.available, *balance.pending)) == sum(
        each.net for each in client.v1.balance_transactions.list({"limit": 100}).data
    )


def invoices(client: Client) -> list[tuple[str, str, int]]:
    """Oldest first."""
    found = client.v1.invoices.list({"limit": 100}).data
    return [(each.billing_reason, each.status, each.total) for each in reversed(found)]


def period(client: Client, subscription: str) -> tuple[int, int]:
    item = client.v1.subscriptions.retrieve(subscription)["items"].data[0]
    return item.current_period_start, item.current_period_end
