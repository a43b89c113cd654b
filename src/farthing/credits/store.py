"""Credits in the database. Everybody who moves some locks the customer's row first."""

from datetime import datetime
from typing import LiteralString

from farthing.credits.model import CreditEntry, CreditGrant, CreditSpend
from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import CreditGrantId, CreditSpendId, CustomerId, LineItemId, OrderId
from farthing.lifecycles import CreditSpendStatus

GRANT: LiteralString = """
    SELECT id, customer_id, order_id, line_item_id, amount, remaining, note, granted_by, granted_at, expires_at, revoked_at,
        (SELECT coalesce(sum(CASE WHEN target IN ('spent', 'expired') THEN entry.amount ELSE -entry.amount END), 0)::bigint
            FROM credit_entries entry WHERE entry.grant_id = credit_grants.id
                AND (entry.target IN ('spent', 'expired') OR entry.source = 'spent')) AS used
    FROM credit_grants
"""

SPEND: LiteralString = "SELECT id, customer_id, reference, amount, status, note, spent_at, released_at FROM credit_spends"


async def lock_account(tx: Transaction, customer: CustomerId) -> int:
    """The customer's row, made where there is none; returns the balance."""
    balance: int = await tx.value(
        """
        INSERT INTO credit_accounts (customer_id, balance) VALUES (%(customer)s, 0)
        ON CONFLICT (customer_id) DO UPDATE SET balance = credit_accounts.balance RETURNING balance
        """,
        customer=customer,
    )
    return balance


async def insert_grant(
    tx: Transaction,
    customer: CustomerId,
    amount: int,
    *,
    order: OrderId | None = None,
    line: LineItemId | None = None,
    reference: str | None = None,
    note: str | None = None,
    expires_at: datetime | None = None,
) -> CreditGrantId | None:
    """None where the line, or the reference, was granted before. `remaining` is filled by the entry that issues it."""
    id = await tx.value(
        """
        INSERT INTO credit_grants
            (id, customer_id, order_id, line_item_id, reference, amount, remaining, note, granted_by, granted_at, expires_at)
        VALUES (%(id)s, %(customer)s, %(order)s, %(line)s, %(reference)s, %(amount)s, 0, %(note)s, %(actor)s, %(now)s,
            %(expires_at)s)
        ON CONFLICT DO NOTHING RETURNING id
        """,
        id=CreditGrantId.new(),
        customer=customer,
        order=order,
        line=line,
        reference=reference,
        amount=amount,
        note=note,
        actor=tx.actor,
        now=tx.now,
        expires_at=expires_at,
    )
    return None if id is None else CreditGrantId.of(id)


async def move(
    tx: Transaction,
    grant: CreditGrantId,
    source: str,
    target: str,
    amount: int,
    *,
    spend: CreditSpendId | None = None,
    reference: str | None = None,
) -> None:
    """Move credits of one grant, in the books, in the grant and in the balance. The account is locked by the caller."""
    await tx.run(
        """
        WITH moved AS (
            UPDATE credit_grants SET remaining = remaining + %(change)s WHERE id = %(grant)s RETURNING customer_id
        ), balance AS (
            UPDATE credit_accounts SET balance = balance + %(change)s FROM moved
            WHERE credit_accounts.customer_id = moved.customer_id
        )
        INSERT INTO credit_entries (customer_id, grant_id, spend_id, source, target, amount, reference, posted_at, actor)
        SELECT customer_id, %(grant)s, %(spend)s, %(source)s, %(target)s, %(amount)s, %(reference)s, %(now)s, %(actor)s
        FROM moved
        """,
        change=amount if target == "customer" else -amount,
        grant=grant,
        spend=spend,
        source=source,
        target=target,
        amount=amount,
        reference=reference,
        now=tx.now,
        actor=tx.actor,
    )


