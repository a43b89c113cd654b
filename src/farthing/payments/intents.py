"""Payments in the host's own pages: opened by an intent, confirmed in the browser or through us, looked at while one waits."""

import contextlib
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from farthing import orders
from farthing.db import Transaction
from farthing.errors import Conflict, Invalid, ProviderError, ProviderUnavailable
from farthing.ids import PaymentId
from farthing.lifecycles import ORDER, PaymentStatus
from farthing.payments import live, store
from farthing.payments.actions import cancel_payment, know
from farthing.payments.flow import KEYS_KEPT, sync
from farthing.payments.model import Payment
from farthing.providers import SeenIntent
from farthing.world import World

RETURN_PATH: Final = "/payments/return"
LOOK_EVERY: Final = timedelta(seconds=5)
"""However often somebody polls, the provider is not asked more often than this for one payment."""

METHOD: Final = re.compile(r"pm_[A-Za-z0-9_]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What came of a confirmation. With `redirect_url` the buyer's bank wants to see the buyer: send them there."""

    payment: Payment
    redirect_url: str | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment with the secret that lets one browser confirm it: it is never stored, nor written to a log."""

    payment: Payment
    client_secret: str = field(repr=False)
    publishable_key: str | None
    """For Stripe.js. None where STRIPE_PUBLISHABLE_KEY is not set."""
    return_url: str
    """Where Stripe.js shall send the buyer back to: our door, which looks and sends them on."""
    redirect_url: str | None = None
    replayed: bool = False


async def finish_intent(world: World, payment: Payment, *, actor: str) -> SeenIntent:
    """Ask the provider for the payment, and write its name down. Safe to repeat: the payment's id is the key.

    Raises ProviderError where it refuses: then the payment is over, and another may be opened.
    """
    provider = world.provider_named(payment.provider)
    if payment.provider_payment_id is not None:
        return await provider.intent(payment.provider_payment_id)
    assert payment.request is not None, "a payment of a page is opened by its page"
    seen = None
    if world.clock.now() - payment.opened_at > KEYS_KEPT:
        seen = await provider.find_intent(str(payment.id), since=payment.opened_at - timedelta(hours=1))
        if seen is None:
            await world.db.run(actor, lambda tx: _give_up(tx, payment))
            raise Conflict(f"{payment.id} never reached the provider, and its time is over: open another payment.")
    if seen is None:
        try:
            seen = await provider.create_intent(payment.request, key=str(payment.id))
        except ProviderUnavailable:
            raise
        except ProviderError:
            await world.db.run(actor, lambda tx: _give_up(tx, payment))
            raise
    name = seen.payment.id
    await world.db.run(actor, lambda tx: know(tx, payment, name))
    return seen


async def _give_up(tx: Transaction, payment: Payment) -> None:
    await orders.lock(tx, payment.order_id)
    await cancel_payment(tx, payment.id)


async def shown_intent(world: World, payment: Payment, *, actor: str) -> Intent:
    """The payment with its secret, fetched anew each time."""
    seen = await finish_intent(world, payment, actor=actor)
    if seen.client_secret is None:
        raise ProviderUnavailable(f"The provider did not give the secret of {payment.id}: ask again.")
    async with world.db.transaction(actor) as tx:
        current = await store.get(tx, payment.id)
    key = world.settings.stripe_publishable_key
    return Intent(current, seen.client_secret, key, return_url_of(world, payment.id), seen.redirect_url)


def replayed(intent: Intent) -> Intent:
    """The same, as the answer to a repeated request."""
    return replace(intent, replayed=True)


def return_url_of(world: World, id: PaymentId) -> str:
    return f"{world.settings.base_url}{RETURN_PATH}?payment={id}"


async def confirm(world: World, id: PaymentId, *, method: str, actor: str) -> Confirmed:
    """Pay with a payment method of the provider's (pm_…) that the buyer's browser made.

    A decline is an answer: the payment stays open for another card, with `failure_code` and `failure_message`. Confirming
    what is paid, or on its way, changes nothing. Raises ProviderUnavailable where nobody knows: look, or confirm again.
    """
    if not METHOD.fullmatch(method):
        raise Invalid("payment_method is the id of a payment method: pm_…", param="payment_method")

    async def begin(tx: Transaction) -> tuple[Payment, int]:
        found = await store.get(tx, id)
        order = await orders.lock(tx, found.order_id)
        payment = await store.lock(tx, id)
        if payment.request is None:
            raise Conflict(f"{id} is paid on its payment page, and cannot be confirmed here.")
        if payment.status != PaymentStatus.OPEN:
            return payment, 0
        closing = payment.close_asked_at is not None or not payment.live or order.cancel_requested_at is not None
        if closing or not ORDER.allows(order.status, "pay") or order.expires_at <= tx.now:
            raise Conflict(f"{id} cannot be paid any more: its order is closed, or has another way to pay.")
        return payment, await live.count_confirmation(tx, id)

    payment, number = await world.db.run(actor, begin)
    if payment.status == PaymentStatus.CANCELED:
        raise Conflict(f"{id} is canceled: open another payment.")
    if payment.status != PaymentStatus.OPEN:
        return Confirmed(payment)
    if payment.provider_payment_id is None:
        name = (await finish_intent(world, payment, actor=actor)).payment.id
    else:
        name = payment.provider_payment_id
    back = return_url_of(world, id)
    seen = await world.provider.confirm_intent(name, method=method, return_url=back, key=f"{id}:{number}")
    await sync(world, name, actor=actor, seen=seen.payment)
    async with world.db.transaction(actor) as tx:
        return Confirmed(await store.get(tx, id), seen.redirect_url)


async def look(world: World, id: PaymentId, *, actor: str) -> Payment:
    """How it stands, for somebody who waits: asks the provider if nobody did a moment ago. Raises NotFound.

    Where the provider does not answer, what we know is the answer.
    """

    async def begin(tx: Transaction) -> Payment | None:
        return await store.get(tx, id) if await live.take_look(tx, id, every=LOOK_EVERY) else None

    asked = await world.db.run(actor, begin)
    if asked is not None and asked.provider_payment_id is not None:
        with contextlib.suppress(ProviderError):
            await sync(world, asked.provider_payment_id, actor=actor)
    async with world.db.transaction(actor) as tx:
        return await store.get(tx, id)
