"""Disputes: a buyer's bank takes a payment back, the seller sends evidence, the bank decides."""

from __future__ import annotations

from typing import Any

from farthing.sandbox import cards
from farthing.sandbox.account import Account, Job, blank_as_none, merge_metadata
from farthing.sandbox.errors import invalid, malformed, not_here_yet
from farthing.sandbox.lifecycle import Lifecycle
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import balance, charges, refunds
from farthing.sandbox.settings import DAY
from farthing.sandbox.store import Json, Record

LIFECYCLE = Lifecycle(
    "Dispute",
    {
        "warning_needs_response": {
            "submit": "warning_under_review",
            "escalate": "needs_response",
            "drop": "warning_closed",
            "concede": "warning_closed",
        },
        "warning_under_review": {"escalate": "needs_response", "drop": "warning_closed"},
        "warning_closed": {},
        "needs_response": {"submit": "under_review", "win": "won", "lose": "lost", "concede": "lost"},
        "under_review": {"win": "won", "lose": "lost"},
        "won": {},
        "lost": {},
    },
)
# What the text of the evidence makes the bank decide.
VERDICTS = {"winning_evidence": "win", "losing_evidence": "lose", "escalate_inquiry_evidence": "escalate"}
REASON_CODES = {"fraudulent": "10.4", "product_not_received": "13.1"}
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


# Opening


def open_of(account: Account, charge: Record) -> None:
    """The holder of the card complains, as its number says. What was refunded already is not worth a complaint."""
    kind = charges.card_of(charge).disputes
    if kind is cards.Disputes.WARNING:
        _warn(account, charge)
        return
    amount = charge["amount_captured"] - charge["amount_refunded"]
    if amount <= 0 or charge["disputed"]:
        return
    match kind:
        case cards.Disputes.SEVERAL:
            half = amount // 2
            _open(account, charge, half, "fraudulent")
            _open(account, charge, amount - half, "product_not_received")
        case cards.Disputes.INQUIRY:
            _open(account, charge, amount, "fraudulent", inquiry=True)
        case _:
            _open(account, charge, amount, str(kind))


def _open(account: Account, charge: Record, amount: int, reason: str, *, inquiry: bool = False) -> None:
    due_by = account.clock.seconds() + account.settings.dispute_answer_days * DAY
    dispute = account.add("dispute", "du", _fields(charge, amount, reason, due_by, inquiry=inquiry))
    if not inquiry:
        _withdraw(account, dispute, charge)
    account.emit("charge.dispute.created", dispute)
    if not inquiry:
        account.emit("charge.dispute.funds_withdrawn", dispute)
    account.update(charge, "charge.updated", disputed=True)
    account.store.later(account.id, due_by, "disputes.deadline", dispute.id)


def _fields(charge: Record, amount: int, reason: str, due_by: int, *, inquiry: bool) -> Json:
    brand = (charge["payment_method_details"].get("card") or {}).get("brand", "visa")
    return {
        "amount": amount,
        "balance_transactions": [],
        "charge": charge.id,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys((*FILES, *TEXTS)) | _known(charge),
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": brand,
                "case_type": "inquiry" if inquiry else "chargeback",
                "network": brand,
                "network_reason_code": REASON_CODES[reason],
            },
            "type": "card",
        },
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }


def _known(charge: Record) -> Json:
    """What the payment itself tells the bank."""
    details = charge["billing_details"]
    return {
        "enhanced_evidence": {},
        "customer_email_address": details["email"],
        "customer_name": details["name"],
    }


def _withdraw(account: Account, dispute: Record, charge: Record) -> None:
    """The bank takes the money, and Stripe its fee, before anybody has said a word."""
    charge.inner["charged_back"] = True
    account.save(charge)
    _book(account, dispute, -dispute["amount"], "dispute", fee=account.settings.dispute_fee_amount)
    for refund in account.select("refund", "json_extract(body, '$.charge') = ?", charge.id):
        if refund["status"] == "pending":
            refunds.fail(account, refund, reason="charge_for_pending_refund_disputed")


