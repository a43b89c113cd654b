"""`kill -9` at boundaries all along each flow of money: the end is the one of a run that nobody disturbed.

In CI at more of them than elsewhere; `FARTHING_TEST_WHOLE=every` takes every one.
"""

import pytest
from tests.races.conftest import Harness
from tests.races.facts import differences
from tests.races.flows import learned
from tests.whole import EVERY, sized

CHUNKS = {"check_out": 1, "settle": 2, "refund": 2, "cancel": 1, "dispute": 1} | {
    "settle_everything": 1,
    "refund_line": 1,
    "spend": 1,
    "capture": 1,
    "charge": 1,
    "subscribe": 1,
    "change": 1,
    "collect": 1,
    "release": 1,
    "take_back": 1,
}
"""Each flow is cut into so many tests, so that they spread over processes."""

STRIDES = {"check_out": 3, "settle": 14, "refund": 25, "cancel": 17, "dispute": 50, "settle_everything": 40} | {
    "refund_line": 50,
    "capture": 33,
    "charge": 40,
    "subscribe": 110,
    "change": 90,
    "collect": 110,
    "release": 25,
    "take_back": 60,
}
"""What a whole run takes of them: before a statement is after the last, and most of a way is that of another flow."""

FEWER = sized(1, 6)
"""Of those, elsewhere."""

FEWEST = {"check_out": 20, "settle": 120, "refund": 140, "cancel": 15, "dispute": 100} | {
    "settle_everything": 150,
    "refund_line": 100,
    "spend": 5,
    "capture": 30,
    "charge": 250,
    "subscribe": 50,
    "change": 50,
    "collect": 50,
    "release": 50,
    "take_back": 100,
}
"""There are more boundaries than these; where there are suddenly fewer, something is not counted any more."""


TWICE = ("check_out", "settle", "refund", "cancel", "dispute")
"""Flows in which whoever comes next dies as well: the others recover in the same ways."""

pytestmark = pytest.mark.timeout(3600 if EVERY else 600)


@pytest.mark.covers("F57", "F60", "F61", "F62", "F63", "F65", "F66", "F68", "F69", "F70")
@pytest.mark.parametrize(("flow", "chunk"), [(flow, chunk) for flow, chunks in CHUNKS.items() for chunk in range(chunks)])
async def test_a_process_killed_anywhere_leaves_nothing_undone_or_done_twice(flow: str, chunk: int, harness: Harness) -> None:
    clean, boundaries = await harness.clean(flow)
    assert boundaries > FEWEST[flow]
    stride = 1 if EVERY else STRIDES.get(flow, 1) * FEWER
    for turn, boundary in enumerate(range(1 + chunk * stride, boundaries + 1, CHUNKS[flow] * stride)):
        place, case = await harness.prepare(flow)
        life = harness.live(place, case, kill_at=boundary)
        ended = await harness.recover(place, case, life, at_once=turn % 2 == 1)
        where = f"{flow} killed at boundary {boundary} of {boundaries}"
        assert differences(clean.facts, ended.facts) == [], where
        assert differences(clean.truth, ended.truth) == [], where
        assert ended.violations == [], where


@pytest.mark.covers("F80")
@pytest.mark.parametrize("flow", TWICE)
async def test_a_process_killed_while_it_makes_up_for_another_does_no_harm_either(flow: str, harness: Harness) -> None:
    clean, boundaries = await harness.clean(flow)
    for first in range(2, boundaries, boundaries // sized(8, 3)):
        place, case = await harness.prepare(flow)
        life = harness.live(place, case, kill_at=first)
        second = 1 + first * 7 % boundaries
        again = harness.live(place, learned(case, life.said), flow="recover", kill_at=second)
        ended = await harness.recover(place, learned(case, life.said), again, deaths=2)
        where = f"{flow} killed at boundary {first}, and what came next at {second}"
        assert differences(clean.facts, ended.facts) == [], where
        assert differences(clean.truth, ended.truth) == [], where
        assert ended.violations == [], where
