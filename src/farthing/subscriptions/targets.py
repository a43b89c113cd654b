"""What a running subscription can become, as the catalog says. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

from farthing.catalog import Catalog, PlanPrice, Product, SubscriptionPlan
from farthing.errors import Conflict, Invalid, NotFound
from farthing.money import Money
from farthing.subscriptions.model import USABLE, Subscription

Kind = Literal["upgrade", "downgrade", "quantity", "interval", "price", "coupon"]
Effective = Literal["now", "period_end"]

DAYS: Final = {"day": 1, "week": 7, "month": 30, "year": 365}
"""About: to compare prices of different intervals, and for nothing that is charged."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to change; what is left out stays. `current_price`: what new buyers pay now, instead of the price once bought.

    `effective` None: what costs more at once, and what costs less with the period that is paid. `coupon` is one of the
    provider's, put on instead of those there are; "" takes them off. `promotion_code` is one of ours, and puts on its coupon.
    None of them goes with another change.
    """

    plan: str | None = None
    price: str | None = None
    quantity: int | None = None
    currency: str | None = None
    current_price: bool = False
    effective: Effective | None = None
    coupon: str | None = None
    promotion_code: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What it will be. `listed` is the catalog's price, to be looked up at the provider; None keeps the one that was bought."""

    kind: Kind
    effective: Effective
    plan: str
    price: str | None
    quantity: int
    unit: Money
    interval: str
    interval_count: int
    listed: PlanPrice | None = None
    coupon: str | None = None
    promotion_code: str | None = None


def choose(sells: Catalog, found: Subscription, wish: Wish) -> Target:
    """Raises NotFound, Invalid or Conflict for what it cannot become."""
    check_state(found)
    if wish.currency is not None and wish.currency != found.currency:
        raise Invalid(f"{found.id} is in {found.currency}: another currency needs another subscription.", param="currency")
    if wish.coupon is not None or wish.promotion_code is not None:
        return _coupon(found, wish)
    product, plan = _plan(sells, wish.plan or found.plan)
    if plan.group != found.plan_group:
        raise Conflict(
            f"{product.key!r} is of the group {plan.group!r}, {found.id} of {found.plan_group!r}: begin it beside this one.",
            param="plan",
        )
    listed = _listed(product, plan, found, wish)
    quantity = _quantity(plan, found, wish)
    if listed is None:
        target = _kept(found, quantity)
    else:
        unit = listed.amounts.get(found.currency)
        if unit is None:
            raise Invalid(
                f"The price {listed.key!r} of {product.key!r} is not in {found.currency}: another currency needs another "
                "subscription.",
                param="price",
            )
        target = Target("price", "now", product.key, listed.key, quantity, unit, listed.interval, listed.interval_count, listed)
    if _same(found, target):
        raise Conflict(f"{found.id} is {target.quantity} × {target.plan!r} at this price already: nothing would change.")
    return _timed(found, target, wish)


def check_state(found: Subscription) -> None:
    """Raises Conflict for one that is over, ends, is paused or owes money."""
    if not found.is_live:
        raise Conflict(f"{found.id} is over: begin a new subscription.", extra={"status": str(found.status)})
    if found.ends_at is not None:
        raise Conflict(f"{found.id} ends at {found.ends_at:%Y-%m-%d}: let it go on before it is changed.")
    if found.is_paused:
        raise Conflict(f"{found.id} is paused: let it go on before it is changed.", extra={"status": str(found.status)})
    if found.status not in USABLE:
        raise Conflict(
            f"{found.id} is {found.status}: its open invoice is paid before it is changed.", extra={"status": str(found.status)}
        )


