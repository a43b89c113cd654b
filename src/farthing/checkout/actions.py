"""What is written about a visit to the payment page: begun, open, over."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from farthing import addresses, catalog, customers, discounts, events, fulfillment, orders, payments, tax
from farthing.addresses import Address
from farthing.catalog import PricedCart, Product, ShippingRate
from farthing.checkout import asking, store
from farthing.checkout.model import Checkout
from farthing.customers import Customer
from farthing.db import Transaction
from farthing.discounts import Coupon, Offer
from farthing.ids import CheckoutId
from farthing.lifecycles import CHECKOUT, ORDER, CheckoutStatus, OrderStatus
from farthing.money import check_chargeable
from farthing.orders import NewLine, Order
from farthing.providers import CaptureMethod, SeenCheckout
from farthing.shares import FeeRule, split


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
    capture_method: CaptureMethod | None = None
    """None: as the products say."""
    address: Address | None = None
    """Where what is sent goes."""
    rate: ShippingRate | None = None
    """What the way there costs; None: nothing is said about it."""
    fees: Sequence[FeeRule] = ()
    """What is kept of what sellers sell."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What this installation says about every checkout."""

    provider: str
    livemode: bool
    base_url: str
    open_for: timedelta


async def begin(tx: Transaction, wanted: Wanted, terms: Terms) -> Checkout:
    """Commit to the intention: customer, order, payment and session, before anybody is called.

    An order that costs nothing is paid here and now: nobody is called.
    """
    order, cart = await place(tx, wanted, terms)
    if order.status == OrderStatus.PAID:
        return await _free(tx, wanted, terms, order)
    return await open_page(
        tx,
        order,
        terms,
        cart=cart,
        success_url=wanted.success_url,
        cancel_url=wanted.cancel_url,
        capture_method=wanted.capture_method or capture_method_of([line.product for line in cart.lines]),
        save_method=wanted.save_method,
    )


async def look(tx: Transaction, wanted: Wanted) -> None:
    """Raise OutOfStock for what is gone already. Keeps nothing: that there is enough is decided when the order is placed."""
    await fulfillment.left(tx, [_line(line, wanted.fees) for line in wanted.cart.lines])


async def place(tx: Transaction, wanted: Wanted, terms: Terms) -> tuple[Order, PricedCart]:
    """Store the order at the price of the cart, less what a code takes off. One that costs nothing is paid and handed over."""
    buyer = wanted.buyer
    customer = await customers.remember(tx, external_id=buyer.external_id, email=buyer.email, name=buyer.name)
    offer = await _offer(tx, wanted, terms, customer)
    cart = catalog.delivered(wanted.cart if offer is None else catalog.discounted(wanted.cart, offer), wanted.rate)
    if cart.total:
        check_chargeable(cart.total)
        if customer.external_id is not None:
            await customers.want(tx, customer, terms.provider, livemode=terms.livemode, soon=False)
    order = await orders.place(
        tx,
        customer=customer.id,
        email=buyer.email or customer.email,
        lines=[_taxed(await fulfillment.check(tx, customer.id, _line(line, wanted.fees)), line.product) for line in cart.lines],
        total=cart.total,
        expires_at=tx.now + terms.open_for,
        livemode=terms.livemode,
        metadata=wanted.metadata,
        locale=wanted.locale,
    )
    if wanted.address is not None:
        await addresses.keep(tx, order.id, wanted.address)
    if offer is not None:
        await discounts.reserve(tx, offer, order.id, customer.id, cart.discounts[-1].amount)
    # The last thing: whoever wants the same thing waits no longer than it takes to commit.
    await fulfillment.place(tx, order)
    if not order.total:
        order = await orders.mark_paid(tx, order)
        await fulfillment.grant(tx, order)
    return order, cart


