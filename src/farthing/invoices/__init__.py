"""The provider's invoices, the money that came in for them, and what went back of it."""

from farthing.invoices.actions import Look, Outcome, knows_payment, learn_fee, record, record_refund
from farthing.invoices.flow import look_for_fees, sync_payment, sync_refund
from farthing.invoices.model import Invoice, InvoiceLine, InvoicePayment, InvoiceRefund
from farthing.invoices.store import (
    find_by_provider_id,
    get,
    lines_of,
    list_page,
    of_subscription,
    paid_until,
    payments_of,
    refunds_of,
)

__all__ = [
    "Invoice",
    "InvoiceLine",
    "InvoicePayment",
    "InvoiceRefund",
    "Look",
    "Outcome",
    "find_by_provider_id",
    "get",
    "knows_payment",
    "learn_fee",
    "lines_of",
    "list_page",
    "look_for_fees",
    "of_subscription",
    "paid_until",
    "payments_of",
    "record",
    "record_refund",
    "refunds_of",
    "sync_payment",
    "sync_refund",
]
