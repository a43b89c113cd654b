"""From a cart to the provider's page and back: commit the intention, make the call, write down the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import orjson
import structlog

from farthing import catalog, customers, formats, orders, payments
from farthing.catalog import CartItem
from farthing.checkout import actions, offering, store
from farthing.checkout.actions import Buyer, Terms, Wanted
from farthing.checkout.model import Checkout, Started, filled
from farthing.db import Transaction
from farthing.errors import Conflict, DatabaseUnavailable, FarthingError, ProviderError, ProviderUnavailable
from farthing.http import idempotency
from farthing.http.idempotency import Answer, Key
from farthing.http.urls import checked_url
from farthing.ids import CheckoutId, CustomerId, OrderId
from farthing.lifecycles import CheckoutStatus
from farthing.money import Money
from farthing.payments import Also, Recorded
from farthing.providers import CaptureMethod, SeenCheckout
from farthing.world import World

KEYS_KEPT: Final = timedelta(hours=23)
UNANSWERED: Final = timedelta(seconds=30)
"""After this long without an answer, the sweep asks again in the place of whoever asked first."""

SWEEP_MAX: Final = 50

log = structlog.get_logger("farthing.checkout")


async def start(
    world: World,
    *,
    items: Sequence[CartItem],
    buyer: Buyer,
    success_url: str,
    cancel_url: str,
    actor: str,
    currency: str | None = None,
    metadata: Mapping[str, str] | None = None,
    promotion_code: str | None = None,
    shipping_address: Mapping[str, str | None] | None = None,
    shipping_rate: str | None = None,
    locale: str | None = None,
    save_method: bool = False,
    capture_method: CaptureMethod | None = None,
    key: Key | None = None,
) -> Started:
    """Place an order for the cart and open a payment page for it. A code that the buyer typed is reserved for the order;
    with `save_method` what pays for it is kept with a signed-in buyer.

    Raises Invalid, NotFound or Conflict for a cart that cannot be sold, ProviderUnavailable where the provider did not
    answer: then ask again with the same key, and the same order goes on.
    """
    hosts = world.settings.hosts
    items, sold = await offering.offers(world, items)
    cart = catalog.price(world.catalog, items, currency or world.catalog.currency, sold)
    address = offering.address_of(world.catalog, cart, shipping_address)
    wanted = Wanted(
        cart=cart,
        buyer=buyer,
        success_url=checked_url(success_url, hosts, param="success_url"),
        cancel_url=checked_url(cancel_url, hosts, param="cancel_url"),
        metadata=catalog.checked_metadata(metadata or {}, "metadata"),
        promotion_code=promotion_code,
        coupons=world.catalog.coupons,
        fees=world.catalog.marketplace.fees,
        address=address,
        rate=offering.rate_of(world.catalog, cart, address, shipping_rate),
        locale=formats.checked_locale(locale) if locale else None,
        save_method=save_method,
        capture_method=capture_method,
    )
    terms = terms_of(world)
    gone = await glance(world, wanted, actor, key)

    async def begin(tx: Transaction) -> Checkout | Started:
        claim = await idempotency.claim(tx, key) if key else idempotency.Claim()
        if claim.answer is not None:
            return replayed(claim.answer)
        if claim.subject is not None:
            return await store.get(tx, CheckoutId.of(claim.subject))
        if gone is not None:
            await actions.look(tx, wanted)
        checkout = await actions.begin(tx, wanted, terms)
        if key:
            await idempotency.begin(tx, key, checkout.id)
        return checkout

    begun = await world.db.run(actor, begin)
    return begun if isinstance(begun, Started) else await finish(world, begun, actor, key)


async def glance(world: World, wanted: Wanted, actor: str, key: Key | None) -> FarthingError | None:
    """Raise why the cart cannot be sold at this moment, before anything is written: in a rush most are refused. With a key it
    is returned instead, for a request that is repeated may have been answered already, while there was enough.
    """
    async with world.db.glance(actor) as tx:
        try:
            await actions.look(tx, wanted)
        except FarthingError as error:
            if key is None:
                raise
            return error
    return None


async def sync(world: World, provider_checkout_id: str, *, actor: str, also: Also | None = None) -> Recorded:
    """See how a session and its payment stand, and record both. The same for webhook, return page, command and sweep."""
    seen = await world.provider.checkout(provider_checkout_id)
    if seen.payment_id is not None:
        await payments.sync(world, seen.payment_id, actor=actor)

    async def work(tx: Transaction) -> Recorded:
        provider = world.provider
        checkout = await store.find_by_provider_id(tx, provider.name, provider.livemode, seen.id)
        if checkout is None and seen.reference is not None and seen.reference.startswith(f"{CheckoutId.prefix}_"):
            # The answer to our call is not written yet, or was lost: the page knows whose it is.
            checkout = await store.get(tx, CheckoutId.parse(seen.reference))
        if checkout is None:
            recorded = Recorded(None, "not ours: it does not carry the id of one of our checkout sessions")
        else:
            await actions.close(tx, checkout.id, seen)
            recorded = Recorded(checkout.order_id)
        if also is not None:
            await also(tx, recorded)
        return recorded

    return await world.db.run(actor, work)


async def sync_order(world: World, id: OrderId, *, actor: str) -> None:
    """See how everything of one order stands at the provider."""
    async with world.db.transaction(actor) as tx:
        await orders.get(tx, id)
        sessions = await store.of_order(tx, id)
    for session in sessions:
        if session.provider_checkout_id is not None and not session.is_free:
            await sync(world, session.provider_checkout_id, actor=actor)
    async with world.db.transaction(actor) as tx:
        collected = await payments.of_order(tx, id)
    for payment in collected:
        if payment.provider_payment_id is not None:
            await payments.sync(world, payment.provider_payment_id, actor=actor)
            await payments.sync_refunds(world, payment.provider_payment_id, actor=actor)


async def close_due(world: World) -> int:
    """The sweep: finish what was begun and never answered, and close the pages that are called off or whose time is over."""
    async with world.db.transaction("sweep") as tx:
        due = await store.due(tx, limit=SWEEP_MAX, started_before=UNANSWERED)
        sessions = [await store.get(tx, id) for id in due]
        called_off = {s.id for s in sessions if (await orders.get(tx, s.order_id)).cancel_requested_at is not None}
    closed = 0
    for session in sessions:
        try:
            await (close(world, session, "sweep") if session.id in called_off else _close_or_finish(world, session))
            closed += 1
        except ProviderUnavailable:
            continue  # it stays due, and the next round asks again
        except DatabaseUnavailable:
            raise
        except Exception:  # one that nobody can close must not keep the others open
            log.exception("checkout.not_closed", checkout=str(session.id))
    return closed


async def _close_or_finish(world: World, session: Checkout) -> None:
    now = world.clock.now()
    if session.status == CheckoutStatus.STARTING and now - session.started_at < KEYS_KEPT:
        try:
            await finish(world, session, "sweep", key=None)
        except (ProviderError, Conflict) as error:
            if isinstance(error, ProviderUnavailable):
                raise
            return
        async with world.db.transaction("sweep") as tx:
            session = await store.get(tx, session.id)
    if session.expires_at <= now:
        await close(world, session, "sweep")


async def close(world: World, session: Checkout, actor: str) -> None:
    """Ask for the page to be closed, and record what it really is: perhaps somebody paid a moment ago."""
    if session.provider_checkout_id is None:
        reason = "it was never opened"
        await world.db.run(actor, lambda tx: actions.give_up(tx, session.id, reason))
        return
    await world.provider.expire_checkout(session.provider_checkout_id)
    await sync(world, session.provider_checkout_id, actor=actor)


async def finish(world: World, checkout: Checkout, actor: str, key: Key | None) -> Started:
    """Ask the provider for the page, and write its answer down. Safe to repeat: the payment's id is the key."""
    if checkout.status == CheckoutStatus.STARTING:
        try:
            checkout = await _for_customer(world, checkout, actor)
            seen = await _open_page(world, checkout)
        except ProviderUnavailable:
            if key:
                held = key
                await world.db.run(actor, lambda tx: idempotency.let_go(tx, held))
            raise
        except ProviderError as error:
            await _refused(world, checkout, actor, key, error.detail)
            raise
    else:
        seen = None

    async def attach(tx: Transaction) -> Started:
        opened = checkout if seen is None else await actions.attach(tx, checkout, seen)
        if opened.is_free:
            url = filled(opened.success_url, opened)
        elif opened.url is not None:
            url = opened.url
        else:
            raise Conflict(f"{checkout.id} is {opened.status}: its page is closed. Start a new checkout.")
        order = await orders.get(tx, opened.order_id)
        started = Started(opened.id, order.id, order.number, url, opened.expires_at, order.total)
        if key:
            await idempotency.remember(tx, key, Answer(201, orjson.dumps(answer(started))))
        return started

    return await world.db.run(actor, attach)


