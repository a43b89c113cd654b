"""Lines of the command line, run as processes that are forked from one with everything imported.

What such a process says, leaves behind and returns is what it would when a shell had started it, without the second of
imports before it. Tests of starting itself, of Ctrl-C and of what runs on use `subprocess`.
"""

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, TextIO, cast

_FORKS: Final = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.cli.imported"])
TIMEOUT: Final = 90


def run(words: Sequence[str], *, folder: Path, environ: Mapping[str, str], streams: Path) -> int:
    """In the folder, with nothing but these variables; its standard streams are the files in, out and err. Its exit code."""
    process = _FORKS.Process(target=_line, args=(list(words), str(folder), dict(environ), str(streams)))
    process.start()
    process.join(TIMEOUT)
    if process.exitcode is None:
        process.kill()
        raise TimeoutError(f"farthing {' '.join(words)}: not through after {TIMEOUT} s")
    return process.exitcode


def _line(words: list[str], folder: str, environ: dict[str, str], streams: str) -> None:
    """In the child."""
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    sys.argv = ["farthing", *words]
    sys.stdin = _onto(0, f"{streams}/in", "r")
    sys.stdout = _onto(1, f"{streams}/out", "w")
    sys.stderr = _onto(2, f"{streams}/err", "w")
    sys.exit(import_module("farthing.cli.main").main())


def _onto(number: int, path: str, mode: str) -> TextIO:
    """A standard stream, as Python itself makes it of a descriptor."""
    with Path(path).open(mode) as opened:
        os.dup2(opened.fileno(), number)
    return cast("TextIO", os.fdopen(number, mode, closefd=False))
