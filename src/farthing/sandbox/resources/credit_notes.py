"""Credit notes: taking back part of a finalized invoice, before it is paid or after."""

from __future__ import annotations

from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import invalid, missing_parameter, not_here_yet, refuse_not_here
from farthing.sandbox.lifecycle import Lifecycle
from farthing.sandbox.listing import cut, equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import credit_note_lines, customer_balance, invoice_collection, invoice_payments, refunds
from farthing.sandbox.store import Json, Record

LIFECYCLE = Lifecycle("CreditNote", {"issued": {"void": "void"}, "void": {}})
NOT_HERE = {"shipping_cost": "shipping on invoices"}


def create(account: Account, params: Json) -> Record:
    note, invoice, paid = _made(account, params)
    account.emit("credit_note.created", note)
    _note_on(account, invoice, note["amount"], paid=paid)
    return note


def _made(account: Account, params: Json) -> tuple[Record, Record, bool]:
    """The note, its invoice, and whether that has been paid already. The invoice says nothing of the note yet."""
    invoice = account.get("invoice", params["invoice"], param="invoice")
    note, paid = _draft(account, invoice, params)
    _give_back(account, note, invoice, params, paid=paid)
    return note, invoice, paid


def _draft(account: Account, invoice: Record, params: Json) -> tuple[Record, bool]:
    """The note, and whether the invoice has been paid already. Nothing has moved yet."""
    refuse_not_here(params, NOT_HERE)
    # Nobody is written to, whichever it says.
    params.get("email_type")
    if invoice["status"] not in ("open", "paid", "uncollectible"):
        raise invalid(
            f"You can only create credit notes for finalized invoices; this one is {invoice['status']}.", param="invoice"
        )
    lines = credit_note_lines.asked(account, invoice, params)
    amount = sum(credit_note_lines.total(line) for line in lines)
    if amount < 1:
        raise invalid("A credit note must credit at least 1.", param="amount")
    paid = invoice["status"] == "paid"
    left = _left(invoice, paid=paid)
    if amount > left:
        raise invalid(f"The credit note's amount ({amount}) is more than what can be credited ({left}).", param="amount")
    note = account.add("credit_note", "cn", _fields(account, invoice, params, lines, amount, paid=paid), lines=lines)
    note["lines"]["url"] = f"/v1/credit_notes/{note.id}/lines"
    return note, paid


def preview(account: Account, params: Json) -> Json:
    return _previewed(account, params).body


def preview_lines(account: Account, params: Json) -> Json:
    return cut(_previewed(account, params).inner["lines"], "/v1/credit_notes/preview/lines", params)


def _previewed(account: Account, params: Json) -> Record:
    return account.imagine(lambda: _made(account, params)[0])


def _left(invoice: Record, *, paid: bool) -> int:
    if paid:
        return int(invoice["total"] - invoice["post_payment_credit_notes_amount"] - invoice["pre_payment_credit_notes_amount"])
    return int(invoice["amount_remaining"])


def _fields(account: Account, invoice: Record, params: Json, lines: list[Json], amount: int, *, paid: bool) -> Json:
    count = len(account.select("credit_note", "json_extract(body, '$.invoice') = ?", invoice.id))
    return {
        "amount": amount,
        "amount_shipping": 0,
        "customer": invoice["customer"],
        "customer_account": None,
        "customer_balance_transaction": None,
        "currency": invoice["currency"],
        "effective_at": params.get("effective_at") or account.clock.seconds(),
        "invoice": invoice.id,
        "lines": cut(lines, "", {}),
        "memo": blank_as_none(params.get("memo")),
        "metadata": merge_metadata({}, params.get("metadata")),
        "number": f"{invoice['number']}-CN-{count + 1:02d}",
        "out_of_band_amount": params.get("out_of_band_amount"),
        "pdf": f"{account.url}/i/{invoice.id}/pdf",
        "post_payment_amount": amount if paid else 0,
        "pre_payment_amount": 0 if paid else amount,
        "reason": params.get("reason"),
        "refunds": [],
        "shipping_cost": None,
        "status": "issued",
        "total": amount,
        "type": "post_payment" if paid else "pre_payment",
        "voided_at": None,
    } | credit_note_lines.sums(lines)


