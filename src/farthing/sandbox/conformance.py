"""Answers and events compared with the official SDK's types: every field is there, of its type, and none is made up.

Stricter than the SDK itself, which leaves its enumerations open: a word that it does not list is a mistake here.
"""

from __future__ import annotations

import decimal
import functools
import re
import typing
from collections.abc import Callable
from typing import Any, ForwardRef, Literal, TypeVar, get_args, get_origin

from farthing.sandbox.store import Json

Check = Callable[[Any, str], list[str]]
"""Takes a value and its path; answers what is wrong with it, in sentences."""

CONTAINERS = ("list", "search_result")
DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
DELETED = frozenset(("id", "object", "deleted"))
# What the SDK's annotations call by another name than the class has, because two of them would collide.
ALIAS = "Resource"


class Nonconforming(Exception):
    """Something was about to be told to the world that the SDK would not understand."""


def insist(body: Json) -> None:
    if found := problems(body):
        raise Nonconforming("; ".join(found))


def insist_inside(error: Json) -> None:
    """An error carries whole objects: the intent that was declined, the method that was tried."""
    for value in error.values():
        if isinstance(value, dict):
            insist(value)


def problems(body: Json, path: str = "") -> list[str]:
    """What is wrong with this object and those inside it; empty when it is as the SDK expects."""
    kind = body.get("object")
    if kind in CONTAINERS:
        return _container(body, path or str(kind), _anything)
    if body.get("deleted"):
        # A discount that ended shows all it was.
        return [] if body.keys() == DELETED or kind == "discount" else [f"{path or kind} is deleted but shows more"]
    cls = _class_of(str(kind))
    if cls is None:
        return [f"The SDK knows no object {kind!r} at {path}"]
    found = _fields(cls)(body, path or str(kind))
    return found + _told_before(body, path) if kind == "event" else found


def _told_before(event: Json, path: str) -> list[str]:
    """What an event says of before are fields of the object it tells about."""
    cls, before = _class_of(str(event["data"]["object"].get("object"))), event["data"].get("previous_attributes") or {}
    if cls is None:
        return []
    known = _annotations(cls)
    here = f"{path or 'event'}.data.previous_attributes"
    found = [f"{here}.{name} is unknown to the SDK" for name in before.keys() - known.keys()]
    for name, value in before.items():
        # Of a hash, only what changed is told; of everything else, the whole.
        if name in known and value is not None and not isinstance(value, dict):
            found += _compile(known[name])(value, f"{here}.{name}")
    return found


def _container(body: Json, path: str, item: Check) -> list[str]:
    wanted = {"object", "data", "has_more", "url"}
    found = [] if wanted <= body.keys() else [f"{path} lacks data, has_more or url"]
    extra = body.keys() - wanted - ({"next_page", "total_count"} if body["object"] == "search_result" else set())
    found += [f"{path}.{name} is unknown to the SDK" for name in sorted(extra)]
    return found + [each for place, one in enumerate(body.get("data", [])) for each in item(one, f"{path}[{place}]")]


@functools.cache
def _annotations(cls: Any) -> dict[str, Any]:
    return {name: kind for name, kind in cls.__annotations__.items() if get_origin(kind) is not typing.ClassVar}


@functools.cache
def _fields(cls: Any) -> Check:
    annotations = _annotations(cls)
    required = [name for name, kind in annotations.items() if type(None) not in get_args(kind)]
    checks: dict[str, Check] = {}

    def check_fields(body: Any, path: str) -> list[str]:
        if not isinstance(body, dict):
            return [f"{path} is {_shown(body)}, not a hash"]
        found = [f"{path}.{name} is unknown to the SDK" for name in body.keys() - annotations.keys()]
        found += [f"{path}.{name} is missing or null" for name in required if body.get(name) is None]
        for name, value in body.items():
            if name in annotations:
                # Lazily: some of these classes have hundreds of fields that are rarely there.
                check = checks.get(name) or checks.setdefault(name, _nullable(annotations[name]))
                found += check(value, f"{path}.{name}")
        return found

    return check_fields


def _nullable(kind: Any) -> Check:
    """Null has been looked at already, but for maps of objects: the SDK breaks when one is null instead of absent."""
    check = _compile(kind)
    members = get_args(kind) if _is_union(kind) else (kind,)
    breaks = any(_origin_name(each) == "UntypedStripeObject" and _is_class(get_args(each)[0]) for each in members)

    def check_nullable(value: Any, path: str) -> list[str]:
        if value is None:
            return [f"{path} is null, on which the SDK breaks: leave it out"] if breaks else []
        return check(value, path)

    return check_nullable


