"""Ids: UUIDv7 inside and in the database, a whole word and 26 time-sorted characters for everybody else.

`order_01kaf3…` is ours; abbreviations such as `pi_…` are always the provider's: one glance tells whose id it is. The random
bits are not secrets: whoever needs a secret uses the `secrets` module.
"""

import os
import threading
import time
from typing import ClassVar, Final, Self
from uuid import UUID

from farthing.errors import NotFound

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, https://www.crockford.com/base32.html
_VALUES: Final = {letter: value for value, letter in enumerate(ALPHABET)}
_PAIRS: Final = [first + second for first in ALPHABET for second in ALPHABET]


_turn: Final = threading.Lock()
_last = (0, 0)


def uuid7() -> int:
    """The 128 bits of a new UUIDv7 (RFC 9562, 5.7): milliseconds, then 74 random bits.

    Of two made by one process the second is greater, also within a millisecond (RFC 9562, 6.2, method 2).
    """
    global _last
    millis, tail = time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10), "big") & (1 << 73) - 1
    with _turn:
        if millis <= _last[0]:
            millis, tail = _last[0], _last[1] + 1 + (tail & 0xFFFF_FFFF)
        _last = (millis, tail)
    return (millis << 80) | (0x7 << 76) | ((tail >> 62) << 64) | (0b10 << 62) | (tail & (1 << 62) - 1)


class Id(UUID):
    """A UUID that knows what it is the id of; `str` gives the public form. The database stores it as `uuid`."""

    prefix: ClassVar[str]
    __slots__ = ()

    @classmethod
    def new(cls) -> Self:
        return cls(int=uuid7())

    @classmethod
    def of(cls, value: UUID) -> Self:
        """The same id, read from a row."""
        return cls(int=value.int)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the public form. Whatever is not one names nothing that exists: NotFound."""
        prefix, _, tail = text.rpartition("_")
        if prefix != cls.prefix or len(tail) != 26 or tail[0] > "7" or not set(tail) <= _VALUES.keys():
            raise NotFound(f"There is no {cls.prefix.replace('_', ' ')} {text[:64]!r}.")
        value = 0
        for letter in tail:
            value = value << 5 | _VALUES[letter]
        return cls(int=value)

    def __str__(self) -> str:
        bits = self.int
        pairs = [_PAIRS[bits >> shift & 1023] for shift in range(120, -10, -10)]
        return f"{self.prefix}_{''.join(pairs)}"

    def __repr__(self) -> str:
        return f"<{self}>"


class OrderId(Id):
    prefix = "order"


class LineItemId(Id):
    prefix = "line_item"


class PaymentId(Id):
    prefix = "payment"


class CheckoutId(Id):
    prefix = "checkout"


class RefundId(Id):
    prefix = "refund"


class RedemptionId(Id):
    prefix = "redemption"


class RefundRequestId(Id):
    prefix = "refund_request"


class DisputeId(Id):
    prefix = "dispute"


class DisputeAnswerId(Id):
    prefix = "dispute_answer"


class FraudWarningId(Id):
    prefix = "fraud_warning"


class CustomerId(Id):
    prefix = "customer"


class EarningId(Id):
    prefix = "earning"


class SellerOrderId(Id):
    prefix = "seller_order"


class ShipmentId(Id):
    prefix = "shipment"


class CancellationId(Id):
    """Of what somebody called off before it was sent."""

    prefix = "cancellation"


class ReturnId(Id):
    prefix = "return"


class TransferId(Id):
    prefix = "transfer"


class TransferReversalId(Id):
    prefix = "transfer_reversal"


class PayoutId(Id):
    prefix = "payout"


class ListingId(Id):
    prefix = "listing"


class StockReservationId(Id):
    prefix = "stock_reservation"


class SellerId(Id):
    """Somebody who sells in the shop of another."""

    prefix = "seller"


class JobPostingId(Id):
    """A host's job on the board; the jobs that a worker runs have numbers."""

    prefix = "job_posting"


class FulfillmentId(Id):
    prefix = "fulfillment"


class CreditGrantId(Id):
    prefix = "credit_grant"


class CreditSpendId(Id):
    prefix = "credit_spend"


class SubscriptionId(Id):
    prefix = "subscription"


class SubscriptionStartId(Id):
    """The intention to begin a subscription."""

    prefix = "subscription_start"


class SubscriptionChangeId(Id):
    """A quote, and the change it became."""

    prefix = "subscription_change"


class InvoiceId(Id):
    prefix = "invoice"


class InvoicePaymentId(Id):
    prefix = "invoice_payment"


class InvoiceAttemptId(Id):
    """A try to collect an invoice before the provider's own next one."""

    prefix = "invoice_attempt"


class InvoiceRefundId(Id):
    prefix = "invoice_refund"


class InvoiceDisputeId(Id):
    prefix = "invoice_dispute"


class TaxDocumentId(Id):
    prefix = "tax_document"


class EntitlementId(Id):
    prefix = "entitlement"


class PurchaseId(Id):
    prefix = "purchase"


class DownloadId(Id):
    prefix = "download"


class EventId(Id):
    prefix = "event"


class NoticeId(Id):
    """One delivery of the provider that we stored: the row in our inbox."""

    prefix = "notice"


class LedgerTransactionId(Id):
    prefix = "ledger"


class LabelId(Id):
    """Paid for and stuck on a parcel."""

    prefix = "label"


class ShipFromId(Id):
    prefix = "ship_from"


class EmailId(Id):
    prefix = "email"


class PaymentMethodId(Id):
    """A saved way to pay."""

    prefix = "payment_method"


class DiscrepancyId(Id):
    prefix = "discrepancy"


class ReconciliationId(Id):
    prefix = "reconciliation"


class ApiKeyId(Id):
    prefix = "api_key"


class StaffId(Id):
    prefix = "staff"


def public(id: Id | None) -> str | None:
    """The public form, or None where there is none."""
    return None if id is None else str(id)
