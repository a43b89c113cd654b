"""A try to collect what is owed, and how it stands with an invoice that was not paid. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from farthing.ids import InvoiceAttemptId, InvoiceId, SubscriptionId
from farthing.invoices import Invoice
from farthing.lifecycles import INVOICE_ATTEMPT, InvoiceAttemptStatus, InvoiceStatus, SubscriptionStatus
from farthing.money import Money
from farthing.subscriptions import Subscription

NEEDS_BUYER: Final = "authentication_required"
PROCESSING: Final = "processing"
NEVER_ASKED: Final = "unanswered"

TRIES_MAX: Final = 6
TRIES_WINDOW: Final = timedelta(days=1)
"""So often in so long one invoice is tried by hand: banks hold more of it against the shop."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try by hand. Its id is the key at the provider; `code` says why not, in the provider's word."""

    id: InvoiceAttemptId
    invoice_id: InvoiceId
    subscription_id: SubscriptionId
    provider_method_id: str | None
    provider_setup_id: str | None
    status: InvoiceAttemptStatus
    code: str | None
    asked_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A time when the money did not come."""

    at: datetime
    number: int


@dataclass(frozen=True, slots=True)
class Debt:
    """How it stands with one invoice: what the recovery page shows."""

    invoice: Invoice
    subscription: Subscription
    plan: str
    """As the catalog calls it."""
    failures: Sequence[Failure]
    code: str | None
    trying: bool
    """Whether somebody is collecting it at this moment."""

    @property
    def money(self) -> Money:
        return Money(self.invoice.remaining_amount, self.invoice.currency)

    @property
    def state(self) -> Literal["owed", "paid", "over"]:
        if self.invoice.status == InvoiceStatus.PAID:
            return "paid"
        return "owed" if is_owed(self.subscription, self.invoice) else "over"

    @property
    def needs_buyer(self) -> bool:
        return self.code == NEEDS_BUYER


def is_owed(subscription: Subscription, invoice: Invoice) -> bool:
    """Whether paying it keeps the subscription going."""
    return subscription.is_live and invoice.status == InvoiceStatus.OPEN and invoice.remaining_amount > 0


def verdict(code: str | None, invoice: Invoice) -> str:
    """The verb for what the provider said to a try, after a look at the invoice."""
    if code is None:
        return "pay"
    if invoice.status != InvoiceStatus.OPEN:
        return "overtake"
    return {NEEDS_BUYER: "need_buyer", PROCESSING: "process"}.get(code, "decline")


def answered(attempt: Attempt, verb: str) -> InvoiceAttemptStatus | None:
    """What it becomes; None where somebody else wrote the answer already."""
    return INVOICE_ATTEMPT.move(attempt.status, verb) if INVOICE_ATTEMPT.allows(attempt.status, verb) else None


def said_to(attempt: Attempt) -> str:
    """What came of it, in words for whoever asked."""
    match attempt.status:
        case InvoiceAttemptStatus.PAID:
            return "It is paid."
        case InvoiceAttemptStatus.PROCESSING:
            return "The bank works on it: that can take days."
        case InvoiceAttemptStatus.ACTION_REQUIRED:
            return "The bank wants to see the customer: they confirm it by the link of the email."
        case InvoiceAttemptStatus.OVERTAKEN:
            return "Somebody else collected it meanwhile, or there is nothing to collect any more."
        case InvoiceAttemptStatus.DECLINED:
            return f"The bank said no: {(attempt.code or 'declined').replace('_', ' ')}."
        case InvoiceAttemptStatus.ASKING:
            return "Nobody knows yet: it is asked for again."


LAPSING: Final = (
    SubscriptionStatus.PAST_DUE,
    SubscriptionStatus.UNPAID,
    SubscriptionStatus.PAUSED,
)
"""Of these the money may never have come."""
