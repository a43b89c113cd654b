"""What a payment is, and what follows from how the provider sees it. Pure: decisions are values, somebody else acts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from farthing.errors import Conflict, Invalid
from farthing.ids import LineItemId, OrderId, PaymentId, RefundId
from farthing.lifecycles import ORDER, PAYMENT, REFUND, OrderStatus, PaymentStatus, RefundStatus
from farthing.money import Money
from farthing.providers import CaptureMethod, IntentRequest, SeenPayment, SeenRefund

RefundReason = Literal["requested_by_customer", "duplicate", "fraudulent", "surplus", "provider"]


@dataclass(frozen=True, slots=True)
class Payment:
    """One attempt to collect for an order."""

    id: PaymentId
    order_id: OrderId
    provider: str
    livemode: bool
    provider_payment_id: str | None
    provider_charge_id: str | None
    status: PaymentStatus
    settles: bool
    """Whether this payment pays for its order. At most one does."""
    asked: Money
    received: Money | None
    fee: Money | None
    refunding_amount: int
    """Promised and not yet with the bank, in minor units of `received`."""
    refunded_amount: int
    withheld_amount: int
    """What banks hold of it, or took for good, because of disputes."""
    surplus_reason: str | None
    failure_code: str | None
    failure_message: str | None
    card_brand: str | None
    card_last4: str | None
    opened_at: datetime
    succeeded_at: datetime | None
    live: bool = False
    """Whether it is the way in which its order can be paid now. At most one is."""
    capture_method: CaptureMethod = "automatic"
    request: IntentRequest | None = None
    """What the provider is asked for, where it is an intent and not a page's payment."""
    return_url: str | None = None
    authorized_at: datetime | None = None
    capture_before: datetime | None = None
    """After this moment the bank lets go of what it keeps for us."""
    capture_amount: int | None = None
    """How much of `asked` somebody wants taken, or was, where that is less or equal."""
    capture_asked_at: datetime | None = None
    capture_attempts: int = 0
    close_asked_at: datetime | None = None
    confirmations: int = 0
    exchanged_amount: int = 0
    """What of it pays for things that its buyer takes instead of some, while that order may be paid."""

    @property
    def refundable(self) -> Money:
        """What could still be given back."""
        if self.received is None:
            return Money.zero(self.asked.currency)
        gone = self.refunding_amount + self.refunded_amount + self.withheld_amount + self.exchanged_amount
        return Money(max(self.received.amount - gone, 0), self.received.currency)

    @property
    def paid_twice_amount(self) -> int:
        """What the buyer gets back by refund and by the bank as well, in minor units of `received`."""
        if self.received is None:
            return self.withheld_amount
        return max(self.refunding_amount + self.refunded_amount + self.withheld_amount - self.received.amount, 0)


@dataclass(frozen=True, slots=True)
class Refund:
    id: RefundId
    payment_id: PaymentId
    order_id: OrderId
    provider: str
    provider_refund_id: str | None
    status: RefundStatus
    money: Money
    reason: RefundReason
    note: str | None
    failure_reason: str | None
    requested_by: str
    promised_at: datetime
    asked_at: datetime | None
    succeeded_at: datetime | None
    pending_reason: str | None = None
    """Why it waits, in the provider's word: `insufficient_funds` is a balance to be topped up."""
    retry_of: RefundId | None = None
    """The refund that failed, and that this one tries again."""


@dataclass(frozen=True, slots=True)
class WantedLine:
    """A line to be given back: so many of it, so much of it, or all that is left of it where neither is said."""

    line: LineItemId
    quantity: int | None = None
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Nothing:
    """We know all of this already."""


@dataclass(frozen=True, slots=True)
class Processing:
    """The bank will answer in days."""


@dataclass(frozen=True, slots=True)
class Authorized:
    """The bank keeps it for us. `misfit` says why it is kept for nothing, and will be let go."""

    misfit: str | None


@dataclass(frozen=True, slots=True)
class Declined:
    """The buyer may try again."""

    code: str
    message: str | None


@dataclass(frozen=True, slots=True)
class Canceled:
    """Nobody can pay this any more."""


@dataclass(frozen=True, slots=True)
class Settled:
    """It pays for the order."""

    received: Money


@dataclass(frozen=True, slots=True)
class Surplus:
    """It pays for nothing, and goes back."""

    received: Money
    reason: str


Decision = Nothing | Processing | Authorized | Declined | Canceled | Settled | Surplus


def decide(order: OrderStatus, payment: Payment, seen: SeenPayment) -> Decision:
    """What to do about a payment as the provider has it. Late and repeated news is Nothing."""
    if payment.received is not None:
        return Nothing()
    match seen.status:
        case "succeeded":
            assert seen.received is not None, f"{seen.id} succeeded without an amount"
            reason = _misfit(order, payment, seen.received)
            return Settled(seen.received) if reason is None else Surplus(seen.received, reason)
        case "processing":
            return Processing() if PAYMENT.allows(payment.status, "process") else Nothing()
        case "authorized":
            return _authorized(order, payment, seen)
        case "canceled":
            return Canceled() if PAYMENT.allows(payment.status, "cancel") else Nothing()
        case "open":
            return _declined(payment, seen)


