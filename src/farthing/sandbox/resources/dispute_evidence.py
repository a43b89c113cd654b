"""The evidence of a dispute: its fields, what the payment itself tells of them, and how they are filled in."""

from __future__ import annotations

from farthing.sandbox.account import blank_as_none
from farthing.sandbox.errors import malformed, not_here_yet
from farthing.sandbox.store import Json, Record

EVIDENCE_MAX_CHARACTERS = 150_000
FILES = (
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
)
TEXTS = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
    "uncategorized_text",
)
APPEAL = "appeal"


def known(charge: Record) -> Json:
    """Every field, with what the payment itself tells the bank."""
    details = charge["billing_details"]
    return dict.fromkeys((*FILES, *TEXTS)) | {
        "enhanced_evidence": {},
        "customer_email_address": details["email"],
        "customer_name": details["name"],
    }


def filled(evidence: Json, given: Json) -> Json:
    for name in (*FILES, "enhanced_evidence"):
        if given.get(name):
            raise not_here_yet(f"evidence[{name}]", "uploaded files and enhanced evidence")
    texts = {name: given[name] for name in TEXTS if name in given}
    if sum(len(text) for text in texts.values()) > EVIDENCE_MAX_CHARACTERS:
        raise malformed(f"The evidence may have at most {EVIDENCE_MAX_CHARACTERS} characters.", param="evidence")
    changed = evidence | {name: blank_as_none(text) for name, text in texts.items()}
    return changed | ({APPEAL: _appeal(given[APPEAL])} if APPEAL in given else {})


def _appeal(given: Json | str) -> Json | None:
    card = (given.get("card") or {}) if isinstance(given, dict) else {}
    if card.get("supporting_files"):
        raise not_here_yet("evidence[appeal][card][supporting_files]", "uploaded files")
    reason = blank_as_none(card.get("reason_for_filing"))
    return {"card": {"reason_for_filing": reason, "supporting_files": None}} if reason else None


def text_of(evidence: Json) -> str | None:
    """What the bank reads: of an appeal, why it was filed."""
    appeal = (evidence.get(APPEAL) or {}).get("card") or {}
    text: str | None = appeal.get("reason_for_filing") or evidence["uncategorized_text"]
    return text
