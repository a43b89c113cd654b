"""A second chance: an expired session whose seller asked for it gets a link that opens a copy of it, for thirty days."""

from __future__ import annotations

from typing import Any

from farthing.sandbox.account import Account
from farthing.sandbox.errors import Refusal
from farthing.sandbox.settings import DAY
from farthing.sandbox.store import Json, Record

RECOVERABLE_SECONDS = 30 * DAY
# What the copy decides for itself.
ITS_OWN = ("after_expiration", "expires_at", "expand")


def prepare(session: Record, params: Json) -> None:
    """Keep what was asked for, because the copy asks for the same."""
    recovery = (params.get("after_expiration") or {}).get("recovery")
    if not recovery:
        return
    session["after_expiration"] = {
        "recovery": {
            "allow_promotion_codes": recovery.get("allow_promotion_codes", False),
            "enabled": recovery["enabled"],
            "expires_at": None,
            "url": None,
        }
    }
    if recovery["enabled"]:
        session.inner["asked"] = {name: value for name, value in _plain(params).items() if name not in ITS_OWN}


def _plain(value: Any) -> Any:
    """A copy that counts as nobody's look: see `given`."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in dict.items(value)}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def offer(account: Account, session: Record) -> None:
    recovery = (session["after_expiration"] or {}).get("recovery")
    if not recovery or not recovery["enabled"]:
        return
    moment = account.clock.seconds() + RECOVERABLE_SECONDS
    link = {"expires_at": moment, "url": f"{account.url}/c/recover/{session.id}"}
    session["after_expiration"] = {"recovery": recovery | link}


def open_copy(account: Account, session: Record) -> Record:
    """Every click makes a new one."""
    recovery = (session["after_expiration"] or {}).get("recovery") or {}
    if not recovery.get("url") or recovery["expires_at"] <= account.clock.now():
        raise Refusal(410, "This link cannot be used any more.")
    # Here, because sessions are recovered from sessions.
    from farthing.sandbox.resources import checkout_sessions

    asked: Json = session.inner["asked"]
    if recovery["allow_promotion_codes"] and not asked.get("discounts"):
        asked = asked | {"allow_promotion_codes": True}
    copy = checkout_sessions.create(account, asked)
    copy["recovered_from"] = session.id
    account.save(copy)
    return copy
