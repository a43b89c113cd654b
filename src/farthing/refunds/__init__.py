"""Who may have money back: requests of buyers, the shop's policy, the word of a second person, and what a refund would do."""

from farthing.refunds.actions import approve, create, decline, request, retry, withdraw
from farthing.refunds.desk import Desk
from farthing.refunds.flow import cancel
from farthing.refunds.limits import person_of
from farthing.refunds.model import Preview, PreviewLine, RefundRequest, Wanted
from farthing.refunds.previewing import preview
from farthing.refunds.store import (
    counts,
    find_of_refund,
    find_open,
    find_retry,
    get,
    list_page,
    refund_ids,
    request_counts,
)
from farthing.refunds.units import Judge, Units, give_back, worth

__all__ = [
    "Desk",
    "Judge",
    "Preview",
    "PreviewLine",
    "RefundRequest",
    "Units",
    "Wanted",
    "approve",
    "cancel",
    "counts",
    "create",
    "decline",
    "find_of_refund",
    "find_open",
    "find_retry",
    "get",
    "give_back",
    "list_page",
    "person_of",
    "preview",
    "refund_ids",
    "request",
    "request_counts",
    "retry",
    "withdraw",
    "worth",
]
