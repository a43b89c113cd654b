"""What pays an invoice: a row for each payment intent that was made for it."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.store import Json, Record


def make(account: Account, invoice: Record, intent: Record) -> Record:
    return account.add(
        "invoice_payment",
        "inpay",
        {
            "amount_paid": None,
            "amount_requested": intent["amount"],
            "currency": invoice["currency"],
            "invoice": invoice.id,
            "is_default": True,
            "payment": {"payment_intent": intent.id, "type": "payment_intent"},
            "status": "open",
            "status_transitions": {"canceled_at": None, "paid_at": None},
        },
    )


def of(account: Account, invoice: Record) -> Record | None:
    found = account.select("invoice_payment", "json_extract(body, '$.invoice') = ?", invoice.id)
    return found[0] if found else None


def settle(account: Account, payment: Record, amount: int) -> None:
    transitions = {**payment["status_transitions"], "paid_at": account.clock.seconds()}
    payment.body |= {"amount_paid": amount, "status": "paid", "status_transitions": transitions}
    account.save(payment)
    account.emit("invoice_payment.paid", payment)


def cancel(account: Account, payment: Record) -> None:
    transitions = {**payment["status_transitions"], "canceled_at": account.clock.seconds()}
    payment.body |= {"status": "canceled", "status_transitions": transitions}
    account.save(payment)


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("invoice_payment", id)


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "invoice", "status")
    if payment := params.get("payment"):
        kind = payment["type"]
        where = f"{where} AND json_extract(body, '$.payment.{kind}') = ?"
        values = [*values, payment.get(kind)]
    return page(account, "invoice_payment", "/v1/invoice_payments", params, where, *values)


def of_invoice(account: Account, id: str) -> Json:
    where, values = equals({"invoice": id}, "invoice")
    return page(account, "invoice_payment", f"/v1/invoices/{id}/payments", {}, where, *values)


OPERATIONS = (
    Operation("GET", "/v1/invoice_payments", "InvoicePaymentListParams", list_),
    Operation("GET", "/v1/invoice_payments/{id}", "InvoicePaymentRetrieveParams", retrieve),
)
