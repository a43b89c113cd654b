"""Due dates of invoices that are sent: a reminder before, a reproach after, and what follows when nobody pays."""

from __future__ import annotations

from farthing.sandbox.account import Account, Job
from farthing.sandbox.resources import invoice_collection
from farthing.sandbox.settings import DAY
from farthing.sandbox.store import Record


def plan(account: Account, invoice: Record) -> None:
    due = invoice["due_date"]
    if due is None or invoice["status"] != "open":
        return
    before = due - account.settings.will_be_due_days * DAY
    if account.settings.will_be_due_days and before > account.clock.now():
        account.at(before, "invoices.warn", invoice)
    account.at(due, "invoices.fall_due", invoice)


def warn(account: Account, invoice: Record) -> None:
    soon = account.settings.will_be_due_days * DAY
    if invoice["status"] == "open" and invoice["due_date"] and invoice["due_date"] - soon <= account.clock.now():
        account.emit("invoice.will_be_due", invoice)


def fall_due(account: Account, invoice: Record) -> None:
    if invoice["status"] != "open" or not invoice["due_date"] or invoice["due_date"] > account.clock.now():
        return
    account.emit("invoice.overdue", invoice)
    invoice_collection.mark_delinquent(account, invoice, late=True)
    invoice_collection.tell_subscription(account, invoice, "failed", None)
    if days := account.settings.overdue_ends_days:
        account.later(days * DAY, "invoices.stay_due", invoice)


def stay_due(account: Account, invoice: Record) -> None:
    """It was overdue long ago, and still is: what becomes of the subscription is as with cards that never work."""
    if invoice["status"] == "open":
        invoice_collection.tell_subscription(account, invoice, "exhausted", None)


JOBS: dict[str, tuple[str, Job]] = {
    "invoices.warn": ("invoice", warn),
    "invoices.fall_due": ("invoice", fall_due),
    "invoices.stay_due": ("invoice", stay_due),
}
OPERATIONS = ()
