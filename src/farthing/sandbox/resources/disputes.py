"""Disputes: a buyer's bank takes a payment back, the seller sends evidence, the bank decides."""

from __future__ import annotations

from typing import Any

from farthing.sandbox import cards
from farthing.sandbox.account import Account, Job, merge_metadata
from farthing.sandbox.errors import invalid, not_here_yet
from farthing.sandbox.lifecycle import Lifecycle
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import balance, charges, dispute_evidence, fraud_warnings, refunds
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
        # A decision may be contested, by the bank or by the seller.
        "won": {"appeal": "appeal_needs_response"},
        "lost": {"appeal": "appeal_needs_response"},
        "appeal_needs_response": {"submit": "appeal_under_review", "win": "won", "lose": "lost", "concede": "lost"},
        "appeal_under_review": {"win": "won", "lose": "lost"},
        "prevented": {},
    },
)
# What the text of the evidence makes the bank decide.
VERDICTS = {"winning_evidence": "win", "losing_evidence": "lose", "escalate_inquiry_evidence": "escalate"}
REASON_CODES = {
    "credit_not_processed": "13.6",
    "duplicate": "12.6.1",
    "fraudulent": "10.4",
    "general": "12.7",
    "product_not_received": "13.1",
    "product_unacceptable": "13.3",
    "subscription_canceled": "13.2",
    "unrecognized": "10.4",
}


# Opening


def open_of(account: Account, charge: Record) -> None:
    """The holder of the card complains, as its number says. What was refunded already is not worth a complaint."""
    kind = charges.complaint_of(charge)
    if kind is cards.Disputes.WARNING:
        fraud_warnings.warn(account, charge)
        return
    amount = disputable(charge)
    if amount <= 0 or charge["disputed"]:
        return
    match kind:
        case cards.Disputes.SEVERAL:
            half = amount // 2
            open_one(account, charge, half, "fraudulent")
            open_one(account, charge, amount - half, "product_not_received")
        case cards.Disputes.INQUIRY:
            open_one(account, charge, amount, "fraudulent", case="inquiry")
        case cards.Disputes.DEBIT:
            _return_debit(account, charge, amount)
        case _:
            open_one(account, charge, amount, str(kind))


def disputable(charge: Record) -> int:
    """What is left of it, refunds taken off."""
    return int(charge["amount_captured"] - (charge["amount_refunded"] - (charge["amount"] - charge["amount_captured"])))


def open_one(account: Account, charge: Record, amount: int, reason: str, *, case: str = "chargeback") -> Record:
    """`case`: a chargeback takes the money, an inquiry only asks for it."""
    due_by = account.clock.seconds() + account.settings.dispute_answer_days * DAY
    status = "warning_needs_response" if case == "inquiry" else "needs_response"
    dispute = account.add("dispute", "du", _fields(charge, amount, reason, due_by, status=status, case=case))
    if case == "chargeback":
        _withdraw(account, dispute, charge)
    account.emit("charge.dispute.created", dispute)
    if case == "chargeback":
        account.emit("charge.dispute.funds_withdrawn", dispute)
    account.update(charge, "charge.updated", disputed=True)
    account.store.later(account.id, due_by, "disputes.deadline", dispute.id)
    return dispute


def prevent(account: Account, charge: Record, amount: int, reason: str) -> Record:
    """Resolved before it became one: the buyer gets the money back, and the seller no fee."""
    refunds.create(account, {"charge": charge.id, "amount": amount})
    charge = account.get("charge", charge.id)
    dispute = account.add("dispute", "du", _fields(charge, amount, reason, None, status="prevented", case="resolution"))
    account.emit("charge.dispute.created", dispute)
    account.update(charge, "charge.updated", disputed=True)
    account.emit("charge.dispute.closed", dispute)
    return dispute


def _return_debit(account: Account, charge: Record, amount: int) -> None:
    """A bank gives a debit back to its customer; nobody can answer that."""
    reason = "debit_not_authorized" if charge["payment_method_details"]["type"] == "us_bank_account" else "customer_initiated"
    fields = _fields(charge, amount, reason, None, status="lost", case="chargeback")
    dispute = account.add("dispute", "du", fields | {"payment_method_details": None})
    _withdraw(account, dispute, charge)
    account.emit("charge.dispute.created", dispute)
    account.emit("charge.dispute.funds_withdrawn", dispute)
    account.update(charge, "charge.updated", disputed=True)
    account.emit("charge.dispute.closed", dispute)


