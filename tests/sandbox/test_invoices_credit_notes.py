"""Credit notes: parts of lines with their discounts and taxes, before the invoice is paid and after, seen in advance."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.billing import Events, new_customer
from tests.sandbox.conftest import Client, error_of, eventually


@pytest.fixture
def invoice(client: Client) -> Any:
    """Two cups at 10.00 each, a quarter off, ten percent of tax on top: 16.50."""
    customer = new_customer(client)
    tax = client.v1.tax_rates.create({"display_name": "Tax", "inclusive": False, "percentage": 10})
    coupon = client.v1.coupons.create({"percent_off": 25, "duration": "once"})
    price = client.v1.prices.create({"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Cup"}})
    draft = client.v1.invoices.create(
        {"customer": customer.id, "default_tax_rates": [tax.id], "discounts": [{"coupon": coupon.id}]}
    )
    client.v1.invoices.add_lines(draft.id, {"lines": [{"pricing": {"price": price.id}, "quantity": 2}]})
    final = client.v1.invoices.finalize_invoice(draft.id)
    assert final.total == 1650
    return final


def half(invoice: Any, **more: Any) -> Any:
    line = {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[0].id, "quantity": 1}
    return {"invoice": invoice.id, "lines": [line], **more}


def test_a_part_of_a_line_takes_its_share_of_discount_and_tax_along(client: Client, invoice: Any) -> None:
    client.v1.invoices.pay(invoice.id)
    preview = client.v1.credit_notes.preview(half(invoice, refund_amount=825))
    assert client.v1.credit_notes.list({"invoice": invoice.id}).data == []
    note = client.v1.credit_notes.create(half(invoice, refund_amount=825))
    for each in (preview, note):
        assert (each.subtotal, each.discount_amount, each.total_taxes[0].amount, each.total, each.amount) == (
            1000,
            250,
            75,
            825,
            825,
        )
        assert (each.subtotal_excluding_tax, each.total_excluding_tax, each.type) == (1000, 750, "post_payment")
    line = client.v1.credit_notes.line_items.list(note.id).data[0]
    assert (line.amount, line.quantity, line.discount_amount, line.taxes[0].amount) == (1000, 1, 250, 75)
    refund = client.v1.refunds.retrieve(note.refunds[0].refund)
    assert (refund.amount, refund.status) == (825, "succeeded")
    assert client.v1.invoices.retrieve(invoice.id).post_payment_credit_notes_amount == 825
    client.v1.credit_notes.create(half(invoice, credit_amount=800, out_of_band_amount=25))
    assert client.v1.customers.retrieve(invoice.customer).balance == -800
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.credit_notes.create(half(invoice, out_of_band_amount=825))
    assert error_of(refused).param == "amount"


def test_the_event_of_a_credit_note_names_the_refund_and_the_credit_it_gave(client: Client, invoice: Any) -> None:
    client.v1.invoices.pay(invoice.id)
    seen = Events(client)
    note = client.v1.credit_notes.create(half(invoice, refund_amount=800, credit_amount=25))
    told = next(each.data.object for each in seen.news() if each.type == "credit_note.created")
    assert told.to_dict() == note.to_dict()
    assert (told.refunds[0].amount_refunded, told.customer_balance_transaction) == (800, note.customer_balance_transaction)


def test_a_refund_that_was_made_before_can_be_named(client: Client, invoice: Any) -> None:
    client.v1.invoices.pay(invoice.id)
    charge = client.v1.charges.list({"limit": 1}).data[0]
    refund = client.v1.refunds.create({"charge": charge.id, "amount": 825})
    note = client.v1.credit_notes.create(half(invoice, refunds=[{"refund": refund.id}]))
    assert [(each.refund, each.amount_refunded) for each in note.refunds] == [(refund.id, 825)]
    assert len(client.v1.refunds.list().data) == 1
    eventually(lambda: client.v1.charges.retrieve(charge.id).balance_transaction)
    elsewhere = client.v1.payment_intents.create(
        {
            "amount": 900,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
    foreign = client.v1.refunds.create({"payment_intent": elsewhere.id, "amount": 825})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.credit_notes.create(half(invoice, refunds=[{"refund": foreign.id}]))
    assert error_of(refused).param == "refunds[0][refund]"


def test_before_it_is_paid_less_is_asked_for_and_voiding_takes_that_back(client: Client, invoice: Any) -> None:
    seen = Events(client)
    note = client.v1.credit_notes.create(half(invoice, reason="order_change", memo="One broke"))
    lowered = client.v1.invoices.retrieve(invoice.id, {"expand": ["payments"]})
    assert (note.type, note.reason, note.memo) == ("pre_payment", "order_change", "One broke")
    assert (lowered.amount_remaining, lowered.amount_due, lowered.pre_payment_credit_notes_amount) == (825, 825, 825)
    intent = lowered.payments.data[0].payment.payment_intent
    assert client.v1.payment_intents.retrieve(intent).amount == 825
    assert seen.types() == ["credit_note.created", "invoice.updated"]
    assert client.v1.credit_notes.void_credit_note(note.id).status == "void"
    assert client.v1.invoices.retrieve(invoice.id).amount_remaining == 1650
    assert client.v1.payment_intents.retrieve(intent).amount == 1650
    client.v1.credit_notes.create({"invoice": invoice.id, "amount": 1650})
    assert client.v1.invoices.retrieve(invoice.id).status == "paid"
    assert client.v1.payment_intents.retrieve(intent).status == "canceled"


def test_a_line_of_its_own_with_taxes_of_its_own(client: Client, invoice: Any) -> None:
    client.v1.invoices.pay(invoice.id)
    vat = client.v1.tax_rates.create({"display_name": "VAT", "inclusive": True, "percentage": 20})
    line: Any = {
        "type": "custom_line_item",
        "description": "Goodwill",
        "unit_amount": 600,
        "quantity": 2,
        "tax_rates": [vat.id],
    }
    note = client.v1.credit_notes.create({"invoice": invoice.id, "lines": [line], "credit_amount": 1200})
    assert (note.amount, note.total_taxes[0].amount, note.total_excluding_tax) == (1200, 200, 1000)


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"amount": 825, "refund_amount": 824}, "refund_amount"),
        ({"amount": 0}, "amount"),
        ({}, "amount"),
        ({"amount": 1, "lines": [{"type": "custom_line_item", "unit_amount": 1}]}, "amount"),
        ({"lines": [{"type": "invoice_line_item", "invoice_line_item": "il_none"}]}, "lines[0][invoice_line_item]"),
        ({"lines": [{"type": "custom_line_item"}]}, "lines[0][unit_amount]"),
    ],
)
def test_notes_that_do_not_add_up(client: Client, invoice: Any, params: Any, param: str) -> None:
    client.v1.invoices.pay(invoice.id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.credit_notes.create({"invoice": invoice.id, **params})
    assert error_of(refused).param == param
    assert client.v1.credit_notes.list().data == []
    assert client.v1.customers.retrieve(invoice.customer).balance == 0


def test_a_line_cannot_give_back_more_than_it_has(client: Client, invoice: Any) -> None:
    line = invoice.lines.data[0].id
    for part, name in (({"quantity": 3}, "quantity"), ({"amount": 2001}, "amount")):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.credit_notes.create(
                {"invoice": invoice.id, "lines": [{"type": "invoice_line_item", "invoice_line_item": line, **part}]}
            )
        assert error_of(refused).param == f"lines[0][{name}]"