def _misfit(order: OrderStatus, payment: Payment, received: Money) -> str | None:
    """Why money does not pay for the order, or None if it does."""
    if not ORDER.allows(order, "pay"):
        return "already_paid" if order in (OrderStatus.PAID, OrderStatus.REFUNDED) else f"order_{order}"
    if not PAYMENT.allows(payment.status, "settle"):
        return f"payment_{payment.status}"
    if received.currency != payment.asked.currency:
        return "wrong_currency"
    if received == payment.asked or (payment.capture_method == "manual" and received <= payment.asked):
        return None
    return "wrong_amount"


def _authorized(order: OrderStatus, payment: Payment, seen: SeenPayment) -> Decision:
    if not PAYMENT.allows(payment.status, "authorize"):
        return Nothing()
    if not payment.live:
        return Authorized(f"payment_{payment.status}" if ORDER.allows(order, "pay") else f"order_{order}")
    return Authorized(None if seen.held == payment.asked else "wrong_amount")


def _declined(payment: Payment, seen: SeenPayment) -> Decision:
    news = seen.failure_code is not None and (
        seen.failure_code != payment.failure_code or seen.charge_id != payment.provider_charge_id
    )
    if not news and not PAYMENT.allows(payment.status, "fail"):
        return Nothing()
    return Declined(seen.failure_code or "unknown", seen.failure_message)


def check_capture(payment: Payment, money: Money | None, *, now: datetime) -> Money:
    """How much is taken: all that is kept, unless less is wanted. Raises Conflict or Invalid."""
    if payment.status != PaymentStatus.AUTHORIZED:
        raise Conflict(f"{payment.id} is {payment.status}: only what is authorized can be captured.")
    if payment.close_asked_at is not None:
        raise Conflict(f"{payment.id} is being voided: it cannot be captured any more.")
    if payment.capture_before is not None and payment.capture_before <= now:
        raise Conflict(
            f"The authorization of {payment.id} ended at {payment.capture_before:%Y-%m-%d %H:%M} UTC: ask the buyer again."
        )
    wanted = payment.asked if money is None else money
    if wanted.currency != payment.asked.currency:
        raise Invalid(f"{payment.id} is authorized in {payment.asked.currency}, not {wanted.currency}.", param="amount")
    if wanted.amount <= 0:
        raise Invalid("The amount of a capture is positive: to take nothing, void the payment.", param="amount")
    if not wanted <= payment.asked:
        raise Invalid(f"{payment.id} is authorized for {payment.asked}, not for {wanted}.", param="amount")
    if payment.capture_asked_at is not None and payment.capture_amount != wanted.amount:
        asked = Money(payment.capture_amount or 0, payment.asked.currency)
        raise Conflict(f"A capture of {asked} is on its way for {payment.id}: it cannot be {wanted}.")
    return wanted


def check_close(payment: Payment) -> None:
    """Raise Conflict unless it can still be closed, or what is kept let go. Closing what is closed changes nothing."""
    if payment.received is not None:
        raise Conflict(f"{payment.id} is {payment.status}: it is paid, and can only be refunded.")
    if payment.status == PaymentStatus.PROCESSING:
        raise Conflict(f"{payment.id} is processing: the bank has not answered yet, and nobody can stop it.")
    if payment.capture_asked_at is not None and payment.status == PaymentStatus.AUTHORIZED:
        raise Conflict(f"{payment.id} is being captured: refund it afterwards.")


def check_refund(payment: Payment, money: Money) -> None:
    """Raise unless this much of the payment can be given back. The database has the last word."""
    if payment.received is None:
        raise Conflict(f"{payment.id} is {payment.status}: there is nothing to refund.")
    if money.currency != payment.received.currency:
        raise Invalid(f"{payment.id} was paid in {payment.received.currency}, not {money.currency}.", param="amount")
    if money.amount <= 0:
        raise Invalid("The amount of a refund is positive.", param="amount")
    if not money <= payment.refundable:
        raise Conflict(f"{payment.id} has {payment.refundable} left to refund, not {money}.")


def refund_verb(refund: Refund, seen: SeenRefund) -> str | None:
    """The move a refund makes when the provider has it like this; None for late and repeated news."""
    verb = {"pending": "send", "succeeded": "succeed", "failed": "fail", "canceled": "cancel"}[seen.status]
    return verb if REFUND.allows(refund.status, verb) else None


def total_refunded(refunds: Sequence[Refund], currency: str) -> Money:
    done = (refund.money for refund in refunds if refund.status == RefundStatus.SUCCEEDED)
    return sum(done, start=Money.zero(currency))
