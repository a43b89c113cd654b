"""The one clock. Nothing else in the house asks the system for the time, so that a test can travel."""

import json
import threading
import urllib.request
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


class SandboxClock:
    """As far ahead as the sandbox's own, which is asked again and again: in development, what is waited for comes with it.

    Nobody has to be there: until somebody answers, and after they are gone, time goes on from where it was.
    """

    EVERY = 0.5
    PATIENCE = 2.0

    def __init__(self, base: str) -> None:
        self._url = f"{base.rstrip('/')}/_sandbox/clock"
        self._ahead = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="sandbox clock", daemon=True)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def look(self) -> None:
        """Ask once: enough for whoever is gone in a moment."""
        self._ask()

    def start(self) -> None:
        """Ask once, and then from a thread of its own."""
        self._ask()
        self._thread.start()

    def close(self) -> None:
        self._over.set()

    def _follow(self) -> None:
        while not self._over.wait(self.EVERY):
            self._ask()

    def _ask(self) -> None:
        try:
            with urllib.request.urlopen(self._url, timeout=self.PATIENCE) as answer:  # noqa: S310 - loopback, over http
                told = json.load(answer)
            # Forward only: what has happened stays in the past.
            self._ahead = max(self._ahead, float(told["ahead_seconds"]))
        except (OSError, ValueError, KeyError, TypeError):
            return
