"""Coupons and promotion codes over HTTP, for the shop's own servers."""

from datetime import datetime
from typing import Annotated, Literal

import fastapi
from fastapi import APIRouter
from pydantic import AwareDatetime, Field, StringConstraints

from farthing.db import Transaction
from farthing.discounts import actions, listing
from farthing.discounts.model import MONTHS_MAX, WHOLE, Coupon, Duration, PromotionCode, Uses
from farthing.errors import Conflict, Forbidden, Invalid, Malformed, NotFound, Unauthenticated
from farthing.http.bodies import Body, Line, ListShown, MoneyIn, MoneyShown, Query, Shown, listed, refuses
from farthing.http.credentials import OnlyServer
from farthing.http.state import TheWorld
from farthing.money import Money, step
from farthing.paging import LIMIT_DEFAULT, LIMIT_MAX

PRODUCTS_MAX = 1000
AMOUNTS_MAX = 50
REDEMPTIONS_MAX = 1_000_000_000

router = APIRouter(prefix="/v1", tags=["coupons"])

Key = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$"),
    Field(description="Your own name for it.", examples=["spring"]),
]
Code = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{1,39}$"),
    Field(description="What buyers type, in any case.", examples=["SPRING24"]),
]
Limit = Annotated[int | None, Field(ge=1, le=REDEMPTIONS_MAX, description="How many orders and plans may use it.")]


class NewCoupon(Body):
    """Either `basis_points` or `amounts`."""

    id: Key
    name: Line = Field(description="What buyers see on the bill.")
    basis_points: int | None = Field(None, ge=1, le=WHOLE, description="Hundredths of a percent: 1250 is 12.5 %.")
    amounts: list[MoneyIn] = Field([], max_length=AMOUNTS_MAX, description="One for each currency.")
    products: list[Line] = Field([], max_length=PRODUCTS_MAX, description="Keys of the products; none: all.")
    minimums: list[MoneyIn] = Field([], max_length=AMOUNTS_MAX, description="The least that the cart must cost.")
    max_redemptions: Limit = None
    once_per_customer: bool = False
    first_purchase: bool = False
    duration: Duration = Field("once", description="Of a plan: its first invoice, those of some months, or all.")
    duration_months: int | None = Field(None, ge=1, le=MONTHS_MAX, description="How many, where it is repeating.")
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = None


class CouponShown(Shown):
    id: str
    object: Literal["coupon"] = "coupon"
    name: str
    basis_points: int | None
    amounts: list[MoneyShown]
    products: list[str]
    minimums: list[MoneyShown]
    max_redemptions: int | None
    once_per_customer: bool
    first_purchase: bool
    duration: Duration
    duration_months: int | None
    valid_from: datetime | None
    valid_until: datetime | None
    active: bool
    source: str = Field(description="`catalog` where farthing.toml says it, `staff` where it was made at run time.")
    reserved: int = Field(description="Uses by orders and plans that wait for their payment.")
    redeemed: int = Field(description="Uses by orders and plans that were paid.")

    @classmethod
    def of(cls, found: tuple[Coupon, Uses]) -> "CouponShown":
        coupon, uses = found
        return cls(
            id=coupon.key,
            name=coupon.name,
            basis_points=coupon.basis_points,
            amounts=[MoneyShown.of(amount) for amount in coupon.amounts.values()],
            products=list(coupon.products),
            minimums=[MoneyShown.of(amount) for amount in coupon.minimums.values()],
            max_redemptions=coupon.redemptions_max,
            once_per_customer=coupon.once_per_customer,
            first_purchase=coupon.first_purchase,
            duration=coupon.duration,
            duration_months=coupon.duration_months,
            valid_from=coupon.valid_from,
            valid_until=coupon.valid_until,
            active=coupon.active,
            source=coupon.source,
            reserved=uses.reserved,
            redeemed=uses.redeemed,
        )


class NewCode(Body):
    code: Code
    coupon: Key
    max_redemptions: Limit = None
    valid_until: AwareDatetime | None = None


class CodeShown(Shown):
    id: str = Field(description="The code itself, in capitals.")
    object: Literal["promotion_code"] = "promotion_code"
    coupon: str
    max_redemptions: int | None
    valid_until: datetime | None
    active: bool
    source: str
    reserved: int
    redeemed: int

    @classmethod
    def of(cls, found: tuple[PromotionCode, Uses]) -> "CodeShown":
        code, uses = found
        return cls(
            id=code.code,
            coupon=code.coupon,
            max_redemptions=code.redemptions_max,
            valid_until=code.valid_until,
            active=code.active,
            source=code.source,
            reserved=uses.reserved,
            redeemed=uses.redeemed,
        )


class CouponQuery(Query):
    limit: int = Field(LIMIT_DEFAULT, ge=1, le=LIMIT_MAX)
    cursor: Line | None = Field(None, description="`next_cursor` of the page before.")


class CodeQuery(CouponQuery):
    coupon: Line | None = Field(None, description="Those of one coupon.")


