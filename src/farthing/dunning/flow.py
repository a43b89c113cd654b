"""Collecting an invoice by hand: one try at a time, with the try's id as the key. No transaction is open meanwhile."""

from datetime import timedelta
from typing import Final

import structlog

from farthing import customers, events, invoices, subscriptions
from farthing.db import Transaction
from farthing.dunning import store
from farthing.dunning.debts import NEVER_ASKED, TRIES_MAX, TRIES_WINDOW, Attempt, answered, is_owed, verdict
from farthing.errors import Conflict, DatabaseUnavailable, FarthingError, ProviderUnavailable
from farthing.ids import InvoiceAttemptId, SubscriptionId
from farthing.invoices import Invoice
from farthing.lifecycles import InvoiceAttemptStatus
from farthing.subscriptions import Subscription
from farthing.world import World

IN_FLIGHT: Final = timedelta(seconds=30)
KEYS_KEPT: Final = timedelta(hours=23)
SWEEP_MAX: Final = 50

log = structlog.get_logger("farthing.dunning")


async def owed(tx: Transaction, subscription: Subscription) -> Invoice | None:
    """The newest invoice of it that waits for money."""
    return next((each for each in await invoices.of_subscription(tx, subscription.id) if is_owed(subscription, each)), None)


async def retry(
    world: World, id: SubscriptionId, *, actor: str, method: str | None = None, setup: str | None = None
) -> Attempt:
    """Try now to collect what a subscription owes, by what pays for it, or by `method`, the provider's id of it.

    A decline is an answer. With the same `setup`, the page on which the method was saved, it is the same try. Raises Conflict
    where nothing is owed, or somebody tries it at this moment, ProviderUnavailable where nobody knows: the sweep asks on.
    """

    async def intend(tx: Transaction) -> Attempt:
        found = await subscriptions.get(tx, id)
        await customers.lock(tx, found.customer_id)
        if setup is not None and (known := await store.find_of_setup(tx, setup)) is not None:
            return known
        found = await subscriptions.lock(tx, id)
        invoice = await owed(tx, found)
        if invoice is None:
            raise Conflict(f"{id} owes nothing that can be collected.", extra={"status": str(found.status)})
        current = await store.find_open(tx, invoice.id)
        if current is not None:
            if tx.now - current.asked_at < IN_FLIGHT:
                raise Conflict("It is being collected at this moment: wait for what comes of it.")
            return current
        if await store.count_since(tx, invoice.id, tx.now - TRIES_WINDOW) >= TRIES_MAX:
            raise Conflict(f"It was tried {TRIES_MAX} times within a day: pay with another card, or wait until tomorrow.")
        made = Attempt(InvoiceAttemptId.new(), invoice.id, id, method, setup, InvoiceAttemptStatus.ASKING, None, tx.now, None)
        await store.insert(tx, made)
        about = {"invoice": invoice.id, "subscription": id, "customer": found.customer_id, "attempt": made.id}
        await events.record(tx, "invoice.retry_requested", order=None, **about)
        return made

    attempt = await world.db.run(actor, intend)
    return attempt if attempt.status != InvoiceAttemptStatus.ASKING else await _ask(world, attempt, actor)


async def ask_again(world: World) -> int:
    """Sweep: ask for the answers that were lost, with the same key."""
    async with world.db.transaction("sweep") as tx:
        waiting = await store.unanswered(tx, before=tx.now - IN_FLIGHT, limit=SWEEP_MAX)
    for id in waiting:
        try:
            async with world.db.transaction("sweep") as tx:
                attempt = await store.get(tx, id)
            await _ask(world, attempt, "sweep")
        except ProviderUnavailable:
            return 0
        except DatabaseUnavailable:
            raise
        except FarthingError as error:
            log.warning("attempt.not_asked", attempt=str(id), error=error.detail)
    return 0


async def _ask(world: World, attempt: Attempt, actor: str) -> Attempt:
    async with world.db.transaction(actor) as tx:
        invoice = await invoices.get(tx, attempt.invoice_id)
        found = await subscriptions.get(tx, attempt.subscription_id)
    code: str | None = NEVER_ASKED
    if world.clock.now() - attempt.asked_at <= KEYS_KEPT:
        provider = world.provider_named(invoice.provider)
        code = await provider.pay_invoice(invoice.provider_invoice_id, method=attempt.provider_method_id, key=str(attempt.id))
    await subscriptions.sync(world, found.provider_subscription_id, actor=actor)
    return await world.db.run(actor, lambda tx: _answered(tx, attempt, code))


async def _answered(tx: Transaction, attempt: Attempt, code: str | None) -> Attempt:
    found = await subscriptions.get(tx, attempt.subscription_id)
    await customers.lock(tx, found.customer_id)
    current = await store.lock(tx, attempt.id)
    invoice = await invoices.get(tx, attempt.invoice_id)
    status = answered(current, verdict(code, invoice))
    if status is None:
        return current
    await store.save_answer(tx, current.id, status, code)
    if code is not None and status != InvoiceAttemptStatus.OVERTAKEN:
        await store.save_code(tx, invoice.id, code)
    about = {"invoice": invoice.id, "subscription": found.id, "customer": found.customer_id, "attempt": current.id}
    await events.record(tx, "invoice.retried", order=None, **about, outcome=str(status), code=code)
    return await store.get(tx, current.id)
