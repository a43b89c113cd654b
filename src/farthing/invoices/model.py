"""What an invoice is. Pure."""

from dataclasses import dataclass
from datetime import datetime

from farthing.ids import CustomerId, InvoiceId, InvoicePaymentId, InvoiceRefundId, SubscriptionId
from farthing.lifecycles import InvoiceRefundStatus, InvoiceStatus
from farthing.money import Money, apportion


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice of the provider, as we saw it last. `total` is less than nothing where it gives back."""

    id: InvoiceId
    customer_id: CustomerId
    subscription_id: SubscriptionId | None
    provider: str
    livemode: bool
    provider_invoice_id: str
    provider_number: str | None
    status: InvoiceStatus
    billing_reason: str | None
    currency: str
    subtotal_amount: int
    discount_amount: int
    tax_amount: int
    total_amount: int
    due_amount: int
    paid_amount: int
    remaining_amount: int
    period_start: datetime
    period_end: datetime
    attempt_count: int
    told_attempts: int
    next_payment_attempt_at: datetime | None
    hosted_url: str | None
    pdf_url: str | None
    issued_at: datetime
    finalized_at: datetime | None
    paid_at: datetime | None
    voided_at: datetime | None
    look: int
    seen_at: datetime

    @property
    def remaining(self) -> Money:
        return Money(self.remaining_amount, self.currency)

    @property
    def total(self) -> Money:
        return Money(self.total_amount, self.currency)

    @property
    def paid(self) -> Money:
        return Money(self.paid_amount, self.currency)


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    invoice_id: InvoiceId
    provider_line_id: str
    description: str | None
    quantity: int
    amount: int
    discount_amount: int
    tax_amount: int
    currency: str
    period_start: datetime
    period_end: datetime
    proration: bool
    of_subscription: bool
    plan: str | None
    provider_price_id: str | None


@dataclass(frozen=True, slots=True)
class InvoicePayment:
    """Money that came in for an invoice, and what went back of it. `tax` is the part that belongs to the tax office."""

    id: InvoicePaymentId
    invoice_id: InvoiceId
    provider: str
    livemode: bool
    provider_payment_id: str
    money: Money
    tax: Money
    refunded_amount: int
    refunded_tax_amount: int
    fee: Money | None
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class InvoiceRefund:
    id: InvoiceRefundId
    invoice_payment_id: InvoicePaymentId
    provider_refund_id: str
    status: InvoiceRefundStatus
    money: Money
    tax_amount: int
    failure_reason: str | None


def tax_part(money: Money, total: int, tax: int) -> Money:
    """How much of a payment for an invoice is tax: all of it where it pays the whole, else its share."""
    if tax <= 0 or total <= 0:
        return Money.zero(money.currency)
    net = max(total - tax, 0)
    return money.split([net, tax])[1] if net + tax else Money.zero(money.currency)


def refunded_tax(payment: InvoicePayment, back: Money) -> Money:
    """How much of what goes back now is tax: by the running total, so that all of it is back with the last unit."""
    tax, money = payment.tax.amount, payment.money.amount
    taken = [payment.refunded_amount - payment.refunded_tax_amount, payment.refunded_tax_amount]
    return Money(apportion(back.amount, [money - tax, tax], taken)[1], back.currency)
