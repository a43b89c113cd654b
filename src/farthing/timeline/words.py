"""Our events in words: a title for each, the amount it is about, and what else is worth saying."""

from typing import Any, Final

from farthing.events import Event, EventName
from farthing.money import Money
from farthing.timeline.entry import Entry

TITLES: Final[dict[EventName, str]] = {
    "order.placed": "Order placed",
    "order.paid": "Order paid",
    "order.expired": "Order expired",
    "order.cancel_requested": "Cancellation asked for",
    "order.canceled": "Order canceled",
    "order.refunded": "Order refunded in full",
    "checkout.started": "Checkout started",
    "checkout.opened": "Payment page opened",
    "checkout.completed": "Payment page completed",
    "checkout.expired": "Payment page expired",
    "checkout.failed": "Payment page refused",
    "order.reduced": "Price reduced to what was captured",
    "payment.opened": "Payment opened",
    "payment.processing": "Payment on its way",
    "payment.authorized": "Payment authorized",
    "payment.capture_requested": "Capture asked for",
    "payment.capture_refused": "Capture refused",
    "payment.close_requested": "Payment to be closed",
    "payment.expiring": "Authorization about to expire",
    "payment.succeeded": "Payment received",
    "payment.failed": "Payment declined",
    "payment.canceled": "Payment canceled",
    "payment.surplus": "Money received that pays for nothing",
    "payment.fee_known": "Fee known",
    "refund.promised": "Refund promised",
    "refund.pending": "Refund sent",
    "refund.succeeded": "Refund succeeded",
    "refund.failed": "Refund failed",
    "refund.canceled": "Refund canceled",
    "dispute.opened": "Dispute opened",
    "dispute.funds_withdrawn": "Bank took the money back",
    "dispute.funds_reinstated": "Bank returned the money",
    "dispute.under_review": "Bank reviews the evidence",
    "dispute.escalated": "Inquiry became a dispute",
    "dispute.appealed": "Decision on the dispute contested",
    "dispute.won": "Dispute won",
    "dispute.lost": "Dispute lost",
    "dispute.closed": "Dispute came to nothing",
    "dispute.paid_twice": "Refunded and taken back by the bank as well",
    "dispute.evidence_due": "Evidence is due soon",
    "dispute.evidence_saved": "Evidence saved as a draft",
    "dispute.answer_promised": "Answer to the bank promised",
    "dispute.answered": "Answer to the bank sent",
    "dispute.answer_refused": "Answer to the bank refused",
    "payment.fraud_warning": "Bank suspects fraud",
    "refund_request.requested": "Refund asked for",
    "refund_request.first_approved": "Refund approved by one, a second person is needed",
    "refund_request.approved": "Refund approved",
    "refund_request.declined": "Refund declined",
    "refund_request.withdrawn": "Refund not wanted any more",
    "refund_request.refunded": "Refund request fulfilled",
    "entitlement.granted": "Access granted",
    "entitlement.revoked": "Access revoked",
    "customer.updated": "Customer changed",
    "customer.pushed": "Customer pushed to the provider",
    "customer.push_failed": "Customer refused by the provider",
    "customer.gone": "Customer deleted at the provider",
    "customer.erased": "Customer erased",
    "payment_method.saved": "Payment method saved",
    "payment_method.detached": "Payment method removed",
    "payment_method.made_default": "Payment method made the default",
    "payment.requested_off_session": "Charge asked for while the buyer is away",
    "payment.off_session_failed": "Charge while the buyer was away came to nothing",
    "payment.action_required": "Buyer must confirm the payment",
    "job.submitted": "Job waits for approval",
    "job.published": "Job published",
    "job.extended": "Job stays longer",
    "job.shortened": "Job ends earlier",
    "job.rejected": "Job rejected",
    "job.refused": "Job not published: another customer's",
    "job.expiring": "Job ends soon",
    "job.expired": "Job expired",
    "job.unpublished": "Job unpublished",
    "job.addon_added": "Add-on added to the job",
    "job.addon_removed": "Add-on taken from the job",
    "fulfillment.opened": "Service to be delivered",
    "fulfillment.progressed": "Service begun",
    "fulfillment.delivered": "Service delivered",
    "fulfillment.canceled": "Service canceled",
    "credits.granted": "Credits granted",
    "credits.spent": "Credits spent",
    "credits.released": "Credits given back",
    "credits.expired": "Credits expired",
    "credits.revoked": "Credits revoked",
    "credits.restored": "Credits restored",
    "purchase.completed": "Content bought",
    "purchase.suspended": "Content taken back while the payment is disputed",
    "purchase.refunded": "Content taken back",
    "purchase.restored": "Content given back",
    "purchase.not_restored": "Content not given back: the buyer owns it by a later purchase",
    "purchase.shares_reversed": "Shares of the sale taken back",
    "purchase.shares_restored": "Shares of the sale given again",
    "download.granted": "Download granted",
    "download.revoked": "Download revoked",
    "download.fetched": "File downloaded",
    "subscription.requested": "Subscription asked for",
    "subscription.start_expired": "Subscription not begun: its page expired",
    "subscription.start_failed": "Subscription refused",
    "subscription.started": "Subscription started",
    "subscription.changed": "Subscription changed",
    "subscription.renewed": "Subscription renewed",
    "subscription.past_due": "Subscription past due",
    "subscription.canceled": "Subscription over",
    "subscription.cancel_requested": "End of the subscription asked for",
    "subscription.resume_requested": "Subscription shall go on",
    "subscription.duplicate_found": "Customer has two subscriptions of one group",
    "subscription.lapsed": "Not to be used any more: it was not paid",
    "trial.ending": "Trial ends soon",
    "card.expiring": "Card expires before the next charge",
    "invoice.paid": "Invoice paid",
    "invoice.payment_failed": "Payment of an invoice failed",
    "invoice.recovered": "Invoice paid after all",
    "invoice.retry_requested": "Payment to be tried again",
    "invoice.retried": "Payment tried again",
    "invoice.refunded": "Part of an invoice's payment went back",
    "invoice.refund_returned": "Bank returned a refund of an invoice",
    "invoice.fee_known": "Fee known",
    "email.sent": "Email sent",
    "hook.failed": "Hook failed",
    "notice.parked": "Provider event parked",
    "notice.lost": "Provider events lost",
    "alert.payment_success_rate": "Too few payments came",
    "discrepancy.found": "Differs from the provider",
    "discrepancy.healed": "Difference from the provider healed",
    "discrepancy.resolved": "Difference from the provider gone",
    "discrepancy.accepted": "Difference from the provider accepted",
    "catalog.applied": "Catalog applied",
    "coupon.created": "Coupon created",
    "coupon.deactivated": "Coupon ended",
    "coupon.reserved": "Promotion code reserved",
    "coupon.redeemed": "Promotion code redeemed",
    "coupon.released": "Promotion code free again",
    "promotion_code.created": "Promotion code created",
    "promotion_code.deactivated": "Promotion code ended",
    "staff.signed_in": "Signed in",
    "staff.created": "Member of staff added",
    "api_key.created": "API key created",
    "api_key.revoked": "API key revoked",
}

_BY_NAME: Final[dict[str, str]] = {str(name): title for name, title in TITLES.items()}
_AMOUNTS: Final = ("total", "received", "amount", "fee")
_DETAILS: Final = ("difference", "message", "failure", "reason", "feature", "comment", "content", "file", "code", "kind", "job")


def of_event(event: Event) -> Entry:
    return Entry(
        at=event.happened_at,
        kind="event",
        name=event.type,
        title=title_of(event.type),
        actor=event.actor,
        detail=_detail(event.data),
        money=_money(event.data),
        ref=str(event.id),
    )


def title_of(type: str) -> str:
    """An event of a later release still has its name."""
    return _BY_NAME.get(type, type)


def _money(data: dict[str, Any]) -> Money | None:
    found = next((data[key] for key in _AMOUNTS if isinstance(data.get(key), dict)), None)
    return None if found is None else Money(found["amount"], found["currency"])


def _detail(data: dict[str, Any]) -> str:
    found = next((data[key] for key in _DETAILS if isinstance(data.get(key), str)), "")
    if not found and data.get("line_items"):
        found = ", ".join(f"{line['quantity']} × {line['product']}" for line in data["line_items"])
    return found if " " in found else found.replace("_", " ")
