"""The intention to begin a subscription, and what becomes of it in the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from farthing import catalog, customers, discounts, events
from farthing.catalog import Catalog, PlanPrice, Product, TrialMark
from farthing.customers import Customer, PaymentMethod
from farthing.db import Transaction
from farthing.discounts import Offer
from farthing.errors import Conflict, Invalid, NotFound, TrialUsed
from farthing.ids import CustomerId, PaymentMethodId, SubscriptionStartId
from farthing.lifecycles import SUBSCRIPTION_START, CheckoutStatus, SubscriptionStatus
from farthing.money import Money
from farthing.providers import SubscriptionRequest
from farthing.subscriptions import discounting, starts, store, trials
from farthing.subscriptions.model import PlanDiscount, Start, Subscription, Way
from farthing.subscriptions.trials import SAID

IN_FLIGHT = timedelta(seconds=30)
"""For so long nobody else takes over what somebody is just asking for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A plan, and who wants it. `external_id` is the host's own id of its user: a subscription belongs to somebody known.

    With `success_url` and `cancel_url` it begins on a payment page. Without, directly: `method` is charged, or the customer's
    default one where `use_default` says so; with neither the buyer's browser pays. `trial` None: as the plan says, once.
    """

    plan: str
    external_id: str
    price: str | None = None
    quantity: int | None = None
    currency: str | None = None
    email: str | None = None
    name: str | None = None
    trial: bool | None = None
    success_url: str | None = None
    cancel_url: str | None = None
    method: PaymentMethodId | None = None
    use_default: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    promotion_code: str | None = None

    @property
    def way(self) -> Way:
        return "direct" if self.success_url is None else "page"


@dataclass(frozen=True, slots=True)
class Terms:
    provider: str
    livemode: bool
    open_for: timedelta


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the catalog says to a wish."""

    product: Product
    plan: catalog.SubscriptionPlan
    price: PlanPrice
    quantity: int
    unit: Money


@dataclass(frozen=True, slots=True)
class Quoted:
    """What beginning it would cost: each period, and less as long as the discount counts."""

    chosen: Chosen
    discount: PlanDiscount | None
    trial_days: int | None

    @property
    def amount(self) -> Money:
        return self.chosen.unit * self.chosen.quantity

    @property
    def first_amount(self) -> Money:
        return self.amount - Money(0 if self.discount is None else self.discount.off, self.amount.currency)


class Occupied(Exception):
    """Something of the group is in the way that may be taken out of it: a page, or a subscription that was never paid."""

    def __init__(self, by: Start | Subscription) -> None:
        super().__init__(str(by.id))
        self.by = by


def choose(sells: Catalog, wanted: Wanted) -> Chosen:
    """Raises NotFound, Invalid or Conflict for what is not sold so."""
    product = sells.products.get(wanted.plan)
    if product is None:
        plans = ", ".join(each.key for each in sells.products.values() if each.plan is not None and each.active)
        raise NotFound(f"There is no plan {wanted.plan[:63]!r}: there are {plans or 'none'}.", param="plan")
    if product.plan is None:
        raise Invalid(f"{wanted.plan!r} is no plan, but of kind {product.kind!r}: it is bought in an order.", param="plan")
    if not product.active:
        raise Conflict(f"{wanted.plan!r} is not for sale at the moment.", param="plan")
    price = product.plan.price(wanted.price)
    quantity = product.plan.seats_min if wanted.quantity is None else wanted.quantity
    product.plan.check_seats(quantity)
    currency = wanted.currency or (sells.currency if sells.currency in price.amounts else next(iter(price.amounts)))
    unit = price.amounts.get(currency)
    if unit is None:
        sold_in = ", ".join(sorted(price.amounts))
        raise Invalid(f"The price {price.key!r} of {wanted.plan!r} is in {sold_in}, not in {currency}.", param="currency")
    return Chosen(product, product.plan, price, quantity, unit)


