"""Where each key of a TOML document stands, so that a message can name the line.

`tomllib` reads values and forgets their place. This scanner only finds where statements begin and end, and leaves keys to
`tomllib` again. The document must be valid: it has been parsed before.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

Path = tuple[str, ...]

QUOTES: Final = ('"""', "'''", '"', "'")


class Lines:
    """Paths of keys, and the line on which each is written."""

    def __init__(self, text: str) -> None:
        self._lines = dict(_places(text))

    def of(self, path: Sequence[str | int]) -> int:
        """The line of the key, or of the closest table around it that is written down; 1 if there is none."""
        names = tuple(str(step) for step in path)
        for length in range(len(names), 0, -1):
            if names[:length] in self._lines:
                return self._lines[names[:length]]
        return 1


def _places(text: str) -> Iterator[tuple[Path, int]]:
    """Later ones win: `[products]` said after `[products.mug]` is the better answer for `products`."""
    table: Path = ()
    for line, statement in _statements(text):
        if statement.startswith("["):
            table = _path(statement)
            yield from ((table[:length], line) for length in range(1, len(table) + 1))
        else:
            key = _path(statement[: _equals(statement)] + "= 0")
            yield table + key, line


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each header and each `key = value` without its comments, with the line it begins on."""
    line, begun, depth, at, kept = 1, 1, 0, 0, ""
    while at < len(text):
        piece = _piece(text, at)
        at += len(piece)
        if piece == "\n" and depth == 0:
            if kept.strip():
                yield begun, kept.strip()
            kept, begun = "", line + 1
        elif not piece.startswith("#"):
            kept += piece
            depth += (piece in "[{") - (piece in "]}")
        line += piece.count("\n")
    if kept.strip():
        yield begun, kept.strip()


def _piece(text: str, at: int) -> str:
    """A whole string, a whole comment, or one character."""
    for quote in QUOTES:
        if text.startswith(quote, at):
            return text[at : _closing(text, at + len(quote), quote)]
    if text[at] == "#":
        end = text.find("\n", at)
        return text[at:] if end < 0 else text[at:end]
    return text[at]


def _closing(text: str, at: int, quote: str) -> int:
    """Where the string ends. A backslash escapes in the double-quoted kinds only."""
    while not text.startswith(quote, at):
        at += 2 if text[at] == "\\" and quote[0] == '"' else 1
    at += len(quote)
    while len(quote) == 3 and text.startswith(quote[0], at):  # up to two more quotes belong to the string
        at += 1
    return at


def _equals(statement: str) -> int:
    at = 0
    while statement[at] != "=":
        at += len(_piece(statement, at))
    return at


def _path(statement: str) -> Path:
    found: object = tomllib.loads(statement)
    path: list[str] = []
    while isinstance(found, Mapping) and found:
        ((key, found),) = found.items()
        path.append(key)
    return tuple(path)
