"""Disputes: a buyer's bank takes a payment back, we answer with evidence, the bank decides."""

from farthing.disputes.actions import Look, record_dispute
from farthing.disputes.answers import Pack, accept, evidence_of, save_evidence, submit
from farthing.disputes.desk import Desk
from farthing.disputes.flow import send_answer, sync_dispute, sync_disputes, sync_fraud_warning, watch
from farthing.disputes.model import FIELDS, INQUIRY, UNANSWERED, Answer, Dispute
from farthing.disputes.store import answers_of, by_deadline, counts, get, get_answer, list_page, of_order, warnings_of_order

__all__ = [
    "FIELDS",
    "INQUIRY",
    "UNANSWERED",
    "Answer",
    "Desk",
    "Dispute",
    "Look",
    "Pack",
    "accept",
    "answers_of",
    "by_deadline",
    "counts",
    "evidence_of",
    "get",
    "get_answer",
    "list_page",
    "of_order",
    "record_dispute",
    "save_evidence",
    "send_answer",
    "submit",
    "sync_dispute",
    "sync_disputes",
    "sync_fraud_warning",
    "warnings_of_order",
    "watch",
]
