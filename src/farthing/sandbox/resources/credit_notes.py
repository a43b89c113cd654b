"""Credit notes: taking back part of a finalized invoice, before it is paid or after."""

from __future__ import annotations

from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import exclusive_parameters, invalid, malformed, missing_parameter, not_here_yet
from farthing.sandbox.ids import new_id
from farthing.sandbox.lifecycle import Lifecycle
from farthing.sandbox.listing import cut, equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import customer_balance, discounts, invoice_collection, invoice_payments, refunds
from farthing.sandbox.store import Json, Record

LIFECYCLE = Lifecycle("CreditNote", {"issued": {"void": "void"}, "void": {}})
NOT_HERE = {"shipping_cost": "shipping on invoices", "refunds": "refunds that were made before the credit note"}


def create(account: Account, params: Json) -> Record:
    for name, what in NOT_HERE.items():
        if params.get(name):
            raise not_here_yet(name, what)
    invoice = account.get("invoice", params["invoice"], param="invoice")
    if invoice["status"] not in ("open", "paid", "uncollectible"):
        raise invalid(
            f"You can only create credit notes for finalized invoices; this one is {invoice['status']}.", param="invoice"
        )
    lines = _lines(account, invoice, params)
    amount = sum(line["amount"] + _added(line) for line in lines)
    if amount < 1:
        raise invalid("A credit note must credit at least 1.", param="amount")
    paid = invoice["status"] == "paid"
    left = _left(invoice, paid=paid)
    if amount > left:
        raise invalid(f"The credit note's amount ({amount}) is more than what can be credited ({left}).", param="amount")
    note = account.add("credit_note", "cn", _fields(account, invoice, params, lines, amount, paid=paid), lines=lines)
    account.emit("credit_note.created", note)
    _settle(account, note, invoice, params, amount, paid=paid)
    return note


def _left(invoice: Record, *, paid: bool) -> int:
    if paid:
        return int(invoice["total"] - invoice["post_payment_credit_notes_amount"] - invoice["pre_payment_credit_notes_amount"])
    return int(invoice["amount_remaining"])


def _lines(account: Account, invoice: Record, params: Json) -> list[Json]:
    if "amount" in params and "lines" in params:
        raise exclusive_parameters("amount", "lines")
    if "lines" in params:
        return [_line(account, invoice, each, f"lines[{place}]") for place, each in enumerate(params["lines"])]
    if "amount" not in params:
        raise missing_parameter("amount")
    return [_shown("custom_line_item", params["amount"], "Credit", 1, None, [])]


