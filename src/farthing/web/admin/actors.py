"""Who did it, in words."""

from collections.abc import Mapping
from typing import Final

_WORDS: Final = {
    "app": "The application",
    "guest": "Guest",
    "ledger": "The books",
    "return page": "Return page",
    "sweep": "Sweep",
    "worker": "Worker",
    "pages": "Pages",
}
_KINDS: Final = {"customer": "Customer", "api_key": "API key", "staff": "Staff", "provider": "Provider"}


def words_of(actor: str, staff: Mapping[str, str]) -> str:
    """`staff` has the addresses of those who work here, as `staff.names` tells them."""
    if actor in staff:
        return staff[actor]
    kind, _, name = actor.partition(":")
    if kind == "webhook":
        return f"{name.capitalize()} webhook"
    if name:
        return f"{_KINDS.get(kind, kind.capitalize())} {name}"
    return _WORDS.get(actor, actor)
