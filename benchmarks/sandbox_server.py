"""The sandbox as a process to measure: started on a file of its own, asked over one connection, its CPU read."""

import http.client
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlencode

import orjson

KEY: Final = "sk_test_bench"
PURCHASE: Final = {
    "amount": 2500,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "confirm": "true",
    "automatic_payment_methods[enabled]": "true",
    "automatic_payment_methods[allow_redirects]": "never",
}
IDLE_SECONDS: Final = 3
READY: Final = re.compile(r"http://127\.0\.0\.1:(\d+)")


class Server:
    """A process that says in its first line of standard error where it listens."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self._process = process
        self.port = port
        self._quiet_since = time.monotonic()
        self._wire = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def cpu_seconds(self) -> float:
        """User and system time of all its threads, so that whatever else the machine does is left out."""
        tasks = Path(f"/proc/{self._process.pid}/task")
        return sum(int((each / "schedstat").read_text().split()[0]) for each in tasks.iterdir()) / 1e9

    def rss_mib(self) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found, "Linux says how much memory a process has"
        return int(found[1]) / 1024

    def ask(self, method: str, path: str, key: str | None = None, **fields: Any) -> Any:
        headers = {"authorization": f"Bearer {KEY}", "content-type": "application/x-www-form-urlencoded"}
        headers |= {"idempotency-key": key} if key else {}
        return self._converse(method, path, urlencode(fields) if method == "POST" else None, headers)

    def health(self) -> None:
        self._converse("GET", "/_sandbox/health", None, {})

    def control(self, path: str, **fields: Any) -> Any:
        return self._converse("POST", f"/_sandbox{path}", orjson.dumps(fields), {"content-type": "application/json"})

    def _converse(self, method: str, path: str, body: str | bytes | None, headers: dict[str, str]) -> Any:
        if time.monotonic() > self._quiet_since + IDLE_SECONDS:
            self._wire.close()  # uvicorn closes a connection that was idle for five seconds
        self._wire.request(method, path, body, headers)
        try:
            return self._read()
        finally:
            self._quiet_since = time.monotonic()

    def _read(self) -> Any:
        with self._wire.getresponse() as answer:
            body = answer.read()
            assert answer.status == 200, body
            return orjson.loads(body)

    def stop(self) -> None:
        self._wire.close()
        with self._process as process:
            process.send_signal(signal.SIGTERM)
            process.wait(20)

    @classmethod
    def started(cls, *command: str) -> Self:
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        line = process.stderr.readline()
        found = READY.search(line)
        assert found, line
        return cls(process, int(found[1]))


@contextmanager
def sandbox() -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        state = str(Path(folder) / "state.sqlite3")
        server = Server.started(sys.executable, "-m", "farthing.sandbox", "--port", "0", "--state", state)
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def bare() -> Iterator[Server]:
    """The least that could keep the same rows, in the same file format."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server.started(sys.executable, "-m", "benchmarks.sandbox_bare", str(Path(folder) / "bare.sqlite3"))
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def listener() -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """Somebody who takes webhooks and counts them; how many, it says when its input ends."""
    command = [sys.executable, "-m", "benchmarks.sandbox_listener"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), process
        finally:
            process.kill()


def is_measurable() -> bool:
    """CPU times of another process are read from Linux's own books."""
    return Path(f"/proc/{os.getpid()}/schedstat").exists()
