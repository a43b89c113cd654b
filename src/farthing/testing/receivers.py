"""Who hears of a test's webhooks, and what the test is told where one of them does not take what it is sent."""

from __future__ import annotations

import logging
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from farthing.testing import keeping
from farthing.testing.problems import NotDelivered

LOG: Final = logging.getLogger("farthing.testing")
SPOILED: Final = frozenset({"bad_signature", "bad_body", "bad_utf8", "stale", "wrong_secret"})
"""Mischief that a receiver is right to refuse."""

LIBRARIES: Final = frozenset({"site-packages", "dist-packages"})
STDLIB: Final = sysconfig.get_path("stdlib")
Json = dict[str, Any]

__tracebackhide__ = True  # pytest: the line of the test is what matters


@dataclass(slots=True)
class Receiver:
    may_fail: bool
    raised: list[Exception] = field(default_factory=list)
    """What the application raised when it was told, where it is ours to serve."""


class Receivers:
    """Those that were named in this test. Other endpoints of the account may lead anywhere, and are nobody's fault."""

    def __init__(self) -> None:
        self._by_endpoint: dict[str, Receiver] = {}
        self._told: set[int] = set()
        self._spoiled: list[str] = []

    def add(self, endpoint: str, receiver: Receiver) -> None:
        self._by_endpoint[endpoint] = receiver

    def expect(self, mischief: str, event: str, times: int) -> None:
        """So many deliveries of this type are spoiled on order."""
        if mischief in SPOILED:
            self._spoiled += [event] * times

    def complain(self, deliveries: Iterable[Json], *, late_is_fine: bool = False) -> None:
        """Raises NotDelivered, once for each delivery that was refused, and from what the application raised.

        `late_is_fine`: not for what was taken when it was sent again.
        """
        new = [each for each in deliveries if each["id"] not in self._told and _was_refused(each)]
        self._told |= {each["id"] for each in new}
        found = [each for each in new if self._is_wrong(each) and not (late_is_fine and each["status"] == "succeeded")]
        if found:
            raised = [problem for each in found for problem in self._by_endpoint[each["endpoint"]].raised[:1]]
            for each in found:
                self._by_endpoint[each["endpoint"]].raised.clear()
            said = "A webhook was not taken (a test that wants that says send_webhooks_to(…, may_fail=True)):"
            cause = _of_the_application(raised[0]) if raised else None
            raise NotDelivered("\n".join([said, *map(told, found)])) from cause

    def close(self) -> None:
        """What was raised and is not told by now stands in the log, once."""
        for each in self._by_endpoint.values():
            if each.raised:
                LOG.error("The application raised when it was told of an event", exc_info=_of_the_application(each.raised[0]))

    def _is_wrong(self, delivery: Json) -> bool:
        receiver = self._by_endpoint.get(delivery["endpoint"])
        if receiver is None or receiver.may_fail:
            return False
        for event in self._spoiled:
            if fnmatchcase(delivery["type"], event):
                self._spoiled.remove(event)
                return False
        return True


def told(delivery: Json) -> str:
    said = delivery["problem"] or f"answered {delivery['answer']}"
    return f"  {delivery['type']} to {delivery['url']}: {said if delivery['attempts'] else 'not sent yet'}"


def _was_refused(delivery: Json) -> bool:
    """By now, or before it was taken, or when it came a second time."""
    if not delivery["attempts"]:
        return False
    return delivery["attempts"] > (delivery["status"] == "succeeded") or not 200 <= (delivery["answer"] or 0) < 300


def _of_the_application(problem: Exception) -> Exception:
    """Its traceback begins where the application does: what a framework does before is the same each time."""
    trace: TracebackType | None = problem.__traceback__
    while trace is not None and _is_library(trace):
        trace = trace.tb_next
    return problem.with_traceback(trace or problem.__traceback__)


def _is_library(trace: TracebackType) -> bool:
    path = trace.tb_frame.f_code.co_filename
    return path == keeping.__file__ or path.startswith(STDLIB) or not LIBRARIES.isdisjoint(Path(path).parts)
