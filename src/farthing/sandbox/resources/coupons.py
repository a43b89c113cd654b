"""Coupons: how much less, for how long, and how often. Taking one off a price makes a discount."""

from __future__ import annotations

from decimal import Decimal

from farthing.sandbox import money
from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import exclusive_parameters, invalid, missing_parameter, no_such
from farthing.sandbox.ids import random_text
from farthing.sandbox.listing import page
from farthing.sandbox.operations import Operation
from farthing.sandbox.store import Json, Record


def create(account: Account, params: Json) -> Record:
    _check(account, params)
    off = params.get("percent_off")
    coupon = account.add(
        "coupon",
        "",
        {
            "amount_off": params.get("amount_off"),
            "currency": money.currency(params["currency"]) if "amount_off" in params else None,
            "duration": params.get("duration", "once"),
            "duration_in_months": params.get("duration_in_months"),
            "max_redemptions": params.get("max_redemptions"),
            "metadata": merge_metadata({}, params.get("metadata")),
            "name": blank_as_none(params.get("name")),
            "percent_off": None if off is None else float(off),
            "redeem_by": params.get("redeem_by"),
            "times_redeemed": 0,
            "valid": True,
        },
        id=params.get("id") or random_text(8),
        products=_products(account, params),
        options=_options(params),
    )
    if moment := params.get("redeem_by"):
        account.at(moment, "coupons.lapse", coupon)
    account.emit("coupon.created", coupon)
    return coupon


def _products(account: Account, params: Json) -> list[str]:
    products: list[str] = (params.get("applies_to") or {}).get("products") or []
    for product in products:
        account.get("product", product, param="applies_to[products]")
    return products


def _options(params: Json) -> Json:
    """The amounts in further currencies."""
    given = params.get("currency_options") or {}
    if given and "amount_off" not in params:
        raise invalid("`currency_options` can only be used with `amount_off`.", param="currency_options")
    return options_of(given)


def options_of(given: Json) -> Json:
    found = {}
    for code, each in given.items():
        currency = money.currency(code, param=f"currency_options[{code}]")
        if each["amount_off"] < 1:
            raise invalid("Invalid positive integer", param=f"currency_options[{code}][amount_off]")
        found[currency] = {"amount_off": each["amount_off"]}
    return found


def amount_in(coupon: Record, currency: str) -> int | None:
    """How much it takes off in this currency; None when it does not do that."""
    if coupon["amount_off"] is None:
        return None
    if coupon["currency"] == currency:
        return int(coupon["amount_off"])
    found = (coupon.inner.get("options") or {}).get(currency)
    return int(found["amount_off"]) if found else None


def shown_options(account: Account, id: str) -> Json:
    """All its currencies, its own included, for those who ask."""
    coupon = account.get("coupon", id)
    own = {coupon["currency"]: {"amount_off": coupon["amount_off"]}} if coupon["currency"] else {}
    return own | (coupon.inner.get("options") or {})


def _check(account: Account, params: Json) -> None:
    if "percent_off" in params and "amount_off" in params:
        raise exclusive_parameters("percent_off", "amount_off")
    if "percent_off" not in params and "amount_off" not in params:
        raise missing_parameter("percent_off")
    if "percent_off" in params and not 0 < Decimal(params["percent_off"]) <= 100:
        raise invalid("Invalid percent_off: must be greater than 0 and at most 100.", param="percent_off")
    if "amount_off" in params and "currency" not in params:
        raise missing_parameter("currency")
    if not 1 <= params.get("duration_in_months", 1) <= 1200:
        raise invalid("`duration_in_months` must be from 1 to 1200.", param="duration_in_months")
    if "amount_off" in params and params["amount_off"] < 1:
        raise invalid("Invalid positive integer", param="amount_off", code="parameter_invalid_integer")
    if (params.get("duration") == "repeating") != ("duration_in_months" in params):
        raise invalid("`duration_in_months` goes with duration=repeating, and only with it.", param="duration_in_months")
    if params.get("redeem_by", account.clock.seconds() + 1) <= account.clock.seconds():
        raise invalid("`redeem_by` must be in the future.", param="redeem_by")
    if (id := params.get("id")) and account.store.find(account.id, id):
        raise invalid("Coupon already exists.", param="id", code="resource_already_exists")


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return get(account, id)


def get(account: Account, id: str, param: str | None = None) -> Record:
    coupon = account.get("coupon", id, param=param)
    if coupon.inner.get("gone"):
        raise no_such("coupon", id, param=param)
    return coupon


def update(account: Account, id: str, params: Json) -> Record:
    coupon = get(account, id)
    if given := params.get("currency_options"):
        if coupon["amount_off"] is None:
            raise invalid("`currency_options` can only be used with `amount_off`.", param="currency_options")
        coupon.inner["options"] = {**(coupon.inner.get("options") or {}), **options_of(given)}
    name = blank_as_none(params["name"]) if "name" in params else coupon["name"]
    metadata = merge_metadata(coupon["metadata"], params.get("metadata"))
    account.update(coupon, "coupon.updated", name=name, metadata=metadata)
    return coupon


def delete(account: Account, id: str, params: Json) -> Json:
    """Discounts already given stay."""
    del params
    coupon = get(account, id)
    account.emit("coupon.deleted", coupon)
    # Kept out of sight, because discounts go on naming it.
    coupon.inner["gone"] = True
    coupon["valid"] = False
    account.store.hide(account.id, coupon)
    return {"id": id, "object": "coupon", "deleted": True}


def redeem(account: Account, coupon: Record) -> None:
    if not coupon["valid"]:
        raise invalid(f"Coupon expired: {coupon.id}", code="coupon_expired", param="coupon")
    spend(account, coupon)


def spend(account: Account, coupon: Record) -> None:
    """Counted, whether or not the last one went meanwhile: what was paid with it stays paid."""
    coupon["times_redeemed"] += 1
    most = coupon["max_redemptions"]
    coupon["valid"] = most is None or coupon["times_redeemed"] < most
    account.save(coupon)


def lapse(account: Account, coupon: Record) -> None:
    coupon["valid"] = False
    account.save(coupon)


def list_(account: Account, params: Json) -> Json:
    return page(account, "coupon", "/v1/coupons", params)


JOBS = {"coupons.lapse": ("coupon", lapse)}
OPERATIONS = (
    Operation("POST", "/v1/coupons", "CouponCreateParams", create),
    Operation("GET", "/v1/coupons", "CouponListParams", list_),
    Operation("GET", "/v1/coupons/{id}", "CouponRetrieveParams", retrieve),
    Operation("POST", "/v1/coupons/{id}", "CouponUpdateParams", update),
    Operation("DELETE", "/v1/coupons/{id}", "CouponDeleteParams", delete),
)
