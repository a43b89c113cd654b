"""Discounts: a coupon taken off, by a customer, a subscription or an invoice, and for how long."""

from __future__ import annotations

from farthing.sandbox import money
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
        return _kept(account, given["discount"], customer, f"{param}[discount]")
    code = None
    if kinds == ["promotion_code"]:
        code = account.get("promotion_code", given["promotion_code"], param=f"{param}[promotion_code]")
        coupon = promotion_codes.redeem(account, code, customer, amount=amount, currency=currency)
    else:
        coupon = coupons.get(account, given["coupon"], f"{param}[coupon]")
        coupons.redeem(account, coupon)
    return add(account, coupon, customer, currency, param, promotion_code=code.id if code else None, **owner)


def _kept(account: Account, id: str, customer: str, param: str) -> Record:
    """One that the object, or what it belongs to, has already."""
    discount = account.get("discount", id, param=param)
    if discount["customer"] != customer or discount.inner.get("ended"):
        raise invalid(f"The discount {id} does not belong to this object, or has ended.", param=param)
    return discount


def granted(
    account: Account,
    wanted: list[Json] | None,
    param: str,
    *,
    customer: str,
    amount: int,
    currency: str,
    **owner: str | None,
) -> list[Record]:
    """All that a list of them asks for, each once."""
    found: dict[str, Record] = {}
    for place, each in enumerate(wanted or []):
        discount = grant(account, each, f"{param}[{place}]", customer=customer, amount=amount, currency=currency, **owner)
        found[discount.id] = discount
    return list(found.values())


def replace(
    account: Account,
    bearer: Record,
    wanted: list[Json] | None,
    param: str,
    *,
    customer: str,
    amount: int,
    currency: str,
    **owner: str | None,
) -> None:
    """The subscription, or the item of one, has exactly these from now on; whoever listens hears what began and ended."""
    found = granted(account, wanted, param, customer=customer, amount=amount, currency=currency, **owner)
    before, after = bearer["discounts"], [each.id for each in found]
    bearer["discounts"] = after
    account.save(bearer)
    ended = [account.get("discount", id) for id in before if id not in after]
    tell(account, [each for each in found if each.id not in before], ended)


def add(account: Account, coupon: Record, customer: str, currency: str, param: str, **owner: str | None) -> Record:
    return account.add("discount", "di", described(account, coupon, customer, currency, param, **owner))


def tell(account: Account, new: list[Record], ended: list[Record]) -> None:
    """Of what a subscription gained and lost; one that took the place of another is an update."""
    for discount in ended:
        discount.inner["ended"] = True
        account.save(discount)
    if len(new) == len(ended) == 1:
        account.emit("customer.discount.updated", new[0], before=ended[0].body)
        return
    for discount in new:
        account.emit("customer.discount.created", discount)
    for discount in ended:
        account.emit("customer.discount.deleted", discount)


def described(account: Account, coupon: Record, customer: str | None, currency: str, param: str, **owner: str | None) -> Json:
    """What the discount will say, checked; nothing is stored or counted yet."""
    if coupon["amount_off"] is not None and coupons.amount_in(coupon, currency) is None:
        raise invalid(
            f"The coupon {coupon.id} is in {coupon['currency']} and cannot be applied to amounts in {currency}.", param=param
        )
    now = account.clock.seconds()
    months = coupon["duration_in_months"]
    return {
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
    } | owner


def end(account: Account, discount: Record) -> None:
    """It stays findable, because invoices name it."""
    if not discount.inner.get("ended"):
        tell(account, [], [discount])


def as_deleted(discount: Record) -> Json:
    """Unlike other deleted objects, a discount still says what it was."""
    return {name: value for name, value in discount.body.items() if name not in ("customer_account", "end")} | {"deleted": True}


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
        off = min(coupons.amount_in(coupon, lines[0]["currency"]) or 0, base) if lines else 0
    else:
        off = money.percent_of(base, coupon["percent_off"])
    return money.split(off, bases)


def product_of(line: Json) -> str | None:
    pricing = line.get("pricing") or {}
    return (pricing.get("price_details") or {}).get("product")
