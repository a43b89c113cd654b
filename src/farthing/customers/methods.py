"""Saved ways to pay, in the database and as the provider has them. What is detached stays detached."""

from datetime import datetime
from typing import LiteralString

from farthing import events
from farthing.customers.model import Attachment, PaymentMethod
from farthing.db import Row, Transaction
from farthing.errors import Conflict, NotFound
from farthing.ids import CustomerId, PaymentMethodId
from farthing.lifecycles import METHOD, MethodStatus
from farthing.providers import SeenMethod

SELECT: LiteralString = """
    SELECT id, customer_id, provider, livemode, provider_method_id, kind, status, brand, last4, exp_month, exp_year, is_default,
        saved_at, detached_at
    FROM payment_methods
"""


async def of_customer(
    tx: Transaction, customer: CustomerId, *, livemode: bool | None = None, detached: bool = False
) -> list[PaymentMethod]:
    """Oldest first; with `detached` also those that pay for nothing any more."""
    return await tx.all(
        _method,
        SELECT
        + """
        WHERE customer_id = %(customer)s AND (status = 'attached' OR %(detached)s)
            AND (%(livemode)s::boolean IS NULL OR livemode = %(livemode)s)
        ORDER BY id
        """,
        customer=customer,
        detached=detached,
        livemode=livemode,
    )


