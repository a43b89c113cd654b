"""Every parameter of an operation, down to the last leaf, with values that may be meant, as a form would carry them."""

from __future__ import annotations

import functools
import importlib
import sys
import types
import typing
from collections.abc import Iterator
from typing import Any, ForwardRef, Literal, get_args, get_origin

import typing_extensions
from tests.sandbox.operations import Case

from farthing.sandbox.resources import DIRECTORY

Path = tuple[str | int, ...]
OPTIONS = frozenset(
    "api_key stripe_account stripe_context stripe_version max_network_retries idempotency_key content_type headers".split()
)
DEPTH_MAX = 6
WORDS_MAX = 12
# What text may mean, by the end of a parameter's name; `$name` is of the prepared world.
TEXTS: dict[str, tuple[str, ...]] = {
    "email": ("new@example.com",), "url": ("http://127.0.0.1:9/new",), "currency": ("usd", "eur"), "country": ("US", "DE"),
    "customer": ("$other_customer", "$customer"), "price": ("$third_price", "$price"),
    "product": ("$bare_product", "$product"), "products": ("$product",), "coupon": ("$other_coupon", "$coupon"),
    "promotion_code": ("$promotion_code",), "payment_method": ("$card", "pm_card_visa"), "subscription": ("$subscription",),
    "invoice": ("$open_invoice", "$draft"), "charge": ("$held_charge", "$charge"), "line1": ("1 Elm St",),
    "payment_intent": ("$paid",), "destination": ("$seller",), "account": ("$seller",), "on_behalf_of": ("$seller",),
    "tax_rates": ("$tax_rate",), "id": ("$item",), "token": ("tok_visa",), "test_clock": ("$clock",), "code": ("AUTUMN",),
    "starting_after": (), "ending_before": (), "state": ("CA",), "dispute": ("$dispute",), "transfer": ("$transfer",),
    "default_price": ("$price",), "ip": ("127.0.0.2",), "lookup_keys": ("monthly",), "configuration": ("$configuration",),
    "expand": (), "source": ("$transaction",), "payout": ("$payout",), "transaction": ("$transaction",), "types": ("a.b",),
}  # fmt: skip


def leaves(case: Case) -> Iterator[tuple[Path, list[Any]]]:
    """Each leaf's path, and values for it. `metadata` is a leaf, whose keys are the caller's."""
    yield from _of_hash(params_of(case), (), 0)


def params_of(case: Case) -> Any:
    """The SDK's TypedDict for it."""
    found = DIRECTORY.find(case.method, case.path)
    assert found, case.operation
    room, _, name = found[0].params.rpartition(".")
    return getattr(importlib.import_module(f"stripe.params.{room}" if room else "stripe.params"), name)


@functools.cache
def fields_of(cls: Any) -> dict[str, list[Any]]:
    module = sys.modules[cls.__module__]
    return {name: members(kind, module) for name, kind in cls.__annotations__.items() if name not in OPTIONS}


def members(annotation: Any, module: Any) -> list[Any]:
    """The types a value may have; enumerations as their words."""
    while isinstance(annotation, (ForwardRef, str)) or get_origin(annotation) in (
        typing_extensions.NotRequired,
        typing_extensions.Required,
    ):
        if isinstance(annotation, (ForwardRef, str)):
            text = annotation if isinstance(annotation, str) else annotation.__forward_arg__
            annotation = eval(text, {**vars(typing_extensions), **vars(typing), **vars(module)})
        else:
            annotation = get_args(annotation)[0]
    if get_origin(annotation) in (typing.Union, types.UnionType):
        return [each for member in get_args(annotation) for each in members(member, module)]
    return [annotation]


def is_hash(kind: Any) -> bool:
    return typing_extensions.is_typeddict(kind) or typing.is_typeddict(kind)


def _of_hash(cls: Any, path: Path, depth: int) -> Iterator[tuple[Path, list[Any]]]:
    module = sys.modules[cls.__module__]
    for name, kinds in fields_of(cls).items():
        if name == "metadata":
            yield (*path, name), [{"colour": "green"}]
        else:
            yield from _of_field(name, kinds, module, (*path, name), depth)


def _of_field(name: str, kinds: list[Any], module: Any, path: Path, depth: int) -> Iterator[tuple[Path, list[Any]]]:
    if values := _scalars(name, kinds):
        yield path, values
    for kind in kinds:
        if is_hash(kind) and depth < DEPTH_MAX:
            yield from _of_hash(kind, path, depth + 1)
        elif get_origin(kind) is list:
            yield from _of_field(name, members(get_args(kind)[0], module), module, (*path, 0), depth)


def _scalars(name: str, kinds: list[Any]) -> list[Any]:
    words = [word for kind in kinds if get_origin(kind) is Literal for word in get_args(kind) if word]
    values: list[Any] = [str(word) for word in words[:WORDS_MAX]]
    if bool in kinds:
        values += ["true", "false"]
    if int in kinds:
        values += ["1", "7", "150", "1800000000", "1950000000"]
    if str in kinds and not words:
        values += next((TEXTS[each] for each in TEXTS if name == each or name.endswith(f"_{each}")), ("text",))
    if any(getattr(kind, "__name__", "") in ("Decimal", "float") for kind in kinds):
        values += ["1.5"]
    return values


def smallest(cls: Any) -> dict[str, Any]:
    """A hash with nothing but what it must have."""
    made = {}
    for name, kinds in fields_of(cls).items():
        if name in cls.__required_keys__:
            made[name] = _one(name, kinds, sys.modules[cls.__module__])
    return made


def _one(name: str, kinds: list[Any], module: Any) -> Any:
    if values := _scalars(name, kinds):
        return values[0]
    for kind in kinds:
        if is_hash(kind):
            return smallest(kind)
        if get_origin(kind) is list:
            return [_one(name, members(get_args(kind)[0], module), module)]
    return "text"


def with_leaf(cls: Any, base: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """The base's parameters with this one added, and whatever must stand around it."""
    made = dict(base)
    name, rest = str(path[0]), path[1:]
    made[name] = _inside(fields_of(cls)[name], sys.modules[cls.__module__], base.get(name), rest, value)
    return made


def _inside(kinds: list[Any], module: Any, there: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    if path[0] == 0:
        inner = next(get_args(kind)[0] for kind in kinds if get_origin(kind) is list)
        first, rest = (there[0], there[1:]) if isinstance(there, list) and there else (None, [])
        return [_inside(members(inner, module), module, first, path[1:], value), *rest]
    kind = next(kind for kind in kinds if is_hash(kind) and path[0] in fields_of(kind))
    return with_leaf(kind, there if isinstance(there, dict) else smallest(kind), path, value)


def there(params: Any, path: Path) -> Any:
    """What the base says already."""
    for step in path:
        if isinstance(params, dict):
            params = params.get(str(step))
        else:
            params = params[0] if isinstance(params, list) and params else None
    return str(params).lower() if isinstance(params, bool | int) else params
