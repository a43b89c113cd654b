"""`kill -9` at every boundary of checkout, settling and refund: the end is the one of a run that nobody disturbed."""

import pytest
from tests.races.conftest import Harness
from tests.races.facts import differences

CHUNKS = 6
"""Each flow is cut into so many tests, so that they spread over processes."""


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("flow", ["check_out", "settle", "refund"])
async def test_a_process_killed_anywhere_leaves_nothing_undone_or_done_twice(flow: str, chunk: int, harness: Harness) -> None:
    clean, boundaries = await harness.clean(flow)
    for boundary in range(1 + chunk, boundaries + 1, CHUNKS):
        place, case = await harness.prepare(flow)
        life = harness.live(place, case, kill_at=boundary)
        ended = await harness.recover(place, case, life, at_once=boundary % 2 == 0)
        where = f"{flow} killed at boundary {boundary} of {boundaries}"
        assert differences(clean.facts, ended.facts) == [], where
        assert differences(clean.truth, ended.truth) == [], where
        assert ended.violations == [], where
