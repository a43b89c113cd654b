"""What is written about a visit to the payment page: begun, open, over."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from farthing import catalog, customers, discounts, events, fulfillment, orders, payments
from farthing.catalog import PricedCart
from farthing.checkout import store
from farthing.checkout.model import Checkout
from farthing.customers import Customer
from farthing.db import Transaction
from farthing.discounts import Coupon, Offer
from farthing.ids import CheckoutId
from farthing.lifecycles import CHECKOUT, ORDER, CheckoutStatus
from farthing.money import Money, check_chargeable
from farthing.orders import NewLine, Order
from farthing.payments import Payment
from farthing.providers import CheckoutRequest, RequestedItem, SeenCheckout

RETURN_PATH: Final = "/checkout/return?session_id={CHECKOUT_SESSION_ID}"


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who pays: a user of the host by its own id, or a guest by an address."""

    external_id: str | None = None
    email: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A priced cart, who wants it, and where the buyer goes afterwards."""

    cart: PricedCart
    buyer: Buyer
    success_url: str
    cancel_url: str
    metadata: Mapping[str, str]
    promotion_code: str | None = None
    """As it was typed."""
    coupons: Mapping[str, Coupon] = field(default_factory=dict)
    """Those of farthing.toml."""
    locale: str | None = None
    save_method: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """What this installation says about every checkout."""

    provider: str
    livemode: bool
    base_url: str
    open_for: timedelta


async def begin(tx: Transaction, wanted: Wanted, terms: Terms) -> Checkout:
    """Commit to the intention: customer, order, payment and session, before anybody is called."""
    buyer = wanted.buyer
    customer = await customers.remember(tx, external_id=buyer.external_id, email=buyer.email, name=buyer.name)
    offer = await _offer(tx, wanted, terms, customer)
    if offer is not None:
        wanted = replace(wanted, cart=catalog.discounted(wanted.cart, offer))
    check_chargeable(wanted.cart.total)
    if customer.external_id is not None:
        await customers.want(tx, customer, terms.provider, livemode=terms.livemode, soon=False)
    order = await orders.place(
        tx,
        customer=customer.id,
        email=buyer.email or customer.email,
        lines=[await fulfillment.check(tx, customer.id, _line(line)) for line in wanted.cart.lines],
        total=wanted.cart.total,
        expires_at=tx.now + terms.open_for,
        livemode=terms.livemode,
        metadata=wanted.metadata,
        locale=wanted.locale,
    )
    if offer is not None:
        await discounts.reserve(tx, offer, order.id, customer.id, wanted.cart.discounts[-1].amount)
    payment = await payments.open_payment(tx, order, terms.provider)
    checkout = await _new(tx, wanted, terms, order, payment, customer)
    await store.insert(tx, checkout, livemode=terms.livemode)
    await events.record(tx, "checkout.started", order=order.id, checkout=checkout.id, payment=payment.id)
    return checkout


async def attach(tx: Transaction, checkout: Checkout, seen: SeenCheckout) -> Checkout:
    """The provider answered: keep its page. Whoever comes second finds it attached."""
    await orders.lock(tx, checkout.order_id)
    current = await store.lock(tx, checkout.id)
    if not CHECKOUT.allows(current.status, "open") or seen.url is None:
        return current
    await store.save_open(tx, checkout.id, seen.id, seen.url)
    await events.record(tx, "checkout.opened", order=checkout.order_id, checkout=checkout.id)
    return await store.get(tx, checkout.id)


async def close(tx: Transaction, id: CheckoutId, seen: SeenCheckout) -> None:
    """The page is done with: paid for, or expired and with it the order that nobody can pay any more."""
    found = await store.get(tx, id)
    order = await orders.lock(tx, found.order_id)
    checkout = await store.lock(tx, id)
    if seen.status == "complete" and CHECKOUT.allows(checkout.status, "complete"):
        await store.save_closed(tx, id, CheckoutStatus.COMPLETE, seen.id)
        await events.record(tx, "checkout.completed", order=order.id, checkout=id)
    elif seen.status == "expired" and CHECKOUT.allows(checkout.status, "expire"):
        await store.save_closed(tx, id, CheckoutStatus.EXPIRED, seen.id)
        await events.record(tx, "checkout.expired", order=order.id, checkout=id)
        await payments.cancel_payment(tx, checkout.payment_id)
        await orders.close_unpaid(tx, order)


async def give_up(tx: Transaction, id: CheckoutId, reason: str) -> None:
    """The provider will not make the page: nobody can pay this order."""
    found = await store.get(tx, id)
    order = await orders.lock(tx, found.order_id)
    checkout = await store.lock(tx, id)
    if not CHECKOUT.allows(checkout.status, "fail"):
        return
    await store.save_closed(tx, id, CheckoutStatus.FAILED)
    await events.record(tx, "checkout.failed", order=order.id, checkout=id, reason=reason)
    await payments.cancel_payment(tx, checkout.payment_id)
    if ORDER.allows(order.status, "cancel"):
        await orders.cancel(tx, order)


async def _offer(tx: Transaction, wanted: Wanted, terms: Terms, customer: Customer) -> Offer | None:
    """What the code that was typed is worth to this customer now."""
    if wanted.promotion_code is None:
        return None
    offer = await discounts.find_offer(tx, wanted.coupons, wanted.promotion_code)
    offer.check(tx.now, has_bought=await orders.has_bought(tx, customer.id, livemode=terms.livemode))
    return offer


async def _new(tx: Transaction, wanted: Wanted, terms: Terms, order: Order, payment: Payment, customer: Customer) -> Checkout:
    id = CheckoutId.new()
    known = await catalog.provider_price_ids(tx, terms.provider, livemode=terms.livemode)
    return Checkout(
        id=id,
        order_id=order.id,
        payment_id=payment.id,
        provider=terms.provider,
        status=CheckoutStatus.STARTING,
        provider_checkout_id=None,
        url=None,
        request=CheckoutRequest(
            items=[_item(wanted.cart, line, known) for line in wanted.cart.lines],
            total=wanted.cart.total,
            success_url=terms.base_url + RETURN_PATH,
            cancel_url=wanted.cancel_url,
            expires_at=order.expires_at,
            reference=str(id),
            payment_reference=str(payment.id),
            order_number=str(order.number),
            email=order.email,
            # A guest is whoever says so: nobody's saved cards, nobody's history, only an address to begin with.
            customer_reference=None if customer.external_id is None else str(customer.id),
            save_method=wanted.save_method and customer.external_id is not None,
        ),
        success_url=wanted.success_url,
        cancel_url=wanted.cancel_url,
        started_at=tx.now,
        expires_at=order.expires_at,
    )


def _item(cart: PricedCart, line: catalog.PricedLine, known: Mapping[str, tuple[str, Money]]) -> RequestedItem:
    """Their price where it is the one we ask for, else name and amount: never a price that is not ours.

    A line that something is taken off is asked for as one thing at what remains: so its amount is exact for any quantity, and
    the words beside it say how it came about.
    """
    if line.discount:
        return _reduced_item(cart, line)
    price_id, unit = known.get(catalog.lookup_key(line.product.key, line.unit.currency), (None, None))
    if unit != line.unit or line.content is not None:
        price_id = None
    description = line.product.description if line.content is not None else None
    return RequestedItem(line.product.name, line.quantity, line.unit, price_id, description)


def _reduced_item(cart: PricedCart, line: catalog.PricedLine) -> RequestedItem:
    taken = [(why.code or why.name, off) for why, off in zip(cart.discounts, line.discounts, strict=True) if off]
    words = "; ".join([f"{line.quantity} × {line.unit}", *(f"{name}: −{off}" for name, off in taken)])
    name = line.product.name if line.quantity == 1 else f"{line.quantity} × {line.product.name}"
    return RequestedItem(name, 1, line.total, description=words)


def _line(line: catalog.PricedLine) -> NewLine:
    product = line.product
    return NewLine(
        product=product.key,
        kind=product.kind,
        name=product.name,
        quantity=line.quantity,
        unit=line.unit,
        features=product.features,
        access_days=product.access_days,
        metadata=line.metadata,
        discount_amount=line.discount.amount,
        details=product.options,
        addon_of=product.addon_of,
        addon_max=product.addon_max,
        base=line.base,
        for_line=line.for_line,
    )
