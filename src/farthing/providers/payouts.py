"""What we ask of a payment company about money that goes on from a seller's account to their bank."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from farthing.money import Money


@dataclass(frozen=True, slots=True)
class PayoutWanted:
    """A payout as it is asked for. `reference` is our payout's id."""

    account_id: str
    money: Money
    reference: str


@dataclass(frozen=True, slots=True)
class SeenPayout:
    """A payout as the provider has it now. Of the bank account we know the end of its number, where the provider says it."""

    account_id: str
    payout_id: str
    money: Money
    """Below zero where one that had arrived was brought back."""
    status: str
    automatic: bool
    arrives_at: datetime | None
    created_at: datetime
    last4: str | None
    failure_code: str | None
    failure_message: str | None
    reference: str | None

    @property
    def id(self) -> str:
        """Ids of payouts are known within their account."""
        return f"{self.account_id}/{self.payout_id}"


@dataclass(frozen=True, slots=True)
class Funds:
    """What lies on a seller's account in one currency: what can go to their bank now, and what is not there yet."""

    available: Money
    pending: Money


class PayoutProvider(Protocol):
    """Money between a seller's account and their bank: https://docs.stripe.com/connect/manual-payouts."""

    async def create_payout(self, wanted: PayoutWanted, *, key: str) -> SeenPayout:
        """The same key returns the same payout."""

    async def payout(self, id: str) -> SeenPayout:
        """By `SeenPayout.id`."""

    async def find_payout_by_mark(self, account_id: str, reference: str, *, since: datetime) -> SeenPayout | None:
        """The one with our mark: for when a key may be forgotten."""

    async def funds(self, account_id: str) -> Sequence[Funds]: ...

    def payouts_of(self, account_id: str, *, since: datetime | None = None) -> AsyncIterator[Sequence[SeenPayout]]:
        """Newest first."""