async def get(tx: Transaction, id: PaymentMethodId) -> PaymentMethod:
    found = await tx.find(_method, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no payment method {id}.")
    return found


async def to_charge(
    tx: Transaction, customer: CustomerId, provider: str, *, livemode: bool, named: PaymentMethodId | None
) -> PaymentMethod:
    """The method that is named, or the one that pays by default. Raises NotFound or Conflict where there is none to use."""
    if named is None:
        held = [m for m in await of_customer(tx, customer, livemode=livemode) if m.is_default and m.provider == provider]
        if not held:
            raise Conflict(f"{customer} has no saved payment method that pays by default: send them to a setup session.")
        return held[0]
    found = await get(tx, named)
    if found.customer_id != customer or found.livemode != livemode or found.provider != provider:
        raise NotFound(f"There is no payment method {named}.")
    if found.status != MethodStatus.ATTACHED:
        raise Conflict(f"{named} was removed: it pays for nothing any more.")
    return found


async def record(
    tx: Transaction, provider: str, livemode: bool, owner: CustomerId | None, seen: SeenMethod, *, seen_at: datetime
) -> CustomerId | None:
    """Bring our row up to what the provider says; answers whose it is. Repeating it, or an older look, changes nothing."""
    known = await tx.find(
        _method,
        SELECT + " WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_method_id = %(id)s FOR UPDATE",
        provider=provider,
        livemode=livemode,
        id=seen.id,
    )
    if seen.customer_id is None:
        if known is not None:
            await _detach(tx, known)
        return None if known is None else known.customer_id
    if known is None and owner is not None:
        await _insert(tx, provider, livemode, owner, seen, seen_at)
    elif known is not None:
        await _update(tx, known, seen, seen_at)
    return owner if known is None else known.customer_id


async def set_default(tx: Transaction, link: Attachment, provider_method_id: str | None) -> None:
    """What pays by default at the provider pays by default here. Where nothing does there, the first that was saved stays."""
    if provider_method_id is None:
        return
    held = await of_customer(tx, link.customer_id, livemode=link.livemode)
    wanted = next((m for m in held if m.provider_method_id == provider_method_id and m.provider == link.provider), None)
    if wanted is None or wanted.is_default:
        return
    # One after the other: the index allows one at any moment.
    await tx.run(
        """
        UPDATE payment_methods SET is_default = false
        WHERE customer_id = %(customer)s AND provider = %(provider)s AND livemode = %(livemode)s AND is_default
        """,
        customer=link.customer_id,
        provider=link.provider,
        livemode=link.livemode,
    )
    await tx.run("UPDATE payment_methods SET is_default = true WHERE id = %(id)s AND status = 'attached'", id=wanted.id)
    await events.record(tx, "payment_method.made_default", customer=link.customer_id, payment_method=wanted.id)


async def detach_all(tx: Transaction, link: Attachment) -> None:
    for method in await of_customer(tx, link.customer_id, livemode=link.livemode):
        if method.provider == link.provider:
            await _detach(tx, method)


async def _insert(
    tx: Transaction, provider: str, livemode: bool, owner: CustomerId, seen: SeenMethod, seen_at: datetime
) -> None:
    id = PaymentMethodId.new()
    # Two events of one method at once: the second finds the row. Two first methods at once: the index lets one pay by default.
    made = await tx.run(
        """
        INSERT INTO payment_methods (id, customer_id, provider, livemode, provider_method_id, kind, status, brand, last4,
            exp_month, exp_year, saved_at, seen_at)
        VALUES (%(id)s, %(customer)s, %(provider)s, %(livemode)s, %(theirs)s, %(kind)s, 'attached', %(brand)s, %(last4)s,
            %(month)s, %(year)s, %(now)s, %(seen_at)s)
        ON CONFLICT (provider, livemode, provider_method_id) DO NOTHING
        """,
        id=id,
        customer=owner,
        provider=provider,
        livemode=livemode,
        theirs=seen.id,
        kind=seen.kind,
        brand=seen.brand,
        last4=seen.last4,
        month=seen.exp_month,
        year=seen.exp_year,
        now=tx.now,
        seen_at=seen_at,
    )
    if not made:
        return
    await events.record(tx, "payment_method.saved", customer=owner, payment_method=id, kind=seen.kind)
    # The customer's row is locked, so that of two first methods one is the first.
    await tx.value("SELECT 1 FROM customers WHERE id = %(id)s FOR UPDATE", id=owner)
    await tx.run(
        """
        UPDATE payment_methods SET is_default = true WHERE id = %(id)s AND NOT EXISTS (
            SELECT 1 FROM payment_methods other WHERE other.customer_id = %(customer)s AND other.provider = %(provider)s
                AND other.livemode = %(livemode)s AND other.is_default
        )
        """,
        id=id,
        customer=owner,
        provider=provider,
        livemode=livemode,
    )


async def _update(tx: Transaction, known: PaymentMethod, seen: SeenMethod, seen_at: datetime) -> None:
    await tx.run(
        """
        UPDATE payment_methods SET brand = %(brand)s, last4 = %(last4)s, exp_month = %(month)s, exp_year = %(year)s,
            seen_at = %(seen_at)s
        WHERE id = %(id)s AND seen_at <= %(seen_at)s
        """,
        id=known.id,
        brand=seen.brand,
        last4=seen.last4,
        month=seen.exp_month,
        year=seen.exp_year,
        seen_at=seen_at,
    )


async def _detach(tx: Transaction, method: PaymentMethod) -> None:
    if not METHOD.allows(method.status, "detach"):
        return
    moved = await tx.run(
        """
        UPDATE payment_methods SET status = %(status)s, is_default = false, detached_at = %(now)s
        WHERE id = %(id)s AND status = 'attached'
        """,
        id=method.id,
        status=METHOD.move(method.status, "detach"),
        now=tx.now,
    )
    if moved:
        await events.record(tx, "payment_method.detached", customer=method.customer_id, payment_method=method.id)


def _method(row: Row) -> PaymentMethod:
    return PaymentMethod(
        id=PaymentMethodId.of(row["id"]),
        customer_id=CustomerId.of(row["customer_id"]),
        provider=row["provider"],
        livemode=row["livemode"],
        provider_method_id=row["provider_method_id"],
        kind=row["kind"],
        status=MethodStatus(row["status"]),
        brand=row["brand"],
        last4=row["last4"],
        exp_month=row["exp_month"],
        exp_year=row["exp_year"],
        is_default=row["is_default"],
        saved_at=row["saved_at"],
        detached_at=row["detached_at"],
    )
