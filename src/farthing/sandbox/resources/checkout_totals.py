"""What a checkout session comes to in payment mode: its lines less discounts, with taxes, and the shipping on top.

A subscription's session is counted by its first invoice instead: see `checkout_subscriptions`.
"""

from __future__ import annotations

from farthing.sandbox import money
from farthing.sandbox.account import Account
from farthing.sandbox.errors import invalid, malformed
from farthing.sandbox.ids import new_id
from farthing.sandbox.resources import coupons, discounts, invoice_lines, price_amounts, promotion_codes
from farthing.sandbox.store import Json, Record


def count(account: Account, session: Record, *, param: str = "line_items") -> None:
    """Write the sums into the lines and the session; `param` says what to blame when they come to too little."""
    lines, given = session.inner["lines"], [Record(each) for each in session.inner["discounts"]]
    billed = [_billed(account, line, session.inner["rates"].get(line["id"], [])) for line in lines]
    sums = invoice_lines.sums(account, billed, given, [], _exemption(account, session))
    taken, rates = {each.id: each.body for each in given}, session.inner["rates"]
    session.inner["details"] = {
        line["id"]: write(line, counted, taken, rates.get(line["id"], [])) for line, counted in zip(lines, billed, strict=True)
    }
    shipping = _shipping(session)
    total = sums["total"] + (shipping or 0)
    _check(session["currency"], total, param)
    session.body |= {
        "amount_subtotal": sums["subtotal"],
        "amount_total": total,
        "discounts": [
            {"coupon": None if each["promotion_code"] else each["source"]["coupon"], "promotion_code": each["promotion_code"]}
            for each in session.inner["discounts"]
        ],
        "total_details": {
            "amount_discount": sum(line["amount_discount"] for line in lines),
            "amount_shipping": shipping,
            "amount_tax": sum(line["amount_tax"] for line in lines),
        },
    }


def _billed(account: Account, line: Json, rates: list[Json]) -> Json:
    """The same as a line of an invoice, because both are counted by the same rules."""
    return invoice_lines.line(
        amount=cost(account, line),
        currency=line["currency"],
        description=None,
        period={},
        pricing=invoice_lines.pricing_of(line["price"]),
        quantity=line["quantity"],
        metadata={},
        rates=rates,
        parent={},
        subscription=None,
    )


def cost(account: Account, line: Json) -> int:
    """Before discounts and taxes."""
    return price_amounts.cost(account, line["price"], line["quantity"], line["currency"])


def _exemption(account: Account, session: Record) -> str:
    buyer = account.find("customer", session["customer"] or "")
    return (buyer.body.get("tax_exempt") if buyer else None) or "none"


def write(line: Json, counted: Json | None, given: Json, rates: list[Json]) -> Json:
    """The amounts of one line, nothing where there is none of it; answers what is shown only when asked for."""
    if counted is None:
        line |= dict.fromkeys(("amount_discount", "amount_subtotal", "amount_tax", "amount_total"), 0)
        return {"discounts": [], "taxes": []}
    added = sum(each["amount"] for each in counted["taxes"] if each["tax_behavior"] == "exclusive")
    net = invoice_lines.net(counted)
    line |= {
        "amount_discount": counted["amount"] - net,
        "amount_subtotal": counted["amount"],
        "amount_tax": sum(each["amount"] for each in counted["taxes"]),
        "amount_total": net + added,
    }
    by_id = {rate["id"]: rate for rate in rates}
    return {
        "discounts": [{"amount": each["amount"], "discount": given[each["discount"]]} for each in counted["discount_amounts"]],
        "taxes": [
            {
                "amount": each["amount"],
                "rate": by_id[each["tax_rate_details"]["tax_rate"]],
                "taxability_reason": each["taxability_reason"],
                "taxable_amount": each["taxable_amount"],
            }
            for each in counted["taxes"]
        ],
    }


def _shipping(session: Record) -> int | None:
    cost = session["shipping_cost"]
    return int(cost["amount_total"]) if cost else 0


def _check(currency: str, total: int, param: str) -> None:
    if 0 < total < money.minimum(currency):
        least = f"{money.spell(money.minimum(currency), currency)} {currency}"
        raise money.too_small(f"The Checkout Session's total amount due must add up to at least {least}", param)
    if total > money.AMOUNT_MAX:
        most = f"{money.spell(money.AMOUNT_MAX, currency)} {currency}"
        raise invalid(f"The Checkout Session's total amount must be no more than {most}", code="amount_too_large", param=param)


# Discounts: shown while the session is open, counted when it is complete.


def reduce(account: Account, session: Record, given: list[Json]) -> None:
    """These {coupon | promotion_code} instead of those before. Whoever calls counts again."""
    session.inner["discounts"] = [_discount(account, session, each, f"discounts[{place}]") for place, each in enumerate(given)]


def _discount(account: Account, session: Record, given: Json, param: str) -> Json:
    kinds = [name for name in ("coupon", "promotion_code") if given.get(name)]
    if len(kinds) != 1:
        raise malformed("Pass exactly one of coupon or promotion_code.", param=param)
    code = None
    if kinds == ["promotion_code"]:
        code = account.get("promotion_code", given["promotion_code"], param=f"{param}[promotion_code]")
        whole = sum(cost(account, line) for line in session.inner["lines"])
        coupon = promotion_codes.check(account, code, session["customer"], amount=whole, currency=session["currency"])
    else:
        coupon = coupons.get(account, given["coupon"], f"{param}[coupon]")
        if not coupon["valid"]:
            raise invalid(f"Coupon expired: {coupon.id}", code="coupon_expired", param=f"{param}[coupon]")
    body = discounts.described(
        account,
        coupon,
        session["customer"],
        session["currency"],
        param,
        checkout_session=session.id,
        promotion_code=code.id if code else None,
    )
    return {"id": new_id("di"), "object": "discount", **body}


def check_still_valid(account: Account, session: Record) -> None:
    """Somebody else may have used the last one while this page was open."""
    for each in session.inner["discounts"]:
        code = each["promotion_code"]
        given = {"promotion_code": code} if code else {"coupon": each["source"]["coupon"]}
        _discount(account, session, given, "discounts[0]")


def redeem(account: Account, session: Record) -> None:
    """The session is complete: its discounts have been used, and each stands on its own from now on."""
    for each in session.inner["discounts"]:
        if id := each["promotion_code"]:
            promotion_codes.spend(account, account.get("promotion_code", id))
        coupons.spend(account, account.get("coupon", each["source"]["coupon"]))
        account.add("discount", "di", each | {"customer": session["customer"]}, id=each["id"])


def breakdown(account: Account, id: str) -> Json:
    """`total_details.breakdown`: the same sums by discount and by tax rate."""
    details = account.get("checkout.session", id).inner.get("details", {}).values()
    off: dict[str, Json] = {}
    taxes: dict[str, Json] = {}
    for line in details:
        for each in line["discounts"]:
            seen = off.setdefault(each["discount"]["id"], each | {"amount": 0})
            seen["amount"] += each["amount"]
        for each in line["taxes"]:
            total = taxes.setdefault(each["rate"]["id"], each | {"amount": 0, "taxable_amount": 0})
            total["amount"] += each["amount"]
            total["taxable_amount"] += each["taxable_amount"]
    return {"discounts": list(off.values()), "taxes": list(taxes.values())}