def _give_back(account: Account, note: Record, invoice: Record, params: Json, *, paid: bool) -> None:
    """Money or credit, when the invoice was paid; one that was not paid has nothing to give back."""
    parts = {name: params.get(name) or 0 for name in ("refund_amount", "credit_amount", "out_of_band_amount")}
    linked = _linked(account, invoice, params.get("refunds") or [])
    if not paid:
        for name, part in (*parts.items(), ("refunds", len(linked))):
            if part:
                raise invalid("This invoice has not been paid: there is nothing to give back.", param=name)
        account.save(note)
        return
    whole = sum(parts.values()) + sum(each["amount_refunded"] for each in linked)
    if min(parts.values()) < 0 or whole != note["amount"]:
        raise invalid(
            "The sum of refund_amount, credit_amount, out_of_band_amount and refunds must equal the credit note's amount when "
            f"the invoice is paid: {whole} is not {note['amount']}.",
            param="refund_amount",
        )
    note["refunds"] = linked
    if parts["refund_amount"]:
        note["refunds"] = [*linked, _refund(account, invoice, parts["refund_amount"])]
    if parts["credit_amount"]:
        note["customer_balance_transaction"] = _credit(account, note, invoice, parts["credit_amount"])
    account.save(note)


def _note_on(account: Account, invoice: Record, amount: int, *, paid: bool) -> None:
    """What the invoice says of its credit notes: there is less to pay when it was open."""
    if paid:
        given = invoice["post_payment_credit_notes_amount"] + amount
        account.update(invoice, "invoice.updated", post_payment_credit_notes_amount=given)
        return
    changed = {name: invoice[name] - amount for name in ("amount_remaining", "amount_due")}
    given = invoice["pre_payment_credit_notes_amount"] + amount
    account.update(invoice, "invoice.updated", pre_payment_credit_notes_amount=given, **changed)
    invoice_collection.owe_less(account, invoice)


def _linked(account: Account, invoice: Record, given: list[Json]) -> list[Json]:
    """Refunds that were made before, of the payment of this invoice."""
    intent = _intent(account, invoice)
    found = []
    for place, each in enumerate(given):
        if each.get("type", "refund") != "refund":
            raise not_here_yet(f"refunds[{place}][type]", "payment records")
        if "refund" not in each:
            raise missing_parameter(f"refunds[{place}][refund]")
        refund = account.get("refund", each["refund"], param=f"refunds[{place}][refund]")
        part = each.get("amount_refunded", refund["amount"])
        if refund["payment_intent"] != intent or not 0 < part <= refund["amount"]:
            raise invalid("This refund is not of this invoice's payment, or not of as much.", param=f"refunds[{place}][refund]")
        found.append({"amount_refunded": part, "refund": refund.id, "type": "refund"})
    return found


def _intent(account: Account, invoice: Record) -> str | None:
    payment = invoice_payments.of(account, invoice)
    return payment["payment"].get("payment_intent") if payment and payment["status"] == "paid" else None


def _refund(account: Account, invoice: Record, amount: int) -> Json:
    intent = _intent(account, invoice)
    if intent is None:
        raise invalid("This invoice was not paid by a payment that can be refunded.", param="refund_amount")
    refund = refunds.create(account, {"payment_intent": intent, "amount": amount})
    return {"amount_refunded": refund["amount"], "refund": refund.id, "type": "refund"}


def _credit(account: Account, note: Record, invoice: Record, amount: int) -> str:
    customer = account.get("customer", invoice["customer"])
    about = {"credit_note": note.id, "invoice": invoice.id}
    return customer_balance.move(account, customer, -amount, "credit_note", invoice["currency"], **about).id


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
    _note_on(account, invoice, -note["amount"], paid=False)
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
    Operation("GET", "/v1/credit_notes/preview", "CreditNotePreviewParams", preview),
    Operation("GET", "/v1/credit_notes/preview/lines", "CreditNotePreviewLinesListParams", preview_lines),
    Operation("GET", "/v1/credit_notes/{id}", "CreditNoteRetrieveParams", retrieve),
    Operation("POST", "/v1/credit_notes/{id}", "CreditNoteUpdateParams", update),
    Operation("GET", "/v1/credit_notes/{id}/lines", "CreditNoteListLinesParams", lines_of),
    Operation("POST", "/v1/credit_notes/{id}/void", "CreditNoteVoidCreditNoteParams", void),
)
