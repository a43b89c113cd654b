"""Running one line: its command, and what is said when it goes wrong. An error is one sentence and an exit code."""

import os
import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from cyclopts import CycloptsError
from cyclopts.exceptions import UnusedCliTokensError

from farthing.cli import commands, options
from farthing.cli.logs import redact
from farthing.cli.terminal import Terminal, use
from farthing.errors import FarthingError, Invalid

INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141
SAID_MAX: Final = 300


def run(words: Sequence[str]) -> int:
    terminal, rest = use(options.Options()), list(words)
    try:
        chosen, rest = options.take(words)
        terminal = use(chosen)
        code = commands.call(rest)
        sys.stdout.flush()
    except CycloptsError as error:
        terminal.complain(f"farthing: {_said(error)}{_near(error, rest)} See `{_page(rest)}`.")
        return Invalid.exit_code
    except BrokenPipeError:
        # Whoever read our output has read enough. Python would complain of it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        terminal.complain("farthing: interrupted.")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - told as a sentence; the traceback is for who asks
        return _failed(terminal, error)
    return code


def _failed(terminal: Terminal, error: Exception) -> int:
    if terminal.options.verbose:
        terminal.complain(redact("".join(traceback.format_exception(error)).rstrip()))
    if isinstance(error, FarthingError):
        terminal.complain(f"farthing: {error.detail}")
        return error.exit_code
    # A driver's message may hold a whole statement: its first line is enough.
    said = (str(error).splitlines() or [""])[0][:SAID_MAX]
    terminal.complain(f"farthing: {type(error).__name__}: {redact(said)}. This should not happen: repeat it with --verbose.")
    return FarthingError.exit_code


def _said(error: CycloptsError) -> str:
    if isinstance(error, UnusedCliTokensError) and error.unused_tokens:
        return f"There is no place for {' '.join(error.unused_tokens)!r} here."
    return " ".join(str(error).split())


def _near(error: CycloptsError, words: Sequence[str]) -> str:
    """A misspelled word behind a group that is a command as well: the group took it for a value of its own."""
    if not isinstance(error, UnusedCliTokensError) or not error.unused_tokens or words[0] not in commands.GROUPS:
        return ""
    inner = [name.split()[1] for name in commands.COMMANDS if name.startswith(f"{words[0]} ")]
    close = get_close_matches(error.unused_tokens[0], inner, 1)
    return f' Did you mean "{close[0]}"?' if close else ""


def _page(words: Sequence[str]) -> str:
    """The help that is nearest to what was asked for."""
    for name in (" ".join(words[:2]), *words[:1]):
        if name in commands.COMMANDS or name in commands.GROUPS:
            return f"farthing {name} --help"
    return "farthing --help"
