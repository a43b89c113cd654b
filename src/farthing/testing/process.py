"""The sandbox as a process of its own: started when the first test asks for one, gone with the run however it ends."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx

START_LINES_MAX: Final = 50
LINES_KEPT: Final = 40
GRACE_SECONDS: Final = 5
TIMEOUT_SECONDS: Final = 70
"""Longer than any control takes: the longest waits a minute for webhooks."""


@dataclass(slots=True)
class SandboxServer:
    """A running sandbox. Every secret key opens an account of its own in it; the clock and ordered faults are everybody's."""

    url: str
    http: httpx.Client = field(repr=False)
    said: deque[str] = field(default_factory=deque, repr=False)
    """Its last words on standard error."""

    def reset(self) -> None:
        """Forget everything, and be back at the time it is."""
        self.http.post("/_sandbox/reset").raise_for_status()

    def behave(self) -> None:
        """Forget faults and mischief that were ordered and did not come to pass."""
        self.http.delete("/_sandbox/faults").raise_for_status()
        self.http.delete("/_sandbox/webhooks").raise_for_status()


@contextmanager
def running(*arguments: str) -> Iterator[SandboxServer]:
    """Ready when the block begins, ended when it ends; and should we be killed, it notices that its input has ended."""
    with subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "farthing.sandbox", "--port", "0", "--end-with-stdin", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # Ctrl-C is for pytest alone: what it tears down afterwards still needs the sandbox.
        start_new_session=True,
    ) as process:
        said = deque[str](maxlen=LINES_KEPT)
        # Read on, or it would wait for ever to be heard.
        listening = threading.Thread(target=said.extend, args=(process.stderr,), daemon=True)
        try:
            url = _ready(process)
            listening.start()
            # trust_env: a proxy in the environment has no business between a test and its own machine.
            with httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, trust_env=False) as http:
                yield SandboxServer(url, http, said)
        finally:
            _end(process)
            if listening.is_alive():
                listening.join(GRACE_SECONDS)


def _ready(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    said = []
    for _ in range(START_LINES_MAX):
        line = process.stderr.readline()
        if not line:
            break
        if found := re.search(r"ready at (http://\S+)", line):
            return found[1]
        said.append(line)
    raise RuntimeError("The sandbox did not start:\n" + "".join(said))


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
