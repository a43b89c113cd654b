"""The left half of the checkout page: what is bought, what is taken off and put on, and what comes after today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from farthing.sandbox import money
from farthing.sandbox.account import Account
from farthing.sandbox.resources import checkout_totals, invoice_lines, price_amounts
from farthing.sandbox.store import Json, Record

VERBS = {"book": "Book", "donate": "Donate", "subscribe": "Subscribe for"}


@dataclass(frozen=True, slots=True)
class Line:
    id: str
    name: str
    detail: str
    """What one of it costs, where there are several or it recurs."""
    quantity: int
    amount: str
    least: int | None = None
    most: int | None = None
    """Where the buyer may choose how many."""


@dataclass(frozen=True, slots=True)
class Way:
    """To ship."""

    rate: str
    name: str
    amount: str
    takes: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Summary:
    lines: list[Line]
    rows: list[tuple[str, str]]
    """Between the lines and the total: subtotal, discount, shipping, taxes."""
    total: str
    terms: str
    code: str
    """The promotion code that is applied."""
    ways: list[Way]

    @property
    def adjustable(self) -> bool:
        return any(each.most is not None for each in self.lines)


def summary(account: Account, session: Record) -> Summary:
    currency = session["currency"]
    return Summary(
        lines=[_line(account, each) for each in session.inner["lines"]],
        rows=_rows(account, session) if currency else [],
        total=money.spell(session["amount_total"], currency) if session["amount_total"] is not None else "",
        terms=terms(account, session),
        code=_code(account, session),
        ways=[_way(account, session, each) for each in session["shipping_options"]],
    )


def verb(session: Record) -> str:
    """What the main button says."""
    if session["mode"] == "setup":
        return "Save the card"
    if not session["amount_total"]:
        return "Start the trial" if session["mode"] == "subscription" else "Complete the order"
    word = VERBS.get(session["submit_type"] or "", "Pay")
    return f"{word} {money.spell(session['amount_total'], session['currency'])}"


def _line(account: Account, line: Json) -> Line:
    price, quantity = line["price"], line["quantity"]
    range_ = line["adjustable_quantity"] or {"enabled": False}
    product = account.find("product", price["product"])
    unit = price_amounts.terms(account, price, line["currency"])["unit_amount"]
    each = "" if unit is None else money.spell(unit, line["currency"])
    if price["recurring"]:
        each = f"{each or 'in tiers'} {per(price['recurring'])}"
    elif each:
        each = f"{each} each" if quantity > 1 else ""
    words = (product.body.get("description") if product else None) or ""
    return Line(
        id=line["id"],
        name=line["description"],
        detail=" · ".join(part for part in (words, each) if part),
        quantity=quantity,
        amount=money.spell(line["amount_subtotal"], line["currency"]),
        least=range_["minimum"] if range_["enabled"] else None,
        most=range_["maximum"] if range_["enabled"] else None,
    )


def per(recurring: Json) -> str:
    words = invoice_lines.every(recurring)
    return words if words.startswith("every") else f"per {words}"


def _rows(account: Account, session: Record) -> list[tuple[str, str]]:
    currency, details = session["currency"], session["total_details"]
    taxes = checkout_totals.breakdown(account, session.id)["taxes"] if details["amount_tax"] else []
    rows = []
    if details["amount_discount"]:
        rows.append((_discount_name(account, session), -details["amount_discount"]))
    if session["shipping_cost"]:
        chosen = account.get("shipping_rate", session["shipping_cost"]["shipping_rate"])
        rows.append((f"Shipping ({chosen['display_name']})", session["shipping_cost"]["amount_total"]))
    for each in taxes:
        rate = each["rate"]
        inside = ", included" if rate["inclusive"] else ""
        rows.append((f"{rate['display_name']} ({rate['percentage']:g}%{inside})", each["amount"]))
    if not rows:
        return []
    return [
        (name, money.spell(amount, currency).replace("-", "−"))
        for name, amount in (("Subtotal", session["amount_subtotal"]), *rows)
    ]


def _discount_name(account: Account, session: Record) -> str:
    given = session["discounts"][0]
    coupon = given["coupon"]
    if id := given["promotion_code"]:
        coupon = account.get("promotion_code", id)["promotion"]["coupon"]
    found = account.store.find(account.id, coupon)
    return f"Discount ({found['name']})" if found and found.body.get("name") else "Discount"


def _code(account: Account, session: Record) -> str:
    for each in session["discounts"]:
        if each["promotion_code"]:
            return str(account.get("promotion_code", each["promotion_code"])["code"])
    return ""


def _way(account: Account, session: Record, option: Json) -> Way:
    rate = account.get("shipping_rate", option["shipping_rate"])
    amount = option["shipping_amount"]
    return Way(
        rate=rate.id,
        name=rate["display_name"] or "Shipping",
        amount=money.spell(amount, session["currency"]) if amount else "Free",
        takes=_takes(rate["delivery_estimate"] or {}),
        chosen=session["shipping_cost"]["shipping_rate"] == rate.id,
    )


def _takes(estimate: Json) -> str:
    least, most = estimate.get("minimum"), estimate.get("maximum")
    if least and most:
        return f"{least['value']} to {most['value']} {_unit(most)}"
    if most:
        return f"up to {most['value']} {_unit(most)}"
    return f"at least {least['value']} {_unit(least)}" if least else ""


def _unit(given: Json) -> str:
    word = str(given["unit"]).replace("_", " ")
    return word if given["value"] == 1 else f"{word}s"


def terms(account: Account, session: Record) -> str:
    """What comes after today, for a subscription."""
    if session["mode"] != "subscription":
        return ""
    wanted, lines = session.inner["wanted"], [each for each in session.inner["lines"] if each["price"]["recurring"]]
    amount = sum(checkout_totals.cost(account, each) for each in lines)
    every = f"{money.spell(amount, session['currency'])} {per(lines[0]['price']['recurring'])}"
    if session["total_details"]["amount_discount"] or session["discounts"]:
        every += f", less {_how_long(account, session)}"
    if days := wanted.get("trial_period_days"):
        return f"{days} {'day' if days == 1 else 'days'} free, then {every} until you cancel."
    if isinstance(wanted.get("trial_end"), int):
        return f"Free until {datetime.fromtimestamp(wanted['trial_end'], UTC):%-d %B %Y}, then {every} until you cancel."
    return f"{every} until you cancel."


def _how_long(account: Account, session: Record) -> str:
    given = session["discounts"][0]
    id = given["coupon"] or account.get("promotion_code", given["promotion_code"])["promotion"]["coupon"]
    coupon = account.get("coupon", id)
    off = f"{coupon['percent_off']:g}%" if coupon["percent_off"] else money.spell(coupon["amount_off"], coupon["currency"])
    match coupon["duration"]:
        case "once":
            return f"{off} the first time"
        case "repeating":
            return f"{off} for {coupon['duration_in_months']} months"
        case _:
            return f"{off} each time"