async def take(tx: Transaction, customer: CustomerId, spend: CreditSpendId, amount: int) -> bool:
    """Spend so many, of those that end first, in one statement; False, and nothing done, where there are not enough."""
    enough = await tx.run(
        "UPDATE credit_accounts SET balance = balance - %(amount)s WHERE customer_id = %(customer)s AND balance >= %(amount)s",
        customer=customer,
        amount=amount,
    )
    if not enough:
        return False
    await tx.run(
        """
        WITH held AS (
            SELECT id, remaining, sum(remaining) OVER (ORDER BY expires_at NULLS LAST, id) AS upto
            FROM credit_grants WHERE customer_id = %(customer)s AND remaining > 0
        ), taken AS (
            SELECT id, least(remaining, %(amount)s - (upto - remaining))::bigint AS amount
            FROM held WHERE upto - remaining < %(amount)s
        ), moved AS (
            UPDATE credit_grants SET remaining = remaining - taken.amount FROM taken WHERE credit_grants.id = taken.id
        )
        INSERT INTO credit_entries (customer_id, grant_id, spend_id, source, target, amount, posted_at, actor)
        SELECT %(customer)s, id, %(spend)s, 'customer', 'spent', amount, %(now)s, %(actor)s FROM taken ORDER BY id
        """,
        customer=customer,
        spend=spend,
        amount=amount,
        now=tx.now,
        actor=tx.actor,
    )
    return True


async def insert_spend(tx: Transaction, customer: CustomerId, reference: str, amount: int, note: str | None) -> CreditSpendId:
    id = CreditSpendId.new()
    await tx.run(
        """
        INSERT INTO credit_spends (id, customer_id, reference, amount, status, note, spent_at)
        VALUES (%(id)s, %(customer)s, %(reference)s, %(amount)s, 'spent', %(note)s, %(now)s)
        """,
        id=id,
        customer=customer,
        reference=reference,
        amount=amount,
        note=note,
        now=tx.now,
    )
    return id


async def find_spend(tx: Transaction, customer: CustomerId, reference: str) -> CreditSpend | None:
    return await tx.find(
        _spend,
        SPEND + " WHERE customer_id = %(customer)s AND reference = %(reference)s",
        customer=customer,
        reference=reference,
    )


