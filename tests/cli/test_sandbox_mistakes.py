"""Numbers that are none, and somebody who only says to be a sandbox: one line each, never a traceback."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.conftest import Running, serve

from farthing.cli.main import main
from farthing.sandbox import Settings


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    yield from serve(str(tmp_path_factory.mktemp("sandbox") / "state.sqlite3"), Settings())


@pytest.fixture
def pretender() -> Iterator[str]:
    """It is as healthy as a sandbox, and answers everything else with a page."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            healthy = self.path.endswith("/health")
            body = b'{"status": "ok", "stripe_version": "x"}' if healthy else b"<html>It works!</html>"
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *args: Any) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(5)
    server.server_close()


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("STRIPE_SECRET_KEY", "STRIPE_SECRET_KEY_FILE", "STRIPE_API_BASE", "FARTHING_HOME", "FARTHING_ENV"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["sandbox", "fail-next", "--kind", "slow", "--seconds", "nan"], "nothing that JSON can say"),
        (["sandbox", "mischief", "--kind", "delay", "--seconds", "inf"], "nothing that JSON can say"),
        (["trigger", "charge.refunded", "--key", "sk_test_\udcff"], "nothing that JSON can say"),
        (["clock", "set", "9999-12-31T23:59:59-23:59"], "is no moment"),
        (["clock", "set", "0001-01-01T00:00:00+23:59"], "is no moment"),
    ],
)
def test_what_is_no_number_and_no_letter_is_refused(
    running: Running, capsys: pytest.CaptureFixture[str], words: list[str], hint: str
) -> None:
    assert main([*words, "--url", running.url]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert hint in said.err


@pytest.mark.parametrize(
    "words", [["clock", "show"], ["trigger", "--list"], ["clock", "advance", "1d"], ["sandbox", "fail-next"]]
)
def test_what_only_says_to_be_a_sandbox_is_found_out(
    pretender: str, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main([*words, "--url", pretender]) == 3
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert f"What answers at {pretender} calls itself a sandbox, and does not answer like one." in said.err
