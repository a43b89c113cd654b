"""Prices: an amount and a currency for a product. The amount of a price never changes; a new price takes its lookup key."""

from __future__ import annotations

from typing import Any

from farthing.sandbox import money
from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import exclusive_parameters, invalid, malformed, missing_parameter, not_here_yet
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.store import Json, Record

NOT_HERE = {
    "tiers": "tiered prices",
    "tiers_mode": "tiered prices",
    "custom_unit_amount": "prices the buyer chooses",
    "transform_quantity": "prices by the package",
    "currency_options": "prices in several currencies",
}
LOOKUP_KEYS_MAX = 10
INTERVALS_MAX = {"day": 1095, "week": 156, "month": 36, "year": 3}


def create(account: Account, params: Json) -> Record:
    if "product" not in params and "product_data" not in params:
        raise missing_parameter("product")
    if "product" in params and "product_data" in params:
        raise exclusive_parameters("product", "product_data")
    if "product" in params:
        account.get("product", params["product"], param="product")
    return make(account, params)


def make(account: Account, params: Json, *, param: str = "") -> Record:
    """Also for prices that come inside a session's line; `param` says where."""
    # Here, because products bring prices along as prices bring products.
    from farthing.sandbox.resources import products

    for name, what in NOT_HERE.items():
        if name in params:
            raise not_here_yet(name, what)
    currency = money.currency(params["currency"], param=_inside(param, "currency"))
    amount, decimal = _amounts(params, currency, param)
    product = params.get("product") or products.inline(account, params["product_data"]).id
    key = blank_as_none(params.get("lookup_key"))
    _claim(account, key, transfer=params.get("transfer_lookup_key", False))
    price = account.add(
        "price",
        "price",
        {
            "active": params.get("active", True),
            "billing_scheme": "per_unit",
            "currency": currency,
            "custom_unit_amount": None,
            "lookup_key": key,
            "metadata": merge_metadata({}, params.get("metadata")),
            "nickname": blank_as_none(params.get("nickname")),
            "product": product,
            "recurring": _recurring(params.get("recurring")),
            "tax_behavior": params.get("tax_behavior", "unspecified"),
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "recurring" if params.get("recurring") else "one_time",
            "unit_amount": amount,
            "unit_amount_decimal": decimal,
        },
        inline=bool(param),
    )
    account.emit("price.created", price)
    return price


def _inside(param: str, name: str) -> str:
    return f"{param}[{name}]" if param else name


def _amounts(params: Json, currency: str, param: str) -> tuple[int | None, str]:
    """The amount, and the same as decimal text; a fraction of a minor unit has only the text."""
    whole, text = params.get("unit_amount"), params.get("unit_amount_decimal")
    if whole is None and text is None:
        raise missing_parameter(_inside(param, "unit_amount"))
    if whole is not None and text is not None:
        raise exclusive_parameters(_inside(param, "unit_amount"), _inside(param, "unit_amount_decimal"))
    if whole is None:
        head, _, tail = str(text).partition(".")
        whole = None if tail.strip("0") else int(head)
    if whole is not None:
        _check_amount(whole, currency, _inside(param, "unit_amount"))
    return whole, str(text if text is not None else whole)


def _check_amount(amount: int, currency: str, param: str) -> None:
    if amount < 0:
        raise malformed("This value must be greater than or equal to 0.", param=param, code="parameter_invalid_integer")
    if amount > money.AMOUNT_MAX * 100:
        raise invalid("Invalid integer: too large.", param=param, code="parameter_invalid_integer")
    money.check_fractions(amount, currency, param=param)


def _recurring(given: Json | None) -> Json | None:
    if not given:
        return None
    count = given.get("interval_count", 1)
    if not 1 <= count <= INTERVALS_MAX[given["interval"]]:
        raise invalid(
            f"Invalid interval_count: a price can recur at most every three years, and at least every {given['interval']}.",
            param="recurring[interval_count]",
            code="parameter_invalid_integer",
        )
    return {
        "interval": given["interval"],
        "interval_count": given.get("interval_count", 1),
        "meter": given.get("meter"),
        "trial_period_days": given.get("trial_period_days"),
        "usage_type": given.get("usage_type", "licensed"),
    }


def _claim(account: Account, key: str | None, *, transfer: bool, owner: str = "") -> None:
    """A lookup key names one price of an account; it moves only when the caller says so."""
    if key is None:
        return
    for holder in account.select("price", "json_extract(body, '$.lookup_key') = ?", key):
        if holder.id == owner:
            continue
        if not transfer:
            raise invalid(
                f"A price (`{holder.id}`) already uses that lookup key.", param="lookup_key", code="resource_already_exists"
            )
        account.update(holder, "price.updated", lookup_key=None)


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("price", id)


def update(account: Account, id: str, params: Json) -> Record:
    price = account.get("price", id)
    if "currency_options" in params:
        raise not_here_yet("currency_options", NOT_HERE["currency_options"])
    changed: dict[str, Any] = {"metadata": merge_metadata(price["metadata"], params.get("metadata"))}
    if "active" in params:
        changed["active"] = params["active"]
    changed |= {name: blank_as_none(params[name]) for name in ("nickname", "lookup_key") if name in params}
    if "tax_behavior" in params:
        if price["tax_behavior"] not in ("unspecified", params["tax_behavior"]):
            raise invalid("You cannot change the tax_behavior of a price once it is set.", param="tax_behavior")
        changed["tax_behavior"] = params["tax_behavior"]
    _claim(account, changed.get("lookup_key"), transfer=params.get("transfer_lookup_key", False), owner=id)
    account.update(price, "price.updated", **changed)
    return price


def list_(account: Account, params: Json) -> Json:
    """Active ones unless asked otherwise, and never those that came inside a session's line."""
    where, values = equals({"active": True} | params, "active", "currency", "product", "type")
    where = f"{where} AND NOT json_extract(inner, '$.inline')"
    if keys := params.get("lookup_keys"):
        if len(keys) > LOOKUP_KEYS_MAX:
            raise malformed(f"You can list at most {LOOKUP_KEYS_MAX} lookup keys.", param="lookup_keys")
        places = ", ".join("?" * len(keys))
        where, values = f"{where} AND json_extract(body, '$.lookup_key') IN ({places})", [*values, *keys]
    for name, given in (params.get("recurring") or {}).items():
        where, values = f"{where} AND json_extract(body, '$.recurring.{name}') = ?", [*values, given]
    return page(account, "price", "/v1/prices", params, where, *values)


OPERATIONS = (
    Operation("POST", "/v1/prices", "PriceCreateParams", create),
    Operation("GET", "/v1/prices", "PriceListParams", list_),
    Operation("GET", "/v1/prices/{id}", "PriceRetrieveParams", retrieve),
    Operation("POST", "/v1/prices/{id}", "PriceUpdateParams", update),
)
