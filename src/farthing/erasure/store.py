"""Every place in the database where a person is written down. A new table that names people gets its statement here."""

from datetime import datetime
from typing import Final, LiteralString

import orjson
from psycopg import sql

from farthing.db import Transaction
from farthing.erasure.model import without
from farthing.ids import CustomerId

ERASED: Final = "[erased]"

STATEMENTS: Final[tuple[LiteralString, ...]] = (
    "UPDATE orders SET email = NULL WHERE customer_id = %(customer)s",
    # The page is over: what it was asked for is asked never again.
    """
    UPDATE checkouts SET request = request || '{"email": null, "metadata": {}}'
    WHERE order_id IN (SELECT id FROM orders WHERE customer_id = %(customer)s)
    """,
    """
    UPDATE refund_requests SET message = %(erased)s
    WHERE message IS NOT NULL AND order_id IN (SELECT id FROM orders WHERE customer_id = %(customer)s)
    """,
    """
    UPDATE returns SET message = %(erased)s
    WHERE message IS NOT NULL AND order_id IN (SELECT id FROM orders WHERE customer_id = %(customer)s)
    """,
    """
    UPDATE cancellations SET reason = %(erased)s
    WHERE reason IS NOT NULL AND party = 'buyer' AND order_id IN (SELECT id FROM orders WHERE customer_id = %(customer)s)
    """,
    # Issued tax documents stay as they are: the law wants them kept for years, with the name of the buyer.
    "DELETE FROM tax_details WHERE customer_id = %(customer)s",
    "DELETE FROM shipping_addresses WHERE order_id IN (SELECT id FROM orders WHERE customer_id = %(customer)s)",
    # The paper names them. Who carries their parcels has it for as long as the law wants.
    """
    UPDATE labels SET label_url = NULL WHERE seller_order_id IN (SELECT part.id FROM seller_orders part
        JOIN orders ON orders.id = part.order_id WHERE orders.customer_id = %(customer)s)
    """,
    """
    UPDATE emails SET recipient = %(erased)s, subject = %(erased)s, body_text = %(erased)s, body_html = %(erased)s
    WHERE order_id IN (SELECT id FROM orders WHERE customer_id = %(customer)s)
        OR lower(recipient) = ANY(%(addresses)s)
    """,
)
"""The books and the audit trail name nobody: they hold our ids."""

_ORDERS: Final[LiteralString] = "order_id IN (SELECT id FROM orders WHERE customer_id = %(customer)s)"
_EVENTS: Final[LiteralString] = "event_id IN (SELECT id FROM events WHERE " + _ORDERS + ")"  # noqa: S608 - literals
_DISPUTES: Final[LiteralString] = "dispute_id IN (SELECT id FROM disputes WHERE " + _ORDERS + ")"  # noqa: S608 - literals

FREE_WORDS: Final[tuple[tuple[LiteralString, LiteralString, LiteralString], ...]] = (
    ("orders", "metadata", "customer_id = %(customer)s"),
    ("line_items", "name", _ORDERS),
    ("line_items", "metadata", _ORDERS),
    ("line_items", "details", _ORDERS),
    ("payments", "request", _ORDERS),
    ("payments", "failure_message", _ORDERS),
    ("refunds", "note", _ORDERS),
    ("refund_requests", "note", _ORDERS),
    ("cancellations", "reason", _ORDERS),
    ("returns", "note", _ORDERS),
    ("dispute_answers", "evidence", _DISPUTES),
    ("dispute_answers", "refusal", _DISPUTES),
    ("fulfillments", "note", _ORDERS),
    ("hook_runs", "last_error", _EVENTS),
    ("credit_grants", "note", "customer_id = %(customer)s"),
    ("credit_spends", "note", "customer_id = %(customer)s"),
)
"""Table, column and whose: what the host, its staff or its code wrote in their own words, which may name the person."""


_HOLDING: Final = sql.SQL("""
    SELECT ctid::text AS place, to_jsonb({column}) AS held FROM {table}
    WHERE {whose} AND EXISTS (
        SELECT 1 FROM unnest(%(words)s::text[]) word WHERE position(lower(word) IN lower({column}::text)) > 0)
    FOR UPDATE
""")
_KEEPING: Final = sql.SQL("UPDATE {table} SET {column} = %(text)s WHERE ctid = %(place)s::tid")


