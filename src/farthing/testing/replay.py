"""`@pytest.mark.every_event_order`: one test, run again in a fresh world for every order in which its events can arrive.

A run is a whole one: fixtures are set up, the test is called, fixtures are torn down. What the test returns is how its world
ended; the first run, with the events as they were created, says how it should. It is one test with one result.
"""

from __future__ import annotations

import copy
import functools
import inspect
import pprint
from difflib import unified_diff
from typing import Any, Final

import pytest
from _pytest.runner import runtestprotocol

from farthing.testing.orders import Order, Plan, id_of, order_of, told

MARKER: Final = "every_event_order"
LIMIT: Final = 24
CONTEXT_LINES: Final = 4
PLAN: Final = pytest.StashKey[Plan]()
PROPERTY: Final = "event orders"
"""What a report says of the orders that were tried: for the summary, and for JUnit's file."""


class _Parent:
    """Stands for a next test beside this one: whatever is wider than a function stays set up between runs."""

    def __init__(self, item: pytest.Item) -> None:
        self._chain = item.listchain()[:-1]

    def listchain(self) -> list[pytest.Item | pytest.Collector]:
        return self._chain  # type: ignore[return-value]


def run(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """The protocol of a marked test."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    try:
        reports = _runs(item)
    finally:
        item._request = False  # type: ignore[attr-defined]  # as the protocol of pytest leaves it
    rest = _teardown_of_what_is_wider(item, nextitem)
    if rest.failed:
        reports = [each for each in reports if each.when != "teardown"] + [rest]
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _teardown_of_what_is_wider(item: pytest.Item, nextitem: pytest.Item | None) -> pytest.TestReport:
    """Modules and packages that the next test is not in. The item's own hooks were called after each run."""
    state = item.session._setupstate
    stop = (KeyboardInterrupt, pytest.exit.Exception)
    call = pytest.CallInfo.from_call(lambda: state.teardown_exact(nextitem), when="teardown", reraise=stop)
    return pytest.TestReport.from_item_and_call(item, call)


def _runs(item: pytest.Item) -> list[pytest.TestReport]:
    """The reports of the run that failed, or of the last one, with the time that all of them took."""
    plan = item.stash[PLAN] = plan_of(item)
    world = _World(plan)
    original, count, took = item.obj, 0, 0.0  # type: ignore[attr-defined]
    reports: list[pytest.TestReport] = []
    for order in plan.runs():
        item.obj = world.watched(original)  # type: ignore[attr-defined]
        try:
            reports = runtestprotocol(item, log=False, nextitem=_Parent(item))  # type: ignore[arg-type]
        finally:
            item.obj = original  # type: ignore[attr-defined]
        count += 1
        took += next((each.duration for each in reports if each.when == "call"), 0.0)
        if any(not each.passed for each in reports):
            _explain(item, reports, order, plan)
            break
    for report in reports:
        if report.when == "call":
            report.duration = took
    if plan.types:
        tried, twice = (max(count - 1, 1), ", each twice") if plan.duplicates else (count, "")
        said = f"{tried} of {plan.possible} orders of {sum(map(len, plan.types))} events{twice}"
        for report in reports:
            report.user_properties.append((PROPERTY, said))
    return reports


def plan_of(item: pytest.Item) -> Plan:
    """As its marker and the command line say. Raises UsageError."""
    marker = item.get_closest_marker(MARKER)
    assert marker is not None
    allowed = {"limit", "duplicates", "seed"}
    if marker.args or marker.kwargs.keys() - allowed:
        raise pytest.UsageError(f"{item.nodeid}: {MARKER} takes {', '.join(sorted(allowed))}, each by its name.")
    limit: Any = item.config.getoption("--event-orders") or marker.kwargs.get("limit", LIMIT)
    only = item.config.getoption("--event-order")
    try:
        return Plan(
            None if limit == "all" else int(limit),
            duplicates=bool(marker.kwargs.get("duplicates", False)),
            seed=int(marker.kwargs.get("seed", 0)),
            only=order_of(only) if only else None,
        )
    except ValueError as problem:
        raise pytest.UsageError(str(problem)) from None


class _World:
    """What the runs of one test returned, compared with the first of them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._first: Any = None

    def watched(self, test: Any) -> Any:
        """The test itself, whose return value is kept here. Async ones stay async, for whichever plugin runs them."""
        if inspect.iscoroutinefunction(test):

            @functools.wraps(test)
            async def asynchronous(*args: Any, **kwargs: Any) -> None:
                self._ended(await test(*args, **kwargs))

            return asynchronous

        @functools.wraps(test)
        def synchronous(*args: Any, **kwargs: Any) -> None:
            self._ended(test(*args, **kwargs))

        return synchronous

    def _ended(self, how: Any) -> None:
        plan, how = self._plan, copy.deepcopy(how)  # what is returned may be the one object of all runs
        if plan.batches != len(plan.types) or not plan.batches:
            pytest.fail(f"A test with {MARKER} calls sandbox.deliver() when its events are to arrive.", pytrace=False)
        if plan.order is None:
            self._first = how
            if plan.only is not None and [len(set(each)) for each in plan.only] != [len(each) for each in plan.types]:
                pytest.fail(
                    f"--event-order {id_of(plan.only)} is none of these events:\n{told(None, plan.types)}", pytrace=False
                )
        elif how != self._first:
            plan.differs = True
            pytest.fail(_difference(plan, plan.order, self._first, how), pytrace=False)


def _difference(plan: Plan, order: Order, first: Any, how: Any) -> str:
    before, after = (pprint.pformat(each, width=100).splitlines() for each in (first, how))
    lines = list(unified_diff(before, after, n=CONTEXT_LINES, lineterm=""))[2:]
    diff = "\n".join("  …" if line.startswith("@@") else f"  {line}" for line in lines[1:])
    return (
        "The end depends on the order in which the events arrive.\n\n"
        f"As they were created:\n{told(None, plan.types)}\n\nIn another order, {id_of(order)}:\n{told(order, plan.types)}\n\n"
        f"How it ends (- as created, + in the other order):\n{diff}"
    )


def _explain(item: pytest.Item, reports: list[pytest.TestReport], order: Order | None, plan: Plan) -> None:
    """Beside the failure: in which order it came, and how to see it again."""
    failed = next(each for each in reports if not each.passed)
    if order is None:
        if plan.types:
            failed.sections.append(("order of the events", f"As they were created:\n{told(None, plan.types)}"))
        return
    again = f'Only this order: pytest "{item.nodeid}" --event-order {id_of(order)}'
    seen = "" if plan.differs else f"{told(order, plan.types)}\n\nAs created, the test passed.\n"
    failed.sections.append(("the order of the events", f"{seen}{again}"))
