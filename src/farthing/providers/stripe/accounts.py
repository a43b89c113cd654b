"""The sellers' half of Stripe: https://docs.stripe.com/connect/marketplace and /api/accounts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import stripe

from farthing.errors import ProviderError, ProviderUnavailable
from farthing.providers.accounts import (
    AccountWanted,
    OnboardingPage,
    PayoutAccount,
    RejectionReason,
    RequirementError,
    Requirements,
    SeenAccount,
)
from farthing.providers.stripe.client import as_json, translated
from farthing.providers.stripe.customers import CLOCKS_APART, EXTERNAL_ID, PAGE

SELLER_MARK: Final = "farthing_seller"
"""Metadata of an account we made: our id of the seller."""

NO_ACCESS: Final = "account_invalid"
"""What Stripe says of an account that was deleted or disconnected, and of one that is nobody's business of ours."""

REASONS: Final[Mapping[RejectionReason, str]] = {
    "fraud": "fraud_other",
    "terms_of_service": "terms_of_service",
    "other": "other",
}
CONTROLLER: Final[Any] = {
    # We owe buyers what a seller cannot pay back, and pay Stripe; Stripe asks sellers for their papers.
    "losses": {"payments": "application"},
    "fees": {"payer": "application"},
    "requirement_collection": "stripe",
    "stripe_dashboard": {"type": "express"},
}


class StripeAccounts:
    """What `AccountProvider` asks."""

    _stripe: stripe.StripeClient

    async def create_account(self, wanted: AccountWanted, *, key: str) -> SeenAccount:
        params: Any = {
            "controller": CONTROLLER,
            "country": wanted.country,
            "capabilities": {"transfers": {"requested": True}, "card_payments": {"requested": True}},
            "settings": {"payouts": {"schedule": _schedule(wanted.payouts)}},
            "metadata": {SELLER_MARK: wanted.reference, EXTERNAL_ID: wanted.external_id},
        }
        if wanted.email:
            params["email"] = wanted.email
        if wanted.name:
            params["business_profile"] = {"name": wanted.name}
        with translated():
            made = await self._stripe.v1.accounts.create_async(params, {"idempotency_key": f"account:{key}"})
        return account(as_json(made))

    async def account(self, id: str) -> SeenAccount:
        try:
            with translated():
                return account(as_json(await self._stripe.v1.accounts.retrieve_async(id)))
        except ProviderError as error:
            if isinstance(error, ProviderUnavailable) or error.extra.get("provider_code") != NO_ACCESS:
                raise
            return SeenAccount(id, gone=True)

    async def find_account(self, reference: str, *, since: datetime) -> SeenAccount | None:
        params: stripe.params.AccountListParams = {
            "limit": PAGE,
            "created": {"gte": int((since - CLOCKS_APART).timestamp())},
        }
        with translated():
            page = await self._stripe.v1.accounts.list_async(params)
            async for each in page.auto_paging_iter():
                found = account(as_json(each))
                if found.reference == reference:
                    return found
        return None

    async def onboarding_page(self, id: str, *, refresh_url: str, return_url: str) -> OnboardingPage:
        params: stripe.params.AccountLinkCreateParams = {
            "account": id,
            "type": "account_onboarding",
            "refresh_url": refresh_url,
            "return_url": return_url,
        }
        with translated():
            made = await self._stripe.v1.account_links.create_async(params)
        return OnboardingPage(made.url, datetime.fromtimestamp(made.expires_at, UTC))

    async def dashboard_page(self, id: str) -> str:
        with translated():
            made = await self._stripe.v1.accounts.login_links.create_async(id)
        return made.url

    async def reject_account(self, id: str, *, reason: RejectionReason, key: str) -> SeenAccount:
        params: Any = {"reason": REASONS[reason]}
        with translated():
            done = await self._stripe.v1.accounts.reject_async(id, params, {"idempotency_key": f"reject:{key}"})
        return account(as_json(done))


def account(found: Mapping[str, Any]) -> SeenAccount:
    if found.get("deleted"):
        return SeenAccount(found["id"], gone=True)
    mark = (found.get("metadata") or {}).get(SELLER_MARK)
    return SeenAccount(
        id=found["id"],
        reference=mark if isinstance(mark, str) else None,
        country=found.get("country"),
        currency=found.get("default_currency"),
        charges_enabled=found.get("charges_enabled") is True,
        payouts_enabled=found.get("payouts_enabled") is True,
        details_submitted=found.get("details_submitted") is True,
        capabilities={name: str(state) for name, state in (found.get("capabilities") or {}).items()},
        requirements=_requirements(found.get("requirements") or {}),
        payout_accounts=_payout_accounts((found.get("external_accounts") or {}).get("data") or []),
    )


def _requirements(told: Mapping[str, Any]) -> Requirements:
    deadline = told.get("current_deadline")
    return Requirements(
        currently_due=tuple(told.get("currently_due") or ()),
        past_due=tuple(told.get("past_due") or ()),
        pending_verification=tuple(told.get("pending_verification") or ()),
        disabled_reason=told.get("disabled_reason"),
        current_deadline=None if deadline is None else datetime.fromtimestamp(deadline, UTC),
        errors=tuple(
            RequirementError(each["code"], each["requirement"], each.get("reason") or "") for each in told.get("errors") or ()
        ),
    )


def _payout_accounts(listed: list[Mapping[str, Any]]) -> tuple[PayoutAccount, ...]:
    paid_to = [each for each in listed if each.get("default_for_currency")]
    return tuple(
        PayoutAccount(
            id=each["id"],
            same_as=each.get("fingerprint") or each["id"],
            currency=str(each.get("currency")),
            last4=each.get("last4"),
            bank=each.get("bank_name") or each.get("brand"),
        )
        for each in sorted(paid_to, key=lambda each: str(each["id"]))
    )


def _schedule(interval: str) -> dict[str, object]:
    """Money goes out on a Monday, or the first of the month, where nobody says more."""
    match interval:
        case "weekly":
            return {"interval": interval, "weekly_anchor": "monday"}
        case "monthly":
            return {"interval": interval, "monthly_anchor": 1}
        case _:
            return {"interval": interval}
