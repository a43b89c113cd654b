"""Where `farthing listen` hears the sandbox: a small server on loopback that passes on what comes, byte by byte."""

from __future__ import annotations

import http.server
import queue
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

import httpx
import orjson

CONNECT: Final = "/connect"
PASSED_ON: Final = ("content-type", "user-agent", "stripe-signature", "stripe-version")
FORWARD_SECONDS: Final = 30.0
BODY_MAX_BYTES: Final = 10_000_000
WAITING_MAX: Final = 128
BAD_GATEWAY: Final = 502
LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Targets:
    """Where events go: the account's own, and those of its connected accounts. None: nowhere."""

    own: str | None
    connected: str | None
    verifies: bool = True


@dataclass(frozen=True, slots=True)
class Heard:
    """A webhook that came; with a status or a problem, what was answered to it."""

    at: datetime
    event: str
    type: str
    account: str | None
    connected: bool
    body: bytes = b""
    url: str = ""
    status: int | None = None
    problem: str | None = None
    took_ms: int = 0


class Door:
    def __init__(self, targets: Targets) -> None:
        self.heard: queue.Queue[Heard] = queue.Queue()
        self._targets = targets
        # trust_env: what is forwarded stays off the proxy that the environment may name.
        self._http = httpx.Client(timeout=FORWARD_SECONDS, trust_env=False, verify=targets.verifies)
        self._server = _server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(LOOK_SECONDS,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Door:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._http.close()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """What the sandbox is answered: what the target said, so that it sends again what was not taken."""
        connected = path == CONNECT
        came = _read(body, connected=connected)
        self.heard.put(came)
        target = self._targets.connected if connected else self._targets.own
        if target is None:
            return 200
        started = time.monotonic()
        status, problem = self._forward(target, headers, body)
        took_ms = int((time.monotonic() - started) * 1000)
        self.heard.put(
            Heard(_now(), came.event, came.type, came.account, connected, b"", target, status, problem, took_ms),
        )
        return BAD_GATEWAY if status is None else status

    def _forward(self, target: str, headers: dict[str, str], body: bytes) -> tuple[int | None, str | None]:
        passed_on = {name: value for name, value in headers.items() if name in PASSED_ON}
        try:
            return self._http.post(target, content=body, headers=passed_on).status_code, None
        except httpx.TimeoutException:
            return None, "timed out"
        except httpx.ConnectError:
            return None, "nobody there"
        except httpx.HTTPError as error:
            return None, type(error).__name__


def _read(body: bytes, *, connected: bool) -> Heard:
    """Mischief may have spoiled it: it is passed on all the same."""
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    known = found if isinstance(found, dict) else {}
    account = known.get("account")
    return Heard(
        _now(),
        str(known.get("id", "unreadable")),
        str(known.get("type", "unreadable")),
        str(account) if account else None,
        connected,
        body,
    )


def _now() -> datetime:
    return datetime.now(UTC)


class _Server(http.server.ThreadingHTTPServer):
    # The sandbox sends sixteen at once: who does not get in at once waits a second.
    request_queue_size = WAITING_MAX
    daemon_threads = True


def _server(door: Door) -> _Server:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if not length.isdigit() or int(length) > BODY_MAX_BYTES:
                self._answer(413)
                return
            body = self.rfile.read(int(length))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._answer(door.take(self.path, headers, body))

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: what comes is shown by the command."""

    return _Server(("127.0.0.1", 0), Handler)
