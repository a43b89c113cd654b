"""What the API can be asked: each resource lists its operations, and this finds the one a request means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from farthing.sandbox.account import Account
from farthing.sandbox.errors import Refusal, without_effect
from farthing.sandbox.given import Given
from farthing.sandbox.store import Json, Record

Verb = Callable[..., Record | Json]
"""Takes the account, the ids of the path, and the checked parameters; answers the object."""


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    params: str
    """The SDK's TypedDict for it, in `stripe.params`."""
    verb: Verb

    def answer(self, account: Account, ids: list[str], params: Json) -> Record | Json:
        """Whatever the verb did not look at is refused, with all that it did: a parameter is never taken and forgotten."""
        given = params if isinstance(params, Given) else Given(params)
        given.fresh()
        try:
            result = self.verb(account, *ids, given)
            for path in given.forgotten():
                raise without_effect(path)
        except Refusal as refusal:
            refusal.name(f"{self.method} {self.path}")
            raise
        return result


class Directory:
    def __init__(self, operations: list[Operation]) -> None:
        self._by_shape: dict[tuple[str, int], list[tuple[list[str], Operation]]] = {}
        for operation in operations:
            parts = operation.path.strip("/").split("/")
            self._by_shape.setdefault((operation.method, len(parts)), []).append((parts, operation))
        for found in self._by_shape.values():
            # `/v1/customers/search` before `/v1/customers/{customer}`.
            found.sort(key=lambda each: sum(part.startswith("{") for part in each[0]))

    def find(self, method: str, path: str) -> tuple[Operation, list[str]] | None:
        parts = path.strip("/").split("/")
        for wanted, operation in self._by_shape.get((method, len(parts)), []):
            ids = _match(wanted, parts)
            if ids is not None:
                return operation, ids
        return None


def _match(wanted: list[str], parts: list[str]) -> list[str] | None:
    ids = []
    for expected, given in zip(wanted, parts, strict=True):
        if expected.startswith("{"):
            ids.append(given)
        elif expected != given:
            return None
    return ids
