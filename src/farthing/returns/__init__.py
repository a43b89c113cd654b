"""Returns: what a buyer sends back or a carrier brings back, from the question to the shelf and the money."""

from farthing.returns.actions import approve, decline, lock, request, send, withdraw
from farthing.returns.bodies import ReturnShown
from farthing.returns.lapsing import end_exchanges, lapse_due
from farthing.returns.model import REASONS, Asked, Found, Reason, Return, Returnable, ReturnLine
from farthing.returns.offering import disputed, offer, offer_order
from farthing.returns.receiving import link_exchange, receive, receive_parcel, refund, worth
from farthing.returns.store import get, list_page, of_order

__all__ = [
    "REASONS",
    "Asked",
    "Found",
    "Reason",
    "Return",
    "ReturnLine",
    "ReturnShown",
    "Returnable",
    "approve",
    "decline",
    "disputed",
    "end_exchanges",
    "get",
    "lapse_due",
    "link_exchange",
    "list_page",
    "lock",
    "of_order",
    "offer",
    "offer_order",
    "receive",
    "receive_parcel",
    "refund",
    "request",
    "send",
    "withdraw",
    "worth",
]
