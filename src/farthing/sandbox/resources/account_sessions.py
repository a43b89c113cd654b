"""Account sessions: what an embedded component would start with. The components are as asked for; nothing is embedded here."""

from __future__ import annotations

import functools
from typing import Any

from farthing.sandbox.account import Account
from farthing.sandbox.ids import random_text
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import accounts
from farthing.sandbox.store import Json

LIFE_SECONDS = 30 * 60


def create(account: Account, params: Json) -> Json:
    owner = accounts.connected(account, params["account"])
    return {
        "object": "account_session",
        "account": owner.id,
        "client_secret": f"accs_secret__{random_text(40)}",
        "components": _filled(_blank(), params["components"]),
        "expires_at": account.clock.seconds() + LIFE_SECONDS,
        "livemode": False,
    }


@functools.cache
def _blank() -> Json:
    """Every component there is, switched off, as the SDK's own types list them."""
    from stripe import AccountSession

    return _off(AccountSession.Components)


def _off(kind: Any) -> Json:
    inner = kind._inner_class_types
    return {name: _off(inner[name]) if name in inner else False for name in kind.__annotations__ if not name.startswith("_")}


def _filled(blank: Json, given: Json) -> Json:
    return {
        name: _filled(value, given.get(name) or {}) if isinstance(value, dict) else given.get(name, value)
        for name, value in blank.items()
    }


OPERATIONS = (Operation("POST", "/v1/account_sessions", "AccountSessionCreateParams", create),)
