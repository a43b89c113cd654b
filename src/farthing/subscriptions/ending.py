"""Ending a subscription, now or with what is paid, pausing it, and letting it go on after all.

What is paid can be used until its end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Literal
from uuid import UUID, uuid4

import structlog

from farthing import customers, events
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid, ProviderError, ProviderUnavailable
from farthing.ids import SubscriptionId
from farthing.subscriptions import changes, flow, store
from farthing.subscriptions.model import USABLE, Subscription
from farthing.world import World

Question = Literal["cancel", "cancel_at_end", "keep", "pause", "unpause"]

COMMENT_MAX: Final = 500
UNANSWERED: Final = timedelta(seconds=30)
SWEEP_MAX: Final = 50
PAUSED_MAX: Final = timedelta(days=366)
RESUME_AGAIN: Final = timedelta(hours=1)
REQUESTS: Final[dict[Question, events.EventName]] = {
    "cancel": "subscription.cancel_requested",
    "cancel_at_end": "subscription.cancel_requested",
    "keep": "subscription.resume_requested",
    "pause": "subscription.pause_requested",
    "unpause": "subscription.resume_requested",
}

log = structlog.get_logger("farthing.subscriptions")


@dataclass(frozen=True, slots=True)
class Asked:
    """What we are about to ask the provider for: committed before, gone once it has answered."""

    subscription: Subscription
    question: Question
    key: UUID
    comment: str | None
    at: datetime


async def cancel(world: World, id: SubscriptionId, *, now: bool, comment: str | None = None, actor: str) -> Subscription:
    """End it with the period that is paid, or `now`. Ending what ends so already changes nothing. Nothing is given back.

    Raises Conflict where it is over, ProviderUnavailable where nobody knows: the sweep asks on.
    """
    _check_comment(comment)
    return await _ask(world, id, "cancel" if now else "cancel_at_end", comment, actor)


async def resume(world: World, id: SubscriptionId, *, actor: str) -> Subscription:
    """Let it not end after all, and a paused one go on: where nothing is paid any more a new period begins, and is charged.

    Raises Conflict where it is over."""
    await _ask(world, id, "keep", None, actor)
    return await _ask(world, id, "unpause", None, actor)


async def pause(
    world: World, id: SubscriptionId, *, until: datetime | None = None, comment: str | None = None, actor: str
) -> Subscription:
    """Ask for no money until somebody resumes it, or until then. What is paid can be used; nothing is given back.

    Raises Conflict where it is over or ends, Invalid for a date that is past or more than a year away.
    """
    _check_comment(comment)
    if until is not None and not world.clock.now() < until <= world.clock.now() + PAUSED_MAX:
        raise Invalid("A pause ends in the future, and within a year.", param="until")
    return await _ask(world, id, "pause", comment, actor, until)


async def resume_due(world: World) -> int:
    """Sweep: let those go on whose pause is over."""
    async with world.db.transaction("sweep") as tx:
        due = await tx.all(
            lambda row: SubscriptionId.of(row["id"]),
            "SELECT id FROM subscriptions WHERE resume_at <= %(now)s ORDER BY random() LIMIT %(limit)s",
            now=tx.now,
            limit=SWEEP_MAX,
        )
    for id in due:
        try:
            await _ask(world, id, "unpause", None, "sweep")
        except ProviderUnavailable:
            return 0
        except (ProviderError, Conflict) as error:
            log.warning("subscription.not_resumed", subscription=str(id), error=error.detail)
            await world.db.run("sweep", partial(_resume_later, id=id))
    return 0


async def _resume_later(tx: Transaction, id: SubscriptionId) -> None:
    """One that is over goes on never."""
    await tx.run(
        """
        UPDATE subscriptions SET resume_at = CASE WHEN ended_at IS NULL THEN %(later)s::timestamptz END
        WHERE id = %(id)s AND resume_at <= %(now)s
        """,
        id=id,
        later=tx.now + RESUME_AGAIN,
        now=tx.now,
    )


def _check_comment(comment: str | None) -> None:
    if comment is not None and (len(comment) > COMMENT_MAX or not comment.isprintable()):
        raise Invalid(f"A comment is one line of at most {COMMENT_MAX} characters.", param="comment")


async def ask_again(world: World) -> int:
    """Sweep: ask for the answers that were lost, with the same key."""
    async with world.db.transaction("sweep") as tx:
        waiting = await _unanswered(tx)
    for id in waiting:
        try:
            await answer(world, id, "sweep")
        except ProviderUnavailable:
            return 0
        except ProviderError as error:
            log.warning("subscription.refused", subscription=str(id), error=error.detail)
    return 0


async def _ask(
    world: World, id: SubscriptionId, question: Question, comment: str | None, actor: str, until: datetime | None = None
) -> Subscription:
    async def intend(tx: Transaction) -> Subscription | None:
        found = await store.get(tx, id)
        await customers.lock(tx, found.customer_id)
        found = await store.lock(tx, id)
        if not found.is_live:
            raise Conflict(f"{id} is over: begin a new subscription.", extra={"status": str(found.status)})
        ends = found.ends_at is not None
        if question == "pause":
            await _check_pause(tx, found)
        if question in ("pause", "unpause"):
            await tx.run("UPDATE subscriptions SET resume_at = %(until)s WHERE id = %(id)s", id=id, until=until)
        if _is_so(question, found, ends=ends):
            return await store.get(tx, id)
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
        type = REQUESTS[question]
        about: dict[str, object] = {"subscription": id, "customer": found.customer_id, "plan": found.plan}
        if question == "pause":
            about["until"] = None if until is None else until.isoformat()
        await events.record(tx, type, order=None, **about, now=question == "cancel", comment=comment)
        return None

    unchanged = await world.db.run(actor, intend)
    if unchanged is not None:
        return unchanged
    await answer(world, id, actor)
    async with world.db.transaction(actor) as tx:
        return await store.get(tx, id)


def _is_so(question: Question, found: Subscription, *, ends: bool) -> bool:
    match question:
        case "keep":
            return not ends
        case "cancel_at_end":
            return ends
        case "pause":
            return found.is_paused
        case "unpause":
            return not found.is_paused
        case _:
            return False


async def _check_pause(tx: Transaction, found: Subscription) -> None:
    if found.ends_at is not None:
        raise Conflict(f"{found.id} ends at {found.ends_at:%Y-%m-%d}: let it go on before it is paused.")
    if found.status not in USABLE and not found.is_paused:
        raise Conflict(f"{found.id} is {found.status}: it can be paused once it is paid.", extra={"status": str(found.status)})
    if await changes.pending_of(tx, found.id) is not None:
        raise Conflict(f"A change of {found.id} is under way: call it off, or pay it, before it is paused.")


async def answer(world: World, id: SubscriptionId, actor: str) -> None:
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
            case "pause":
                await provider.pause_subscription(theirs, key=key)
            case "unpause":
                paid = asked.subscription.paid_until
                anew = paid is None or paid <= asked.at
                await provider.unpause_subscription(theirs, anew=anew, key=key)
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
        dict,
        "SELECT asked, asked_key, asked_comment, asked_at FROM subscriptions WHERE id = %(id)s AND asked IS NOT NULL",
        id=id,
    )
    if row is None:
        return None
    return Asked(await store.get(tx, id), row["asked"], row["asked_key"], row["asked_comment"], row["asked_at"])


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
