"""A guess at what was meant by a name that does not exist."""

from collections.abc import Collection
from difflib import get_close_matches


def did_you_mean(name: str, known: Collection[str]) -> str:
    """A sentence to append, or nothing where no name is close."""
    close = get_close_matches(name[:100], known, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
