"""Which time a request lives in: the sandbox's own, or that of the test clock its customer was made with."""

from __future__ import annotations

from dataclasses import replace

from farthing.sandbox.account import Account
from farthing.sandbox.clock import StoppedClock
from farthing.sandbox.errors import invalid
from farthing.sandbox.store import Json, Record

# Where a request names what it is about, besides in its path.
NAMES = ("customer", "subscription", "invoice", "payment_intent", "charge", "source_transaction")
# These stay in the sandbox's own time: the clock itself, and sessions, whose page a buyer opens in real time.
ELSEWHERE = ("test_helpers.test_clock", "checkout.session", "event")


def of_request(account: Account, ids: list[str], params: Json) -> Account:
    """The account in the time of what the request changes. While its clock advances, nobody may."""
    named = (params[name] for name in NAMES if isinstance(params.get(name), str))
    for id in (*ids, *named):
        if clock := _clock_of(account, id):
            if clock["status"] != "ready":
                raise invalid(
                    "Test clock advancement underway - cannot perform modifications during this time. Please try again later.",
                    code="test_clock_advancing",
                )
            return on(account, clock)
    return account


def of_subject(account: Account, id: str) -> Account:
    clock = _clock_of(account, id)
    return on(account, clock) if clock else account


def on(account: Account, clock: Record, *, moving: bool = False) -> Account:
    wall = account.clock.wall if isinstance(account.clock, StoppedClock) else account.clock
    stopped = StoppedClock(clock["frozen_time"], wall)
    return replace(account, clock=stopped, test_clock=clock.id, moving=moving)


def _clock_of(account: Account, id: str) -> Record | None:
    record = account.store.find(account.id, id)
    if record is None or record["object"] in ELSEWHERE:
        return None
    if clock := record.body.get("test_clock"):
        return account.find("test_helpers.test_clock", clock)
    owner = record.body.get("customer") or record.body.get("subscription") or record.body.get("charge")
    if isinstance(owner, str) and owner != id and record["object"] != "customer":
        return _clock_of(account, owner)
    return None
