"""Customers at a provider, in the database: the intention to have them there, what was answered, what is to be pushed."""

from datetime import datetime, timedelta
from typing import Final, LiteralString

import orjson

from farthing.customers.model import Attachment, Customer
from farthing.db import Row, Transaction
from farthing.ids import CustomerId
from farthing.providers import CustomerWanted

LEASE: Final = timedelta(seconds=60)
"""How long one push may take before another takes over: as long as the wire can take, with its repetitions."""

SELECT: LiteralString = """
    SELECT link.customer_id, link.provider, link.livemode, link.provider_customer_id, link.incarnation, link.request,
        link.asked_at, link.pushed_at, link.pushed_keys, link.push_due_at, link.push_error,
        link.pushed_fingerprint IS NOT DISTINCT FROM person.fingerprint AS fresh
    FROM provider_customers link JOIN customers person ON person.id = link.customer_id
"""


async def claim(tx: Transaction, customer: CustomerId, provider: str, *, livemode: bool) -> bool:
    """Say that the customer is wanted there, before anybody is called. Whether this call was the first to say so."""
    return bool(
        await tx.run(
            """
            INSERT INTO provider_customers (customer_id, provider, livemode, created_at, push_due_at)
            VALUES (%(customer)s, %(provider)s, %(livemode)s, %(now)s, %(now)s)
            ON CONFLICT (customer_id, provider, livemode) DO NOTHING
            """,
            customer=customer,
            provider=provider,
            livemode=livemode,
            now=tx.now,
        )
    )


async def get(tx: Transaction, customer: CustomerId, provider: str, *, livemode: bool) -> Attachment | None:
    return await tx.find(
        _attachment,
        SELECT + " WHERE link.customer_id = %(customer)s AND link.provider = %(provider)s AND link.livemode = %(livemode)s",
        customer=customer,
        provider=provider,
        livemode=livemode,
    )


async def lock(tx: Transaction, customer: CustomerId, provider: str, *, livemode: bool) -> Attachment | None:
    """Held until the commit."""
    return await tx.find(
        _attachment,
        SELECT
        + """
        WHERE link.customer_id = %(customer)s AND link.provider = %(provider)s AND link.livemode = %(livemode)s
        FOR UPDATE OF link
        """,
        customer=customer,
        provider=provider,
        livemode=livemode,
    )


async def of_customer(tx: Transaction, customer: CustomerId) -> list[Attachment]:
    return await tx.all(
        _attachment, SELECT + " WHERE link.customer_id = %(customer)s ORDER BY link.created_at", customer=customer
    )


async def find_owner(tx: Transaction, provider: str, livemode: bool, provider_customer_id: str) -> CustomerId | None:
    """Whose id this is, or was."""
    return await tx.find(
        lambda row: CustomerId.of(row["customer_id"]),
        """
        SELECT customer_id FROM provider_customers
        WHERE provider = %(provider)s AND livemode = %(livemode)s
            AND (provider_customer_id = %(id)s OR former_ids @> ARRAY[%(id)s::text])
        """,
        provider=provider,
        livemode=livemode,
        id=provider_customer_id,
    )


async def save_request(tx: Transaction, link: Attachment, person: Customer, *, incarnation: int) -> None:
    """What will be asked for, as it will be repeated. The fingerprint says which state of the person that is."""
    request = {"external_id": person.external_id, "email": person.email, "name": person.name, "metadata": dict(person.metadata)}
    await tx.run(
        """
        UPDATE provider_customers link SET incarnation = %(incarnation)s, asked_at = %(now)s,
            request = %(request)s::jsonb || jsonb_build_object('fingerprint', person.fingerprint)
        FROM customers person
        WHERE person.id = link.customer_id AND customer_id = %(customer)s AND provider = %(provider)s
            AND livemode = %(livemode)s AND provider_customer_id IS NULL
        """,
        incarnation=incarnation,
        request=orjson.dumps(request).decode(),
        now=tx.now,
        customer=link.customer_id,
        provider=link.provider,
        livemode=link.livemode,
    )


async def save_made(tx: Transaction, link: Attachment, provider_customer_id: str) -> bool:
    """The provider has them. Whether this call is the one that writes it down."""
    request = dict(link.request or {})
    return bool(
        await tx.run(
            """
            UPDATE provider_customers link SET provider_customer_id = %(id)s, request = NULL,
                pushed_fingerprint = coalesce(%(fingerprint)s, ''), pushed_keys = %(keys)s, pushed_at = %(now)s,
                push_error = NULL,
                push_due_at = CASE WHEN person.fingerprint = %(fingerprint)s AND person.erased_at IS NULL THEN NULL
                    ELSE %(now)s END
            FROM customers person
            WHERE person.id = link.customer_id AND customer_id = %(customer)s AND provider = %(provider)s
                AND livemode = %(livemode)s AND provider_customer_id IS NULL
            """,
            id=provider_customer_id,
            fingerprint=request.get("fingerprint"),
            keys=sorted(request.get("metadata") or {}),
            now=tx.now,
            customer=link.customer_id,
            provider=link.provider,
            livemode=link.livemode,
        )
    )


async def save_refused(tx: Transaction, link: Attachment, reason: str) -> None:
    """The provider said no. Nothing is asked again until what we know of the person changes, and then anew."""
    await tx.run(
        """
        UPDATE provider_customers SET request = NULL, asked_at = NULL, push_error = %(reason)s, push_due_at = NULL,
            push_claimed_until = NULL,
            incarnation = incarnation + CASE WHEN provider_customer_id IS NULL THEN 1 ELSE 0 END
        WHERE customer_id = %(customer)s AND provider = %(provider)s AND livemode = %(livemode)s
            AND incarnation = %(incarnation)s
        """,
        reason=reason,
        incarnation=link.incarnation,
        customer=link.customer_id,
        provider=link.provider,
        livemode=link.livemode,
    )


