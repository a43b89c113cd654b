"""What happened: the audit trail, and the door to every side effect."""

from farthing.events.catalog import (
    ANNOUNCED,
    Announced,
    Event,
    EventName,
    OrderCanceled,
    OrderExpired,
    OrderPaid,
    OrderPlaced,
    OrderRefunded,
    PaymentFailed,
    PaymentSurplus,
    RefundFailed,
    RefundSucceeded,
)
from farthing.events.record import find, list_page, of_order, record

__all__ = [
    "ANNOUNCED",
    "Announced",
    "Event",
    "EventName",
    "OrderCanceled",
    "OrderExpired",
    "OrderPaid",
    "OrderPlaced",
    "OrderRefunded",
    "PaymentFailed",
    "PaymentSurplus",
    "RefundFailed",
    "RefundSucceeded",
    "find",
    "list_page",
    "of_order",
    "record",
]
