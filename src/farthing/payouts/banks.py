"""Payouts to sellers' banks, in the database. The seller's lock is theirs."""

from datetime import datetime
from typing import LiteralString

from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import PayoutId, SellerId
from farthing.lifecycles import PayoutStatus
from farthing.money import Money
from farthing.paging import Page, checked_limit
from farthing.payouts.model import Payout
from farthing.providers import SeenPayout
from farthing.sellers import Seller

SELECT: LiteralString = """
    SELECT id, seller_id, provider, livemode, provider_account_id, provider_payout_id, currency, amount, status, automatic,
        requested_by, retry_of, requested_at, asked_at, sent_at, arrives_at, paid_at, closed_at, last4, failure_code,
        failure_message
    FROM payouts
"""

FILTER: LiteralString = """
    WHERE livemode = %(livemode)s AND (%(cursor)s::uuid IS NULL OR id < %(cursor)s)
        AND (%(seller)s::uuid IS NULL OR seller_id = %(seller)s) AND (%(status)s::text IS NULL OR status = %(status)s)
        AND (%(since)s::timestamptz IS NULL OR coalesce(arrives_at, requested_at) >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR coalesce(arrives_at, requested_at) < %(until)s)
    ORDER BY id DESC LIMIT %(limit)s
"""


TO_LOOK_AT: LiteralString = """
    WHERE id IN (
        SELECT id FROM payouts WHERE status IN ('pending', 'in_transit')
            AND (looked_at IS NULL OR looked_at < %(before)s OR (arrives_at < %(now)s AND looked_at < arrives_at))
        UNION ALL
        SELECT id FROM payouts WHERE status = 'paid' AND arrives_at > %(arrived)s AND looked_at < %(before)s
    )
    ORDER BY random() LIMIT %(limit)s
"""


async def insert_wanted(tx: Transaction, seller: Seller, money: Money, *, retry_of: PayoutId | None) -> PayoutId | None:
    """None where another question about this seller's money is open, or that one was tried again already."""
    found: object = await tx.value(
        """
        INSERT INTO payouts (id, seller_id, provider, livemode, provider_account_id, currency, amount, status, automatic,
            requested_by, retry_of, requested_at)
        VALUES (%(id)s, %(seller)s, %(provider)s, %(livemode)s, %(account)s, %(currency)s, %(amount)s, 'requested', false,
            %(actor)s, %(retry_of)s, %(now)s)
        ON CONFLICT DO NOTHING RETURNING id
        """,
        id=(id := PayoutId.new()),
        seller=seller.id,
        provider=seller.provider,
        livemode=seller.livemode,
        account=seller.provider_account_id,
        currency=money.currency,
        amount=money.amount,
        actor=tx.actor,
        retry_of=retry_of,
        now=tx.now,
    )
    return None if found is None else id


async def insert_seen(tx: Transaction, seller: Seller, seen: SeenPayout) -> None:
    """One that nobody here asked for. As if it had just been made: what became of it follows."""
    await tx.run(
        """
        INSERT INTO payouts (id, seller_id, provider, livemode, provider_account_id, provider_payout_id, currency, amount,
            status, automatic, requested_at, sent_at)
        VALUES (%(id)s, %(seller)s, %(provider)s, %(livemode)s, %(account)s, %(theirs)s, %(currency)s, %(amount)s, 'pending',
            %(automatic)s, %(at)s, %(at)s)
        ON CONFLICT (provider, livemode, provider_account_id, provider_payout_id) DO NOTHING
        """,
        id=PayoutId.new(),
        seller=seller.id,
        provider=seller.provider,
        livemode=seller.livemode,
        account=seen.account_id,
        theirs=seen.payout_id,
        currency=seen.money.currency,
        amount=seen.money.amount,
        automatic=seen.automatic,
        at=seen.created_at,
    )