def _fields(charge: Record, amount: int, reason: str, due_by: int | None, *, status: str, case: str) -> Json:
    brand = (charge["payment_method_details"].get("card") or {}).get("brand", "visa")
    return {
        "amount": amount,
        "balance_transactions": [],
        "charge": charge.id,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dispute_evidence.known(charge),
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": case == "inquiry",
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": brand,
                "case_type": case,
                "network": brand,
                "network_reason_code": REASON_CODES.get(reason),
            },
            "type": "card",
        },
        "reason": reason,
        "status": status,
    }


def _withdraw(account: Account, dispute: Record, charge: Record) -> None:
    """The bank takes the money, and Stripe its fee, before anybody has said a word."""
    charge.inner["charged_back"] = True
    account.save(charge)
    dispute.inner["withdrawn"] = True
    _book(account, dispute, -dispute["amount"], "dispute", fee=account.settings.dispute_fee_amount)
    for refund in account.select("refund", "json_extract(body, '$.charge') = ?", charge.id):
        if refund["status"] == "pending" and refund["balance_transaction"]:
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
        evidence = dispute_evidence.filled(dispute["evidence"], given)
        changed |= {"evidence": evidence, "evidence_details": dispute["evidence_details"] | {"has_evidence": True}}
    if params.get("submit", bool(given)):
        changed |= _submitted(dispute, changed)
        _plan(account, dispute, changed["evidence"])
    account.update(dispute, "charge.dispute.updated", **changed)
    return dispute


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
    if dispute_evidence.text_of(evidence) in VERDICTS:
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
    verdict = VERDICTS.get(str(dispute_evidence.text_of(dispute["evidence"])))
    if verdict is None:
        # An appeal, or an inquiry that became a dispute, begins without evidence.
        return
    inquiry = dispute["status"].startswith("warning")
    if inquiry and verdict != "escalate":
        verdict = "drop"
    if LIFECYCLE.allows(dispute["status"], verdict):
        end(account, dispute, verdict)


def end(account: Account, dispute: Record, verb: str) -> None:
    """`win`, `lose`, `concede`, `drop`: closed. `escalate`: the inquiry becomes a dispute. `appeal`: it is not over yet."""
    charge = account.get("charge", dispute["charge"])
    if verb == "escalate":
        _escalate(account, dispute, charge)
    elif verb == "appeal":
        _appeal(account, dispute, charge)
    else:
        _close(account, dispute, charge, verb)


def _close(account: Account, dispute: Record, charge: Record, verb: str) -> None:
    dispute["status"] = LIFECYCLE.move(dispute["status"], verb)
    dispute["is_charge_refundable"] = False
    comes_back = verb == "win" and dispute.inner.get("withdrawn")
    if comes_back:
        dispute.inner["withdrawn"] = False
        charge.inner["charged_back"] = _others_withdrew(account, dispute)
        account.save(charge)
        _book(account, dispute, dispute["amount"], "dispute_reversal")
    account.save(dispute)
    account.emit("charge.dispute.closed", dispute)
    if comes_back:
        account.emit("charge.dispute.funds_reinstated", dispute)


def _others_withdrew(account: Account, dispute: Record) -> bool:
    """Of several disputes of one charge, one that is won leaves the others."""
    found = account.select("dispute", "json_extract(body, '$.charge') = ?", dispute["charge"])
    return any(each.inner.get("withdrawn") for each in found if each.id != dispute.id)


def _appeal(account: Account, dispute: Record, charge: Record) -> None:
    """The decision is contested. If it was won, the bank takes the money a second time, without another fee."""
    before = {**dispute.body}
    due_by = account.clock.seconds() + account.settings.dispute_answer_days * DAY
    withdraws = not dispute.inner.get("withdrawn")
    if withdraws:
        charge.inner["charged_back"] = dispute.inner["withdrawn"] = True
        account.save(charge)
        _book(account, dispute, -dispute["amount"], "dispute")
    dispute["status"] = LIFECYCLE.move(dispute["status"], "appeal")
    dispute["evidence"] = dispute["evidence"] | {"appeal": None, "uncategorized_text": None}
    dispute["evidence_details"] = dispute["evidence_details"] | {"due_by": due_by, "has_evidence": False, "past_due": False}
    account.save(dispute)
    account.emit("charge.dispute.updated", dispute, before=before)
    if withdraws:
        account.emit("charge.dispute.funds_withdrawn", dispute)
    account.store.later(account.id, due_by, "disputes.deadline", dispute.id)


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
    due_by = dispute["evidence_details"]["due_by"]
    if due_by is None or due_by > account.clock.now():
        return
    verb = "drop" if dispute["status"] == "warning_needs_response" else "lose"
    if dispute["status"] in ("needs_response", "warning_needs_response", "appeal_needs_response"):
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
)
