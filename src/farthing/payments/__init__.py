"""Money in, money back: payments, refunds, and how they stand at the provider."""

from farthing.payments.actions import (
    NOT_OURS,
    NotYetKnown,
    Recorded,
    cancel_payment,
    know,
    open_intent,
    open_payment,
    record_payment,
)
from farthing.payments.captures import capture, close, request_close, take, void, warn
from farthing.payments.flow import Also, hear_of, look_again, send_refund, sync, sync_refund, sync_refunds
from farthing.payments.intents import Confirmed, Intent, confirm, finish_intent, look, replayed, shown_intent
from farthing.payments.line_store import of_refund as lines_of_refund
from farthing.payments.line_store import set_exchanged, standings
from farthing.payments.live import counts, due_to_close, half_captured, list_page, run_out, unanswered
from farthing.payments.live import of_order as way_of_order
from farthing.payments.model import Payment, Refund, RefundReason, WantedLine, check_refund
from farthing.payments.present import OrderDetailShown, PaymentShown, RefundShown, detail_of, refund_shown
from farthing.payments.refunds import plan, promise, record_refund, refund_order, what_to_refund, withdraw_unsent
from farthing.payments.rejecting import reject_posting
from farthing.payments.returned import bear_loss, gone, take_back_loss
from farthing.payments.shares import RefundLine, Standing, price_of, scaled
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
    "Confirmed",
    "Intent",
    "NotYetKnown",
    "OrderDetailShown",
    "Payment",
    "PaymentShown",
    "Recorded",
    "Refund",
    "RefundLine",
    "RefundReason",
    "RefundShown",
    "Standing",
    "WantedLine",
    "bear_loss",
    "cancel_payment",
    "capture",
    "check_refund",
    "close",
    "confirm",
    "counts",
    "detail_of",
    "due_to_close",
    "find_by_provider_id",
    "finish_intent",
    "get",
    "get_refund",
    "gone",
    "half_captured",
    "hear_of",
    "know",
    "lines_of_refund",
    "list_page",
    "lock",
    "lock_refund",
    "look",
    "look_again",
    "of_order",
    "open_intent",
    "open_payment",
    "plan",
    "price_of",
    "promise",
    "record_payment",
    "record_refund",
    "refund_order",
    "refund_shown",
    "refunds_of_order",
    "reject_posting",
    "replayed",
    "request_close",
    "run_out",
    "scaled",
    "send_refund",
    "set_exchanged",
    "shown_intent",
    "standings",
    "sync",
    "sync_refund",
    "sync_refunds",
    "take",
    "take_back_loss",
    "unanswered",
    "void",
    "warn",
    "way_of_order",
    "what_to_refund",
    "withdraw_unsent",
    "withhold",
]
