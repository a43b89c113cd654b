"""The options that every command takes, wherever they stand on the line: they are taken out before a command reads it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from farthing.errors import Invalid

Color = Literal["auto", "on", "off"]
COLORS: Final[tuple[Color, ...]] = ("auto", "on", "off")


@dataclass(frozen=True, slots=True)
class Options:
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    color: Color = "auto"
    yes: bool = False
    asks: bool = True
    home: Path | None = None


FLAGS: Final[dict[str, dict[str, bool]]] = {
    "--json": {"json": True},
    "--quiet": {"quiet": True},
    "-q": {"quiet": True},
    "--verbose": {"verbose": True},
    "-v": {"verbose": True},
    "--yes": {"yes": True},
    "-y": {"yes": True},
    "--no-input": {"asks": False},
}

HELP: Final = """Every command also takes: `--json` one document on stdout, or one a line · `--quiet` · `--verbose` logs and
tracebacks · `--color auto|on|off` · `--yes` answers questions · `--no-input` never asks · `--home DIR` instead of .farthing.
Exit codes: `farthing help exit-codes`."""


def take(words: Sequence[str]) -> tuple[Options, list[str]]:
    """The options, and the words without them. What stands after `--` belongs to somebody else."""
    options, rest, waiting = Options(), list[str](), list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            return options, [*rest, word, *waiting]
        name, _, value = word.partition("=")
        if word in FLAGS:
            options = replace(options, **FLAGS[word])  # type: ignore[arg-type]  # all of them are flags
        elif name in ("--color", "--home"):
            options = _with(options, name, value or (waiting.pop(0) if waiting else ""))
        else:
            rest.append(word)
    return options, rest


def _with(options: Options, name: str, value: str) -> Options:
    if not value:
        raise Invalid(f"{name} needs a value.")
    if name == "--home":
        return replace(options, home=Path(value))
    for color in COLORS:
        if value == color:
            return replace(options, color=color)
    raise Invalid(f"--color is one of {', '.join(COLORS)}, not {value!r}.")
