"""Starts of subscriptions in the database."""

from dataclasses import asdict
from datetime import timedelta
from typing import LiteralString

import orjson

from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import CustomerId, SubscriptionStartId
from farthing.lifecycles import CheckoutStatus
from farthing.money import Money
from farthing.providers import SubscriptionRequest
from farthing.subscriptions.model import PlanDiscount, Start, request_from_json, request_to_json

SELECT: LiteralString = """
    SELECT id, customer_id, provider, livemode, plan, price, plan_group, quantity, unit_amount, currency, interval,
        interval_count, trial_days, trial_given, discount, way, status, provider_checkout_id, url, request, success_url,
        cancel_url, metadata, failure, started_at, expires_at
    FROM subscription_starts
"""


async def get(tx: Transaction, id: SubscriptionStartId) -> Start:
    found = await find(tx, id)
    if found is None:
        raise NotFound(f"There is no start of a subscription {id}.")
    return found


async def find(tx: Transaction, id: SubscriptionStartId) -> Start | None:
    return await tx.find(_start, SELECT + " WHERE id = %(id)s", id=id)


async def find_by_checkout(tx: Transaction, provider: str, livemode: bool, provider_checkout_id: str) -> Start | None:
    """The start whose payment page has this id at the provider (cs_…)."""
    return await tx.find(
        _start,
        SELECT + " WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_checkout_id = %(page)s",
        provider=provider,
        livemode=livemode,
        page=provider_checkout_id,
    )


async def lock(tx: Transaction, id: SubscriptionStartId) -> Start:
    """Held until the commit. The caller holds the lock of the customer already."""
    found = await tx.find(_start, SELECT + " WHERE id = %(id)s FOR UPDATE", id=id)
    assert found is not None, f"{id} cannot be gone"
    return found


async def find_open(tx: Transaction, customer: CustomerId, group: str, *, livemode: bool) -> Start | None:
    return await tx.find(
        _start,
        SELECT
        + """
        WHERE customer_id = %(customer)s AND livemode = %(livemode)s AND plan_group = %(group)s
            AND status IN ('starting', 'open')
        """,
        customer=customer,
        livemode=livemode,
        group=group,
    )


async def of_customer(tx: Transaction, customer: CustomerId) -> list[Start]:
    return await tx.all(_start, SELECT + " WHERE customer_id = %(customer)s ORDER BY id", customer=customer)


async def insert(tx: Transaction, start: Start) -> None:
    await tx.run(
        """
        INSERT INTO subscription_starts (id, customer_id, provider, livemode, plan, price, plan_group, quantity, unit_amount,
            currency, interval, interval_count, trial_days, trial_given, coupon, discount, way, status, request, success_url,
            cancel_url, metadata, started_at, expires_at)
        VALUES (%(id)s, %(customer)s, %(provider)s, %(livemode)s, %(plan)s, %(price)s, %(group)s, %(quantity)s, %(unit)s,
            %(currency)s, %(interval)s, %(count)s, %(trial_days)s, %(given)s, %(coupon)s, %(discount)s, %(way)s,
            'starting', %(request)s, %(success)s, %(cancel)s, %(metadata)s, %(now)s, %(expires_at)s)
        """,
        id=start.id,
        customer=start.customer_id,
        provider=start.provider,
        livemode=start.livemode,
        plan=start.plan,
        price=start.price,
        group=start.plan_group,
        quantity=start.quantity,
        unit=start.unit.amount,
        currency=start.unit.currency,
        interval=start.interval,
        count=start.interval_count,
        trial_days=start.trial_days,
        given=start.trial_given,
        coupon=None if start.discount is None else start.discount.coupon,
        discount=None if start.discount is None else orjson.dumps(asdict(start.discount)).decode(),
        way=start.way,
        request=_json(start.request),
        success=start.success_url,
        cancel=start.cancel_url,
        metadata=orjson.dumps(dict(start.metadata)).decode(),
        now=tx.now,
        expires_at=start.expires_at,
    )


async def save_request(tx: Transaction, id: SubscriptionStartId, request: SubscriptionRequest) -> None:
    """What will be asked for, before it is asked."""
    await tx.run(
        "UPDATE subscription_starts SET request = %(request)s WHERE id = %(id)s AND status = 'starting'",
        id=id,
        request=_json(request),
    )


async def save_open(tx: Transaction, id: SubscriptionStartId, provider_checkout_id: str, url: str) -> None:
    await tx.run(
        """
        UPDATE subscription_starts SET status = 'open', provider_checkout_id = %(theirs)s, url = %(url)s
        WHERE id = %(id)s AND status = 'starting'
        """,
        id=id,
        theirs=provider_checkout_id,
        url=url,
    )


async def save_closed(
    tx: Transaction,
    id: SubscriptionStartId,
    status: CheckoutStatus,
    *,
    provider_checkout_id: str | None = None,
    failure: str | None = None,
) -> None:
    await tx.run(
        """
        UPDATE subscription_starts SET status = %(status)s, closed_at = %(now)s, url = NULL, failure = %(failure)s,
            provider_checkout_id = coalesce(provider_checkout_id, %(theirs)s)
        WHERE id = %(id)s
        """,
        id=id,
        status=status,
        now=tx.now,
        failure=failure,
        theirs=provider_checkout_id,
    )


async def due(tx: Transaction, *, unanswered: timedelta, limit: int) -> list[Start]:
    """Those whose time is over, and those whose provider never answered. In any order: none blocks the others."""
    return await tx.all(
        _start,
        SELECT
        + """
        WHERE status IN ('starting', 'open')
            AND (expires_at <= %(now)s OR (status = 'starting' AND started_at <= %(started)s))
        ORDER BY random() LIMIT %(limit)s
        """,
        now=tx.now,
        started=tx.now - unanswered,
        limit=limit,
    )


def _json(request: SubscriptionRequest) -> str:
    return orjson.dumps(request_to_json(request)).decode()


def _start(row: Row) -> Start:
    return Start(
        id=SubscriptionStartId.of(row["id"]),
        customer_id=CustomerId.of(row["customer_id"]),
        provider=row["provider"],
        livemode=row["livemode"],
        plan=row["plan"],
        price=row["price"],
        plan_group=row["plan_group"],
        quantity=row["quantity"],
        unit=Money(row["unit_amount"], row["currency"]),
        interval=row["interval"],
        interval_count=row["interval_count"],
        trial_days=row["trial_days"],
        trial_given=row["trial_given"],
        discount=None if row["discount"] is None else PlanDiscount(**row["discount"]),
        way=row["way"],
        status=CheckoutStatus(row["status"]),
        provider_checkout_id=row["provider_checkout_id"],
        url=row["url"],
        request=request_from_json(row["request"]),
        success_url=row["success_url"],
        cancel_url=row["cancel_url"],
        metadata=row["metadata"],
        failure=row["failure"],
        started_at=row["started_at"],
        expires_at=row["expires_at"],
    )
