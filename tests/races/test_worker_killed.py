"""`kill -9` of a real worker in the middle of what it does: within a minute another one has done it, and nobody was called."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from tests.races.conftest import Harness, bought
from tests.races.facts import TABLES, Facts, differences, facts, truth
from tests.races.flows import Case
from tests.races.shop import Place, events_at, opened
from tests.worlds import Sandbox

from farthing.invariants import check_all

pytestmark = pytest.mark.timeout(600)  # a crowded machine takes its time

ROOT = Path(__file__).parents[2]
RECOVERED_WITHIN = 60
"""Seconds, with no human: what a worker that died had in its hands is done."""

Start = Callable[[Place], "subprocess.Popen[bytes]"]


@pytest.fixture
def start_worker() -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def start(place: Place) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.races.worker_process", json.dumps(asdict(place))]
        started.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


async def paid_unheard(place: Place) -> None:
    """Paid at the provider, told of to us, and nobody has acted on it."""
    async with opened(place) as shop:
        await bought(shop, Case("settle"), told=False)
        await shop.deliver_all(events_at(place))


async def hang(place: Place, path: str, method: str) -> None:
    """The next call of that kind gets no answer for longer than anybody in this test lives."""
    async with opened(place) as shop:
        fault = {"kind": "timeout", "method": method, "path": path, "times": 10, "seconds": 15}
        (await shop.outside.post("/_sandbox/faults", json=fault)).raise_for_status()


async def heal(place: Place) -> None:
    async with opened(place) as shop:
        await shop.outside.delete("/_sandbox/faults")


async def until(harness: Harness, sql: str, seconds: float) -> float:
    """How long it took until there was no such row."""
    began = time.monotonic()
    while harness.connection.execute(sql.encode()).fetchone() is not None:
        assert time.monotonic() - began < seconds, f"after {seconds} s there is still one: {sql}"
        await asyncio.sleep(0.05)
    return time.monotonic() - began


WAITING = "SELECT 1 FROM provider_events WHERE status = 'received' UNION ALL SELECT 1 FROM jobs LIMIT 1"
UNTOUCHED = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM provider_events WHERE status = 'received' AND attempts > 0)"


async def clean(harness: Harness) -> tuple[Facts, Facts]:
    place, _ = await harness.prepare("check_out")
    await paid_unheard(place)
    async with opened(place) as shop:
        await shop.work()
    return facts(harness.connection, TABLES), truth(place)


@pytest.mark.covers("F64", "F122")
async def test_what_a_killed_worker_had_in_its_hands_is_done_within_a_minute(
    harness: Harness, lone_sandbox: Sandbox, start_worker: Start
) -> None:
    """It dies while it waits for the provider, with every event of the purchase claimed."""
    expected = await clean(harness)
    place, _ = await harness.prepare("check_out")
    place = Place(**(asdict(place) | {"url": lone_sandbox.url}))
    await paid_unheard(place)
    await hang(place, "/v1/*", "GET")
    victim = start_worker(place)
    await until(harness, UNTOUCHED, 30)
    victim.kill()
    victim.wait()
    await heal(place)
    assert harness.connection.execute(WAITING.encode()).fetchone() is not None
    start_worker(place)
    took = await until(harness, WAITING, RECOVERED_WITHIN)
    print(f"recovered after {took:.1f} s")
    assert differences(expected[0], facts(harness.connection, TABLES)) == []
    assert differences(expected[1], truth(place)) == []
    async with opened(place) as shop, shop.world.db.transaction("test") as tx:
        assert await check_all(tx) == []
