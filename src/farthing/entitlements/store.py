"""Entitlements in the database: granted once for each sale, revoked, never deleted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString

from farthing import events
from farthing.db import Database, Row, Transaction
from farthing.ids import CustomerId, EntitlementId, LineItemId, OrderId

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
    order_id: OrderId
    granted_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


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
        lambda row: row["feature"],
        """
        UPDATE entitlements SET revoked_at = %(now)s WHERE line_item_id = %(line)s AND revoked_at IS NULL
        RETURNING feature
        """,
        line=line,
        now=tx.now,
    )
    for feature in revoked:
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


async def of_customer(tx: Transaction, customer: CustomerId) -> list[Entitlement]:
    return await tx.all(
        _entitlement,
        """
        SELECT id, customer_id, feature, order_id, granted_at, expires_at, revoked_at FROM entitlements
        WHERE customer_id = %(customer)s ORDER BY id
        """,
        customer=customer,
    )


async def of_user(tx: Transaction, external_id: str) -> list[Entitlement]:
    """All that the host's user was ever granted; nothing for one who never bought."""
    return await tx.all(
        _entitlement,
        """
        SELECT held.id, customer_id, feature, order_id, granted_at, expires_at, revoked_at
        FROM entitlements held JOIN customers ON customers.id = held.customer_id
        WHERE customers.external_id = %(external_id)s ORDER BY held.id
        """,
        external_id=external_id,
    )


async def of_order(tx: Transaction, order: OrderId) -> list[Entitlement]:
    return await tx.all(
        _entitlement,
        """
        SELECT id, customer_id, feature, order_id, granted_at, expires_at, revoked_at FROM entitlements
        WHERE order_id = %(order)s ORDER BY id
        """,
        order=order,
    )


def _entitlement(row: Row) -> Entitlement:
    return Entitlement(
        id=EntitlementId.of(row["id"]),
        customer_id=CustomerId.of(row["customer_id"]),
        feature=row["feature"],
        order_id=OrderId.of(row["order_id"]),
        granted_at=row["granted_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )
