"""How a subscription ends or rests: now, on a date, paused, resumed; and what is given back or still collected."""

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
    price = new_price(client, 3000)
    subscription = client.v1.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    advance(client, clock, at(2026, 4, 16))
    return clock, customer, subscription


def item_of(subscription: Any) -> Any:
    return subscription["items"].data[0]


def pending(client: Client, customer: Any) -> list[int]:
    return [each.amount for each in client.v1.invoice_items.list({"customer": customer.id, "pending": True}).data]


def last_invoice(client: Client) -> Any:
    return client.v1.invoices.list({"limit": 1}).data[0]


# Ending


def test_canceled_at_once_it_forgets_what_was_not_billed_yet(client: Client, month: Any) -> None:
    _, customer, subscription = month
    client.v1.subscriptions.update(subscription.id, {"items": [{"id": item_of(subscription).id, "quantity": 2}]})
    assert pending(client, customer) == [3000, -1500]
    seen = Events(client)
    details: Any = {"comment": "Too much tea", "feedback": "too_expensive"}
    ended = client.v1.subscriptions.cancel(subscription.id, {"cancellation_details": details})
    assert (ended.status, ended.cancellation_details.comment, ended.cancellation_details.feedback) == (
        "canceled",
        "Too much tea",
        "too_expensive",
    )
    assert pending(client, customer) == []
    assert seen.types() == ["invoiceitem.deleted", "invoiceitem.deleted", "customer.subscription.deleted"]


def test_at_the_end_of_its_period_it_collects_what_waited(client: Client, month: Any) -> None:
    clock, customer, subscription = month
    client.v1.subscriptions.update(
        subscription.id, {"items": [{"id": item_of(subscription).id, "quantity": 2}], "cancel_at_period_end": True}
    )
    advance(client, clock, at(2026, 5, 1, 2))
    assert client.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert (last_invoice(client).total, last_invoice(client).status) == (1500, "paid")
    assert pending(client, customer) == []


def test_an_end_in_the_middle_of_a_period_gives_the_rest_back(client: Client, month: Any) -> None:
    clock, customer, subscription = month
    ending = client.v1.subscriptions.update(subscription.id, {"cancel_at": at(2026, 4, 21)})
    assert (ending.cancel_at, ending.cancel_at_period_end, pending(client, customer)) == (at(2026, 4, 21), False, [-1000])
    client.v1.subscriptions.update(subscription.id, {"cancel_at": at(2026, 4, 26)})
    assert pending(client, customer) == [-500]
    undone = client.v1.subscriptions.update(subscription.id, {"cancel_at": ""})
    assert (undone.cancel_at, undone.canceled_at, undone.cancellation_details.reason) == (None, None, None)
    assert pending(client, customer) == []
    client.v1.subscriptions.update(subscription.id, {"cancel_at": at(2026, 4, 21)})
    advance(client, clock, at(2026, 4, 21, 2))
    ended = client.v1.subscriptions.retrieve(subscription.id)
    assert (ended.status, ended.ended_at, ended.canceled_at) == ("canceled", at(2026, 4, 21), at(2026, 4, 16))
    assert client.v1.customers.retrieve(customer.id).balance == -1000


def test_an_end_in_a_later_period_shortens_that_one(client: Client, month: Any) -> None:
    clock, customer, subscription = month
    client.v1.subscriptions.update(subscription.id, {"cancel_at": at(2026, 5, 11)})
    assert pending(client, customer) == []
    preview = client.v1.invoices.create_preview({"subscription": subscription.id})
    advance(client, clock, at(2026, 5, 1, 2))
    renewed = last_invoice(client)
    assert renewed.total == preview.total == round(3000 * 10 / 31)
    assert renewed.lines.data[0].period.end == at(2026, 5, 11)


@pytest.mark.parametrize("word", ["min_period_end", "max_period_end"])
def test_an_end_by_the_items_periods(client: Client, month: Any, word: str) -> None:
    _, _, subscription = month
    ending = client.v1.subscriptions.update(subscription.id, {"cancel_at": word})
    assert (ending.cancel_at, ending.cancel_at_period_end) == (at(2026, 5, 1), False)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.invoices.create_preview({"subscription": subscription.id})
    assert error_of(refused).code == "invoice_upcoming_none"


def test_words_can_still_be_said_about_what_has_ended(client: Client, month: Any) -> None:
    _, _, subscription = month
    client.v1.subscriptions.cancel(subscription.id)
    said = client.v1.subscriptions.update(
        subscription.id, {"metadata": {"why": "moved"}, "cancellation_details": {"comment": "Moved away"}}
    )
    assert (said.metadata["why"], said.cancellation_details.comment) == ("moved", "Moved away")
    with pytest.raises(stripe.InvalidRequestError, match="only update its cancellation_details"):
        client.v1.subscriptions.update(subscription.id, {"description": "again"})


# Resting