async def begin(tx: Transaction, sells: Catalog, wanted: Wanted, terms: Terms) -> Start | Subscription:
    """Commit to the intention, before anybody is called. The same wish again, while it is open, is the same start.

    Raises Conflict where the customer has a plan of the group, Occupied where something is in the way that may go. Answers with
    a subscription where the same was begun and waits for its first payment.
    """
    chosen = choose(sells, wanted)
    person = await customers.remember(tx, external_id=wanted.external_id, email=wanted.email, name=wanted.name)
    await customers.want(tx, person, terms.provider, livemode=terms.livemode, soon=False)
    await customers.lock(tx, person.id)
    card = await _card(tx, wanted, person, terms)
    price_id = await catalog.plan_price_id(
        tx, terms.provider, chosen.product.key, chosen.price, chosen.unit.currency, livemode=terms.livemode
    )
    if price_id is None:
        raise Conflict(f"{chosen.product.key!r} is not at the provider as it is sold here: run `farthing catalog apply`.")
    waiting = await _unpaid(tx, person, chosen, terms)
    offer, discount = await _offer(tx, sells, wanted, chosen, person, terms)
    trial_days, known_by = await _trial(tx, sells, wanted, chosen, person, terms)
    start = replace(_new(tx, wanted, chosen, person, terms, price_id, card, trial_days), discount=discount)
    if offer is not None:
        copy = await discounting.copied(tx, sells, offer.coupon, chosen.unit.currency, terms.provider, livemode=terms.livemode)
        start = replace(start, request=replace(start.request, coupon_id=copy))
    if sells.legal is not None and sells.legal.automatic_tax:
        start = replace(start, request=replace(start.request, automatic_tax=True))
    found = await _there(tx, person, start, offer, waiting)
    if found is not None:
        return found
    await starts.insert(tx, start)
    if offer is not None and discount is not None:
        await discounts.reserve(tx, offer, start.id, person.id, Money(discount.off, chosen.unit.currency))
    if trial_days is not None:
        await trials.claim(tx, sells, start, person)
    elif known_by is not None:
        about = {"customer": person.id, "plan": start.plan, "group": start.plan_group, "mark": known_by}
        await events.record(tx, "trial.refused", order=None, start=start.id, **about, outcome="without")
    await events.record(
        tx,
        "subscription.requested",
        start=start.id,
        customer=person.id,
        plan=start.plan,
        price=start.price,
        quantity=start.quantity,
        way=start.way,
    )
    return start


async def _unpaid(tx: Transaction, person: Customer, chosen: Chosen, terms: Terms) -> Subscription | None:
    """What waits for its first payment. Raises Conflict where they have a plan of the group."""
    for live in await store.live_of(tx, person.id, chosen.plan.group, livemode=terms.livemode):
        if live.status != SubscriptionStatus.INCOMPLETE:
            raise Conflict(
                f"The customer has {live.plan!r} already ({live.id}): change its plan instead of beginning another.",
                extra={"subscription": str(live.id), "plan": live.plan},
            )
        return live
    return None


async def _there(
    tx: Transaction, person: Customer, start: Start, offer: Offer | None, waiting: Subscription | None
) -> Start | Subscription | None:
    """What was begun and is the same. Raises Occupied where it is another one, and Conflict where the code were no use then."""
    former: Start | None
    by: Start | Subscription
    if waiting is not None:
        former, by = None if waiting.start_id is None else await starts.get(tx, waiting.start_id), waiting
        if _same(waiting, former, start):
            return waiting
    else:
        former = await starts.find_open(tx, person.id, start.plan_group, livemode=start.livemode)
        if former is None:
            return None
        if former.wants_the_same(start) and former.expires_at > tx.now + timedelta(minutes=1):
            return former
        by = former
    if offer is not None:
        await discounting.check_room(tx, offer, person.id, former)
    raise Occupied(by)


async def _offer(
    tx: Transaction, sells: Catalog, wanted: Wanted, chosen: Chosen, person: Customer | None, terms: Terms
) -> tuple[Offer | None, PlanDiscount | None]:
    if wanted.promotion_code is None:
        return None, None
    return await discounting.offered(
        tx,
        sells,
        wanted.promotion_code,
        plan=chosen.product.key,
        amount=chosen.unit * chosen.quantity,
        customer=None if person is None else person.id,
        livemode=terms.livemode,
    )


async def preview(tx: Transaction, sells: Catalog, wanted: Wanted, terms: Terms) -> Quoted:
    """What it would cost to begin it. Writes nothing; raises as beginning it would, but for a plan that is there already."""
    chosen = choose(sells, wanted)
    person = await customers.find_by_external_id(tx, wanted.external_id)
    offer, discount = await _offer(tx, sells, wanted, chosen, person, terms)
    if offer is not None:
        held = None
        if person is not None:
            held = await starts.find_open(tx, person.id, chosen.plan.group, livemode=terms.livemode)
        await discounts.check_available(
            tx, offer, None if person is None else person.id, instead_of=None if held is None else held.id
        )
    whoever = person or Customer(CustomerId.new(), wanted.external_id, wanted.email, wanted.name)
    return Quoted(chosen, discount, (await _trial(tx, sells, wanted, chosen, whoever, terms))[0])


async def _card(tx: Transaction, wanted: Wanted, person: Customer, terms: Terms) -> PaymentMethod | None:
    if wanted.method is None and not wanted.use_default:
        return None
    return await customers.to_charge(tx, person.id, terms.provider, livemode=terms.livemode, named=wanted.method)


