"""Charging a saved method while its owner is away. An order like any other, paid by an intent that we confirm ourselves.

Each step is committed before the next and can be repeated: the order, its payment, the charge, and the call, whose key is the
payment's id. What the bank wants to see the buyer for becomes a recovery link.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from farthing import customers, events, orders, payments
from farthing.catalog import CartItem
from farthing.checkout import charges, placing, ways
from farthing.checkout.actions import Buyer
from farthing.db import Transaction
from farthing.errors import DatabaseUnavailable, FarthingError, NotFound, ProviderUnavailable
from farthing.http.idempotency import Key
from farthing.ids import OrderId, PaymentId, PaymentMethodId
from farthing.lifecycles import CHARGE, ChargeStatus, OrderStatus
from farthing.providers import SeenPayment
from farthing.world import World

RECOVERABLE: Final = timedelta(hours=23)
"""For so long an order that was not paid off-session can be paid by its link: a page may stand for less than a day."""

KEYS_KEPT: Final = timedelta(hours=23)
UNANSWERED: Final = timedelta(seconds=60)
SWEEP_MAX: Final = 50
NEEDS_BUYER: Final = "authentication_required"
NOBODY_ASKED: Final = "unanswered"
"""The code of a charge that was given up: nobody knows of it but us."""

log = structlog.get_logger("farthing.checkout")


@dataclass(frozen=True, slots=True)
class Charged:
    """What came of it. `code` says why not, in the provider's word; the order stays open, to be paid by its link."""

    order_id: OrderId
    payment_id: PaymentId | None
    status: ChargeStatus
    code: str | None = None
    replayed: bool = False


async def charge(
    world: World,
    *,
    external_id: str,
    items: Sequence[CartItem],
    actor: str,
    method: PaymentMethodId | None = None,
    currency: str | None = None,
    metadata: Mapping[str, str] | None = None,
    key: Key | None = None,
) -> Charged:
    """Place an order and charge the customer's default method for it, or the one named, while they are away.

    A decline is an answer, and so is "the bank wants to see the buyer". Raises NotFound or Conflict where there is nothing to
    charge, ProviderUnavailable where nobody knows what happened: repeat with the same key, or let the sweep ask.
    """
    provider = world.provider
    async with world.db.transaction(actor) as tx:
        person = await customers.find_for(tx, external_id)
        card = await customers.to_charge(tx, person.id, provider.name, livemode=provider.livemode, named=method)
    order, replayed = await placing.place_order(
        world,
        items=items,
        buyer=Buyer(external_id),
        actor=actor,
        currency=currency,
        metadata=metadata,
        key=_part(key, "order"),
    )
    if order.status == OrderStatus.PAID and not order.total:
        return Charged(order.id, None, ChargeStatus.PAID, replayed=replayed)
    async with world.db.transaction(actor) as tx:
        begun = await charges.of_order(tx, order.id)
    if not begun:
        # The key of the order is that of its payment: whoever asks again goes on with the same one.
        own = Key.of("off-session", str(order.id), [str(order.id)])
        intent = await ways.open_intent(world, order.id, actor=actor, capture_method="automatic", key=own)
        begun = [await world.db.run(actor, lambda tx: _begin(tx, order.id, intent.payment.id, card))]
    current = begun[0]
    if current.status == ChargeStatus.ASKING:
        current = await _ask(world, current, actor)
    return Charged(order.id, current.payment_id, current.status, current.code, replayed)


async def ask_again(world: World) -> int:
    """Sweep: ask for the answers that were lost, with the same key."""
    async with world.db.transaction("sweep") as tx:
        waiting = await charges.unanswered(tx, before=tx.now - UNANSWERED, limit=SWEEP_MAX)
    for each in waiting:
        try:
            await _ask(world, each, "sweep")
        except ProviderUnavailable:
            return 0
        except DatabaseUnavailable:
            raise
        except FarthingError as error:
            log.warning("charge.not_asked", payment=str(each.payment_id), error=error.code)
    return 0


async def _begin(tx: Transaction, id: OrderId, payment: PaymentId, card: customers.PaymentMethod) -> charges.OffSessionCharge:
    """The intention: which method will be charged, and that its owner is given time to pay otherwise."""
    order = await orders.lock(tx, id)
    if await charges.insert(tx, order, payment, card):
        await orders.extend(tx, order, tx.now + RECOVERABLE)
        await events.record(tx, "payment.requested_off_session", order=id, payment=payment, payment_method=card.id)
    (begun,) = await charges.of_order(tx, id)
    return begun


async def _ask(world: World, asked: charges.OffSessionCharge, actor: str) -> charges.OffSessionCharge:
    async with world.db.transaction(actor) as tx:
        payment = await payments.get(tx, asked.payment_id)
        card = await customers.get_method(tx, asked.method_id)
    theirs, back = payment.provider_payment_id, f"{world.settings.base_url}/payments/return?payment={asked.payment_id}"
    if theirs is None:
        raise NotFound(f"{payment.id} has not reached the provider yet.")
    provider = world.provider_named(payment.provider)
    seen = (await provider.intent(theirs)).payment
    untouched = seen.status == "open" and seen.failure_code is None
    if untouched and world.clock.now() - asked.asked_at <= KEYS_KEPT:
        seen = (
            await provider.confirm_off_session(theirs, method=card.provider_method_id, return_url=back, key=str(payment.id))
        ).payment
        untouched = False

    # Nothing was charged, and a day later nobody expects it any more.
    verdict = ("give_up", NOBODY_ASKED) if untouched else _verdict(seen)
    await payments.sync(world, theirs, actor=actor, seen=seen)

    async def record(tx: Transaction) -> charges.OffSessionCharge:
        await orders.lock(tx, asked.order_id)
        current = await charges.lock(tx, asked.payment_id)
        verb, code = verdict
        if not CHARGE.allows(current.status, verb):
            return current
        status = CHARGE.move(current.status, verb)
        await charges.save(tx, current, status, code)
        about = {"payment": current.payment_id, "customer": current.customer_id, "code": code}
        if status == ChargeStatus.ACTION_REQUIRED:
            await events.record(tx, "payment.action_required", order=current.order_id, **about)
        elif status in (ChargeStatus.DECLINED, ChargeStatus.GIVEN_UP):
            await events.record(tx, "payment.off_session_failed", order=current.order_id, **about)
        return replace(current, status=status, code=code)

    return await world.db.run(actor, record)


def _verdict(seen: SeenPayment) -> tuple[str, str | None]:
    match seen.status:
        case "succeeded":
            return "pay", None
        case "processing":
            return "process", None
        case "canceled":
            return "decline", "canceled"
        case _:
            code = seen.failure_code or NEEDS_BUYER
            return ("ask_buyer" if code == NEEDS_BUYER else "decline"), code


def _part(key: Key | None, of: str) -> Key | None:
    return None if key is None else replace(key, key=f"{key.key}:{of}"[:255])
