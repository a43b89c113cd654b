"""The page of all commands, made from the commands: `python -m farthing.cli.reference > docs/reference/cli.md`."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Final

from rich.console import Console

from farthing.cli import commands
from farthing.cli.help import EXIT_CODES

WIDTH: Final = 100
HEAD: Final = """# Commands

Everything that is done from a terminal. Data goes to stdout, everything else to stderr. This page is written by
`python -m farthing.cli.reference`.

## Options of every command

| Option | |
|---|---|
| `--json` | one JSON document on stdout, or one a line where answers come one by one |
| `--quiet`, `-q` | only the answer |
| `--verbose`, `-v` | logs, and a traceback where something fails |
| `--color auto\\|on\\|off` | `NO_COLOR` is respected |
| `--yes`, `-y` | answer yes to every question: needed in scripts |
| `--no-input` | never ask |
| `--home DIR` | the folder of the embedded database and of `farthing dev`, instead of `.farthing` (`FARTHING_HOME`) |
| `--version`, `--help` | |

Settings come from the environment. Where `farthing dev` was run and `STRIPE_SECRET_KEY` is not set, they come from its
`.farthing/dev.json`, so that `farthing why 1001` works in another terminal. `farthing config show` says what comes from where.

## Exit codes

| Code | |
|---|---|
"""


def markdown() -> str:
    codes = "".join(f"| {code} | {meaning} |\n" for code, meaning in EXIT_CODES.items())
    return HEAD + codes + "".join(_page(name.split()) for name in sorted(commands.COMMANDS))


def _page(words: Sequence[str]) -> str:
    out = io.StringIO()
    console = Console(file=out, width=WIDTH, color_system=None, force_terminal=False, legacy_windows=False)
    commands.build(words, epilogue="").help_print(list(words), console=console)
    lines = [line.rstrip() for line in out.getvalue().strip().splitlines()]
    # An empty line is enough between two paragraphs.
    text = "\n".join(line for line, before in zip(lines, ["-", *lines], strict=False) if line or before)
    return f"\n## farthing {' '.join(words)}\n\n```text\n{text}\n```\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
