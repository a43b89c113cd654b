"""What runs in each process of `farthing dev`: get ready, wait for the word, work until the parent is gone.

`python -m farthing.cli.dev.child ROLE LINE [SOCKET]`: LINE is a socket to the parent. One JSON line on it says what to do,
"ready" goes back, and its end means that the parent is dead, however it died: then nobody here survives it.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final, TextIO

from farthing.cli.main import YOUNG

GRACE_SECONDS: Final = 10.0

ROLES: Final = {
    "api": ("farthing.app", "farthing.routing", "farthing.cli.serve"),
    "worker": ("farthing.app", "farthing.worker", "pgqueuer.qm", "farthing.cli.worker"),
    "sandbox": (),
}
"""Role → what it will need: imported before the word comes, while the database starts."""


def main() -> int:
    # Ctrl-C is the parent's to answer, whatever handlers are installed later.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    gc.set_threshold(YOUNG, 20, 100)
    role, line = sys.argv[1], socket.socket(fileno=int(sys.argv[2]))
    for module in ROLES[role]:
        importlib.import_module(module)
    with line.makefile("r", encoding="utf-8") as reader:
        word = reader.readline()
        if not word:
            return 0
        order = json.loads(word)
        os.environ.clear()
        os.environ.update(order["environ"])
        threading.Thread(target=_end_with_parent, args=(line,), daemon=True).start()
        return _work(role, order, lambda: line.sendall(b"ready\n"))


def _work(role: str, order: dict[str, Any], ready: Callable[[], None]) -> int:
    if role == "sandbox":
        return _sandbox(order["args"], ready)
    from farthing.cli import options
    from farthing.cli.terminal import use
    from farthing.errors import FarthingError

    terminal = use(options.Options(quiet=True, verbose=order["verbose"]))
    try:
        return _serve(role, order, ready)
    except FarthingError as error:
        # Of a mistyped application, say; what fails in the user's own module keeps its traceback.
        if terminal.options.verbose:
            raise
        terminal.complain(f"farthing: {error.detail}")
        return error.exit_code


def _serve(role: str, order: dict[str, Any], ready: Callable[[], None]) -> int:
    if role == "worker":
        from farthing.cli.worker import work

        return work(order["app"], ready=ready)
    from farthing.cli.serve import serve_on

    return serve_on(socket.socket(fileno=int(sys.argv[3])), order["app"], run_worker=False, ready=ready)


def _sandbox(args: list[str], ready: Callable[[], None]) -> int:
    """A house of its own, started as from the command line; its first words say that it is ready."""
    sys.argv = ["farthing.sandbox", *args]
    sys.stderr = _Hearing(sys.stderr, ready)
    try:
        runpy.run_module("farthing.sandbox", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


class _Hearing:
    """Standard error, without the line that is meant for us."""

    def __init__(self, stream: TextIO, ready: Callable[[], None]) -> None:
        self._stream, self._ready = stream, ready

    def write(self, text: str) -> int:
        if text.startswith("Farthing sandbox ready"):
            self._ready()
            return len(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _end_with_parent(line: socket.socket) -> None:
    while line.recv(4096):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