def _coupon(found: Subscription, wish: Wish) -> Target:
    named = "coupon" if wish.promotion_code is None else "promotion_code"
    if wish.plan or wish.price or wish.quantity is not None or wish.current_price:
        raise Invalid("A coupon is put on or taken off by itself: change the plan before or after.", param=named)
    if wish.coupon is not None and wish.promotion_code is not None:
        raise Invalid("Name a coupon of the provider or a promotion code, and not both.", param=named)
    if wish.effective == "period_end":
        raise Invalid("A coupon counts from the next invoice on: leave out when.", param="when")
    if wish.coupon and (len(wish.coupon) > 200 or not wish.coupon.isprintable()):
        raise Invalid("A coupon is named by at most 200 printable characters.", param="coupon")
    kept = _kept(found, found.quantity)
    return Target(
        "coupon",
        "now",
        kept.plan,
        kept.price,
        kept.quantity,
        kept.unit,
        kept.interval,
        kept.interval_count,
        coupon=wish.coupon,
        promotion_code=wish.promotion_code,
    )


def _plan(sells: Catalog, key: str) -> tuple[Product, SubscriptionPlan]:
    product = sells.products.get(key)
    if product is None:
        plans = ", ".join(each.key for each in sells.products.values() if each.plan is not None and each.active)
        raise NotFound(f"There is no plan {key[:63]!r}: there are {plans or 'none'}.", param="plan")
    if product.plan is None:
        raise Invalid(f"{key!r} is no plan, but of kind {product.kind!r}: it is bought in an order.", param="plan")
    return product, product.plan


def _listed(product: Product, plan: SubscriptionPlan, found: Subscription, wish: Wish) -> PlanPrice | None:
    """The price to move to; None where the one that was bought stays, also one that is retired or has another amount now."""
    same_plan = product.key == found.plan
    if same_plan and wish.price in (None, found.price) and not wish.current_price:
        return None
    if not same_plan and not product.active:
        raise Conflict(f"{product.key!r} is not for sale at the moment.", param="plan")
    named = wish.price
    if named is None and same_plan:
        named = found.price
    if named is None:
        named = _alike(plan, found)
    return plan.price(named)


def _alike(plan: SubscriptionPlan, found: Subscription) -> str | None:
    """The one price for sale that is paid as often as the one that was bought."""
    rhythm = (found.interval, found.interval_count)
    alike = [each.key for each in plan.prices.values() if each.active and (each.interval, each.interval_count) == rhythm]
    return alike[0] if len(alike) == 1 else None


def _quantity(plan: SubscriptionPlan, found: Subscription, wish: Wish) -> int:
    if wish.quantity is None and plan.seats_max < found.quantity:
        raise Invalid(
            f"The plan has {plan.seats_max} seats at most, and {found.id} has {found.quantity}: say how many.", param="quantity"
        )
    quantity = max(found.quantity, plan.seats_min) if wish.quantity is None else wish.quantity
    plan.check_seats(quantity)
    return quantity


def _kept(found: Subscription, quantity: int) -> Target:
    return Target("quantity", "now", found.plan, found.price, quantity, found.unit, found.interval, found.interval_count)


def _same(found: Subscription, target: Target) -> bool:
    mine = (found.plan, found.price, found.quantity, found.unit, found.interval, found.interval_count)
    return mine == (target.plan, target.price, target.quantity, target.unit, target.interval, target.interval_count)


def _timed(found: Subscription, target: Target, wish: Wish) -> Target:
    """Its kind, and when it happens. In a trial nothing is paid yet, so there is no period to wait for."""
    old_days, new_days = DAYS[found.interval] * found.interval_count, DAYS[target.interval] * target.interval_count
    before, after = found.amount.amount * new_days, target.unit.amount * target.quantity * old_days
    rhythm = old_days != new_days
    kind: Kind
    if target.plan != found.plan:
        kind = "upgrade" if after >= before else "downgrade"
    elif rhythm:
        kind = "interval"
    else:
        kind = "price" if target.listed is not None else "quantity"
    less = new_days < old_days if kind == "interval" else after < before
    effective: Effective = wish.effective or ("period_end" if less else "now")
    if found.trial_end is not None and found.status == "trialing":
        effective = "now"
    return Target(
        kind,
        effective,
        target.plan,
        target.price,
        target.quantity,
        target.unit,
        target.interval,
        target.interval_count,
        target.listed,
    )
