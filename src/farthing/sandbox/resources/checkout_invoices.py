"""The invoice after a one-off purchase, for sessions with `invoice_creation`: written and paid by that payment."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.resources import invoice_collection, invoice_items, invoice_lines, invoices
from farthing.sandbox.store import Record


def write(account: Account, session: Record, intent: Record | None) -> None:
    wanted = session["invoice_creation"]
    if not wanted["enabled"]:
        return
    customer = account.get("customer", session["customer"])
    items = [_item(account, session, customer, line) for line in session.inner["lines"] if line["quantity"]]
    invoice = invoices.draft(
        account,
        customer,
        session["currency"],
        [invoice_lines.of_invoice_item(each) for each in items],
        reason="manual",
        given=[account.get("discount", each["id"]) for each in session.inner["discounts"]],
        auto_advance=False,
        metadata=wanted["invoice_data"]["metadata"],
        texts={name: wanted["invoice_data"][name] for name in ("description", "footer")},
        wanted_discounts=[],
    )
    invoices.claim_items(account, items, invoice)
    invoice_collection.finalize(account, invoice, intent=intent)
    session["invoice"] = invoice.id
    if intent is not None:
        intent.inner["invoice"] = invoice.id
        account.save(intent)
        invoice_collection.follow(account, intent)


def _item(account: Account, session: Record, customer: Record, line: dict[str, object]) -> Record:
    rates = session.inner["rates"].get(line["id"], [])
    asked = {
        "amount": line["amount_subtotal"],
        "currency": line["currency"],
        "description": line["description"],
        "discountable": True,
        "metadata": {},
        "period": None,
        "price": line["price"],
        "quantity": line["quantity"],
        "rates": rates,
    }
    return invoice_items.make(account, customer, asked)
