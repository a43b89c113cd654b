"""Coupons and the codes that are typed: what they take off, how often they were used, a new code, an end to one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from farthing import discounts, orders, subscriptions
from farthing.db import Transaction
from farthing.discounts import Coupon, Duration, PromotionCode, Redemption
from farthing.errors import FarthingError, Invalid
from farthing.ids import OrderId, RedemptionId, SubscriptionStartId
from farthing.money import Money
from farthing.web.page import redirect, render
from farthing.web.staff import staff_of
from farthing.web.wiring import asked, form_of, reading, world_of

SHOWN: Final = 50
BASIS_POINTS: Final = 100
"""In a percent."""


async def coupon_list(request: Request) -> Response:
    after = asked(request, "cursor")
    async with reading(request) as tx:
        found = await discounts.list_coupons(tx, world_of(request).catalog.coupons, limit=SHOWN, after=after)
    return render(request, "admin/coupons.html", found=found)


async def coupon_detail(request: Request) -> Response:
    return await _detail(request, {})


async def new_coupon(request: Request) -> Response:
    return _form(request, {})


async def create(request: Request) -> Response:
    typed = await form_of(request)
    coupons = world_of(request).catalog.coupons

    async def work(tx: Transaction) -> Coupon:
        return await discounts.create_coupon(tx, coupons, _coupon(typed, world_of(request).catalog.currency))

    try:
        made = await world_of(request).db.run(staff_of(request).actor, work)
    except FarthingError as error:
        return _form(request, dict(typed), error)
    return redirect(request, "admin_coupon", key=made.key, flash=("success", "Made. Give it a code that buyers type."))


async def create_code(request: Request) -> Response:
    typed, key = await form_of(request), str(request.path_params["key"])
    coupons = world_of(request).catalog.coupons

    async def work(tx: Transaction) -> PromotionCode:
        most = _whole(typed.get("redemptions_max", ""), "redemptions_max")
        return await discounts.create_code(tx, coupons, PromotionCode(typed.get("code", ""), key, redemptions_max=most))

    try:
        made = await world_of(request).db.run(staff_of(request).actor, work)
    except FarthingError as error:
        return await _detail(request, dict(typed), error)
    return redirect(request, "admin_coupon", key=key, flash=("success", f"Buyers may type {made.code} from now on."))


async def deactivate(request: Request) -> Response:
    """The coupon, or with `code` in the form that code alone."""
    typed, key = await form_of(request), str(request.path_params["key"])
    coupons = world_of(request).catalog.coupons

    async def work(tx: Transaction) -> None:
        if code := typed.get("code"):
            await discounts.deactivate_code(tx, coupons, code)
        else:
            await discounts.deactivate_coupon(tx, coupons, key)

    try:
        await world_of(request).db.run(staff_of(request).actor, work)
    except FarthingError as error:
        return redirect(request, "admin_coupon", key=key, flash=("danger", error.detail))
    said = "Nobody can use it any more. Orders that hold it keep it."
    return redirect(request, "admin_coupon", key=key, flash=("success", said))


async def _detail(request: Request, typed: dict[str, str], error: FarthingError | None = None) -> Response:
    key, cursor = str(request.path_params["key"]), asked(request, "cursor")
    coupons = world_of(request).catalog.coupons
    async with reading(request) as tx:
        coupon, uses = await discounts.get_coupon(tx, coupons, key)
        codes = await discounts.list_codes(tx, coupons, limit=SHOWN, coupon=key)
        used = await discounts.list_redemptions(
            tx, limit=SHOWN, coupon=key, cursor=RedemptionId.parse(cursor) if cursor else None
        )
        uses_of = [(each, *await _named(tx, each)) for each in used.items]
    return render(
        request,
        "admin/coupon.html",
        status=error.status if error else 200,
        coupon=coupon,
        uses=uses,
        codes=codes.items,
        found=used,
        uses_of=uses_of,
        typed=typed,
        error=error.detail if error else "",
    )


async def _named(tx: Transaction, used: Redemption) -> tuple[str, str, object]:
    """What a code was used for, and the page on which that is seen."""
    use = used.use
    if isinstance(use, OrderId):
        return f"Order {(await orders.get(tx, use)).number}", "admin_order", use
    if isinstance(use, SubscriptionStartId):
        start, found = await subscriptions.get_start(tx, use), await subscriptions.of_start(tx, use)
        plan, subscription = start.plan, None if found is None else found.id
    else:
        change = await subscriptions.get_change(tx, use)
        plan, subscription = change.plan, change.subscription_id
    return f"Plan {plan}", "" if subscription is None else "admin_subscription", subscription


def _form(request: Request, typed: dict[str, str], error: FarthingError | None = None) -> Response:
    status, said = (error.status, error.detail) if error else (200, "")
    currency = world_of(request).catalog.currency
    return render(request, "admin/coupon_new.html", status=status, typed=typed, error=said, currency=currency)


def _coupon(fields: Mapping[str, str], currency: str) -> Coupon:
    percent, amount = fields.get("percent", ""), fields.get("amount", "")
    if bool(percent) == bool(amount):
        raise Invalid("Say either how many percent it takes off, or how much.", param="percent")
    key, name = fields.get("key", ""), fields.get("name", "")
    most = _whole(fields.get("redemptions_max", ""), "redemptions_max")
    duration, months = _duration(fields)
    rule = Coupon(key, name, redemptions_max=most, duration=duration, duration_months=months)
    if percent:
        return discounts.checked(replace(rule, basis_points=_basis_points(percent)))
    off = Money.parse(amount.replace(",", "."), currency)
    return discounts.checked(replace(rule, amounts={currency: off}))


def _duration(fields: Mapping[str, str]) -> tuple[Duration, int | None]:
    match fields.get("duration", ""):
        case "forever":
            return "forever", None
        case "repeating":
            return "repeating", _whole(fields.get("duration_months", ""), "duration_months")
        case _:
            return "once", None


def _basis_points(typed: str) -> int:
    whole, _, part = typed.replace(",", ".").rstrip("% ").partition(".")
    if not (whole + part).isdecimal() or len(part) > 2 or len(whole) > 3:
        raise Invalid("A percentage has at most two decimals, such as 12.5.", param="percent")
    return int(whole or "0") * BASIS_POINTS + int(part.ljust(2, "0"))


def _whole(typed: str, param: str) -> int | None:
    if not typed:
        return None
    if not typed.isdecimal() or not 1 <= len(typed) <= 9 or int(typed) < 1:
        raise Invalid("How often is a whole number from 1 on; leave it empty for no limit.", param=param)
    return int(typed)
