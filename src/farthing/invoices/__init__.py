"""The provider's invoices, the money that came in for them, and what went back of it."""

from farthing.invoices.actions import Look, Outcome, knows_payment, learn_fee, record, record_refund
from farthing.invoices.disputes import InvoiceDispute, disputes_of, record_dispute, silent_disputes
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
    unsettled_since,
)

__all__ = [
    "Invoice",
    "InvoiceDispute",
    "InvoiceLine",
    "InvoicePayment",
    "InvoiceRefund",
    "Look",
    "Outcome",
    "disputes_of",
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
    "record_dispute",
    "record_refund",
    "refunds_of",
    "silent_disputes",
    "sync_payment",
    "sync_refund",
    "unsettled_since",
]
