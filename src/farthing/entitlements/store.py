"""Entitlements in the database: granted once for each sale, revoked, never deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString

from farthing import events
from farthing.db import Database, Row, Transaction
from farthing.entitlements.versions import outdate
from farthing.ids import CustomerId, EntitlementId, LineItemId, OrderId, SubscriptionId

HELD: Final[LiteralString] = """
    SELECT EXISTS (
        SELECT 1 FROM entitlements held JOIN customers ON customers.id = held.customer_id
        WHERE customers.external_id = %(customer)s AND held.feature = %(feature)s AND held.revoked_at IS NULL
            AND (held.expires_at IS NULL OR held.expires_at > %(now)s)
    ) AS held
"""


@dataclass(frozen=True, slots=True)
class Entitlement:
    id: EntitlementId
    customer_id: CustomerId
    feature: str
    order_id: OrderId | None
    """Of which order; None where it comes with a subscription."""
    granted_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    subscription_id: SubscriptionId | None = None
    limit: int | None = None
    """How much of it, where that is limited."""


async def check(db: Database, customer: str, feature: str) -> bool:
    """Whether the host's user may use the feature now. One statement, no transaction: it is asked on every request."""
    async with db.connection() as connection:
        params = {"customer": customer, "feature": feature, "now": db.clock.now()}
        row = await (await connection.execute(HELD, params)).fetchone()
    return bool(row and row["held"])


async def grant(
    tx: Transaction,
    *,
    customer: CustomerId,
    feature: str,
    order: OrderId,
    line: LineItemId,
    expires_at: datetime | None,
) -> None:
    """Once for each line and feature, however often it is called."""
    granted = await tx.run(
        """
        INSERT INTO entitlements (id, customer_id, feature, order_id, line_item_id, granted_at, expires_at)
        VALUES (%(id)s, %(customer)s, %(feature)s, %(order)s, %(line)s, %(now)s, %(expires_at)s)
        ON CONFLICT (line_item_id, feature) DO NOTHING
        """,
        id=EntitlementId.new(),
        customer=customer,
        feature=feature,
        order=order,
        line=line,
        now=tx.now,
        expires_at=expires_at,
    )
    if granted:
        await events.record(tx, "entitlement.granted", order=order, customer=customer, feature=feature)


async def revoke_line(tx: Transaction, line: LineItemId, order: OrderId) -> None:
    """Take back what a line granted."""
    revoked = await tx.all(
        lambda row: (row["feature"], CustomerId.of(row["customer_id"])),
        """
        UPDATE entitlements SET revoked_at = %(now)s WHERE line_item_id = %(line)s AND revoked_at IS NULL
        RETURNING feature, customer_id
        """,
        line=line,
        now=tx.now,
    )
    for customer in {customer for _, customer in revoked}:
        await outdate(tx, customer)
    for feature, _ in revoked:
        await events.record(tx, "entitlement.revoked", order=order, feature=feature)


async def restore_line(tx: Transaction, line: LineItemId, order: OrderId) -> None:
    """Give back what was revoked: the refund it went with did not happen."""
    restored = await tx.all(
        lambda row: row["feature"],
        """
        UPDATE entitlements SET revoked_at = NULL WHERE line_item_id = %(line)s AND revoked_at IS NOT NULL
        RETURNING feature
        """,
        line=line,
    )
    for feature in restored:
        await events.record(tx, "entitlement.granted", order=order, feature=feature)


async def hold(
    tx: Transaction,
    *,
    customer: CustomerId,
    subscription: SubscriptionId,
    features: Mapping[str, int | None],
    until: datetime | None,
    former_until: datetime | None = None,
) -> None:
    """Let the subscription grant exactly these features, with their limits, until then; None: nothing. Repeatable.

    Until `former_until`, what it granted before stays as well: that is paid for.
    """
    wanted = dict(features) if until is not None else {}
    held = {each.feature: each for each in await of_subscription(tx, subscription)}
    if former_until is not None:
        wanted = {feature: _larger(limit, held.get(feature)) for feature, limit in wanted.items()}
        await _let_end(tx, [each for each in held.values() if each.feature not in wanted], former_until)
    for feature, limit in wanted.items():
        before = held.get(feature)
        if before is None:
            id = EntitlementId.new()
        elif (before.expires_at, before.limit, before.revoked_at) == (until, limit, None):
            continue
        else:
            id = before.id
        await tx.run(
            """
            INSERT INTO entitlements (id, customer_id, feature, subscription_id, limit_amount, granted_at, expires_at)
            VALUES (%(id)s, %(customer)s, %(feature)s, %(subscription)s, %(limit)s, %(now)s, %(until)s)
            ON CONFLICT (subscription_id, feature) DO UPDATE SET limit_amount = excluded.limit_amount,
                expires_at = excluded.expires_at, revoked_at = NULL, customer_id = excluded.customer_id
            """,
            id=id,
            customer=customer,
            feature=feature,
            subscription=subscription,
            limit=limit,
            now=tx.now,
            until=until,
        )
        if before is None or before.revoked_at is not None:
            await events.record(tx, "entitlement.granted", customer=customer, subscription=subscription, feature=feature)
        elif before.expires_at is not None and until is not None and until < before.expires_at:
            await outdate(tx, customer)
    for feature, each in held.items():
        if feature not in wanted and each.revoked_at is None and former_until is None:
            await tx.run("UPDATE entitlements SET revoked_at = %(now)s WHERE id = %(id)s", now=tx.now, id=each.id)
            await outdate(tx, customer)
            await events.record(tx, "entitlement.revoked", customer=customer, subscription=subscription, feature=feature)


