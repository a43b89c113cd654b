"""Emails: one function and three templates for each, one message for each fact, in the language of its reader."""

from farthing.emails.examples import EXAMPLES
from farthing.emails.mailers import MailboxMailer, SmtpMailer
from farthing.emails.market import (
    delivered,
    parcel_returned,
    payout_failed,
    payout_sent,
    return_decided,
    return_received,
    return_requested,
    sale,
    sale_canceled,
    sale_reduced,
    seller_action,
    shipped,
    transfer_failed,
    transfer_sent,
)
from farthing.emails.messages import (
    action_required,
    charge_declined,
    expiry_reminder,
    order_confirmation,
    payment_failed,
    receipt,
    refund_receipt,
)
from farthing.emails.renewals import card_expiring, renewal_failed, subscription_lapsed, trial_ending
from farthing.emails.staff import send_to_staff
from farthing.emails.store import Email, get, list_page, of_order
from farthing.emails.words import Letter, check, compose, languages, sources

__all__ = [
    "EXAMPLES",
    "Email",
    "Letter",
    "MailboxMailer",
    "SmtpMailer",
    "action_required",
    "card_expiring",
    "charge_declined",
    "check",
    "compose",
    "delivered",
    "expiry_reminder",
    "get",
    "languages",
    "list_page",
    "of_order",
    "order_confirmation",
    "parcel_returned",
    "payment_failed",
    "payout_failed",
    "payout_sent",
    "receipt",
    "refund_receipt",
    "renewal_failed",
    "return_decided",
    "return_received",
    "return_requested",
    "sale",
    "sale_canceled",
    "sale_reduced",
    "seller_action",
    "send_to_staff",
    "shipped",
    "sources",
    "subscription_lapsed",
    "transfer_failed",
    "transfer_sent",
    "trial_ending",
]
