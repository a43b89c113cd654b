"""Payments, refunds, and the order with all its money, as they are shown over HTTP."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from farthing.db import Transaction
from farthing.http.bodies import MoneyShown, Shown
from farthing.lifecycles import PaymentStatus, RefundStatus
from farthing.money import Money
from farthing.orders import Order, OrderShown
from farthing.payments import store
from farthing.payments.model import Payment, Refund, RefundReason


class PaymentShown(Shown):
    id: str
    object: Literal["payment"] = "payment"
    status: PaymentStatus
    settles: bool = Field(description="Whether this payment pays for the order.")
    asked: MoneyShown
    received: MoneyShown | None
    refunding: MoneyShown | None = Field(description="Promised, and not with the bank yet.")
    refunded: MoneyShown | None
    failure_code: str | None
    failure_message: str | None
    card_brand: str | None
    card_last4: str | None
    provider: str
    provider_payment_id: str | None
    opened_at: datetime
    succeeded_at: datetime | None

    @classmethod
    def of(cls, payment: Payment) -> "PaymentShown":
        return cls(
            id=str(payment.id),
            status=payment.status,
            settles=payment.settles,
            asked=MoneyShown.of(payment.asked),
            received=MoneyShown.perhaps(payment.received),
            refunding=_part(payment, payment.refunding_amount),
            refunded=_part(payment, payment.refunded_amount),
            failure_code=payment.failure_code,
            failure_message=payment.failure_message,
            card_brand=payment.card_brand,
            card_last4=payment.card_last4,
            provider=payment.provider,
            provider_payment_id=payment.provider_payment_id,
            opened_at=payment.opened_at,
            succeeded_at=payment.succeeded_at,
        )


def _part(payment: Payment, amount: int) -> MoneyShown | None:
    """A part of what was received, where anything was."""
    return None if payment.received is None else MoneyShown(amount=amount, currency=payment.received.currency)


class RefundShown(Shown):
    id: str = Field(examples=["refund_01k9h4w3q8fvtb7m2x5c6d0e1f"])
    object: Literal["refund"] = "refund"
    order: str
    payment: str
    status: RefundStatus
    amount: MoneyShown
    reason: RefundReason
    note: str | None = Field(description="For staff; customers are not shown it.")
    failure_reason: str | None
    promised_at: datetime
    succeeded_at: datetime | None

    @classmethod
    def of(cls, refund: Refund, *, for_staff: bool) -> "RefundShown":
        return cls(
            id=str(refund.id),
            order=str(refund.order_id),
            payment=str(refund.payment_id),
            status=refund.status,
            amount=MoneyShown.of(refund.money),
            reason=refund.reason,
            note=refund.note if for_staff else None,
            failure_reason=refund.failure_reason,
            promised_at=refund.promised_at,
            succeeded_at=refund.succeeded_at,
        )


class OrderDetailShown(OrderShown):
    """The order with everything that was paid for it and given back."""

    refundable: MoneyShown = Field(description="What could still be given back.")
    payments: list[PaymentShown]
    refunds: list[RefundShown]


async def detail_of(tx: Transaction, order: Order, *, for_staff: bool) -> OrderDetailShown:
    """Read what belongs to the order. Refunds come oldest first, as they were promised."""
    payments = await store.of_order(tx, order.id)
    refunds = await store.refunds_of_order(tx, order.id)
    refundable = [payment.refundable for payment in payments if payment.settles]
    return OrderDetailShown(
        **dict(OrderShown.of(order)),
        refundable=MoneyShown.of(refundable[0] if refundable else Money.zero(order.total.currency)),
        payments=[PaymentShown.of(payment) for payment in payments],
        refunds=[RefundShown.of(refund, for_staff=for_staff) for refund in refunds],
    )
