"""Every operation of the list, through the real SDK in its four styles: the same answer, as the SDK's types describe it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import stripe
from tests.sandbox.operations import WANTED, Case
from tests.sandbox.operations_of_billing import CASES
from tests.sandbox.operations_world import Prepared, world

from farthing.sandbox.conformance import problems

STYLES = ("client", "client_async", "module", "module_async")
__all__ = ["world"]
MOMENT = 1_000_000_000


def test_every_operation_of_the_list_has_a_case() -> None:
    assert len(WANTED) == 153
    assert sorted([case.method, case.path] for case in CASES) == sorted(WANTED)


@pytest.mark.parametrize("case", CASES, ids=[case.operation for case in CASES])
def test_an_operation_answers_alike_in_all_four_styles(world: Prepared, case: Case) -> None:
    answers, told = [], []
    for style in STYLES:
        world.restore()
        last = _newest(world)
        if case.refused:
            with pytest.raises(stripe.InvalidRequestError, match=case.refused):
                world.call(case, style)
            continue
        body = world.call(case, style)
        events = _events_since(world, last)
        assert problems(body) == []
        assert [each for event in events for each in problems(event)] == []
        answers.append(_timeless(body))
        told.append([each["type"] for each in events])
    assert answers == answers[:1] * len(answers)
    assert told == told[:1] * len(told)


def _newest(world: Prepared) -> str:
    return str(world.client.v1.events.list({"limit": 1}).data[0].id)


def _events_since(world: Prepared, last: str) -> list[Any]:
    query = {"limit": "100", "ending_before": last}
    answer = world.sandbox.http.get(f"{world.sandbox.url}/v1/events", params=query, auth=(world.key, ""))
    return list(answer.json()["data"])


def _timeless(value: Any) -> Any:
    """Four calls take a while: when something was is left out, and so is the name of the request."""
    if isinstance(value, dict):
        return {name: _timeless(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_timeless(each) for each in value]
    if isinstance(value, int) and value > MOMENT:
        return "a moment"
    return re.sub(r"req_\w+", "a request", value) if isinstance(value, str) else value
