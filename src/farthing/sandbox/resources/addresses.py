"""Addresses as Stripe shows them: all their fields, given or not."""

from __future__ import annotations

from typing import Any

from farthing.sandbox.account import blank_as_none
from farthing.sandbox.store import Json

FIELDS = ("city", "country", "line1", "line2", "postal_code", "state")


def address(given: Json) -> Json:
    return {name: blank_as_none(given.get(name)) for name in FIELDS}


def shipping(given: Json) -> Json:
    return {
        "address": address(given.get("address") or {}),
        "name": given.get("name"),
        "phone": blank_as_none(given.get("phone")),
    }


def whole(name: str, value: Any) -> Any:
    """The field of this name with nothing left out, if it is one of the two that have parts."""
    shown = {"address": address, "shipping": shipping}.get(name)
    return shown(value) if shown and value else blank_as_none(value)
