"""The sandbox's time: the wall clock, moved forward as far as somebody asked. Signatures never use it."""

from __future__ import annotations

import time

from farthing.sandbox.store import Store

# The year 2100: moments after it are taken for milliseconds, or for mistakes.
LATEST = 4_102_444_800


class Clock:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._ahead = float(store.setting("clock.ahead") or 0)

    def now(self) -> float:
        return time.time() + self._ahead

    def seconds(self) -> int:
        return int(self.now())

    @property
    def ahead(self) -> float:
        return self._ahead

    def move_to(self, moment: float) -> None:
        """Forward only: what has happened stays in the past."""
        self._ahead = max(moment - time.time(), self._ahead)
        self._store.set_setting("clock.ahead", str(self._ahead))

    def reset(self) -> None:
        self._ahead = 0.0

    def reload(self) -> None:
        """As the state says, which was replaced."""
        self._ahead = float(self._store.setting("clock.ahead") or 0)

    def return_to(self, ahead: float) -> None:
        """After a look ahead, whose writes were taken back."""
        self._ahead = ahead


class StoppedClock(Clock):
    """The time of a test clock: it stands where it was put. `wall` is the sandbox's own, for what takes real seconds."""

    def __init__(self, moment: float, wall: Clock) -> None:
        self._moment = float(moment)
        self._ahead = 0.0
        self.wall = wall

    def now(self) -> float:
        return self._moment
