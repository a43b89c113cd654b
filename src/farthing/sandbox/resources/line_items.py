"""The lines of a checkout session: a price, how many, and what that comes to."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from farthing.sandbox.account import Account, merge_metadata
from farthing.sandbox.errors import exclusive_parameters, invalid, malformed, missing_parameter, not_here_yet
from farthing.sandbox.ids import new_id
from farthing.sandbox.resources import prices
from farthing.sandbox.store import Json, Record

LINES_MAX = 100


def make(account: Account, given: list[Json]) -> list[Json]:
    if len(given) > LINES_MAX:
        raise malformed(f"You can pass at most {LINES_MAX} line items.", param="line_items")
    return [_line(account, each, f"line_items[{place}]") for place, each in enumerate(given)]


def _line(account: Account, given: Json, param: str) -> Json:
    if given.get("tax_rates") or given.get("dynamic_tax_rates"):
        raise not_here_yet(f"{param}[tax_rates]", "tax rates")
    if "quantity" not in given:
        raise missing_parameter(f"{param}[quantity]")
    quantity = given["quantity"]
    if quantity < 1:
        raise malformed(
            "This value must be greater than or equal to 1.", param=f"{param}[quantity]", code="parameter_invalid_integer"
        )
    price = _price(account, given, param)
    amount = _amount(price, quantity)
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": given.get("adjustable_quantity"),
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": account.get("product", price["product"])["name"],
        "metadata": merge_metadata({}, given.get("metadata")),
        "price": price.body,
        "quantity": quantity,
    }


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
    if price["type"] == "recurring":
        raise _recurring(param)
    return price


def _inline(account: Account, given: Json, param: str) -> Record:
    if "recurring" in given:
        raise _recurring(param)
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


def _amount(price: Record, quantity: int) -> int:
    if price["unit_amount"] is not None:
        return int(price["unit_amount"]) * quantity
    return int((Decimal(price["unit_amount_decimal"]) * quantity).quantize(Decimal(1), ROUND_HALF_UP))
