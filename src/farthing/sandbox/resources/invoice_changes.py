"""Changing invoices: a draft entirely, what is final hardly; lines added, altered and taken off by hand."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import invalid, not_here_yet
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import (
    billing_shares,
    discounts,
    invoice_due_dates,
    invoice_items,
    invoice_lines,
    invoice_parameters,
    invoices,
    tax_rates,
)
from farthing.sandbox.settings import DAY
from farthing.sandbox.store import Json, Record

LINES_AT_ONCE_MAX = 250
# What may still change when the money has been asked for.
FREE = frozenset(
    "metadata auto_advance default_payment_method description days_until_due due_date statement_descriptor footer".split()
)


def update(account: Account, id: str, params: Json) -> Record:
    invoice_parameters.refuse_what_is_not_here(params)
    invoice = account.get("invoice", id)
    final = invoice["status"] != "draft"
    if final and params.keys() - FREE:
        raise invoices.not_editable()
    before = deepcopy(invoice.body)
    changed: dict[str, Any] = {"metadata": merge_metadata(invoice["metadata"] or {}, params.get("metadata"))}
    changed |= invoice_parameters.texts(account, params) | _due(account, invoice, params)
    if "default_payment_method" in params:
        changed["default_payment_method"] = invoice_parameters.own_method(
            account, invoice["customer"], blank_as_none(params["default_payment_method"])
        )
    if "default_tax_rates" in params:
        changed["default_tax_rates"] = tax_rates.chosen(account, params["default_tax_rates"], "default_tax_rates")
    if {"application_fee_amount", "transfer_data", "on_behalf_of"} & params.keys():
        invoice.inner["shares"] = billing_shares.of_invoice(account, params, invoice.inner.get("shares"))
    changed |= _advancing(account, invoice, params, changed)
    invoice.body |= changed
    if not final:
        customer = account.get("customer", invoice["customer"])
        invoices.recalculate(account, invoice, customer, _rediscounted(account, invoice, params))
    account.save(invoice)
    if final and invoice["due_date"] != before["due_date"]:
        invoice_due_dates.plan(account, invoice)
    if invoice.body != before:
        account.emit("invoice.updated", invoice, before=before)
    return invoice


def _due(account: Account, invoice: Record, params: Json) -> Json:
    """How the money is asked for, and until when."""
    invoice_parameters.check_moments(account, params)
    method = params.get("collection_method", invoice["collection_method"])
    moment = params.get("due_date", invoice["due_date"])
    if "days_until_due" in params:
        moment = invoice["created"] + params["days_until_due"] * DAY
    if method == "send_invoice" and moment is None:
        raise invalid("You must pass `due_date` or `days_until_due` with collection_method=send_invoice.", param="due_date")
    if method != "send_invoice" and {"due_date", "days_until_due"} & params.keys():
        raise invalid("You cannot set a due date unless `collection_method` is `send_invoice`.", param="due_date")
    return {"collection_method": method, "due_date": moment if method == "send_invoice" else None}


def _advancing(account: Account, invoice: Record, params: Json, changed: Json) -> Json:
    """Whether, and from when, it goes on by itself."""
    if "auto_advance" in params and params.get("automatically_finalizes_at") is None:
        changed["auto_advance"] = params["auto_advance"]
    if invoice["status"] != "draft" or "auto_advance" not in changed:
        return {}
    if not changed["auto_advance"]:
        return {"automatically_finalizes_at": None}
    moment = changed.get("automatically_finalizes_at") or (
        invoice["automatically_finalizes_at"] or account.clock.seconds() + invoices.FINALIZES_AFTER_SECONDS
    )
    account.at(moment, "invoices.advance", invoice)
    return {"automatically_finalizes_at": moment}


def _rediscounted(account: Account, invoice: Record, params: Json) -> list[Record] | None:
    if "discounts" not in params:
        return None
    return discounts.granted(
        account,
        params["discounts"],
        "discounts",
        customer=invoice["customer"],
        amount=invoice["subtotal"],
        currency=invoice["currency"],
        invoice=invoice.id,
    )


def delete(account: Account, id: str, params: Json) -> Json:
    del params
    invoice = account.get("invoice", id)
    if invoice["status"] != "draft":
        raise invalid(
            "You can only delete draft invoices. To void an invoice that has been finalized, use the void endpoint.",
            code="invoice_not_editable",
        )
    if invoice["parent"]:
        raise invalid("Draft invoices of a subscription cannot be deleted. Finalize and void it instead.")
    for item in account.select("invoiceitem", "json_extract(body, '$.invoice') = ?", id):
        account.store.remove(account.id, item.id)
    account.emit("invoice.deleted", invoice)
    account.store.remove(account.id, id)
    return {"id": id, "object": "invoice", "deleted": True}


# Lines, several at once or one


def _draft(account: Account, id: str) -> Record:
    invoice = account.get("invoice", id)
    if invoice["status"] != "draft":
        raise invoices.not_editable()
    return invoice


def add_lines(account: Account, id: str, params: Json) -> Record:
    """Each becomes an invoice item, as if it had been made with one; or is one that waits."""
    invoice = _draft(account, id)
    for place, each in enumerate(_some(params["lines"])):
        if waiting := each.get("invoice_item"):
            item = account.get("invoiceitem", waiting, param=f"lines[{place}][invoice_item]")
            if item["invoice"] or item["customer"] != invoice["customer"] or item["currency"] != invoice["currency"]:
                raise invalid("This invoice item cannot be added to this invoice.", param=f"lines[{place}][invoice_item]")
            invoices.claim_items(account, [item], invoice)
            invoices.add_item(account, invoice, item)
        else:
            _refuse_tax_amounts(each, f"lines[{place}]")
            owner = {"customer": invoice["customer"], "invoice": id, "currency": invoice["currency"]}
            invoice_items.create(account, {name: each[name] for name in each} | owner)
            invoice = account.get("invoice", id)
    _note(account, invoice, params)
    return account.get("invoice", id)


def _some(lines: list[Json]) -> list[Json]:
    if not 1 <= len(lines) <= LINES_AT_ONCE_MAX:
        raise invalid(f"Pass from 1 to {LINES_AT_ONCE_MAX} lines.", param="lines")
    return lines


def _refuse_tax_amounts(line: Json, param: str) -> None:
    if line.get("tax_amounts"):
        raise not_here_yet(f"{param}[tax_amounts]", "taxes that were calculated elsewhere")


def _note(account: Account, invoice: Record, params: Json) -> None:
    if "invoice_metadata" in params:
        metadata = merge_metadata(invoice["metadata"] or {}, params["invoice_metadata"])
        account.update(invoice, "invoice.updated", metadata=metadata)


def update_lines(account: Account, id: str, params: Json) -> Record:
    for place, each in enumerate(_some(params["lines"])):
        _refuse_tax_amounts(each, f"lines[{place}]")
        _change_line(account, _draft(account, id), each["id"], {name: each[name] for name in each if name != "id"})
    _note(account, account.get("invoice", id), params)
    return account.get("invoice", id)


def update_line(account: Account, id: str, line: str, params: Json) -> Json:
    _refuse_tax_amounts(params, "")
    place = _change_line(account, _draft(account, id), line, {name: params[name] for name in params})
    invoice = account.get("invoice", id)
    return invoice_lines.shown(invoice.inner["lines"], id)[place]


def _change_line(account: Account, invoice: Record, line: str, change: Json) -> int:
    """A line that stands for an invoice item changes with it, and keeps its id and its place."""
    place = _place(invoice, line)
    found = invoice.inner["lines"][place]
    details = found["parent"]["invoice_item_details"]
    if details is None:
        if change.keys() - {"metadata", "description", "tax_rates"}:
            raise invalid("Only the text and the taxes of a subscription's line can be changed.", param="lines")
        _reword(account, found, change)
        invoices.refresh(account, invoice)
        return place
    invoice_items.update(account, details["invoice_item"], change)
    fresh = account.get("invoice", invoice.id)
    lines = fresh.inner["lines"]
    now = next((at for at, each in enumerate(lines) if (each["parent"]["invoice_item_details"] or {}) == details), None)
    if now is not None and lines[now]["id"] != line:
        moved = lines.pop(now) | {"id": line}
        lines.insert(place, moved)
        invoices.recalculate(account, fresh, account.get("customer", fresh["customer"]))
    return place


def _reword(account: Account, line: Json, change: Json) -> None:
    if "description" in change:
        line["description"] = blank_as_none(change["description"])
    if "tax_rates" in change:
        line["rates"] = tax_rates.chosen(account, change["tax_rates"], "tax_rates")
    line["metadata"] = merge_metadata(line["metadata"], change.get("metadata"))


def _place(invoice: Record, line: str) -> int:
    for place, each in enumerate(invoice.inner["lines"]):
        if each["id"] == line:
            return place
    raise invalid(f"No such invoice line item: '{line}'", param="lines", code="resource_missing")


def remove_lines(account: Account, id: str, params: Json) -> Record:
    for each in _some(params["lines"]):
        invoice = _draft(account, id)
        details = invoice.inner["lines"][_place(invoice, each["id"])]["parent"]["invoice_item_details"]
        if details is None:
            raise invalid("The lines of a subscription's period cannot be removed.", param="lines")
        if each["behavior"] == "delete":
            invoice_items.delete(account, details["invoice_item"], {})
        else:
            invoice_items.release(account, details["invoice_item"])
    _note(account, account.get("invoice", id), params)
    return account.get("invoice", id)


OPERATIONS = (
    Operation("POST", "/v1/invoices/{id}", "InvoiceUpdateParams", update),
    Operation("DELETE", "/v1/invoices/{id}", "InvoiceDeleteParams", delete),
    Operation("POST", "/v1/invoices/{id}/add_lines", "InvoiceAddLinesParams", add_lines),
    Operation("POST", "/v1/invoices/{id}/update_lines", "InvoiceUpdateLinesParams", update_lines),
    Operation("POST", "/v1/invoices/{id}/remove_lines", "InvoiceRemoveLinesParams", remove_lines),
    Operation("POST", "/v1/invoices/{id}/lines/{line}", "InvoiceLineItemUpdateParams", update_line),
)
