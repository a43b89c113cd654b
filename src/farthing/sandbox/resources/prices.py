"""Prices: an amount and a currency for a product. The amount of a price never changes; a new price takes its lookup key."""

from __future__ import annotations

from typing import Any

from farthing.sandbox import money
from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import exclusive_parameters, invalid, malformed, missing_parameter, not_here_yet
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import price_amounts
from farthing.sandbox.searching import search
from farthing.sandbox.store import Json, Record

NOT_HERE = {"custom_unit_amount": "prices the buyer chooses"}
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
    currency = money.currency(params["currency"], param=price_amounts.inside(param, "currency"))
    tiered = _tiered(params)
    amounts = price_amounts.stated(params, currency, param, tiered=tiered)
    options = price_amounts.options(params.get("currency_options") or {}, currency, "currency_options", tiered=tiered)
    product = params.get("product") or products.inline(account, params["product_data"]).id
    key = blank_as_none(params.get("lookup_key"))
    _claim(account, key, transfer=params.get("transfer_lookup_key", False))
    price = account.add(
        "price",
        "price",
        {
            "active": params.get("active", True),
            "billing_scheme": "tiered" if tiered else "per_unit",
            "currency": currency,
            "custom_unit_amount": None,
            "lookup_key": key,
            "metadata": merge_metadata({}, params.get("metadata")),
            "nickname": blank_as_none(params.get("nickname")),
            "product": product,
            "recurring": _recurring(params.get("recurring")),
            "tax_behavior": params.get("tax_behavior", "unspecified"),
            "tiers_mode": params["tiers_mode"] if tiered else None,
            "transform_quantity": _packages(params.get("transform_quantity"), tiered=tiered),
            "type": "recurring" if params.get("recurring") else "one_time",
            "unit_amount": amounts["unit_amount"],
            "unit_amount_decimal": amounts["unit_amount_decimal"],
        },
        inline=bool(param),
        tiers=amounts["tiers"],
        options=options,
    )
    account.emit("price.created", price)
    return price


def _tiered(params: Json) -> bool:
    if params.get("billing_scheme", "per_unit") == "per_unit":
        if params.get("tiers_mode"):
            raise invalid("`tiers_mode` can only be used with billing_scheme=tiered.", param="tiers_mode")
        return False
    if "tiers_mode" not in params:
        raise missing_parameter("tiers_mode")
    if not params.get("recurring"):
        raise invalid("Only recurring prices can be tiered.", param="billing_scheme")
    return True


def _packages(given: Json | None, *, tiered: bool) -> Json | None:
    if not given:
        return None
    if tiered:
        raise invalid("`transform_quantity` cannot be combined with tiers.", param="transform_quantity")
    if given["divide_by"] < 1:
        raise malformed("This value must be greater than or equal to 1.", param="transform_quantity[divide_by]")
    return {"divide_by": given["divide_by"], "round": given["round"]}


def shown_tiers(account: Account, id: str) -> list[Json] | None:
    """For those who ask: absent otherwise."""
    tiers: list[Json] | None = account.get("price", id).inner.get("tiers")
    return tiers


def shown_options(account: Account, id: str) -> Json:
    """All currencies it can be paid in, its own included."""
    price = account.get("price", id)
    own = {name: price[name] for name in ("tax_behavior", "unit_amount", "unit_amount_decimal")}
    found = {price["currency"]: own | {"tiers": price.inner.get("tiers")}, **(price.inner.get("options") or {})}
    return {code: {"custom_unit_amount": None, **_without_no_tiers(each)} for code, each in found.items()}


def _without_no_tiers(terms: Json) -> Json:
    return {name: value for name, value in terms.items() if name != "tiers" or value is not None}


def _recurring(given: Json | None) -> Json | None:
    if not given:
        return None
    if given.get("usage_type") == "metered":
        raise not_here_yet("recurring[usage_type]", "metered prices")
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
    if given := params.get("currency_options"):
        tiered = price["billing_scheme"] == "tiered"
        added = price_amounts.options(given, price["currency"], "currency_options", tiered=tiered)
        price.inner["options"] = {**(price.inner.get("options") or {}), **added}
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


def find(account: Account, params: Json) -> Json:
    return search(account, "price", "/v1/prices/search", params)


OPERATIONS = (
    Operation("POST", "/v1/prices", "PriceCreateParams", create),
    Operation("GET", "/v1/prices", "PriceListParams", list_),
    Operation("GET", "/v1/prices/search", "PriceSearchParams", find),
    Operation("GET", "/v1/prices/{id}", "PriceRetrieveParams", retrieve),
    Operation("POST", "/v1/prices/{id}", "PriceUpdateParams", update),
)
