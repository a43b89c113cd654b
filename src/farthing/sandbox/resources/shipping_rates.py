"""Shipping rates: what sending costs and how long it takes, offered to buyers on the checkout page."""

from __future__ import annotations

from farthing.sandbox import money
from farthing.sandbox.account import Account, merge_metadata
from farthing.sandbox.errors import malformed, missing_parameter, not_here_yet
from farthing.sandbox.listing import page
from farthing.sandbox.operations import Operation
from farthing.sandbox.store import Json, Record

NOT_HERE = {"tax_code": "Stripe Tax"}


def create(account: Account, params: Json) -> Record:
    return make(account, params)


def make(account: Account, params: Json, *, param: str = "") -> Record:
    """Also for rates that come inside a session; `param` says where."""
    if params.get("tax_code"):
        raise not_here_yet(_in(param, "tax_code"), NOT_HERE["tax_code"])
    if "fixed_amount" not in params:
        raise missing_parameter(_in(param, "fixed_amount"))
    if params.get("type", "fixed_amount") != "fixed_amount":
        raise malformed(f"Invalid {_in(param, 'type')}: must be fixed_amount", param=_in(param, "type"))
    return account.add(
        "shipping_rate",
        "shr",
        {
            "active": True,
            "delivery_estimate": _estimate(params.get("delivery_estimate")),
            "display_name": params["display_name"],
            "fixed_amount": _fixed(params["fixed_amount"], _in(param, "fixed_amount")),
            "metadata": merge_metadata({}, params.get("metadata")),
            "tax_behavior": params.get("tax_behavior", "unspecified"),
            "tax_code": None,
            "type": "fixed_amount",
        },
    )


def _in(param: str, name: str) -> str:
    return f"{param}[{name}]" if param else name


def _fixed(given: Json, param: str) -> Json:
    if given.get("currency_options"):
        raise not_here_yet(f"{param}[currency_options]", "shipping rates in several currencies")
    if given["amount"] < 0:
        raise malformed(
            "This value must be greater than or equal to 0.", param=f"{param}[amount]", code="parameter_invalid_integer"
        )
    currency = money.currency(given["currency"], param=f"{param}[currency]")
    money.check_fractions(given["amount"], currency, param=f"{param}[amount]")
    return {"amount": given["amount"], "currency": currency}


def _estimate(given: Json | None) -> Json | None:
    return {name: (given.get(name) or None) for name in ("maximum", "minimum")} if given else None


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("shipping_rate", id)


def update(account: Account, id: str, params: Json) -> Record:
    """Its amount stays: a new rate takes its place. Stripe sends no event for it."""
    rate = account.get("shipping_rate", id)
    if "fixed_amount" in params:
        raise not_here_yet("fixed_amount", "shipping rates in several currencies")
    for name in ("active", "tax_behavior"):
        if name in params:
            rate[name] = params[name]
    rate["metadata"] = merge_metadata(rate["metadata"], params.get("metadata"))
    account.save(rate)
    return rate


def list_(account: Account, params: Json) -> Json:
    where, values = "1", list[object]()
    if "active" in params:
        where, values = f"{where} AND json_extract(body, '$.active') = ?", [*values, params["active"]]
    if "currency" in params:
        where, values = f"{where} AND json_extract(body, '$.fixed_amount.currency') = ?", [*values, params["currency"].lower()]
    return page(account, "shipping_rate", "/v1/shipping_rates", params, where, *values)


OPERATIONS = (
    Operation("POST", "/v1/shipping_rates", "ShippingRateCreateParams", create),
    Operation("GET", "/v1/shipping_rates", "ShippingRateListParams", list_),
    Operation("GET", "/v1/shipping_rates/{id}", "ShippingRateRetrieveParams", retrieve),
    Operation("POST", "/v1/shipping_rates/{id}", "ShippingRateUpdateParams", update),
)