def _book(account: Account, dispute: Record, amount: int, category: str, *, fee: int = 0) -> None:
    moved = balance.book(account, "adjustment", dispute, amount, fee=fee)
    verb = "withdrawal" if amount < 0 else "reversal"
    moved.body |= {"description": f"Chargeback {verb} for {dispute['charge']}", "reporting_category": category}
    if fee:
        moved["fee_details"][0]["description"] = "Dispute fee"
    account.save(moved)
    dispute["balance_transactions"] = [*dispute["balance_transactions"], moved.body]
    account.save(dispute)


def _warn(account: Account, charge: Record) -> None:
    """The bank thinks this was fraud; nobody has complained yet, and a refund now avoids the dispute."""
    warning = account.add(
        "radar.early_fraud_warning",
        "issfr",
        {
            "actionable": not charge["refunded"],
            "charge": charge.id,
            "fraud_type": "made_with_stolen_card",
            "payment_intent": charge["payment_intent"],
        },
    )
    account.emit("radar.early_fraud_warning.created", warning)


# Answering


def update(account: Account, id: str, params: Json) -> Record:
    if "intended_submission_method" in params:
        raise not_here_yet("intended_submission_method", "automatic dispute responses")
    dispute = account.get("dispute", id)
    given = params.get("evidence") or {}
    if given and not LIFECYCLE.allows(dispute["status"], "submit"):
        raise invalid(
            f"This dispute has a status of {dispute['status']}: evidence can no longer be changed.",
            code="intent_invalid_state",
        )
    changed: Json = {"metadata": merge_metadata(dispute["metadata"], params.get("metadata"))}
    if given:
        changed |= _with_evidence(dispute, given)
    if params.get("submit", bool(given)):
        changed |= _submitted(dispute, changed)
        _plan(account, dispute, changed["evidence"])
    account.update(dispute, "charge.dispute.updated", **changed)
    return dispute


def _with_evidence(dispute: Record, given: Json) -> Json:
    for name in (*FILES, "enhanced_evidence"):
        if given.get(name):
            raise not_here_yet(f"evidence[{name}]", "uploaded files and enhanced evidence")
    if sum(len(text) for text in given.values() if isinstance(text, str)) > EVIDENCE_MAX_CHARACTERS:
        raise malformed(f"The evidence may have at most {EVIDENCE_MAX_CHARACTERS} characters.", param="evidence")
    evidence = dispute["evidence"] | {name: blank_as_none(text) for name, text in given.items()}
    return {"evidence": evidence, "evidence_details": dispute["evidence_details"] | {"has_evidence": True}}


def _submitted(dispute: Record, changed: Json) -> Json:
    details = changed.get("evidence_details", dispute["evidence_details"])
    if not details["has_evidence"]:
        raise invalid("There is no evidence to submit: pass `evidence` first.", param="submit")
    if not LIFECYCLE.allows(dispute["status"], "submit"):
        raise invalid(f"This dispute has a status of {dispute['status']}: nothing can be submitted.", param="submit")
    return {
        "evidence": changed.get("evidence", dispute["evidence"]),
        "evidence_details": details | {"submission_count": details["submission_count"] + 1, "submission_method": "manual"},
        "status": LIFECYCLE.move(dispute["status"], "submit"),
    }


def _plan(account: Account, dispute: Record, evidence: Json) -> None:
    """Any other text leaves the bank thinking until a control decides."""
    if evidence["uncategorized_text"] in VERDICTS:
        account.later(account.settings.dispute_decided_after_seconds, "disputes.decide", dispute)


def close(account: Account, id: str, params: Json) -> Record:
    del params
    dispute = account.get("dispute", id)
    if not LIFECYCLE.allows(dispute["status"], "concede"):
        raise invalid(f"This dispute has a status of {dispute['status']} and cannot be closed.", code="intent_invalid_state")
    end(account, dispute, "concede")
    return dispute


# Ending


