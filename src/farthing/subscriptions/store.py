"""Subscriptions and their facts in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

import orjson

from farthing.db import Row, Transaction
from farthing.errors import NotFound
from farthing.ids import CustomerId, SubscriptionId, SubscriptionStartId
from farthing.lifecycles import LIVE_SUBSCRIPTION, SubscriptionStatus
from farthing.money import Money
from farthing.paging import Page, checked_limit
from farthing.subscriptions.model import Subscription, discounts_from_json, discounts_to_json

SELECT: LiteralString = """
    SELECT id, customer_id, start_id, provider, livemode, provider_subscription_id, provider_item_id, provider_price_id, plan,
        price, plan_group, quantity, unit_amount, currency, interval, interval_count, discount_amount, status, started_at,
        current_period_start, current_period_end, trial_start, trial_end, trial_told_of, cancel_at, cancel_at_period_end,
        canceled_at, ended_at, cancel_reason, cancel_comment, pause_behavior, pause_resumes_at, has_method, paid_until,
        grace_until, duplicate_of, look, seen_at, news_due_at, created_at, resume_at,
        trial_refused_at, discounts
    FROM subscriptions
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """A change, with all that it may have touched as it was from then on."""

    id: int
    subscription_id: SubscriptionId
    happened_at: datetime
    recorded_at: datetime
    changes: tuple[str, ...]
    status: SubscriptionStatus
    plan: str
    price: str | None
    quantity: int
    amount: Money
    discount: Money
    interval: str
    interval_count: int
    ends_at: datetime | None
    paused: bool


async def next_look(tx: Transaction) -> int:
    """The number of a look that begins now: greater than that of every look that began before."""
    number: int = await tx.value("SELECT nextval('subscription_looks')")
    return number


async def get(tx: Transaction, id: SubscriptionId) -> Subscription:
    found = await tx.find(_subscription, SELECT + " WHERE id = %(id)s", id=id)
    if found is None:
        raise NotFound(f"There is no subscription {id}.")
    return found


async def lock(tx: Transaction, id: SubscriptionId) -> Subscription:
    """Held until the commit. Whoever needs the customer as well has locked them before."""
    found = await tx.find(_subscription, SELECT + " WHERE id = %(id)s FOR UPDATE", id=id)
    if found is None:
        raise NotFound(f"There is no subscription {id}.")
    return found


async def find_by_provider_id(tx: Transaction, provider: str, livemode: bool, id: str) -> Subscription | None:
    return await tx.find(
        _subscription,
        SELECT + " WHERE provider = %(provider)s AND livemode = %(livemode)s AND provider_subscription_id = %(id)s",
        provider=provider,
        livemode=livemode,
        id=id,
    )


async def of_start(tx: Transaction, start: SubscriptionStartId) -> Subscription | None:
    return await tx.find(_subscription, SELECT + " WHERE start_id = %(start)s", start=start)


async def of_customer(tx: Transaction, customer: CustomerId, *, livemode: bool | None = None) -> list[Subscription]:
    """Newest first."""
    return await tx.all(
        _subscription,
        SELECT
        + """
        WHERE customer_id = %(customer)s AND (%(livemode)s::boolean IS NULL OR livemode = %(livemode)s) ORDER BY id DESC
        """,
        customer=customer,
        livemode=livemode,
    )


async def live_of(tx: Transaction, customer: CustomerId, group: str, *, livemode: bool) -> list[Subscription]:
    """Those of a group that live, the one that counts first."""
    return await tx.all(
        _subscription,
        SELECT
        + """
        WHERE customer_id = %(customer)s AND livemode = %(livemode)s AND plan_group = %(group)s AND status = ANY(%(live)s)
        ORDER BY duplicate_of IS NOT NULL, id
        """,
        customer=customer,
        livemode=livemode,
        group=group,
        live=[str(status) for status in sorted(LIVE_SUBSCRIPTION)],
    )


async def had_trial(tx: Transaction, customer: CustomerId, group: str, *, livemode: bool) -> bool:
    """Whether they have tried a plan of the group before."""
    found: bool = await tx.value(
        """
        SELECT EXISTS (
            SELECT FROM subscriptions WHERE customer_id = %(customer)s AND livemode = %(livemode)s AND plan_group = %(group)s
                AND trial_start IS NOT NULL
        ) AS tried
        """,
        customer=customer,
        livemode=livemode,
        group=group,
    )
    return found


async def has_begun(tx: Transaction, customer: CustomerId, *, livemode: bool) -> bool:
    """Whether they ever paid for a plan, or tried one."""
    found: bool = await tx.value(
        """
        SELECT EXISTS (
            SELECT FROM subscriptions WHERE customer_id = %(customer)s AND livemode = %(livemode)s AND paid_until IS NOT NULL
        ) AS begun
        """,
        customer=customer,
        livemode=livemode,
    )
    return found


async def list_page(
    tx: Transaction,
    *,
    limit: int,
    cursor: SubscriptionId | None = None,
    status: SubscriptionStatus | None = None,
    customer: CustomerId | None = None,
    plan: str | None = None,
    duplicates: bool = False,
) -> Page[Subscription]:
    """Newest first. `duplicates`: only those of which somebody must decide."""
    rows = await tx.all(
        _subscription,
        SELECT
        + """
        WHERE (%(cursor)s::uuid IS NULL OR id < %(cursor)s) AND (%(status)s::text IS NULL OR status = %(status)s)
            AND (%(customer)s::uuid IS NULL OR customer_id = %(customer)s) AND (%(plan)s::text IS NULL OR plan = %(plan)s)
            AND (NOT %(duplicates)s OR (duplicate_of IS NOT NULL AND status = ANY(%(live)s)))
        ORDER BY id DESC LIMIT %(limit)s
        """,
        cursor=cursor,
        status=status,
        customer=customer,
        plan=plan,
        duplicates=duplicates,
        live=[str(each) for each in sorted(LIVE_SUBSCRIPTION)],
        limit=checked_limit(limit) + 1,
    )
    return Page.of(rows, limit, lambda subscription: subscription.id)


async def counts(tx: Transaction) -> dict[str, int]:
    """How many there are of each status."""
    rows = await tx.all(
        lambda row: (str(row["status"]), int(row["count"])),
        "SELECT status, count(*) AS count FROM subscriptions GROUP BY status",
    )
    return dict(rows)


async def due(tx: Transaction, *, limit: int) -> list[tuple[str, str]]:
    """Provider and its id of those of which something should have been heard by now. In any order: none blocks the others."""
    return await tx.all(
        lambda row: (str(row["provider"]), str(row["provider_subscription_id"])),
        """
        SELECT provider, provider_subscription_id FROM subscriptions WHERE news_due_at <= %(now)s
        ORDER BY random() LIMIT %(limit)s
        """,
        now=tx.now,
        limit=limit,
    )


async def put_off(tx: Transaction, provider_subscription_id: str, until: datetime) -> None:
    """Nobody answered, or nothing came of it: look again then."""
    await tx.run(
        "UPDATE subscriptions SET news_due_at = %(until)s WHERE provider_subscription_id = %(id)s AND news_due_at < %(until)s",
        id=provider_subscription_id,
        until=until,
    )


async def trials_to_tell(tx: Transaction, *, before: datetime, limit: int) -> list[SubscriptionId]:
    return await tx.all(
        lambda row: SubscriptionId.of(row["id"]),
        """
        SELECT id FROM subscriptions WHERE status = 'trialing' AND trial_end > %(now)s AND trial_end <= %(before)s
            AND trial_told_of IS DISTINCT FROM trial_end
        ORDER BY trial_end LIMIT %(limit)s
        """,
        now=tx.now,
        before=before,
        limit=limit,
    )


async def save(tx: Transaction, found: Subscription) -> None:
    """Insert it, or bring its row to this."""
    await tx.run(
        """
        INSERT INTO subscriptions (id, customer_id, start_id, provider, livemode, provider_subscription_id, provider_item_id,
            provider_price_id, plan, price, plan_group, quantity, unit_amount, currency, interval, interval_count,
            discount_amount, status, started_at, current_period_start, current_period_end, trial_start, trial_end,
            trial_told_of, cancel_at, cancel_at_period_end, canceled_at, ended_at, cancel_reason, cancel_comment,
            pause_behavior, pause_resumes_at, has_method, paid_until, grace_until, duplicate_of, look, seen_at, news_due_at,
            created_at, trial_refused_at, discounts)
        VALUES (%(id)s, %(customer_id)s, %(start_id)s, %(provider)s, %(livemode)s, %(provider_subscription_id)s,
            %(provider_item_id)s, %(provider_price_id)s, %(plan)s, %(price)s, %(plan_group)s, %(quantity)s, %(unit_amount)s,
            %(currency)s, %(interval)s, %(interval_count)s, %(discount_amount)s, %(status)s, %(started_at)s,
            %(current_period_start)s, %(current_period_end)s, %(trial_start)s, %(trial_end)s, %(trial_told_of)s,
            %(cancel_at)s, %(cancel_at_period_end)s, %(canceled_at)s, %(ended_at)s, %(cancel_reason)s, %(cancel_comment)s,
            %(pause_behavior)s, %(pause_resumes_at)s, %(has_method)s, %(paid_until)s, %(grace_until)s, %(duplicate_of)s,
            %(look)s, %(seen_at)s, %(news_due_at)s, %(created_at)s, %(trial_refused_at)s,
            %(discounts)s)
        ON CONFLICT (id) DO UPDATE SET start_id = excluded.start_id, provider_item_id = excluded.provider_item_id,
            provider_price_id = excluded.provider_price_id, plan = excluded.plan, price = excluded.price,
            plan_group = excluded.plan_group, quantity = excluded.quantity, unit_amount = excluded.unit_amount,
            currency = excluded.currency, interval = excluded.interval, interval_count = excluded.interval_count,
            discount_amount = excluded.discount_amount, status = excluded.status, started_at = excluded.started_at,
            current_period_start = excluded.current_period_start, current_period_end = excluded.current_period_end,
            trial_start = excluded.trial_start, trial_end = excluded.trial_end, trial_told_of = excluded.trial_told_of,
            cancel_at = excluded.cancel_at, cancel_at_period_end = excluded.cancel_at_period_end,
            canceled_at = excluded.canceled_at, ended_at = excluded.ended_at, cancel_reason = excluded.cancel_reason,
            cancel_comment = excluded.cancel_comment, pause_behavior = excluded.pause_behavior,
            pause_resumes_at = excluded.pause_resumes_at, has_method = excluded.has_method, paid_until = excluded.paid_until,
            grace_until = excluded.grace_until, duplicate_of = excluded.duplicate_of, look = excluded.look,
            seen_at = excluded.seen_at, news_due_at = excluded.news_due_at, discounts = excluded.discounts,
            trial_refused_at = excluded.trial_refused_at
        """,
        **{
            **{name: getattr(found, name) for name in Subscription.__dataclass_fields__},
            "discounts": orjson.dumps(discounts_to_json(found.discounts)).decode(),
        },
    )


async def insert_fact(tx: Transaction, found: Subscription, changes: Sequence[str], happened_at: datetime) -> None:
    """Never before the one before it."""
    await tx.run(
        """
        INSERT INTO subscription_facts (subscription_id, customer_id, happened_at, recorded_at, changes, status, plan, price,
            plan_group, quantity, unit_amount, amount, discount_amount, currency, interval, interval_count, ends_at,
            cancel_reason, duplicate, paused, livemode)
        SELECT %(subscription)s, %(customer)s, greatest(%(at)s::timestamptz, max(happened_at)), %(now)s, %(changes)s,
            %(status)s, %(plan)s, %(price)s, %(group)s, %(quantity)s, %(unit)s, %(amount)s, %(discount)s, %(currency)s,
            %(interval)s, %(count)s, %(ends_at)s, %(reason)s, %(duplicate)s, %(paused)s, %(livemode)s
        FROM subscription_facts WHERE subscription_id = %(subscription)s
        """,
        subscription=found.id,
        customer=found.customer_id,
        at=happened_at,
        now=tx.now,
        changes=list(changes),
        status=found.status,
        plan=found.plan,
        price=found.price,
        group=found.plan_group,
        quantity=found.quantity,
        unit=found.unit_amount,
        amount=found.amount.amount,
        discount=found.discount_amount,
        currency=found.currency,
        interval=found.interval,
        count=found.interval_count,
        ends_at=found.ends_at,
        reason=found.cancel_reason,
        duplicate=found.duplicate_of is not None,
        paused=found.is_paused,
        livemode=found.livemode,
    )


async def facts_of(tx: Transaction, subscription: SubscriptionId) -> list[Fact]:
    """Oldest first."""
    return await tx.all(
        _fact,
        """
        SELECT id, subscription_id, happened_at, recorded_at, changes, status, plan, price, quantity, amount, discount_amount,
            currency, interval, interval_count, ends_at, paused
        FROM subscription_facts WHERE subscription_id = %(subscription)s ORDER BY id
        """,
        subscription=subscription,
    )


def _fact(row: Row) -> Fact:
    return Fact(
        id=row["id"],
        subscription_id=SubscriptionId.of(row["subscription_id"]),
        happened_at=row["happened_at"],
        recorded_at=row["recorded_at"],
        changes=tuple(row["changes"]),
        status=SubscriptionStatus(row["status"]),
        plan=row["plan"],
        price=row["price"],
        quantity=row["quantity"],
        amount=Money(row["amount"], row["currency"]),
        discount=Money(row["discount_amount"], row["currency"]),
        interval=row["interval"],
        interval_count=row["interval_count"],
        ends_at=row["ends_at"],
        paused=row["paused"],
    )


def _subscription(row: Row) -> Subscription:
    ids = {
        "id": SubscriptionId.of(row["id"]),
        "customer_id": CustomerId.of(row["customer_id"]),
        "start_id": None if row["start_id"] is None else SubscriptionStartId.of(row["start_id"]),
        "duplicate_of": None if row["duplicate_of"] is None else SubscriptionId.of(row["duplicate_of"]),
        "status": SubscriptionStatus(row["status"]),
        "discounts": discounts_from_json(row["discounts"]),
    }
    return Subscription(**{**row, **ids})
