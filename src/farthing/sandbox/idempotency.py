"""Idempotency keys as version 1 of the API treats them: the first answer is kept with what it did, and given again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from farthing.sandbox.errors import Refusal, malformed
from farthing.sandbox.store import Store

KEY_LENGTH_MAX = 255
KEPT_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    request: str
    """The request that was answered first."""


def fingerprint(params: Any) -> str:
    return hashlib.sha256(orjson.dumps(params, option=orjson.OPT_SORT_KEYS)).hexdigest()


def check_key(key: str) -> None:
    if not 0 < len(key) <= KEY_LENGTH_MAX:
        raise malformed(f"The Idempotency-Key must have between 1 and {KEY_LENGTH_MAX} characters.")


def earlier(store: Store, account: str, key: str, *, endpoint: str, params: str, now: float) -> Answer | None:
    """The answer this key already has, if the same thing was asked."""
    store.run("DELETE FROM answers WHERE account = ? AND key = ? AND at < ?", account, key, now - KEPT_SECONDS)
    rows = store.rows(
        "SELECT endpoint, fingerprint, status, body, request FROM answers WHERE account = ? AND key = ?", account, key
    )
    if not rows:
        return None
    first_endpoint, first_params, status, body, request = rows[0]
    if first_endpoint != endpoint:
        raise _mismatch(
            f"Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{first_endpoint.split(' ')[1]}' vs '{endpoint.split(' ')[1]}'). Try using a key other than '{key}' if you "
            "meant to execute a different request."
        )
    if first_params != params:
        raise _mismatch(
            f"Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a "
            f"key other than '{key}' if you meant to execute a different request."
        )
    return Answer(status, body, request)


def keep(store: Store, account: str, key: str, *, endpoint: str, params: str, answer: Answer, now: float) -> None:
    store.run(
        "INSERT INTO answers (account, key, endpoint, fingerprint, request, status, body, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        account,
        key,
        endpoint,
        params,
        answer.request,
        answer.status,
        answer.body,
        now,
    )


def forget(store: Store, account: str, key: str) -> None:
    store.run("DELETE FROM answers WHERE account = ? AND key = ?", account, key)


def _mismatch(message: str) -> Refusal:
    return Refusal(400, message, type="idempotency_error", executed=False)


def in_use(key: str) -> Refusal:
    return Refusal(
        409,
        f"There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, "
        f"and the other request is still going through): {key}. Please try again later.",
        type="idempotency_error",
        code="idempotency_key_in_use",
        executed=False,
    )
