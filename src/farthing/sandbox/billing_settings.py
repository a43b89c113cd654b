"""How an account bills: the sandbox's own settings, or what was ordered for this account alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from farthing.sandbox.errors import malformed
from farthing.sandbox.settings import Settings
from farthing.sandbox.store import Json, Store

ENDS = ("cancel", "unpaid", "past_due", "paused")
DAYS_MAX = 365
RETRIES_MAX = 20
NAMES = ("dunning_days", "dunning_ends", "upcoming_days", "will_be_due_days", "overdue_ends_days")


def of(store: Store, account: str, settings: Settings) -> Settings:
    ordered = _ordered(store, account)
    return replace(settings, **ordered) if ordered else settings


def _ordered(store: Store, account: str) -> Json:
    found: Json = orjson.loads(store.setting(_name(account)) or "{}")
    if "dunning_days" in found:
        found["dunning_days"] = tuple(found["dunning_days"])
    return found


def _name(account: str) -> str:
    return f"billing.{account}"


def change(store: Store, account: str, fields: Json) -> None:
    for name, value in fields.items():
        _check(name, value)
    store.set_setting(_name(account), orjson.dumps(_ordered(store, account) | fields).decode())


def forget(store: Store, account: str) -> None:
    store.set_setting(_name(account), "{}")


def _check(name: str, value: Any) -> None:
    if name not in NAMES:
        raise malformed(f"There is no such setting: choose among {', '.join(NAMES)}.", param=name)
    if name == "dunning_ends":
        if value not in ENDS:
            raise malformed(f"dunning_ends must be one of {', '.join(ENDS)}.", param=name)
    elif name == "dunning_days":
        if not isinstance(value, list) or len(value) > RETRIES_MAX or not all(_is_days(each, 1) for each in value):
            raise malformed(f"dunning_days must be a list of at most {RETRIES_MAX} numbers of days.", param=name)
    elif not _is_days(value, 0):
        raise malformed(f"{name} must be a number of days, from 0 to {DAYS_MAX}.", param=name)


def _is_days(value: Any, least: int) -> bool:
    return type(value) is int and least <= value <= DAYS_MAX