@router.get("/coupons", operation_id="coupons_list", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def list_coupons(
    world: TheWorld, caller: OnlyServer, query: Annotated[CouponQuery, fastapi.Query()]
) -> ListShown[CouponShown]:
    """By id, those of farthing.toml included."""
    async with world.db.transaction(caller.actor) as tx:
        page = await listing.list_coupons(tx, world.catalog.coupons, limit=query.limit, after=query.cursor)
    return listed(page, CouponShown.of)


@router.post(
    "/coupons",
    operation_id="coupons_create",
    status_code=201,
    responses=refuses(Malformed, Unauthenticated, Forbidden, Conflict, Invalid),
)
async def create_coupon(world: TheWorld, caller: OnlyServer, wanted: NewCoupon) -> CouponShown:
    """Make a coupon. Its id is yours, so a repetition makes no second one: it is refused as a conflict."""
    coupon = _coupon(wanted)
    if strange := next((key for key in coupon.products if key not in world.catalog.products), None):
        raise Invalid(f"There is no product {strange[:63]!r}.", param="products")

    async def work(tx: Transaction) -> Coupon:
        return await actions.create_coupon(tx, world.catalog.coupons, coupon)

    return CouponShown.of((await world.db.run(caller.actor, work), Uses()))


@router.get("/coupons/{id}", operation_id="coupons_get", responses=refuses(Unauthenticated, Forbidden, NotFound))
async def get_coupon(world: TheWorld, caller: OnlyServer, id: str) -> CouponShown:
    async with world.db.transaction(caller.actor) as tx:
        return CouponShown.of(await listing.get_coupon(tx, world.catalog.coupons, id))


@router.post(
    "/coupons/{id}/deactivation",
    operation_id="coupons_deactivate",
    responses=refuses(Unauthenticated, Forbidden, NotFound, Conflict),
)
async def deactivate_coupon(world: TheWorld, caller: OnlyServer, id: str) -> CouponShown:
    """End a coupon: no new order may use it. Ending it again changes nothing."""

    async def work(tx: Transaction) -> tuple[Coupon, Uses]:
        await actions.deactivate_coupon(tx, world.catalog.coupons, id)
        return await listing.get_coupon(tx, world.catalog.coupons, id)

    return CouponShown.of(await world.db.run(caller.actor, work))


@router.get("/promotion-codes", operation_id="promotion_codes_list", responses=refuses(Unauthenticated, Forbidden, Invalid))
async def list_codes(world: TheWorld, caller: OnlyServer, query: Annotated[CodeQuery, fastapi.Query()]) -> ListShown[CodeShown]:
    """By code, those of farthing.toml included."""
    async with world.db.transaction(caller.actor) as tx:
        page = await listing.list_codes(tx, world.catalog.coupons, limit=query.limit, after=query.cursor, coupon=query.coupon)
    return listed(page, CodeShown.of)


@router.post(
    "/promotion-codes",
    operation_id="promotion_codes_create",
    status_code=201,
    responses=refuses(Malformed, Unauthenticated, Forbidden, NotFound, Conflict, Invalid),
)
async def create_code(world: TheWorld, caller: OnlyServer, wanted: NewCode) -> CodeShown:
    """Let a coupon be had for a code. A code that is taken is refused, so a repetition makes no second one."""
    code = PromotionCode(wanted.code, wanted.coupon, wanted.max_redemptions, wanted.valid_until)

    async def work(tx: Transaction) -> PromotionCode:
        return await actions.create_code(tx, world.catalog.coupons, code)

    return CodeShown.of((await world.db.run(caller.actor, work), Uses()))


@router.post(
    "/promotion-codes/{code}/deactivation",
    operation_id="promotion_codes_deactivate",
    responses=refuses(Unauthenticated, Forbidden, NotFound, Conflict),
)
async def deactivate_code(world: TheWorld, caller: OnlyServer, code: str) -> CodeShown:
    """End a code: nobody may type it any more. Ending it again changes nothing."""

    async def work(tx: Transaction) -> tuple[PromotionCode, Uses]:
        await actions.deactivate_code(tx, world.catalog.coupons, code)
        return await listing.get_code(tx, code)

    return CodeShown.of(await world.db.run(caller.actor, work))


def _coupon(wanted: NewCoupon) -> Coupon:
    if (wanted.basis_points is None) == (not wanted.amounts):
        raise Invalid("Say what is taken off: either basis_points or amounts.", param="basis_points")
    if (wanted.duration == "repeating") != (wanted.duration_months is not None):
        raise Invalid("Say duration_months with the duration repeating, and only with it.", param="duration_months")
    if wanted.valid_from and wanted.valid_until and wanted.valid_until <= wanted.valid_from:
        raise Invalid("The coupon ends before it begins.", param="valid_until")
    return Coupon(
        key=wanted.id,
        name=wanted.name,
        basis_points=wanted.basis_points,
        amounts=_by_currency(wanted.amounts, "amounts"),
        products=tuple(wanted.products),
        minimums=_by_currency(wanted.minimums, "minimums"),
        redemptions_max=wanted.max_redemptions,
        once_per_customer=wanted.once_per_customer,
        first_purchase=wanted.first_purchase,
        duration=wanted.duration,
        duration_months=wanted.duration_months,
        valid_from=wanted.valid_from,
        valid_until=wanted.valid_until,
        source="staff",
    )


def _by_currency(given: list[MoneyIn], param: str) -> dict[str, Money]:
    found = {each.currency: each.money() for each in given}
    if len(found) < len(given):
        raise Invalid("Say one amount for each currency.", param=param)
    if any(money.amount % step(currency) for currency, money in found.items()):
        raise Invalid("Amounts of currencies with three decimals end in 0: card networks settle in tens.", param=param)
    return found
