"""The sandbox as a process: ready, stopped, killed, and started again on the same file."""

from __future__ import annotations

import os
import re
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
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
            found = re.search(r"ready at (http://[\d.]+:\d+) ", line)
            assert found, line
            yield process, found[1]
        finally:
            process.kill()


@contextmanager
def _client(url: str) -> Iterator[Client]:
    wire = stripe.HTTPXClient(timeout=10, allow_sync_methods=True)
    try:
        yield stripe.StripeClient("sk_test_process", base_addresses={"api": url}, max_network_retries=0, http_client=wire)
    finally:
        wire.close()  # type: ignore[no-untyped-call]


def test_it_stops_when_asked_and_says_nothing_more(tmp_path: Path) -> None:
    with process_of(tmp_path / "state.sqlite3") as (process, _):
        assert process.stderr is not None
        assert "sk_test_" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
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


def test_a_file_that_others_could_read_is_theirs_no_longer(tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite3"
    with process_of(state) as (process, _):
        _stop(process)
    state.chmod(0o644)
    with process_of(state):
        assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def _another_version(file: Path) -> None:
    with process_of(file) as (process, _):
        _stop(process)
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA user_version = 1")


def _no_database(file: Path) -> None:
    file.write_text("Dear diary, " * 1_000, "utf-8")


def _cut_short(file: Path) -> None:
    with process_of(file) as (process, _):
        _stop(process)
    file.write_bytes(file.read_bytes()[:20_000])


def _a_folder(file: Path) -> None:
    file.mkdir()


def _in_no_folder(file: Path) -> None:
    file.parent.rmdir()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_another_version, "was written by another version of the sandbox"),
        (_no_database, "is no state file of the sandbox"),
        (_cut_short, "is no state file of the sandbox"),
        (_a_folder, "cannot be opened: Is a directory"),
        (_in_no_folder, "cannot be opened: No such file or directory"),
    ],
)
def test_what_is_no_state_file_is_said_and_left_alone(tmp_path: Path, spoil: Callable[[Path], None], said: str) -> None:
    state = tmp_path / "here" / "state.sqlite3"
    state.parent.mkdir()
    spoil(state)
    before = state.read_bytes() if state.is_file() else None
    refused = subprocess.run([*COMMAND, "--state", str(state)], capture_output=True, text=True, timeout=20, check=False)
    assert refused.returncode == 3
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
    assert (state.read_bytes() if state.is_file() else None) == before


def _again_and_again(act: Callable[[], None]) -> None:
    for _ in range(1_000):
        act()


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are Linux's")
def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    with process_of(tmp_path / "state.sqlite3") as (process, url), _client(url) as client:
        first = client.v1.customers.create({"name": "first"})
        was = resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1_500_000, -1))
        made = [first.id]

        def make_one() -> None:
            made.append(client.v1.customers.create({"description": "x" * 4_000}, {"idempotency_key": str(len(made))}).id)

        with pytest.raises(stripe.APIError, match="cannot be written") as caught:
            _again_and_again(make_one)
        assert caught.value.http_status == 500
        assert client.v1.customers.retrieve(first.id).name == "first"
        with httpx.Client() as http:
            assert http.post(f"{url}/_sandbox/snapshots", json={"name": "a"}).status_code in (200, 500)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, was)
        make_one()
        assert [each.id for each in client.v1.customers.list({"limit": 100}).auto_paging_iter()] == made[::-1]
        assert process.poll() is None


def test_it_serves_this_machine_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--host", "0.0.0.0"]) == 2
    assert "loopback" in capsys.readouterr().err


def test_others_come_in_only_when_told_so_and_never_by_a_name_that_may_be_rebound(tmp_path: Path) -> None:
    with process_of(tmp_path / "state.sqlite3", "--host", "0.0.0.0", "--allow-remote", "--allow-host", "sandbox") as (
        process,
        url,
    ):
        assert process.stderr is not None
        assert "Other machines reach it" in process.stderr.readline()
        port = url.rpartition(":")[2]
        hosts = ("192.0.2.7", "192.0.2.7:1", "[2001:db8::1]", "sandbox", "localhost", "evil.test", "127.0.0.1.evil.test", "")
        statuses = {
            host: httpx.get(f"http://127.0.0.1:{port}/_sandbox/health", headers={"host": host}).status_code for host in hosts
        }
        assert statuses == dict.fromkeys(hosts[:5], 200) | dict.fromkeys(hosts[5:], 403)
        live = httpx.get(f"http://127.0.0.1:{port}/v1/balance", headers={"authorization": "Bearer sk_live_abc"})
        assert live.status_code == 401


def test_it_imports_nothing_of_the_rest_of_the_house() -> None:
    script = (
        "import sys; from farthing.sandbox import create_app; from farthing.sandbox.__main__ import main; "
        "ours = [name for name in sys.modules if name.startswith('farthing.')]; "
        "print([name for name in ours if not name.startswith('farthing.sandbox')], 'stripe' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[] False"