def _line(account: Account, invoice: Record, given: Json, param: str) -> Json:
    del account
    if given["type"] == "custom_line_item":
        quantity, each = given.get("quantity", 1), given.get("unit_amount")
        if each is None:
            raise missing_parameter(f"{param}[unit_amount]")
        return _shown("custom_line_item", each * quantity, given.get("description"), quantity, None, [])
    line = next((each for each in invoice.inner["lines"] if each["id"] == given.get("invoice_line_item")), None)
    if line is None:
        raise invalid(
            "No such invoice line item on this invoice.", param=f"{param}[invoice_line_item]", code="resource_missing"
        )
    quantity = given.get("quantity", line["quantity"])
    amount = given.get("amount")
    if amount is None:
        net = line["amount"] - sum(each["amount"] for each in line["discount_amounts"])
        amount = discounts.split(net, [quantity, max((line["quantity"] or 1) - quantity, 0)])[0]
    whole = line["amount"] or 1
    taxes = [
        {**each, "amount": each["amount"] * amount // whole, "taxable_amount": amount}
        for each in line["taxes"]
        if not given.get("tax_rates") and not given.get("tax_amounts")
    ]
    return _shown("invoice_line_item", amount, line["description"], quantity, line["id"], taxes)


def _shown(kind: str, amount: int, description: str | None, quantity: int, line: str | None, taxes: list[Json]) -> Json:
    if amount < 0 or quantity < 0:
        raise malformed("This value must be greater than or equal to 0.", param="lines")
    return {
        "id": new_id("cnli"),
        "object": "credit_note_line_item",
        "amount": amount,
        "description": description,
        "discount_amount": 0,
        "discount_amounts": [],
        "invoice_line_item": line,
        "livemode": False,
        "metadata": {},
        "pretax_credit_amounts": [],
        "quantity": quantity,
        "tax_rates": [],
        "taxes": taxes,
        "type": kind,
        "unit_amount": amount // quantity if quantity else amount,
        "unit_amount_decimal": str(amount // quantity if quantity else amount),
    }


def _added(line: Json) -> int:
    return sum(each["amount"] for each in line["taxes"] if each["tax_behavior"] == "exclusive")


def _fields(account: Account, invoice: Record, params: Json, lines: list[Json], amount: int, *, paid: bool) -> Json:
    count = len(account.select("credit_note", "json_extract(body, '$.invoice') = ?", invoice.id))
    subtotal = sum(line["amount"] for line in lines)
    taxes = [tax for line in lines for tax in line["taxes"]]
    return {
        "amount": amount,
        "amount_shipping": 0,
        "customer": invoice["customer"],
        "customer_account": None,
        "customer_balance_transaction": None,
        "currency": invoice["currency"],
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": account.clock.seconds(),
        "invoice": invoice.id,
        "lines": cut(lines, "", {}),
        "memo": blank_as_none(params.get("memo")),
        "metadata": merge_metadata({}, params.get("metadata")),
        "number": f"{invoice['number']}-CN-{count + 1:02d}",
        "out_of_band_amount": params.get("out_of_band_amount"),
        "pdf": f"{account.url}/i/{invoice.id}/pdf",
        "post_payment_amount": amount if paid else 0,
        "pre_payment_amount": 0 if paid else amount,
        "pretax_credit_amounts": [],
        "reason": params.get("reason"),
        "refunds": [],
        "shipping_cost": None,
        "status": "issued",
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total": amount,
        "total_excluding_tax": subtotal,
        "total_taxes": taxes,
        "type": "post_payment" if paid else "pre_payment",
        "voided_at": None,
    }


def _settle(account: Account, note: Record, invoice: Record, params: Json, amount: int, *, paid: bool) -> None:
    """Less to pay when it was open; money or credit back when it was paid."""
    note["lines"]["url"] = f"/v1/credit_notes/{note.id}/lines"
    if not paid:
        left = invoice["amount_remaining"] - amount
        given = invoice["pre_payment_credit_notes_amount"] + amount
        changed = {"amount_remaining": left, "amount_due": invoice["amount_due"] - amount}
        account.save(note)
        account.update(invoice, "invoice.updated", pre_payment_credit_notes_amount=given, **changed)
        invoice_collection.owe_less(account, invoice)
        return
    parts = {name: params.get(name) or 0 for name in ("refund_amount", "credit_amount", "out_of_band_amount")}
    if sum(parts.values()) != amount:
        raise invalid(
            "The sum of refund_amount, credit_amount and out_of_band_amount must equal the credit note's amount when the "
            f"invoice is paid: {sum(parts.values())} is not {amount}.",
            param="refund_amount",
        )
    given = invoice["post_payment_credit_notes_amount"] + amount
    account.update(invoice, "invoice.updated", post_payment_credit_notes_amount=given)
    if parts["refund_amount"]:
        payment = invoice_payments.of(account, invoice)
        intent = payment["payment"].get("payment_intent") if payment else None
        if intent is None:
            raise invalid("This invoice was not paid by a payment that can be refunded.", param="refund_amount")
        refund = refunds.create(account, {"payment_intent": intent, "amount": parts["refund_amount"]})
        note["refunds"] = [{"amount_refunded": refund["amount"], "refund": refund.id, "type": "refund"}]
    if parts["credit_amount"]:
        customer = account.get("customer", invoice["customer"])
        moved = customer_balance.move(
            account,
            customer,
            -parts["credit_amount"],
            "credit_note",
            invoice["currency"],
            credit_note=note.id,
            invoice=invoice.id,
        )
        note["customer_balance_transaction"] = moved.id
    account.save(note)


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("credit_note", id)


def update(account: Account, id: str, params: Json) -> Record:
    note = account.get("credit_note", id)
    changed: Json = {"metadata": merge_metadata(note["metadata"], params.get("metadata"))}
    if "memo" in params:
        changed["memo"] = blank_as_none(params["memo"])
    account.update(note, "credit_note.updated", **changed)
    return note


def void(account: Account, id: str, params: Json) -> Record:
    del params
    note = account.get("credit_note", id)
    invoice = account.get("invoice", note["invoice"])
    if not LIFECYCLE.allows(note["status"], "void") or invoice["status"] != "open":
        raise invalid("You can only void a credit note that is issued and whose invoice is open.")
    note.body |= {"status": LIFECYCLE.move(note["status"], "void"), "voided_at": account.clock.seconds()}
    account.save(note)
    account.emit("credit_note.voided", note)
    amount = note["amount"]
    changed = {name: invoice[name] + amount for name in ("amount_remaining", "amount_due")}
    given = invoice["pre_payment_credit_notes_amount"] - amount
    account.update(invoice, "invoice.updated", pre_payment_credit_notes_amount=given, **changed)
    invoice_collection.owe_less(account, invoice)
    return note


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "customer", "invoice")
    return page(account, "credit_note", "/v1/credit_notes", params, where, *values)


def lines_of(account: Account, id: str, params: Json) -> Json:
    note = account.get("credit_note", id)
    return cut(note.inner["lines"], f"/v1/credit_notes/{id}/lines", params)


OPERATIONS = (
    Operation("POST", "/v1/credit_notes", "CreditNoteCreateParams", create),
    Operation("GET", "/v1/credit_notes", "CreditNoteListParams", list_),
    Operation("GET", "/v1/credit_notes/{id}", "CreditNoteRetrieveParams", retrieve),
    Operation("POST", "/v1/credit_notes/{id}", "CreditNoteUpdateParams", update),
    Operation("GET", "/v1/credit_notes/{id}/lines", "CreditNoteListLinesParams", lines_of),
    Operation("POST", "/v1/credit_notes/{id}/void", "CreditNoteVoidCreditNoteParams", void),
)
