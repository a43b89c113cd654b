"""News of the embedded PostgreSQL, for people: what is ordinary is not worth a line."""

from collections.abc import Callable
from typing import Final

ORDINARY: Final = ("PostgreSQL is about to start.", "PostgreSQL starts.", "PostgreSQL is ready.")


def news(say: Callable[[str], None]) -> Callable[[str], None]:
    def tell(sentence: str) -> None:
        if sentence not in ORDINARY:
            say(sentence)

    return tell
