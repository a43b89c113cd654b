"""The sandbox as a process: ready, stopped, killed, and started again on the same file."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import stripe
from tests.sandbox.conftest import Client, Listener, charge, eventually

from farthing.sandbox.__main__ import main

COMMAND = [sys.executable, "-m", "farthing.sandbox", "--port", "0"]


@contextmanager
def process_of(state: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen([*COMMAND, "--state", str(state), *words], stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            found = re.search(r"ready at (http://127\.0\.0\.1:\d+) ", line)
            assert found, line
            yield process, found[1]
        finally:
            process.kill()


@contextmanager
def _client(url: str) -> Iterator[Client]:
    wire = stripe.HTTPXClient(timeout=10, allow_sync_methods=True)
    yield stripe.StripeClient("sk_test_process", base_addresses={"api": url}, max_network_retries=0, http_client=wire)
    wire.close()  # type: ignore[no-untyped-call]


def test_it_stops_when_asked_and_says_nothing_more(tmp_path: Path) -> None:
    with process_of(tmp_path / "state.sqlite3") as (process, _):
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_killed_at_once_after_an_answer_it_has_forgotten_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    with process_of(state) as (process, url), _client(url) as client:
        intent = charge(client)
        refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 100}, {"idempotency_key": "k"})
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    with process_of(state) as (_, url), _client(url) as client:
        assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
        again = client.v1.refunds.create({"payment_intent": intent.id, "amount": 100}, {"idempotency_key": "k"})
        assert again.id == refund.id
        assert client.v1.charges.retrieve(intent.latest_charge).amount_refunded == 100
        assert len(client.v1.events.list({"type": "refund.created"}).data) == 1


def test_what_could_not_be_delivered_is_delivered_after_a_restart(tmp_path: Path, listener: Listener) -> None:
    state = tmp_path / "state.sqlite3"
    listener.answers = [503] * 1
    with process_of(state) as (process, url), _client(url) as client:
        client.v1.webhook_endpoints.create({"url": listener.url, "enabled_events": ["customer.created"]})
        client.v1.customers.create({})
        eventually(lambda: len(listener.received) == 1)
        time.sleep(0.1)  # Until the failure is written down; before that, it would just be sent again.
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    with process_of(state) as (_, url), _client(url) as client:
        eventually(lambda: len(listener.received) == 2)
        eventually(lambda: client.v1.events.list({"type": "customer.created"}).data[0].pending_webhooks == 0)


def test_two_sandboxes_do_not_share_a_file(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    with process_of(state):
        second = subprocess.run([*COMMAND, "--state", str(state)], capture_output=True, text=True, timeout=20, check=False)
        assert second.returncode != 0
        assert "open in another sandbox" in second.stderr


def test_nobody_else_on_this_machine_reads_its_secrets(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    with process_of(state) as (_, url), _client(url) as client:
        charge(client)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    assert "state.sqlite3-wal" in modes


def test_it_serves_this_machine_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--host", "0.0.0.0"]) == 2
    assert "loopback" in capsys.readouterr().err


def test_it_imports_nothing_of_the_rest_of_the_house() -> None:
    script = (
        "import sys; from farthing.sandbox import create_app; from farthing.sandbox.__main__ import main; "
        "ours = [name for name in sys.modules if name.startswith('farthing.')]; "
        "print([name for name in ours if not name.startswith('farthing.sandbox')], 'stripe' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[] False"
