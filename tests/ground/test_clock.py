"""Time: one clock, which a test can move."""

from datetime import UTC, datetime, timedelta

import pytest

from farthing.clock import SystemClock, TravelClock
from farthing.db import Database


@pytest.mark.covers("F151")
def test_both_clocks_run_in_utc() -> None:
    for clock in (SystemClock(), TravelClock()):
        assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
        assert clock.now().utcoffset() == timedelta()


def test_time_only_moves_forward() -> None:
    clock = TravelClock()
    clock.advance(timedelta(days=400))
    assert abs(clock.now() - datetime.now(UTC) - timedelta(days=400)) < timedelta(seconds=1)
    with pytest.raises(AssertionError, match="forward"):
        clock.advance(timedelta(seconds=-1))


async def test_a_transaction_has_one_moment(db: Database, clock: TravelClock) -> None:
    async with db.transaction("test") as tx:
        now = tx.now
        clock.advance(timedelta(hours=1))
        assert tx.now == now
    async with db.transaction("test") as tx:
        assert tx.now - now >= timedelta(hours=1)
