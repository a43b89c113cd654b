"""What we ask of a payment company about sellers: their accounts, connected to ours, and its pages for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

RejectionReason = Literal["fraud", "terms_of_service", "other"]


@dataclass(frozen=True, slots=True)
class AccountWanted:
    """An account as it is asked for. `reference` is our seller's id, the mark that says whose it is."""

    reference: str
    external_id: str
    country: str
    email: str | None = None
    name: str | None = None
    payouts: str = "manual"
    """When money goes on to the seller's bank: when we say so, or by the provider's calendar."""


@dataclass(frozen=True, slots=True)
class RequirementError:
    """Why something that was given was not taken."""

    code: str
    requirement: str
    reason: str


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the provider wants to know of a seller, in its own words."""

    currently_due: Sequence[str] = ()
    past_due: Sequence[str] = ()
    pending_verification: Sequence[str] = ()
    disabled_reason: str | None = None
    current_deadline: datetime | None = None
    errors: Sequence[RequirementError] = ()


@dataclass(frozen=True, slots=True)
class PayoutAccount:
    """A bank account or card that a seller is paid to. Of its number we know the end."""

    id: str
    same_as: str
    """The same for the same account, given again."""
    currency: str
    last4: str | None
    bank: str | None


@dataclass(frozen=True, slots=True)
class SeenAccount:
    """A connected account as the provider has it now. One that is `gone` is out of our reach, for whatever reason."""

    id: str
    reference: str | None = None
    gone: bool = False
    country: str | None = None
    currency: str | None = None
    charges_enabled: bool = False
    payouts_enabled: bool = False
    details_submitted: bool = False
    capabilities: Mapping[str, str] = field(default_factory=dict)
    requirements: Requirements = field(default_factory=Requirements)
    payout_accounts: Sequence[PayoutAccount] = ()
    """Those that are paid to: one for each currency."""


@dataclass(frozen=True, slots=True)
class OnboardingPage:
    """Opens once and for minutes, and lets in whoever has it: for the seller's browser alone, never stored."""

    url: str = field(repr=False)
    expires_at: datetime


class AccountProvider(Protocol):
    async def create_account(self, wanted: AccountWanted, *, key: str) -> SeenAccount:
        """The same key with the same request returns the same account."""

    async def account(self, id: str) -> SeenAccount:
        """Also one that is gone."""

    async def find_account(self, reference: str, *, since: datetime) -> SeenAccount | None:
        """The account with our mark, made since then: for when a key may be forgotten."""

    async def onboarding_page(self, id: str, *, refresh_url: str, return_url: str) -> OnboardingPage:
        """The page where the seller tells what is asked for. Whoever opens it too late comes to `refresh_url`."""

    async def dashboard_page(self, id: str) -> str:
        """The address of the provider's page where a seller sees their payouts: made for one click."""

    async def reject_account(self, id: str, *, reason: RejectionReason, key: str) -> SeenAccount:
        """Have nothing to do with them any more."""
