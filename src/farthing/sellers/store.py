"""Sellers in the database. Two requests of the same new seller at the same moment make one."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, LiteralString

from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import SellerId
from farthing.lifecycles import SellerStatus
from farthing.paging import Page, checked_limit
from farthing.providers import PayoutAccount, RequirementError, Requirements
from farthing.sellers.model import Seller, Wanted

SELECT: LiteralString = """
    SELECT id, external_id, livemode, name, email, country, currency, status, holding_days, fee_basis_points, provider,
        provider_account_id, former_account_ids, incarnation, request, asked_at, refusal, charges_enabled, payouts_enabled,
        details_submitted, capabilities, requirements, payout_accounts, payout_account_changed_at, look, seen_at,
        onboarded_at, suspended_at, suspension_reason, rejection_reason, rejection_note, rejection_asked_at, held_at,
        held_because, held_until, created_at
    FROM sellers
"""


async def insert(tx: Transaction, wanted: Wanted, *, country: str, provider: str, livemode: bool) -> bool:
    """Whether this call was the first to tell of them."""
    return bool(
        await tx.run(
            """
            INSERT INTO sellers (id, external_id, livemode, name, email, country, status, holding_days, fee_basis_points,
                provider, created_at, updated_at)
            VALUES (%(id)s, %(external_id)s, %(livemode)s, %(name)s, %(email)s, %(country)s, 'created', %(holding_days)s,
                %(fee)s, %(provider)s, %(now)s, %(now)s)
            ON CONFLICT (livemode, external_id) DO NOTHING
            """,
            id=SellerId.new(),
            external_id=wanted.external_id,
            livemode=livemode,
            name=wanted.name,
            email=wanted.email,
            country=country,
            holding_days=wanted.holding_days,
            fee=wanted.fee_basis_points,
            provider=provider,
            now=tx.now,
        )
    )


async def update(tx: Transaction, id: SellerId, wanted: Wanted) -> bool:
    """Keep what is newly told. Whether anything was. The country stays once the provider was asked for an account."""
    return bool(
        await tx.run(
            """
            UPDATE sellers SET name = coalesce(%(name)s, name), email = coalesce(%(email)s, email),
                country = coalesce(%(country)s, country), holding_days = coalesce(%(holding_days)s, holding_days),
                fee_basis_points = coalesce(%(fee)s, fee_basis_points), updated_at = %(now)s
            WHERE id = %(id)s AND (coalesce(%(name)s, name), coalesce(%(email)s, email), coalesce(%(country)s, country),
                coalesce(%(holding_days)s, holding_days), coalesce(%(fee)s, fee_basis_points))
                IS DISTINCT FROM (name, email, country, holding_days, fee_basis_points)
            """,
            id=id,
            name=wanted.name,
            email=wanted.email,
            country=wanted.country,
            holding_days=wanted.holding_days,
            fee=wanted.fee_basis_points,
            now=tx.now,
        )
    )


async def get(tx: Transaction, id: SellerId) -> Seller:
    found = await tx.find(_seller, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no seller {id}.")
    return found


async def lock(tx: Transaction, id: SellerId) -> Seller:
    """Held until the commit."""
    found = (await lock_all(tx, [id])).get(id)
    if found is None:
        raise NotFound(f"There is no seller {id}.")
    return found


async def lock_all(tx: Transaction, ids: Collection[SellerId]) -> dict[SellerId, Seller]:
    """Those of these that there are, held until the commit."""
    rows = await tx.all(_seller, SELECT + " WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE", ids=list(ids))
    return {seller.id: seller for seller in rows}


async def find_by_external_id(tx: Transaction, external_id: str, *, livemode: bool) -> Seller | None:
    return await tx.find(
        _seller,
        SELECT + " WHERE livemode = %(livemode)s AND external_id = %(external_id)s",
        external_id=external_id,
        livemode=livemode,
    )


async def find_by_account(tx: Transaction, provider: str, livemode: bool, account: str) -> Seller | None:
    """Whose account this is, or was."""
    return await tx.find(
        _seller,
        SELECT
        + """
        WHERE provider = %(provider)s AND livemode = %(livemode)s
            AND (provider_account_id = %(account)s OR former_account_ids @> ARRAY[%(account)s::text])
        """,
        provider=provider,
        livemode=livemode,
        account=account,
    )


async def list_page(
    tx: Transaction,
    *,
    livemode: bool,
    limit: int,
    cursor: SellerId | None = None,
    status: SellerStatus | None = None,
    suspended: bool | None = None,
    search: str | None = None,
    exact: bool = False,
) -> Page[Seller]:
    """Newest first. `search` is the beginning of an email or a name, or a whole id: the host's, ours or the provider's.

    With `exact`, an address must be whole, and a name is none of it. Each comparison can use an index.
    """
    rows = await tx.all(
        _seller,
        """
        SELECT id, external_id, livemode, name, email, country, currency, status, holding_days, fee_basis_points, provider,
            provider_account_id, former_account_ids, incarnation, request, asked_at, refusal, charges_enabled, payouts_enabled,
            details_submitted, capabilities, requirements, payout_accounts, payout_account_changed_at, look, seen_at,
            onboarded_at, suspended_at, suspension_reason, rejection_reason, rejection_note, rejection_asked_at, held_at,
        held_because, held_until, created_at
        FROM sellers
        WHERE livemode = %(livemode)s AND (%(cursor)s::uuid IS NULL OR id < %(cursor)s)
            AND (%(status)s::text IS NULL OR status = %(status)s)
            AND (%(suspended)s::boolean IS NULL OR (suspended_at IS NOT NULL) = %(suspended)s)
            AND (%(words)s::text IS NULL OR id IN (
                SELECT id FROM sellers WHERE livemode = %(livemode)s AND external_id = %(words)s
                UNION ALL SELECT id FROM sellers WHERE id = %(id)s
                UNION ALL SELECT id FROM sellers WHERE lower(email) = lower(%(words)s)
                UNION ALL SELECT id FROM sellers WHERE lower(email) LIKE %(like)s
                UNION ALL SELECT id FROM sellers WHERE lower(name) LIKE %(like)s
                UNION ALL SELECT id FROM sellers WHERE provider_account_id = %(words)s
                UNION ALL SELECT id FROM sellers WHERE former_account_ids @> ARRAY[%(words)s::text]
            ))
        ORDER BY id DESC LIMIT %(limit)s
        """,
        livemode=livemode,
        cursor=cursor,
        status=status,
        suspended=suspended,
        words=search,
        id=_ours(search),
        like=None if search is None or exact else _beginning(search),
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda seller: seller.id)


# What we decide


async def save_suspension(tx: Transaction, id: SellerId, reason: str | None) -> None:
    """`None` takes it back."""
    await tx.run(
        """
        UPDATE sellers SET suspended_at = CASE WHEN %(reason)s::text IS NULL THEN NULL ELSE %(now)s END,
            suspension_reason = %(reason)s, updated_at = %(now)s
        WHERE id = %(id)s
        """,
        id=id,
        reason=reason,
        now=tx.now,
    )


async def save_held(tx: Transaction, id: SellerId, because: str | None, *, until: datetime | None = None) -> None:
    """`None` lets go."""
    await tx.run(
        """
        UPDATE sellers SET held_because = %(because)s, held_until = %(until)s, updated_at = %(now)s,
            held_at = CASE WHEN %(because)s::text IS NOT NULL THEN %(now)s::timestamptz END
        WHERE id = %(id)s
        """,
        id=id,
        because=because,
        until=until,
        now=tx.now,
    )


async def save_rejection(tx: Transaction, id: SellerId, reason: str | None, note: str | None) -> None:
    """`None` takes it back."""
    await tx.run(
        """
        UPDATE sellers SET rejection_asked_at = CASE WHEN %(reason)s::text IS NULL THEN NULL ELSE %(now)s END,
            rejection_reason = %(reason)s, rejection_note = %(note)s, updated_at = %(now)s
        WHERE id = %(id)s
        """,
        id=id,
        reason=reason,
        note=note,
        now=tx.now,
    )


async def counts(tx: Transaction, *, livemode: bool) -> dict[str, int]:
    """How many there are of each status."""
    rows = await tx.all(
        lambda row: (str(row["status"]), int(row["count"])),
        "SELECT status, count(*) AS count FROM sellers WHERE livemode = %(livemode)s GROUP BY status",
        livemode=livemode,
    )
    return dict(rows)


def _read(found: dict[str, Any]) -> Requirements:
    deadline = found.get("current_deadline")
    return Requirements(
        currently_due=tuple(found.get("currently_due", ())),
        past_due=tuple(found.get("past_due", ())),
        pending_verification=tuple(found.get("pending_verification", ())),
        disabled_reason=found.get("disabled_reason"),
        current_deadline=None if deadline is None else datetime.fromisoformat(deadline),
        errors=tuple(RequirementError(**each) for each in found.get("errors", ())),
    )


def _ours(search: str | None) -> SellerId | None:
    try:
        return None if search is None else SellerId.parse(search)
    except NotFound:
        return None


def _beginning(search: str) -> str:
    escaped = search.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"


def _seller(row: Row) -> Seller:
    return Seller(
        id=SellerId.of(row["id"]),
        external_id=row["external_id"],
        livemode=row["livemode"],
        name=row["name"],
        email=row["email"],
        country=row["country"],
        currency=row["currency"],
        status=SellerStatus(row["status"]),
        holding_days=row["holding_days"],
        fee_basis_points=row["fee_basis_points"],
        provider=row["provider"],
        provider_account_id=row["provider_account_id"],
        incarnation=row["incarnation"],
        request=row["request"],
        asked_at=row["asked_at"],
        refusal=row["refusal"],
        charges_enabled=row["charges_enabled"],
        payouts_enabled=row["payouts_enabled"],
        details_submitted=row["details_submitted"],
        capabilities=row["capabilities"],
        requirements=_read(row["requirements"]),
        payout_accounts=tuple(PayoutAccount(**each) for each in row["payout_accounts"]),
        payout_account_changed_at=row["payout_account_changed_at"],
        look=row["look"],
        seen_at=row["seen_at"],
        onboarded_at=row["onboarded_at"],
        held_at=row["held_at"],
        held_because=row["held_because"],
        held_until=row["held_until"],
        suspended_at=row["suspended_at"],
        suspension_reason=row["suspension_reason"],
        rejection_reason=row["rejection_reason"],
        rejection_note=row["rejection_note"],
        rejection_asked_at=row["rejection_asked_at"],
        created_at=row["created_at"],
        former_account_ids=tuple(row["former_account_ids"]),
    )
