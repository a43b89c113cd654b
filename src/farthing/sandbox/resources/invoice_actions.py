"""What is done to an invoice by hand: finalize, pay, void, give up, send."""

from __future__ import annotations

from farthing.sandbox.account import Account
from farthing.sandbox.errors import invalid, not_here_yet
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import invoice_collection
from farthing.sandbox.resources.invoices import FINALIZES_AFTER_SECONDS, LIFECYCLE
from farthing.sandbox.store import Json, Record


def finalize_by_hand(account: Account, id: str, params: Json) -> Record:
    invoice = account.get("invoice", id)
    if not LIFECYCLE.allows(invoice["status"], "finalize"):
        raise invalid(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.", code="invoice_not_editable"
        )
    if "auto_advance" in params:
        invoice["auto_advance"] = params["auto_advance"]
    invoice_collection.finalize(account, invoice)
    if invoice["status"] == "open" and invoice["auto_advance"] and invoice["collection_method"] == "charge_automatically":
        # Stripe tries it about an hour after it was finalized by hand.
        invoice["next_payment_attempt"] = account.clock.seconds() + FINALIZES_AFTER_SECONDS
        account.save(invoice)
        account.at(invoice["next_payment_attempt"], "invoices.retry", invoice)
    return invoice


def pay(account: Account, id: str, params: Json) -> Record:
    for name in ("forgive", "mandate", "source"):
        if params.get(name):
            raise not_here_yet(name, "this way to pay an invoice")
    invoice = account.get("invoice", id)
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "draft":
        invoice_collection.finalize(account, invoice)
    if invoice["status"] == "paid":
        return invoice
    if not LIFECYCLE.allows(invoice["status"], "pay"):
        raise invalid(f"This invoice is {invoice['status']}: it can no longer be paid.")
    if params.get("paid_out_of_band"):
        return _paid_elsewhere(account, invoice)
    method = params.get("payment_method")
    if method is None and invoice_collection.method_for(account, invoice) is None:
        raise invalid(
            "There is no `default_payment_method` set on this Customer or Invoice. Please set one, or pass `payment_method`.",
            code="resource_missing",
            param="payment_method",
        )
    if refusal := invoice_collection.collect(account, invoice, off_session=params.get("off_session", True), method=method):
        raise refusal
    return invoice


def _paid_elsewhere(account: Account, invoice: Record) -> Record:
    invoice_collection.cancel_payment(account, invoice)
    invoice["amount_paid_off_stripe"] = invoice["amount_due"]
    invoice_collection.paid(account, invoice, None)
    return invoice


def void(account: Account, id: str, params: Json) -> Record:
    del params
    invoice = account.get("invoice", id)
    if not LIFECYCLE.allows(invoice["status"], "void"):
        raise invalid(f"You can only void an open or uncollectible invoice; this one is {invoice['status']}.")
    invoice_collection.void_it(account, invoice)
    return invoice


def mark_uncollectible(account: Account, id: str, params: Json) -> Record:
    del params
    invoice = account.get("invoice", id)
    if not LIFECYCLE.allows(invoice["status"], "give_up"):
        raise invalid(f"You can only mark an open invoice as uncollectible; this one is {invoice['status']}.")
    invoice_collection.give_up(account, invoice, "user_forgiven")
    return invoice


def send(account: Account, id: str, params: Json) -> Record:
    """Nobody is written to; the event says that somebody would have been."""
    del params
    invoice = account.get("invoice", id)
    if invoice["collection_method"] != "send_invoice":
        raise invalid("You can only manually send an invoice if its collection method is 'send_invoice'.")
    if invoice["status"] == "draft":
        invoice_collection.finalize(account, invoice)
    account.emit("invoice.sent", invoice)
    return invoice


OPERATIONS = (
    Operation("POST", "/v1/invoices/{id}/finalize", "InvoiceFinalizeInvoiceParams", finalize_by_hand),
    Operation("POST", "/v1/invoices/{id}/pay", "InvoicePayParams", pay),
    Operation("POST", "/v1/invoices/{id}/void", "InvoiceVoidInvoiceParams", void),
    Operation("POST", "/v1/invoices/{id}/mark_uncollectible", "InvoiceMarkUncollectibleParams", mark_uncollectible),
    Operation("POST", "/v1/invoices/{id}/send", "InvoiceSendInvoiceParams", send),
)