def _larger(limit: int | None, former: Entitlement | None) -> int | None:
    if former is None or former.revoked_at is not None:
        return limit
    return None if limit is None or former.limit is None else max(limit, former.limit)


async def _let_end(tx: Transaction, former: Sequence[Entitlement], until: datetime) -> None:
    for each in former:
        if each.revoked_at is None and (each.expires_at is None or each.expires_at > until):
            await tx.run("UPDATE entitlements SET expires_at = %(until)s WHERE id = %(id)s", until=until, id=each.id)
            await outdate(tx, each.customer_id)


async def of_subscription(tx: Transaction, subscription: SubscriptionId) -> list[Entitlement]:
    return await tx.all(
        _entitlement,
        """
        SELECT id, customer_id, feature, order_id, granted_at, expires_at, revoked_at, subscription_id, limit_amount
        FROM entitlements WHERE subscription_id = %(subscription)s ORDER BY id
        """,
        subscription=subscription,
    )


async def of_customer(tx: Transaction, customer: CustomerId) -> list[Entitlement]:
    return await tx.all(
        _entitlement,
        """
        SELECT id, customer_id, feature, order_id, granted_at, expires_at, revoked_at, subscription_id, limit_amount
        FROM entitlements
        WHERE customer_id = %(customer)s ORDER BY id
        """,
        customer=customer,
    )


async def of_user(tx: Transaction, external_id: str) -> list[Entitlement]:
    """All that the host's user was ever granted; nothing for one who never bought."""
    return await tx.all(
        _entitlement,
        """
        SELECT held.id, customer_id, feature, order_id, granted_at, expires_at, revoked_at, subscription_id, limit_amount
        FROM entitlements held JOIN customers ON customers.id = held.customer_id
        WHERE customers.external_id = %(external_id)s ORDER BY held.id
        """,
        external_id=external_id,
    )


async def of_order(tx: Transaction, order: OrderId) -> list[Entitlement]:
    return await tx.all(
        _entitlement,
        """
        SELECT id, customer_id, feature, order_id, granted_at, expires_at, revoked_at, subscription_id, limit_amount
        FROM entitlements
        WHERE order_id = %(order)s ORDER BY id
        """,
        order=order,
    )


def _entitlement(row: Row) -> Entitlement:
    return Entitlement(
        id=EntitlementId.of(row["id"]),
        customer_id=CustomerId.of(row["customer_id"]),
        feature=row["feature"],
        order_id=None if row["order_id"] is None else OrderId.of(row["order_id"]),
        granted_at=row["granted_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        subscription_id=None if row["subscription_id"] is None else SubscriptionId.of(row["subscription_id"]),
        limit=row["limit_amount"],
    )


async def remind(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Record once of each order that what it granted ends before that moment; prolonged, it is told of again. How many."""
    ending = await tx.all(
        lambda row: row,
        """
        WITH due AS (
            SELECT id FROM entitlements WHERE revoked_at IS NULL AND expires_at > %(now)s AND expires_at <= %(before)s
                -- A subscription goes on by itself.
                AND order_id IS NOT NULL
                AND reminded_of IS DISTINCT FROM expires_at
                -- Who buys a day is not reminded of its end at once.
                AND %(now)s > granted_at + (expires_at - granted_at) / 2
            ORDER BY expires_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ), told AS (
            UPDATE entitlements SET reminded_of = expires_at FROM due WHERE entitlements.id = due.id
            RETURNING entitlements.*
        )
        SELECT told.order_id, told.line_item_id, told.customer_id, told.expires_at, min(told.feature) AS feature,
            min(line.name) AS name
        FROM told JOIN line_items line ON line.id = told.line_item_id
        GROUP BY told.order_id, told.line_item_id, told.customer_id, told.expires_at
        """,
        now=tx.now,
        before=before,
        limit=limit,
    )
    for row in ending:
        await events.record(
            tx,
            "entitlement.ending",
            order=OrderId.of(row["order_id"]),
            customer=CustomerId.of(row["customer_id"]),
            feature=row["feature"],
            name=row["name"],
            ends_at=row["expires_at"].isoformat(),
        )
    return len(ending)
