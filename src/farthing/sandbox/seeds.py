"""Seeds: objects to begin with, as a list of requests in JSON or TOML. All of them are there, or none.

key = "sk_test_shop"

[[objects]]
post = "/v1/products"
as = "tea"
params = { name = "Tea" }

[[objects]]
post = "/v1/prices"
params = { product = "$tea", currency = "usd", unit_amount = 500 }
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from farthing.sandbox import validation
from farthing.sandbox.account import Account
from farthing.sandbox.errors import Refusal, malformed
from farthing.sandbox.operations import Operation
from farthing.sandbox.store import Json, Record

OBJECTS_MAX = 10_000
Find = Callable[[str, str], tuple[Operation, list[str]] | None]


def read(path: Path) -> Json:
    text = path.read_text("utf-8")
    document = tomllib.loads(text) if path.suffix == ".toml" else orjson.loads(text)
    if not isinstance(document, dict):
        raise malformed(f"{path} must hold a table with `key` and `objects`.")
    return document


def key_of(document: Json) -> str:
    key = document.get("key")
    if not isinstance(key, str) or not key.startswith("sk_test_") or len(key) == len("sk_test_"):
        raise malformed("A seed needs the `key` whose account it fills, beginning with sk_test_.", param="key")
    return key


def plant(account: Account, document: Json, find: Find) -> dict[str, str]:
    """The id of each object that was given a name. The caller's transaction is taken back when this raises."""
    objects = document.get("objects", [])
    if not isinstance(objects, list) or len(objects) > OBJECTS_MAX:
        raise malformed(f"`objects` must be a list of at most {OBJECTS_MAX}.", param="objects")
    named: dict[str, Json] = {}
    for place, each in enumerate(objects):
        try:
            made = _make(account, each, find, named)
        except Refusal as refusal:
            raise malformed(f"objects[{place}]: {refusal}", param=f"objects[{place}]") from None
        if name := each.get("as"):
            named[str(name)] = made
    return {name: str(made.get("id", "")) for name, made in named.items()}


def _make(account: Account, wanted: Any, find: Find, named: dict[str, Json]) -> Json:
    if not isinstance(wanted, dict) or not isinstance(wanted.get("post"), str):
        raise malformed('Each object says where it is made: {"post": "/v1/products", "params": {…}}.')
    if not isinstance(wanted.get("as", ""), str):
        raise malformed("`as` must be a word that later objects say with $ before it.")
    path = "/".join(str(_known(part, named)) for part in wanted["post"].split("/"))
    found = find("POST", path)
    if found is None:
        raise malformed(f"There is nothing to post to at {path}.")
    operation, ids = found
    made = operation.answer(account, ids, validation.check(operation.params, _as_form(wanted.get("params", {}), named)))
    return made.body if isinstance(made, Record) else made


def _as_form(value: Any, named: dict[str, Json]) -> Any:
    """As a form would carry it: every leaf a string, every name an id."""
    if isinstance(value, dict):
        return {key: _as_form(each, named) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_form(each, named) for each in value]
    if isinstance(value, bool):
        return str(value).lower()
    return str(_known(value, named))


def _known(value: Any, named: dict[str, Json]) -> Any:
    """`$tea` is the id of what was named tea, `$tea.default_price` one of its fields."""
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    name, _, field = value[1:].partition(".")
    if name not in named or not isinstance(named[name].get(field or "id"), str):
        raise malformed(f"{value} names nothing that was made before.")
    return named[name][field or "id"]
