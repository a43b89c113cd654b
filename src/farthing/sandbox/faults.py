"""Faults on order: the next requests of a route fail in a way that was asked for, so that callers' recovery can be tested."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from enum import StrEnum

WAIT_DEFAULT_SECONDS = 30.0


class Kind(StrEnum):
    RESET_BEFORE = "reset_before"
    """The connection breaks before anything is done."""
    LOST_RESPONSE = "lost_response"
    """Everything is done; the connection breaks before the answer."""
    BEFORE = "500_before"
    """500 with nothing done; the same idempotency key may try again."""
    AFTER = "500_after"
    """500 although everything was done; the same idempotency key gets the true answer."""
    STICKY = "500_sticky"
    """500 although everything was done, and the idempotency key remembers the 500."""
    RATE_LIMIT = "429"
    LOCK_TIMEOUT = "lock_timeout"
    """429 because another request holds the object; nothing done."""
    HALF_BODY = "half_body"
    """Done; half of the answer arrives, then the connection closes."""
    HTML_502 = "html_502"
    """A proxy in between answers with a page; nothing done."""
    PRUNED_KEY = "pruned_key"
    """The idempotency key is forgotten, as after a day: the request is executed anew."""
    REVOKED_KEY = "revoked_key"
    """401 as for an API key that was rolled; nothing done."""
    WEBHOOK_FIRST = "webhook_first"
    """Done, but answered only after the webhooks it caused were sent, or after `seconds`."""
    IN_USE = "409_in_use"
    TIMEOUT = "timeout"
    """No answer for `seconds`, then a broken connection; nothing done."""
    SLOW = "slow"
    """Done and answered, but only after `seconds`; meanwhile the idempotency key is in use."""


@dataclass(slots=True)
class Fault:
    kind: Kind
    method: str = "POST"
    path: str = "/v1/*"
    """A pattern as the shell has them: `/v1/refunds`, `/v1/payment_intents/*/confirm`."""
    times: int = 1
    seconds: float = WAIT_DEFAULT_SECONDS


class Faults:
    """Ordered in memory: a restarted sandbox is a healthy one."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def order(self, fault: Fault) -> None:
        self._waiting.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        for fault in self._waiting:
            if fault.method in ("*", method) and fnmatch.fnmatchcase(path, fault.path):
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        self._waiting.clear()

    def waiting(self) -> list[Fault]:
        return list(self._waiting)
