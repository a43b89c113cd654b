"""Payments, refunds, and the order with all its money, as they are shown over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from farthing import tax
from farthing.db import Transaction
from farthing.http.bodies import MoneyShown, Shown
from farthing.lifecycles import PaymentStatus, RefundStatus
from farthing.money import Money
from farthing.orders import Order, OrderShown
from farthing.payments import line_store, store
from farthing.payments.model import Payment, Refund, RefundReason
from farthing.payments.shares import RefundLine
from farthing.providers import CaptureMethod
from farthing.tax import TaxDocumentShown

DISCREET: Final = frozenset({"fraudulent", "lost_card", "merchant_blacklist", "pickup_card", "restricted_card", "stolen_card"})
"""https://docs.stripe.com/declines/codes: reported to the buyer as a plain decline."""


class PaymentShown(Shown):
    id: str
    object: Literal["payment"] = "payment"
    status: PaymentStatus
    settles: bool = Field(description="Whether this payment pays for the order.")
    asked: MoneyShown
    received: MoneyShown | None
    refunding: MoneyShown | None = Field(description="Promised, and not with the bank yet.")
    refunded: MoneyShown | None
    disputed: MoneyShown | None = Field(description="Held, or taken for good, by a buyer's bank because of disputes.")
    failure_code: str | None
    failure_message: str | None
    card_brand: str | None
    card_last4: str | None
    provider: str
    provider_payment_id: str | None
    order: str
    capture: CaptureMethod = Field(description='"manual": what is authorized is only kept until it is captured.')
    capture_before: datetime | None = Field(description="After this moment, what is kept is let go.")
    opened_at: datetime
    succeeded_at: datetime | None

    @classmethod
    def of(cls, payment: Payment, *, for_staff: bool = True) -> "PaymentShown":
        """Why a bank distrusts a card is for staff alone: a thief would learn from it."""
        told = for_staff or payment.failure_code not in DISCREET
        return cls(
            id=str(payment.id),
            status=payment.status,
            settles=payment.settles,
            asked=MoneyShown.of(payment.asked),
            received=MoneyShown.perhaps(payment.received),
            refunding=_part(payment, payment.refunding_amount),
            refunded=_part(payment, payment.refunded_amount),
            disputed=_part(payment, payment.withheld_amount),
            failure_code=payment.failure_code if told else "generic_decline",
            failure_message=payment.failure_message if told else "Your card was declined.",
            card_brand=payment.card_brand,
            card_last4=payment.card_last4,
            provider=payment.provider,
            provider_payment_id=payment.provider_payment_id,
            order=str(payment.order_id),
            capture=payment.capture_method,
            capture_before=payment.capture_before if payment.status == PaymentStatus.AUTHORIZED else None,
            opened_at=payment.opened_at,
            succeeded_at=payment.succeeded_at,
        )


def _part(payment: Payment, amount: int) -> MoneyShown | None:
    """A part of what was received, where anything was."""
    return None if payment.received is None else MoneyShown(amount=amount, currency=payment.received.currency)


class RefundLineShown(Shown):
    line_item: str
    quantity: int = Field(description="How many of it came back; 0 where only a part of the money did.")
    amount: MoneyShown = Field(description="What the buyer gets: tax is in it, discount is not.")
    tax: MoneyShown
    discount: MoneyShown

    @classmethod
    def of(cls, part: RefundLine, currency: str) -> "RefundLineShown":
        return cls(
            line_item=str(part.line),
            quantity=part.quantity,
            amount=MoneyShown(amount=part.amount, currency=currency),
            tax=MoneyShown(amount=part.tax, currency=currency),
            discount=MoneyShown(amount=part.discount, currency=currency),
        )


class RefundShown(Shown):
    id: str = Field(examples=["refund_01k9h4w3q8fvtb7m2x5c6d0e1f"])
    object: Literal["refund"] = "refund"
    order: str
    payment: str
    status: RefundStatus
    amount: MoneyShown
    lines: list[RefundLineShown] = Field(description="What goes back of each line item; none where the money paid for nothing.")
    reason: RefundReason
    note: str | None = Field(description="For staff; customers are not shown it.")
    pending_reason: str | None = Field(description="Why it waits, in the provider's word.")
    failure_reason: str | None
    retry_of: str | None = Field(description="The refund that failed, and that this one tries again.")
    promised_at: datetime
    succeeded_at: datetime | None

    @classmethod
    def of(cls, refund: Refund, lines: Sequence[RefundLine], *, for_staff: bool) -> "RefundShown":
        return cls(
            id=str(refund.id),
            order=str(refund.order_id),
            payment=str(refund.payment_id),
            status=refund.status,
            amount=MoneyShown.of(refund.money),
            lines=[RefundLineShown.of(part, refund.money.currency) for part in lines],
            reason=refund.reason,
            note=refund.note if for_staff else None,
            pending_reason=refund.pending_reason,
            failure_reason=refund.failure_reason,
            retry_of=None if refund.retry_of is None else str(refund.retry_of),
            promised_at=refund.promised_at,
            succeeded_at=refund.succeeded_at,
        )


async def refund_shown(tx: Transaction, refund: Refund, *, for_staff: bool) -> RefundShown:
    """The refund with its lines."""
    return RefundShown.of(refund, await line_store.of_refund(tx, refund.id), for_staff=for_staff)


class OrderDetailShown(OrderShown):
    """The order with everything that was paid for it and given back."""

    refundable: MoneyShown = Field(description="What could still be given back.")
    payments: list[PaymentShown]
    refunds: list[RefundShown]
    documents: list[TaxDocumentShown] = Field(description="Our tax invoice of it, and its credit notes.")


async def detail_of(tx: Transaction, order: Order, *, for_staff: bool) -> OrderDetailShown:
    """Read what belongs to the order. Refunds come oldest first, as they were promised."""
    payments = await store.of_order(tx, order.id)
    refunds = await store.refunds_of_order(tx, order.id)
    refundable = [payment.refundable for payment in payments if payment.settles]
    return OrderDetailShown(
        **dict(OrderShown.of(order)),
        refundable=MoneyShown.of(refundable[0] if refundable else Money.zero(order.total.currency)),
        payments=[PaymentShown.of(payment, for_staff=for_staff) for payment in payments],
        refunds=[await refund_shown(tx, each, for_staff=for_staff) for each in refunds],
        documents=[TaxDocumentShown.of(each) for each in await tax.of_order(tx, order.id)],
    )
