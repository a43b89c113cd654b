"""The dashboard at /_sandbox/: what is there, what happened, who was told, and what was asked."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import orjson
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing.sandbox.chaos import Mischief
from farthing.sandbox.faults import Kind
from farthing.sandbox.pages.render import render
from farthing.sandbox.store import Json
from farthing.sandbox.world import LoggedRequest, Sandbox

SHOWN_MAX = 25
NEWEST_MAX = 8
EVENTS_SHOWN_MAX = 20
BEFORE_DIGITS_MAX = 16
DAY = 86_400
AHEAD_DAYS = 7
AHEAD_DAYS_MAX = 366
AHEAD_SHOWN_MAX = 50
MISCHIEF = (
    (Mischief.DUPLICATE, "sent twice"),
    (Mischief.DELAY, "a second late"),
    (Mischief.DROP, "lost"),
    (Mischief.REORDER, "shuffled"),
    (Mischief.HOLD, "held back"),
    (Mischief.BAD_SIGNATURE, "signed with rubbish"),
    (Mischief.BAD_BODY, "changed after signing"),
    (Mischief.BAD_UTF8, "no text at all"),
    (Mischief.STALE, "ten minutes old"),
    (Mischief.WRONG_SECRET, "signed with another secret"),
)
_ID = re.compile(r"(?<=&#34;)[a-z]+_(?:test_)?[A-Za-z0-9]{8,}(?=&#34;)")
_IN_PATH = re.compile(r"(?<=/)[a-z]+_[A-Za-z0-9_]{6,100}(?=/|$)")
_NUMBER = re.compile(r"[0-9](?:[ -]?[0-9]){11,18}")
CAUSED = """
    SELECT id, json_extract(body, '$.type'), json_extract(body, '$.data.object.id')
    FROM objects
    WHERE object = 'event' AND json_extract(body, '$.request.id') = ?
    ORDER BY seq
