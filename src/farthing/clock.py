"""The one clock. Nothing else in the house asks the system for the time, so that a test can travel."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The moment, aware and in UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class TravelClock:
    """Runs as the system's clock does, and can be moved forward; for tests and the development server."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def advance(self, by: timedelta) -> None:
        assert by >= timedelta(), "time only moves forward"
        self._offset += by
