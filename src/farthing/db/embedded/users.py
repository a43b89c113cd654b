"""The users of a server, as open connections: whoever connects is one, and whoever dies, however, is none any more."""

import selectors
import socket
from contextlib import suppress
from pathlib import Path

from farthing.db.embedded.reports import Report, State

_BACKLOG = 64


class Users:
    def __init__(self, selector: selectors.BaseSelector, control: Path) -> None:
        self.selector = selector
        self._control = control
        self._connections: set[socket.socket] = set()
        self._leaving: list[socket.socket] = []
        self._now = Report(State.STARTING, "PostgreSQL is about to start.")
        control.unlink(missing_ok=True)
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(control))
        self._door.listen(_BACKLOG)
        self._door.setblocking(False)
        selector.register(self._door, selectors.EVENT_READ, self._enter)

    def __len__(self) -> int:
        return len(self._connections)

    def add(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._connections.add(connection)
        self.selector.register(connection, selectors.EVENT_READ, lambda: self._listen_to(connection))
        _send(connection, self._now)

    def tell(self, report: Report) -> None:
        if report == self._now:
            return
        self._now = report
        for connection in self._connections:
            _send(connection, report)

    def let_go(self) -> None:
        """Those who left wait to see whether the server goes on without them: it does."""
        for connection in self._leaving:
            connection.close()
        self._leaving.clear()

    def close_door(self) -> None:
        """From here on whoever comes starts a supervisor of its own, which waits until this one has ended."""
        self._control.unlink(missing_ok=True)
        self.selector.unregister(self._door)
        self._door.close()

    def _enter(self) -> None:
        try:
            connection, _ = self._door.accept()
        except (BlockingIOError, ConnectionError):
            return
        self.add(connection)

    def _listen_to(self, connection: socket.socket) -> None:
        # Users have nothing to say: what arrives is their leaving.
        try:
            left = not connection.recv(4096)
        except BlockingIOError:
            return
        except ConnectionError:
            left = True
        if left:
            self.selector.unregister(connection)
            self._connections.remove(connection)
            self._leaving.append(connection)


def _send(connection: socket.socket, report: Report) -> None:
    # It does not read, or it is gone: neither is a reason to stop serving the others.
    with suppress(BlockingIOError, ConnectionError):
        connection.send(report.encode())
