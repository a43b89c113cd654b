"""The log of the supervisor and its PostgreSQL: a file that never grows past a limit."""

import os
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

_FILE_BYTES_MAX = 1_000_000
_FILES_KEPT = 3
_LINES_REMEMBERED = 20


class Log:
    def __init__(self, path: Path, *, bytes_max: int = _FILE_BYTES_MAX) -> None:
        self._path = path
        self._bytes_max = bytes_max
        self._remembered: deque[str] = deque(maxlen=_LINES_REMEMBERED)
        self._open()

    def write(self, chunk: bytes) -> None:
        self._remembered.extend(chunk.decode(errors="replace").splitlines())
        # A full disk is the database's problem to report: it must not take the supervisor down.
        with suppress(OSError):
            self._size += os.write(self._file, chunk)
            if self._size > self._bytes_max:
                self._rotate()

    def say(self, sentence: str) -> None:
        now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
        self.write(f"{now} [{os.getpid()}] SUPERVISOR:  {sentence}\n".encode())

    def take_stderr(self) -> None:
        """Let go of the terminal of whoever started us; a traceback of ours goes here from now on."""
        os.dup2(self._file, 2)

    def last_words(self, lines: int) -> str:
        return "\n".join(list(self._remembered)[-lines:])

    def _open(self) -> None:
        # O_NOFOLLOW: a link planted in the home must not make us write elsewhere.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.open(self._path, flags, 0o600)
        self._size = os.fstat(self._file).st_size

    def _rotate(self) -> None:
        os.close(self._file)
        names = [self._path, *(Path(f"{self._path}.{number}") for number in range(1, _FILES_KEPT + 1))]
        for older, newer in zip(reversed(names), reversed(names[:-1]), strict=False):
            if newer.exists():
                newer.replace(older)
        self._open()