@pytest.mark.parametrize(("since", "credit"), [("now", [-1500]), ("item_current_period_start", [-3000]), ("none", [])])
def test_a_pause_gives_back_as_much_as_it_is_told(client: Client, month: Any, since: str, credit: list[int]) -> None:
    _, customer, subscription = month
    paused = client.v1.subscriptions.pause(subscription.id, {"bill_for": {"unused_time_from": {"type": since}}})
    assert (paused.status, pending(client, customer)) == ("paused", credit)


def test_a_pause_may_settle_at_once(client: Client, month: Any) -> None:
    _, customer, subscription = month
    paused = client.v1.subscriptions.pause(subscription.id, {"invoicing_behavior": "invoice", "expand": ["latest_invoice"]})
    assert (paused.latest_invoice.total, paused.latest_invoice.status) == (-1500, "paid")
    assert client.v1.customers.retrieve(customer.id).balance == -1500


def test_resumed_on_its_old_days_it_pays_for_what_is_left(client: Client, month: Any) -> None:
    clock, customer, subscription = month
    client.v1.subscriptions.pause(subscription.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    advance(client, clock, at(2026, 5, 21))
    resumed = client.v1.subscriptions.resume(
        subscription.id,
        {
            "billing_cycle_anchor": {"type": "unchanged"},
            "proration_behavior": "always_invoice",
            "expand": ["latest_invoice"],
        },
    )
    assert (resumed.status, resumed.status_details) == ("active", None)
    assert (item_of(resumed).current_period_start, item_of(resumed).current_period_end) == (at(2026, 5, 1), at(2026, 6, 1))
    assert resumed.latest_invoice.amount_paid == round(3000 * 11 / 31)
    advance(client, clock, at(2026, 6, 2))
    assert (last_invoice(client).total, pending(client, customer)) == (3000, [])


def test_it_stays_paused_until_resuming_is_paid(client: Client, month: Any) -> None:
    clock, customer, subscription = month
    client.v1.subscriptions.pause(subscription.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    set_card(client, customer.id, "pm_card_chargeCustomerFail")
    waiting = client.v1.subscriptions.resume(subscription.id, {"payment_behavior": "resume_on_payment_success"})
    assert (waiting.status, client.v1.invoices.retrieve(waiting.latest_invoice).status) == ("paused", "open")
    advance(client, clock, at(2026, 4, 17, 1))
    assert client.v1.invoices.retrieve(waiting.latest_invoice).status == "void"
    assert client.v1.subscriptions.retrieve(subscription.id).status == "paused"
    set_card(client, customer.id, "pm_card_visa")
    seen = Events(client)
    assert client.v1.subscriptions.resume(subscription.id, {"payment_behavior": "resume_on_payment_success"}).status == "active"
    assert "customer.subscription.resumed" in seen.types()


@pytest.mark.parametrize(("behavior", "becomes"), [("void", "void"), ("mark_uncollectible", "uncollectible")])
def test_a_paused_collection_gives_up_its_invoices_until_a_day(client: Client, month: Any, behavior: str, becomes: str) -> None:
    clock, _, subscription = month
    client.v1.subscriptions.update(subscription.id, {"pause_collection": {"behavior": behavior, "resumes_at": at(2026, 5, 20)}})
    advance(client, clock, at(2026, 5, 2))
    given_up = last_invoice(client)
    assert given_up.status == becomes
    if becomes == "uncollectible":
        assert given_up.status_details.uncollectible.reason == "subscription_paused"
    advance(client, clock, at(2026, 6, 2))
    assert client.v1.subscriptions.retrieve(subscription.id).pause_collection is None
    assert last_invoice(client).status == "paid"


# Trials in the middle


def test_a_trial_in_the_middle_gives_back_what_was_paid_and_begins_anew(client: Client, month: Any) -> None:
    clock, customer, subscription = month
    trying = client.v1.subscriptions.update(subscription.id, {"trial_end": at(2026, 4, 26), "expand": ["latest_invoice"]})
    assert (trying.status, trying.trial_start, trying.latest_invoice.total) == ("trialing", at(2026, 4, 16), -1500)
    assert client.v1.customers.retrieve(customer.id).balance == -1500
    advance(client, clock, at(2026, 4, 26, 2))
    after = client.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})
    assert (after.status, after.latest_invoice.total, after.latest_invoice.amount_paid) == ("active", 3000, 1500)
    assert item_of(after).current_period_end == at(2026, 5, 26)


def test_a_change_that_nobody_pays_for_is_dropped_after_a_day(client: Client, month: Any) -> None:
    clock, customer, subscription = month
    set_card(client, customer.id, "pm_card_chargeCustomerFail")
    waiting = client.v1.subscriptions.update(
        subscription.id,
        {
            "items": [{"id": item_of(subscription).id, "quantity": 9}],
            "proration_behavior": "always_invoice",
            "payment_behavior": "pending_if_incomplete",
        },
    )
    assert waiting.pending_update.expires_at == at(2026, 4, 16) + 23 * 3600
    seen = Events(client)
    advance(client, clock, at(2026, 4, 16) + DAY)
    after = client.v1.subscriptions.retrieve(subscription.id)
    assert (after.pending_update, item_of(after).quantity, after.status) == (None, 1, "active")
    assert client.v1.invoices.retrieve(waiting.latest_invoice).status == "void"
    assert "customer.subscription.pending_update_expired" in seen.types()


