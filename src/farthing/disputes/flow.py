"""What needs the provider: looking how a dispute stands, and answering the bank. No transaction is open meanwhile."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from farthing import invoices, payments, subscriptions
from farthing.db import Transaction
from farthing.disputes import answers, store
from farthing.disputes.actions import Look, record_dispute, record_fraud_warning, remind, reminders_from, tell_if_paid_twice
from farthing.disputes.model import Answer, Dispute
from farthing.errors import FarthingError, ProviderError, ProviderUnavailable
from farthing.ids import DisputeAnswerId
from farthing.lifecycles import AnswerStatus
from farthing.payments import Also, Recorded
from farthing.providers import SeenDispute
from farthing.world import World

NEWS_EXPECTED: Final = timedelta(days=1)
"""An undecided dispute that no event told of for this long is looked at: a closed one must not be missed."""

KEYS_KEPT: Final = timedelta(hours=23)
"""Stripe may forget a key after 24 h (https://docs.stripe.com/api/idempotent_requests): then look before asking."""

LOOK_MAX: Final = 100

log = structlog.get_logger("farthing.disputes")


async def sync_dispute(world: World, provider_dispute_id: str, *, actor: str, also: Also | None = None) -> Recorded:
    """See how a dispute stands and record it. The same for every event, a command and a sweep, in whatever order they come."""
    look = await _begin(world, actor)
    seen = await world.provider.dispute(provider_dispute_id)
    return await _record(world, seen, look, actor=actor, also=also)


async def sync_disputes(world: World, provider_payment_id: str, *, actor: str) -> None:
    """See all disputes of a payment, also those that no event told of."""
    look = await _begin(world, actor)
    for seen in await world.provider.disputes(provider_payment_id):
        await _record(world, seen, look, actor=actor)


async def sync_fraud_warning(world: World, provider_warning_id: str, *, actor: str, also: Also | None = None) -> Recorded:
    """See what a bank suspects and write it down."""
    provider = world.provider
    seen = await provider.fraud_warning(provider_warning_id)
    if seen.payment_id is not None:
        await payments.hear_of(world, seen.payment_id, actor=actor)

    async def work(tx: Transaction) -> Recorded:
        recorded = await record_fraud_warning(tx, provider.name, provider.livemode, seen)
        if also is not None:
            await also(tx, recorded)
        return recorded

    return await world.db.run(actor, work)


async def watch(world: World) -> int:
    """Sweep: remind of deadlines, tell of what went back twice, and look at disputes that nothing was heard of."""
    async with world.db.transaction("sweep") as tx:
        due = await store.due_for_reminder(tx, until=tx.now + reminders_from(), limit=LOOK_MAX)
        twice = await store.paid_twice(tx, limit=LOOK_MAX)
        silent = [
            *await store.to_look_at(tx, before=tx.now - NEWS_EXPECTED, limit=LOOK_MAX),
            *await invoices.silent_disputes(tx, before=tx.now - NEWS_EXPECTED, limit=LOOK_MAX),
        ]
    for id in due:
        await world.db.run("sweep", partial(remind, id=id))
    for id in twice:
        await world.db.run("sweep", partial(tell_if_paid_twice, id=id))
    for provider_id in silent:
        try:
            await sync_dispute(world, provider_id, actor="sweep")
        except FarthingError as error:
            log.warning("look.failed", id=provider_id, error=error.detail)
    return 0


async def send_answer(world: World, id: DisputeAnswerId) -> None:
    """Give the bank what was promised. The answer's id is the key, so asking twice answers once."""

    async def ask(tx: Transaction) -> tuple[bool, Answer, Dispute]:
        answer = await store.get_answer(tx, id)
        dispute = await store.lock(tx, answer.dispute_id)
        answer = await store.get_answer(tx, id)
        stale = answer.asked_at is not None and tx.now - answer.asked_at > KEYS_KEPT
        if answer.status == AnswerStatus.PROMISED and answer.asked_at is None:
            await store.save_answer(tx, replace(answer, asked_at=tx.now))
        return stale, answer, dispute

    stale, answer, dispute = await world.db.run("worker", ask)
    if answer.status != AnswerStatus.PROMISED:
        return
    provider = world.provider_named(dispute.provider)
    try:
        if not (stale and await _arrived(world, dispute)):
            await _send(world, dispute, answer)
    except ProviderUnavailable:
        raise
    except ProviderError as error:
        reason = error.detail
        await world.db.run("worker", lambda tx: answers.refuse(tx, id, reason))
        return
    look = await _begin(world, "worker")
    seen = await provider.dispute(dispute.provider_dispute_id)

    async def also(tx: Transaction, _: Recorded) -> None:
        await answers.mark_sent(tx, id)

    await _record(world, seen, look, actor="worker", also=also)


async def _send(world: World, dispute: Dispute, answer: Answer) -> None:
    provider, id, key = world.provider_named(dispute.provider), dispute.provider_dispute_id, str(answer.id)
    if answer.kind == "acceptance":
        await provider.accept_dispute(id, key=key)
    else:
        await provider.submit_evidence(id, answer.evidence, appeal=answer.kind == "appeal", key=key)


async def _arrived(world: World, dispute: Dispute) -> bool:
    """Whether an answer that we asked for long ago has reached the provider: it waits for none any more."""
    seen = await world.provider_named(dispute.provider).dispute(dispute.provider_dispute_id)
    return not seen.status.endswith("needs_response")


async def _begin(world: World, actor: str) -> Look:
    """Before the look, not after it: of two looks, the one that began later is right."""
    number = await world.db.run(actor, store.next_look)
    return Look(number, world.catalog.disputes.access, world.catalog.marketplace.dispute_fees == "seller")


async def _record(world: World, seen: SeenDispute, look: Look, *, actor: str, also: Also | None = None) -> Recorded:
    provider = world.provider
    if seen.payment_id is not None:
        await payments.hear_of(world, seen.payment_id, actor=actor)
        await subscriptions.hear_of_payment(world, seen.payment_id, actor=actor)

    async def work(tx: Transaction) -> Recorded:
        recorded = await record_dispute(tx, provider.name, provider.livemode, seen, look)
        if also is not None:
            await also(tx, recorded)
        return recorded

    return await world.db.run(actor, work)