async def get_spend(tx: Transaction, id: CreditSpendId) -> CreditSpend:
    found = await tx.find(_spend, SPEND + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no credit spend {id}.")
    return found


async def spends_of(tx: Transaction, customer: CustomerId, *, limit: int) -> list[CreditSpend]:
    return await tx.all(
        _spend, SPEND + " WHERE customer_id = %(customer)s ORDER BY id DESC LIMIT %(limit)s", customer=customer, limit=limit
    )


async def save_released(tx: Transaction, id: CreditSpendId) -> bool:
    released = await tx.run(
        "UPDATE credit_spends SET status = 'released', released_at = %(now)s WHERE id = %(id)s AND status = 'spent'",
        id=id,
        now=tx.now,
    )
    return bool(released)


async def taken_by(tx: Transaction, spend: CreditSpendId) -> list[tuple[CreditGrantId, int]]:
    return await tx.all(
        lambda row: (CreditGrantId.of(row["grant_id"]), row["amount"]),
        "SELECT grant_id, amount FROM credit_entries WHERE spend_id = %(spend)s AND target = 'spent' ORDER BY id",
        spend=spend,
    )


async def find_grant(tx: Transaction, line: LineItemId) -> CreditGrant | None:
    return await tx.find(_grant, GRANT + " WHERE line_item_id = %(line)s", line=line)


async def find_given(tx: Transaction, customer: CustomerId, reference: str) -> CreditGrant | None:
    return await tx.find(
        _grant,
        GRANT + " WHERE customer_id = %(customer)s AND reference = %(reference)s",
        customer=customer,
        reference=reference,
    )


async def get_grant(tx: Transaction, id: CreditGrantId) -> CreditGrant:
    found = await tx.find(_grant, GRANT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no credit grant {id}.")
    return found


async def grants_left(tx: Transaction, customer: CustomerId) -> list[CreditGrant]:
    """Those that can be spent now, in the order they are spent in."""
    return await tx.all(
        _grant,
        GRANT
        + """
        WHERE customer_id = %(customer)s AND remaining > 0 AND (expires_at IS NULL OR expires_at > %(now)s)
        ORDER BY expires_at NULLS LAST, id
        """,
        customer=customer,
        now=tx.now,
    )


async def grants_of_order(tx: Transaction, order: OrderId) -> list[CreditGrant]:
    return await tx.all(_grant, GRANT + " WHERE order_id = %(order)s ORDER BY id", order=order)


async def over(tx: Transaction, customer: CustomerId) -> list[CreditGrant]:
    """What has run out and is still counted."""
    return await tx.all(
        _grant,
        GRANT + " WHERE customer_id = %(customer)s AND remaining > 0 AND expires_at <= %(now)s ORDER BY id",
        customer=customer,
        now=tx.now,
    )


async def customers_with_over(tx: Transaction, *, limit: int) -> list[CustomerId]:
    return await tx.all(
        lambda row: CustomerId.of(row["customer_id"]),
        """
        SELECT DISTINCT customer_id FROM credit_grants
        WHERE remaining > 0 AND expires_at <= %(now)s ORDER BY customer_id LIMIT %(limit)s
        """,
        now=tx.now,
        limit=limit,
    )


async def save_revoked(tx: Transaction, id: CreditGrantId, revoked_at: datetime | None) -> None:
    await tx.run("UPDATE credit_grants SET revoked_at = %(revoked_at)s WHERE id = %(id)s", id=id, revoked_at=revoked_at)


async def revoked(tx: Transaction, grant: CreditGrantId, reference: str | None) -> tuple[int, int]:
    """Taken back by this refund, or by none that is named; and given again of it."""
    row = await tx.find(
        lambda row: (int(row["taken"]), int(row["given"])),
        """
        SELECT coalesce(sum(amount) FILTER (WHERE target = 'revoked'), 0) AS taken,
            coalesce(sum(amount) FILTER (WHERE source = 'revoked'), 0) AS given
        FROM credit_entries WHERE grant_id = %(grant)s AND reference IS NOT DISTINCT FROM %(reference)s
        """,
        grant=grant,
        reference=reference,
    )
    assert row is not None, "a sum has a row"
    return row


async def statement(tx: Transaction, customer: CustomerId, *, limit: int, before: int | None = None) -> list[CreditEntry]:
    """Newest first."""
    return await tx.all(
        _entry,
        """
        SELECT entry.id, entry.grant_id, entry.spend_id, coalesce(spend.reference, entry.reference) AS reference,
            entry.source, entry.target, entry.amount, entry.posted_at, entry.actor
        FROM credit_entries entry LEFT JOIN credit_spends spend ON spend.id = entry.spend_id
        WHERE entry.customer_id = %(customer)s AND (%(before)s::bigint IS NULL OR entry.id < %(before)s)
        ORDER BY entry.id DESC LIMIT %(limit)s
        """,
        customer=customer,
        before=before,
        limit=limit,
    )


def _grant(row: Row) -> CreditGrant:
    return CreditGrant(
        id=CreditGrantId.of(row["id"]),
        customer_id=CustomerId.of(row["customer_id"]),
        order_id=None if row["order_id"] is None else OrderId.of(row["order_id"]),
        line_id=None if row["line_item_id"] is None else LineItemId.of(row["line_item_id"]),
        amount=row["amount"],
        remaining=row["remaining"],
        used=row["used"],
        note=row["note"],
        granted_by=row["granted_by"],
        granted_at=row["granted_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )


def _spend(row: Row) -> CreditSpend:
    return CreditSpend(
        id=CreditSpendId.of(row["id"]),
        customer_id=CustomerId.of(row["customer_id"]),
        reference=row["reference"],
        amount=row["amount"],
        status=CreditSpendStatus(row["status"]),
        note=row["note"],
        spent_at=row["spent_at"],
        released_at=row["released_at"],
    )


def _entry(row: Row) -> CreditEntry:
    return CreditEntry(
        id=row["id"],
        grant_id=CreditGrantId.of(row["grant_id"]),
        spend_id=None if row["spend_id"] is None else CreditSpendId.of(row["spend_id"]),
        reference=row["reference"],
        source=row["source"],
        target=row["target"],
        amount=row["amount"],
        posted_at=row["posted_at"],
        actor=row["actor"],
    )
