"""A running `farthing dev`, and what a test may ask and do to it from outside."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tests.cli.conftest import FARTHING, bare_environment

READY_SECONDS = 60
END_SECONDS = 30


@dataclass(slots=True)
class House:
    process: subprocess.Popen[str]
    folder: Path
    home: Path
    ready: dict[str, Any] = field(default_factory=dict)

    @property
    def shop(self) -> str:
        return str(self.ready["shop"]).rstrip("/")

    @property
    def sandbox(self) -> str:
        return str(self.ready["sandbox"]).removesuffix("/_sandbox/")

    def processes(self) -> list[tuple[int, str]]:
        """Everything that belongs to it: its process group, and the server of its home, which has a session of its own."""
        return [(pid, command) for pid, command in _running() if str(self.home) in command or _group(pid) == self.process.pid]

    def pid_of(self, part: str) -> int:
        return next(pid for pid, command in self.processes() if part in command)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(END_SECONDS)


@contextmanager
def dev(folder: Path, home: Path, *words: str, **environ: str) -> Iterator[House]:
    """Started on a free port, and ready. Whatever is left of it at the end is killed."""
    with (folder / "dev.log").open("w") as log:
        process = subprocess.Popen(
            [*FARTHING, "dev", "--json", "--no-open", "--port", "0", *words],
            cwd=folder,
            env=bare_environment() | {"FARTHING_HOME": str(home)} | environ,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            process_group=0,
        )
    house = House(process, folder, home)
    try:
        assert process.stdout is not None
        house.ready = json.loads(process.stdout.readline() or "{}")
        assert house.ready, (folder / "dev.log").read_text()
        yield house
    finally:
        process.kill()
        process.wait()
        eventually(lambda: house.processes() == [], "everything ends with it")
        assert process.stdout is not None
        process.stdout.close()


def buy(house: House, product: str = "ink-bottle", *, email: str = "ada@example.com") -> dict[str, Any]:
    """As a guest with a good card."""
    cart = {
        "items": [{"product": product, "quantity": 1}],
        "success_url": f"{house.shop}/checkout/success",
        "cancel_url": f"{house.shop}/checkout/canceled",
        "customer": {"email": email},
    }
    with httpx.Client(trust_env=False, timeout=20) as http:
        started = http.post(f"{house.shop}/v1/checkout/sessions", json=cart)
        assert started.status_code == 201, started.text
        session = started.json()["url"].rpartition("/")[2]
        card = {"card": "4242424242424242", "email": email}
        paid = http.post(f"{house.sandbox}/_sandbox/checkout/sessions/{session}/pay", json=card)
        assert paid.status_code == 200, paid.text
    order: dict[str, Any] = started.json()
    return order


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def eventually(true: Callable[[], object], what: str, seconds: float = END_SECONDS) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(0.1)


def _running() -> Iterator[tuple[int, str]]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            yield int(entry.name), command


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None
