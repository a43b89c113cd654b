"""Sellers as the API shows them. A seller sees all of themselves but what the shop notes about them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from farthing.http.bodies import Shown
from farthing.lifecycles import SellerStatus
from farthing.providers import OnboardingPage
from farthing.sellers.model import Seller
from farthing.sellers.reasons import Reason, Urgency, reasons_of


class ReasonShown(Shown):
    said: str = Field(description="For people.", examples=["Your date of birth."])
    urgency: Urgency = Field(
        description="`now`: to go on. `late`: something is switched off. `soon`: before `until`. `checking`: wait. `final`."
    )
    codes: list[str] = Field(description="The provider's own.", examples=[["individual.dob.day"]])
    until: datetime | None

    @classmethod
    def of(cls, reason: Reason) -> "ReasonShown":
        return cls(said=reason.said, urgency=reason.urgency, codes=list(reason.codes), until=reason.until)


class PayoutAccountShown(Shown):
    currency: str
    bank: str | None
    last4: str | None


class SellerRejectionShown(Shown):
    reason: Literal["fraud", "terms_of_service", "other"]
    note: str | None
    asked_at: datetime


class SuspensionShown(Shown):
    reason: str
    since: datetime


class SellerShown(Shown):
    id: str = Field(description="The host's own id of its user.", examples=["user_4711"])
    object: Literal["seller"] = "seller"
    seller: str = Field(description="Our id.", examples=["seller_01k9h4w3q8fvtb7m2x5c6d0e1f"])
    name: str | None
    email: str | None
    country: str = Field(examples=["US"])
    currency: str | None = Field(description="What they are paid in.", examples=["usd"])
    status: SellerStatus
    may_sell: bool = Field(description="Both the provider and the shop let them.")
    may_be_paid: bool
    charges_enabled: bool
    payouts_enabled: bool
    details_submitted: bool
    provider_account: str | None = Field(description="The provider's id, once there is one.", examples=["acct_1Q"])
    reasons: list[ReasonShown] = Field(description="What keeps them from selling or being paid, or will.")
    payout_accounts: list[PayoutAccountShown]
    payout_account_changed_at: datetime | None
    suspended: bool
    holding_days: int | None = Field(description="null: as with everybody.")
    fee_basis_points: int | None = Field(description="null: as with everybody.")
    suspension: SuspensionShown | None = Field(description="For the shop alone.")
    rejection: SellerRejectionShown | None = Field(description="For the shop alone.")
    seen_at: datetime | None = Field(description="When the provider was last asked.")
    created_at: datetime

    @classmethod
    def of(cls, seller: Seller, *, for_staff: bool) -> "SellerShown":
        return cls(
            id=seller.external_id,
            seller=str(seller.id),
            name=seller.name,
            email=seller.email,
            country=seller.country,
            currency=seller.currency,
            status=seller.status,
            may_sell=seller.may_sell,
            may_be_paid=seller.may_be_paid,
            charges_enabled=seller.charges_enabled,
            payouts_enabled=seller.payouts_enabled,
            details_submitted=seller.details_submitted,
            provider_account=seller.provider_account_id,
            reasons=[ReasonShown.of(each) for each in reasons_of(seller)],
            payout_accounts=[
                PayoutAccountShown(currency=each.currency, bank=each.bank, last4=each.last4) for each in seller.payout_accounts
            ],
            payout_account_changed_at=seller.payout_account_changed_at,
            suspended=seller.suspended_at is not None,
            holding_days=seller.holding_days,
            fee_basis_points=seller.fee_basis_points,
            suspension=_suspension(seller) if for_staff else None,
            rejection=_rejection(seller) if for_staff else None,
            seen_at=seller.seen_at,
            created_at=seller.created_at,
        )


class OnboardingLinkShown(Shown):
    object: Literal["onboarding_link"] = "onboarding_link"
    url: str = Field(description="Send the seller's browser here, now: it opens once. Never store, log or email it.")
    expires_at: datetime

    @classmethod
    def of(cls, page: OnboardingPage) -> "OnboardingLinkShown":
        return cls(url=page.url, expires_at=page.expires_at)


class LoginLinkShown(Shown):
    object: Literal["login_link"] = "login_link"
    url: str = Field(description="Send the seller's browser here, now: it opens once.")


def _suspension(seller: Seller) -> SuspensionShown | None:
    if seller.suspended_at is None:
        return None
    return SuspensionShown(reason=seller.suspension_reason or "", since=seller.suspended_at)


def _rejection(seller: Seller) -> SellerRejectionShown | None:
    if seller.rejection_asked_at is None or seller.rejection_reason is None:
        return None
    return SellerRejectionShown(reason=seller.rejection_reason, note=seller.rejection_note, asked_at=seller.rejection_asked_at)
