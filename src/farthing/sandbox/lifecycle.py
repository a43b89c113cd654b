"""Which status a Stripe object may move to, by which verb: a table for each object, and one place that obeys it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """`moves` is {status: {verb: next status}}; a status without moves is final."""

    name: str
    moves: dict[str, dict[str, str]]

    def allows(self, status: str, verb: str) -> bool:
        return verb in self.moves[status]

    def move(self, status: str, verb: str) -> str:
        assert self.allows(status, verb), f"{self.name} in {status} cannot {verb}"
        return self.moves[status][verb]

    def from_which(self, verb: str) -> tuple[str, ...]:
        return tuple(status for status, verbs in self.moves.items() if verb in verbs)
