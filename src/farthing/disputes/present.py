"""Disputes and our answers to them, as they are shown over HTTP."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from farthing.disputes.answers import Pack
from farthing.disputes.model import EVIDENCE_MAX, Access, Answer, AnswerKind, Dispute
from farthing.http.bodies import MoneyShown, Shown
from farthing.lifecycles import AnswerStatus, DisputeStatus
from farthing.money import Money


class DisputeShown(Shown):
    id: str = Field(examples=["dispute_01k9h4w3q8fvtb7m2x5c6d0e1f"])
    object: Literal["dispute"] = "dispute"
    order: str
    order_number: int
    payment: str
    status: DisputeStatus
    inquiry: bool = Field(description="Only a question of the bank: no money has moved.")
    needs_answer: bool = Field(description="The bank waits for us.")
    amount: MoneyShown
    reason: str
    network_reason_code: str | None
    evidence_due_by: datetime | None
    withheld: MoneyShown = Field(description="What the bank has of it now.")
    lost: MoneyShown = Field(description="What it has for good.")
    fee: MoneyShown | None
    access: Access = Field(description="What became of what the order had granted.")
    provider: str
    provider_dispute_id: str
    opened_at: datetime
    submitted_at: datetime | None
    closed_at: datetime | None

    @classmethod
    def of(cls, dispute: Dispute) -> "DisputeShown":
        currency = dispute.money.currency
        return cls(
            id=str(dispute.id),
            order=str(dispute.order_id),
            order_number=dispute.order_number,
            payment=str(dispute.payment_id),
            status=dispute.status,
            inquiry=dispute.inquiry,
            needs_answer=dispute.needs_answer,
            amount=MoneyShown.of(dispute.money),
            reason=dispute.reason,
            network_reason_code=dispute.network_reason_code,
            evidence_due_by=dispute.evidence_due_by,
            withheld=MoneyShown.of(Money(dispute.withheld_amount, currency)),
            lost=MoneyShown.of(Money(dispute.lost_amount, currency)),
            fee=MoneyShown.perhaps(dispute.fee),
            access=dispute.access,
            provider=dispute.provider,
            provider_dispute_id=dispute.provider_dispute_id,
            opened_at=dispute.opened_at,
            submitted_at=dispute.submitted_at,
            closed_at=dispute.closed_at,
        )


class EvidenceShown(Shown):
    object: Literal["dispute_evidence"] = "dispute_evidence"
    dispute: str
    status: Literal["collected"] | AnswerStatus = Field(
        description="`collected`: what our records say, and nobody has edited; else how far the answer is."
    )
    evidence: dict[str, str]
    characters: int
    characters_max: int = EVIDENCE_MAX
    evidence_due_by: datetime | None

    @classmethod
    def of(cls, pack: Pack) -> "EvidenceShown":
        return cls(
            dispute=str(pack.dispute.id),
            status="collected" if pack.answer is None else pack.answer.status,
            evidence=dict(pack.evidence),
            characters=sum(len(text) for text in pack.evidence.values()),
            evidence_due_by=pack.dispute.evidence_due_by,
        )


class AnswerShown(Shown):
    id: str = Field(examples=["dispute_answer_01k9h4w3q8fvtb7m2x5c6d0e1f"])
    object: Literal["dispute_answer"] = "dispute_answer"
    dispute: str
    kind: AnswerKind
    status: AnswerStatus
    evidence: dict[str, str]
    promised_at: datetime | None
    sent_at: datetime | None
    refusal: str | None

    @classmethod
    def of(cls, answer: Answer) -> "AnswerShown":
        return cls(
            id=str(answer.id),
            dispute=str(answer.dispute_id),
            kind=answer.kind,
            status=answer.status,
            evidence=dict(answer.evidence),
            promised_at=answer.promised_at,
            sent_at=answer.sent_at,
            refusal=answer.refusal,
        )
