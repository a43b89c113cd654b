"""The lines of an invoice, and the arithmetic over them: discounts first, then taxes, then the sums."""

from __future__ import annotations

from decimal import Decimal

from farthing.sandbox import money
from farthing.sandbox.account import Account
from farthing.sandbox.ids import new_id
from farthing.sandbox.resources import discounts, price_amounts
from farthing.sandbox.store import Json, Record


def pricing_of(price: Json | None, amount: int = 0) -> Json:
    if price is None:
        return {"type": "price_details", "unit_amount_decimal": str(amount)}
    return {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def of_item(account: Account, item: Json, start: int, end: int, *, trial: bool = False) -> Json:
    """What one item of a subscription costs for one period."""
    price, quantity = item["price"], item["quantity"]
    name = account.get("product", price["product"])["name"]
    currency = account.get("subscription", item["subscription"])["currency"]
    terms = price_amounts.terms(account, price, currency)
    each = f"{money.spell(terms['unit_amount'] or 0, currency)} / {every(price['recurring'])}"
    at = f"at {each}" if terms["unit_amount_decimal"] is not None else f"in tiers / {every(price['recurring'])}"
    amount = 0 if trial else price_amounts.cost(account, price, quantity, currency)
    return line(
        amount=amount,
        currency=currency,
        description=f"Trial period for {name}" if trial else f"{quantity} × {name} ({at})",
        period={"start": start, "end": end},
        pricing=pricing_of(price) | {"unit_amount_decimal": "0" if trial else terms["unit_amount_decimal"]},
        quantity=quantity,
        metadata=item["metadata"],
        rates=item["tax_rates"],
        own_discounts=[each.id for each in discounts.running(account, item["discounts"])],
        parent={
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": False,
                "proration_details": {"credited_items": None},
                "subscription": item["subscription"],
                "subscription_item": item["id"],
            },
            "type": "subscription_item_details",
        },
        subscription=item["subscription"],
    )


def every(recurring: Json) -> str:
    count = recurring["interval_count"]
    return recurring["interval"] if count == 1 else f"every {count} {recurring['interval']}s"


def of_invoice_item(item: Record) -> Json:
    parent = item["parent"] or {}
    details = parent.get("subscription_details") or {}
    return line(
        amount=item["amount"],
        currency=item["currency"],
        description=item["description"],
        period=item["period"],
        pricing=item["pricing"],
        quantity=item["quantity"],
        metadata=item["metadata"],
        rates=item["tax_rates"] or [],
        discountable=item["discountable"],
        own_discounts=item["discounts"],
        parent={
            "invoice_item_details": {
                "invoice_item": item.id,
                "proration": item["proration"],
                "proration_details": {"credited_items": None},
                "subscription": details.get("subscription"),
            },
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
        subscription=details.get("subscription"),
    )


def line(
    *,
    amount: int,
    currency: str,
    description: str | None,
    period: Json,
    pricing: Json,
    quantity: int,
    metadata: Json,
    rates: list[Json],
    parent: Json,
    subscription: str | None,
    discountable: bool = True,
    own_discounts: list[str] | None = None,
) -> Json:
    """`rates` is only ours: taken off before the line is shown."""
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": currency,
        "description": description,
        "discount_amounts": [],
        "discountable": discountable,
        "discounts": own_discounts or [],
        "invoice": None,
        "livemode": False,
        "metadata": metadata,
        "parent": parent,
        "period": period,
        "pretax_credit_amounts": [],
        "pricing": pricing,
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "subscription": subscription,
        "subtotal": amount,
        "taxes": [],
        "rates": rates,
    }


