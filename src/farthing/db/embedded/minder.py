"""Where the kernel does not end a child with its parent (macOS), a process that does nothing but wait for that moment."""

import os
import signal
from pathlib import Path

from farthing.db.embedded.processes import is_server_of


class Minder:
    """Fork it before anything is opened, or the copies it inherits will keep locks and connections alive."""

    def __init__(self) -> None:
        self._ear, self._mouth = os.pipe()
        if os.fork() == 0:
            os.close(self._mouth)
            self._mind()
        os.close(self._ear)

    def mind(self, data: Path, pid: int) -> None:
        os.write(self._mouth, f"{pid} {data}\n".encode())

    def _mind(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        heard = b""
        while chunk := os.read(self._ear, 4096):
            heard += chunk
        pid, _, data = (heard.splitlines() or [b"0 /"])[-1].decode().partition(" ")
        # A supervisor that ends well has ended its server before: then this pid is nobody's.
        if int(pid) and is_server_of(Path(data), int(pid)):
            os.kill(int(pid), signal.SIGINT)
        os._exit(0)
