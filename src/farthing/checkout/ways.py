"""The one way to pay an order: a page or a payment in the host's own pages, never two of them open.

Whoever wants another way has the former closed at the provider first. Only when it is really closed is the next one opened;
that there is one at most is a constraint in the database.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import orjson
import structlog

from farthing import catalog, customers, orders, payments
from farthing.checkout import actions, flow, store
from farthing.checkout.model import Checkout, Started
from farthing.db import Transaction
from farthing.errors import Conflict, FarthingError, ProviderError, ProviderUnavailable
from farthing.http import idempotency
from farthing.http.idempotency import Answer, Claim, Key
from farthing.http.urls import checked_url
from farthing.ids import CheckoutId, Id, OrderId, PaymentId
from farthing.lifecycles import ORDER, CheckoutStatus, OrderStatus, PaymentStatus
from farthing.orders import Order
from farthing.payments import Intent, Payment
from farthing.providers import CaptureMethod
from farthing.world import World

TRIES: Final = 3
"""Others may open a way as quickly as we close one; after so many they may have it."""

UNANSWERED: Final = timedelta(seconds=30)
SWEEP_MAX: Final = 50

log = structlog.get_logger("farthing.checkout")


async def open_page(
    world: World,
    id: OrderId,
    *,
    success_url: str,
    cancel_url: str,
    actor: str,
    capture_method: CaptureMethod | None = None,
    key: Key | None = None,
) -> Started:
    """A payment page for an order that stands already: the first one, or another after the buyer left the one before.

    Raises Conflict where the order is paid, or on its way to be; ProviderUnavailable: repeat with the same key.
    """
    hosts = world.settings.hosts
    success = checked_url(success_url, hosts, param="success_url")
    cancel = checked_url(cancel_url, hosts, param="cancel_url")

    async def begin(tx: Transaction, order: Order) -> CheckoutId:
        method = capture_method or _capture_method(world, order)
        opened = await actions.open_page(
            tx,
            order,
            flow.terms_of(world),
            cart=None,
            success_url=success,
            cancel_url=cancel,
            capture_method=method,
            own_order=False,
        )
        return opened.id

    claim = await _begin_once(world, id, begin, actor=actor, key=key)
    if claim.answer is not None:
        return flow.replayed(claim.answer)
    assert claim.subject is not None, "it was just begun"
    async with world.db.transaction(actor) as tx:
        checkout = await store.get(tx, CheckoutId.of(claim.subject))
    return await flow.finish(world, checkout, actor, key)


async def open_intent(
    world: World,
    id: OrderId,
    *,
    actor: str,
    return_url: str | None = None,
    capture_method: CaptureMethod | None = None,
    key: Key | None = None,
) -> Intent:
    """A payment for the host's own pages. Its secret is for the buyer's browser alone.

    Raises Conflict where the order is paid, or on its way to be; ProviderUnavailable: repeat with the same key.
    """
    back = None if return_url is None else checked_url(return_url, world.settings.hosts, param="return_url")

    async def begin(tx: Transaction, order: Order) -> PaymentId:
        terms = flow.terms_of(world)
        order = await orders.extend(tx, order, tx.now + terms.open_for)
        opened = await payments.open_intent(
            tx,
            order,
            terms.provider,
            capture_method=capture_method or _capture_method(world, order),
            return_url=back,
            customer_id=theirs,
        )
        return opened.id

    theirs = await _customer_at_provider(world, id, actor)
    claim = await _begin_once(world, id, begin, actor=actor, key=key)
    assert claim.subject is not None, "an answer has its subject with it"
    async with world.db.transaction(actor) as tx:
        payment = await payments.get(tx, PaymentId.of(claim.subject))
    try:
        intent = await payments.shown_intent(world, payment, actor=actor)
    except ProviderUnavailable:
        await _settle_key(world, key, actor, idempotency.let_go)
        raise
    except FarthingError:
        await _settle_key(world, key, actor, idempotency.forget)
        raise
    if key is not None and claim.answer is None:
        held, kept = key, Answer(201, orjson.dumps({"payment": str(payment.id)}))
        await world.db.run(actor, lambda tx: idempotency.remember(tx, held, kept))
    return intent if claim.answer is None else payments.replayed(intent)


async def _customer_at_provider(world: World, id: OrderId, actor: str) -> str | None:
    """A signed-in buyer is a customer there, made first if need be. A guest is whoever says so, and none."""
    async with world.db.transaction(actor) as tx:
        order = await orders.get(tx, id)
        customer = await customers.get(tx, order.customer_id)
    open_ = ORDER.allows(order.status, "pay")
    return await customers.at_provider(world, customer.id, actor=actor) if open_ and customer.external_id is not None else None


async def cancel_order(world: World, id: OrderId, *, actor: str) -> Order:
    """Close the way to pay first: only when nobody can pay any more is the order canceled. What is kept is let go.

    Raises Conflict if somebody paid, or the bank is still at it.
    """

    async def ask(tx: Transaction) -> Payment | None:
        order = await orders.lock(tx, id)
        way = await payments.way_of_order(tx, id)
        if way is not None and ORDER.allows(order.status, "cancel"):
            await payments.request_close(tx, way)
        await orders.request_cancel(tx, order)
        return way

    way = await world.db.run(actor, ask)
    if way is not None:
        await close_way(world, way, actor=actor)

    async def work(tx: Transaction) -> Order:
        order = await orders.lock(tx, id)
        if order.status == OrderStatus.CANCELED:
            return order  # closing the way canceled it
        if await payments.way_of_order(tx, id) is not None:
            raise Conflict(f"{id} is being paid at this moment: it is canceled if that fails.")
        return await orders.cancel(tx, order)

    return await world.db.run(actor, work)


async def close_payment(world: World, id: PaymentId, *, actor: str) -> Payment:
    """Close one way to pay, and leave its order open for another. Closing what is closed changes nothing.

    Raises Conflict where it is paid, being captured, or with the bank.
    """

    async def ask(tx: Transaction) -> Payment:
        found = await payments.get(tx, id)
        await orders.lock(tx, found.order_id)
        payment = await payments.lock(tx, id)
        if payment.status == PaymentStatus.CANCELED:
            return payment
        return await _ask_to_close(tx, payment)

    payment = await world.db.run(actor, ask)
    if payment.status != PaymentStatus.CANCELED:
        await close_way(world, payment, actor=actor)
    async with world.db.transaction(actor) as tx:
        closed = await payments.get(tx, id)
    if closed.status != PaymentStatus.CANCELED:
        raise Conflict(f"{id} could not be closed: it is {closed.status} at the provider.")
    return closed


async def close_way(world: World, payment: Payment, *, actor: str) -> None:
    """Close it at the provider and record what it really is. One whose opening was never answered is looked up first."""
    async with world.db.transaction(actor) as tx:
        page = await store.of_payment(tx, payment.id)
    if page is not None and page.status == CheckoutStatus.STARTING:
        page = await _found_out(world, page, actor)
    if page is not None and page.status in (CheckoutStatus.STARTING, CheckoutStatus.OPEN):
        await flow.close(world, page, actor)
        return
    if payment.provider_payment_id is None and payment.request is not None:
        try:
            seen = await payments.finish_intent(world, payment, actor=actor)
        except ProviderUnavailable:
            raise
        except (ProviderError, Conflict):
            return  # it was refused, and is over
        payment = await world.db.run(actor, lambda tx: payments.know(tx, payment, seen.payment.id))
    closed = payment
    if payment.provider_payment_id is not None:
        closed = await payments.close(world, payment, actor=actor)
    if page is not None and closed.status == PaymentStatus.OPEN:
        # Its page is over, and nowhere else could it be paid: https://docs.stripe.com/api/payment_intents/cancel
        await world.db.run(actor, lambda tx: _give_up(tx, closed))


async def _found_out(world: World, page: Checkout, actor: str) -> Checkout:
    """Ask once more for a page whose answer nobody read: the same key, so the same page."""
    if world.clock.now() - page.started_at < flow.KEYS_KEPT:
        try:
            await flow.finish(world, page, actor, key=None)
        except ProviderUnavailable:
            raise
        except (ProviderError, Conflict):
            pass  # refused, or closed meanwhile: read below
    async with world.db.transaction(actor) as tx:
        return await store.get(tx, page.id)


async def _give_up(tx: Transaction, payment: Payment) -> None:
    order = await orders.lock(tx, payment.order_id)
    await payments.cancel_payment(tx, payment.id)
    if order.cancel_requested_at is not None or order.expires_at <= tx.now:
        await orders.close_unpaid(tx, order)


async def _begin_once(
    world: World,
    id: OrderId,
    begin: Callable[[Transaction, Order], Awaitable[Id]],
    *,
    actor: str,
    key: Key | None,
) -> Claim:
    """Claim the key, close the former way, begin the new one: what was begun with this key before goes on instead."""

    async def claim(tx: Transaction) -> Claim:
        return await idempotency.claim(tx, key) if key else Claim()

    claimed = await world.db.run(actor, claim)
    if claimed.answer is not None or claimed.subject is not None:
        return claimed

    async def work(tx: Transaction) -> Id | None:
        order = await _payable(tx, id)
        if await payments.way_of_order(tx, id) is not None:
            return None
        subject = await begin(tx, order)
        if key:
            await idempotency.begin(tx, key, subject)
        return subject

    try:
        for _ in range(TRIES):
            await _make_room(world, id, actor)
            subject = await world.db.run(actor, work)
            if subject is not None:
                return Claim(subject)
        raise Conflict(f"Somebody else opens ways to pay {id} at this moment: use theirs.")
    except ProviderUnavailable:
        await _settle_key(world, key, actor, idempotency.let_go)
        raise
    except FarthingError:
        await _settle_key(world, key, actor, idempotency.forget)
        raise


async def _make_room(world: World, id: OrderId, actor: str) -> None:
    async def ask(tx: Transaction) -> Payment | None:
        await _payable(tx, id)
        way = await payments.way_of_order(tx, id)
        if way is None:
            return None
        if way.status == PaymentStatus.AUTHORIZED:
            raise Conflict(f"{id} is authorized by {way.id}: capture that or void it.")
        return await _ask_to_close(tx, way)

    way = await world.db.run(actor, ask)
    if way is not None:
        await close_way(world, way, actor=actor)


async def _ask_to_close(tx: Transaction, way: Payment) -> Payment:
    page = await store.of_payment(tx, way.id)
    asked = await payments.request_close(tx, way)
    if page is not None:
        await store.mark_replaced(tx, page.id)
    return asked


async def _payable(tx: Transaction, id: OrderId) -> Order:
    order = await orders.lock(tx, id)
    if not ORDER.allows(order.status, "pay"):
        raise Conflict(f"{id} is {order.status}: it cannot be paid.")
    if order.cancel_requested_at is not None:
        raise Conflict(f"{id} is being canceled: it cannot be paid.")
    if order.expires_at <= tx.now:
        raise Conflict(f"The time to pay {id} is over: place a new order.")
    return order


async def _settle_key(world: World, key: Key | None, actor: str, how: Callable[[Transaction, Key], Awaitable[None]]) -> None:
    if key is not None:
        held = key
        await world.db.run(actor, lambda tx: how(tx, held))


def _capture_method(world: World, order: Order) -> CaptureMethod:
    """As the products say now; what is no longer in the catalog says nothing."""
    found = [world.catalog.products.get(line.product) for line in order.lines]
    return actions.capture_method_of([product for product in found if isinstance(product, catalog.Product)])
