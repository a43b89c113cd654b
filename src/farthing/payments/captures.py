"""Money that is kept first: taking it, letting it go, and the deadline of both.

The intention is committed before the provider is asked, and whoever finds it unanswered asks again with the same key. A
capture and a void exclude each other in the database.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from farthing import events, orders
from farthing.db import Transaction
from farthing.errors import Conflict, NotFound, ProviderError, ProviderUnavailable
from farthing.ids import PaymentId
from farthing.lifecycles import ORDER, PaymentStatus
from farthing.money import Money
from farthing.payments import live, store
from farthing.payments.flow import sync
from farthing.payments.model import Payment, check_capture, check_close
from farthing.world import World

WARNED: Final = timedelta(hours=24)
"""So long before an authorization ends, the host is told."""


async def capture(world: World, id: PaymentId, money: Money | None = None, *, actor: str) -> Payment:
    """Take what is kept, or less: then the rest is let go, and the order's price is what was taken.

    Raises Conflict where nothing is kept, or it is being voided; Invalid for an amount that cannot be. Capturing what was
    captured, in the same amount, changes nothing. ProviderUnavailable: it is asked for, and goes on by itself.
    """

    async def ask(tx: Transaction) -> Payment:
        found = await store.get(tx, id)
        order = await orders.lock(tx, found.order_id)
        payment = await store.lock(tx, id)
        if payment.settles and payment.received is not None and money in (None, payment.received):
            return payment
        wanted = check_capture(payment, money, now=tx.now)
        if not ORDER.allows(order.status, "pay"):
            raise Conflict(f"{order.id} is {order.status}: void {id} instead.")
        if payment.capture_asked_at is None:
            await live.ask_capture(tx, payment, wanted.amount)
            amount = {"amount": wanted.amount, "currency": wanted.currency}
            await events.record(tx, "payment.capture_requested", order=order.id, payment=id, amount=amount)
        return await store.get(tx, id)

    payment = await world.db.run(actor, ask)
    if payment.status == PaymentStatus.AUTHORIZED:
        payment = await take(world, payment, actor=actor)
    if not payment.settles:
        raise Conflict(f"{id} could not be captured: it is {payment.status} at the provider.")
    return payment


async def take(world: World, payment: Payment, *, actor: str) -> Payment:
    """Ask the provider for what a capture was asked for, and record how it stands. Safe to repeat."""
    assert payment.provider_payment_id is not None, "what is authorized is known there"
    assert payment.capture_amount is not None, "a capture was asked for"
    provider = world.provider_named(payment.provider)
    money = Money(payment.capture_amount, payment.asked.currency)
    try:
        seen = await provider.capture_payment(
            payment.provider_payment_id, money, key=f"{payment.id}:{payment.capture_attempts}"
        )
    except ProviderUnavailable:
        raise
    except ProviderError as error:
        seen = await provider.payment(payment.provider_payment_id)
        await sync(world, payment.provider_payment_id, actor=actor, seen=seen)
        reason = error.detail
        if seen.status == "authorized":
            await world.db.run(actor, lambda tx: _refused(tx, payment, reason))
            raise
    else:
        await sync(world, payment.provider_payment_id, actor=actor, seen=seen)
    return await _read(world, payment.id)


async def _refused(tx: Transaction, payment: Payment, reason: str) -> None:
    await orders.lock(tx, payment.order_id)
    if await live.withdraw_capture(tx, payment.id, attempt=payment.capture_attempts):
        await events.record(tx, "payment.capture_refused", order=payment.order_id, payment=payment.id, reason=reason)


async def void(world: World, id: PaymentId, *, actor: str) -> Payment:
    """Let go of what is kept: nothing is taken, and the order may be paid in another way until its time is over.

    Raises Conflict where it is captured, or about to be. Voiding what was voided changes nothing.
    """

    async def ask(tx: Transaction) -> Payment:
        payment = await _lock(tx, id)
        if payment.status == PaymentStatus.CANCELED:
            return payment
        if payment.status != PaymentStatus.AUTHORIZED:
            raise Conflict(f"{id} is {payment.status}: only what is authorized can be voided.")
        return await request_close(tx, payment)

    payment = await world.db.run(actor, ask)
    if payment.status == PaymentStatus.AUTHORIZED:
        payment = await close(world, payment, actor=actor)
    if payment.status != PaymentStatus.CANCELED:
        raise Conflict(f"{id} could not be voided: it is {payment.status} at the provider.")
    return payment


async def request_close(tx: Transaction, payment: Payment) -> Payment:
    """Commit to closing it, in a transaction that holds the locks of its order and itself. Raises Conflict."""
    check_close(payment)
    if payment.close_asked_at is None:
        await live.ask_close(tx, payment.id)
        await events.record(tx, "payment.close_requested", order=payment.order_id, payment=payment.id)
    return replace(payment, close_asked_at=payment.close_asked_at or tx.now)


async def close(world: World, payment: Payment, *, actor: str) -> Payment:
    """Ask the provider to cancel it, and record how it really stands: perhaps somebody paid a moment ago. Safe to repeat."""
    assert payment.provider_payment_id is not None, "whoever closes it found out its name first"
    provider = world.provider_named(payment.provider)
    seen = await provider.cancel_payment(payment.provider_payment_id, key=str(payment.id))
    await sync(world, payment.provider_payment_id, actor=actor, seen=seen)
    if seen.status == "processing":
        await world.db.run(actor, lambda tx: live.withdraw_close(tx, payment.id))
    return await _read(world, payment.id)


async def warn(world: World, *, limit: int) -> int:
    """Tell of authorizations that end soon, each once."""

    async def work(tx: Transaction) -> int:
        due = await live.warn_of(tx, before=tx.now + WARNED, limit=limit)
        for payment in due:
            assert payment.capture_before is not None, "it is what was looked for"
            amount = {"amount": payment.asked.amount, "currency": payment.asked.currency}
            before = payment.capture_before.isoformat()
            await events.record(
                tx, "payment.expiring", order=payment.order_id, payment=payment.id, amount=amount, capture_before=before
            )
        return len(due)

    return await world.db.run("sweep", work)


async def _lock(tx: Transaction, id: PaymentId) -> Payment:
    found = await store.find_order_id(tx, id)
    if found is None:
        raise NotFound(f"There is no payment {id}.")
    await orders.lock(tx, found)
    return await store.lock(tx, id)


async def _read(world: World, id: PaymentId) -> Payment:
    async with world.db.transaction("look") as tx:
        return await store.get(tx, id)