async def open_page(
    tx: Transaction,
    order: Order,
    terms: Terms,
    *,
    cart: PricedCart | None,
    success_url: str,
    cancel_url: str,
    capture_method: CaptureMethod,
    own_order: bool = True,
    save_method: bool = False,
) -> Checkout:
    """Commit to a page for an unpaid order. The caller placed it, or holds its lock and closed the former way to pay.

    `cart` is what it was placed for, where that is at hand: the page then says why something is taken off.
    """
    order = await orders.extend(tx, order, tx.now + terms.open_for)
    payment = await payments.open_payment(tx, order, terms.provider, capture_method=capture_method)
    id = CheckoutId.new()
    checkout = Checkout(
        id=id,
        order_id=order.id,
        payment_id=payment.id,
        provider=terms.provider,
        status=CheckoutStatus.STARTING,
        provider_checkout_id=None,
        url=None,
        request=await asking.request_for(
            tx,
            order,
            payment,
            cart=cart,
            provider=terms.provider,
            base_url=terms.base_url,
            cancel_url=cancel_url,
            reference=str(id),
            save_method=save_method,
        ),
        success_url=success_url,
        cancel_url=cancel_url,
        started_at=tx.now,
        expires_at=order.expires_at,
        own_order=own_order,
    )
    await store.insert(tx, checkout, livemode=terms.livemode)
    await events.record(tx, "checkout.started", order=order.id, checkout=checkout.id, payment=payment.id)
    return checkout


def capture_method_of(products: Sequence[Product]) -> CaptureMethod:
    """An order is captured by hand where anything in it is."""
    return "manual" if any(product.capture == "manual" for product in products) else "automatic"


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
        assert checkout.payment_id is not None, "what is free was never open"
        await payments.cancel_payment(tx, checkout.payment_id)
        if checkout.replaced_at is None or order.cancel_requested_at is not None:
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
    assert checkout.payment_id is not None, "what is free is asked of nobody"
    await payments.cancel_payment(tx, checkout.payment_id)
    ends = checkout.own_order or order.cancel_requested_at is not None
    if ends and checkout.replaced_at is None and ORDER.allows(order.status, "cancel"):
        await orders.cancel(tx, order)


async def _offer(tx: Transaction, wanted: Wanted, terms: Terms, customer: Customer) -> Offer | None:
    """What the code that was typed is worth to this customer now."""
    if wanted.promotion_code is None:
        return None
    offer = await discounts.find_offer(tx, wanted.coupons, wanted.promotion_code)
    offer.check(tx.now, has_bought=await orders.has_bought(tx, customer.id, livemode=terms.livemode))
    return offer


async def _free(tx: Transaction, wanted: Wanted, terms: Terms, order: Order) -> Checkout:
    """Nothing is to be paid: the visit is over before it began. Its name opens the page that thanks, so it is a secret."""
    checkout = Checkout(
        id=CheckoutId.new(),
        order_id=order.id,
        payment_id=None,
        provider=terms.provider,
        status=CheckoutStatus.COMPLETE,
        provider_checkout_id=f"free_{secrets.token_urlsafe(32)}",
        url=None,
        request=None,
        success_url=wanted.success_url,
        cancel_url=wanted.cancel_url,
        started_at=tx.now,
        expires_at=order.expires_at,
    )
    await store.insert(tx, checkout, livemode=terms.livemode)
    await events.record(tx, "checkout.completed", order=order.id, checkout=checkout.id)
    return checkout


def _taxed(line: NewLine, product: catalog.Product) -> NewLine:
    """The rate of the tax in its price is copied in as the price is."""
    return line if product.tax_rate is None else replace(line, details={**line.details, tax.RATE: product.tax_rate})


def _line(line: catalog.PricedLine, fees: Sequence[FeeRule]) -> NewLine:
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
        details={**product.options, **_shared(line, fees)},
        addon_of=product.addon_of,
        addon_max=product.addon_max,
        base=line.base,
        for_line=line.for_line,
    )


def _shared(line: catalog.PricedLine, fees: Sequence[FeeRule]) -> Mapping[str, int]:
    """Who gets how much of a seller's line, agreed when it is ordered: what it costs is shared, less what is taken off."""
    options = line.product.options
    if line.listing is None:
        return {}
    shares = split(
        line.total,
        fees,
        seller=options["seller"],
        category=options["category"],
        platform_points=options["fee_basis_points"],
    )
    return {
        "platform_fee_amount": shares.platform_fee.amount,
        "organization_fee_amount": shares.organization_fee.amount,
        "seller_share_amount": shares.seller_share.amount,
    }
