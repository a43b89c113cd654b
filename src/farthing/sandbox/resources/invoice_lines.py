"""The lines of an invoice, and the arithmetic over them: discounts first, then taxes, then the sums."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from farthing.sandbox import money
from farthing.sandbox.account import Account
from farthing.sandbox.ids import new_id
from farthing.sandbox.resources import discounts
from farthing.sandbox.store import Json, Record


def amount_of(price: Json, quantity: int) -> int:
    if price["unit_amount"] is not None:
        return int(price["unit_amount"]) * quantity
    return int((Decimal(price["unit_amount_decimal"]) * quantity).quantize(Decimal(1), ROUND_HALF_UP))


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
    recurring = price["recurring"]
    each = f"{money.spell(price['unit_amount'] or 0, price['currency'])} / {every(recurring)}"
    amount = 0 if trial else amount_of(price, quantity)
    return line(
        amount=amount,
        currency=price["currency"],
        description=f"Trial period for {name}" if trial else f"{quantity} × {name} (at {each})",
        period={"start": start, "end": end},
        pricing=pricing_of(price) | ({"unit_amount_decimal": "0"} if trial else {}),
        quantity=quantity,
        metadata=item["metadata"],
        rates=item["tax_rates"],
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
        "discounts": [],
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
    """Discounts and taxes written into the lines, and the invoice's own fields that add them up."""
    off = _take_off(account, lines, given)
    taxes = _tax(lines, rates, exempt)
    subtotal = sum(line["amount"] for line in lines)
    added = sum(each["amount"] for each in taxes if each["tax_behavior"] == "exclusive")
    inside = sum(each["amount"] for each in taxes if each["tax_behavior"] == "inclusive")
    total = subtotal - sum(off.values()) + added
    return {
        "discounts": [each.id for each in given],
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - inside,
        "total": total,
        "total_discount_amounts": [{"amount": amount, "discount": id} for id, amount in off.items()],
        "total_excluding_tax": total - added - inside,
        "total_pretax_credit_amounts": [
            {"amount": amount, "credit_balance_transaction": None, "discount": id, "type": "discount"}
            for id, amount in off.items()
        ],
        "total_taxes": taxes,
    }


def _take_off(account: Account, lines: list[Json], given: list[Record]) -> dict[str, int]:
    left = [line["amount"] for line in lines]
    for line in lines:
        line |= {"discount_amounts": [], "pretax_credit_amounts": []}
    off: dict[str, int] = {}
    for discount in given:
        parts = discounts.shares(account, discount, lines, left)
        off[discount.id] = sum(parts)
        for place, (line, part) in enumerate(zip(lines, parts, strict=True)):
            left[place] -= part
            if part:
                line["discount_amounts"].append({"amount": part, "discount": discount.id})
                line["pretax_credit_amounts"].append(
                    {"amount": part, "credit_balance_transaction": None, "discount": discount.id, "type": "discount"}
                )
    return off


def net(line: Json) -> int:
    """What the line costs after its discounts, before taxes on top."""
    off: int = sum(each["amount"] for each in line["discount_amounts"])
    return int(line["amount"]) - off


def _tax(lines: list[Json], defaults: list[Json], exempt: str) -> list[Json]:
    totals: dict[str, Json] = {}
    for line in lines:
        rates = line["rates"] or defaults
        line["taxes"] = [tax(net(line), rate, rates, exempt) for rate in rates]
        for each in line["taxes"]:
            id = each["tax_rate_details"]["tax_rate"]
            seen = totals.setdefault(id, each | {"amount": 0, "taxable_amount": 0})
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
        "amount": 0 if free else discounts.round_half_up((before * percent).scaleb(-2)),
        "tax_behavior": "inclusive" if rate["inclusive"] else "exclusive",
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": {"exempt": "customer_exempt", "reverse": "reverse_charge"}.get(exempt, "standard_rated"),
        "taxable_amount": discounts.round_half_up(before),
        "type": "tax_rate_details",
    }


def shown(lines: list[Json], invoice: str) -> list[Json]:
    return [{name: value for name, value in each.items() if name != "rates"} | {"invoice": invoice} for each in lines]
