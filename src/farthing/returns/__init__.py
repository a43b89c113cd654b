"""Returns: what a buyer sends back or a carrier brings back, from the question to the shelf and the money."""

from farthing.returns.actions import approve, decline, link_exchange, request, send, withdraw
from farthing.returns.lapsing import lapse_due
from farthing.returns.model import REASONS, Asked, Found, Return, Returnable, ReturnLine
from farthing.returns.offering import offer, offer_order
from farthing.returns.receiving import receive, receive_parcel, refund
from farthing.returns.store import get, list_page, of_order

__all__ = [
    "REASONS",
    "Asked",
    "Found",
    "Return",
    "ReturnLine",
    "Returnable",
    "approve",
    "decline",
    "get",
    "lapse_due",
    "link_exchange",
    "list_page",
    "of_order",
    "offer",
    "offer_order",
    "receive",
    "receive_parcel",
    "refund",
    "request",
    "send",
    "withdraw",
]
