"""The controls of the whole state: its clock set and previewed, snapshots taken and restored, seeds planted."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing.sandbox import seeds, snapshots
from farthing.sandbox.control_answers import answered, back, fields_of, is_form, refused, url_of, whole
from farthing.sandbox.errors import Refusal, malformed, no_such
from farthing.sandbox.resources import DIRECTORY
from farthing.sandbox.store import Json
from farthing.sandbox.world import ADVANCE_MAX_SECONDS, Sandbox

SNAPSHOTS_MAX = 20
NAME_DEFAULT = "default"
WAIT_MAX_SECONDS = 60
LOOK_SECONDS = 0.05
UNTRIED = "attempts = 0 AND next_at <= ?"
UNDELIVERED = "next_at IS NOT NULL"


def state_routes(sandbox: Sandbox) -> list[Route]:
    controls = StateControls(sandbox)
    return [
        Route("/_sandbox/clock/set", controls.set_clock, methods=["POST"]),
        Route("/_sandbox/clock/preview", controls.preview, methods=["GET"]),
        Route("/_sandbox/clock/wait", controls.wait, methods=["POST"]),
        Route("/_sandbox/snapshot", controls.take, methods=["GET"]),
        Route("/_sandbox/snapshots", controls.snapshots, methods=["GET", "POST"]),
        Route("/_sandbox/snapshots/{name}", controls.snapshot, methods=["GET"]),
        Route("/_sandbox/snapshots/{name}/restore", controls.restore_named, methods=["POST"]),
        Route("/_sandbox/restore", controls.restore, methods=["POST"]),
        Route("/_sandbox/seed", controls.seed, methods=["POST"]),
    ]


class StateControls:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def set_clock(self, request: Request) -> Response:
        """Forward only: what has happened cannot be undone, except by restoring a snapshot."""
        clock = self._sandbox.clock
        try:
            seconds = _moment((await fields_of(request)).get("to")) - clock.now()
            if not 0 <= seconds <= ADVANCE_MAX_SECONDS:
                raise malformed(
                    f"The clock stands at {clock.seconds()} and goes forward only, at most {ADVANCE_MAX_SECONDS} seconds at "
                    "once: to go back, restore a snapshot.",
                    param="to",
                )
        except Refusal as refusal:
            return refused(refusal)
        told = await moved(self._sandbox, seconds)
        return back(request) or answered(told)

    async def preview(self, request: Request) -> Response:
        """The events an advance by `seconds` would cause, in their order. Nothing of it happens."""
        try:
            seconds = whole(request.query_params.get("seconds", ""), 0)
            if not 0 < seconds <= ADVANCE_MAX_SECONDS:
                raise malformed(f"Pass `seconds`, more than 0 and at most {ADVANCE_MAX_SECONDS}.", param="seconds")
        except Refusal as refusal:
            return refused(refusal)
        return answered({"events": self._sandbox.preview(seconds)})

    async def wait(self, request: Request) -> Response:
        """Until every webhook that is due was tried once; one that failed is tried again later, and not waited for."""
        try:
            seconds = (await fields_of(request)).get("seconds", 10)
            if not isinstance(seconds, int | float) or not 0 < seconds <= WAIT_MAX_SECONDS:
                raise malformed(f"`seconds` must be more than 0 and at most {WAIT_MAX_SECONDS}.", param="seconds")
        except Refusal as refusal:
            return refused(refusal)
        end = time.monotonic() + seconds
        while self._count(UNTRIED, time.time()) and (left := end - time.monotonic()) > 0:
            self._sandbox.sent.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._sandbox.sent.wait(), min(left, LOOK_SECONDS))
        waiting = self._count(UNDELIVERED)
        return answered({"delivered": not waiting, "waiting": waiting})

    def _count(self, which: str, *values: float) -> int:
        return int(self._sandbox.store.rows(f"SELECT count(*) FROM deliveries WHERE {which}", *values)[0][0])  # noqa: S608

    async def take(self, request: Request) -> Response:
        """As it is now, and not kept here."""
        del request
        return answered(snapshots.take(self._sandbox.store))

    async def snapshots(self, request: Request) -> Response:
        kept = self._sandbox.snapshots
        try:
            if request.method == "POST":
                name = str((await fields_of(request)).get("name", NAME_DEFAULT))
                if name not in kept and len(kept) >= SNAPSHOTS_MAX:
                    raise malformed(f"There are {SNAPSHOTS_MAX} snapshots already: take one of their names.", param="name")
                kept[name] = snapshots.take(self._sandbox.store)
        except Refusal as refusal:
            return refused(refusal)
        return (back(request) if request.method == "POST" else None) or answered({"snapshots": list(kept)})

    async def snapshot(self, request: Request) -> Response:
        try:
            return answered(self._kept(request))
        except Refusal as refusal:
            return refused(refusal)

    def _kept(self, request: Request) -> Json:
        name = request.path_params["name"]
        if name not in self._sandbox.snapshots:
            raise no_such("snapshot", name)
        return self._sandbox.snapshots[name]

    async def restore_named(self, request: Request) -> Response:
        try:
            self._sandbox.restore(self._kept(request))
        except Refusal as refusal:
            return refused(refusal)
        return back(request) or answered({"restored": request.path_params["name"]})

    async def restore(self, request: Request) -> Response:
        """A snapshot that was kept elsewhere. The dashboard's button names one of those kept here."""
        try:
            fields = await fields_of(request)
            if is_form(request):
                name = str(fields.get("name", NAME_DEFAULT))
                if name not in self._sandbox.snapshots:
                    raise no_such("snapshot", name)
                fields = self._sandbox.snapshots[name]
            self._sandbox.restore(fields)
        except Refusal as refusal:
            return refused(refusal)
        return back(request) or answered({"restored": True})

    async def seed(self, request: Request) -> Response:
        try:
            document = await fields_of(request)
            with self._sandbox.commit():
                account = self._sandbox.account_of(seeds.key_of(document), url_of(request))
                self._sandbox.open_account(account)
                planted = seeds.plant(account, document, DIRECTORY.find)
        except Refusal as refusal:
            return refused(refusal)
        return answered({"account": account.id, "objects": planted})


async def moved(sandbox: Sandbox, seconds: float) -> Json:
    """Where the clock stands after it, and what that caused."""
    last = last_of(sandbox)
    await sandbox.advance(seconds)
    clock = sandbox.clock
    return {"now": clock.seconds(), "ahead_seconds": clock.ahead, "events": _caused_since(sandbox, last)}


def last_of(sandbox: Sandbox) -> int:
    """The number of the newest object: what comes after it is new."""
    return int(sandbox.store.rows("SELECT coalesce(max(seq), 0) FROM objects")[0][0])


def _caused_since(sandbox: Sandbox, last: int) -> dict[str, int]:
    """Event type → how many, in the order in which they first happened."""
    rows = sandbox.store.rows(
        """
        SELECT json_extract(body, '$.type'), count(*)
        FROM objects
        WHERE object = 'event' AND seq > ?
        GROUP BY 1
        ORDER BY min(seq)
        """,
        last,
    )
    return dict(rows)


def _moment(given: Any) -> float:
    """Seconds since 1970, or a date as ISO 8601 writes it (with its offset)."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        return float(given)
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        raise malformed("Pass `to`: seconds since 1970, or a date like 2030-01-31T12:00:00Z.", param="to") from None
    if moment.tzinfo is None:
        raise malformed("Pass `to` with its offset from UTC, like 2030-01-31T12:00:00Z.", param="to")
    return moment.timestamp()
