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
    "order.reduced",
    "payment.opened",
    "payment.processing",
    "payment.authorized",
    "payment.capture_requested",
    "payment.capture_refused",
    "payment.close_requested",
    "payment.expiring",
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
    "dispute.opened",
    "dispute.funds_withdrawn",
    "dispute.funds_reinstated",
    "dispute.under_review",
    "dispute.escalated",
    "dispute.appealed",
    "dispute.won",
    "dispute.lost",
    "dispute.closed",
    "dispute.paid_twice",
    "dispute.evidence_due",
    "dispute.evidence_saved",
    "dispute.answer_promised",
    "dispute.answered",
    "dispute.answer_refused",
    "payment.fraud_warning",
    "refund_request.requested",
    "refund_request.first_approved",
    "refund_request.approved",
    "refund_request.declined",
    "refund_request.withdrawn",
    "refund_request.refunded",
    "refund_request.covered",
    "refund_request.uncovered",
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
    "listing.created",
    "listing.changed",
    "listing.published",
    "listing.paused",
    "listing.archived",
    "earning.recorded",
    "earning.reversed",
    "earning.restored",
    "seller_order.confirmed",
    "seller_order.shipped",
    "seller_order.delivered",
    "seller_order.canceled",
    "seller_order.reinstated",
    "seller_order.units_canceled",
    "return.requested",
    "return.approved",
    "return.declined",
    "return.withdrawn",
    "return.lapsed",
    "return.sent",
    "return.received",
    "return.refunded",
    "return.closed",
    "return.exchanged",
    "seller_order.held",
    "seller_order.let_go",
    "transfer.requested",
    "transfer.sent",
    "transfer.refused",
    "transfer.reversal_requested",
    "transfer.reversed",
    "transfer.reversal_refused",
    "payout.requested",
    "payout.sent",
    "payout.paid",
    "payout.failed",
    "payout.canceled",
    "payout.refused",
    "shipment.delivered",
    "shipment.lost",
    "shipment.returned",
    "shipment.canceled",
    "shipment.tracked",
    "shipment.settled",
    "shipment.not_followed",
    "label.requested",
    "label.bought",
    "label.refused",
    "label.unused",
    "label.refund_requested",
    "label.refunded",
    "label.refund_refused",
    "stock.received",
    "stock.counted",
    "stock.lost",
    "stock.moved",
    "stock.low",
    "stock.lapsed",
    "stock.short",
    "stock.arrived",
    "stock.returned",
    "job.submitted",
    "job.published",
    "job.extended",
    "job.shortened",
    "job.rejected",
    "job.refused",
    "job.expiring",
    "job.expired",
    "job.unpublished",
    "job.addon_added",
    "job.addon_removed",
    "fulfillment.opened",
    "fulfillment.progressed",
    "fulfillment.delivered",
    "fulfillment.canceled",
    "credits.granted",
    "credits.spent",
    "credits.released",
    "credits.expired",
    "credits.revoked",
    "credits.restored",
    "purchase.completed",
    "purchase.suspended",
    "purchase.refunded",
    "purchase.restored",
    "purchase.not_restored",
    "purchase.shares_reversed",
    "purchase.shares_restored",
    "download.granted",
    "download.revoked",
    "download.fetched",
    "subscription.requested",
    "subscription.start_expired",
    "subscription.start_failed",
    "subscription.started",
    "subscription.changed",
    "subscription.renewed",
    "subscription.past_due",
    "subscription.canceled",
    "subscription.cancel_requested",
    "subscription.resume_requested",
    "subscription.pause_requested",
    "subscription.change_requested",
    "subscription.change_scheduled",
    "subscription.change_waiting",
    "subscription.change_failed",
    "subscription.change_dropped",
    "subscription.charged_otherwise",
    "subscription.duplicate_found",
    "subscription.lapsed",
    "trial.ending",
    "trial.refused",
    "card.expiring",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.recovered",
    "invoice.retry_requested",
    "invoice.retried",
    "invoice.refunded",
    "invoice.refund_returned",
    "invoice.fee_known",
    "invoice.disputed",
    "invoice.dispute_changed",
    "seller.created",
    "seller.changed",
    "seller.account_opened",
    "seller.account_refused",
    "seller.onboarding_started",
    "seller.dashboard_opened",
    "seller.onboarded",
    "seller.verifying",
    "seller.restricted",
    "seller.rejected",
    "seller.deauthorized",
    "seller.requirements_changed",
    "seller.payout_account_changed",
    "seller.held",
    "seller.let_go",
    "seller.dispute_fee_charged",
    "seller.suspended",
    "seller.reinstated",
    "seller.rejection_requested",
    "seller.rejection_refused",
    "tax_document.issued",
    "tax_details.changed",
    "email.sent",
    "hook.failed",
    "notice.parked",
    "notice.lost",
    "alert.payment_success_rate",
    "discrepancy.found",
    "discrepancy.healed",
    "discrepancy.resolved",
    "discrepancy.accepted",
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


