"""What a seller is, what follows from how their account stands at the provider, and what of it may be asked. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from farthing.errors import Conflict, Invalid
from farthing.ids import SellerId
from farthing.lifecycles import SellerStatus
from farthing.providers import AccountWanted, PayoutAccount, RejectionReason, Requirements, SeenAccount
from farthing.shares import WHOLE

KEYS_KEPT: Final = timedelta(hours=23)
"""Stripe may forget a key after 24 h (https://docs.stripe.com/api/idempotent_requests): then look before asking."""

HOLDING_DAYS_MAX: Final = 90
"""Money that was not paid out for longer has to leave: https://docs.stripe.com/connect/manual-payouts."""

REASON_MAX: Final = 500
IN_REVIEW: Final = frozenset({"requirements.pending_verification", "under_review", "listed"})
"""Why an account does not work while nobody but the provider can do anything about it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is told of a seller. None leaves what there was."""

    external_id: str
    name: str | None = None
    email: str | None = None
    country: str | None = None
    holding_days: int | None = None
    fee_basis_points: int | None = None


@dataclass(frozen=True, slots=True)
class Seller:
    id: SellerId
    external_id: str
    """The host's own id of its user."""
    livemode: bool
    name: str | None
    email: str | None
    country: str
    currency: str | None
    status: SellerStatus
    holding_days: int | None
    """None: as with everybody."""
    fee_basis_points: int | None
    provider: str
    provider_account_id: str | None
    """None until the provider answered."""
    incarnation: int
    """How often an account had to be made. Part of the key that makes it."""
    request: Mapping[str, Any] | None
    """What was asked for and not answered, word for word."""
    asked_at: datetime | None
    refusal: str | None
    """Why the provider made no account."""
    charges_enabled: bool
    payouts_enabled: bool
    details_submitted: bool
    capabilities: Mapping[str, str]
    requirements: Requirements
    payout_accounts: Sequence[PayoutAccount]
    payout_account_changed_at: datetime | None
    look: int
    seen_at: datetime | None
    onboarded_at: datetime | None
    """When they could first sell."""
    held_at: datetime | None
    """Since when somebody wants nothing to go to them; `held_until` None: until somebody lets go."""
    held_because: str | None
    held_until: datetime | None
    suspended_at: datetime | None
    suspension_reason: str | None
    rejection_reason: RejectionReason | None
    rejection_note: str | None
    rejection_asked_at: datetime | None
    created_at: datetime
    former_account_ids: Sequence[str] = field(default_factory=tuple)

    @property
    def key(self) -> str:
        return f"{self.id}:{self.incarnation}"

    @property
    def may_sell(self) -> bool:
        """Whether a buyer's money may be taken for them: both the provider and we let them."""
        return self.status == SellerStatus.ACTIVE and self.suspended_at is None and self.rejection_asked_at is None

    @property
    def may_be_paid(self) -> bool:
        """Whether what they earned may go to them now."""
        able = self.payouts_enabled and self.capabilities.get("transfers") == "active"
        return able and self.suspended_at is None and self.rejection_asked_at is None

    def held(self, now: datetime) -> bool:
        """Whether what they earned stays where it is for now."""
        return self.held_at is not None and (self.held_until is None or self.held_until > now)

    @property
    def described(self) -> str:
        return self.name or self.email or self.external_id

    def wanted(self) -> AccountWanted:
        assert self.request is not None, f"{self.id} was answered already"
        return AccountWanted(reference=str(self.id), external_id=self.external_id, **self.request)

    def stale(self, now: datetime) -> bool:
        """Whether the provider may have forgotten the key of a question it never answered."""
        return self.asked_at is not None and now - self.asked_at > KEYS_KEPT


def standing(seen: SeenAccount) -> SellerStatus:
    """Where a seller stands whose account looks like this."""
    needs = seen.requirements
    if seen.gone:
        return SellerStatus.DEAUTHORIZED
    if (needs.disabled_reason or "").startswith("rejected."):
        return SellerStatus.REJECTED
    if not seen.details_submitted:
        return SellerStatus.ONBOARDING
    if seen.charges_enabled and seen.payouts_enabled:
        return SellerStatus.ACTIVE
    waits = not needs.currently_due and not needs.past_due and not needs.errors
    if waits and (needs.pending_verification or needs.disabled_reason in IN_REVIEW):
        return SellerStatus.VERIFYING
    return SellerStatus.RESTRICTED


def new_payout_accounts(known: Sequence[PayoutAccount], seen: Sequence[PayoutAccount]) -> list[PayoutAccount]:
    """Those that money did not go to before. The first ones are no change."""
    before = {each.same_as for each in known}
    return [each for each in seen if each.same_as not in before] if before else []


def checked(wanted: Wanted) -> None:
    """Raise Invalid for what could not be stored, or names nobody."""
    for param, given in (("id", wanted.external_id), ("email", wanted.email), ("name", wanted.name)):
        if given is not None and (not given.strip() or not given.isprintable() or len(given) > 255):
            raise Invalid("A seller's id, name and email address are printable texts of 1 to 255 characters.", param=param)
    if wanted.holding_days is not None and not 0 <= wanted.holding_days <= HOLDING_DAYS_MAX:
        raise Invalid(f"A holding period has 0 to {HOLDING_DAYS_MAX} days.", param="holding_days")
    if wanted.fee_basis_points is not None and not 0 <= wanted.fee_basis_points <= WHOLE:
        raise Invalid(f"A fee has 0 to {WHOLE} basis points.", param="fee_basis_points")
    country = wanted.country
    if country is not None and not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):
        raise Invalid("A country is two capital letters, such as AT.", param="country")


def checked_reason(reason: str) -> str:
    said = reason.strip()
    if not said or len(said) > REASON_MAX or "\0" in said:
        raise Invalid(f"A reason has 1 to {REASON_MAX} characters.", param="reason")
    return said


def check_open(seller: Seller) -> None:
    """Raise Conflict for one who is not to be led to the provider's pages any more."""
    if seller.status == SellerStatus.REJECTED or seller.rejection_asked_at is not None:
        raise Conflict(f"{seller.id} was rejected: there is nothing to go on with.", extra={"state": str(seller.status)})
