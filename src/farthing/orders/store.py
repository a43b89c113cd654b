"""Orders in the database. The lines come with the order in one statement: one is never read without the other."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, LiteralString, TypedDict

import orjson

from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import CustomerId, LineItemId, OrderId
from farthing.lifecycles import OrderStatus
from farthing.money import Money
from farthing.orders import model
from farthing.orders.model import LineItem, Order, PaymentStanding
from farthing.paging import Page, checked_limit

SELECT: LiteralString = """
    SELECT id, number, customer_id, email, livemode, status, currency, subtotal_amount, discount_amount, tax_amount,
        total_amount, metadata, locale, placed_at, expires_at, paid_at, cancel_requested_at, closed_at, access_held_at,
        (SELECT json_build_array(count(*), coalesce(sum(units), 0), coalesce(sum(delivered_units), 0))
            FROM fulfillments WHERE order_id = orders.id AND status <> 'canceled') AS to_deliver,
        uncaptured_amount,
        (SELECT json_build_object('status', status, 'refunded', refunded_amount > 0, 'capture_before', capture_before)
            FROM payments WHERE order_id = orders.id AND (live OR settles)) AS collected,
        (SELECT json_agg(line ORDER BY line.position) FROM (
            SELECT id, position, product, kind, name, quantity, unit_amount, amount, discount_amount, tax_amount, features,
                access_days, metadata, details, addon_to
            FROM line_items WHERE order_id = orders.id
        ) line) AS lines
    FROM orders
"""


async def get(tx: Transaction, id: OrderId) -> Order:
    return _found(await tx.find(_order, SELECT + " WHERE id = %(id)s", id=id), id)


async def lock(tx: Transaction, id: OrderId) -> Order:
    """The order, held until the commit. Always the first lock that is taken."""
    return _found(await tx.find(_order, SELECT + " WHERE id = %(id)s FOR UPDATE OF orders", id=id), id)


async def hold(tx: Transaction, ids: Collection[OrderId]) -> None:
    """The locks of all of these, in the order in which everybody takes several."""
    await tx.all(lambda row: row, "SELECT id FROM orders WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE", ids=list(ids))


async def find_by_number(tx: Transaction, number: int) -> Order | None:
    return await tx.find(_order, SELECT + " WHERE number = %(number)s", number=number)


async def list_page(
    tx: Transaction,
    *,
    limit: int,
    cursor: OrderId | None = None,
    status: OrderStatus | None = None,
    customer: CustomerId | None = None,
) -> Page[Order]:
    """Newest first."""
    rows = await tx.all(
        _order,
        SELECT
        + """
        WHERE (%(cursor)s::uuid IS NULL OR id < %(cursor)s) AND (%(status)s::text IS NULL OR status = %(status)s)
            AND (%(customer)s::uuid IS NULL OR customer_id = %(customer)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        cursor=cursor,
        status=status,
        customer=customer,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda order: order.id)


async def of_customer(tx: Transaction, customer: CustomerId, *, limit: int, cursor: OrderId | None = None) -> Page[Order]:
    rows = await tx.all(
        _order,
        SELECT
        + """
        WHERE customer_id = %(customer)s AND (%(cursor)s::uuid IS NULL OR id < %(cursor)s)
        ORDER BY id DESC LIMIT %(limit)s
        """,
        customer=customer,
        cursor=cursor,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda order: order.id)


async def has_bought(tx: Transaction, customer: CustomerId, *, livemode: bool) -> bool:
    """Whether they ever paid for an order, be it refunded since."""
    found: bool = await tx.value(
        """
        SELECT EXISTS (
            SELECT FROM orders WHERE customer_id = %(customer)s AND livemode = %(livemode)s AND paid_at IS NOT NULL
        )
        """,
        customer=customer,
        livemode=livemode,
    )
    return found


async def counts(tx: Transaction) -> dict[str, int]:
    """How many orders are in each status."""
    rows = await tx.all(lambda row: (row["status"], row["count"]), "SELECT status, count(*) FROM orders GROUP BY status")
    return dict(rows)


