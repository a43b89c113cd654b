"""Orders and their line items: what somebody asked for, at the price of that moment."""

from farthing.orders.actions import cancel, expire, mark_paid, mark_refunded, place, reinstate
from farthing.orders.model import LineItem, NewLine, Order
from farthing.orders.present import OrderShown
from farthing.orders.sight import get_for, page_for
from farthing.orders.store import counts, find_by_number, get, list_page, lock, of_customer

__all__ = [
    "LineItem",
    "NewLine",
    "Order",
    "OrderShown",
    "cancel",
    "counts",
    "expire",
    "find_by_number",
    "get",
    "get_for",
    "list_page",
    "lock",
    "mark_paid",
    "mark_refunded",
    "of_customer",
    "page_for",
    "place",
    "reinstate",
]
