"""The processes of `farthing dev`: started, told what to do, started again when they die, and ended together."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from farthing.errors import ConfigError, FarthingError

GRACE_SECONDS: Final = 10.0
STEADY_SECONDS: Final = 10.0
"""Who lived this long is started again at once; who dies sooner waits longer each time."""

PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0)


class Child:
    """One process, and the line to it: its end is our news of its death, and our end of it is its news of ours."""

    def __init__(self, role: str, name: str, say: Callable[[str], None], listening: socket.socket | None = None) -> None:
        self.name = name
        self.ready = asyncio.Event()
        self._role, self._say, self._listening = role, say, listening
        self._line: socket.socket
        self._process: subprocess.Popen[bytes] | None = None

    def spawn(self) -> None:
        """Start it: it gets ready, and waits for the word."""
        self._line, theirs = socket.socketpair()
        self._line.setblocking(False)
        passed = [theirs.fileno(), *([self._listening.fileno()] if self._listening else [])]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-m", "farthing.cli.dev.child", self._role, *map(str, passed)],
                pass_fds=passed,
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,
            )

    async def keep(self, word: Mapping[str, Any]) -> None:
        """Say the word, and say it again to each successor, until canceled. Raises where it never gets ready at all."""
        deaths = 0
        while True:
            began = time.monotonic()
            await self._work(word)
            status = await asyncio.to_thread(self._wait)
            if not self.ready.is_set() and deaths == 0:
                raise _NeverReady(self.name, status)
            self.ready.clear()
            deaths = 0 if time.monotonic() - began > STEADY_SECONDS else deaths + 1
            pause = PAUSES[min(deaths, len(PAUSES)) - 1] if deaths else 0
            self._say(f"{self.name} {_ended(status)} and is started again{f' in {pause} s' if pause else ''}.")
            await asyncio.sleep(pause)
            self.spawn()

    def ask_to_end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    async def end(self) -> None:
        """Wait for its end; one that takes too long is killed."""
        if self._process is None:
            return
        self.ask_to_end()
        try:
            await asyncio.to_thread(self._process.wait, GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._line.close()

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    async def _work(self, word: Mapping[str, Any]) -> None:
        """Until it hangs up, which it does by dying."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            await loop.sock_sendall(self._line, json.dumps(word).encode() + b"\n")
            while heard := await loop.sock_recv(self._line, 4096):
                if b"ready" in heard:
                    self.ready.set()
        self._line.close()

    def _wait(self) -> int:
        assert self._process is not None, "it was spawned"
        return self._process.wait()


class _NeverReady(ConfigError):
    def __init__(self, name: str, status: int) -> None:
        super().__init__(f"{name} {_ended(status)} before it was ready: what it said is above.")
        self.ended_with = status


def _ended(status: int) -> str:
    return f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


async def all_ready(children: Mapping[Child, asyncio.Task[None]]) -> None:
    """Raises what stopped the first of them that will never be ready."""
    everybody = asyncio.create_task(_ready(list(children)))
    try:
        await asyncio.wait({everybody, *children.values()}, return_when=asyncio.FIRST_COMPLETED)
        for task in children.values():
            if task.done():
                task.result()
    finally:
        everybody.cancel()


async def _ready(children: Sequence[Child]) -> None:
    for child in children:
        await child.ready.wait()


def exit_code(error: FarthingError) -> int:
    return error.ended_with if isinstance(error, _NeverReady) and error.ended_with > 0 else error.exit_code
