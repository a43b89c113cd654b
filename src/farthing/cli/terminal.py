"""The terminal: what was asked for goes to stdout, everything else to stderr, and nothing is asked of a script."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from farthing.cli.options import Options
from farthing.errors import Unconfirmed
from farthing.money import Money

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PIPE_WIDTH: Final = 200
"""Columns where there is no terminal: a table that is read by a program is not folded."""


class Terminal:
    def __init__(self, options: Options) -> None:
        self.options = options
        self._consoles: dict[bool, Console] = {}

    @property
    def interactive(self) -> bool:
        """Whether there is somebody to ask."""
        return self.options.asks and not self.options.json and sys.stdin.isatty() and sys.stderr.isatty()

    def show(self, document: object, *text: RenderableType) -> None:
        """The answer: a JSON document, or the same for people."""
        if self.options.json:
            sys.stdout.write(json.dumps(document, default=plain, indent=2, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            for each in text:
                self._console(out=True).print(each)

    def stream(self, document: object, text: RenderableType) -> None:
        """One of many answers: a line of JSON, or a line for people."""
        if self.options.json:
            sys.stdout.write(json.dumps(document, default=plain, ensure_ascii=False) + "\n")
            sys.stdout.flush()
        else:
            self._console(out=True).print(text)

    def raw(self, text: str) -> None:
        """To stdout as it is: SQL, a DSN, a schema."""
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()

    def say(self, text: RenderableType) -> None:
        """By the way: not part of the answer, and not with --quiet."""
        if not self.options.quiet:
            self._console(out=False).print(text)

    def complain(self, sentence: str) -> None:
        """Never left out."""
        self._console(out=False).print(sentence, markup=False, highlight=False, soft_wrap=True)

    def confirm(self, question: str) -> None:
        """Raises Unconfirmed unless somebody says yes, or said --yes."""
        if self.options.yes:
            return
        if not self.interactive:
            raise Unconfirmed(f"{question} Nobody is here to answer: nothing was done. Repeat it with --yes.")
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise Unconfirmed("Nothing was done.")

    @contextmanager
    def progress(self, sentence: str) -> Iterator[None]:
        """While it takes long, somebody who watches sees what is being done."""
        if self.options.quiet or not sys.stderr.isatty():
            yield
            return
        with self._console(out=False).status(sentence):
            yield

    def _console(self, *, out: bool) -> Console:
        if out not in self._consoles:
            from rich.console import Console

            file, color = sys.stdout if out else sys.stderr, self.options.color
            self._consoles[out] = Console(
                file=file,
                width=None if file.isatty() else PIPE_WIDTH,
                force_terminal=True if color == "on" else None,
                no_color=True if color == "off" or (color == "auto" and os.environ.get("NO_COLOR")) else None,
                highlight=False,
            )
        return self._consoles[out]


def plain(value: object) -> Any:
    """What JSON does not know, as it is shown everywhere else."""
    match value:
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Money():
            return {"amount": value.amount, "currency": value.currency}
        case UUID() | Path():
            return str(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no form in JSON")


_terminal = Terminal(Options())


def use(options: Options) -> Terminal:
    """Called once for each line that is run."""
    global _terminal
    _terminal = Terminal(options)
    return _terminal


def terminal() -> Terminal:
    return _terminal
