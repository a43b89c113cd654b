"""Customers in the database. Two requests of the same new buyer at the same moment make one customer."""

from collections.abc import Iterable, Mapping
from typing import LiteralString

import orjson

from farthing.customers.model import Customer, checked_identity
from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import CustomerId
from farthing.paging import Page, checked_limit

SELECT: LiteralString = "SELECT id, external_id, email, name, metadata, created_at, erased_at FROM customers"


async def remember(
    tx: Transaction,
    *,
    external_id: str | None,
    email: str | None,
    name: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Customer:
    """Find or make the customer. What is newly known of a signed-in one is kept, and due to be pushed to the provider; of a
    guest, whom anybody may claim to be, the first word stays. `metadata` replaces what there was, None leaves it.
    """
    checked_identity(external_id, email, name)
    if external_id is not None:
        sql: LiteralString = """
            INSERT INTO customers AS known (id, external_id, email, name, metadata, created_at)
            VALUES (%(id)s, %(external_id)s, %(email)s, %(name)s, coalesce(%(metadata)s::jsonb, '{}'), %(now)s)
            ON CONFLICT (external_id) WHERE external_id IS NOT NULL
            DO UPDATE SET email = coalesce(excluded.email, known.email), name = coalesce(excluded.name, known.name),
                metadata = coalesce(%(metadata)s::jsonb, known.metadata), updated_at = %(now)s
            RETURNING id, external_id, email, name, metadata, created_at, erased_at
            """
    else:
        sql = """
            INSERT INTO customers AS known (id, external_id, email, name, metadata, created_at)
            VALUES (%(id)s, NULL, %(email)s, %(name)s, coalesce(%(metadata)s::jsonb, '{}'), %(now)s)
            ON CONFLICT (lower(email)) WHERE external_id IS NULL
            DO UPDATE SET name = coalesce(known.name, excluded.name)
            RETURNING id, external_id, email, name, metadata, created_at, erased_at
            """
    found = await tx.find(
        _customer,
        sql,
        id=CustomerId.new(),
        external_id=external_id,
        email=email,
        name=name,
        metadata=None if metadata is None else orjson.dumps(dict(metadata)).decode(),
        now=tx.now,
    )
    assert found is not None, "an upsert returns its row"
    return found


async def get(tx: Transaction, id: CustomerId) -> Customer:
    found = await tx.find(_customer, SELECT + " WHERE id = %(id)s", id=id)
    assert found is not None, f"{id} is referenced and cannot be gone"
    return found


async def get_all(tx: Transaction, ids: Iterable[CustomerId]) -> dict[CustomerId, Customer]:
    """Of a page's rows, with one question."""
    found = await tx.all(_customer, SELECT + " WHERE id = ANY(%(ids)s)", ids=list(set(ids)))
    return {each.id: each for each in found}


async def lock(tx: Transaction, id: CustomerId) -> Customer:
    """Held until the commit."""
    found = await tx.find(_customer, SELECT + " WHERE id = %(id)s FOR UPDATE", id=id)
    if found is None:
        raise NotFound(f"There is no customer {id}.")
    return found


async def find_by_external_id(tx: Transaction, external_id: str) -> Customer | None:
    return await tx.find(_customer, SELECT + " WHERE external_id = %(external_id)s", external_id=external_id)


async def find(tx: Transaction, named: str) -> Customer:
    """By what people have at hand: the host's id, ours, the provider's, or an address. Raises NotFound."""
    page = await list_page(tx, limit=1, search=named, exact=True)
    if not page.items:
        raise NotFound(f"There is no customer {named[:64]!r}.")
    return page.items[0]


async def list_page(
    tx: Transaction, *, limit: int, cursor: CustomerId | None = None, search: str | None = None, exact: bool = False
) -> Page[Customer]:
    """Newest first. `search` is the beginning of an email or a name, or a whole id: the host's, ours or the provider's.

    With `exact`, an address must be whole, and a name is none of it. Each comparison can use an index.
    """
    like = None if search is None or exact else _beginning(search)
    rows = await tx.all(
        _customer,
        """
        SELECT id, external_id, email, name, metadata, created_at, erased_at FROM customers
        WHERE (%(cursor)s::uuid IS NULL OR id < %(cursor)s) AND (%(words)s::text IS NULL OR id IN (
            SELECT id FROM customers WHERE external_id = %(words)s
            UNION ALL SELECT id FROM customers WHERE id = %(id)s
            UNION ALL SELECT id FROM customers WHERE lower(email) = lower(%(words)s)
            UNION ALL SELECT id FROM customers WHERE lower(email) LIKE %(like)s
            UNION ALL SELECT id FROM customers WHERE lower(name) LIKE %(like)s
            UNION ALL SELECT customer_id FROM provider_customers WHERE provider_customer_id = %(words)s
            UNION ALL SELECT customer_id FROM provider_customers WHERE former_ids @> ARRAY[%(words)s::text]
        ))
        ORDER BY id DESC LIMIT %(limit)s
        """,
        cursor=cursor,
        words=search,
        id=None if search is None else _id(search),
        like=like,
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda customer: customer.id)


async def erase(tx: Transaction, id: CustomerId) -> None:
    await tx.run(
        """
        UPDATE customers SET external_id = NULL, email = NULL, name = NULL, metadata = '{}', erased_at = %(now)s,
            updated_at = %(now)s
        WHERE id = %(id)s AND erased_at IS NULL
        """,
        id=id,
        now=tx.now,
    )


def _beginning(text: str) -> str:
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"


def _id(text: str) -> CustomerId | None:
    try:
        return CustomerId.parse(text)
    except NotFound:
        return None


def _customer(row: Row) -> Customer:
    return Customer(
        id=CustomerId.of(row["id"]),
        external_id=row["external_id"],
        email=row["email"],
        name=row["name"],
        metadata=row["metadata"],
        created_at=row["created_at"],
        erased_at=row["erased_at"],
    )
