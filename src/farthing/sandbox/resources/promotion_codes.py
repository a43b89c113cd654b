"""Promotion codes: what a buyer types to be given a coupon, and who may."""

from __future__ import annotations

from farthing.sandbox import money
from farthing.sandbox.account import Account, merge_metadata
from farthing.sandbox.errors import invalid, missing_parameter
from farthing.sandbox.ids import random_text
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import coupons
from farthing.sandbox.store import Json, Record


def create(account: Account, params: Json) -> Record:
    promotion = params["promotion"]
    if not promotion.get("coupon"):
        raise missing_parameter("promotion[coupon]")
    coupon = account.get("coupon", promotion["coupon"], param="promotion[coupon]")
    if not coupon["valid"]:
        raise invalid(f"Coupon expired: {coupon.id}", code="coupon_expired", param="promotion[coupon]")
    code = params.get("code") or random_text(8).upper()
    _check_code(account, code, params.get("active", True))
    if customer := params.get("customer"):
        account.get("customer", customer, param="customer")
    promotion_code = account.add(
        "promotion_code",
        "promo",
        {
            "active": params.get("active", True),
            "code": code,
            "customer": params.get("customer"),
            "customer_account": None,
            "expires_at": params.get("expires_at"),
            "max_redemptions": params.get("max_redemptions"),
            "metadata": merge_metadata({}, params.get("metadata")),
            "promotion": {"coupon": coupon.id, "type": "coupon"},
            "restrictions": _restrictions(params.get("restrictions") or {}),
            "times_redeemed": 0,
        },
    )
    if moment := params.get("expires_at"):
        account.at(moment, "promotion_codes.lapse", promotion_code)
    account.emit("promotion_code.created", promotion_code)
    return promotion_code


def _check_code(account: Account, code: str, active: bool) -> None:
    if active and account.select(
        "promotion_code", "lower(json_extract(body, '$.code')) = lower(?) AND json_extract(body, '$.active')", code
    ):
        raise invalid("An active promotion code with that `code` already exists.", param="code", code="resource_already_exists")


def _restrictions(given: Json) -> Json:
    least = given.get("minimum_amount")
    if least is not None and "minimum_amount_currency" not in given:
        raise missing_parameter("restrictions[minimum_amount_currency]")
    return {
        "first_time_transaction": given.get("first_time_transaction", False),
        "minimum_amount": least,
        "minimum_amount_currency": money.currency(given["minimum_amount_currency"]) if least is not None else None,
    } | ({"currency_options": _minimums(given["currency_options"])} if given.get("currency_options") else {})


def _minimums(given: Json) -> Json:
    """The least amounts in further currencies. The key is left out where there are none: null would break the SDK."""
    return {
        money.currency(code, param="restrictions[currency_options]"): {"minimum_amount": each.get("minimum_amount")}
        for code, each in given.items()
    }


def least_in(limits: Json, currency: str) -> tuple[bool, int]:
    """Whether there is a least amount in this currency at all, and how much."""
    if limits["minimum_amount"] is None:
        return True, 0
    if currency == limits["minimum_amount_currency"]:
        return True, limits["minimum_amount"]
    other = (limits.get("currency_options") or {}).get(currency)
    return other is not None, (other or {}).get("minimum_amount") or 0


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("promotion_code", id)


def update(account: Account, id: str, params: Json) -> Record:
    promotion_code = account.get("promotion_code", id)
    if given := (params.get("restrictions") or {}).get("currency_options"):
        promotion_code["restrictions"] = {
            **promotion_code["restrictions"],
            "currency_options": {**(promotion_code["restrictions"].get("currency_options") or {}), **_minimums(given)},
        }
        account.save(promotion_code)
    active = params.get("active", promotion_code["active"])
    if active and not promotion_code["active"]:
        _check_code(account, promotion_code["code"], active=True)
        if _used_up(promotion_code) or (promotion_code["expires_at"] or 2**40) <= account.clock.seconds():
            raise invalid("This promotion code has expired and cannot be made active again.", param="active")
    metadata = merge_metadata(promotion_code["metadata"], params.get("metadata"))
    account.update(promotion_code, "promotion_code.updated", active=active, metadata=metadata)
    return promotion_code


def redeem(account: Account, promotion_code: Record, customer: str | None, *, amount: int, currency: str) -> Record:
    """Its coupon, if this customer may use it for this amount. Both are counted."""
    coupon = check(account, promotion_code, customer, amount=amount, currency=currency)
    coupons.redeem(account, coupon)
    spend(account, promotion_code)
    return coupon


def spend(account: Account, promotion_code: Record) -> None:
    promotion_code["times_redeemed"] += 1
    account.update(promotion_code, "promotion_code.updated", active=promotion_code["active"] and not _used_up(promotion_code))


def check(account: Account, promotion_code: Record, customer: str | None, *, amount: int, currency: str) -> Record:
    if not promotion_code["active"]:
        raise _refused("This promotion code is not active.", "promotion_code_expired")
    coupon = account.get("coupon", promotion_code["promotion"]["coupon"])
    if not coupon["valid"]:
        raise invalid(f"Coupon expired: {coupon.id}", code="coupon_expired", param="promotion_code")
    if promotion_code["customer"] and promotion_code["customer"] != customer:
        raise _refused("This promotion code cannot be redeemed by this customer.", "promotion_code_invalid_customer")
    limits = promotion_code["restrictions"]
    known, least = least_in(limits, currency)
    if not known or amount < least:
        raise _refused(
            "This promotion code cannot be redeemed because the amount is below its minimum.", "promotion_code_minimum"
        )
    if limits["first_time_transaction"] and customer and _has_bought(account, customer):
        raise _refused(
            "This promotion code cannot be redeemed because the customer has prior transactions.", "promotion_code_first_time"
        )
    return coupon


def _refused(message: str, code: str) -> Exception:
    return invalid(message, param="promotion_code", code=code)


def _has_bought(account: Account, customer: str) -> bool:
    mine = "json_extract(body, '$.customer') = ? AND json_extract(body, '$.status') = ? LIMIT 1"
    paid = account.select("charge", mine.replace("LIMIT", "ORDER BY seq LIMIT"), customer, "succeeded")
    return bool(paid)


def _used_up(promotion_code: Record) -> bool:
    most = promotion_code["max_redemptions"]
    return most is not None and promotion_code["times_redeemed"] >= most


def lapse(account: Account, promotion_code: Record) -> None:
    account.update(promotion_code, "promotion_code.updated", active=False)


def named(account: Account, code: str) -> Record | None:
    """The active code with these letters, in whatever case the buyer typed them."""
    found = account.select(
        "promotion_code", "lower(json_extract(body, '$.code')) = lower(?) AND json_extract(body, '$.active')", code
    )
    return found[0] if found else None


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "active", "code", "customer")
    if "coupon" in params:
        where, values = f"{where} AND json_extract(body, '$.promotion.coupon') = ?", [*values, params["coupon"]]
    return page(account, "promotion_code", "/v1/promotion_codes", params, where, *values)


JOBS = {"promotion_codes.lapse": ("promotion_code", lapse)}
OPERATIONS = (
    Operation("POST", "/v1/promotion_codes", "PromotionCodeCreateParams", create),
    Operation("GET", "/v1/promotion_codes", "PromotionCodeListParams", list_),
    Operation("GET", "/v1/promotion_codes/{id}", "PromotionCodeRetrieveParams", retrieve),
    Operation("POST", "/v1/promotion_codes/{id}", "PromotionCodeUpdateParams", update),
)