async def get(tx: Transaction, id: PayoutId) -> Payout:
    found = await tx.find(_payout, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no payout {id}.")
    return found


async def find_by_provider_id(tx: Transaction, provider: str, livemode: bool, seen: SeenPayout) -> Payout | None:
    return await tx.find(
        _payout,
        SELECT
        + """
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_account_id = %(account)s
            AND provider_payout_id = %(theirs)s
        """,
        provider=provider,
        livemode=livemode,
        account=seen.account_id,
        theirs=seen.payout_id,
    )


async def list_page(
    tx: Transaction,
    *,
    livemode: bool,
    limit: int,
    cursor: PayoutId | None = None,
    seller: SellerId | None = None,
    status: PayoutStatus | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Page[Payout]:
    """Newest first. `since` and `until` are about the day of arrival."""
    rows = await tx.all(
        _payout,
        SELECT + FILTER,
        livemode=livemode,
        cursor=cursor,
        seller=seller,
        status=status,
        since=since,
        until=until,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda payout: payout.id)


async def mark_asked(tx: Transaction, id: PayoutId) -> bool:
    """Whether it is still to be asked for."""
    return bool(
        await tx.run(
            "UPDATE payouts SET asked_at = coalesce(asked_at, %(now)s) WHERE id = %(id)s AND status = 'requested'",
            id=id,
            now=tx.now,
        )
    )


async def save_seen(tx: Transaction, payout: Payout, seen: SeenPayout, status: PayoutStatus) -> None:
    await tx.run(
        """
        UPDATE payouts SET status = %(status)s, provider_payout_id = %(theirs)s, sent_at = coalesce(sent_at, %(now)s),
            arrives_at = coalesce(%(arrives)s, arrives_at), last4 = coalesce(%(last4)s, last4),
            paid_at = CASE WHEN %(status)s = 'paid' THEN coalesce(paid_at, %(now)s::timestamptz) ELSE paid_at END,
            closed_at = CASE WHEN %(status)s IN ('failed', 'canceled') THEN coalesce(closed_at, %(now)s::timestamptz) END,
            failure_code = %(code)s, failure_message = %(message)s, looked_at = %(now)s
        WHERE id = %(id)s
        """,
        id=payout.id,
        status=status,
        theirs=seen.payout_id,
        arrives=seen.arrives_at,
        last4=None if seen.last4 is None else seen.last4[-4:],
        code=seen.failure_code,
        message=None if seen.failure_message is None else seen.failure_message[:500],
        now=tx.now,
    )


async def save_refused(tx: Transaction, id: PayoutId, because: str) -> bool:
    return bool(
        await tx.run(
            """
            UPDATE payouts SET status = 'refused', failure_message = %(why)s, closed_at = %(now)s
            WHERE id = %(id)s AND status = 'requested'
            """,
            id=id,
            why=because[:500],
            now=tx.now,
        )
    )


async def waiting(tx: Transaction, *, limit: int) -> list[PayoutId]:
    """Requested and not answered: a job does it, and where that died, the sweep."""
    return await tx.all(
        lambda row: PayoutId.of(row["id"]),
        "SELECT id FROM payouts WHERE status = 'requested' ORDER BY requested_at LIMIT %(limit)s",
        limit=limit,
    )


async def to_look_at(tx: Transaction, *, before: datetime, arrived: datetime, limit: int) -> list[Payout]:
    """On their way, and nobody looked since `before` or since the day they were to arrive; and those that have arrived since
    `arrived`, and nobody looked since `before`.
    """
    return await tx.all(
        _payout,
        SELECT + TO_LOOK_AT,
        arrived=arrived,
        before=before,
        now=tx.now,
        limit=limit,
    )


async def marks(tx: Transaction, seller: SellerId) -> dict[str, tuple[int, int]]:
    """In each currency how many there are, and how many of them the provider has: so that an old look is known."""
    rows = await tx.all(
        lambda row: (str(row["currency"]), (int(row["asked"]), int(row["sent"]))),
        """
        SELECT currency, count(*) AS asked, count(sent_at) AS sent FROM payouts WHERE seller_id = %(seller)s GROUP BY currency
        """,
        seller=seller,
    )
    return dict(rows)


async def count_of(tx: Transaction, seller: SellerId, currency: str) -> Money:
    """What went on to their bank, or is on its way."""
    total: int = await tx.value(
        """
        SELECT coalesce(sum(amount), 0)::bigint FROM payouts WHERE seller_id = %(seller)s AND currency = %(currency)s
            AND status IN ('requested', 'pending', 'in_transit', 'paid')
        """,
        seller=seller,
        currency=currency,
    )
    return Money(total, currency)


def _payout(row: Row) -> Payout:
    return Payout(
        id=PayoutId.of(row["id"]),
        seller_id=SellerId.of(row["seller_id"]),
        provider=row["provider"],
        livemode=row["livemode"],
        provider_account_id=row["provider_account_id"],
        provider_payout_id=row["provider_payout_id"],
        money=Money(row["amount"], row["currency"]),
        status=PayoutStatus(row["status"]),
        automatic=row["automatic"],
        requested_by=row["requested_by"],
        retry_of=None if row["retry_of"] is None else PayoutId.of(row["retry_of"]),
        requested_at=row["requested_at"],
        asked_at=row["asked_at"],
        sent_at=row["sent_at"],
        arrives_at=row["arrives_at"],
        paid_at=row["paid_at"],
        closed_at=row["closed_at"],
        last4=row["last4"],
        failure_code=row["failure_code"],
        failure_message=row["failure_message"],
    )
