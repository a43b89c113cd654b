"""Money in, money back: payments, refunds, and how they stand at the provider."""

from farthing.payments.actions import NOT_OURS, NotYetKnown, Recorded, cancel_payment, open_payment, record_payment
from farthing.payments.flow import Also, hear_of, look_again, send_refund, sync, sync_refund, sync_refunds
from farthing.payments.line_store import of_refund as lines_of_refund
from farthing.payments.line_store import standings
from farthing.payments.model import Payment, Refund, RefundReason, WantedLine, check_refund
from farthing.payments.present import OrderDetailShown, RefundShown, detail_of, refund_shown
from farthing.payments.refunds import plan, promise, record_refund, refund_order, what_to_refund, withdraw_unsent
from farthing.payments.rejecting import reject_posting
from farthing.payments.returned import gone
from farthing.payments.shares import RefundLine, Standing, scaled
from farthing.payments.store import (
    find_by_provider_id,
    get,
    get_refund,
    lock,
    lock_refund,
    of_order,
    refunds_of_order,
    withhold,
)

__all__ = [
    "NOT_OURS",
    "Also",
    "NotYetKnown",
    "OrderDetailShown",
    "Payment",
    "Recorded",
    "Refund",
    "RefundLine",
    "RefundReason",
    "RefundShown",
    "Standing",
    "WantedLine",
    "cancel_payment",
    "check_refund",
    "detail_of",
    "find_by_provider_id",
    "get",
    "get_refund",
    "gone",
    "hear_of",
    "lines_of_refund",
    "lock",
    "lock_refund",
    "look_again",
    "of_order",
    "open_payment",
    "plan",
    "promise",
    "record_payment",
    "record_refund",
    "refund_order",
    "refund_shown",
    "refunds_of_order",
    "reject_posting",
    "scaled",
    "send_refund",
    "standings",
    "sync",
    "sync_refund",
    "sync_refunds",
    "what_to_refund",
    "withdraw_unsent",
    "withhold",
]
