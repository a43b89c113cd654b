"""Invoices and what stands on them: items, discounts, taxes, credit notes; and the codes that take something off."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.billing import DAY, Events, advance, at, new_clock, new_customer, new_price
from tests.sandbox.conftest import Client


def new_invoice(client: Client, customer: Any, *amounts: int, **params: Any) -> Any:
    invoice = client.v1.invoices.create({"customer": customer.id, **params})
    for amount in amounts:
        client.v1.invoice_items.create(
            {"customer": customer.id, "invoice": invoice.id, "amount": amount, "currency": "usd", "description": "Work"}
        )
    return client.v1.invoices.retrieve(invoice.id)


def test_a_manual_invoice_is_drafted_finalized_and_paid(client: Client) -> None:
    customer = new_customer(client)
    seen = Events(client)
    invoice = new_invoice(client, customer, 700, 800)
    assert (invoice.status, invoice.total, invoice.number, invoice.auto_advance) == ("draft", 1500, None, False)
    invoice = client.v1.invoices.finalize_invoice(invoice.id)
    assert (invoice.status, invoice.number[-5:]) == ("open", "-0001")
    assert invoice.hosted_invoice_url.endswith(f"/i/{invoice.id}")
    paid = client.v1.invoices.pay(invoice.id)
    assert (paid.status, paid.amount_paid, paid.attempt_count) == ("paid", 1500, 1)
    payment = client.v1.invoice_payments.list({"invoice": invoice.id}).data[0]
    intent = payment.payment.payment_intent
    found = client.v1.invoice_payments.list({"payment": {"type": "payment_intent", "payment_intent": intent}}).data
    assert [(each.id, each.status, each.amount_paid) for each in found] == [(payment.id, "paid", 1500)]
    assert seen.types() == [
        "invoice.created",
        "invoiceitem.created",
        "invoice.updated",
        "invoiceitem.created",
        "invoice.updated",
        "invoice.finalized",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
    ]
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        client.v1.invoices.pay(invoice.id)


def test_a_declined_payment_leaves_it_open(client: Client) -> None:
    invoice = new_invoice(client, new_customer(client, card="pm_card_chargeCustomerFail"), 900)
    with pytest.raises(stripe.CardError) as refused:
        client.v1.invoices.pay(invoice.id)
    assert refused.value.code == "card_declined"
    assert client.v1.invoices.retrieve(invoice.id).status == "open"


def test_an_open_invoice_is_voided_or_given_up_and_a_draft_deleted(client: Client) -> None:
    customer = new_customer(client)
    first, second, third = (new_invoice(client, customer, 900) for _ in range(3))
    for each in (first, second):
        client.v1.invoices.finalize_invoice(each.id)
    assert client.v1.invoices.void_invoice(first.id).status == "void"
    assert client.v1.invoices.mark_uncollectible(second.id).status == "uncollectible"
    assert client.v1.invoices.pay(second.id).status == "paid"
    assert client.v1.invoices.delete(third.id).deleted
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoices.delete(first.id)
    assert [each.status for each in client.v1.invoices.list().data] == ["paid", "void"]
    intents = {each.status for each in client.v1.payment_intents.list().data}
    assert intents == {"succeeded", "canceled"}


def test_too_little_to_charge_is_carried_to_the_next(client: Client) -> None:
    customer = new_customer(client)
    paid = client.v1.invoices.finalize_invoice(new_invoice(client, customer, 30).id)
    assert (paid.status, paid.amount_due, paid.ending_balance) == ("paid", 0, 30)
    following = client.v1.invoices.pay(new_invoice(client, customer, 1000).id)
    assert (following.amount_paid, client.v1.customers.retrieve(customer.id).balance) == (1030, 0)


def test_taxes_inside_and_on_top(client: Client) -> None:
    customer = new_customer(client)
    added = client.v1.tax_rates.create({"display_name": "Sales tax", "inclusive": False, "percentage": 8.25})
    inside = client.v1.tax_rates.create({"display_name": "VAT", "inclusive": True, "percentage": 20})
    on_top = new_invoice(client, customer, 999, default_tax_rates=[added.id])
    assert (on_top.subtotal, on_top.total, on_top.total_excluding_tax) == (999, 1081, 999)
    within = new_invoice(client, customer, 1200, default_tax_rates=[inside.id])
    assert (within.total, within.total_excluding_tax, within.total_taxes[0].amount) == (1200, 1000, 200)
    assert within.lines.data[0].taxes[0].tax_rate_details.tax_rate == inside.id


def test_coupons_last_once_or_for_months_or_forever(client: Client) -> None:
    clock = new_clock(client, at(2026, 1, 15))
    price = new_price(client, 1000)
    durations: list[Any] = [
        {"percent_off": 50, "duration": "once"},
        {"percent_off": 50, "duration": "repeating", "duration_in_months": 2},
        {"amount_off": 300, "currency": "usd", "duration": "forever"},
    ]
    for coupon in durations:
        made = client.v1.coupons.create(coupon)
        customer = new_customer(client, clock)
        client.v1.subscriptions.create(
            {"customer": customer.id, "items": [{"price": price.id}], "discounts": [{"coupon": made.id}]}
        )
    advance(client, clock, at(2026, 3, 1))
    advance(client, clock, at(2026, 4, 1))
    totals: dict[str, list[int]] = {}
    for invoice in reversed(client.v1.invoices.list({"limit": 100}).data):
        totals.setdefault(invoice.customer, []).append(invoice.total)
    assert list(totals.values()) == [[500, 1000, 1000], [500, 500, 1000], [700, 700, 700]]


def test_a_coupon_is_used_up(client: Client) -> None:
    coupon = client.v1.coupons.create({"percent_off": 10, "duration": "once", "max_redemptions": 1, "id": "FIRST"})
    customer, price = new_customer(client), new_price(client)
    given: Any = {"customer": customer.id, "items": [{"price": price.id}], "discounts": [{"coupon": coupon.id}]}
    client.v1.subscriptions.create(given)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.subscriptions.create(given)
    assert refused.value.code == "coupon_expired"
    used = client.v1.coupons.retrieve("FIRST")
    assert (used.times_redeemed, used.valid) == (1, False)
    assert client.v1.coupons.delete("FIRST").deleted
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.coupons.retrieve("FIRST")


def test_promotion_codes_are_for_whom_they_say(client: Client) -> None:
    coupon = client.v1.coupons.create({"percent_off": 10, "duration": "forever"})
    price, one, other = new_price(client), new_customer(client), new_customer(client)
    promotion: Any = {"type": "coupon", "coupon": coupon.id}
    mine = client.v1.promotion_codes.create({"promotion": promotion, "code": "MINE", "customer": one.id})
    rich = client.v1.promotion_codes.create(
        {"promotion": promotion, "restrictions": {"minimum_amount": 5000, "minimum_amount_currency": "usd"}}
    )
    for code, customer in ((mine, other), (rich, one)):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.subscriptions.create(
                {"customer": customer.id, "items": [{"price": price.id}], "discounts": [{"promotion_code": code.id}]}
            )
    assert client.v1.coupons.retrieve(coupon.id).times_redeemed == 0
    subscription = client.v1.subscriptions.create(
        {
            "customer": one.id,
            "items": [{"price": price.id}],
            "discounts": [{"promotion_code": mine.id}],
            "expand": ["discounts.source.coupon"],
        }
    )
    assert (subscription.discounts[0].source.coupon.percent_off, subscription.discounts[0].promotion_code) == (10, mine.id)
    assert client.v1.invoices.retrieve(subscription.latest_invoice).total == 900
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.promotion_codes.create({"promotion": promotion, "code": "mine"})
    assert refused.value.code == "resource_already_exists"


def test_a_credit_note_lowers_what_is_open(client: Client) -> None:
    invoice = client.v1.invoices.finalize_invoice(new_invoice(client, new_customer(client), 1000).id)
    note = client.v1.credit_notes.create({"invoice": invoice.id, "amount": 400})
    assert (note.type, note.pre_payment_amount, note.number) == ("pre_payment", 400, f"{invoice.number}-CN-01")
    assert client.v1.invoices.retrieve(invoice.id).amount_remaining == 600
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.credit_notes.create({"invoice": invoice.id, "amount": 601})
    client.v1.invoices.pay(invoice.id)
    assert client.v1.charges.list({"limit": 1}).data[0].amount == 600


def test_a_credit_note_gives_back_what_was_paid(client: Client) -> None:
    customer = new_customer(client)
    rate = client.v1.tax_rates.create({"display_name": "Tax", "inclusive": False, "percentage": 10})
    invoice = client.v1.invoices.pay(new_invoice(client, customer, 1000, default_tax_rates=[rate.id]).id)
    assert invoice.amount_paid == 1100
    seen = Events(client)
    line = invoice.lines.data[0].id
    note = client.v1.credit_notes.create(
        {
            "invoice": invoice.id,
            "lines": [{"type": "invoice_line_item", "invoice_line_item": line, "quantity": 1}],
            "refund_amount": 600,
            "credit_amount": 500,
        }
    )
    assert (note.amount, note.subtotal, note.total_taxes[0].amount, note.refunds[0].amount_refunded) == (1100, 1000, 100, 600)
    assert client.v1.customers.retrieve(customer.id).balance == -500
    assert client.v1.charges.list({"limit": 1}).data[0].amount_refunded == 600
    assert seen.types()[-2:] == ["credit_note.created", "invoice.updated"]
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.credit_notes.create({"invoice": invoice.id, "amount": 1, "refund_amount": 1})


def test_tax_ids_and_balances_belong_to_a_customer(client: Client) -> None:
    customer = new_customer(client)
    tax_id = client.v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "DE123456789"})
    assert [each.id for each in client.v1.customers.tax_ids.list(customer.id).data] == [tax_id.id]
    client.v1.customers.balance_transactions.create(customer.id, {"amount": -700, "currency": "usd"})
    assert client.v1.customers.retrieve(customer.id).balance == -700
    invoice = client.v1.invoices.pay(new_invoice(client, customer, 1000).id)
    assert (invoice.amount_paid, invoice.starting_balance) == (300, -700)


def test_an_invoice_on_a_clock_is_finalized_after_an_hour(client: Client) -> None:
    clock = new_clock(client)
    invoice = new_invoice(client, new_customer(client, clock), 1000, auto_advance=True)
    advance(client, clock, clock.frozen_time + 3599)
    assert client.v1.invoices.retrieve(invoice.id).status == "draft"
    advance(client, clock, clock.frozen_time + DAY)
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"
    found = client.v1.invoices.search({"query": f'customer:"{invoice.customer}" AND status:"paid"'}).data
    assert [each.id for each in found] == [invoice.id]


def test_a_balance_that_is_set_is_a_movement_and_the_next_invoice_uses_it(client: Client) -> None:
    customer = new_customer(client, balance=-300)
    client.v1.customers.update(customer.id, {"balance": -500})
    moved = client.v1.customers.balance_transactions.list(customer.id).data
    assert [(each.amount, each.type, each.ending_balance) for each in moved] == [
        (-200, "adjustment", -500),
        (-300, "initial", -300),
    ]
    reworded = client.v1.customers.balance_transactions.update(customer.id, moved[0].id, {"description": "Sorry"})
    assert (reworded.description, reworded.amount) == ("Sorry", -200)
    paid = client.v1.invoices.pay(new_invoice(client, customer, 1200).id)
    assert (paid.starting_balance, paid.ending_balance, paid.amount_due, paid.amount_paid) == (-500, 0, 700, 700)


def test_a_customer_wants_words_on_every_invoice(client: Client) -> None:
    wanted: Any = {"footer": "Thank you", "custom_fields": [{"name": "PO", "value": "7"}]}
    customer = new_customer(client, invoice_settings=wanted)
    invoice = new_invoice(client, customer, 900)
    assert (invoice.footer, invoice.custom_fields[0].value) == ("Thank you", "7")
    assert new_invoice(client, customer, 900, footer="Bye").footer == "Bye"
