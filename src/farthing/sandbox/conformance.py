"""Answers compared with the official SDK's types: every field it says is always there is there, and no field is made up."""

from __future__ import annotations

import functools
import typing
from typing import Any, get_args

from farthing.sandbox.store import Json

# Fields the SDK's types leave out although Stripe sends them in lists and search results.
CONTAINERS = ("list", "search_result")


def problems(body: Json, path: str = "") -> list[str]:
    """What is wrong with this object and those inside it, in sentences; empty when it is as the SDK expects."""
    kind = body.get("object")
    if kind in CONTAINERS:
        found = [] if {"data", "has_more", "url"} <= body.keys() else [f"{path or kind} lacks data, has_more or url"]
        return found + [each for place, item in enumerate(body["data"]) for each in problems(item, f"{path}[{place}]")]
    if body.get("deleted"):
        return [] if body.keys() == {"id", "object", "deleted"} else [f"{path or kind} is deleted but shows more"]
    cls = _class_of(str(kind))
    return [f"The SDK knows no object {kind!r} at {path}"] if cls is None else _compare(cls, body, path or str(kind))


def _compare(cls: Any, body: Json, path: str) -> list[str]:
    annotations, inner = _fields(cls)
    found = [f"{path}.{name} is unknown to the SDK" for name in body.keys() - annotations.keys()]
    for name, optional in annotations.items():
        if not optional and body.get(name) is None:
            found.append(f"{path}.{name} is missing or null")
    for name, value in body.items():
        found += _inside(inner.get(name), value, f"{path}.{name}")
    return found


def _inside(cls: Any, value: Any, path: str) -> list[str]:
    if isinstance(value, list):
        return [each for place, item in enumerate(value) for each in _inside(cls, item, f"{path}[{place}]")]
    if not isinstance(value, dict):
        return []
    if isinstance(value.get("object"), str):
        return problems(value, path)
    return _compare(cls, value, path) if cls is not None else []


@functools.cache
def _fields(cls: Any) -> tuple[dict[str, bool], dict[str, Any]]:
    """Each field's name with whether it may be missing or null, and the classes of nested hashes."""
    annotations = {
        name: type(None) in get_args(annotation)
        for name, annotation in cls.__annotations__.items()
        if typing.get_origin(annotation) is not typing.ClassVar
    }
    return annotations, dict(cls._inner_class_types)


@functools.cache
def _class_of(object_name: str) -> Any:
    from stripe._object_classes import get_object_class
    from stripe._stripe_object import StripeObject

    cls = get_object_class("V1", object_name)
    return None if cls is StripeObject else cls