async def forget(tx: Transaction, customer: CustomerId, words: list[str]) -> None:
    addresses = [word.lower() for word in words if "@" in word]
    for statement in STATEMENTS:
        await tx.run(statement, customer=customer, erased=ERASED, addresses=addresses)


async def clean_words(tx: Transaction, customer: CustomerId, words: list[str]) -> None:
    """Values that hold one of the words lose it; everything else that stands beside them stays."""
    for table, column, whose in FREE_WORDS:
        names = {"table": sql.Identifier(table), "column": sql.Identifier(column), "whose": sql.SQL(whose)}
        held = await tx.connection.execute(_HOLDING.format(**names), {"customer": customer, "words": words})
        for row in await held.fetchall():
            kept = without(row["held"], words)
            text = kept if isinstance(kept, str) else orjson.dumps(kept).decode()
            await tx.connection.execute(_KEEPING.format(**names), {"text": text, "place": row["place"]})


async def still_needed(tx: Transaction, customer: CustomerId) -> str | None:
    """What cannot go on without knowing who it is, as a sentence that says what to do first."""
    found: str | None = await tx.value(
        """
        SELECT CASE
            WHEN EXISTS (SELECT 1 FROM orders WHERE customer_id = %(customer)s AND status = 'open')
                THEN 'has an order that can still be paid: cancel it first.'
            WHEN EXISTS (
                SELECT 1 FROM disputes JOIN orders ON orders.id = disputes.order_id
                WHERE disputes.closed_at IS NULL AND orders.customer_id = %(customer)s
            )
                THEN 'has a dispute that is not decided, and evidence names the buyer: accept it or wait for its end.'
            WHEN EXISTS (
                SELECT 1 FROM orders JOIN shipping_addresses ON shipping_addresses.order_id = orders.id
                    JOIN seller_orders part ON part.order_id = orders.id
                    JOIN seller_order_lines line ON line.seller_order_id = part.id
                WHERE orders.customer_id = %(customer)s AND part.status = 'confirmed'
                    AND line.quantity > line.canceled + line.shipped
            )
                THEN 'has an order that is still to be sent, and its address is needed: send it, or call it off first.'
        END
        """,
        customer=customer,
    )
    return found


async def addresses_of(tx: Transaction, customer: CustomerId) -> list[str]:
    return await tx.all(
        lambda row: str(row["email"]),
        "SELECT DISTINCT email FROM orders WHERE customer_id = %(customer)s AND email IS NOT NULL",
        customer=customer,
    )


async def clean_bodies(tx: Transaction, customer: CustomerId, words: list[str], *, since: datetime | None = None) -> int:
    """What the provider told of the person and their orders, without the person: it can still be acted on again.

    Reads the inbox whole, for many kinds of event name a customer: those that we only store as well.
    """
    rows = await tx.all(
        lambda row: (row["id"], bytes(row["body"])),
        """
        WITH bought AS (SELECT id FROM orders WHERE customer_id = %(customer)s), names AS (
            SELECT convert_to(name, 'UTF8') AS name FROM (
                SELECT provider_customer_id FROM provider_customers WHERE customer_id = %(customer)s
                UNION SELECT unnest(former_ids) FROM provider_customers WHERE customer_id = %(customer)s
                UNION SELECT provider_payment_id FROM payments WHERE order_id IN (SELECT id FROM bought)
                UNION SELECT provider_checkout_id FROM checkouts WHERE order_id IN (SELECT id FROM bought)
                UNION SELECT unnest(%(words)s::text[])
            ) known (name) WHERE name IS NOT NULL
        )
        SELECT id, body FROM provider_events told
        WHERE (%(since)s::timestamptz IS NULL OR received_at >= %(since)s)
            AND EXISTS (SELECT 1 FROM names WHERE position(names.name IN told.body) > 0)
        """,
        customer=customer,
        words=words,
        since=since,
    )
    for id, body in rows:
        try:
            cleaned = orjson.dumps(without(orjson.loads(body), words))
        except orjson.JSONDecodeError:
            cleaned = b"{}"
        await tx.run("UPDATE provider_events SET body = %(body)s WHERE id = %(id)s", id=id, body=cleaned)
    return len(rows)


async def erased_since(tx: Transaction, since: datetime) -> list[tuple[CustomerId, datetime]]:
    """Who was erased since then, and when."""
    return await tx.all(
        lambda row: (CustomerId.of(row["id"]), row["erased_at"]),
        "SELECT id, erased_at FROM customers WHERE erased_at >= %(since)s ORDER BY erased_at",
        since=since,
    )