def _compile(kind: Any) -> Check:
    if isinstance(kind, (str, ForwardRef)):
        return _object(_name_of(kind))
    if _is_union(kind):
        return _union([each for each in get_args(kind) if each is not type(None)])
    origin = get_origin(kind)
    if origin is Literal:
        return _words(get_args(kind))
    if origin is list:
        return _list(_compile(get_args(kind)[0]))
    if _origin_name(kind) == "UntypedStripeObject":
        return _map(_compile(get_args(kind)[0]))
    if _origin_name(kind) == "ListObject":
        return _list_object(_compile(get_args(kind)[0]))
    if _is_class(kind):
        return _fields(kind)
    return _anything if kind is Any or isinstance(kind, TypeVar) else PLAIN[kind]


def _union(members: list[Any]) -> Check:
    """The members of a value's own shape say what is wrong with it. A list of words leaves no room for any other text."""
    if any(get_origin(each) is Literal for each in members):
        members = [each for each in members if each is not str]
    scalars = [_compile(each) for each in members if each in PLAIN or get_origin(each) is Literal]
    others = [_compile(each) for each in members if each not in PLAIN and get_origin(each) is not Literal]

    def check_any(value: Any, path: str) -> list[str]:
        checks = (others or scalars) if isinstance(value, (dict, list)) else (scalars or others)
        found = [check(value, path) for check in checks]
        # Of several objects it might be, what is wrong inside the one it is.
        return [] if [] in found else min(found, key=lambda each: any(one.startswith(f"{path} is ") for one in each))

    return check_any


def _words(words: tuple[Any, ...]) -> Check:
    kinds = {type(word) for word in words}

    def check_words(value: Any, path: str) -> list[str]:
        return [] if value in words and type(value) in kinds else [f"{path} is {_shown(value)}, not one of its words"]

    return check_words


def _list(item: Check) -> Check:
    def check_list(value: Any, path: str) -> list[str]:
        if not isinstance(value, list):
            return [f"{path} is {_shown(value)}, not a list"]
        return [each for place, one in enumerate(value) for each in item(one, f"{path}[{place}]")]

    return check_list


def _map(item: Check) -> Check:
    def check_map(value: Any, path: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"{path} is {_shown(value)}, not a hash"]
        if isinstance(value.get("object"), str) and item is _anything:
            return problems(value, path)
        return [each for name, one in value.items() for each in item(one, f"{path}.{name}")]

    return check_map


def _list_object(item: Check) -> Check:
    def check_list_object(value: Any, path: str) -> list[str]:
        if not isinstance(value, dict) or value.get("object") != "list":
            return [f"{path} is {_shown(value)}, not a list object"]
        return _container(value, path, item)

    return check_list_object


def _object(name: str) -> Check:
    """A whole object of this class, where it was expanded or is always shown."""

    def check_object(value: Any, path: str) -> list[str]:
        if not isinstance(value, dict):
            return [f"{path} is {_shown(value)}, not a hash"]
        cls = _class_of(str(value.get("object")))
        if cls is None or cls.__name__ != name.removesuffix(ALIAS):
            return [f"{path} is {_shown(value.get('object'))}, not a {name}"]
        return problems(value, path)

    return check_object


def _anything(value: Any, path: str) -> list[str]:
    return problems(value, path) if isinstance(value, dict) and isinstance(value.get("object"), str) else []


def _plain(what: str, holds: Callable[[Any], bool]) -> Check:
    def check_plain(value: Any, path: str) -> list[str]:
        return [] if holds(value) else [f"{path} is {_shown(value)}, not {what}"]

    return check_plain


PLAIN: dict[Any, Check] = {
    str: _plain("text", lambda value: isinstance(value, str)),
    bool: _plain("true or false", lambda value: isinstance(value, bool)),
    int: _plain("a whole number", lambda value: type(value) is int),
    float: _plain("a number", lambda value: type(value) in (int, float)),
    decimal.Decimal: _plain("decimal text", lambda value: isinstance(value, str) and bool(DECIMAL.fullmatch(value))),
}


def _shown(value: Any) -> str:
    return repr(value)[:60]


def _name_of(kind: Any) -> str:
    return str(kind.__forward_arg__ if isinstance(kind, ForwardRef) else kind).rpartition(".")[2]


def _is_union(kind: Any) -> bool:
    return get_origin(kind) is typing.Union


def _is_class(kind: Any) -> bool:
    return isinstance(kind, type) and hasattr(kind, "_inner_class_types")


def _origin_name(kind: Any) -> str:
    return getattr(get_origin(kind), "__name__", "")


@functools.cache
def _class_of(object_name: str) -> Any:
    from stripe._object_classes import get_object_class
    from stripe._stripe_object import StripeObject

    cls = get_object_class("V1", object_name)
    return None if cls is StripeObject else cls