async def insert(tx: Transaction, order: Order) -> int:
    """Store a new order with its lines; returns the number it got."""
    lines = [
        {
            "id": line.id.hex,
            "position": position,
            "product": line.product,
            "kind": line.kind,
            "name": line.name,
            "quantity": line.quantity,
            "unit_amount": line.unit.amount,
            "amount": line.amount.amount,
            "features": list(line.features),
            "access_days": line.access_days,
            "metadata": dict(line.metadata),
            "discount_amount": line.discount.amount,
            "tax_amount": line.tax.amount,
            "details": dict(line.details),
            "addon_to": None if line.addon_to is None else line.addon_to.hex,
        }
        for position, line in enumerate(order.lines)
    ]
    number: int = await tx.value(
        """
        WITH placed AS (
            INSERT INTO orders (id, customer_id, email, livemode, status, currency, subtotal_amount, discount_amount,
                tax_amount, total_amount, metadata, locale, placed_at, expires_at)
            VALUES (%(id)s, %(customer)s, %(email)s, %(livemode)s, %(status)s, %(currency)s, %(subtotal)s, %(discount)s,
                %(tax)s, %(total)s, %(metadata)s, %(locale)s, %(now)s, %(expires_at)s)
            RETURNING id, number, currency
        ), line AS (
            INSERT INTO line_items (id, order_id, position, product, kind, name, quantity, unit_amount, amount, currency,
                discount_amount, tax_amount, features, access_days, metadata, details, addon_to)
            SELECT l.id, placed.id, l.position, l.product, l.kind, l.name, l.quantity, l.unit_amount, l.amount,
                placed.currency, l.discount_amount, l.tax_amount, l.features, l.access_days, l.metadata, l.details, l.addon_to
            FROM placed, json_to_recordset(%(lines)s::json) AS l (id uuid, position int, product text, kind text,
                name text, quantity int, unit_amount bigint, amount bigint, discount_amount bigint, tax_amount bigint,
                features text[], access_days int, metadata jsonb, details jsonb, addon_to uuid)
        )
        SELECT number FROM placed
        """,
        id=order.id,
        customer=order.customer_id,
        email=order.email,
        livemode=order.livemode,
        status=order.status,
        currency=order.total.currency,
        subtotal=order.subtotal.amount,
        discount=order.discount.amount,
        tax=order.tax.amount,
        total=order.total.amount,
        metadata=orjson.dumps(dict(order.metadata)).decode(),
        locale=order.locale,
        now=order.placed_at,
        expires_at=order.expires_at,
        lines=orjson.dumps(lines).decode(),
    )
    return number


async def save_expiry(tx: Transaction, order: Order, until: datetime) -> None:
    await tx.run("UPDATE orders SET expires_at = %(until)s WHERE id = %(id)s", id=order.id, until=until)


async def save_cancel_request(tx: Transaction, order: Order) -> None:
    await tx.run(
        "UPDATE orders SET cancel_requested_at = %(now)s WHERE id = %(id)s",
        id=order.id,
        now=tx.now,
    )


async def save_access_held(tx: Transaction, order: Order, *, held: bool) -> None:
    await tx.run(
        "UPDATE orders SET access_held_at = CASE WHEN %(held)s THEN %(now)s::timestamptz END WHERE id = %(id)s",
        id=order.id,
        held=held,
        now=tx.now,
    )


async def save_reduced(tx: Transaction, order: Order) -> None:
    """The price is lower now: of the order and of each of its lines."""
    lines = [
        {"id": line.id.hex, "discount_amount": line.discount.amount, "tax_amount": line.tax.amount} for line in order.lines
    ]
    await tx.run(
        """
        WITH line AS (
            UPDATE line_items SET discount_amount = l.discount_amount, tax_amount = l.tax_amount
            FROM json_to_recordset(%(lines)s::json) AS l (id uuid, discount_amount bigint, tax_amount bigint)
            WHERE line_items.id = l.id
        )
        UPDATE orders SET discount_amount = %(discount)s, tax_amount = %(tax)s, total_amount = %(total)s,
            uncaptured_amount = %(uncaptured)s
        WHERE id = %(id)s
        """,
        id=order.id,
        lines=orjson.dumps(lines).decode(),
        discount=order.discount.amount,
        tax=order.tax.amount,
        total=order.total.amount,
        uncaptured=order.uncaptured,
    )


