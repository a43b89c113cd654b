"""Every state machine in the system. What follows from a move stands in `reactions.py`.

A test proves that each CHECK constraint in the database knows exactly these states.
"""

from enum import StrEnum
from typing import Final

from farthing.lifecycle import Lifecycle


class OrderStatus(StrEnum):
    OPEN = "open"
    PAID = "paid"
    REFUNDED = "refunded"
    EXPIRED = "expired"
    CANCELED = "canceled"


ORDER: Final = Lifecycle(
    "order",
    OrderStatus,
    {
        "pay": ({OrderStatus.OPEN}, OrderStatus.PAID),
        "expire": ({OrderStatus.OPEN}, OrderStatus.EXPIRED),
        "cancel": ({OrderStatus.OPEN}, OrderStatus.CANCELED),
        "refund": ({OrderStatus.PAID}, OrderStatus.REFUNDED),
        # A refund that the bank returns days later gives the order back its payment.
        "reinstate": ({OrderStatus.REFUNDED}, OrderStatus.PAID),
    },
)


class CheckoutStatus(StrEnum):
    STARTING = "starting"
    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"
    FAILED = "failed"


CHECKOUT: Final = Lifecycle(
    "checkout session",
    CheckoutStatus,
    {
        "open": ({CheckoutStatus.STARTING}, CheckoutStatus.OPEN),
        "complete": ({CheckoutStatus.STARTING, CheckoutStatus.OPEN}, CheckoutStatus.COMPLETE),
        "expire": ({CheckoutStatus.STARTING, CheckoutStatus.OPEN}, CheckoutStatus.EXPIRED),
        "fail": ({CheckoutStatus.STARTING}, CheckoutStatus.FAILED),
    },
)


class PaymentStatus(StrEnum):
    OPEN = "open"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    SUCCEEDED = "succeeded"
    SURPLUS = "surplus"
    CANCELED = "canceled"


_UNPAID = {PaymentStatus.OPEN, PaymentStatus.PROCESSING, PaymentStatus.AUTHORIZED}

PAYMENT: Final = Lifecycle(
    "payment",
    PaymentStatus,
    {
        "process": ({PaymentStatus.OPEN}, PaymentStatus.PROCESSING),
        # A decline leaves the payment open: the buyer may try another card.
        "fail": ({PaymentStatus.PROCESSING}, PaymentStatus.OPEN),
        # The bank keeps the money for us until it is captured, let go, or its time is over. Also after we gave the payment up:
        # what is held for nothing must be let go, and is seen until then.
        "authorize": ({PaymentStatus.OPEN, PaymentStatus.PROCESSING, PaymentStatus.CANCELED}, PaymentStatus.AUTHORIZED),
        "settle": (_UNPAID, PaymentStatus.SUCCEEDED),
        # Money that comes in after we gave the payment up fits nowhere, and is not lost for it.
        "give_back": ({*_UNPAID, PaymentStatus.CANCELED}, PaymentStatus.SURPLUS),
        "cancel": (_UNPAID, PaymentStatus.CANCELED),
    },
)


class RefundStatus(StrEnum):
    PROMISED = "promised"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


_UNDONE = {RefundStatus.PROMISED, RefundStatus.PENDING}

REFUND: Final = Lifecycle(
    "refund",
    RefundStatus,
    {
        "send": ({RefundStatus.PROMISED}, RefundStatus.PENDING),
        "succeed": (_UNDONE, RefundStatus.SUCCEEDED),
        # Also after success: https://docs.stripe.com/refunds#failed-refunds
        "fail": ({*_UNDONE, RefundStatus.SUCCEEDED}, RefundStatus.FAILED),
        "cancel": (_UNDONE, RefundStatus.CANCELED),
    },
)


