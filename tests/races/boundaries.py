"""Boundaries: the moments between two things that a process does to the world outside of it.

Counted, never named: each exchange with PostgreSQL, each request to the provider and each message has one before it and one
after it. Nothing of our own code is touched; the libraries that talk to the outside are.
"""

from collections.abc import Callable
from typing import Any, Final

import httpx
import psycopg


class Boundaries:
    """Counts them from `begin` on, and does something at one of them."""

    def __init__(self) -> None:
        self.passed = 0
        self._at = 0
        self._act: Callable[[], None] = _nothing
        self._under_way = 0
        self._counting = False

    def begin(self, at: int, act: Callable[[], None]) -> None:
        """Do this at the boundary of that number; 0 is none of them."""
        self.passed, self._at, self._act, self._counting = 0, at, act, True

    def stop(self) -> None:
        self._counting = False

    def before(self) -> None:
        # While nothing else is under way this is the moment after the last thing, which was counted.
        if self._under_way or not self.passed:
            self._pass()
        self._under_way += 1

    def after(self) -> None:
        self._under_way -= 1
        self._pass()

    def _pass(self) -> None:
        if not self._counting:
            return
        self.passed += 1
        if self.passed == self._at:
            self._act()


def _nothing() -> None:
    """The clean run."""


BOUNDARIES: Final = Boundaries()
"""Those of this process."""


def instrument() -> Callable[[], None]:
    """Every exchange of this process with PostgreSQL and the provider passes its boundaries, until the answer is called."""
    undo = [_wrap(psycopg.AsyncConnection, "wait"), _wrap(httpx.AsyncHTTPTransport, "handle_async_request")]

    def stop() -> None:
        for each in undo:
            each()

    return stop


def _wrap(owner: type[Any], name: str) -> Callable[[], None]:
    original = getattr(owner, name)

    async def passing(*args: Any, **named: Any) -> Any:
        BOUNDARIES.before()
        try:
            return await original(*args, **named)
        finally:
            BOUNDARIES.after()

    setattr(owner, name, passing)
    return lambda: setattr(owner, name, original)
