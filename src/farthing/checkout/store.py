"""Checkout sessions in the database."""

from datetime import timedelta
from typing import LiteralString

import orjson

from farthing.checkout.model import Checkout, from_json, to_json
from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import CheckoutId, OrderId, PaymentId
from farthing.lifecycles import CheckoutStatus
from farthing.providers import CheckoutRequest

SELECT: LiteralString = """
    SELECT id, order_id, payment_id, provider, status, provider_checkout_id, url, request, success_url, cancel_url,
        started_at, expires_at, own_order, replaced_at
    FROM checkouts
"""


async def insert(tx: Transaction, checkout: Checkout, *, livemode: bool) -> None:
    await tx.run(
        """
        INSERT INTO checkouts (id, order_id, payment_id, provider, livemode, status, request, success_url, cancel_url,
            started_at, expires_at, own_order, provider_checkout_id, closed_at)
        VALUES (%(id)s, %(order)s, %(payment)s, %(provider)s, %(livemode)s, %(status)s, %(request)s, %(success_url)s,
            %(cancel_url)s, %(now)s, %(expires_at)s, %(own_order)s, %(provider_checkout_id)s,
            CASE WHEN %(status)s = 'complete' THEN %(now)s END)
        """,
        id=checkout.id,
        order=checkout.order_id,
        payment=checkout.payment_id,
        provider=checkout.provider,
        livemode=livemode,
        status=checkout.status,
        request=orjson.dumps({} if checkout.request is None else to_json(checkout.request)).decode(),
        own_order=checkout.own_order,
        provider_checkout_id=checkout.provider_checkout_id,
        success_url=checkout.success_url,
        cancel_url=checkout.cancel_url,
        now=tx.now,
        expires_at=checkout.expires_at,
    )


async def get(tx: Transaction, id: CheckoutId) -> Checkout:
    found = await tx.find(_checkout, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no checkout session {id}.")
    return found


async def find_by_provider_id(tx: Transaction, provider: str, livemode: bool, id: str) -> Checkout | None:
    return await tx.find(
        _checkout,
        SELECT + " WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_checkout_id = %(id)s",
        provider=provider,
        livemode=livemode,
        id=id,
    )


async def of_payment(tx: Transaction, payment: PaymentId) -> Checkout | None:
    """The page that a payment is paid on; None for one in the host's own pages."""
    return await tx.find(_checkout, SELECT + " WHERE payment_id = %(payment)s", payment=payment)


async def mark_replaced(tx: Transaction, id: CheckoutId) -> None:
    await tx.run("UPDATE checkouts SET replaced_at = coalesce(replaced_at, %(now)s) WHERE id = %(id)s", id=id, now=tx.now)


async def lock(tx: Transaction, id: CheckoutId) -> Checkout:
    """Held until the commit. The caller holds the lock of its order already."""
    found = await tx.find(_checkout, SELECT + " WHERE id = %(id)s FOR UPDATE", id=id)
    assert found is not None, f"{id} cannot be gone"
    return found


async def of_order(tx: Transaction, order: OrderId) -> list[Checkout]:
    return await tx.all(_checkout, SELECT + " WHERE order_id = %(order)s ORDER BY id", order=order)


async def save_request(tx: Transaction, id: CheckoutId, request: CheckoutRequest) -> None:
    """What will be asked for, before it is asked. Nothing, where somebody has opened the page meanwhile."""
    await tx.run(
        "UPDATE checkouts SET request = %(request)s WHERE id = %(id)s AND status = 'starting'",
        id=id,
        request=orjson.dumps(to_json(request)).decode(),
    )


async def save_open(tx: Transaction, id: CheckoutId, provider_checkout_id: str, url: str) -> None:
    await tx.run(
        """
        UPDATE checkouts SET status = 'open', provider_checkout_id = %(provider_checkout_id)s, url = %(url)s
        WHERE id = %(id)s
        """,
        id=id,
        provider_checkout_id=provider_checkout_id,
        url=url,
    )


async def save_closed(tx: Transaction, id: CheckoutId, status: CheckoutStatus, provider_checkout_id: str | None = None) -> None:
    await tx.run(
        """
        UPDATE checkouts SET status = %(status)s, closed_at = %(now)s, url = NULL,
            provider_checkout_id = coalesce(provider_checkout_id, %(provider_checkout_id)s)
        WHERE id = %(id)s
        """,
        id=id,
        status=status,
        now=tx.now,
        provider_checkout_id=provider_checkout_id,
    )


async def due(tx: Transaction, *, limit: int, started_before: timedelta) -> list[CheckoutId]:
    """Live sessions whose time is over or whose order was called off, and those whose provider never answered.

    In any order: none blocks the others.
    """
    return await tx.all(
        lambda row: CheckoutId.of(row["id"]),
        """
        SELECT id FROM checkouts
        WHERE status IN ('starting', 'open')
            AND (expires_at <= %(now)s OR (status = 'starting' AND started_at <= %(started)s) OR order_id IN (
                SELECT id FROM orders WHERE status = 'open' AND cancel_requested_at <= %(started)s
            ))
        ORDER BY random() LIMIT %(limit)s
        """,
        now=tx.now,
        started=tx.now - started_before,
        limit=limit,
    )


def _checkout(row: Row) -> Checkout:
    return Checkout(
        id=CheckoutId.of(row["id"]),
        order_id=OrderId.of(row["order_id"]),
        payment_id=None if row["payment_id"] is None else PaymentId.of(row["payment_id"]),
        provider=row["provider"],
        status=CheckoutStatus(row["status"]),
        provider_checkout_id=row["provider_checkout_id"],
        url=row["url"],
        request=from_json(row["request"]) if row["request"] else None,
        success_url=row["success_url"],
        cancel_url=row["cancel_url"],
        started_at=row["started_at"],
        expires_at=row["expires_at"],
        own_order=row["own_order"],
        replaced_at=row["replaced_at"],
    )
