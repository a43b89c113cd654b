"""What can be done with coupons: find what a code is worth, hold a use of it for an order, and make or end one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from farthing import events
from farthing.db import Transaction
from farthing.discounts import store
from farthing.discounts.model import PARAM, Coupon, Offer, PromotionCode, Uses, in_catalog, normalized
from farthing.discounts.store import Redemption, Use
from farthing.errors import Conflict, NotFound
from farthing.ids import CustomerId, OrderId, RedemptionId, SubscriptionStartId
from farthing.lifecycles import RedemptionStatus
from farthing.money import Money


async def find_offer(tx: Transaction, coupons: Mapping[str, Coupon], typed: str) -> Offer:
    """What a code stands for: in farthing.toml (`coupons`), else what the staff made. Raises NotFound."""
    code = normalized(typed)
    if (offer := in_catalog(coupons, code)) is not None:
        return offer
    found = await store.find_code(tx, code)
    if found is None or found[0].source != "staff":
        raise NotFound(f"There is no promotion code {code}.", param=PARAM)
    coupon = await _coupon(tx, coupons, found[0].coupon)
    return Offer(coupon, found[0])


async def reserve(tx: Transaction, offer: Offer, use: Use, customer: CustomerId, amount: Money) -> None:
    """Hold one use for an order or a plan that is begun in this transaction. Of many at once, as many get one
    as there are left.

    Raises Conflict where none is left, or where this customer had theirs.
    """
    coupon, code = offer.coupon, offer.code
    await _write_down(tx, offer)
    used = Redemption(RedemptionId.new(), use, customer, coupon.key, code.code, amount, RedemptionStatus.RESERVED, tx.now, None)
    once = coupon.once_per_customer or coupon.first_purchase
    if once:
        await _check_unused(tx, offer, customer)
    if not await store.insert_redemption(tx, used, once=once):
        raise _used_before(code)
    if not await store.take_coupon(tx, coupon.key) or not await store.take_code(tx, code.code):
        raise _used_up(code)
    await events.record(
        tx,
        "coupon.reserved",
        **_about(use),
        coupon=coupon.key,
        code=code.code,
        amount={"amount": amount.amount, "currency": amount.currency},
    )


async def check_available(tx: Transaction, offer: Offer, customer: CustomerId | None, *, instead_of: Use | None = None) -> None:
    """Raise Conflict where `reserve` would at this moment, once what is held for `instead_of` is free. Holds nothing."""
    coupon, code = offer.coupon, offer.code
    if (coupon.once_per_customer or coupon.first_purchase) and customer is not None:
        await _check_unused(tx, offer, customer, beside=instead_of)
    held = None if instead_of is None else await store.redemption_of(tx, instead_of)
    if held is not None and held.status == RedemptionStatus.RESERVED and held.code == code.code:
        return
    used = (
        (await store.find_coupon(tx, coupon.key), coupon.redemptions_max),
        (await store.find_code(tx, code.code), code.redemptions_max),
    )
    for found, limit in used:
        if found is not None and limit is not None and found[1].reserved + found[1].redeemed >= limit:
            raise _used_up(code)


async def _check_unused(tx: Transaction, offer: Offer, customer: CustomerId, *, beside: Use | None = None) -> None:
    if await store.has_redeemed(tx, offer.coupon.key, customer, beside=beside):
        raise _used_before(offer.code)


def _used_before(code: PromotionCode) -> Conflict:
    return Conflict(f"You have used the code {code.code} already.", param=PARAM)


def _used_up(code: PromotionCode) -> Conflict:
    return Conflict(f"The code {code.code} is used up.", param=PARAM)


async def consume(tx: Transaction, use: Use) -> None:
    """It is paid: its use counts for good, also when its money goes back later. The caller holds the lock of the order, or of
    the plan's customer."""
    await _close(tx, use, RedemptionStatus.REDEEMED, "coupon.redeemed")


async def release(tx: Transaction, use: Use) -> None:
    """Nobody can pay it any more: its use is free for somebody else. The caller holds the same lock."""
    await _close(tx, use, RedemptionStatus.RELEASED, "coupon.released")