async def _trial(
    tx: Transaction, sells: Catalog, wanted: Wanted, chosen: Chosen, person: Customer, terms: Terms
) -> tuple[int | None, TrialMark | None]:
    """For how many days; None, and by which mark somebody is known who tried before. The shop's own servers may give another.

    Raises TrialUsed where the shop refuses a second one instead."""
    days = chosen.plan.trial_days
    if wanted.trial is True and days is None:
        raise Invalid(f"{chosen.product.key!r} has no trial.", param="trial")
    if days is None or wanted.trial is False:
        return None, None
    if wanted.trial is True:
        return days, None
    mark = await trials.used(tx, sells, person, chosen.plan.group, livemode=terms.livemode)
    if mark is None:
        return days, None
    if sells.subscriptions.second_trial == "refused":
        about = {"customer": person.id, "plan": chosen.product.key, "group": chosen.plan.group, "mark": mark}
        raise TrialUsed(f"There is one trial for each customer, and {SAID[mark]}: begin without it.", about=about)
    return None, mark


def _new(
    tx: Transaction,
    wanted: Wanted,
    chosen: Chosen,
    person: Customer,
    terms: Terms,
    price_id: str,
    card: PaymentMethod | None,
    trial_days: int | None,
) -> Start:
    id = SubscriptionStartId.new()
    expires_at: datetime = tx.now + terms.open_for
    return Start(
        id=id,
        customer_id=person.id,
        provider=terms.provider,
        livemode=terms.livemode,
        plan=chosen.product.key,
        price=chosen.price.key,
        plan_group=chosen.plan.group,
        quantity=chosen.quantity,
        unit=chosen.unit,
        interval=chosen.price.interval,
        interval_count=chosen.price.interval_count,
        trial_days=trial_days,
        trial_given=wanted.trial is True,
        discount=None,
        way=wanted.way,
        status=CheckoutStatus.STARTING,
        provider_checkout_id=None,
        url=None,
        request=SubscriptionRequest(
            reference=str(id),
            price_id=price_id,
            quantity=chosen.quantity,
            customer_reference=str(person.id),
            trial_days=trial_days,
            trial_needs_card=chosen.plan.trial_needs_card,
            method=None if card is None else card.provider_method_id,
            success_url=wanted.success_url,
            cancel_url=wanted.cancel_url,
            expires_at=expires_at if wanted.way == "page" else None,
            metadata=wanted.metadata,
        ),
        success_url=wanted.success_url,
        cancel_url=wanted.cancel_url,
        metadata=wanted.metadata,
        failure=None,
        started_at=tx.now,
        expires_at=expires_at,
    )


def _same(live: Subscription, begun: Start | None, start: Start) -> bool:
    """Whether what waits for its first payment is what is wanted now."""
    mine, discount = (live.plan, live.price, live.quantity, live.unit), None if begun is None else begun.discount
    return (
        mine == (start.plan, start.price, start.quantity, start.unit) and start.way == "direct" and discount == start.discount
    )


async def attach(tx: Transaction, start: Start, provider_checkout_id: str, url: str) -> Start:
    """The provider answered: keep its page. Whoever comes second finds it kept."""
    await customers.lock(tx, start.customer_id)
    current = await starts.lock(tx, start.id)
    if SUBSCRIPTION_START.allows(current.status, "open"):
        await starts.save_open(tx, start.id, provider_checkout_id, url)
    return await starts.get(tx, start.id)


async def expire(tx: Transaction, start: Start, provider_checkout_id: str | None) -> None:
    """Nobody can pay on its page any more, and nobody has."""
    await customers.lock(tx, start.customer_id)
    current = await starts.lock(tx, start.id)
    if SUBSCRIPTION_START.allows(current.status, "expire"):
        await starts.save_closed(tx, start.id, CheckoutStatus.EXPIRED, provider_checkout_id=provider_checkout_id)
        await discounts.release(tx, start.id)
        await trials.release(tx, start)
        await events.record(tx, "subscription.start_expired", start=start.id, customer=start.customer_id, plan=start.plan)


async def fail(tx: Transaction, start: Start, reason: str) -> None:
    """The provider said no."""
    await customers.lock(tx, start.customer_id)
    current = await starts.lock(tx, start.id)
    if SUBSCRIPTION_START.allows(current.status, "fail"):
        await starts.save_closed(tx, start.id, CheckoutStatus.FAILED, failure=reason)
        await discounts.release(tx, start.id)
        await trials.release(tx, start)
        about = {"start": start.id, "customer": start.customer_id, "plan": start.plan, "reason": reason}
        await events.record(tx, "subscription.start_failed", order=None, **about)
