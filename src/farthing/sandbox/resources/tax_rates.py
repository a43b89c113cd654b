"""Tax rates made by hand: a name and a percentage, inside the price or on top of it."""

from __future__ import annotations

from decimal import Decimal

from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import invalid
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.store import Json, Record

TEXTS = ("country", "description", "jurisdiction", "state", "tax_type")


def create(account: Account, params: Json) -> Record:
    percentage = Decimal(params["percentage"])
    if not 0 <= percentage <= 100:
        raise invalid("Invalid percentage: must be between 0 and 100.", param="percentage")
    rate = account.add(
        "tax_rate",
        "txr",
        {
            "active": params.get("active", True),
            "display_name": params["display_name"],
            "effective_percentage": None,
            "flat_amount": None,
            "inclusive": params["inclusive"],
            "jurisdiction_level": None,
            "metadata": merge_metadata({}, params.get("metadata")),
            "percentage": float(percentage),
            "rate_type": "percentage",
        }
        | {name: blank_as_none(params.get(name)) for name in TEXTS},
    )
    account.emit("tax_rate.created", rate)
    return rate


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("tax_rate", id)


def update(account: Account, id: str, params: Json) -> Record:
    rate = account.get("tax_rate", id)
    changed: Json = {name: params[name] for name in ("active", "display_name") if name in params}
    changed |= {name: blank_as_none(params[name]) for name in TEXTS if name in params}
    changed["metadata"] = merge_metadata(rate["metadata"], params.get("metadata"))
    account.update(rate, "tax_rate.updated", **changed)
    return rate


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "active", "inclusive")
    return page(account, "tax_rate", "/v1/tax_rates", params, where, *values)


def chosen(account: Account, ids: list[str] | str | None, param: str) -> list[Json]:
    """The rates with these ids, whole, as Stripe shows them inside what they apply to."""
    rates = [account.get("tax_rate", id, param=param) for id in ids or []]
    for rate in rates:
        if not rate["active"]:
            raise invalid(f"The tax rate {rate.id} is archived and cannot be used any more.", param=param)
    return [rate.body for rate in rates]


OPERATIONS = (
    Operation("POST", "/v1/tax_rates", "TaxRateCreateParams", create),
    Operation("GET", "/v1/tax_rates", "TaxRateListParams", list_),
    Operation("GET", "/v1/tax_rates/{id}", "TaxRateRetrieveParams", retrieve),
    Operation("POST", "/v1/tax_rates/{id}", "TaxRateUpdateParams", update),
)