class PaymentAuthorized(Announced):
    """The bank keeps the money until it is captured. `data`: payment, amount {amount, currency}, capture_before."""

    name = "payment.authorized"


class PaymentExpiring(Announced):
    """An authorization is about to expire: capture it, or lose it. `data`: payment, amount, capture_before."""

    name = "payment.expiring"


class PaymentFailed(Announced):
    """The bank said no; the buyer may try again. `data`: payment, code, message."""

    name = "payment.failed"


class PaymentActionRequired(Announced):
    """The bank wants to see the buyer, who was away when they were charged: send them the order's recovery link.

    `data`: payment, customer, code.
    """

    name = "payment.action_required"


class PaymentOffSessionFailed(Announced):
    """A saved method was charged while its owner was away, and nothing came of it; the order can be paid by its recovery link.

    `data`: payment, customer, code: the provider's word, or `unanswered` where the charge was given up.
    """

    name = "payment.off_session_failed"


class PaymentSurplus(Announced):
    """Money came in that pays for nothing; it goes back by itself. `data`: payment, received, reason."""

    name = "payment.surplus"


class PurchaseCompleted(Announced):
    """A customer owns a content of yours. `data`: purchase, content, customer, amount {amount, currency}, seller."""

    name = "purchase.completed"


class PurchaseRefunded(Announced):
    """The customer does not own it any more: all that was paid for it went back."""

    name = "purchase.refunded"


class RefundSucceeded(Announced):
    """Part or all of a payment went back. `data`: refund, amount {amount, currency}, payment."""

    name = "refund.succeeded"


class EntitlementEnding(Announced):
    """What a customer bought ends in some days. `data`: feature, name, ends_at, customer."""

    name = "entitlement.ending"


class RefundFailed(Announced):
    """The bank returned a refund, possibly days after it succeeded."""

    name = "refund.failed"


class DisputeOpened(Announced):
    """A buyer's bank takes a payment back, or only asks. `data`: dispute, amount, reason, status, inquiry, evidence_due_by."""

    name = "dispute.opened"


class DisputeEscalated(Announced):
    """The bank's question became a dispute: now the money is gone, and there is a new deadline."""

    name = "dispute.escalated"


class DisputeEvidenceDue(Announced):
    """Nobody has answered the bank yet. `data`: dispute, amount, days, evidence_due_by. Told 7, 3 and 1 days before."""

    name = "dispute.evidence_due"


class DisputeAnswerRefused(Announced):
    """The provider did not take our answer: somebody must look before the deadline. `data`: dispute, answer, failure."""

    name = "dispute.answer_refused"


class DisputeWon(Announced):
    """The bank agreed with us; the money comes back."""

    name = "dispute.won"


class DisputeLost(Announced):
    """The bank agreed with the buyer; the money is gone. `data`: dispute, amount (what was lost), reason."""

    name = "dispute.lost"


class DisputeClosed(Announced):
    """It came to nothing: an inquiry that ended, or a dispute that was prevented."""

    name = "dispute.closed"


class DisputePaidTwice(Announced):
    """The buyer has the money twice: refunded, and taken back by the bank. Somebody must answer the bank with the refund."""

    name = "dispute.paid_twice"


class PaymentFraudWarning(Announced):
    """A bank suspects fraud before anybody complained: a refund now may avoid the dispute. `data`: payment, fraud_type, …"""

    name = "payment.fraud_warning"