class RefundRequestStatus(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    REFUNDED = "refunded"
    COVERED = "covered"


REFUND_REQUEST: Final = Lifecycle(
    "refund request",
    RefundRequestStatus,
    {
        "approve": ({RefundRequestStatus.REQUESTED}, RefundRequestStatus.APPROVED),
        # An approved one only where its refund failed, and nobody wants to try again.
        "decline": ({RefundRequestStatus.REQUESTED, RefundRequestStatus.APPROVED}, RefundRequestStatus.DECLINED),
        "withdraw": ({RefundRequestStatus.REQUESTED}, RefundRequestStatus.WITHDRAWN),
        "refund": ({RefundRequestStatus.APPROVED}, RefundRequestStatus.REFUNDED),
        # The bank returned the money: the promise stands.
        "reopen": ({RefundRequestStatus.REFUNDED}, RefundRequestStatus.APPROVED),
        # Somebody gave the money back at the provider before anybody answered; and the bank may return that, too.
        "cover": ({RefundRequestStatus.REQUESTED}, RefundRequestStatus.COVERED),
        "uncover": ({RefundRequestStatus.COVERED}, RefundRequestStatus.REQUESTED),
    },
)


class DisputeStatus(StrEnum):
    """Stripe's own words: https://docs.stripe.com/api/disputes/object#dispute_object-status."""

    WARNING_NEEDS_RESPONSE = "warning_needs_response"
    WARNING_UNDER_REVIEW = "warning_under_review"
    WARNING_CLOSED = "warning_closed"
    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    PREVENTED = "prevented"
    APPEAL_NEEDS_RESPONSE = "appeal_needs_response"
    APPEAL_UNDER_REVIEW = "appeal_under_review"


_INQUIRY = {DisputeStatus.WARNING_NEEDS_RESPONSE, DisputeStatus.WARNING_UNDER_REVIEW}
_UNDECIDED = {
    *_INQUIRY,
    DisputeStatus.NEEDS_RESPONSE,
    DisputeStatus.UNDER_REVIEW,
    DisputeStatus.APPEAL_NEEDS_RESPONSE,
    DisputeStatus.APPEAL_UNDER_REVIEW,
}
_BEFORE_AN_APPEAL = {*_INQUIRY, DisputeStatus.NEEDS_RESPONSE, DisputeStatus.UNDER_REVIEW, DisputeStatus.WON, DisputeStatus.LOST}

# The bank moves it, we only look: a verb may skip what nobody saw. What an older look saw is never recorded after a newer one.
DISPUTE: Final = Lifecycle(
    "dispute",
    DisputeStatus,
    {
        "answer_inquiry": ({DisputeStatus.WARNING_NEEDS_RESPONSE}, DisputeStatus.WARNING_UNDER_REVIEW),
        "drop": (_INQUIRY, DisputeStatus.WARNING_CLOSED),
        # An inquiry becomes a dispute, and takes the money.
        "escalate": ({*_INQUIRY, DisputeStatus.WARNING_CLOSED}, DisputeStatus.NEEDS_RESPONSE),
        "answer": ({*_INQUIRY, DisputeStatus.WARNING_CLOSED, DisputeStatus.NEEDS_RESPONSE}, DisputeStatus.UNDER_REVIEW),
        "win": ({*_UNDECIDED, DisputeStatus.WARNING_CLOSED, DisputeStatus.LOST}, DisputeStatus.WON),
        "lose": ({*_UNDECIDED, DisputeStatus.WARNING_CLOSED, DisputeStatus.WON}, DisputeStatus.LOST),
        "prevent": ({*_INQUIRY, DisputeStatus.NEEDS_RESPONSE}, DisputeStatus.PREVENTED),
        # A decision may be contested, by the bank or by us.
        "appeal": ({*_BEFORE_AN_APPEAL, DisputeStatus.APPEAL_UNDER_REVIEW}, DisputeStatus.APPEAL_NEEDS_RESPONSE),
        "answer_appeal": ({*_BEFORE_AN_APPEAL, DisputeStatus.APPEAL_NEEDS_RESPONSE}, DisputeStatus.APPEAL_UNDER_REVIEW),
    },
)


class AnswerStatus(StrEnum):
    DRAFT = "draft"
    PROMISED = "promised"
    SENT = "sent"
    REFUSED = "refused"


DISPUTE_ANSWER: Final = Lifecycle(
    "answer to a dispute",
    AnswerStatus,
    {
        "promise": ({AnswerStatus.DRAFT}, AnswerStatus.PROMISED),
        "send": ({AnswerStatus.PROMISED}, AnswerStatus.SENT),
        "refuse": ({AnswerStatus.PROMISED}, AnswerStatus.REFUSED),
    },
)


class PurchaseStatus(StrEnum):
    COMPLETED = "completed"
    SUSPENDED = "suspended"
    REFUNDED = "refunded"


PURCHASE: Final = Lifecycle(
    "purchase",
    PurchaseStatus,
    {
        "refund": ({PurchaseStatus.COMPLETED, PurchaseStatus.SUSPENDED}, PurchaseStatus.REFUNDED),
        # Its payment is disputed: nobody has it, and nobody else's money is taken for it.
        "suspend": ({PurchaseStatus.COMPLETED}, PurchaseStatus.SUSPENDED),
        # The refund did not happen after all; or the dispute was won.
        "restore": ({PurchaseStatus.REFUNDED, PurchaseStatus.SUSPENDED}, PurchaseStatus.COMPLETED),
    },
)


class NoticeStatus(StrEnum):
    RECEIVED = "received"
    PROCESSED = "processed"
    IGNORED = "ignored"
    PARKED = "parked"


NOTICE: Final = Lifecycle(
    "provider event",
    NoticeStatus,
    {
        "process": ({NoticeStatus.RECEIVED}, NoticeStatus.PROCESSED),
        "ignore": ({NoticeStatus.RECEIVED}, NoticeStatus.IGNORED),
        "park": ({NoticeStatus.RECEIVED}, NoticeStatus.PARKED),
        "replay": ({NoticeStatus.PROCESSED, NoticeStatus.IGNORED, NoticeStatus.PARKED}, NoticeStatus.RECEIVED),
    },
)


class MethodStatus(StrEnum):
    ATTACHED = "attached"
    DETACHED = "detached"


METHOD: Final = Lifecycle(
    "payment method",
    MethodStatus,
    # For good: a method that was detached is never of use again, https://docs.stripe.com/api/payment_methods/detach
    {"detach": ({MethodStatus.ATTACHED}, MethodStatus.DETACHED)},
)


class ChargeStatus(StrEnum):
    """What came of asking for money while the buyer was away."""

    ASKING = "asking"
    PAID = "paid"
    PROCESSING = "processing"
    DECLINED = "declined"
    ACTION_REQUIRED = "action_required"
    GIVEN_UP = "given_up"


CHARGE: Final = Lifecycle(
    "off-session charge",
    ChargeStatus,
    {
        "pay": ({ChargeStatus.ASKING}, ChargeStatus.PAID),
        "process": ({ChargeStatus.ASKING}, ChargeStatus.PROCESSING),
        "decline": ({ChargeStatus.ASKING}, ChargeStatus.DECLINED),
        # The bank wants to see the buyer, who is sent a link.
        "ask_buyer": ({ChargeStatus.ASKING}, ChargeStatus.ACTION_REQUIRED),
        # Nothing was charged, and it is too late to ask once more.
        "give_up": ({ChargeStatus.ASKING}, ChargeStatus.GIVEN_UP),
    },
)


class EmailStatus(StrEnum):
    WAITING = "waiting"
    SENT = "sent"


EMAIL: Final = Lifecycle("email", EmailStatus, {"send": ({EmailStatus.WAITING}, EmailStatus.SENT)})


class RedemptionStatus(StrEnum):
    RESERVED = "reserved"
    REDEEMED = "redeemed"
    RELEASED = "released"


REDEMPTION: Final = Lifecycle(
    "redemption",
    RedemptionStatus,
    {
        "redeem": ({RedemptionStatus.RESERVED}, RedemptionStatus.REDEEMED),
        "release": ({RedemptionStatus.RESERVED}, RedemptionStatus.RELEASED),
    },
)


class ListingStatus(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


LISTING: Final = Lifecycle(
    "listing",
    ListingStatus,
    {
        "publish": ({ListingStatus.DRAFT, ListingStatus.PAUSED}, ListingStatus.ACTIVE),
        "pause": ({ListingStatus.ACTIVE}, ListingStatus.PAUSED),
        "archive": (set(ListingStatus) - {ListingStatus.ARCHIVED}, ListingStatus.ARCHIVED),
    },
)


class SellerOrderStatus(StrEnum):
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELED = "canceled"


SELLER_ORDER: Final = Lifecycle(
    "seller order",
    SellerOrderStatus,
    {
        "complete": ({SellerOrderStatus.CONFIRMED}, SellerOrderStatus.COMPLETED),
        "cancel": ({SellerOrderStatus.CONFIRMED}, SellerOrderStatus.CANCELED),
        # A refund that the bank returns, before anything was sent.
        "reinstate": ({SellerOrderStatus.CANCELED}, SellerOrderStatus.CONFIRMED),
    },
)


class SellerFulfillment(StrEnum):
    """How far a seller order is, found from its lines."""

    UNFULFILLED = "unfulfilled"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELED = "canceled"


class ShipmentStatus(StrEnum):
    SHIPPED = "shipped"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    LOST = "lost"
    RETURNED = "returned"
    CANCELED = "canceled"
    """It did not leave after all."""


_UNDERWAY = {ShipmentStatus.SHIPPED, ShipmentStatus.IN_TRANSIT}

SHIPMENT: Final = Lifecycle(
    "shipment",
    ShipmentStatus,
    {
        "move": ({ShipmentStatus.SHIPPED}, ShipmentStatus.IN_TRANSIT),
        # What was given up for lost may turn up.
        "deliver": (_UNDERWAY | {ShipmentStatus.LOST}, ShipmentStatus.DELIVERED),
        "lose": (_UNDERWAY, ShipmentStatus.LOST),
        "return": (_UNDERWAY | {ShipmentStatus.LOST}, ShipmentStatus.RETURNED),
        # Before the carrier had it.
        "cancel": ({ShipmentStatus.SHIPPED}, ShipmentStatus.CANCELED),
    },
)


class LabelStatus(StrEnum):
    REQUESTED = "requested"
    BOUGHT = "bought"
    REFUSED = "refused"
    REFUND_REQUESTED = "refund_requested"
    REFUNDED = "refunded"
    REFUND_REFUSED = "refund_refused"


LABEL: Final = Lifecycle(
    "label",
    LabelStatus,
    {
        "buy": ({LabelStatus.REQUESTED}, LabelStatus.BOUGHT),
        "refuse": ({LabelStatus.REQUESTED}, LabelStatus.REFUSED),
        # Also of one that nobody can use any more by the time it is bought.
        "ask_refund": ({LabelStatus.REQUESTED, LabelStatus.BOUGHT}, LabelStatus.REFUND_REQUESTED),
        "refund": ({LabelStatus.REFUND_REQUESTED}, LabelStatus.REFUNDED),
        "refuse_refund": ({LabelStatus.REFUND_REQUESTED}, LabelStatus.REFUND_REFUSED),
    },
)


class ReturnStatus(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    REFUNDED = "refunded"
    CLOSED = "closed"


OPEN_RETURN: Final = frozenset({ReturnStatus.REQUESTED, ReturnStatus.APPROVED, ReturnStatus.IN_TRANSIT})
"""What these ask for, no other return may ask for."""

RETURN: Final = Lifecycle(
    "return",
    ReturnStatus,
    {
        "approve": ({ReturnStatus.REQUESTED}, ReturnStatus.APPROVED),
        "decline": ({ReturnStatus.REQUESTED}, ReturnStatus.DECLINED),
        "withdraw": ({ReturnStatus.REQUESTED, ReturnStatus.APPROVED}, ReturnStatus.WITHDRAWN),
        # Approved, and not sent in time.
        "lapse": ({ReturnStatus.APPROVED}, ReturnStatus.LAPSED),
        "send": ({ReturnStatus.APPROVED}, ReturnStatus.IN_TRANSIT),
        # Who brings it back in person has not sent it; and what was paid back comes late, and is taken in all the same.
        "receive": ({ReturnStatus.APPROVED, ReturnStatus.IN_TRANSIT, ReturnStatus.LAPSED}, ReturnStatus.RECEIVED),
        # Its refund is promised; that has a lifecycle of its own.
        "refund": ({ReturnStatus.RECEIVED}, ReturnStatus.REFUNDED),
        # Nothing is given back for it: it was exchanged, was paid back before, or nothing was in the parcel.
        "close": ({ReturnStatus.RECEIVED}, ReturnStatus.CLOSED),
    },
)


class TransferStatus(StrEnum):
    REQUESTED = "requested"
    SENT = "sent"
    REFUSED = "refused"


TRANSFER: Final = Lifecycle(
    "transfer",
    TransferStatus,
    {
        "send": ({TransferStatus.REQUESTED}, TransferStatus.SENT),
        # What is refused ends: another attempt is another transfer, with another key.
        "refuse": ({TransferStatus.REQUESTED}, TransferStatus.REFUSED),
    },
)


class TransferReversalStatus(StrEnum):
    REQUESTED = "requested"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"


TRANSFER_REVERSAL: Final = Lifecycle(
    "reversal of a transfer",
    TransferReversalStatus,
    {
        "succeed": ({TransferReversalStatus.REQUESTED}, TransferReversalStatus.SUCCEEDED),
        "refuse": ({TransferReversalStatus.REQUESTED}, TransferReversalStatus.REFUSED),
    },
)


class PayoutStatus(StrEnum):
    """Stripe's own words, but for the first and the last: nobody answered yet, and the answer was no."""

    REQUESTED = "requested"
    PENDING = "pending"
    IN_TRANSIT = "in_transit"
    PAID = "paid"
    FAILED = "failed"
    CANCELED = "canceled"
    REFUSED = "refused"


_ON_ITS_WAY = {PayoutStatus.REQUESTED, PayoutStatus.PENDING, PayoutStatus.IN_TRANSIT}

PAYOUT: Final = Lifecycle(
    "payout",
    PayoutStatus,
    {
        "open": ({PayoutStatus.REQUESTED}, PayoutStatus.PENDING),
        "refuse": ({PayoutStatus.REQUESTED}, PayoutStatus.REFUSED),
        "send": ({PayoutStatus.REQUESTED, PayoutStatus.PENDING}, PayoutStatus.IN_TRANSIT),
        "arrive": (_ON_ITS_WAY, PayoutStatus.PAID),
        # A bank may send it back for some days after it arrived: https://docs.stripe.com/payouts#payout-failures
        "fail": (_ON_ITS_WAY | {PayoutStatus.PAID}, PayoutStatus.FAILED),
        "cancel": ({PayoutStatus.REQUESTED, PayoutStatus.PENDING}, PayoutStatus.CANCELED),
    },
)


class ReservationStatus(StrEnum):
    RESERVED = "reserved"
    COMMITTED = "committed"
    RELEASED = "released"


RESERVATION: Final = Lifecycle(
    "reservation of stock",
    ReservationStatus,
    {
        "commit": ({ReservationStatus.RESERVED}, ReservationStatus.COMMITTED),
        # Also of what is sold and was to come: then it is not wanted any more.
        "release": ({ReservationStatus.RESERVED, ReservationStatus.COMMITTED}, ReservationStatus.RELEASED),
    },
)


class JobPostingStatus(StrEnum):
    PENDING_APPROVAL = "pending_approval"
    PUBLISHED = "published"
    EXPIRED = "expired"
    UNPUBLISHED = "unpublished"
    REJECTED = "rejected"


_OFF_THE_BOARD = {JobPostingStatus.EXPIRED, JobPostingStatus.UNPUBLISHED, JobPostingStatus.REJECTED}

JOB_POSTING: Final = Lifecycle(
    "job posting",
    JobPostingStatus,
    {
        # Bought again, a posting comes back from wherever it is.
        "submit": (_OFF_THE_BOARD, JobPostingStatus.PENDING_APPROVAL),
        "publish": ({*_OFF_THE_BOARD, JobPostingStatus.PENDING_APPROVAL}, JobPostingStatus.PUBLISHED),
        "reject": ({JobPostingStatus.PENDING_APPROVAL}, JobPostingStatus.REJECTED),
        "expire": ({JobPostingStatus.PUBLISHED}, JobPostingStatus.EXPIRED),
        "unpublish": ({JobPostingStatus.PENDING_APPROVAL, JobPostingStatus.PUBLISHED}, JobPostingStatus.UNPUBLISHED),
    },
)


class DiscrepancyStatus(StrEnum):
    OPEN = "open"
    HEALED = "healed"
    RESOLVED = "resolved"
    ACCEPTED = "accepted"


DISCREPANCY: Final = Lifecycle(
    "discrepancy",
    DiscrepancyStatus,
    {
        "heal": ({DiscrepancyStatus.OPEN}, DiscrepancyStatus.HEALED),
        # It went away by itself: the news came after all.
        "resolve": ({DiscrepancyStatus.OPEN}, DiscrepancyStatus.RESOLVED),
        "accept": ({DiscrepancyStatus.OPEN}, DiscrepancyStatus.ACCEPTED),
    },
)


class FulfillmentStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    DELIVERED = "delivered"
    CANCELED = "canceled"


_TO_DO = {FulfillmentStatus.PENDING, FulfillmentStatus.IN_PROGRESS}

FULFILLMENT: Final = Lifecycle(
    "fulfillment",
    FulfillmentStatus,
    {
        "start": ({FulfillmentStatus.PENDING}, FulfillmentStatus.IN_PROGRESS),
        "deliver": (_TO_DO, FulfillmentStatus.DELIVERED),
        "cancel": (_TO_DO, FulfillmentStatus.CANCELED),
        # The refund that canceled it did not happen after all.
        "reopen": ({FulfillmentStatus.CANCELED}, FulfillmentStatus.PENDING),
        "resume": ({FulfillmentStatus.CANCELED}, FulfillmentStatus.IN_PROGRESS),
    },
)


class CreditSpendStatus(StrEnum):
    SPENT = "spent"
    RELEASED = "released"


CREDIT_SPEND: Final = Lifecycle(
    "credit spend", CreditSpendStatus, {"release": ({CreditSpendStatus.SPENT}, CreditSpendStatus.RELEASED)}
)


class SubscriptionStatus(StrEnum):
    """Stripe's own words: https://docs.stripe.com/api/subscriptions/object#subscription_object-status."""

    INCOMPLETE = "incomplete"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    PAUSED = "paused"
    CANCELED = "canceled"


_BEGUN = {
    SubscriptionStatus.TRIALING,
    SubscriptionStatus.ACTIVE,
    SubscriptionStatus.PAST_DUE,
    SubscriptionStatus.UNPAID,
    SubscriptionStatus.PAUSED,
}
LIVE_SUBSCRIPTION: Final = frozenset({SubscriptionStatus.INCOMPLETE, *_BEGUN})
"""Of these a customer has one in each group of plans."""

# The provider moves it, we only look: a verb may skip what nobody saw. Its two ends are ends.
SUBSCRIPTION: Final = Lifecycle(
    "subscription",
    SubscriptionStatus,
    {
        "try": (LIVE_SUBSCRIPTION - {SubscriptionStatus.TRIALING}, SubscriptionStatus.TRIALING),
        "activate": (LIVE_SUBSCRIPTION - {SubscriptionStatus.ACTIVE}, SubscriptionStatus.ACTIVE),
        "fall_behind": (LIVE_SUBSCRIPTION - {SubscriptionStatus.PAST_DUE}, SubscriptionStatus.PAST_DUE),
        "stop_collecting": (LIVE_SUBSCRIPTION - {SubscriptionStatus.UNPAID}, SubscriptionStatus.UNPAID),
        "pause": (LIVE_SUBSCRIPTION - {SubscriptionStatus.PAUSED}, SubscriptionStatus.PAUSED),
        "cancel": (LIVE_SUBSCRIPTION, SubscriptionStatus.CANCELED),
        "expire": ({SubscriptionStatus.INCOMPLETE}, SubscriptionStatus.INCOMPLETE_EXPIRED),
    },
)


class ChangeStatus(StrEnum):
    """`waiting`: the provider has it, and it happens once its money is there."""

    QUOTED = "quoted"
    SCHEDULED = "scheduled"
    ASKED = "asked"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    DROPPED = "dropped"


PENDING_CHANGE: Final = frozenset({ChangeStatus.SCHEDULED, ChangeStatus.ASKED, ChangeStatus.WAITING})
"""A subscription has one of these."""

SUBSCRIPTION_CHANGE: Final = Lifecycle(
    "change of a subscription",
    ChangeStatus,
    {
        "schedule": ({ChangeStatus.QUOTED}, ChangeStatus.SCHEDULED),
        "ask": ({ChangeStatus.QUOTED, ChangeStatus.SCHEDULED}, ChangeStatus.ASKED),
        "answer": ({ChangeStatus.ASKED}, ChangeStatus.WAITING),
        "finish": ({ChangeStatus.WAITING}, ChangeStatus.DONE),
        "fail": ({ChangeStatus.ASKED, ChangeStatus.WAITING}, ChangeStatus.FAILED),
        "drop": ({ChangeStatus.QUOTED, ChangeStatus.SCHEDULED, ChangeStatus.WAITING}, ChangeStatus.DROPPED),
    },
)


SUBSCRIPTION_START: Final = Lifecycle(
    "start of a subscription",
    CheckoutStatus,
    {
        "open": ({CheckoutStatus.STARTING}, CheckoutStatus.OPEN),
        # Whatever we believed of it: the provider has begun what carries its mark.
        "complete": (set(CheckoutStatus) - {CheckoutStatus.COMPLETE}, CheckoutStatus.COMPLETE),
        "expire": ({CheckoutStatus.STARTING, CheckoutStatus.OPEN}, CheckoutStatus.EXPIRED),
        "fail": ({CheckoutStatus.STARTING}, CheckoutStatus.FAILED),
    },
)


class InvoiceStatus(StrEnum):
    """Stripe's own words: https://docs.stripe.com/api/invoices/object#invoice_object-status."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    UNCOLLECTIBLE = "uncollectible"
    VOID = "void"


_UNSETTLED = {InvoiceStatus.DRAFT, InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE}

INVOICE: Final = Lifecycle(
    "invoice",
    InvoiceStatus,
    {
        "finalize": ({InvoiceStatus.DRAFT}, InvoiceStatus.OPEN),
        "pay": (_UNSETTLED, InvoiceStatus.PAID),
        "write_off": ({InvoiceStatus.DRAFT, InvoiceStatus.OPEN}, InvoiceStatus.UNCOLLECTIBLE),
        "void": (_UNSETTLED, InvoiceStatus.VOID),
    },
)


class InvoiceRefundStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


INVOICE_REFUND: Final = Lifecycle(
    "refund of an invoice",
    InvoiceRefundStatus,
    {
        "succeed": ({InvoiceRefundStatus.PENDING}, InvoiceRefundStatus.SUCCEEDED),
        # Also after success: https://docs.stripe.com/refunds#failed-refunds
        "fail": ({InvoiceRefundStatus.PENDING, InvoiceRefundStatus.SUCCEEDED}, InvoiceRefundStatus.FAILED),
        "cancel": ({InvoiceRefundStatus.PENDING, InvoiceRefundStatus.SUCCEEDED}, InvoiceRefundStatus.CANCELED),
    },
)


class InvoiceAttemptStatus(StrEnum):
    ASKING = "asking"
    PAID = "paid"
    PROCESSING = "processing"
    ACTION_REQUIRED = "action_required"
    DECLINED = "declined"
    OVERTAKEN = "overtaken"


_ASKING = {InvoiceAttemptStatus.ASKING}

INVOICE_ATTEMPT: Final = Lifecycle(
    "try to collect an invoice",
    InvoiceAttemptStatus,
    {
        "pay": (_ASKING, InvoiceAttemptStatus.PAID),
        "process": (_ASKING, InvoiceAttemptStatus.PROCESSING),
        "need_buyer": (_ASKING, InvoiceAttemptStatus.ACTION_REQUIRED),
        "decline": (_ASKING, InvoiceAttemptStatus.DECLINED),
        # Somebody else collected it meanwhile, or it is not to be collected any more.
        "overtake": (_ASKING, InvoiceAttemptStatus.OVERTAKEN),
    },
)


class ReconciliationStatus(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


RECONCILIATION: Final = Lifecycle(
    "reconciliation",
    ReconciliationStatus,
    {
        "start": ({ReconciliationStatus.WAITING}, ReconciliationStatus.RUNNING),
        "finish": ({ReconciliationStatus.RUNNING}, ReconciliationStatus.FINISHED),
        "fail": ({ReconciliationStatus.WAITING, ReconciliationStatus.RUNNING}, ReconciliationStatus.FAILED),
    },
)


class SellerStatus(StrEnum):
    """How a seller's account stands at the provider. Whether we let them sell is said beside it."""

    CREATED = "created"
    ONBOARDING = "onboarding"
    VERIFYING = "verifying"
    ACTIVE = "active"
    RESTRICTED = "restricted"
    REJECTED = "rejected"
    DEAUTHORIZED = "deauthorized"


_SELLER: Final = frozenset(SellerStatus)

# The provider moves it, we only look: a verb may skip what nobody saw.
SELLER: Final = Lifecycle(
    "seller",
    SellerStatus,
    {
        "onboard": (_SELLER - {SellerStatus.ONBOARDING}, SellerStatus.ONBOARDING),
        "verify": (_SELLER - {SellerStatus.VERIFYING}, SellerStatus.VERIFYING),
        "activate": (_SELLER - {SellerStatus.ACTIVE}, SellerStatus.ACTIVE),
        "restrict": (_SELLER - {SellerStatus.RESTRICTED}, SellerStatus.RESTRICTED),
        "reject": (_SELLER - {SellerStatus.REJECTED}, SellerStatus.REJECTED),
        "deauthorize": (_SELLER - {SellerStatus.DEAUTHORIZED}, SellerStatus.DEAUTHORIZED),
        # Their account is gone, and they want another one.
        "begin_anew": ({SellerStatus.DEAUTHORIZED}, SellerStatus.CREATED),
    },
)

LIFECYCLES: Final = {
    "orders": ORDER,
    "checkouts": CHECKOUT,
    "payments": PAYMENT,
    "refunds": REFUND,
    "refund_requests": REFUND_REQUEST,
    "disputes": DISPUTE,
    "dispute_answers": DISPUTE_ANSWER,
    "purchases": PURCHASE,
    "provider_events": NOTICE,
    "sellers": SELLER,
    "emails": EMAIL,
    "redemptions": REDEMPTION,
    "payment_methods": METHOD,
    "off_session_charges": CHARGE,
    "listings": LISTING,
    "seller_orders": SELLER_ORDER,
    "shipments": SHIPMENT,
    "returns": RETURN,
    "labels": LABEL,
    "transfers": TRANSFER,
    "transfer_reversals": TRANSFER_REVERSAL,
    "payouts": PAYOUT,
    "stock_reservations": RESERVATION,
    "job_postings": JOB_POSTING,
    "fulfillments": FULFILLMENT,
    "credit_spends": CREDIT_SPEND,
    "discrepancies": DISCREPANCY,
    "reconciliations": RECONCILIATION,
    "subscriptions": SUBSCRIPTION,
    "subscription_starts": SUBSCRIPTION_START,
    "subscription_changes": SUBSCRIPTION_CHANGE,
    "invoices": INVOICE,
    "invoice_refunds": INVOICE_REFUND,
    "invoice_attempts": INVOICE_ATTEMPT,
    "invoice_disputes": DISPUTE,
}
"""Table → the lifecycle of its `status` column."""
