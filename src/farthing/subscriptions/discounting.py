"""Our coupons on plans: what a code takes off one, the provider's copy of its coupon, and who holds a use of it."""

import hashlib
from dataclasses import asdict, replace
from typing import Any

import orjson

from farthing import catalog, discounts, orders
from farthing.catalog import Catalog
from farthing.db import Row, Transaction
from farthing.discounts import PARAM, Coupon, Offer
from farthing.errors import Invalid, ProviderError
from farthing.ids import CustomerId
from farthing.lifecycles import SubscriptionStatus
from farthing.money import Money
from farthing.providers import CouponRequest
from farthing.subscriptions import store
from farthing.subscriptions.model import PlanDiscount, Start, Subscription
from farthing.world import World


async def offered(
    tx: Transaction, sells: Catalog, typed: str, *, plan: str, amount: Money, customer: CustomerId | None, livemode: bool
) -> tuple[Offer, PlanDiscount]:
    """What a code takes off a plan that costs `amount` each period. Raises NotFound, Conflict or Invalid as an order would."""
    offer = await discounts.find_offer(tx, sells.coupons, typed)
    bought = customer is not None and (
        await orders.has_bought(tx, customer, livemode=livemode) or await store.has_begun(tx, customer, livemode=livemode)
    )
    offer.check(tx.now, has_bought=bought)
    coupon = offer.coupon
    if coupon.products and plan not in coupon.products:
        raise Invalid(f"{coupon.name!r} is not for the plan {plan!r}.", param=PARAM)
    (off,) = coupon.taken_off([(plan, amount)], "plan")
    found = PlanDiscount(coupon.key, offer.code.code, coupon.name, off.amount, coupon.duration, coupon.duration_months)
    return offer, found


async def copied(tx: Transaction, sells: Catalog, coupon: Coupon, currency: str, provider: str, *, livemode: bool) -> str:
    """The id of its copy at the provider, which is written down here and made by `ensure`."""
    request = await _request(tx, sells, coupon, currency, provider, livemode)
    lost: int = await tx.value(
        """
        SELECT count(*) AS lost FROM provider_coupons
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND rule = %(rule)s AND lost_at IS NOT NULL
        """,
        provider=provider,
        livemode=livemode,
        rule=request.id,
    )
    rule, request = request.id, replace(request, id=f"{request.id}_{lost + 1}") if lost else request
    await tx.run(
        """
        INSERT INTO provider_coupons (provider, livemode, id, coupon_key, rule, request, asked_at)
        VALUES (%(provider)s, %(livemode)s, %(id)s, %(key)s, %(rule)s, %(request)s, %(now)s)
        ON CONFLICT DO NOTHING
        """,
        provider=provider,
        livemode=livemode,
        id=request.id,
        key=coupon.key,
        rule=rule,
        request=orjson.dumps(asdict(request)).decode(),
        now=tx.now,
    )
    return request.id


async def _request(
    tx: Transaction, sells: Catalog, coupon: Coupon, currency: str, provider: str, livemode: bool
) -> CouponRequest:
    """Limits stay with us: the provider would count a use that somebody gave back."""
    amount = coupon.amounts.get(currency)
    plans = [key for key in coupon.products if (product := sells.products.get(key)) is not None and product.plan is not None]
    ids = [await catalog.find_product_id(tx, provider, key, livemode=livemode) for key in plans]
    rule: dict[str, Any] = {
        "coupon": coupon.key,
        "name": coupon.name,
        "duration": coupon.duration,
        "months": coupon.duration_months,
        "percent": None if coupon.basis_points is None else _percent(coupon.basis_points),
        "off": None if amount is None else amount.amount,
        "currency": None if amount is None else amount.currency,
        "products": sorted(id for id in ids if id is not None),
    }
    digest = hashlib.sha256(orjson.dumps(rule, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]
    return CouponRequest(id=f"farthing_{coupon.key}_{digest}", **rule)


def _percent(basis_points: int) -> str:
    whole, part = divmod(basis_points, 100)
    return f"{whole}.{part:02}" if part else str(whole)


async def ensure(world: World, id: str, *, actor: str) -> None:
    """Let the provider have the copy. Safe to repeat: its id is ours. One that is the provider's own needs nothing."""
    provider = world.provider
    async with world.db.transaction(actor) as tx:
        found = await tx.find(
            _asked,
            """
            SELECT request, made_at FROM provider_coupons
            WHERE provider = %(provider)s AND livemode = %(livemode)s AND id = %(id)s
            """,
            provider=provider.name,
            livemode=provider.livemode,
            id=id,
        )
    if found is None or found[1]:
        return
    await provider.create_coupon(found[0], key=id)

    async def work(tx: Transaction) -> None:
        await tx.run(
            """
            UPDATE provider_coupons SET made_at = %(now)s
            WHERE provider = %(provider)s AND livemode = %(livemode)s AND id = %(id)s
            """,
            now=tx.now,
            provider=provider.name,
            livemode=provider.livemode,
            id=id,
        )

    await world.db.run(actor, work)


def says_it_is_gone(error: ProviderError) -> bool:
    """Somebody took the copy away at the provider."""
    return error.extra.get("provider_code") == "resource_missing" and any(
        word in str(error.extra.get("provider_param")) for word in ("coupon", "discounts")
    )


async def lose(tx: Transaction, id: str, provider: str, *, livemode: bool) -> None:
    """The next use makes another one."""
    await tx.run(
        """
        UPDATE provider_coupons SET lost_at = %(now)s
        WHERE provider = %(provider)s AND livemode = %(livemode)s AND id = %(id)s AND made_at IS NOT NULL AND lost_at IS NULL
        """,
        provider=provider,
        livemode=livemode,
        id=id,
        now=tx.now,
    )


async def settle_start(tx: Transaction, start: Start, found: Subscription) -> None:
    """The use of its start counts once the plan has begun, and is free again where it never will."""
    if start.discount is None or found.status == SubscriptionStatus.INCOMPLETE:
        return
    over = found.status in (SubscriptionStatus.INCOMPLETE_EXPIRED, SubscriptionStatus.CANCELED)
    if over and found.paid_until is None and found.trial_start is None:
        await discounts.release(tx, start.id)
    else:
        await discounts.consume(tx, start.id)


async def check_room(tx: Transaction, offer: Offer, customer: CustomerId, instead_of: Start | None) -> None:
    """Raise Conflict where the code could not be used, even after what is in the way has given its use back."""
    await discounts.check_available(tx, offer, customer, instead_of=None if instead_of is None else instead_of.id)


def _asked(row: Row) -> tuple[CouponRequest, bool]:
    return CouponRequest(**row["request"]), row["made_at"] is not None