async def _for_customer(world: World, checkout: Checkout, actor: str, *, gone: str | None = None) -> Checkout:
    """The same, for the provider's customer of a signed-in buyer, who is made there first. What will be asked is stored.

    `gone` is one who was deleted there, so that another takes their place.
    """
    request = checkout.asked
    if request.customer_reference is None or (request.customer_id is not None and request.customer_id != gone):
        return checkout
    theirs = await customers.at_provider(world, CustomerId.parse(request.customer_reference), actor=actor)

    async def work(tx: Transaction) -> Checkout:
        await orders.lock(tx, checkout.order_id)
        current = await store.lock(tx, checkout.id)
        if current.asked.customer_id not in (None, gone):
            return current
        await store.save_request(tx, checkout.id, replace(current.asked, customer_id=theirs))
        return await store.get(tx, checkout.id)

    return await world.db.run(actor, work)


async def _page_for_customer(world: World, checkout: Checkout) -> SeenCheckout:
    """Ask for the page; where the provider lost its customer meanwhile, once more with a new one, under a key of its own."""
    provider, request = world.provider_named(checkout.provider), checkout.asked
    try:
        return await provider.create_checkout(request, key=_key(checkout))
    except ProviderUnavailable:
        raise
    except ProviderError as error:
        missing = (error.extra.get("provider_code"), error.extra.get("provider_param")) == ("resource_missing", "customer")
        if not missing or request.customer_reference is None or request.customer_id is None:
            raise
        await customers.lose(world, CustomerId.parse(request.customer_reference), request.customer_id, actor="checkout")
        again = await _for_customer(world, checkout, "checkout", gone=request.customer_id)
        return await provider.create_checkout(again.asked, key=_key(again))


