"""Our own tax invoices and credit notes: of orders and of subscriptions' invoices, with numbers that have no gap."""

from farthing.tax.issuing import cancel, credit, issue
from farthing.tax.model import (
    LineTax,
    Party,
    Source,
    TaxDetails,
    TaxDocument,
    TaxLine,
    checked_details,
)
from farthing.tax.of_orders import RATE, credit_order, issue_order
from farthing.tax.paper import on_paper
from farthing.tax.present import TaxDocumentShown
from farthing.tax.printing import can_print, html, pdf
from farthing.tax.store import (
    details_of,
    find,
    get,
    list_page,
    of_invoice,
    of_invoices,
    of_order,
    save_details,
)

__all__ = [
    "RATE",
    "LineTax",
    "Party",
    "Source",
    "TaxDetails",
    "TaxDocument",
    "TaxDocumentShown",
    "TaxLine",
    "can_print",
    "cancel",
    "checked_details",
    "credit",
    "credit_order",
    "details_of",
    "find",
    "get",
    "html",
    "issue",
    "issue_order",
    "list_page",
    "of_invoice",
    "of_invoices",
    "of_order",
    "on_paper",
    "pdf",
    "save_details",
]
