"""Sellers' accounts at the provider, in the database: the intention to have one, what was answered, how it was last seen."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson

from farthing.db import Transaction
from farthing.ids import SellerId
from farthing.lifecycles import SellerStatus
from farthing.providers import Requirements, SeenAccount
from farthing.sellers.model import Seller


async def next_look(tx: Transaction) -> int:
    """The number of a look that begins now: greater than that of every look that began before."""
    number: int = await tx.value("SELECT nextval('seller_looks')")
    return number


async def save_request(tx: Transaction, seller: Seller, request: dict[str, Any], *, incarnation: int) -> None:
    """What will be asked for, as it will be repeated."""
    await tx.run(
        """
        UPDATE sellers SET request = %(request)s, asked_at = %(now)s, incarnation = %(incarnation)s, refusal = NULL,
            updated_at = %(now)s
        WHERE id = %(id)s AND provider_account_id IS NULL
        """,
        id=seller.id,
        request=orjson.dumps(request).decode(),
        incarnation=incarnation,
        now=tx.now,
    )


async def save_account(tx: Transaction, seller: Seller, account: str) -> bool:
    """The provider has them. Whether this call is the one that writes it down."""
    return bool(
        await tx.run(
            """
            UPDATE sellers SET provider_account_id = %(account)s, status = 'onboarding', request = NULL, asked_at = NULL,
                updated_at = %(now)s
            WHERE id = %(id)s AND provider_account_id IS NULL
            """,
            id=seller.id,
            account=account,
            now=tx.now,
        )
    )


async def save_refused(tx: Transaction, seller: Seller, reason: str) -> bool:
    """The provider said no. The next question is another one."""
    return bool(
        await tx.run(
            """
            UPDATE sellers SET request = NULL, asked_at = NULL, refusal = %(reason)s, incarnation = incarnation + 1,
                updated_at = %(now)s
            WHERE id = %(id)s AND provider_account_id IS NULL AND incarnation = %(incarnation)s AND request IS NOT NULL
            """,
            id=seller.id,
            reason=reason,
            incarnation=seller.incarnation,
            now=tx.now,
        )
    )


async def save_begun_anew(tx: Transaction, seller: Seller) -> None:
    """Their account is gone, and they want another."""
    await tx.run(
        """
        UPDATE sellers SET former_account_ids = former_account_ids || provider_account_id, provider_account_id = NULL,
            status = 'created', incarnation = incarnation + 1, charges_enabled = false, payouts_enabled = false,
            details_submitted = false, capabilities = '{}', requirements = '{}', updated_at = %(now)s
        WHERE id = %(id)s AND status = 'deauthorized'
        """,
        id=seller.id,
        now=tx.now,
    )


async def save_seen(tx: Transaction, seller: Seller, seen: SeenAccount, status: SellerStatus, look: int) -> bool:
    """How it stands, unless somebody wrote a later look. Where money went last is kept while there is nothing in its place."""
    return bool(
        await tx.run(
            """
            UPDATE sellers SET status = %(status)s, charges_enabled = %(charges)s, payouts_enabled = %(payouts)s,
                details_submitted = %(details)s, capabilities = %(capabilities)s, requirements = %(requirements)s,
                country = coalesce(%(country)s, country), currency = coalesce(%(currency)s, currency),
                payout_accounts = CASE WHEN %(banks)s::jsonb = '[]' THEN payout_accounts ELSE %(banks)s::jsonb END,
                onboarded_at = CASE WHEN %(status)s = 'active' THEN coalesce(onboarded_at, %(now)s) ELSE onboarded_at END,
                look = %(look)s, seen_at = %(now)s, updated_at = %(now)s
            WHERE id = %(id)s AND provider_account_id = %(account)s AND look < %(look)s
            """,
            id=seller.id,
            account=seen.id,
            status=status,
            charges=seen.charges_enabled,
            payouts=seen.payouts_enabled,
            details=seen.details_submitted,
            capabilities=orjson.dumps(dict(seen.capabilities)).decode(),
            requirements=_written(seen.requirements),
            country=seen.country,
            currency=seen.currency,
            banks=orjson.dumps([asdict(each) for each in seen.payout_accounts]).decode(),
            look=look,
            now=tx.now,
        )
    )


async def note_payout_change(tx: Transaction, seller: Seller) -> None:
    await tx.run("UPDATE sellers SET payout_account_changed_at = %(now)s WHERE id = %(id)s", id=seller.id, now=tx.now)


async def to_look_at(
    tx: Transaction, *, provider: str, livemode: bool, settling: datetime, settled: datetime, limit: int
) -> Sequence[str]:
    """Accounts that nobody looked at since then: of those that wait for something, and of all others."""
    return await tx.all(
        lambda row: str(row["provider_account_id"]),
        """
        SELECT provider_account_id FROM sellers
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_account_id IS NOT NULL
            AND (seen_at IS NULL OR seen_at < CASE WHEN status IN ('onboarding', 'verifying', 'restricted')
                THEN %(settling)s::timestamptz ELSE %(settled)s::timestamptz END)
        ORDER BY random() LIMIT %(limit)s
        """,
        provider=provider,
        livemode=livemode,
        settling=settling,
        settled=settled,
        limit=limit,
    )


async def unanswered(tx: Transaction, *, provider: str, livemode: bool, before: datetime, limit: int) -> Sequence[SellerId]:
    """Whose account was asked for by then, without an answer. In any order: one that never succeeds blocks no other."""
    return await tx.all(
        lambda row: SellerId.of(row["id"]),
        """
        SELECT id FROM sellers WHERE provider = %(provider)s AND livemode = %(livemode)s AND asked_at <= %(before)s
        ORDER BY random() LIMIT %(limit)s
        """,
        provider=provider,
        livemode=livemode,
        before=before,
        limit=limit,
    )


def _written(requirements: Requirements) -> str:
    return orjson.dumps(asdict(requirements)).decode()
