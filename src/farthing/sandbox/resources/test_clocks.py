"""Test clocks: a time of their own for some customers. Advanced, they do everything that falls due, in its order."""

from __future__ import annotations

import logging
import time

from farthing.sandbox import placing
from farthing.sandbox.account import Account, Job
from farthing.sandbox.clock import LATEST
from farthing.sandbox.errors import Gone, invalid
from farthing.sandbox.lifecycle import Lifecycle
from farthing.sandbox.listing import page
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import customers, periods
from farthing.sandbox.settings import DAY
from farthing.sandbox.store import Json, Record, StateUnwritable

LOG = logging.getLogger("farthing.sandbox")
OBJECT = "test_helpers.test_clock"
LIFECYCLE = Lifecycle(
    "TestClock",
    {
        "ready": {"advance": "advancing"},
        "advancing": {"arrive": "ready", "break": "internal_failure"},
        "internal_failure": {},
    },
)
DELETES_AFTER_SECONDS = 30 * DAY
ADVANCE_MAX_SECONDS = 2 * 366 * DAY
# So long it works in one transaction; between two of them others are served.
SLICE_SECONDS = 0.03
PAUSE_SECONDS = 0.002


def create(account: Account, params: Json) -> Record:
    if not 0 <= params["frozen_time"] <= LATEST:
        raise invalid("`frozen_time` must be a time from 1970 to 2100.", param="frozen_time")
    clock = account.add(
        OBJECT,
        "clock",
        {
            "deletes_after": account.clock.seconds() + DELETES_AFTER_SECONDS,
            "frozen_time": params["frozen_time"],
            "name": params.get("name"),
            "status": "ready",
            "status_details": {},
        },
    )
    account.emit("test_helpers.test_clock.created", clock)
    if customer := params.get("customer"):
        customers.put_on_clock(account, account.get("customer", customer, param="customer"), clock)
    return clock


def retrieve(account: Account, id: str, params: Json) -> Record:
    del params
    return account.get(OBJECT, id)


def list_(account: Account, params: Json) -> Json:
    return page(account, OBJECT, "/v1/test_helpers/test_clocks", params)


def delete(account: Account, id: str, params: Json) -> Json:
    """Its customers go with it, and their subscriptions with them."""
    del params
    clock = account.get(OBJECT, id)
    for customer in account.select("customer", "json_extract(body, '$.test_clock') = ? ORDER BY seq", id):
        customers.delete(placing.on(account, clock), customer.id, {})
    account.emit("test_helpers.test_clock.deleted", clock)
    account.store.forget_due_on(id)
    account.store.remove(account.id, id)
    return {"id": id, "object": OBJECT, "deleted": True}


# Advancing


def advance(account: Account, id: str, params: Json) -> Record:
    clock = account.get(OBJECT, id)
    if not LIFECYCLE.allows(clock["status"], "advance"):
        raise invalid(
            f"The test clock {id} is {clock['status']}: only a ready one can be advanced.", code="test_clock_advancing"
        )
    target = params["frozen_time"]
    _check_target(account, clock, target)
    clock["status"] = LIFECYCLE.move(clock["status"], "advance")
    clock["status_details"] = {"advancing": {"target_frozen_time": target}}
    account.save(clock)
    account.emit("test_helpers.test_clock.advancing", clock)
    account.later(0, "test_clocks.proceed", clock)
    return clock


def _check_target(account: Account, clock: Record, target: int) -> None:
    if target <= clock["frozen_time"]:
        raise invalid(
            "The frozen time to advance to must be later than the current frozen time of the test clock.", param="frozen_time"
        )
    prices = [
        item["price"]["recurring"]
        for each in account.select(
            "subscription",
            "json_extract(body, '$.test_clock') = ? AND json_extract(body, '$.ended_at') IS NULL",
            clock.id,
        )
        for item in each["items"]["data"]
    ]
    latest = min(
        (periods.after(clock["frozen_time"], each["interval"], 2 * each["interval_count"]) for each in prices),
        default=clock["frozen_time"] + ADVANCE_MAX_SECONDS,
    )
    if target > latest:
        raise invalid(
            "The test clock may only be advanced up to two intervals of its shortest subscription, or two years when it has "
            f"none: at most to {latest}.",
            param="frozen_time",
        )


def proceed(account: Account, clock: Record) -> None:
    """Some of what lies between here and the target, each at its own time; then the rest a moment later."""
    if clock["status"] != "advancing":
        return
    target = clock["status_details"]["advancing"]["target_frozen_time"]
    until = time.monotonic() + SLICE_SECONDS
    while time.monotonic() < until:
        due = account.store.take_due_on(clock.id, target)
        if due is None:
            _arrive(account, clock, target)
            return
        at, job, subject = due
        clock["frozen_time"] = max(clock["frozen_time"], int(at))
        account.save(clock)
        if not _do(placing.on(account, clock, moving=True), job, subject):
            _break(account, clock)
            return
    account.later(PAUSE_SECONDS, "test_clocks.proceed", clock)


def _do(account: Account, job: str, subject: str) -> bool:
    # Here, because the table of all jobs is made of the rooms, this one included.
    from farthing.sandbox.resources import JOBS

    if job not in JOBS:
        LOG.error("%s of %s cannot be done: nobody knows how", job, subject)
        return False
    kind, act = JOBS[job]
    try:
        with account.store.attempt():
            if record := account.find(kind, subject):
                act(account, record)
    except StateUnwritable:
        raise
    except Gone:
        LOG.info("%s of %s came to nothing: what it is about was deleted", job, subject)
    except Exception:
        LOG.exception("%s of %s failed", job, subject)
        return False
    return True


def _arrive(account: Account, clock: Record, target: int) -> None:
    clock["status"] = LIFECYCLE.move(clock["status"], "arrive")
    clock.body |= {"frozen_time": target, "status_details": {}}
    account.save(clock)
    account.emit("test_helpers.test_clock.ready", clock)


def _break(account: Account, clock: Record) -> None:
    clock["status"] = LIFECYCLE.move(clock["status"], "break")
    clock["status_details"] = {}
    account.save(clock)
    account.emit("test_helpers.test_clock.internal_failure", clock)


JOBS: dict[str, tuple[str, Job]] = {"test_clocks.proceed": (OBJECT, proceed)}
OPERATIONS = (
    Operation("POST", "/v1/test_helpers/test_clocks", "test_helpers.TestClockCreateParams", create),
    Operation("GET", "/v1/test_helpers/test_clocks", "test_helpers.TestClockListParams", list_),
    Operation("GET", "/v1/test_helpers/test_clocks/{id}", "test_helpers.TestClockRetrieveParams", retrieve),
    Operation("DELETE", "/v1/test_helpers/test_clocks/{id}", "test_helpers.TestClockDeleteParams", delete),
    Operation("POST", "/v1/test_helpers/test_clocks/{id}/advance", "test_helpers.TestClockAdvanceParams", advance),
)
