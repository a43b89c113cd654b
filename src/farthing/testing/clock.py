"""The `clock` of a test: the sandbox's time and Farthing's, moved together. Everything due on the way has happened then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from farthing.clock import TravelClock

if TYPE_CHECKING:
    from farthing.testing.sandbox import Sandbox

LEAP_MAX: Final = timedelta(days=365)
"""The sandbox goes two years at once at most; longer ways are gone in steps."""


class TestClock:
    """Runs as the system's clock does, and can be moved forward. The sandbox of a test with a clock is its own."""

    __test__ = False  # pytest: not a test class

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.travel = TravelClock()
        """What Farthing goes by."""
        self.moves = 0
        """How often it was moved."""

    def now(self) -> datetime:
        return self.travel.now()

    def advance(self, by: timedelta | None = None, *, days: float = 0, hours: float = 0, minutes: float = 0) -> None:
        """Renewals, retries, expiries and payouts up to then have happened, and have been told, when this returns."""
        left = (by or timedelta()) + timedelta(days=days, hours=hours, minutes=minutes)
        if left <= timedelta():
            raise ValueError("Time only moves forward: say by how much, such as clock.advance(days=31).")
        while left > timedelta():
            step = min(left, LEAP_MAX)
            self.travel.advance(step)
            self.moves += 1
            self._sandbox.advance(step.total_seconds())
            left -= step

    def set(self, to: datetime) -> None:
        """Forward to this moment, which names its offset: `datetime(2030, 1, 31, tzinfo=UTC)`."""
        if to.tzinfo is None:
            raise ValueError(f"{to} could be anywhere: pass it with its time zone, such as tzinfo=UTC.")
        self.advance(to.astimezone(UTC) - self.now())
