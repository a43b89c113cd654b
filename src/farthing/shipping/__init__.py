"""Shipping: what it costs to send a parcel, labels, where parcels are, and the paper that lies in them."""

from farthing.shipping.flow import (
    ask_again,
    buy_label,
    rates,
    refund_label,
    send_label,
    send_refund,
    sync_tracker,
    track,
    track_due,
)
from farthing.shipping.model import Label, Wanted
from farthing.shipping.slips import Slip, slip_of
from farthing.shipping.slips import html as slip_html
from farthing.shipping.slips import pdf as slip_pdf
from farthing.shipping.store import find_origin, get, keep_origin, list_page, of_seller_order, troubled

__all__ = [
    "Label",
    "Slip",
    "Wanted",
    "ask_again",
    "buy_label",
    "find_origin",
    "get",
    "keep_origin",
    "list_page",
    "of_seller_order",
    "rates",
    "refund_label",
    "send_label",
    "send_refund",
    "slip_html",
    "slip_of",
    "slip_pdf",
    "sync_tracker",
    "track",
    "track_due",
    "troubled",
]
