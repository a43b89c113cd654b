"""The lines of a credit note: parts of an invoice's lines with their share of discounts and taxes, or an amount by itself."""

from __future__ import annotations

from decimal import Decimal

from farthing.sandbox import money
from farthing.sandbox.account import Account, merge_metadata
from farthing.sandbox.errors import exclusive_parameters, invalid, malformed, missing_parameter
from farthing.sandbox.ids import new_id
from farthing.sandbox.resources import invoice_lines, tax_rates
from farthing.sandbox.store import Json, Record


def asked(account: Account, invoice: Record, params: Json) -> list[Json]:
    if "amount" in params and "lines" in params:
        raise exclusive_parameters("amount", "lines")
    if "lines" in params:
        return [_line(account, invoice, each, f"lines[{place}]") for place, each in enumerate(params["lines"])]
    if "amount" not in params:
        parts = [params.get(name) or 0 for name in ("refund_amount", "credit_amount", "out_of_band_amount")]
        if not any(parts):
            raise missing_parameter("amount")
        return [_shown("custom_line_item", sum(parts), "Credit", 1, None, {})]
    return [_shown("custom_line_item", params["amount"], "Credit", 1, None, {})]


def _line(account: Account, invoice: Record, given: Json, param: str) -> Json:
    metadata = merge_metadata({}, given.get("metadata"))
    if given["type"] == "custom_line_item":
        quantity = given.get("quantity", 1)
        amount = _unit(given, param, quantity)
        taxes = _taxes(account, given, amount, param)
        line = _shown("custom_line_item", amount, given.get("description"), quantity, None, metadata)
        return line | {"taxes": taxes or [], "tax_rates": _rates(account, given, param)}
    found = next((each for each in invoice.inner["lines"] if each["id"] == given.get("invoice_line_item")), None)
    if found is None:
        raise invalid(
            "No such invoice line item on this invoice.", param=f"{param}[invoice_line_item]", code="resource_missing"
        )
    return _part(account, found, given, param, metadata)


def _unit(given: Json, param: str, quantity: int) -> int:
    if "unit_amount_decimal" in given:
        return money.round_half_up(Decimal(given["unit_amount_decimal"]) * quantity)
    if given.get("unit_amount") is None:
        raise missing_parameter(f"{param}[unit_amount]")
    return int(given["unit_amount"]) * quantity


def _part(account: Account, found: Json, given: Json, param: str, metadata: Json) -> Json:
    """So much of the line, before its discounts and the taxes on top, which follow in proportion."""
    whole: int = found["amount"]
    units: int = found["quantity"] or 1
    if "amount" in given and "quantity" in given:
        raise exclusive_parameters(f"{param}[amount]", f"{param}[quantity]")
    quantity: int = given.get("quantity", units)
    if not 0 < quantity <= units:
        raise invalid(f"This line has only {units} to credit.", param=f"{param}[quantity]")
    amount: int = given["amount"] if "amount" in given else money.share(whole, quantity, units)
    if not 0 <= amount <= max(whole, 0):
        raise invalid(f"This line has only {whole} to credit.", param=f"{param}[amount]")
    off = [{**each, "amount": money.share(each["amount"], amount, whole)} for each in found["discount_amounts"]]
    net = amount - sum(each["amount"] for each in off)
    taxes = _taxes(account, given, net, param)
    if taxes is None:
        taxes = [
            {**each, **{name: money.share(each[name], amount, whole) for name in ("amount", "taxable_amount")}}
            for each in found["taxes"]
        ]
    line = _shown("invoice_line_item", amount, given.get("description", found["description"]), quantity, found["id"], metadata)
    return line | {
        "discount_amount": sum(each["amount"] for each in off),
        "discount_amounts": [each for each in off if each["amount"]],
        "pretax_credit_amounts": [
            {**each, "credit_balance_transaction": None, "type": "discount"} for each in off if each["amount"]
        ],
        "tax_rates": _rates(account, given, param) or found["rates"],
        "taxes": taxes,
    }


def _rates(account: Account, given: Json, param: str) -> list[Json]:
    return tax_rates.chosen(account, given.get("tax_rates") or None, f"{param}[tax_rates]")


def _taxes(account: Account, given: Json, amount: int, param: str) -> list[Json] | None:
    """By other rates than the line had, or as they were calculated elsewhere; None when neither was said."""
    if amounts := given.get("tax_amounts"):
        found = []
        for place, each in enumerate(amounts):
            rate = account.get("tax_rate", each["tax_rate"], param=f"{param}[tax_amounts][{place}][tax_rate]").body
            shown = invoice_lines.tax(amount, rate, [rate], "none")
            found.append({**shown, "amount": each["amount"], "taxable_amount": each["taxable_amount"]})
        return found
    if "tax_rates" in given:
        rates = _rates(account, given, param)
        return [invoice_lines.tax(amount, rate, rates, "none") for rate in rates]
    return None


def _shown(kind: str, amount: int, description: str | None, quantity: int, line: str | None, metadata: Json) -> Json:
    if amount < 0 or quantity < 0:
        raise malformed("This value must be greater than or equal to 0.", param="lines")
    return {
        "id": new_id("cnli"),
        "object": "credit_note_line_item",
        "amount": amount,
        "description": description,
        "discount_amount": 0,
        "discount_amounts": [],
        "invoice_line_item": line,
        "livemode": False,
        "metadata": metadata,
        "pretax_credit_amounts": [],
        "quantity": quantity,
        "tax_rates": [],
        "taxes": [],
        "type": kind,
        "unit_amount": amount // quantity if quantity and not amount % quantity else None,
        "unit_amount_decimal": str(amount // quantity) if quantity and not amount % quantity else None,
    }


def total(line: Json) -> int:
    """With its discounts and its taxes on top."""
    return int(line["amount"] - line["discount_amount"] + _tax(line, "exclusive"))


def _tax(line: Json, behavior: str) -> int:
    return sum(each["amount"] for each in line["taxes"] if each["tax_behavior"] == behavior)


def sums(lines: list[Json]) -> Json:
    subtotal = sum(line["amount"] for line in lines)
    inside = sum(_tax(line, "inclusive") for line in lines)
    off: dict[str, int] = {}
    for line in lines:
        for each in line["discount_amounts"]:
            off[each["discount"]] = off.get(each["discount"], 0) + each["amount"]
    less = sum(off.values())
    return {
        "discount_amount": less,
        "discount_amounts": [{"amount": amount, "discount": id} for id, amount in off.items()],
        "pretax_credit_amounts": [
            {"amount": amount, "credit_balance_transaction": None, "discount": id, "type": "discount"}
            for id, amount in off.items()
        ],
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - inside,
        "total_excluding_tax": subtotal - less - inside,
        "total_taxes": invoice_lines.by_rate(lines),
    }
