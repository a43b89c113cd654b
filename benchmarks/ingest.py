"""Deliveries a second: Farthing's door, which verifies and stores, against a bare handler that only stores the same row."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import psycopg

from benchmarks.line import Line

TARGET: Final = 0.8
WARM_UP: Final = 3
SECONDS_MAX: Final = 120


def measure(dsn: str, *, rounds: int, requests: int) -> Line:
    with serving("farthing", dsn) as farthing, serving("bare", dsn) as bare:
        took = _load(WARM_UP + rounds, requests, farthing, bare)
        for number, port in enumerate((farthing, bare)):
            _check(dsn, port, sum(int(each[number]["acknowledged"]) for each in took), requests * len(took))
    ours, floor = ([requests / each[number]["seconds"] for each in took[WARM_UP:]] for number in (0, 1))
    return Line(
        what="Webhook ingest over HTTP: verify and store durably, one process, 16 connections",
        unit="requests/s",
        ours=ours,
        floor=floor,
        rule="at least",
        target=TARGET,
        note="Starlette and psycopg, one INSERT of the same row, nothing verified",
    )


@contextmanager
def serving(which: str, dsn: str, prepare: Callable[[int], Sequence[str]] = lambda _: ()) -> Iterator[int]:
    """Run one of the servers; its port. It answers what comes before it is ready as soon as it is.

    `prepare` is told the port, and says what else the server is given.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        port, descriptor = listening.getsockname()[1], listening.fileno()
        command = [sys.executable, "-m", "benchmarks.serve", which, dsn, str(descriptor), *prepare(port)]
        process = subprocess.Popen(command, pass_fds=[descriptor])
    try:
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _load(rounds: int, requests: int, *ports: int) -> Sequence[Sequence[dict[str, float]]]:
    """For each round what each port made of it."""
    command = [sys.executable, "-m", "benchmarks.load", *(str(word) for word in (rounds, requests, *ports))]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=SECONDS_MAX)
    took: list[list[dict[str, float]]] = json.loads(done.stdout)
    return took


def _check(dsn: str, port: int, acknowledged: int, sent: int) -> None:
    """A rate counts only where every request was acknowledged, and every acknowledged one is a row."""
    with psycopg.connect(dsn) as connection:
        sql = "SELECT count(*) FROM farthing.provider_events WHERE starts_with(provider_event_id, %s)"
        row = connection.execute(sql, (f"evt_{port}x",)).fetchone()
    assert row is not None, "a count has a row"
    assert acknowledged == row[0] == sent, f"{sent} sent, {acknowledged} acknowledged, {row[0]} stored"