async def save_lost(tx: Transaction, link: Attachment) -> bool:
    """The provider has them no more. The next use makes them anew."""
    return bool(
        await tx.run(
            """
            UPDATE provider_customers SET former_ids = former_ids || provider_customer_id, provider_customer_id = NULL,
                incarnation = incarnation + 1, asked_at = NULL, pushed_fingerprint = NULL, pushed_keys = '{}',
                pushed_at = NULL, push_due_at = NULL, push_claimed_until = NULL, push_error = NULL
            WHERE customer_id = %(customer)s AND provider = %(provider)s AND livemode = %(livemode)s
                AND provider_customer_id = %(id)s
            """,
            id=link.provider_customer_id,
            customer=link.customer_id,
            provider=link.provider,
            livemode=link.livemode,
        )
    )


async def mark_due(tx: Transaction, customer: CustomerId) -> int:
    """What we know of the person has changed: it is to be pushed wherever they are known, or were refused before."""
    return await tx.run(
        """
        UPDATE provider_customers link SET push_due_at = %(now)s, push_error = NULL FROM customers person
        WHERE person.id = link.customer_id AND link.customer_id = %(customer)s AND link.push_due_at IS NULL
            AND (link.provider_customer_id IS NOT NULL OR link.push_error IS NOT NULL)
            AND (link.pushed_fingerprint IS DISTINCT FROM person.fingerprint OR person.erased_at IS NOT NULL)
        """,
        customer=customer,
        now=tx.now,
    )


async def claim_push(tx: Transaction, link: Attachment) -> datetime | None:
    """Take the right to push, so that an older state never arrives after a newer one; None where somebody has it.

    The answer names the claim: only who holds it writes down what was pushed.
    """
    until = tx.now + LEASE
    taken = await tx.run(
        """
        UPDATE provider_customers SET push_claimed_until = %(until)s
        WHERE customer_id = %(customer)s AND provider = %(provider)s AND livemode = %(livemode)s
            AND provider_customer_id = %(id)s AND (push_claimed_until IS NULL OR push_claimed_until <= %(now)s)
        """,
        until=until,
        now=tx.now,
        id=link.provider_customer_id,
        customer=link.customer_id,
        provider=link.provider,
        livemode=link.livemode,
    )
    return until if taken else None


async def save_pushed(tx: Transaction, link: Attachment, claim: datetime, wanted: CustomerWanted, fingerprint: str) -> bool:
    """Whether the claim still held. What has changed meanwhile stays due."""
    return bool(
        await tx.run(
            """
            UPDATE provider_customers link SET pushed_fingerprint = %(fingerprint)s, pushed_keys = %(keys)s,
                pushed_at = %(now)s, push_claimed_until = NULL, push_error = NULL,
                push_due_at = CASE WHEN person.fingerprint = %(fingerprint)s THEN NULL ELSE %(now)s END
            FROM customers person
            WHERE person.id = link.customer_id AND customer_id = %(customer)s AND provider = %(provider)s
                AND livemode = %(livemode)s AND provider_customer_id = %(id)s AND push_claimed_until = %(claim)s
            """,
            fingerprint=fingerprint,
            keys=sorted(wanted.metadata),
            now=tx.now,
            claim=claim,
            id=link.provider_customer_id,
            customer=link.customer_id,
            provider=link.provider,
            livemode=link.livemode,
        )
    )


async def settle_erased(tx: Transaction, link: Attachment) -> None:
    """They are gone there: nothing more is to be done, and nothing is kept of what was asked."""
    await tx.run(
        """
        UPDATE provider_customers SET request = NULL, asked_at = NULL, push_due_at = NULL, push_error = NULL
        WHERE customer_id = %(customer)s AND provider = %(provider)s AND livemode = %(livemode)s
            AND provider_customer_id IS NULL
        """,
        customer=link.customer_id,
        provider=link.provider,
        livemode=link.livemode,
    )


async def forget_requests(tx: Transaction, customer: CustomerId) -> None:
    """What was asked for and not answered names the person. Whether it was done is looked up by our mark."""
    await tx.run(
        "UPDATE provider_customers SET request = NULL, push_error = NULL WHERE customer_id = %(customer)s", customer=customer
    )


async def fingerprint(tx: Transaction, customer: CustomerId) -> str:
    found: str = await tx.value("SELECT fingerprint FROM customers WHERE id = %(id)s", id=customer)
    return found


async def due(tx: Transaction, provider: str, *, livemode: bool, before: datetime, limit: int) -> list[CustomerId]:
    """Who should have been pushed by now. In any order: one that never succeeds blocks no other."""
    return await tx.all(
        lambda row: CustomerId.of(row["customer_id"]),
        """
        SELECT customer_id FROM provider_customers
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND push_due_at <= %(before)s
        ORDER BY random() LIMIT %(limit)s
        """,
        provider=provider,
        livemode=livemode,
        before=before,
        limit=limit,
    )


def _attachment(row: Row) -> Attachment:
    return Attachment(
        customer_id=CustomerId.of(row["customer_id"]),
        provider=row["provider"],
        livemode=row["livemode"],
        provider_customer_id=row["provider_customer_id"],
        incarnation=row["incarnation"],
        request=row["request"],
        asked_at=row["asked_at"],
        pushed_at=row["pushed_at"],
        pushed_keys=tuple(row["pushed_keys"]),
        push_due_at=row["push_due_at"],
        push_error=row["push_error"],
        fresh=row["fresh"],
    )