def test_only_one_change_waits_and_only_some_can(client: Client, month: Any) -> None:
    _, customer, subscription = month
    set_card(client, customer.id, "pm_card_chargeCustomerFail")
    item = item_of(subscription).id
    wanted: Any = {"proration_behavior": "always_invoice", "payment_behavior": "pending_if_incomplete"}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.subscriptions.update(subscription.id, {**wanted, "metadata": {"a": "b"}})
    assert error_of(refused).param == "metadata"
    seen = Events(client)
    first = client.v1.subscriptions.update(subscription.id, {**wanted, "items": [{"id": item, "quantity": 9}]})
    told = [each for each in seen.types() if each.startswith("customer.subscription")]
    assert told == ["customer.subscription.updated"]
    second = client.v1.subscriptions.update(subscription.id, {**wanted, "items": [{"id": item, "quantity": 3}]})
    assert client.v1.invoices.retrieve(first.latest_invoice).status == "void"
    assert second.pending_update.subscription_items[0].quantity == 3
    client.v1.invoices.pay(second.latest_invoice, {"payment_method": set_card(client, customer.id, "pm_card_visa").id})
    applied = client.v1.subscriptions.retrieve(subscription.id)
    assert (applied.pending_update, item_of(applied).quantity, applied.status) == (None, 3, "active")
    assert "customer.subscription.pending_update_applied" in seen.types()


def test_a_canceled_subscription_stays_canceled_when_the_change_that_waited_is_paid_after_all(
    client: Client, month: Any
) -> None:
    clock, customer, subscription = month
    set_card(client, customer.id, "pm_card_chargeCustomerFail")
    change: Any = {"items": [{"id": item_of(subscription).id, "quantity": 9}], "proration_behavior": "always_invoice"}
    waiting = client.v1.subscriptions.update(subscription.id, {**change, "payment_behavior": "pending_if_incomplete"})
    client.v1.subscriptions.cancel(subscription.id)
    good = set_card(client, customer.id, "pm_card_visa").id
    assert client.v1.invoices.pay(waiting.latest_invoice, {"payment_method": good}).status == "paid"
    seen = Events(client)
    advance(client, clock, at(2026, 4, 16) + DAY)
    after = client.v1.subscriptions.retrieve(subscription.id)
    assert (after.status, after.pending_update, item_of(after).quantity) == ("canceled", None, 1)
    assert [each for each in seen.types() if "subscription" in each] == []


def test_a_canceled_subscription_stays_canceled_when_its_resuming_is_paid_after_all(client: Client, month: Any) -> None:
    _, customer, subscription = month
    client.v1.subscriptions.pause(subscription.id, {"bill_for": {"unused_time_from": {"type": "none"}}})
    set_card(client, customer.id, "pm_card_chargeCustomerFail")
    waiting = client.v1.subscriptions.resume(subscription.id, {"payment_behavior": "resume_on_payment_success"})
    client.v1.subscriptions.cancel(subscription.id)
    good = set_card(client, customer.id, "pm_card_visa").id
    assert client.v1.invoices.pay(waiting.latest_invoice, {"payment_method": good}).status == "paid"
    assert client.v1.subscriptions.retrieve(subscription.id).status == "canceled"


def test_open_invoices_of_a_canceled_subscription_say_that_nobody_collects_them_any_more(client: Client, month: Any) -> None:
    clock, customer, subscription = month
    set_card(client, customer.id, "pm_card_chargeCustomerFail")
    advance(client, clock, at(2026, 5, 1, 2))
    seen = Events(client)
    client.v1.subscriptions.cancel(subscription.id)
    changed = next(each for each in seen.news() if each.type == "invoice.updated")
    assert (changed.data.object.status, changed.data.object.auto_advance) == ("open", False)
    assert changed.data.previous_attributes["auto_advance"] is True
    assert changed.data.previous_attributes["next_payment_attempt"] > at(2026, 5, 1)


def test_a_classic_subscription_becomes_flexible_and_can_then_be_paused(client: Client) -> None:
    made = client.v1.subscriptions.create(
        {
            "customer": new_customer(client).id,
            "items": [{"price": new_price(client).id}],
            "billing_mode": {"type": "classic"},
        }
    )
    assert (made.billing_mode.type, made.billing_mode.flexible) == ("classic", None)
    with pytest.raises(stripe.InvalidRequestError, match="flexible"):
        client.v1.subscriptions.pause(made.id)
    seen = Events(client)
    moved = client.v1.subscriptions.migrate(made.id, {"billing_mode": {"type": "flexible"}})
    assert (moved.billing_mode.type, moved.billing_mode.updated_at is not None) == ("flexible", True)
    assert seen.types() == ["customer.subscription.updated"]
    assert client.v1.subscriptions.pause(made.id).status == "paused"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.subscriptions.migrate(made.id, {"billing_mode": {"type": "flexible"}})