def sums(account: Account, lines: list[Json], given: list[Record], rates: list[Json], exempt: str) -> Json:
    """Discounts and taxes written into the lines, and the invoice's own fields that add them up.

    A line's own discounts come off before those of the whole, and the subtotal is after them.
    """
    own, off = _take_off(account, lines, given)
    taxes = _tax(lines, rates, exempt)
    subtotal = sum(line["amount"] for line in lines) - sum(own.values())
    added = sum(each["amount"] for each in taxes if each["tax_behavior"] == "exclusive")
    inside = sum(each["amount"] for each in taxes if each["tax_behavior"] == "inclusive")
    total = subtotal - sum(off.values()) + added
    all_off = {id: own.get(id, 0) + off.get(id, 0) for id in own | off}
    return {
        "discounts": [each.id for each in given],
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - inside,
        "total": total,
        "total_discount_amounts": [{"amount": amount, "discount": id} for id, amount in all_off.items()],
        "total_excluding_tax": total - added - inside,
        "total_pretax_credit_amounts": [_pretax(amount, id) for id, amount in all_off.items()],
        "total_taxes": taxes,
    }


def _pretax(amount: int, discount: str) -> Json:
    return {"amount": amount, "credit_balance_transaction": None, "discount": discount, "type": "discount"}


def _take_off(account: Account, lines: list[Json], given: list[Record]) -> tuple[dict[str, int], dict[str, int]]:
    """How much each discount takes: those of single lines, and those of all of them together."""
    left = [line["amount"] for line in lines]
    for line in lines:
        line |= {"discount_amounts": [], "pretax_credit_amounts": []}
    own: dict[str, int] = {}
    for place, line in enumerate(lines):
        for id in line["discounts"]:
            alone = [left[place] if other == place else 0 for other in range(len(lines))]
            own[id] = own.get(id, 0) + _take(account, account.get("discount", id), lines, left, alone)
    return own, {discount.id: _take(account, discount, lines, left, left) for discount in given}


def _take(account: Account, discount: Record, lines: list[Json], left: list[int], among: list[int]) -> int:
    parts = discounts.shares(account, discount, lines, among)
    for place, (line, part) in enumerate(zip(lines, parts, strict=True)):
        left[place] -= part
        if part:
            line["discount_amounts"].append({"amount": part, "discount": discount.id})
            line["pretax_credit_amounts"].append(_pretax(part, discount.id))
    return sum(parts)


def net(line: Json) -> int:
    """What the line costs after its discounts, before taxes on top."""
    off: int = sum(each["amount"] for each in line["discount_amounts"])
    return int(line["amount"]) - off


def _tax(lines: list[Json], defaults: list[Json], exempt: str) -> list[Json]:
    for line in lines:
        rates = line["rates"] or defaults
        line["taxes"] = [tax(net(line), rate, rates, exempt) for rate in rates]
    return by_rate(lines)


def by_rate(lines: list[Json]) -> list[Json]:
    """The taxes of all lines, one sum for each rate."""
    totals: dict[str, Json] = {}
    for each in (each for line in lines for each in line["taxes"]):
        seen = totals.setdefault(each["tax_rate_details"]["tax_rate"], each | {"amount": 0, "taxable_amount": 0})
        seen["amount"] += each["amount"]
        seen["taxable_amount"] += each["taxable_amount"]
    return list(totals.values())


def tax(amount: int, rate: Json, rates: list[Json], exempt: str) -> Json:
    """What this rate takes of the amount; inclusive rates share what is inside the amount."""
    percent = Decimal(str(rate["percentage"]))
    inside = sum((Decimal(str(each["percentage"])) for each in rates if each["inclusive"]), Decimal(0))
    before = Decimal(amount) * 100 / (100 + inside)
    free = exempt in ("exempt", "reverse")
    return {
        "amount": 0 if free else money.round_half_up((before * percent).scaleb(-2)),
        "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": {"exempt": "customer_exempt", "reverse": "reverse_charge"}.get(exempt, "standard_rated"),
        "taxable_amount": money.round_half_up(before),
        "type": "tax_rate_details",
    }


def shown(lines: list[Json], invoice: str) -> list[Json]:
    return [{name: value for name, value in each.items() if name != "rates"} | {"invoice": invoice} for each in lines]
