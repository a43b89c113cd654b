"""Discounts: a coupon taken off, by a customer, a subscription or an invoice, and for how long."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from farthing.sandbox.account import Account
from farthing.sandbox.errors import invalid, malformed
from farthing.sandbox.resources import coupons, periods, promotion_codes
from farthing.sandbox.store import Json, Record


def grant(
    account: Account, given: Json, param: str, *, customer: str, amount: int, currency: str, **owner: str | None
) -> Record:
    """The discount that {coupon | promotion_code | discount} asks for. `owner` names what it hangs on."""
    kinds = [name for name in ("coupon", "promotion_code", "discount") if given.get(name)]
    if len(kinds) != 1:
        raise malformed("Pass exactly one of coupon, promotion_code or discount.", param=param)
    if kinds == ["discount"]:
        return account.get("discount", given["discount"], param=f"{param}[discount]")
    code = None
    if kinds == ["promotion_code"]:
        code = account.get("promotion_code", given["promotion_code"], param=f"{param}[promotion_code]")
        coupon = promotion_codes.redeem(account, code, customer, amount=amount, currency=currency)
    else:
        coupon = coupons.get(account, given["coupon"], f"{param}[coupon]")
        coupons.redeem(account, coupon)
    return add(account, coupon, customer, currency, param, promotion_code=code.id if code else None, **owner)


def add(account: Account, coupon: Record, customer: str, currency: str, param: str, **owner: str | None) -> Record:
    if coupon["amount_off"] is not None and coupon["currency"] != currency:
        raise invalid(
            f"The coupon {coupon.id} is in {coupon['currency']} and cannot be applied to amounts in {currency}.", param=param
        )
    now = account.clock.seconds()
    months = coupon["duration_in_months"]
    body = {
        "checkout_session": None,
        "customer": customer,
        "customer_account": None,
        "end": periods.after(now, "month", months) if months else None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "source": {"coupon": coupon.id, "type": "coupon"},
        "start": now,
        "subscription": None,
        "subscription_item": None,
    }
    discount = account.add("discount", "di", body | owner)
    if not owner.get("invoice"):
        account.emit("customer.discount.created", discount)
    return discount


def end(account: Account, discount: Record) -> None:
    """It stays findable, because invoices name it."""
    if discount.inner.get("ended"):
        return
    discount.inner["ended"] = True
    account.save(discount)
    account.emit("customer.discount.deleted", discount)


def running(account: Account, ids: list[str]) -> list[Record]:
    now = account.clock.seconds()
    found = [account.get("discount", id) for id in ids]
    return [each for each in found if not each.inner.get("ended") and (each["end"] is None or each["end"] > now)]


def coupon_of(account: Account, discount: Record) -> Record:
    return account.get("coupon", discount["source"]["coupon"])


def shares(account: Account, discount: Record, lines: list[Json], left: list[int]) -> list[int]:
    """How much of each line it takes off, given what earlier discounts left of them. The parts sum to the whole."""
    coupon = coupon_of(account, discount)
    products = coupon.inner.get("products") or []
    bases = [
        amount if line["discountable"] and amount > 0 and (not products or product_of(line) in products) else 0
        for line, amount in zip(lines, left, strict=True)
    ]
    base = sum(bases)
    if coupon["amount_off"] is not None:
        off = min(coupon["amount_off"], base)
    else:
        off = round_half_up(Decimal(base) * Decimal(str(coupon["percent_off"])).scaleb(-2))
    return split(off, bases)


def product_of(line: Json) -> str | None:
    pricing = line.get("pricing") or {}
    return (pricing.get("price_details") or {}).get("product")


def split(amount: int, weights: list[int]) -> list[int]:
    """Whole parts in proportion; what rounding leaves goes to the first ones."""
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)
    parts = [amount * weight // total for weight in weights]
    rest = amount - sum(parts)
    for place, weight in enumerate(weights):
        if rest and weight:
            parts[place] += 1
            rest -= 1
    return parts


def round_half_up(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))
