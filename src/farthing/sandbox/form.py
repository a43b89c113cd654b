"""Stripe's form encoding: `items[0][price]=x`, `expand[]=y`, `metadata[k]=v` into nested dictionaries and lists."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from farthing.sandbox.errors import malformed

DEPTH_MAX = 12
FIELDS_MAX = 2_000
PLACE_DIGITS_MAX = 9

_BRACKETS = re.compile(r"\[([^\]]*)\]")


def decode(text: str) -> dict[str, Any]:
    """Every leaf is a string; whether it is a number or a truth is for the validation to say."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except (ValueError, UnicodeDecodeError):
        raise malformed("The request body could not be read as form-encoded UTF-8.") from None
    root: dict[str, Any] = {}
    for name, value in pairs:
        _place(root, _path(name), value, name)
    return _tidy(root)


def _path(name: str) -> list[str]:
    head, bracket, _ = name.partition("[")
    path = [head, *_BRACKETS.findall(name[len(head) :])] if bracket else [head]
    if len(path) > DEPTH_MAX:
        raise malformed("Parameters are nested too deeply.", param=head)
    return path


def _place(root: dict[str, Any], path: list[str], value: str, name: str) -> None:
    here = root
    for step in path[:-1]:
        here = here.setdefault(step or str(len(here)), {})
        if not isinstance(here, dict):
            raise malformed(f"Parameter {name} is both a value and an object.", param=path[0])
    here[path[-1] or str(len(here))] = value


def _lists(value: Any) -> Any:
    """An object whose keys are all whole numbers was a list."""
    if not isinstance(value, dict):
        return value
    if value and all(key.isascii() and key.isdigit() and len(key) <= PLACE_DIGITS_MAX for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return _tidy(value)


def _tidy(fields: dict[str, Any]) -> dict[str, Any]:
    # The keys of metadata are the caller's own: `metadata[0]` is a key, not a place in a list.
    return {name: value if name == "metadata" else _lists(value) for name, value in fields.items()}
