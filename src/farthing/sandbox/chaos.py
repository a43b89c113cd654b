"""Mischief on order: the next webhooks are sent twice, late, in another order, spoiled, or not at all."""

from __future__ import annotations

import fnmatch
import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from farthing.sandbox.errors import malformed
from farthing.sandbox.store import Json

TIMES_MAX = 10_000
SECONDS_MAX = 86_400
STALE_SECONDS = 600


class Mischief(StrEnum):
    DUPLICATE = "duplicate"
    """Sent twice."""
    DELAY = "delay"
    """Sent `seconds` late."""
    DROP = "drop"
    """Never sent, and never tried again unless somebody resends it."""
    REORDER = "reorder"
    """Collected for `seconds`, then sent one after the other in an order that `seed` decides."""
    HOLD = "hold"
    """Kept back until somebody releases it."""
    BAD_SIGNATURE = "bad_signature"
    BAD_BODY = "bad_body"
    """Changed after it was signed."""
    BAD_UTF8 = "bad_utf8"
    """Signed correctly, but no text."""
    STALE = "stale"
    """Signed ten minutes ago."""
    WRONG_SECRET = "wrong_secret"  # noqa: S105
    """Signed as if by another endpoint."""


QUEUED = frozenset((Mischief.DELAY, Mischief.DROP, Mischief.REORDER, Mischief.HOLD))
"""What happens to a delivery before it is sent for the first time; the rest happens to each sending."""


@dataclass(slots=True)
class Rule:
    kind: Mischief
    event: str = "*"
    """A pattern of event types, as the shell has them: `charge.*`."""
    endpoint: str = "*"
    """The id of one endpoint, so that other accounts' webhooks stay as they are."""
    times: int = 1
    seconds: float = 1.0
    seed: int = 0


class Chaos:
    """Ordered in memory: a restarted sandbox behaves."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._queued: set[int] = set()

    def order(self, rule: Rule) -> None:
        self._rules.append(rule)

    def clear(self) -> None:
        self._rules.clear()
        self._queued.clear()

    def waiting(self) -> list[Rule]:
        return list(self._rules)

    def take(self, delivery: int, event: str, endpoint: str) -> Rule | None:
        """The next rule for this sending, counted down. A delivery is queued at most once."""
        for rule in self._rules:
            if not fnmatch.fnmatchcase(event, rule.event) or rule.endpoint not in ("*", endpoint):
                continue
            if rule.kind in QUEUED and delivery in self._queued:
                continue
            if rule.kind in QUEUED:
                self._queued.add(delivery)
            rule.times -= 1
            if rule.times <= 0:
                self._rules.remove(rule)
            return rule
        return None


def rule_of(fields: Json) -> Rule:
    if fields.get("kind") not in list(Mischief):
        wrong = "Unknown kind of mischief" if fields.get("kind") else "Which kind of mischief? Say it with `kind`"
        raise malformed(f"{wrong}: choose one of {', '.join(Mischief)}.", param="kind")
    times, seconds, seed = fields.get("times", 1), fields.get("seconds", 1.0), fields.get("seed", 0)
    if not isinstance(times, int) or not 1 <= times <= TIMES_MAX:
        raise malformed(f"`times` must be a number from 1 to {TIMES_MAX}.", param="times")
    if not isinstance(seconds, int | float) or not 0 <= seconds <= SECONDS_MAX:
        raise malformed(f"`seconds` must be a number from 0 to {SECONDS_MAX}.", param="seconds")
    if not isinstance(seed, int):
        raise malformed("`seed` must be a whole number.", param="seed")
    return Rule(Mischief(fields["kind"]), str(fields.get("event", "*")), str(fields.get("endpoint", "*")), times, seconds, seed)


def arranged(found: list[Any], order: Any, seed: int) -> list[Any]:
    """Held deliveries, oldest first as they come, in the order asked for. A list of events (ids or types) names only those."""
    if isinstance(order, list):
        return [each for wanted in order for each in found if wanted in (each.event, each.type)]
    match order:
        case "created":
            return found
        case "reversed":
            return found[::-1]
        case "shuffled":
            return random.Random(seed).sample(found, len(found))  # noqa: S311 - an order, not a secret
        case _:
            raise malformed("`order` must be created, reversed, shuffled, or a list of event ids or types.", param="order")


def spoiled(body: bytes) -> bytes:
    """Still JSON, but not what was signed."""
    return body.replace(b'"livemode": false', b'"livemode": true', 1) + b" "
