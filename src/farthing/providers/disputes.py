"""What we ask of a payment company about disputes, in our words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from farthing.money import Money


@dataclass(frozen=True, slots=True)
class SeenMovement:
    """Money that a dispute moved. Of `money`, positive came to us and negative was taken; `fee` was kept, or given back."""

    id: str
    money: Money
    fee: Money


@dataclass(frozen=True, slots=True)
class SeenDispute:
    """A dispute as the provider has it now. A `status` that we do not know decides nothing."""

    id: str
    payment_id: str | None
    status: str
    money: Money
    reason: str
    network_reason_code: str | None
    evidence_due_by: datetime | None
    submission_count: int
    movements: Sequence[SeenMovement]
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class SeenFraudWarning:
    """A bank's suspicion. `actionable`: a refund may still avoid the dispute."""

    id: str
    payment_id: str | None
    fraud_type: str
    actionable: bool


class DisputeProvider(Protocol):
    async def dispute(self, id: str) -> SeenDispute: ...

    async def disputes(self, payment_id: str) -> list[SeenDispute]:
        """All of one payment."""

    async def submit_evidence(self, id: str, evidence: Mapping[str, str], *, appeal: bool, key: str) -> None:
        """Give the bank our evidence: once and for all. The same key submits once. `appeal`: against a decision."""

    async def accept_dispute(self, id: str, *, key: str) -> None:
        """Say that the buyer is right."""

    async def fraud_warning(self, id: str) -> SeenFraudWarning: ...
