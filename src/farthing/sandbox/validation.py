"""Requests checked against the official SDK's own parameter types, so that what Stripe refuses is refused here too.

The SDK ships a TypedDict for every operation. Each is read once, when first needed, into a checker that turns the
strings of a form into values and words its refusals as Stripe does.
"""

from __future__ import annotations

import decimal
import functools
import importlib
import re
import sys
import typing
from collections.abc import Callable
from typing import Any, ForwardRef, Literal, get_args, get_origin

import typing_extensions

from farthing.sandbox.errors import empty_parameter, malformed, missing_parameter, unknown_parameter
from farthing.sandbox.given import Given

Check = Callable[[Any, str], Any]
"""Takes the decoded value and the parameter's path; answers the value in its type, or raises a refusal."""

# What the SDK's option keys share the TypedDict with; they travel in headers, never in the form.
OPTIONS = frozenset(
    "api_key stripe_version stripe_account stripe_context max_network_retries idempotency_key content_type headers".split()
)
LIMITS = {"limit": (1, 100)}
LENGTHS = {
    "client_reference_id": 200,
    "customer_email": 512,
    "email": 512,
    "lookup_key": 200,
    "nickname": 5000,
    "statement_descriptor": 22,
    "statement_descriptor_suffix": 22,
}
METADATA_KEYS_MAX = 50
METADATA_KEY_LENGTH_MAX = 40
METADATA_VALUE_LENGTH_MAX = 500
INTEGER_MAX = 2**63 - 1


def check(params: str, fields: dict[str, Any]) -> Given:
    """`params` names a TypedDict of `stripe.params`, as in "checkout.SessionCreateParams"."""
    checked = _typed_dict(_params_class(params))(fields, "")
    assert isinstance(checked, Given)
    return checked


def _params_class(name: str) -> Any:
    room, _, plain = name.rpartition(".")
    return getattr(importlib.import_module(f"stripe.params.{room}" if room else "stripe.params"), plain)