"""
SECRET_FIELDS = ("client_secret", "secret")


def dashboard_routes(sandbox: Sandbox) -> list[Route]:
    dashboard = Dashboard(sandbox)
    return [
        Route("/", dashboard.front, methods=["GET"]),
        Route("/_sandbox", dashboard.front, methods=["GET"]),
        Route("/_sandbox/", dashboard.show, methods=["GET"]),
        Route("/_sandbox/requests/{id}", dashboard.request, methods=["GET"]),
        Route("/_sandbox/objects", dashboard.objects, methods=["GET"]),
        Route("/_sandbox/objects/{id}", dashboard.object, methods=["GET"]),
    ]


class Dashboard:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def front(self, request: Request) -> Response:
        del request
        return RedirectResponse("/_sandbox/", 303)

    async def show(self, request: Request) -> Response:
        if asked := request.query_params.get("request"):
            return RedirectResponse(f"/_sandbox/requests/{quote(asked, safe='')}", 303)
        self._sandbox.do_what_is_due()
        looked = request.query_params.get("ahead", "")
        days = int(looked) if looked.isdecimal() and len(looked) < 4 else AHEAD_DAYS
        days = min(max(days, 1), AHEAD_DAYS_MAX)
        return render(
            "dashboard.html",
            clock=self._sandbox.clock,
            sessions=self._newest("checkout.session"),
            payments=self._newest("payment_intent"),
            refunds=self._newest("refund"),
            disputes=self._newest("dispute"),
            ahead=self._sandbox.preview(days * DAY, AHEAD_SHOWN_MAX + 1),
            ahead_days=days,
            looked=bool(looked),
            counts=dict(self._sandbox.store.rows("SELECT object, count(*) FROM objects WHERE deleted = 0 GROUP BY object")),
            held=self._sandbox.store.rows("SELECT count(*) FROM deliveries WHERE status = 'held'")[0][0],
            mischief=self._sandbox.chaos.waiting(),
            snapshots=list(self._sandbox.snapshots),
            AHEAD_MAX=AHEAD_SHOWN_MAX,
            MISCHIEF=MISCHIEF,
            FAULTS=list(Kind),
            endpoints=self._newest("webhook_endpoint"),
            events=self._events(),
            faults=self._sandbox.faults.waiting(),
            requests=list(self._sandbox.requests),
        )

    def _newest(self, object: str, limit: int = NEWEST_MAX) -> list[Json]:
        rows = self._sandbox.store.rows(
            "SELECT body FROM objects WHERE object = ? AND deleted = 0 ORDER BY seq DESC LIMIT ?", object, limit
        )
        return [orjson.loads(body) for (body,) in rows]

    def _events(self) -> list[Json]:
        events = self._newest("event", EVENTS_SHOWN_MAX)
        for event in events:
            event["deliveries"] = self._deliveries(event["id"])
        return events

    def _deliveries(self, event: str) -> list[dict[str, Any]]:
        """Each with what its last attempt came to."""
        rows = self._sandbox.store.rows(
            """
            SELECT status, attempts,
                (SELECT coalesce(status, problem) FROM attempts WHERE delivery = deliveries.id ORDER BY at DESC LIMIT 1)
            FROM deliveries
            WHERE event = ?
            ORDER BY id
            """,
            event,
        )
        return [{"status": status, "attempts": attempts, "last": last} for status, attempts, last in rows]

    async def request(self, request: Request) -> Response:
        """One line of the log with all that is known of it, and the events it caused. What was sent is not kept."""
        id = request.path_params["id"]
        asked = next((each for each in self._sandbox.requests if each.id == id), None)
        events = self._caused_by(id)
        if asked is None and not events:
            return render("not_found.html", status=404)
        named = [*_IN_PATH.findall(asked.path), asked.object or ""] if asked else []
        known = {event["object"]: None for event in events} | dict.fromkeys(filter(self._is_here, named))
        return render("request.html", id=id, asked=asked, message=_without_numbers(asked), events=events, objects=list(known))

    def _is_here(self, id: str) -> bool:
        return bool(id) and self._sandbox.store.find_anywhere(id) is not None

    def _caused_by(self, request: str) -> list[Json]:
        rows = self._sandbox.store.rows(CAUSED, request)
        return [dict(zip(("id", "type", "object"), row, strict=True)) for row in rows]

    async def object(self, request: Request) -> Response:
        found = self._sandbox.store.find_anywhere(request.path_params["id"])
        if found is None:
            return render("not_found.html", status=404)
        account, record = found
        text = self._linked(orjson.dumps(_hidden(record.body), option=orjson.OPT_INDENT_2).decode())
        return render("object.html", account=account, body=record.body, text=text)

    def _linked(self, text: str) -> Markup:
        """The JSON with every id of something that is here as a link to it."""
        escaped = str(escape(text))
        known = {id for id in set(_ID.findall(escaped)) if self._sandbox.store.find_anywhere(id)}
        return Markup(_ID.sub(lambda found: _link(found[0]) if found[0] in known else found[0], escaped))  # noqa: S704

    async def objects(self, request: Request) -> Response:
        """Everything there is, by kind, the newest first."""
        self._sandbox.do_what_is_due()
        store, chosen = self._sandbox.store, request.query_params.get("type", "")
        before = request.query_params.get("before", "")
        rows = store.rows(
            """
            SELECT seq, account, id, created, json_extract(body, '$.status')
            FROM objects
            WHERE object = ? AND seq < ?
            ORDER BY seq DESC
            LIMIT ?
            """,
            chosen,
            int(before) if before.isdecimal() and len(before) < BEFORE_DIGITS_MAX else 2**62,
            SHOWN_MAX + 1,
        )
        shown = [dict(zip(("seq", "account", "id", "created", "status"), row, strict=True)) for row in rows[:SHOWN_MAX]]
        return render(
            "objects.html",
            chosen=chosen,
            kinds=store.rows("SELECT object, count(*) FROM objects GROUP BY object ORDER BY object"),
            objects=shown,
            older=shown[-1]["seq"] if len(rows) > SHOWN_MAX else None,
        )


def _link(id: str) -> str:
    return f'<a href="/_sandbox/objects/{id}">{id}</a>'


def _without_numbers(asked: LoggedRequest | None) -> str:
    """What Stripe repeats of a wrong request may be a card's number: of those, the last four."""
    return _NUMBER.sub(lambda found: f"…{found[0][-4:]}", asked.message) if asked else ""


def _hidden(value: Any) -> Any:
    """Client secrets stay out of pages that are looked at over somebody's shoulder."""
    if isinstance(value, dict):
        return {name: "…" if name in SECRET_FIELDS and inner else _hidden(inner) for name, inner in value.items()}
    return [_hidden(each) for each in value] if isinstance(value, list) else value
