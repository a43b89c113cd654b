"""Changing an invoice while it is a draft: its lines, its words, its dates; and what may still change afterwards."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import stripe
from tests.sandbox.billing import DAY, START, Events, advance, new_clock, new_customer, new_price
from tests.sandbox.conftest import Client, error_of


@pytest.fixture
def customer(client: Client) -> Any:
    return new_customer(client)


@pytest.fixture
def draft(client: Client, customer: Any) -> Any:
    return client.v1.invoices.create({"customer": customer.id})


def amounts(invoice: Any) -> list[int]:
    return [line.amount for line in invoice.lines.data]


def test_lines_are_added_changed_and_taken_off(client: Client, customer: Any, draft: Any) -> None:
    waiting = client.v1.invoice_items.create({"customer": customer.id, "amount": 50, "currency": "usd"})
    price = client.v1.prices.create({"currency": "usd", "unit_amount": 300, "product_data": {"name": "Cup"}})
    made = client.v1.invoices.add_lines(
        draft.id,
        {
            "lines": [
                {"description": "Work", "amount": 1000},
                {"pricing": {"price": price.id}, "quantity": 2},
                {"invoice_item": waiting.id},
            ],
            "invoice_metadata": {"order": "7"},
        },
    )
    assert (amounts(made), made.total, made.metadata["order"]) == ([1000, 600, 50], 1650, "7")
    first, second, third = made.lines.data
    changed = client.v1.invoices.update_lines(draft.id, {"lines": [{"id": first.id, "amount": 1100, "description": "More"}]})
    assert [(line.id, line.amount) for line in changed.lines.data] == [(first.id, 1100), (second.id, 600), (third.id, 50)]
    single = client.v1.invoices.line_items.update(draft.id, second.id, {"quantity": 3, "metadata": {"a": "b"}})
    assert (single.id, single.amount, single.metadata["a"]) == (second.id, 900, "b")
    left = client.v1.invoices.remove_lines(
        draft.id, {"lines": [{"id": first.id, "behavior": "delete"}, {"id": third.id, "behavior": "unassign"}]}
    )
    assert (amounts(left), left.total) == ([900], 900)
    pending = client.v1.invoice_items.list({"customer": customer.id, "pending": True}).data
    assert [each.id for each in pending] == [waiting.id]


def test_lines_of_others_and_of_final_invoices_stay(client: Client, customer: Any, draft: Any) -> None:
    other = client.v1.invoice_items.create({"customer": new_customer(client).id, "amount": 50, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.invoices.add_lines(draft.id, {"lines": [{"invoice_item": other.id}]})
    assert error_of(refused).param == "lines[0][invoice_item]"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.invoices.update_lines(draft.id, {"lines": [{"id": "il_none", "amount": 1}]})
    assert error_of(refused).code == "resource_missing"
    client.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 700}]})
    client.v1.invoices.finalize_invoice(draft.id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 700}]})
    assert error_of(refused).code == "invoice_not_editable"
    assert client.v1.invoices.retrieve(draft.id).total == 700


def test_words_and_addresses_of_an_invoice(client: Client, customer: Any) -> None:
    given: Any = {
        "custom_fields": [{"name": "PO", "value": "7"}],
        "footer": "Thank you",
        "effective_at": START,
        "shipping_details": {"name": "Ada", "address": {"line1": "1 Street", "country": "US"}},
        "statement_descriptor": "TEA",
    }
    invoice = client.v1.invoices.create({"customer": customer.id, **given})
    assert (invoice.custom_fields[0].value, invoice.footer, invoice.effective_at) == ("7", "Thank you", START)
    assert (invoice.shipping_details.name, invoice.shipping_details.address.line1) == ("Ada", "1 Street")
    client.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 700}]})
    final = client.v1.invoices.finalize_invoice(invoice.id)
    assert final.effective_at == START
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.invoices.update(invoice.id, {"custom_fields": ""})
    assert error_of(refused).code == "invoice_not_editable"
    assert client.v1.invoices.update(invoice.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"
    too_many: Any = [{"name": str(each), "value": "x"} for each in range(5)]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.invoices.create({"customer": customer.id, "custom_fields": too_many})
    assert error_of(refused).param == "custom_fields"


def test_a_draft_is_finalized_when_the_caller_wants(client: Client) -> None:
    clock = new_clock(client)
    customer = new_customer(client, clock)
    draft = client.v1.invoices.create({"customer": customer.id, "automatically_finalizes_at": START + 2 * DAY})
    client.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 700}]})
    assert (draft.auto_advance, draft.automatically_finalizes_at) == (True, START + 2 * DAY)
    later = client.v1.invoices.update(draft.id, {"automatically_finalizes_at": START + 3 * DAY})
    advance(client, clock, START + 2 * DAY + 60)
    assert client.v1.invoices.retrieve(later.id).status == "draft"
    advance(client, clock, START + 3 * DAY + 60)
    assert client.v1.invoices.retrieve(later.id).status == "paid"


def test_numbers_are_the_customers_own_and_never_twice(client: Client) -> None:
    customer = new_customer(client, invoice_prefix="TEA", next_invoice_sequence=41)
    numbers = []
    for _ in range(2):
        draft = client.v1.invoices.create({"customer": customer.id})
        numbers.append(client.v1.invoices.finalize_invoice(draft.id).number)
    assert numbers == ["TEA-0041", "TEA-0042"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.invoices.create({"customer": customer.id, "number": "TEA-0041"})
    assert error_of(refused).param == "number"


def test_an_invoice_brings_what_waits_when_asked(client: Client, customer: Any) -> None:
    client.v1.invoice_items.create({"customer": customer.id, "amount": 700, "currency": "usd"})
    without = client.v1.invoices.create({"customer": customer.id})
    including = client.v1.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})
    assert (without.total, including.total) == (0, 700)


def test_the_pdf_of_an_invoice_is_one(client: Client, customer: Any, draft: Any) -> None:
    client.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 700, "description": "Tea (green)"}]})
    final = client.v1.invoices.finalize_invoice(draft.id)
    answer = httpx.get(final.invoice_pdf)
    assert (answer.status_code, answer.headers["content-type"], answer.content[:5]) == (200, "application/pdf", b"%PDF-")


def test_a_seller_and_a_buyer_of_one_currency_only(client: Client, customer: Any, draft: Any) -> None:
    price = new_price(client, 900, currency="eur", recurring=None)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoices.add_lines(draft.id, {"lines": [{"pricing": {"price": price.id}}]})
    assert client.v1.invoices.retrieve(draft.id).lines.data == []


def test_events_of_a_draft(client: Client, draft: Any) -> None:
    seen = Events(client)
    client.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 700}]})
    client.v1.invoices.update(draft.id, {"footer": "Thank you"})
    client.v1.invoices.update(draft.id, {"footer": "Thank you"})
    client.v1.invoices.delete(draft.id)
    assert seen.types() == ["invoiceitem.created", "invoice.updated", "invoice.updated", "invoice.deleted"]
