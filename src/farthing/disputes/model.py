"""What a dispute is, and what follows from how the provider sees it. Pure: decisions are values, somebody else acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from farthing.errors import Conflict, Invalid
from farthing.ids import DisputeAnswerId, DisputeId, OrderId, PaymentId
from farthing.lifecycles import DISPUTE, AnswerStatus, DisputeStatus
from farthing.money import Money

Policy = Literal["keep", "suspend", "revoke"]
"""What the catalog says about access."""

Access = Literal["kept", "suspended", "revoked"]
AnswerKind = Literal["evidence", "appeal", "acceptance"]
"""An appeal is evidence against a decision."""

UNANSWERED: Final = frozenset(
    {DisputeStatus.WARNING_NEEDS_RESPONSE, DisputeStatus.NEEDS_RESPONSE, DisputeStatus.APPEAL_NEEDS_RESPONSE}
)
INQUIRY: Final = frozenset(
    {DisputeStatus.WARNING_NEEDS_RESPONSE, DisputeStatus.WARNING_UNDER_REVIEW, DisputeStatus.WARNING_CLOSED}
)
OVER: Final = frozenset({DisputeStatus.WARNING_CLOSED, DisputeStatus.WON, DisputeStatus.LOST, DisputeStatus.PREVENTED})

REMINDERS: Final = (1, 3, 7)
"""Days before the deadline on which somebody is reminded; the nearest first."""

VERBS: Final[Mapping[DisputeStatus, str]] = {target: verb for verb, (_, target) in DISPUTE.moves.items()}


@dataclass(frozen=True, slots=True)
class Dispute:
    """A buyer's bank asks about a payment, or takes it back."""

    id: DisputeId
    payment_id: PaymentId
    order_id: OrderId
    order_number: int
    provider: str
    livemode: bool
    provider_dispute_id: str
    status: DisputeStatus
    money: Money
    reason: str
    network_reason_code: str | None
    evidence_due_by: datetime | None
    submission_count: int
    withdrawn_amount: int
    """Taken so far, in minor units of `money`'s currency."""
    reinstated_amount: int
    """Given back of it."""
    fee: Money | None
    lost_amount: int
    lost_to: str | None
    losses_posted: int
    access: Access
    """What became of what the order had granted, on account of this dispute."""
    reminded_days: int | None
    paid_twice_told_at: datetime | None
    look: int
    looked_at: datetime
    opened_at: datetime
    submitted_at: datetime | None
    closed_at: datetime | None

    @property
    def withheld_amount(self) -> int:
        """What the bank has of it now."""
        return self.withdrawn_amount - self.reinstated_amount

    @property
    def inquiry(self) -> bool:
        """Only a question: no money has moved."""
        return self.status in INQUIRY

    @property
    def needs_answer(self) -> bool:
        return self.status in UNANSWERED


@dataclass(frozen=True, slots=True)
class Answer:
    """What we tell the bank: evidence, or that the buyer is right. Its id is the idempotency key at the provider."""

    id: DisputeAnswerId
    dispute_id: DisputeId
    kind: AnswerKind
    status: AnswerStatus
    evidence: Mapping[str, str]
    written_by: str
    drafted_at: datetime
    promised_at: datetime | None
    asked_at: datetime | None
    sent_at: datetime | None
    refusal: str | None


def status_of(seen: str, known: DisputeStatus | None) -> DisputeStatus:
    """The status that the provider reports. One that Stripe adds later decides nothing. Raises Conflict where it cannot be."""
    try:
        status = DisputeStatus(seen)
    except ValueError:
        return known or DisputeStatus.UNDER_REVIEW
    if known is None or status == known:
        return status
    if status not in VERBS:
        raise Conflict(f"A dispute that is {known} cannot be {status} again.")
    return DISPUTE.move(known, VERBS[status])


def access_of(policy: Policy, status: DisputeStatus) -> Access:
    """What the policy makes of the order's access. While a bank only asks, nothing is taken away."""
    if policy == "keep" or status in INQUIRY or status == DisputeStatus.PREVENTED:
        return "kept"
    if policy == "revoke" or status == DisputeStatus.LOST:
        return "revoked"
    return "kept" if status == DisputeStatus.WON else "suspended"


def reminder(dispute: Dispute, now: datetime) -> int | None:
    """Of how many days before the deadline it is time to remind; None where that was done, or there is nothing to do."""
    due_by = dispute.evidence_due_by
    if not dispute.needs_answer or due_by is None or due_by <= now:
        return None
    days = next((days for days in REMINDERS if due_by - now <= timedelta(days=days)), None)
    told = dispute.reminded_days
    return None if days is None or (told is not None and told <= days) else days


def check_answerable(dispute: Dispute, now: datetime) -> None:
    """Raise Conflict unless the bank still takes an answer."""
    if not dispute.needs_answer:
        raise Conflict(f"{dispute.id} is {dispute.status}: the bank takes no answer now.")
    if dispute.evidence_due_by is not None and dispute.evidence_due_by <= now:
        raise Conflict(f"The bank took evidence for {dispute.id} until {dispute.evidence_due_by:%Y-%m-%d %H:%M} UTC.")


TEXT_MAX: Final = 20_000
EVIDENCE_MAX: Final = 150_000
"""Characters of one text and of all together: https://docs.stripe.com/api/disputes/evidence_object."""

FIELDS: Final[Mapping[str, str]] = {
    "product_description": "What was sold",
    "customer_name": "The buyer's name",
    "customer_email_address": "The buyer's address for mail",
    "customer_purchase_ip": "The address the buyer's browser came from",
    "billing_address": "The billing address",
    "service_date": "When it was delivered, or access began",
    "access_activity_log": "What the buyer was given, and used, and when",
    "refund_policy_disclosure": "The refund policy, and how the buyer was shown it",
    "refund_refusal_explanation": "Why the buyer is not owed a refund",
    "cancellation_policy_disclosure": "The cancellation policy, and how the buyer was shown it",
    "cancellation_rebuttal": "Why the subscription was not canceled in time",
    "duplicate_charge_explanation": "Why this is not a second charge for the same thing",
    "duplicate_charge_id": "The other charge that the buyer means",
    "shipping_address": "Where it was sent",
    "shipping_carrier": "Who carried it",
    "shipping_date": "When it was sent",
    "shipping_tracking_number": "The tracking number",
    "uncategorized_text": "Everything else that speaks for us",
}
"""The texts that a bank reads, in the order in which they are shown; files are not among them."""


def check_evidence(evidence: Mapping[str, str]) -> None:
    """Raise Invalid for a field that no bank reads, and for more than the provider takes."""
    for name, text in evidence.items():
        if name not in FIELDS:
            raise Invalid(
                f"{name[:60]!r} is no field of evidence: choose one of {', '.join(FIELDS)}.", param=f"evidence.{name[:60]}"
            )
        if len(text) > TEXT_MAX:
            raise Invalid(f"{name} has {len(text)} characters: at most {TEXT_MAX} are taken.", param=f"evidence.{name}")
        if "\0" in text:
            raise Invalid(f"{name} holds a NUL character, which cannot be stored.", param=f"evidence.{name}")
    total = sum(len(text) for text in evidence.values())
    if total > EVIDENCE_MAX:
        raise Invalid(f"The evidence has {total} characters: at most {EVIDENCE_MAX} are taken.", param="evidence")


def edited(evidence: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """The evidence with some texts changed; an empty one is taken out. Raises Invalid."""
    merged = {**evidence, **{name: text or "" for name, text in changes.items()}}
    check_evidence(merged)
    return {name: merged[name] for name in FIELDS if merged.get(name)}
