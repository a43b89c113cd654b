"""How a subscription begins: with a card or without one, on a day of the calendar, in the past, in a trial, with an end."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.billing import DAY, START, Events, advance, at, new_clock, new_customer, new_price, set_card
from tests.sandbox.conftest import Client, error_of


def subscribe(client: Client, customer: Any, price: Any, **params: Any) -> Any:
    return client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id}], "expand": ["latest_invoice"], **params}
    )


def item_of(subscription: Any) -> Any:
    return subscription["items"].data[0]


def period(subscription: Any) -> tuple[int, int]:
    return item_of(subscription).current_period_start, item_of(subscription).current_period_end


def lines_of(subscription: Any) -> list[tuple[int, int, int]]:
    return [(line.amount, line.period.start, line.period.end) for line in subscription.latest_invoice.lines.data]


# Without a payment


def test_a_trial_without_a_card_waits_for_one_with_a_setup_intent(client: Client) -> None:
    customer = new_customer(client, card=None)
    subscription = subscribe(
        client,
        customer,
        new_price(client),
        trial_period_days=14,
        payment_behavior="default_incomplete",
        payment_settings={"save_default_payment_method": "on_subscription"},
        expand=["pending_setup_intent", "latest_invoice"],
    )
    waiting = subscription.pending_setup_intent
    assert (subscription.status, waiting.status, waiting.customer, waiting.usage) == (
        "trialing",
        "requires_payment_method",
        customer.id,
        "off_session",
    )
    assert waiting.client_secret.startswith(f"{waiting.id}_secret_")
    assert (subscription.latest_invoice.status, subscription.latest_invoice.amount_due) == ("paid", 0)
    seen = Events(client)
    client.v1.setup_intents.confirm(waiting.id, {"payment_method": "pm_card_visa"})
    done = client.v1.subscriptions.retrieve(subscription.id)
    assert (done.pending_setup_intent, bool(done.default_payment_method)) == (None, True)
    assert seen.types() == ["setup_intent.succeeded", "payment_method.attached", "customer.subscription.updated"]


def test_a_trial_with_a_card_needs_no_setup_intent_unless_the_bank_wants_to_see_the_buyer(client: Client) -> None:
    price = new_price(client)
    assert subscribe(client, new_customer(client), price, trial_period_days=14).pending_setup_intent is None
    asked = new_customer(client, card="pm_card_authenticationRequired")
    subscription = subscribe(client, asked, price, trial_period_days=14, expand=["pending_setup_intent"])
    assert (subscription.pending_setup_intent.status, subscription.pending_setup_intent.next_action.type) == (
        "requires_action",
        "redirect_to_url",
    )


def test_a_free_plan_is_active_at_once_and_waits_for_a_card(client: Client) -> None:
    subscription = subscribe(client, new_customer(client, card=None), new_price(client, 0))
    assert (subscription.status, subscription.latest_invoice.status, subscription.latest_invoice.total) == ("active", "paid", 0)
    assert client.v1.setup_intents.retrieve(subscription.pending_setup_intent).status == "requires_payment_method"


def test_payment_waits_for_an_update_only(client: Client) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        subscribe(client, new_customer(client), new_price(client), payment_behavior="pending_if_incomplete")
    assert error_of(refused).param == "payment_behavior"
    assert client.v1.subscriptions.list({"status": "all"}).data == []


def test_the_bank_wants_to_see_the_buyer_of_the_first_invoice(client: Client) -> None:
    customer = new_customer(client, card="pm_card_authenticationRequired")
    seen = Events(client)
    subscription = subscribe(client, customer, new_price(client), expand=["latest_invoice.confirmation_secret"])
    assert (subscription.status, subscription.latest_invoice.status) == ("incomplete", "open")
    assert seen.types()[-3:] == ["payment_intent.created", "payment_intent.requires_action", "invoice.payment_action_required"]
    assert subscription.latest_invoice.confirmation_secret.type == "payment_intent"
    with pytest.raises(stripe.CardError) as refused:
        subscribe(client, customer, new_price(client), payment_behavior="error_if_incomplete")
    assert (refused.value.http_status, refused.value.code) == (402, "subscription_payment_intent_requires_action")


# Trials


@pytest.mark.parametrize(
    ("ends", "status", "events"),
    [
        ("cancel", "canceled", ["customer.subscription.deleted"]),
        ("pause", "paused", ["customer.subscription.paused", "customer.subscription.updated"]),
        (
            "create_invoice",
            "past_due",
            [
                "customer.subscription.updated",
                "invoice.created",
                "invoice.finalized",
                "payment_intent.created",
                "invoice.payment_failed",
                "customer.updated",
                "customer.subscription.updated",
                "invoice.updated",
            ],
        ),
    ],
)
def test_a_trial_without_a_card_ends_as_was_agreed(client: Client, ends: str, status: str, events: list[str]) -> None:
    clock = new_clock(client)
    subscription = subscribe(
        client,
        new_customer(client, clock, card=None),
        new_price(client),
        trial_period_days=14,
        trial_settings={"end_behavior": {"missing_payment_method": ends}},
    )
    advance(client, clock, START + 12 * DAY)
    seen = Events(client)
    advance(client, clock, START + 14 * DAY + 7200)
    assert client.v1.subscriptions.retrieve(subscription.id).status == status
    assert seen.types() == ["test_helpers.test_clock.advancing", *events, "test_helpers.test_clock.ready"]


def test_a_trial_may_leave_the_day_of_the_month_alone(client: Client) -> None:
    clock = new_clock(client, at(2026, 4, 1))
    subscription = subscribe(
        client,
        new_customer(client, clock),
        new_price(client, 3000),
        trial_end=at(2026, 4, 16),
        trial_settings={"end_behavior": {"billing_cycle_anchor": "unchanged"}},
    )
    assert (subscription.billing_cycle_anchor, period(subscription)) == (at(2026, 4, 1), (at(2026, 4, 1), at(2026, 4, 16)))
    advance(client, clock, at(2026, 4, 17))
    after = client.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert (after.status, period(after), lines_of(after)) == (
        "active",
        (at(2026, 4, 16), at(2026, 5, 1)),
        [(1500, at(2026, 4, 16), at(2026, 5, 1))],
    )


def test_the_trial_of_a_price_counts_when_asked_for(client: Client) -> None:
    price = new_price(client, recurring={"interval": "month", "trial_period_days": 7})
    plain = subscribe(client, new_customer(client), price)
    trying = subscribe(client, new_customer(client), price, trial_from_plan=True)
    assert (plain.status, trying.status, trying.trial_end - trying.trial_start) == ("active", "trialing", 7 * DAY)


# Days of the calendar


def test_the_last_day_of_every_month(client: Client) -> None:
    clock = new_clock(client, at(2027, 11, 10, 9, 30))
    subscription = subscribe(
        client,
        new_customer(client, clock),
        new_price(client, 3000),
        billing_cycle_anchor_config={"day_of_month": 31, "hour": 0, "minute": 0, "second": 0},
    )
    assert subscription.billing_cycle_anchor == at(2027, 11, 30)
    assert subscription.billing_cycle_anchor_config.day_of_month == 31
    whole, part = at(2027, 11, 30) - at(2027, 10, 31), at(2027, 11, 30) - at(2027, 11, 10, 9, 30)
    assert subscription.latest_invoice.total == (3000 * part * 2 + whole) // (2 * whole)
    ends = []
    for moment in (at(2027, 12, 1), at(2028, 1, 1), at(2028, 2, 1), at(2028, 3, 1), at(2028, 4, 1)):
        advance(client, clock, moment)
        ends.append(period(client.v1.subscriptions.retrieve(subscription.id))[1])
    assert ends == [at(2027, 12, 31), at(2028, 1, 31), at(2028, 2, 29), at(2028, 3, 31), at(2028, 4, 30)]
    assert {each.total for each in client.v1.invoices.list({"limit": 5}).data} == {3000}


def test_a_leap_day_comes_back_every_four_years(client: Client) -> None:
    clock = new_clock(client, at(2028, 2, 29, 8))
    subscription = subscribe(client, new_customer(client, clock), new_price(client, 12_000, "year"))
    assert period(subscription)[1] == at(2029, 2, 28, 8)
    advance(client, clock, at(2029, 3, 1))
    advance(client, clock, at(2030, 2, 28, 9))
    assert period(client.v1.subscriptions.retrieve(subscription.id)) == (at(2030, 2, 28, 8), at(2031, 2, 28, 8))
    advance(client, clock, at(2032, 2, 28))
    assert period(client.v1.subscriptions.retrieve(subscription.id)) == (at(2031, 2, 28, 8), at(2032, 2, 29, 8))


def test_a_part_of_a_period_may_be_free(client: Client) -> None:
    clock = new_clock(client, at(2026, 4, 16))
    subscription = subscribe(
        client,
        new_customer(client, clock),
        new_price(client, 3000),
        billing_cycle_anchor=at(2026, 5, 1),
        proration_behavior="none",
    )
    assert (subscription.status, subscription.latest_invoice.total, period(subscription)[1]) == ("active", 0, at(2026, 5, 1))
    advance(client, clock, at(2026, 5, 2))
    assert client.v1.invoices.list({"limit": 1}).data[0].total == 3000


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"billing_cycle_anchor_config": {"day_of_month": 32}}, "billing_cycle_anchor_config[day_of_month]"),
        (
            {"billing_cycle_anchor": START + DAY, "billing_cycle_anchor_config": {"day_of_month": 1}},
            "billing_cycle_anchor",
        ),
        ({"backdate_start_date": START + DAY}, "backdate_start_date"),
        ({"backdate_start_date": 0}, "backdate_start_date"),
        ({"cancel_at": START - 1}, "cancel_at"),
        ({"days_until_due": 3}, "days_until_due"),
        ({"collection_method": "send_invoice"}, "days_until_due"),
        ({"currency": "eur"}, "currency"),
    ],
)
def test_beginnings_that_cannot_be(client: Client, params: Any, param: str) -> None:
    customer = new_customer(client, new_clock(client))
    with pytest.raises(stripe.InvalidRequestError) as refused:
        subscribe(client, customer, new_price(client), **params)
    assert error_of(refused).param == param
    assert client.v1.subscriptions.list({"status": "all"}).data == []


# In the past


def test_what_was_used_before_today_is_billed_by_the_period(client: Client) -> None:
    clock = new_clock(client, at(2026, 10, 15))
    subscription = subscribe(client, new_customer(client, clock), new_price(client, 3100), backdate_start_date=at(2026, 9, 1))
    assert (subscription.start_date, subscription.billing_cycle_anchor) == (at(2026, 9, 1), at(2026, 10, 15))
    assert lines_of(subscription) == [
        (1400, at(2026, 9, 1), at(2026, 9, 15)),
        (3100, at(2026, 9, 15), at(2026, 10, 15)),
        (3100, at(2026, 10, 15), at(2026, 11, 15)),
    ]
    assert (subscription.status, subscription.latest_invoice.amount_paid) == ("active", 7600)


def test_classic_billing_counts_the_past_as_one(client: Client) -> None:
    clock = new_clock(client, at(2026, 3, 1))
    subscription = subscribe(
        client,
        new_customer(client, clock),
        new_price(client, 2800),
        backdate_start_date=at(2026, 2, 15),
        billing_mode={"type": "classic"},
    )
    assert lines_of(subscription)[0] == (1400, at(2026, 2, 15), at(2026, 3, 1))


def test_the_past_can_be_free_and_the_next_date_kept(client: Client) -> None:
    clock = new_clock(client, at(2026, 10, 15))
    subscription = subscribe(
        client,
        new_customer(client, clock),
        new_price(client, 3100),
        backdate_start_date=at(2026, 9, 1),
        billing_cycle_anchor=at(2026, 11, 1),
        proration_behavior="none",
    )
    assert (subscription.start_date, period(subscription)[1]) == (at(2026, 9, 1), at(2026, 11, 1))
    assert lines_of(subscription) == [(0, at(2026, 10, 1), at(2026, 11, 1))]
    advance(client, clock, at(2026, 11, 2))
    assert client.v1.invoices.list({"limit": 1}).data[0].total == 3100


# With an end, and with words for its invoices


def test_a_subscription_begins_with_its_end(client: Client) -> None:
    clock = new_clock(client)
    price = new_price(client)
    ending = subscribe(client, new_customer(client, clock), price, cancel_at_period_end=True)
    assert (ending.cancel_at_period_end, ending.cancel_at) == (True, period(ending)[1])
    dated = subscribe(client, new_customer(client, clock), price, cancel_at=START + 10 * DAY)
    advance(client, clock, START + 11 * DAY)
    assert client.v1.subscriptions.retrieve(dated.id).status == "canceled"
    assert client.v1.subscriptions.retrieve(ending.id).status == "active"


def test_its_invoices_say_what_was_agreed(client: Client) -> None:
    subscription = subscribe(
        client,
        new_customer(client),
        new_price(client),
        invoice_settings={"custom_fields": [{"name": "PO", "value": "7"}], "footer": "Thank you", "description": "Tea"},
        payment_settings={"payment_method_types": ["card"]},
    )
    invoice = subscription.latest_invoice
    assert [(each.name, each.value) for each in invoice.custom_fields] == [("PO", "7")]
    assert (invoice.footer, invoice.description) == ("Thank you", "Tea")
    assert subscription.invoice_settings.issuer.type == "self"


def test_what_is_added_once_stands_on_the_first_invoice(client: Client) -> None:
    setup = client.v1.prices.create({"currency": "usd", "unit_amount": 500, "product_data": {"name": "Setup"}})
    coupon = client.v1.coupons.create({"percent_off": 10, "duration": "once"})
    subscription = subscribe(
        client,
        new_customer(client),
        new_price(client),
        add_invoice_items=[{"price": setup.id, "quantity": 2, "discounts": [{"coupon": coupon.id}]}],
    )
    invoice = subscription.latest_invoice
    assert ([line.amount for line in invoice.lines.data], invoice.subtotal, invoice.total) == ([1000, 1000], 1900, 1900)
    once = invoice.lines.data[0]
    assert (once.period.start, once.period.end) == period(subscription)
    assert [each.amount for each in once.discount_amounts] == [100]


def test_a_customer_pays_by_the_method_of_the_subscription(client: Client) -> None:
    customer = new_customer(client, card="pm_card_chargeCustomerFail")
    good = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    subscription = subscribe(client, customer, new_price(client), default_payment_method=good.id)
    assert subscription.status == "active"
    other = new_customer(client, card=None)
    set_card(client, other.id, "pm_card_visa")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        subscribe(client, other, new_price(client), default_payment_method=good.id)
    assert error_of(refused).param == "default_payment_method"


def test_changes_during_a_trial_do_not_tell_of_its_end_twice(client: Client) -> None:
    clock = new_clock(client)
    subscription = subscribe(client, new_customer(client, clock), new_price(client), trial_period_days=14)
    for place in range(3):
        client.v1.subscriptions.update(subscription.id, {"metadata": {"place": str(place)}})
    client.v1.subscriptions.update(subscription.id, {"trial_end": START + 20 * DAY, "proration_behavior": "none"})
    seen = Events(client)
    advance(client, clock, START + 16 * DAY)
    assert seen.types()[1:-1] == ["invoice.upcoming"]
    advance(client, clock, START + 18 * DAY)
    assert seen.types()[1:-1] == ["customer.subscription.trial_will_end"]
