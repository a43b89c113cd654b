"""Customers in the database. Two requests of the same new buyer at the same moment make one customer."""

from dataclasses import dataclass

from farthing.db import Row, Transaction
from farthing.errors import Invalid
from farthing.ids import CustomerId


@dataclass(frozen=True, slots=True)
class Customer:
    id: CustomerId
    external_id: str | None
    """The host's own id of its user; None for a guest."""
    email: str | None
    name: str | None


async def remember(tx: Transaction, *, external_id: str | None, email: str | None, name: str | None = None) -> Customer:
    """Find or make the customer. What is newly known of a signed-in one is kept; of a guest, whom anybody may claim to be, the
    first word stays.
    """
    for param, given in (("customer", external_id), ("email", email)):
        # An empty id would make one customer of all visitors whose id somebody forgot.
        if given is not None and (not given.strip() or not given.isprintable()):
            raise Invalid("A buyer's id or email address is a printable text, and not an empty one.", param=param)
    if external_id is not None:
        sql = """
            INSERT INTO customers (id, external_id, email, name, created_at)
            VALUES (%(id)s, %(external_id)s, %(email)s, %(name)s, %(now)s)
            ON CONFLICT (external_id) WHERE external_id IS NOT NULL
            DO UPDATE SET email = coalesce(excluded.email, customers.email), name = coalesce(excluded.name, customers.name)
            RETURNING id, external_id, email, name
            """
    elif email is not None:
        sql = """
            INSERT INTO customers (id, external_id, email, name, created_at)
            VALUES (%(id)s, NULL, %(email)s, %(name)s, %(now)s)
            ON CONFLICT (lower(email)) WHERE external_id IS NULL
            DO UPDATE SET name = coalesce(customers.name, excluded.name)
            RETURNING id, external_id, email, name
            """
    else:
        raise Invalid("A buyer needs a customer id or an email address.", param="customer")
    found = await tx.find(_customer, sql, id=CustomerId.new(), external_id=external_id, email=email, name=name, now=tx.now)
    assert found is not None, "an upsert returns its row"
    return found


async def get(tx: Transaction, id: CustomerId) -> Customer:
    found = await tx.find(_customer, "SELECT id, external_id, email, name FROM customers WHERE id = %(id)s", id=id)
    assert found is not None, f"{id} is referenced and cannot be gone"
    return found


async def find_by_external_id(tx: Transaction, external_id: str) -> Customer | None:
    return await tx.find(
        _customer,
        "SELECT id, external_id, email, name FROM customers WHERE external_id = %(external_id)s",
        external_id=external_id,
    )


async def provider_customer_id(tx: Transaction, customer: CustomerId, provider: str, *, livemode: bool) -> str | None:
    """Their id of the customer, once they have one."""
    found: str | None = await tx.value(
        """
        SELECT provider_customer_id FROM provider_customers
        WHERE customer_id = %(customer)s AND provider = %(provider)s AND livemode = %(livemode)s
        """,
        customer=customer,
        provider=provider,
        livemode=livemode,
    )
    return found


def _customer(row: Row) -> Customer:
    return Customer(CustomerId.of(row["id"]), row["external_id"], row["email"], row["name"])
