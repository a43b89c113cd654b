"""The lines of a checkout session: a price, how many, and which taxes. What they come to is counted elsewhere."""

from __future__ import annotations

from farthing.sandbox.account import Account, merge_metadata
from farthing.sandbox.errors import exclusive_parameters, invalid, malformed, missing_parameter, unknown_parameter
from farthing.sandbox.ids import new_id
from farthing.sandbox.resources import price_amounts, prices, tax_rates
from farthing.sandbox.store import Json, Record

LINES_MAX = 100
QUANTITY_MAX = 999_999
ADJUSTABLE_MAX = 99
TAX_RATES_MAX = 10


def make(
    account: Account, given: list[Json], *, mode: str = "payment", currency: str | None = None
) -> tuple[list[Json], dict[str, list[Json]]]:
    """The lines as they are shown, without amounts, and the tax rates of each by its id.

    `currency` is one of those the prices have options for; without it, it is their own.
    """
    if not given:
        raise missing_parameter("line_items")
    if len(given) > LINES_MAX:
        raise malformed(f"You can pass at most {LINES_MAX} line items.", param="line_items")
    lines, rates = [], {}
    for place, each in enumerate(given):
        param = f"line_items[{place}]"
        line = _line(account, each, param, mode, currency)
        lines.append(line)
        if chosen := _rates(account, each, param):
            rates[line["id"]] = chosen
    currencies = sorted({line["currency"] for line in lines})
    if len(currencies) > 1:
        raise invalid(f"All prices must have the same currency, but these have {', '.join(currencies)}.", param="line_items")
    return lines, rates


def _line(account: Account, given: Json, param: str, mode: str, currency: str | None) -> Json:
    if "quantity" not in given:
        raise missing_parameter(f"{param}[quantity]")
    adjustable = _adjustable(given.get("adjustable_quantity"), f"{param}[adjustable_quantity]")
    quantity = given["quantity"]
    if quantity < 1:
        raise malformed(
            "This value must be greater than or equal to 1.", param=f"{param}[quantity]", code="parameter_invalid_integer"
        )
    if quantity > QUANTITY_MAX:
        raise malformed(
            f"This value must be less than or equal to {QUANTITY_MAX} (it currently is '{quantity}').",
            param=f"{param}[quantity]",
            code="parameter_invalid_integer",
        )
    price = _price(account, given, param)
    if mode == "payment" and price["type"] == "recurring":
        raise _recurring(f"{param}[price]" if "price" in given else f"{param}[price_data]")
    # Refused here when the price has no option for it.
    price_amounts.terms(account, price.body, currency)
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": adjustable,
        "amount_discount": 0,
        "amount_subtotal": 0,
        "amount_tax": 0,
        "amount_total": 0,
        "currency": currency or price["currency"],
        "description": account.get("product", price["product"])["name"],
        "metadata": merge_metadata({}, given.get("metadata")),
        "price": price.body,
        "quantity": quantity,
    }


def _adjustable(given: Json | None, param: str) -> Json | None:
    if not given:
        return None
    least, most = given.get("minimum", 0), given.get("maximum", ADJUSTABLE_MAX)
    if not given["enabled"]:
        return {"enabled": False}
    if least < 0 or most > QUANTITY_MAX or least > most:
        raise malformed(
            f"The quantity must be adjustable from at least 0 to at most {QUANTITY_MAX}, and its minimum no more than its "
            "maximum.",
            param=f"{param}[minimum]" if least > most or least < 0 else f"{param}[maximum]",
        )
    return {"enabled": True, "maximum": most, "minimum": least}


def _rates(account: Account, given: Json, param: str) -> list[Json]:
    if "dynamic_tax_rates" in given:
        raise unknown_parameter(f"{param}[dynamic_tax_rates]")
    ids = given.get("tax_rates") or []
    if len(ids) > TAX_RATES_MAX:
        raise malformed(f"You can pass at most {TAX_RATES_MAX} tax rates.", param=f"{param}[tax_rates]")
    return tax_rates.chosen(account, ids, f"{param}[tax_rates]")


def _price(account: Account, given: Json, param: str) -> Record:
    if "price" in given and "price_data" in given:
        raise exclusive_parameters(f"{param}[price]", f"{param}[price_data]")
    if "price" in given:
        return _existing(account, given["price"], f"{param}[price]")
    if "price_data" not in given:
        raise missing_parameter(f"{param}[price]")
    return _inline(account, given["price_data"], f"{param}[price_data]")


def _existing(account: Account, id: str, param: str) -> Record:
    price = account.get("price", id, param=param)
    if not price["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", param=param)
    product = account.get("product", price["product"])
    if not product["active"]:
        raise invalid(f"The product `{product.id}` is marked as inactive, and thus new purchases cannot be made.", param=param)
    return price


def _inline(account: Account, given: Json, param: str) -> Record:
    if "product" in given and "product_data" in given:
        raise exclusive_parameters(f"{param}[product]", f"{param}[product_data]")
    if "product" in given:
        account.get("product", given["product"], param=f"{param}[product]")
    elif "product_data" not in given:
        raise missing_parameter(f"{param}[product]")
    return prices.make(account, given, param=param)


def _recurring(param: str) -> Exception:
    return invalid(
        "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time "
        "prices.",
        param=param,
    )


def adjust(lines: list[Json], wanted: dict[str, int]) -> None:
    """The buyer chose how many, where the seller lets them. Nothing at all is not a purchase."""
    for line in lines:
        if line["id"] not in wanted or wanted[line["id"]] == line["quantity"]:
            continue
        range_ = line["adjustable_quantity"] or {"enabled": False}
        param = f"quantities[{line['id']}]"
        if not range_["enabled"]:
            raise invalid("The quantity of this item cannot be changed.", param=param)
        least, most = range_["minimum"], range_["maximum"]
        if not least <= wanted[line["id"]] <= most:
            raise invalid(f"Choose from {least} to {most}.", param=param)
        line["quantity"] = wanted[line["id"]]
    if unknown := wanted.keys() - {line["id"] for line in lines}:
        raise invalid(f"No such line item: '{min(unknown)}'", param=f"quantities[{min(unknown)}]", code="resource_missing")
    if not any(line["quantity"] for line in lines):
        raise invalid("At least one item must stay.", param=f"quantities[{lines[0]['id']}]")