class SellerOrderConfirmed(Announced):
    """A seller's part of an order is paid: it can be sent. `data`: seller_order, number, seller, line_items."""

    name = "seller_order.confirmed"


class SellerOrderShipped(Announced):
    """A parcel left. `data` as of SellerOrderConfirmed, and shipment, carrier, tracking_number, tracking_url."""

    name = "seller_order.shipped"


class SellerOrderDelivered(Announced):
    """All that was sold of it has arrived. `data` as of SellerOrderConfirmed."""

    name = "seller_order.delivered"


class SellerOrderCanceled(Announced):
    """Nothing of it is sent any more. `data` as of SellerOrderConfirmed, and reason."""

    name = "seller_order.canceled"


class ShipmentDelivered(Announced):
    """A parcel has arrived. `data` as of SellerOrderConfirmed, and shipment, carrier, tracking_number."""

    name = "shipment.delivered"


class ShipmentLost(Announced):
    """A parcel is lost. `data` as of ShipmentDelivered."""

    name = "shipment.lost"


class ShipmentReturned(Announced):
    """A parcel could not be delivered and went back. `data` as of ShipmentDelivered."""

    name = "shipment.returned"


class SellerOrderUnitsCanceled(Announced):
    """Some units of it, or all, are not sent any more, by somebody's word. `data`: seller_order, number, seller, cancellation,
    party (buyer, seller or platform), reason, refund, line_items with the quantity that was canceled."""

    name = "seller_order.units_canceled"


class ReturnRequested(Announced):
    """A buyer wants to send something back. `data`: return, number, seller_order, seller, way_back, line_items with quantity
    and reason, party."""

    name = "return.requested"


class ReturnApproved(Announced):
    """It may be sent. `data` as of ReturnRequested, and send_before, refund."""

    name = "return.approved"


class ReturnDeclined(Announced):
    """It is not taken back. `data` as of ReturnRequested; the return itself says why."""

    name = "return.declined"


class ReturnWithdrawn(Announced):
    """Its buyer keeps it after all. `data` as of ReturnRequested."""

    name = "return.withdrawn"


class ReturnLapsed(Announced):
    """It was not sent in its time: nobody waits for it any more. `data` as of ReturnRequested; and refund, where its money went
    back at the approval and stays with the buyer."""

    name = "return.lapsed"


class ReturnSent(Announced):
    """It is on its way back. `data` as of ReturnRequested, and carrier, tracking_number."""

    name = "return.sent"


class ReturnReceived(Announced):
    """It came. `data` as of ReturnRequested, and came: restocked and written_off for each line; shipment, of a parcel that was
    never delivered."""

    name = "return.received"


class ReturnRefunded(Announced):
    """What came is paid back: the refund is promised. `data` as of ReturnRequested, and refund."""

    name = "return.refunded"


class ReturnExchanged(Announced):
    """Something else was ordered for what came. `data` as of ReturnRequested, and replaced_by, the order."""

    name = "return.exchanged"


class ReturnClosed(Announced):
    """It came, and nothing is paid back for it. `data` as of ReturnRequested."""

    name = "return.closed"


class ShipmentCanceled(Announced):
    """A parcel did not leave after all: its label was given back. `data` as of SellerOrderConfirmed, and shipment, carrier,
    tracking_number."""

    name = "shipment.canceled"


class ShipmentTracked(Announced):
    """The carrier sees a parcel somewhere else. `data` as of ShipmentCanceled, and tracking_status, expected_at."""

    name = "shipment.tracked"


class ShipmentSettled(Announced):
    """Somebody decided about the goods of a parcel that was lost or came back. `data` as of ShipmentCanceled, and how:
    resend or write_off."""

    name = "shipment.settled"


class LabelBought(Announced):
    """A label is paid for, and its parcel left. `data`: label, seller_order, number, carrier, service, amount, shipment."""

    name = "label.bought"


class LabelRefused(Announced):
    """The carrier sold no label. `data`: label, seller_order, number, carrier, service, reason."""

    name = "label.refused"


class TransferSent(Announced):
    """What a seller earned went to their account. `data`: transfer, seller, seller_order, amount {amount, currency}."""

    name = "transfer.sent"


