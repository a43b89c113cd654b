"""The connection between a user and the supervisor: made by joining a running one or by starting one."""

import atexit
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from farthing.db.embedded.binaries import find_binaries
from farthing.db.embedded.places import Places
from farthing.db.embedded.reports import Report, reports
from farthing.errors import DatabaseUnavailable

_PACKAGE = "farthing.db.embedded"


class Line:
    def __init__(self, connection: socket.socket, supervisor: int | None = None) -> None:
        self._connection = connection
        # The process id, when it is a child of ours and we have to reap it.
        self._supervisor = supervisor
        self._joined_by = os.getpid()
        self.ready = False
        # Whoever only kept the address still uses the server: without `stop` we leave when the program ends.
        atexit.register(connection.close)

    def reports(self) -> Iterator[Report]:
        return reports(self._connection)

    def was_cut(self) -> bool:
        """Whether the supervisor has gone since it was ready; its news of restarts since are dropped."""
        try:
            while self.ready and self._connection.recv(65536, socket.MSG_DONTWAIT):
                continue
        except BlockingIOError:
            return False
        except OSError:
            return True
        return self.ready

    def leave(self) -> None:
        """Say goodbye and wait for the answer: the end of the connection, and of PostgreSQL if we were the last."""
        # A fork has a copy of the connection and must not say goodbye for its parent.
        if os.getpid() == self._joined_by:
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_WR)
            for _ in self.reports():
                continue
        self.hang_up()

    def hang_up(self) -> None:
        atexit.unregister(self._connection.close)
        self._connection.close()
        if self._supervisor is not None:
            # It may serve others for long; then process 1 will reap it after us.
            with suppress(ChildProcessError):
                os.waitpid(self._supervisor, os.WNOHANG)

    def explain_silence(self, places: Places) -> None:
        """The supervisor hung up without a word. One that was about to end is nothing; ours, just started, is."""
        if self._supervisor is not None:
            raise DatabaseUnavailable(f"Embedded PostgreSQL was killed while it started. Its log is {places.log}.")


def join(places: Places) -> Line | None:
    """Become a user of the running supervisor, if there is one."""
    control = places.control()
    if control is None:
        return None
    connection = socket.socket(socket.AF_UNIX)
    if connection.connect_ex(str(control)) == 0:
        return Line(connection)
    connection.close()
    return None


def spawn(places: Places, settings: Mapping[str, str]) -> Line:
    """Start a supervisor in a session of its own: Ctrl-C in the terminal is the app's to answer, not PostgreSQL's."""
    find_binaries()
    ours, theirs = socket.socketpair()
    pairs = [f"{name}={value}" for name, value in settings.items()]
    # -P and the path: whatever lies in the working folder, it runs this very package.
    root = str(Path(__file__).parents[3])
    with theirs:
        supervisor = os.posix_spawn(
            sys.executable,
            [sys.executable, "-P", "-m", _PACKAGE, str(places.home), *pairs],
            os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, theirs.fileno(), 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            ],
            setsid=True,
            # A thread of the app may block signals, and children inherit that.
            setsigmask=(),
        )
    return Line(ours, supervisor)