@functools.cache
def _typed_dict(cls: Any) -> Check:
    names = [name for name in cls.__annotations__ if name not in OPTIONS]
    required = [name for name in names if name in cls.__required_keys__]
    module = sys.modules[cls.__module__]
    checks: dict[str, Check] = {}
    plain: list[str] = []
    """Those that can only be one word (`type` is `coupon`): whoever has checked them has done with them."""

    def check_fields(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise malformed(f"Invalid object: {path} must be an object.", param=path)
        for name in value:
            if name not in names:
                raise _refuse_unknown(name, _join(path, name))
        for name in required:
            if name not in value:
                raise missing_parameter(_join(path, name))
        return Given({name: field_check(name)(inner, _join(path, name)) for name, inner in value.items()}, plain=tuple(plain))

    def field_check(name: str) -> Check:
        # Lazily: the largest of these types has a thousand fields, and a request uses ten.
        if name not in checks:
            located = _resolve(cls.__annotations__[name], module)
            checks[name] = _field(name, located)
            if _leaves_no_choice(located):
                plain.append(name)
        return checks[name]

    return check_fields


def _refuse_unknown(name: str, path: str) -> Exception:
    if name == "payment_method_types":
        return malformed(
            "The `payment_method_types` parameter is no longer supported. Remove it to use dynamic payment methods, or use "
            "`allowed_payment_method_types` or `excluded_payment_method_types`.",
            param=path,
            code="payment_method_types_no_longer_supported",
        )
    return unknown_parameter(path)


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def _resolve(annotation: Any, module: Any) -> Any:
    """The type behind NotRequired, Required, and names written as strings."""
    while True:
        if isinstance(annotation, ForwardRef):
            annotation = annotation.__forward_arg__
        if isinstance(annotation, str):
            scope = {**vars(typing_extensions), **vars(typing), **vars(module)}
            annotation = eval(annotation, scope)  # noqa: S307 - the SDK's own source
        elif get_origin(annotation) in (typing_extensions.NotRequired, typing_extensions.Required):
            annotation = get_args(annotation)[0]
        else:
            return _Located(annotation, module)


class _Located(typing.NamedTuple):
    """A type, and the module whose names it may mention."""

    type: Any
    module: Any


def _field(name: str, located: _Located) -> Check:
    if name == "metadata":
        return _metadata
    plain = _compile(located)
    if name in LIMITS:
        return _between(plain, *LIMITS[name])
    if name in LENGTHS:
        return _shorter(plain, LENGTHS[name])
    return plain


def _compile(located: _Located) -> Check:
    kind, module = located
    origin = get_origin(kind)
    if typing.is_typeddict(kind) or typing_extensions.is_typeddict(kind):
        return _typed_dict(kind)
    if origin in (list, typing.List):  # noqa: UP006
        return _list(_compile(_resolve(get_args(kind)[0], module)))
    if origin in (dict, typing.Dict):  # noqa: UP006
        return _mapping(_compile(_resolve(get_args(kind)[1], module)))
    if origin is Literal:
        return _union([kind], module)
    if origin is not None and type(None) is not kind and _is_union(origin):
        return _union(list(get_args(kind)), module)
    return PLAIN.get(kind, _anything)


def _leaves_no_choice(located: _Located) -> bool:
    kinds = get_args(located.type) if _is_union(get_origin(located.type)) else (located.type,)
    members = [_resolve(kind, located.module).type for kind in kinds]
    words = [word for kind in members if get_origin(kind) is Literal for word in get_args(kind)]
    return len(words) == 1 and words != [""] and all(kind is str or get_origin(kind) is Literal for kind in members)


def _is_union(origin: Any) -> bool:
    return origin is typing.Union or getattr(origin, "__name__", "") == "UnionType"


def _union(members: list[Any], module: Any) -> Check:
    """The value's shape chooses the member: an object, a list, one of the words, a number, or any text."""
    kinds = [_resolve(member, module).type for member in members]
    words = [word for kind in kinds if get_origin(kind) is Literal for word in get_args(kind)]
    scalars = [kind for kind in kinds if kind in PLAIN]
    objects = _one_of_objects([kind for kind in kinds if _is_object(kind)], module)
    lists = next((_compile(_Located(kind, module)) for kind in kinds if get_origin(kind) is list), None)
    # The SDK leaves its enumerations open for readers; Stripe's door does not.
    real_words = [word for word in words if word != ""]

    def choose(value: Any, path: str) -> Any:
        if isinstance(value, dict) and objects:
            return objects(value, path)
        if isinstance(value, list) and (lists or objects):
            return lists(value, path) if lists else malformed_object(path)
        if not isinstance(value, str):
            raise malformed(f"Invalid string: {path} must not be an object or an array.", param=path)
        if value in words:
            return value
        numbers = [kind for kind in scalars if kind is not str]
        if numbers:
            return PLAIN[numbers[0]](value, path)
        if real_words:
            raise _not_one_of(path, real_words) if value else empty_parameter(path)
        if scalars:
            return value
        raise malformed(f"Invalid {'array' if lists else 'object'}", param=path)

    return choose


def _one_of_objects(kinds: list[Any], module: Any) -> Check | None:
    """Where several objects may stand (a bank account or a card), the value's own `object` says which it is."""
    if len(kinds) < 2:
        return _compile(_Located(kinds[0], module)) if kinds else None
    checks = {kind: _compile(_Located(kind, module)) for kind in kinds}

    def choose(value: Any, path: str) -> Any:
        said = value.get("object")
        for kind, check_kind in checks.items():
            names = getattr(kind, "__annotations__", {})
            if "object" in names and said in get_args(_resolve(names["object"], sys.modules[kind.__module__]).type):
                return check_kind(value, path)
        return checks[kinds[0]](value, path)

    return choose


def malformed_object(path: str) -> Any:
    raise malformed("Invalid object", param=path)


def _not_one_of(path: str, words: list[str]) -> Exception:
    *most, last = words
    listed = f"one of {', '.join(most)}{',' if len(most) > 1 else ''} or {last}" if most else last
    return malformed(f"Invalid {path}: must be {listed}", param=path)


def _is_object(kind: Any) -> bool:
    return typing_extensions.is_typeddict(kind) or typing.is_typeddict(kind) or get_origin(kind) is dict


def _list(item: Check) -> Check:
    def check_list(value: Any, path: str) -> Any:
        if not isinstance(value, list):
            raise malformed("Invalid array", param=path)
        return [item(each, f"{path}[{place}]") for place, each in enumerate(value)]

    return check_list


def _mapping(item: Check) -> Check:
    def check_mapping(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise malformed("Invalid object", param=path)
        return {key: item(each, _join(path, key)) for key, each in value.items()}

    return check_mapping


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise malformed("Invalid string: an object or an array was given.", param=path)
    return value


def _integer(value: Any, path: str) -> int:
    if value == "":
        raise empty_parameter(path)
    if not (isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value) and abs(int(value)) <= INTEGER_MAX):
        raise malformed(f"Invalid integer: {_shown(value)}", param=path, code="parameter_invalid_integer")
    return int(value)


def _boolean(value: Any, path: str) -> bool:
    if value not in ("true", "false"):
        raise malformed(f"Invalid boolean: {_shown(value)}", param=path)
    return bool(value == "true")


def _decimal(value: Any, path: str) -> str:
    """Stays text, as Stripe sends decimals; only looked at."""
    if not (isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,20}(\.[0-9]{1,12})?", value)):
        raise malformed(f"Invalid decimal: {_shown(value)}", param=path)
    return value


def _anything(value: Any, path: str) -> Any:
    del path
    return value


def _shown(value: Any) -> str:
    return str(value)[:100]


PLAIN: dict[Any, Check] = {
    str: _text,
    int: _integer,
    bool: _boolean,
    float: _decimal,
    decimal.Decimal: _decimal,
}


def _metadata(value: Any, path: str) -> Any:
    """Text to text, within Stripe's limits; an empty string clears all of it."""
    if value == "":
        return value
    if not isinstance(value, dict):
        raise malformed("Invalid metadata: metadata must be a hash of strings.", param=path)
    if len(value) > METADATA_KEYS_MAX:
        raise malformed(f"Metadata may have at most {METADATA_KEYS_MAX} keys, but you passed {len(value)}.", param=path)
    for key, text in value.items():
        if not isinstance(text, str):
            raise malformed(f"Metadata values must be strings, but for key '{key[:40]}' you passed a hash.", param=path)
        if len(key) > METADATA_KEY_LENGTH_MAX:
            raise malformed(
                f"Metadata keys can have up to {METADATA_KEY_LENGTH_MAX} characters, but you passed in a key of length "
                f"{len(key)}. Invalid key: {key[:80]}",
                param=path,
            )
        if len(text) > METADATA_VALUE_LENGTH_MAX:
            raise malformed(
                f"Metadata values can have up to {METADATA_VALUE_LENGTH_MAX} characters, but you passed in a value of "
                f"length {len(text)}. Invalid value under key '{key}'.",
                param=_join(path, key),
            )
    return value


def _between(plain: Check, low: int, high: int) -> Check:
    def check_range(value: Any, path: str) -> Any:
        number = plain(value, path)
        if number < low:
            message = f"This value must be greater than or equal to {low}."
        elif number > high:
            message = f"This value must be less than or equal to {high} (it currently is '{number}')."
        else:
            return number
        raise malformed(message, param=path, code="parameter_invalid_integer")

    return check_range


def _shorter(plain: Check, length: int) -> Check:
    def check_length(value: Any, path: str) -> Any:
        text = plain(value, path)
        if isinstance(text, str) and len(text) > length:
            raise malformed(
                f"Invalid string: {text[:20]}...; must be at most {length} characters",
                param=path,
                code="parameter_invalid_string",
            )
        return text

    return check_length