class TransferRefused(Announced):
    """The provider did not take what a seller earned; it is tried again. `data` as of TransferSent, and reason."""

    name = "transfer.refused"


class TransferReversed(Announced):
    """What went back to a buyer was taken back from the seller. `data` as of TransferSent, and reversal."""

    name = "transfer.reversed"


class TransferReversalRefused(Announced):
    """A seller's account did not hold what went back to a buyer: it is kept of what they earn next. `data` as of
    TransferReversed, and reason."""

    name = "transfer.reversal_refused"


class PayoutSent(Announced):
    """Money of a seller's is on its way to their bank. `data`: payout, seller, amount {amount, currency}, arrives_at, last4."""

    name = "payout.sent"


class PayoutPaid(Announced):
    """It arrived; for some days the bank may still send it back. `data` as of PayoutSent."""

    name = "payout.paid"


class PayoutFailed(Announced):
    """A bank did not take it, or sent it back: it is on the seller's account again. `data` as PayoutSent's, reason, code."""

    name = "payout.failed"


class PayoutRefused(Announced):
    """The provider did not take the question: nothing left the seller's account. `data` as of PayoutSent, and reason."""

    name = "payout.refused"


class StockLow(Announced):
    """Little is left of something; told once, until there is more again. `data`: sku, available."""

    name = "stock.low"


class StockShort(Announced):
    """An order is paid, and what it was for is gone: somebody must decide. `data`: sku, line_item, quantity."""

    name = "stock.short"


class StockArrived(Announced):
    """What a paid order waited for is there. `data`: sku, line_item, quantity, location."""

    name = "stock.arrived"


class JobSubmitted(Announced):
    """A job is paid for and waits for somebody's approval. `data` as of JobPublished."""

    name = "job.submitted"


class JobPublished(Announced):
    """A job is on the board. `data`: job_posting, job, customer, status, published_at, expires_at, addons, paid."""

    name = "job.published"


class JobExtended(Announced):
    """A job stays on the board for longer: `expires_at` is later. `data` as of JobPublished."""

    name = "job.extended"


class JobShortened(Announced):
    """A part of a job's time was refunded: `expires_at` is earlier. `data` as of JobPublished."""

    name = "job.shortened"


class JobRejected(Announced):
    """A job will not be published. `data` as of JobPublished, and reason."""

    name = "job.rejected"


class JobExpiring(Announced):
    """A job leaves the board soon, at `expires_at`. `data` as of JobPublished."""

    name = "job.expiring"


class JobExpired(Announced):
    """A job's time on the board is over. `data` as of JobPublished."""

    name = "job.expired"


class JobUnpublished(Announced):
    """A job's price went back, and it leaves the board. `data` as of JobPublished, and addons_left: orders of add-ons alone."""

    name = "job.unpublished"


class JobAddonAdded(Announced):
    """An add-on was bought for a job that is known already. `data` as of JobPublished, and product."""

    name = "job.addon_added"


class JobAddonRemoved(Announced):
    """An add-on of a job was refunded. `data` as of JobPublished, and product."""

    name = "job.addon_removed"


class FulfillmentOpened(Announced):
    """There is something for people to do. `data`: fulfillment, line_item, status, units, delivered_units."""

    name = "fulfillment.opened"


class FulfillmentDelivered(Announced):
    """All units of a service are delivered. `data` as of FulfillmentOpened, and note."""

    name = "fulfillment.delivered"


class CreditsGranted(Announced):
    """A customer has more credits. `data`: customer, grant, credits."""

    name = "credits.granted"


class CreditsSpent(Announced):
    """A customer spent credits. `data`: customer, spend, credits, reference."""

    name = "credits.spent"


class CreditsExpired(Announced):
    """Credits ran out. `data`: customer, grant, credits."""

    name = "credits.expired"


class RefundRequested(Announced):
    """Somebody asks for money back. `data`: request, amount {amount, currency}, by ("customer" or "staff"), needs_second."""

    name = "refund_request.requested"


class RefundApproved(Announced):
    """A request was granted; the refund is on its way. `data`: request, amount, refund."""

    name = "refund_request.approved"


