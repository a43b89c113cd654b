"""Emails: one function and two templates for each, one message for each fact."""

from farthing.emails.mailers import MailboxMailer, SmtpMailer
from farthing.emails.messages import order_confirmation, refund_receipt
from farthing.emails.store import Email, get, list_page, of_order

__all__ = [
    "Email",
    "MailboxMailer",
    "SmtpMailer",
    "get",
    "list_page",
    "of_order",
    "order_confirmation",
    "refund_receipt",
]