def _key(checkout: Checkout) -> str:
    """One for each request that may differ: a key that comes back with another request is refused."""
    customer = checkout.asked.customer_id
    return str(checkout.payment_id) if customer is None else f"{checkout.payment_id}:{customer}"


async def _open_page(world: World, checkout: Checkout) -> SeenCheckout:
    provider = world.provider_named(checkout.provider)
    seen = await _page_for_customer(world, checkout)
    if seen.total is not None and seen.total != checkout.asked.total:
        await provider.expire_checkout(seen.id)
        raise ProviderError(
            f"The provider would charge {seen.total}, but the order is {checkout.asked.total}: run `farthing catalog apply`."
        )
    return seen


async def _refused(world: World, checkout: Checkout, actor: str, key: Key | None, reason: str) -> None:
    async def work(tx: Transaction) -> None:
        await actions.give_up(tx, checkout.id, reason)
        if key:
            await idempotency.forget(tx, key)

    await world.db.run(actor, work)


def answer(started: Started) -> dict[str, object]:
    """The answer as it is stored and sent."""
    return {
        "id": str(started.id),
        "object": "checkout_session",
        "order": str(started.order_id),
        "order_number": started.order_number,
        "url": started.url,
        "expires_at": started.expires_at.isoformat(),
        "total": {"amount": started.total.amount, "currency": started.total.currency},
    }


def replayed(stored: Answer) -> Started:
    body = orjson.loads(stored.body)
    return Started(
        id=CheckoutId.parse(body["id"]),
        order_id=OrderId.parse(body["order"]),
        order_number=body["order_number"],
        url=body["url"],
        expires_at=datetime.fromisoformat(body["expires_at"]),
        total=Money(body["total"]["amount"], body["total"]["currency"]),
        replayed=True,
    )


def terms_of(world: World) -> Terms:
    return Terms(
        provider=world.provider.name,
        livemode=world.provider.livemode,
        base_url=world.settings.base_url,
        open_for=timedelta(minutes=world.settings.checkout_minutes),
    )