def decide(account: Account, dispute: Record) -> None:
    verdict = VERDICTS[dispute["evidence"]["uncategorized_text"]]
    inquiry = dispute["status"].startswith("warning")
    if inquiry and verdict != "escalate":
        verdict = "drop"
    if LIFECYCLE.allows(dispute["status"], verdict):
        end(account, dispute, verdict)


def end(account: Account, dispute: Record, verb: str) -> None:
    """`win`, `lose`, `concede`, `drop`: closed for good. `escalate`: the inquiry becomes a dispute."""
    charge = account.get("charge", dispute["charge"])
    if verb == "escalate":
        _escalate(account, dispute, charge)
        return
    dispute["status"] = LIFECYCLE.move(dispute["status"], verb)
    dispute["is_charge_refundable"] = False
    if verb == "win":
        charge.inner["charged_back"] = False
        account.save(charge)
        _book(account, dispute, dispute["amount"], "dispute_reversal")
    account.save(dispute)
    account.emit("charge.dispute.closed", dispute)
    if verb == "win":
        account.emit("charge.dispute.funds_reinstated", dispute)


def _escalate(account: Account, dispute: Record, charge: Record) -> None:
    due_by = account.clock.seconds() + account.settings.dispute_answer_days * DAY
    details: dict[str, Any] = dispute["payment_method_details"]
    _withdraw(account, dispute, charge)
    account.update(
        dispute,
        "charge.dispute.updated",
        status=LIFECYCLE.move(dispute["status"], "escalate"),
        is_charge_refundable=False,
        evidence=dispute["evidence"] | {"uncategorized_text": None},
        evidence_details=dispute["evidence_details"] | {"due_by": due_by, "has_evidence": False},
        payment_method_details=details | {"card": details["card"] | {"case_type": "chargeback"}},
    )
    account.emit("charge.dispute.funds_withdrawn", dispute)
    account.store.later(account.id, due_by, "disputes.deadline", dispute.id)


def pass_deadline(account: Account, dispute: Record) -> None:
    """Nobody answered in time: the bank decides without evidence, an inquiry comes to nothing."""
    if dispute["evidence_details"]["due_by"] > account.clock.now():
        return
    verb = "drop" if dispute["status"] == "warning_needs_response" else "lose"
    if dispute["status"] in ("needs_response", "warning_needs_response"):
        dispute["evidence_details"]["past_due"] = True
        end(account, dispute, verb)


def close_refunded(account: Account, charge: Record) -> None:
    """A buyer who has the money back has nothing more to ask about."""
    if not charge["refunded"]:
        return
    for dispute in account.select("dispute", "json_extract(body, '$.charge') = ?", charge.id):
        if LIFECYCLE.allows(dispute["status"], "drop"):
            end(account, dispute, "drop")


# Looking


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("dispute", id)


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "charge", "payment_intent")
    return page(account, "dispute", "/v1/disputes", params, where, *values)


def retrieve_warning(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("radar.early_fraud_warning", id)


def list_warnings(account: Account, params: Json) -> Json:
    where, values = equals(params, "charge", "payment_intent")
    return page(account, "radar.early_fraud_warning", "/v1/radar/early_fraud_warnings", params, where, *values)


JOBS: dict[str, tuple[str, Job]] = {
    "disputes.open": ("charge", open_of),
    "disputes.deadline": ("dispute", pass_deadline),
    "disputes.decide": ("dispute", decide),
    "disputes.close_refunded": ("charge", close_refunded),
}
OPERATIONS = (
    Operation("GET", "/v1/disputes", "DisputeListParams", list_),
    Operation("GET", "/v1/disputes/{id}", "DisputeRetrieveParams", retrieve),
    Operation("POST", "/v1/disputes/{id}", "DisputeUpdateParams", update),
    Operation("POST", "/v1/disputes/{id}/close", "DisputeCloseParams", close),
    Operation("GET", "/v1/radar/early_fraud_warnings", "radar.EarlyFraudWarningListParams", list_warnings),
    Operation("GET", "/v1/radar/early_fraud_warnings/{id}", "radar.EarlyFraudWarningRetrieveParams", retrieve_warning),
)
