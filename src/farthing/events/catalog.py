"""Every event there is: its name, what it means and what a hook of the host is given.

`record` accepts only these; the names are typed, so a misspelled one is found before it runs.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Literal

from farthing.ids import EventId, OrderId

EventName = Literal[
    "order.placed",
    "order.paid",
    "order.expired",
    "order.cancel_requested",
    "order.canceled",
    "order.refunded",
    "checkout.started",
    "checkout.opened",
    "checkout.completed",
    "checkout.expired",
    "checkout.failed",
    "payment.processing",
    "payment.succeeded",
    "payment.failed",
    "payment.canceled",
    "payment.surplus",
    "payment.fee_known",
    "refund.promised",
    "refund.pending",
    "refund.succeeded",
    "refund.failed",
    "refund.canceled",
    "entitlement.granted",
    "entitlement.revoked",
    "entitlement.ending",
    "customer.updated",
    "customer.pushed",
    "customer.push_failed",
    "customer.gone",
    "customer.erased",
    "payment_method.saved",
    "payment_method.detached",
    "payment_method.made_default",
    "payment.requested_off_session",
    "payment.off_session_failed",
    "payment.action_required",
    "email.sent",
    "hook.failed",
    "notice.parked",
    "catalog.applied",
    "coupon.created",
    "coupon.deactivated",
    "coupon.reserved",
    "coupon.redeemed",
    "coupon.released",
    "promotion_code.created",
    "promotion_code.deactivated",
    "staff.signed_in",
    "staff.created",
    "api_key.created",
    "api_key.revoked",
]


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, when, and who did it. `id` is the same on every repetition: use it to do a thing once."""

    id: EventId
    type: EventName
    happened_at: datetime
    actor: str
    order_id: OrderId | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Announced(Event):
    """An event that others are told about: a host subscribes to it by its class or its name."""

    name: ClassVar[EventName]


class OrderPlaced(Announced):
    """The order stands, nothing is paid yet."""

    name = "order.placed"


class OrderPaid(Announced):
    """The whole price is in: deliver. `data`: number, total {amount, currency}, customer, line_items, metadata."""

    name = "order.paid"


class OrderExpired(Announced):
    """The buyer left; nobody can pay this order any more."""

    name = "order.expired"


class OrderCanceled(Announced):
    """Somebody called it off before it was paid."""

    name = "order.canceled"


class OrderRefunded(Announced):
    """All of the price went back."""

    name = "order.refunded"


class PaymentFailed(Announced):
    """The bank said no; the buyer may try again. `data`: payment, code, message."""

    name = "payment.failed"


class PaymentActionRequired(Announced):
    """The bank wants to see the buyer, who was away when they were charged: send them the order's recovery link.

    `data`: payment, customer, code.
    """

    name = "payment.action_required"


class PaymentSurplus(Announced):
    """Money came in that pays for nothing; it goes back by itself. `data`: payment, received, reason."""

    name = "payment.surplus"


class RefundSucceeded(Announced):
    """Part or all of a payment went back. `data`: refund, amount {amount, currency}, payment."""

    name = "refund.succeeded"


class EntitlementEnding(Announced):
    """What a customer bought ends in some days. `data`: feature, name, ends_at, customer."""

    name = "entitlement.ending"


class RefundFailed(Announced):
    """The bank returned a refund, possibly days after it succeeded."""

    name = "refund.failed"


ANNOUNCED: Final[dict[str, type[Announced]]] = {
    kind.name: kind
    for kind in (
        OrderPlaced,
        OrderPaid,
        OrderExpired,
        OrderCanceled,
        OrderRefunded,
        PaymentFailed,
        PaymentActionRequired,
        PaymentSurplus,
        RefundSucceeded,
        RefundFailed,
        EntitlementEnding,
    )
}
"""Recording one of these schedules its announcement; the others are only written down."""
