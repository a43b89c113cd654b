"""Who has tried a plan of a group before: the same customer, the same mailbox by whatever alias, the same card.

A mark is a unique row, so of two who begin a trial at once with one of them, one gets it. Of an address and of a card only a
digest is kept.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

from farthing import customers, events
from farthing.catalog import Catalog, TrialMark
from farthing.customers import Customer
from farthing.db import Transaction
from farthing.ids import SubscriptionId
from farthing.lifecycles import SubscriptionStatus
from farthing.subscriptions import store
from farthing.subscriptions.model import Start, Subscription, mailbox

SAID: Mapping[TrialMark, str] = {
    "customer": "you have tried a plan of this kind before",
    "email": "somebody with this email address has tried a plan of this kind before",
    "card": "somebody with this card has tried a plan of this kind before",
}


class Raced(Exception):
    """Somebody else took the mark at this moment: look again."""


async def used(tx: Transaction, sells: Catalog, person: Customer, group: str, *, livemode: bool) -> TrialMark | None:
    """By which mark of the policy they are known; what they hold for a page of their own that nobody paid does not count."""
    marks = sells.subscriptions.trial_marks
    if "customer" in marks and await store.had_trial(tx, person.id, group, livemode=livemode):
        return "customer"
    wanted = {mark: value for mark, value in _marks(person).items() if mark in marks}
    found: TrialMark | None = await tx.value(
        """
        SELECT mark FROM trial_claims JOIN unnest(%(marks)s::text[], %(values)s::text[]) AS wanted (kind, digest)
            ON mark = wanted.kind AND value = wanted.digest
        WHERE livemode = %(livemode)s AND plan_group = %(group)s AND NOT (customer_id = %(customer)s AND begun_at IS NULL)
        ORDER BY mark LIMIT 1
        """,
        marks=list(wanted),
        values=list(wanted.values()),
        livemode=livemode,
        group=group,
        customer=person.id,
    )
    return found


async def claim(tx: Transaction, sells: Catalog, start: Start, person: Customer) -> None:
    """Hold the marks for a start that is begun in this transaction. Raises Raced where somebody else holds one by now."""
    for mark, value in _marks(person).items():
        held = await _hold(tx, start, mark, value)
        if not held and not start.trial_given and mark in sells.subscriptions.trial_marks:
            raise Raced


async def _hold(tx: Transaction, start: Start, mark: TrialMark, value: str) -> bool:
    touched = await tx.run(
        """
        INSERT INTO trial_claims (livemode, plan_group, mark, value, customer_id, start_id, claimed_at)
        VALUES (%(livemode)s, %(group)s, %(mark)s, %(value)s, %(customer)s, %(start)s, %(now)s)
        ON CONFLICT (livemode, plan_group, mark, value) DO UPDATE SET start_id = excluded.start_id
        WHERE trial_claims.customer_id = excluded.customer_id AND trial_claims.begun_at IS NULL
        """,
        livemode=start.livemode,
        group=start.plan_group,
        mark=mark,
        value=value,
        customer=start.customer_id,
        start=start.id,
        now=tx.now,
    )
    return touched == 1


async def release(tx: Transaction, start: Start) -> None:
    """Nothing came of it: whoever tries next is the first."""
    await tx.run("DELETE FROM trial_claims WHERE start_id = %(start)s AND begun_at IS NULL", start=start.id)


async def settle(
    tx: Transaction, sells: Catalog, start: Start | None, before: Subscription | None, after: Subscription, card: str | None
) -> Subscription:
    """The marks count once a trial has begun. One with a card that has tried before is refused, and will end now."""
    over = after.status in (SubscriptionStatus.INCOMPLETE_EXPIRED, SubscriptionStatus.CANCELED)
    if start is not None and (after.trial_start is None or over):
        await release(tx, start)
    if after.trial_start is None or after.status == SubscriptionStatus.INCOMPLETE:
        return after
    if before is None or before.trial_start is None or before.status == SubscriptionStatus.INCOMPLETE:
        for mark, value in _marks(await customers.get(tx, after.customer_id)).items():
            await _count(tx, after, mark, value)
    if card is None or after.status != SubscriptionStatus.TRIALING or after.trial_refused_at is not None:
        return after
    holder = await _count(tx, after, "card", digest(card))
    if holder == after.id or start is None or start.trial_given or "card" not in sells.subscriptions.trial_marks:
        return after
    return await _refuse(tx, after)


async def _count(tx: Transaction, found: Subscription, mark: TrialMark, value: str) -> SubscriptionId | None:
    """Whose the mark is, for good: the first subscription that was tried with it."""
    return await tx.find(
        lambda row: None if row["subscription_id"] is None else SubscriptionId.of(row["subscription_id"]),
        """
        INSERT INTO trial_claims AS held
            (livemode, plan_group, mark, value, customer_id, start_id, subscription_id, claimed_at, begun_at)
        VALUES (%(livemode)s, %(group)s, %(mark)s, %(value)s, %(customer)s, %(start)s, %(subscription)s, %(now)s, %(now)s)
        ON CONFLICT (livemode, plan_group, mark, value) DO UPDATE
        SET begun_at = coalesce(held.begun_at, CASE WHEN held.customer_id = excluded.customer_id THEN excluded.begun_at END),
            subscription_id = coalesce(
                held.subscription_id, CASE WHEN held.customer_id = excluded.customer_id THEN excluded.subscription_id END)
        RETURNING subscription_id
        """,
        livemode=found.livemode,
        group=found.plan_group,
        mark=mark,
        value=value,
        customer=found.customer_id,
        start=found.start_id,
        subscription=found.id,
        now=tx.now,
    )


async def _refuse(tx: Transaction, found: Subscription) -> Subscription:
    """The intention to end it, for whoever looked, and for the sweep: no money was taken, and nothing may be used."""
    await tx.run(
        """
        UPDATE subscriptions SET asked = 'cancel', asked_key = %(key)s, asked_comment = %(comment)s, asked_at = %(now)s
        WHERE id = %(id)s
        """,
        id=found.id,
        key=uuid4(),
        comment=f"No second trial: {SAID['card']}.",
        now=tx.now,
    )
    about = {"customer": found.customer_id, "plan": found.plan, "group": found.plan_group, "mark": "card"}
    await events.record(tx, "trial.refused", order=None, subscription=found.id, **about, outcome="ended")
    return replace(found, trial_refused_at=tx.now)


def _marks(person: Customer) -> dict[TrialMark, str]:
    found: dict[TrialMark, str] = {"customer": str(person.id)}
    if person.email is not None:
        found["email"] = digest(mailbox(person.email))
    return found


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def to_end(tx: Transaction, provider: str, livemode: bool, provider_subscription_id: str) -> SubscriptionId | None:
    """The subscription, where its trial was refused in this transaction."""
    return await tx.find(
        lambda row: SubscriptionId.of(row["id"]),
        """
        SELECT id FROM subscriptions WHERE provider = %(provider)s AND livemode = %(livemode)s
            AND provider_subscription_id = %(theirs)s AND trial_refused_at = %(now)s AND asked = 'cancel'
        """,
        provider=provider,
        livemode=livemode,
        theirs=provider_subscription_id,
        now=tx.now,
    )
