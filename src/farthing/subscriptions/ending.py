"""Ending a subscription, now or with what is paid, and letting it go on after all. What is paid can be used until its end."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal
from uuid import UUID, uuid4

import structlog

from farthing import customers, events
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid, ProviderError, ProviderUnavailable
from farthing.ids import SubscriptionId
from farthing.subscriptions import flow, store
from farthing.subscriptions.model import Subscription
from farthing.world import World

Question = Literal["cancel", "cancel_at_end", "keep"]

COMMENT_MAX: Final = 500
UNANSWERED: Final = timedelta(seconds=30)
SWEEP_MAX: Final = 50

log = structlog.get_logger("farthing.subscriptions")


@dataclass(frozen=True, slots=True)
class Asked:
    """What we are about to ask the provider for: committed before, gone once it has answered."""

    subscription: Subscription
    question: Question
    key: UUID
    comment: str | None


async def cancel(world: World, id: SubscriptionId, *, now: bool, comment: str | None = None, actor: str) -> Subscription:
    """End it with the period that is paid, or `now`. Ending what ends so already changes nothing. Nothing is given back.

    Raises Conflict where it is over, ProviderUnavailable where nobody knows: the sweep asks on.
    """
    if comment is not None and (len(comment) > COMMENT_MAX or not comment.isprintable()):
        raise Invalid(f"A comment is one line of at most {COMMENT_MAX} characters.", param="comment")
    return await _ask(world, id, "cancel" if now else "cancel_at_end", comment, actor)


async def resume(world: World, id: SubscriptionId, *, actor: str) -> Subscription:
    """Let it not end after all. Raises Conflict where it is over."""
    return await _ask(world, id, "keep", None, actor)


async def ask_again(world: World) -> int:
    """Sweep: ask for the answers that were lost, with the same key."""
    async with world.db.transaction("sweep") as tx:
        waiting = await _unanswered(tx)
    for id in waiting:
        try:
            await _answer(world, id, "sweep")
        except ProviderUnavailable:
            return 0
        except ProviderError as error:
            log.warning("subscription.refused", subscription=str(id), error=error.detail)
    return 0


async def _ask(world: World, id: SubscriptionId, question: Question, comment: str | None, actor: str) -> Subscription:
    async def intend(tx: Transaction) -> Subscription | None:
        found = await store.get(tx, id)
        await customers.lock(tx, found.customer_id)
        found = await store.lock(tx, id)
        if not found.is_live:
            raise Conflict(f"{id} is over: begin a new subscription.", extra={"status": str(found.status)})
        ends = found.ends_at is not None
        if (question == "keep" and not ends) or (question == "cancel_at_end" and ends):
            return found
        await tx.run(
            """
            UPDATE subscriptions SET asked = %(question)s, asked_key = %(key)s, asked_comment = %(comment)s, asked_at = %(now)s
            WHERE id = %(id)s
            """,
            id=id,
            question=question,
            key=uuid4(),
            comment=comment,
            now=tx.now,
        )
        type: events.EventName = "subscription.resume_requested" if question == "keep" else "subscription.cancel_requested"
        about = {"subscription": id, "customer": found.customer_id, "plan": found.plan}
        await events.record(tx, type, order=None, **about, now=question == "cancel", comment=comment)
        return None

    unchanged = await world.db.run(actor, intend)
    if unchanged is not None:
        return unchanged
    await _answer(world, id, actor)
    async with world.db.transaction(actor) as tx:
        return await store.get(tx, id)


async def _answer(world: World, id: SubscriptionId, actor: str) -> None:
    """Ask what is to be asked, and see how it stands after it. What another asked meanwhile is theirs to ask."""
    async with world.db.transaction(actor) as tx:
        asked = await _asked(tx, id)
    if asked is None:
        return
    provider, theirs = world.provider_named(asked.subscription.provider), asked.subscription.provider_subscription_id
    key = str(asked.key)
    try:
        match asked.question:
            case "cancel":
                await provider.cancel_subscription(theirs, comment=asked.comment, key=key)
            case "cancel_at_end":
                await provider.cancel_subscription_at_end(theirs, comment=asked.comment, key=key)
            case "keep":
                await provider.keep_subscription(theirs, key=key)
    except ProviderUnavailable:
        raise
    except ProviderError:
        await world.db.run(actor, lambda tx: _forget(tx, asked))
        await flow.sync(world, theirs, actor=actor)
        raise
    await flow.sync(world, theirs, actor=actor)
    await world.db.run(actor, lambda tx: _forget(tx, asked))


async def _asked(tx: Transaction, id: SubscriptionId) -> Asked | None:
    row = await tx.find(
        dict, "SELECT asked, asked_key, asked_comment FROM subscriptions WHERE id = %(id)s AND asked IS NOT NULL", id=id
    )
    if row is None:
        return None
    return Asked(await store.get(tx, id), row["asked"], row["asked_key"], row["asked_comment"])


async def _forget(tx: Transaction, asked: Asked) -> None:
    await tx.run(
        """
        UPDATE subscriptions SET asked = NULL, asked_key = NULL, asked_comment = NULL, asked_at = NULL
        WHERE id = %(id)s AND asked_key = %(key)s
        """,
        id=asked.subscription.id,
        key=asked.key,
    )


async def _unanswered(tx: Transaction) -> list[SubscriptionId]:
    return await tx.all(
        lambda row: SubscriptionId.of(row["id"]),
        "SELECT id FROM subscriptions WHERE asked_at <= %(before)s ORDER BY random() LIMIT %(limit)s",
        before=tx.now - UNANSWERED,
        limit=SWEEP_MAX,
    )
