"""Orders and their line items: what somebody asked for, at the price of that moment."""

from farthing.orders.actions import (
    cancel,
    close_unpaid,
    extend,
    hold_access,
    mark_paid,
    mark_refunded,
    place,
    reduce,
    reinstate,
    release_access,
    request_cancel,
)
from farthing.orders.addons import accompanies_something, addons_of, base_line, base_of
from farthing.orders.model import LineItem, NewLine, Order, PaymentStanding, with_addons
from farthing.orders.present import OrderShown
from farthing.orders.sight import get_for, page_for
from farthing.orders.store import counts, due_to_close, find_by_number, get, has_bought, hold, list_page, lock, of_customer

__all__ = [
    "LineItem",
    "NewLine",
    "Order",
    "OrderShown",
    "PaymentStanding",
    "accompanies_something",
    "addons_of",
    "base_line",
    "base_of",
    "cancel",
    "close_unpaid",
    "counts",
    "due_to_close",
    "extend",
    "find_by_number",
    "get",
    "get_for",
    "has_bought",
    "hold",
    "hold_access",
    "list_page",
    "lock",
    "mark_paid",
    "mark_refunded",
    "of_customer",
    "page_for",
    "place",
    "reduce",
    "reinstate",
    "release_access",
    "request_cancel",
    "with_addons",
]
