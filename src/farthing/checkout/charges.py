"""Off-session charges in the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from farthing.customers import PaymentMethod
from farthing.db import Row, Transaction
from farthing.ids import CustomerId, OrderId, PaymentId, PaymentMethodId
from farthing.lifecycles import ChargeStatus
from farthing.orders import Order

SELECT: LiteralString = """
    SELECT payment_id, order_id, customer_id, method_id, status, code, asked_at, answered_at FROM off_session_charges
"""


@dataclass(frozen=True, slots=True)
class OffSessionCharge:
    payment_id: PaymentId
    order_id: OrderId
    customer_id: CustomerId
    method_id: PaymentMethodId
    status: ChargeStatus
    code: str | None
    asked_at: datetime
    answered_at: datetime | None


async def of_order(tx: Transaction, order: OrderId) -> list[OffSessionCharge]:
    return await tx.all(_charge, SELECT + " WHERE order_id = %(order)s ORDER BY payment_id", order=order)


async def lock(tx: Transaction, payment: PaymentId) -> OffSessionCharge:
    """Held until the commit. The caller holds the lock of its order already."""
    found = await tx.find(_charge, SELECT + " WHERE payment_id = %(payment)s FOR UPDATE", payment=payment)
    assert found is not None, f"the charge of {payment} cannot be gone"
    return found


async def insert(tx: Transaction, order: Order, payment: PaymentId, card: PaymentMethod) -> bool:
    """Whether this call is the one that begins it."""
    return bool(
        await tx.run(
            """
            INSERT INTO off_session_charges (payment_id, order_id, customer_id, method_id, status, asked_at)
            VALUES (%(payment)s, %(order)s, %(customer)s, %(method)s, 'asking', %(now)s)
            ON CONFLICT DO NOTHING
            """,
            payment=payment,
            order=order.id,
            customer=order.customer_id,
            method=card.id,
            now=tx.now,
        )
    )


async def save(tx: Transaction, charge: OffSessionCharge, status: ChargeStatus, code: str | None) -> None:
    await tx.run(
        """
        UPDATE off_session_charges SET status = %(status)s, code = %(code)s, answered_at = %(now)s
        WHERE payment_id = %(payment)s AND status = 'asking'
        """,
        payment=charge.payment_id,
        status=status,
        code=code,
        now=tx.now,
    )


async def unanswered(tx: Transaction, *, before: datetime, limit: int) -> list[OffSessionCharge]:
    """In any order: one that never ends blocks no other."""
    return await tx.all(
        _charge,
        SELECT + " WHERE status = 'asking' AND asked_at <= %(before)s ORDER BY random() LIMIT %(limit)s",
        before=before,
        limit=limit,
    )


def _charge(row: Row) -> OffSessionCharge:
    return OffSessionCharge(
        payment_id=PaymentId.of(row["payment_id"]),
        order_id=OrderId.of(row["order_id"]),
        customer_id=CustomerId.of(row["customer_id"]),
        method_id=PaymentMethodId.of(row["method_id"]),
        status=ChargeStatus(row["status"]),
        code=row["code"],
        asked_at=row["asked_at"],
        answered_at=row["answered_at"],
    )