class RefundDeclined(Announced):
    """A request was declined. `data`: request, amount."""

    name = "refund_request.declined"


class SubscriptionStarted(Announced):
    """A plan can be used: it is paid for, or tried. `data`: subscription, customer, plan, price, quantity, status, amount
    {amount, currency}, interval, interval_count, paid_until, trial_end, ends_at."""

    name = "subscription.started"


class SubscriptionChanged(Announced):
    """Another plan, price or quantity; or it will end, or will not after all. `data` as of SubscriptionStarted, and changes."""

    name = "subscription.changed"


class SubscriptionChangeWaiting(Announced):
    """A change waits for its money: the card was declined, or the bank wants to see the buyer. `data`: subscription, customer,
    change, kind, plan, price, quantity, amount {amount, currency}, expires_at."""

    name = "subscription.change_waiting"


class SubscriptionChangeFailed(Announced):
    """A change did not happen, and all stays as it was. `data`: subscription, customer, change, kind, plan,
    price, quantity, reason."""

    name = "subscription.change_failed"


class SubscriptionRenewed(Announced):
    """It is paid for longer: `paid_until` is later. `data` as of SubscriptionStarted."""

    name = "subscription.renewed"


class SubscriptionPastDue(Announced):
    """The money for the next period did not come. It may be used until grace_until. `data` as of SubscriptionStarted."""

    name = "subscription.past_due"


class SubscriptionCanceled(Announced):
    """It is over; what is paid can be used until paid_until. `data` as of SubscriptionStarted, and reason, comment."""

    name = "subscription.canceled"


class SubscriptionDuplicateFound(Announced):
    """A customer has two of one group at the provider: somebody must end one. `data` as of SubscriptionStarted, and other."""

    name = "subscription.duplicate_found"


class SubscriptionChargedOtherwise(Announced):
    """A change was charged at another figure than its quote: somebody changed a price at the provider meanwhile. `data`:
    subscription, customer, change, plan, invoice, quoted, charged {amount, currency}."""

    name = "subscription.charged_otherwise"


class TrialEnding(Announced):
    """A trial ends soon, at `trial_end`. `data` as of SubscriptionStarted, and has_method."""

    name = "trial.ending"


class InvoicePaid(Announced):
    """An invoice of a subscription is paid. `data`: invoice, subscription, customer, amount, reason, number, url."""

    name = "invoice.paid"


class InvoicePaymentFailed(Announced):
    """The money for an invoice did not come. `data` as of InvoicePaid, and attempt, next_attempt_at."""

    name = "invoice.payment_failed"


class AlertPaymentSuccessRate(Announced):
    """Too few payments came. Told once, until they come again. `data`: hours, succeeded, failed, limit_percent."""

    name = "alert.payment_success_rate"


class InvoiceRecovered(Announced):
    """The money for an invoice came after all. `data` as of InvoicePaid, and attempts, days."""

    name = "invoice.recovered"


class SubscriptionLapsed(Announced):
    """It cannot be used any more: its money never came. `data` as of SubscriptionStarted."""

    name = "subscription.lapsed"


class CardExpiring(Announced):
    """What pays for a subscription will not be good for its next charge. `data` as of SubscriptionStarted, and next_charge_at,
    exp_month, exp_year."""

    name = "card.expiring"


class InvoiceDisputed(Announced):
    """A buyer's bank takes back what paid for an invoice, or asks. `data`: dispute, invoice, subscription, amount, status, …"""

    name = "invoice.disputed"


class SellerOnboarded(Announced):
    """A seller may take money and be paid. `data`: seller, external_id, account, status, charges_enabled, payouts_enabled."""

    name = "seller.onboarded"


class SellerRestricted(Announced):
    """The provider lets a seller take no money, or pays them none, until they give what is missing. `data` as of
    SellerOnboarded, and due (what is asked for), reason."""

    name = "seller.restricted"


class SellerRejected(Announced):
    """The provider deals with a seller no more. `data` as of SellerRestricted."""

    name = "seller.rejected"


class SellerDeauthorized(Announced):
    """A seller's account is out of our reach: they disconnected, or it was deleted. `data` as of SellerOnboarded."""

    name = "seller.deauthorized"


class SellerRequirementsChanged(Announced):
    """A seller is asked for something else than before. `data` as of SellerRestricted, and deadline."""

    name = "seller.requirements_changed"


class SellerPayoutAccountChanged(Announced):
    """A seller's money is to go to another bank account or card than before. `data`: seller, external_id, account,
    last4 (of each new one)."""

    name = "seller.payout_account_changed"


class SellerSuspended(Announced):
    """The shop stopped a seller. `data`: seller, external_id, reason."""

    name = "seller.suspended"


class SellerReinstated(Announced):
    """A suspended seller may go on. `data` as of SellerSuspended."""

    name = "seller.reinstated"


class TaxDocumentIssued(Announced):
    """A tax invoice or credit note has its number. `data`: document, kind, number, invoice and subscription (null where it
    is of an order), customer, amount."""

    name = "tax_document.issued"


class DiscrepancyFound(Announced):
    """Here and at the provider something is different. `data`: discrepancy, subject, field, ours, theirs."""

    name = "discrepancy.found"


ANNOUNCED: Final[dict[str, type[Announced]]] = {
    kind.name: kind
    for kind in (
        OrderPlaced,
        OrderPaid,
        OrderExpired,
        OrderCanceled,
        OrderRefunded,
        PaymentAuthorized,
        PaymentExpiring,
        PaymentFailed,
        PaymentActionRequired,
        PaymentOffSessionFailed,
        PaymentSurplus,
        PurchaseCompleted,
        PurchaseRefunded,
        RefundSucceeded,
        RefundFailed,
        EntitlementEnding,
        DisputeOpened,
        DisputeEscalated,
        DisputeEvidenceDue,
        DisputeAnswerRefused,
        DisputeWon,
        DisputeLost,
        DisputeClosed,
        DisputePaidTwice,
        PaymentFraudWarning,
        JobSubmitted,
        JobPublished,
        JobExtended,
        JobShortened,
        JobRejected,
        JobExpiring,
        JobExpired,
        JobUnpublished,
        JobAddonAdded,
        JobAddonRemoved,
        FulfillmentOpened,
        FulfillmentDelivered,
        CreditsGranted,
        CreditsSpent,
        CreditsExpired,
        RefundRequested,
        RefundApproved,
        RefundDeclined,
        SubscriptionStarted,
        SubscriptionChanged,
        SubscriptionRenewed,
        SubscriptionPastDue,
        SubscriptionCanceled,
        SubscriptionDuplicateFound,
        SubscriptionChargedOtherwise,
        SubscriptionChangeWaiting,
        SubscriptionChangeFailed,
        TrialEnding,
        InvoicePaid,
        InvoicePaymentFailed,
        AlertPaymentSuccessRate,
        InvoiceRecovered,
        SubscriptionLapsed,
        CardExpiring,
        InvoiceDisputed,
        SellerOnboarded,
        SellerRestricted,
        SellerRejected,
        SellerDeauthorized,
        SellerRequirementsChanged,
        SellerPayoutAccountChanged,
        SellerSuspended,
        SellerReinstated,
        SellerOrderConfirmed,
        SellerOrderShipped,
        SellerOrderDelivered,
        PayoutSent,
        PayoutPaid,
        PayoutFailed,
        PayoutRefused,
        SellerOrderCanceled,
        SellerOrderUnitsCanceled,
        ReturnRequested,
        ReturnApproved,
        ReturnDeclined,
        ReturnWithdrawn,
        ReturnLapsed,
        ReturnSent,
        ReturnReceived,
        ReturnRefunded,
        ReturnExchanged,
        ReturnClosed,
        ShipmentDelivered,
        ShipmentLost,
        ShipmentReturned,
        TransferSent,
        TransferRefused,
        TransferReversed,
        TransferReversalRefused,
        StockLow,
        StockShort,
        StockArrived,
        ShipmentCanceled,
        ShipmentTracked,
        ShipmentSettled,
        LabelBought,
        LabelRefused,
        TaxDocumentIssued,
        DiscrepancyFound,
    )
}
"""Recording one of these schedules its announcement; the others are only written down."""
