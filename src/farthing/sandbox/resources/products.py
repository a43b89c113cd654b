"""Products: what is sold. Only its prices say for how much."""

from __future__ import annotations

from typing import Any

from farthing.sandbox.account import Account, blank_as_none, merge_metadata
from farthing.sandbox.errors import invalid, missing_parameter
from farthing.sandbox.listing import equals, page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import prices
from farthing.sandbox.searching import search
from farthing.sandbox.store import Json, Record

TEXTS = ("description", "statement_descriptor", "tax_code", "unit_label", "url", "tax_details")


def create(account: Account, params: Json) -> Record:
    id = params.get("id")
    if id and account.store.find(account.id, id):
        raise invalid("Product already exists.", param="id", code="resource_already_exists")
    product = account.add("product", "prod", _fields(account, params), id=id)
    account.emit("product.created", product)
    if default := params.get("default_price_data"):
        price = prices.make(account, {**default, "product": product.id})
        product["default_price"] = price.id
        account.save(product)
    return product


def _fields(account: Account, params: Json) -> Json:
    return {
        "active": params.get("active", True),
        "default_price": None,
        "images": params.get("images") or [],
        "marketing_features": params.get("marketing_features") or [],
        "metadata": merge_metadata({}, params.get("metadata")),
        "name": params["name"],
        "shippable": params.get("shippable"),
        "type": "service",
        "updated": account.clock.seconds(),
        "package_dimensions": _dimensions(params.get("package_dimensions")),
    } | {name: blank_as_none(params.get(name)) for name in TEXTS}


def _dimensions(given: Json | str | None) -> Json | None:
    """In inches and ounces, as numbers."""
    return {name: float(text) for name, text in given.items()} if isinstance(given, dict) else None


def inline(account: Account, product_data: Json) -> Record:
    """The product of a price or a line that brings its own."""
    return create(account, {key: value for key, value in product_data.items() if key != "tax_details"})


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get("product", id)


def update(account: Account, id: str, params: Json) -> Record:
    product = account.get("product", id)
    changed: dict[str, Any] = {name: params[name] for name in ("active", "shippable") if name in params}
    changed |= {name: blank_as_none(params[name]) for name in (*TEXTS, "default_price") if name in params}
    if "package_dimensions" in params:
        changed["package_dimensions"] = _dimensions(params["package_dimensions"])
    changed |= {name: params[name] or [] for name in ("images", "marketing_features") if name in params}
    if "name" in params:
        if not params["name"]:
            raise missing_parameter("name")
        changed["name"] = params["name"]
    if changed.get("default_price"):
        account.get("price", changed["default_price"], param="default_price")
    changed["metadata"] = merge_metadata(product["metadata"], params.get("metadata"))
    account.update(product, "product.updated", **changed, updated=account.clock.seconds())
    return product


def delete(account: Account, id: str, params: Json) -> Json:
    del params
    product = account.get("product", id)
    if account.select("price", "json_extract(body, '$.product') = ?", id):
        raise invalid("This product cannot be deleted because it has one or more user-created prices. Archive it instead.")
    account.store.remove(account.id, id)
    account.emit("product.deleted", product)
    return {"id": id, "object": "product", "deleted": True}


def list_(account: Account, params: Json) -> Json:
    where, values = equals(params, "active", "shippable", "url")
    if ids := params.get("ids"):
        where, values = f"{where} AND id IN ({', '.join('?' * len(ids))})", [*values, *ids]
    return page(account, "product", "/v1/products", params, where, *values)


def find(account: Account, params: Json) -> Json:
    return search(account, "product", "/v1/products/search", params)


OPERATIONS = (
    Operation("POST", "/v1/products", "ProductCreateParams", create),
    Operation("GET", "/v1/products", "ProductListParams", list_),
    Operation("GET", "/v1/products/search", "ProductSearchParams", find),
    Operation("GET", "/v1/products/{id}", "ProductRetrieveParams", retrieve),
    Operation("POST", "/v1/products/{id}", "ProductUpdateParams", update),
    Operation("DELETE", "/v1/products/{id}", "ProductDeleteParams", delete),
)