async def due_to_close(tx: Transaction, *, limit: int) -> list[OrderId]:
    """Open orders that nobody can pay any more: their time is over, or they were called off, and there is no way to pay."""
    return await tx.all(
        lambda row: OrderId.of(row["id"]),
        """
        SELECT id FROM orders WHERE status = 'open' AND (expires_at <= %(now)s OR cancel_requested_at IS NOT NULL)
            AND NOT EXISTS (SELECT 1 FROM payments WHERE order_id = orders.id AND live)
        LIMIT %(limit)s
        """,
        now=tx.now,
        limit=limit,
    )


async def save_status(tx: Transaction, order: Order, status: OrderStatus) -> None:
    """The row is locked by the caller, so the status is still what was read."""
    await tx.run(
        """
        UPDATE orders SET status = %(status)s,
            paid_at = CASE WHEN %(status)s IN ('paid', 'refunded') THEN coalesce(paid_at, %(now)s) ELSE paid_at END,
            closed_at = CASE WHEN %(status)s IN ('expired', 'canceled', 'refunded') THEN %(now)s ELSE NULL END
        WHERE id = %(id)s
        """,
        id=order.id,
        status=status,
        now=tx.now,
    )


class Collected(TypedDict):
    payment_status: PaymentStanding
    capture_before: datetime | None


def _found(order: Order | None, id: OrderId) -> Order:
    if order is None:
        raise NotFound(f"There is no order {id}.")
    return order


def _order(row: Row) -> Order:
    currency = row["currency"]
    return Order(
        id=OrderId.of(row["id"]),
        number=row["number"],
        customer_id=CustomerId.of(row["customer_id"]),
        email=row["email"],
        livemode=row["livemode"],
        status=OrderStatus(row["status"]),
        subtotal=Money(row["subtotal_amount"], currency),
        discount=Money(row["discount_amount"], currency),
        tax=Money(row["tax_amount"], currency),
        total=Money(row["total_amount"], currency),
        metadata=row["metadata"],
        locale=row["locale"],
        placed_at=row["placed_at"],
        expires_at=row["expires_at"],
        paid_at=row["paid_at"],
        cancel_requested_at=row["cancel_requested_at"],
        closed_at=row["closed_at"],
        access_held_at=row["access_held_at"],
        to_deliver=(row["to_deliver"][0], row["to_deliver"][1], row["to_deliver"][2]),
        lines=tuple(_line(line, currency) for line in row["lines"] or ()),
        uncaptured=row["uncaptured_amount"],
        **_collected(row),
    )


def _collected(row: Row) -> Collected:
    found = row["collected"] or {}
    before = found.get("capture_before") if found.get("status") == "authorized" else None
    return Collected(
        payment_status=model.standing(
            OrderStatus(row["status"]), found.get("status"), partly_back=found.get("refunded", False)
        ),
        capture_before=None if before is None else datetime.fromisoformat(before),
    )


def _line(line: dict[str, Any], currency: str) -> LineItem:
    return LineItem(
        id=LineItemId(line["id"]),
        product=line["product"],
        kind=line["kind"],
        name=line["name"],
        quantity=line["quantity"],
        unit=Money(line["unit_amount"], currency),
        amount=Money(line["amount"], currency),
        features=tuple(line["features"]),
        access_days=line["access_days"],
        metadata=line["metadata"],
        discount=Money(line["discount_amount"], currency),
        tax=Money(line["tax_amount"], currency),
        details=line["details"],
        addon_to=None if line["addon_to"] is None else LineItemId(line["addon_to"]),
    )