async def create_coupon(tx: Transaction, coupons: Mapping[str, Coupon], coupon: Coupon) -> Coupon:
    """Make one at run time. Raises Conflict where farthing.toml or the staff has one under this key."""
    made = replace(coupon, source="staff", codes=())
    if coupon.key in coupons or not await store.insert_coupon(tx, made):
        raise Conflict(f"There is a coupon {coupon.key!r} already: choose another key.", param="id")
    await events.record(tx, "coupon.created", coupon=coupon.key)
    return made


async def create_code(tx: Transaction, coupons: Mapping[str, Coupon], code: PromotionCode) -> PromotionCode:
    """Let a coupon be had for a code. Raises NotFound without the coupon, Conflict where the code is taken."""
    made = replace(code, code=normalized(code.code), source="staff")
    coupon = await _coupon(tx, coupons, code.coupon)
    taken = in_catalog(coupons, made.code) is not None
    if coupon.source == "catalog":
        await _write_coupon(tx, coupon)
    if taken or not await store.insert_code(tx, made):
        raise Conflict(f"There is a promotion code {made.code} already: choose another one.", param="code")
    await events.record(tx, "promotion_code.created", coupon=made.coupon, code=made.code)
    return made


async def deactivate_coupon(tx: Transaction, coupons: Mapping[str, Coupon], key: str) -> None:
    """No order may use it any more; those that hold a use keep it. Raises Conflict for one of farthing.toml."""
    coupon = await _coupon(tx, coupons, key)
    if coupon.source == "catalog":
        raise Conflict(f"The coupon {key!r} stands in farthing.toml: set active = false there.")
    if coupon.active:
        await store.deactivate_coupon(tx, key)
        await events.record(tx, "coupon.deactivated", coupon=key)


async def deactivate_code(tx: Transaction, coupons: Mapping[str, Coupon], typed: str) -> None:
    """Nobody may type it any more. Raises NotFound, and Conflict for one of farthing.toml."""
    offer = await find_offer(tx, coupons, typed)
    if offer.code.source == "catalog":
        raise Conflict(f"The code {offer.code.code} stands in farthing.toml: take it out there.")
    if offer.code.active:
        await store.deactivate_code(tx, offer.code.code)
        await events.record(tx, "promotion_code.deactivated", coupon=offer.coupon.key, code=offer.code.code)


async def _coupon(tx: Transaction, coupons: Mapping[str, Coupon], key: str) -> Coupon:
    if key in coupons:
        return coupons[key]
    found = await store.find_coupon(tx, key)
    if found is None:
        raise NotFound(f"There is no coupon {key[:63]!r}.", param="coupon")
    coupon = found[0]
    # It stood in farthing.toml once: what was used of it stays, and nobody uses it any more.
    return coupon if coupon.source == "staff" else replace(coupon, active=False)


async def _write_down(tx: Transaction, offer: Offer) -> None:
    """What farthing.toml says gets its row, and with it its counters, when it is first used."""
    if offer.coupon.source == "catalog":
        await _write_coupon(tx, offer.coupon)
    if offer.code.source == "catalog":
        found = await store.find_code(tx, offer.code.code)
        if found is None or found[0] != offer.code:
            await store.insert_code(tx, offer.code)


async def _write_coupon(tx: Transaction, coupon: Coupon) -> None:
    """Written only where it differs: the row of a coupon that many use is locked as briefly as can be."""
    found = await store.find_coupon(tx, coupon.key)
    if found is None or found[0] != _as_kept(coupon, found[1]):
        await store.insert_coupon(tx, coupon)


def _as_kept(coupon: Coupon, uses: Uses) -> Coupon:
    """As its row would be: the codes have rows of their own, and a lowered limit stops at what is used."""
    limit = coupon.redemptions_max
    if limit is not None:
        limit = max(limit, uses.reserved + uses.redeemed)
    return replace(coupon, codes=(), redemptions_max=limit)


async def _close(tx: Transaction, use: Use, status: RedemptionStatus, event: events.EventName) -> None:
    found = await store.close_redemption(tx, use, status)
    if found is not None:
        await events.record(tx, event, **_about(use), coupon=found.coupon, code=found.code)


def _about(use: Use) -> dict[str, Any]:
    if isinstance(use, OrderId):
        return {"order": use}
    return {"order": None, "start" if isinstance(use, SubscriptionStartId) else "change": use}
