"""What a state machine is: states, and moves between them, in a table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from farthing.errors import Conflict, with_article

S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Lifecycle(Generic[S]):
    """The moves of one kind of thing: verb → (from any of these states, to this one)."""

    noun: str
    states: type[S]
    moves: Mapping[str, tuple[Iterable[S], S]]

    def allows(self, state: S, verb: str) -> bool:
        return state in self.moves[verb][0]

    def move(self, state: S, verb: str) -> S:
        """The state after the verb. Raises Conflict where the table does not allow it."""
        sources, target = self.moves[verb]
        if state not in sources:
            what = with_article(self.noun).capitalize()
            raise Conflict(f"{what} that is {state} cannot {verb}.", extra={"state": str(state), "verb": verb})
        return target

    def verb(self, state: S, target: S) -> str | None:
        """The verb that leads there; None where it is there already. Raises Conflict where none does."""
        if state == target:
            return None
        for verb, (sources, end) in self.moves.items():
            if end == target and state in sources:
                return verb
        raise Conflict(f"A {self.noun} that is {state} cannot become {target}.", extra={"state": str(state)})

    def sources(self, verb: str) -> list[str]:
        """The states the verb may start from: the WHERE of a guarded UPDATE."""
        return [str(state) for state in self.moves[verb][0]]

    def final(self, state: S) -> bool:
        return not any(state in sources for sources, _ in self.moves.values())
