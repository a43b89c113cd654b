"""Rows in the documents' words, read from the views of `farthing_documents`; and document 000's repository over them."""

from collections.abc import Callable
from typing import Any, Final, LiteralString

from farthing import customers
from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import OrderId, PaymentId, PurchaseId
from farthing.world import World

ACTOR: Final = "app"
USERS_ORDERS_MAX: Final = 1_000


async def purchase(tx: Transaction, id: PurchaseId) -> Row:
    found = await tx.find(_row, "SELECT * FROM farthing_documents.purchases_002 WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no {id}.")
    return found


async def purchases_of(tx: Transaction, customer: str, *, status: str | None, offset: int, limit: int) -> tuple[list[Row], int]:
    """So many of the purchases of the host's user, newest first, and how many there are."""
    buyer = await customers.find_by_external_id(tx, customer)
    if buyer is None:
        return [], 0
    counted: int = await tx.value(
        """
        SELECT count(*) FROM farthing_documents.purchases_002
        WHERE farthing_customer_id = %(customer)s AND (%(status)s::text IS NULL OR status = %(status)s)
        """,
        customer=buyer.id,
        status=status,
    )
    found = await tx.all(
        _row,
        """
        SELECT * FROM farthing_documents.purchases_002
        WHERE farthing_customer_id = %(customer)s AND (%(status)s::text IS NULL OR status = %(status)s)
        ORDER BY id DESC OFFSET %(offset)s LIMIT %(limit)s
        """,
        customer=buyer.id,
        status=status,
        offset=offset,
        limit=limit,
    )
    return found, counted


async def payment(tx: Transaction, id: PaymentId) -> Row:
    """By document 003."""
    found = await tx.find(_row, "SELECT * FROM farthing_documents.payments_003 WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no {id}.")
    return found


class Records:
    """What document 000's repository reads: rows by their names there, with our public ids; None for what is missing.

    `Records(lambda: pay.world)`. Nothing is written here: orders and payments are changed by what happens to them.
    """

    def __init__(self, world: Callable[[], World]) -> None:
        self._world = world

    async def find_order_by_id(self, id: str) -> dict[str, Any] | None:
        """The order with its items, total and status."""
        return await self._order("SELECT * FROM farthing_documents.orders_000 WHERE id = %(it)s", _parsed(OrderId, id))

    async def find_order_by_provider_session_id(self, session: str) -> dict[str, Any] | None:
        async with self._world().db.transaction(ACTOR) as tx:
            found = await tx.value(
                """
                SELECT order_id FROM farthing.checkouts
                WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_checkout_id = %(session)s
                """,
                provider=self._world().provider.name,
                livemode=self._world().provider.livemode,
                session=session,
            )
        return await self._order("SELECT * FROM farthing_documents.orders_000 WHERE id = %(it)s", found)

    async def find_orders_by_user(self, user: str) -> list[dict[str, Any]]:
        """Newest first."""
        async with self._world().db.transaction(ACTOR) as tx:
            return await tx.all(
                _order,
                "SELECT * FROM farthing_documents.orders_000 WHERE user_id = %(user)s ORDER BY id DESC LIMIT %(most)s",
                user=user,
                most=USERS_ORDERS_MAX,
            )

    async def find_payment_by_id(self, id: str) -> dict[str, Any] | None:
        return await self._payment("SELECT * FROM farthing_documents.payments_000 WHERE id = %(it)s", _parsed(PaymentId, id))

    async def find_payment_by_provider_payment_id(self, id: str) -> dict[str, Any] | None:
        return await self._payment("SELECT * FROM farthing_documents.payments_000 WHERE provider_payment_id = %(it)s", id)

    async def find_payments_by_order(self, id: str) -> list[dict[str, Any]]:
        """Newest first."""
        async with self._world().db.transaction(ACTOR) as tx:
            return await tx.all(
                _payment,
                "SELECT * FROM farthing_documents.payments_000 WHERE order_id = %(it)s ORDER BY id DESC",
                it=_parsed(OrderId, id),
            )

    async def get_order_details(self, id: str) -> dict[str, Any] | None:
        """The order with its `payments`."""
        found = await self.find_order_by_id(id)
        return None if found is None else found | {"payments": await self.find_payments_by_order(id)}

    async def get_user_order_stats(self, user: str) -> dict[str, Any]:
        """How many orders, how many of them paid, pending and failed, and what the paid ones came to, by currency."""
        async with self._world().db.transaction(ACTOR) as tx:
            counted = await tx.all(
                _row,
                """
                SELECT status, currency, count(*) AS count, sum(total_amount)::bigint AS amount
                FROM farthing_documents.orders_000 WHERE user_id = %(user)s GROUP BY status, currency
                """,
                user=user,
            )
        by_status = {status: sum(row["count"] for row in counted if row["status"] == status) for status in STATUSES}
        spent = {row["currency"]: row["amount"] for row in counted if row["status"] == "paid"}
        return {"total": sum(row["count"] for row in counted), **by_status, "totalSpent": spent}

    async def _order(self, sql: LiteralString, it: object) -> dict[str, Any] | None:
        async with self._world().db.transaction(ACTOR) as tx:
            return await tx.find(_order, sql, it=it)

    async def _payment(self, sql: LiteralString, it: object) -> dict[str, Any] | None:
        async with self._world().db.transaction(ACTOR) as tx:
            return await tx.find(_payment, sql, it=it)


STATUSES: Final = ("paid", "pending", "failed")


def _parsed(kind: type[OrderId] | type[PaymentId], id: str) -> OrderId | PaymentId | None:
    try:
        return kind.parse(id)
    except NotFound:
        return None


def _row(row: Row) -> Row:
    return row


def _order(row: Row) -> dict[str, Any]:
    return {**row, "id": str(OrderId.of(row["id"]))}


def _payment(row: Row) -> dict[str, Any]:
    return {**row, "id": str(PaymentId.of(row["id"])), "order_id": str(OrderId.of(row["order_id"]))}
