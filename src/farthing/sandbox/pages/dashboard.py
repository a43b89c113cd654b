"""The dashboard at /_sandbox/: what is there, what happened, who was told, and what was asked."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from farthing.sandbox.pages.render import render
from farthing.sandbox.store import Json
from farthing.sandbox.world import Sandbox

SHOWN_MAX = 25
EVENTS_SHOWN_MAX = 40
SECRET_FIELDS = ("client_secret", "secret")


def dashboard_routes(sandbox: Sandbox) -> list[Route]:
    dashboard = Dashboard(sandbox)
    return [
        Route("/", dashboard.front, methods=["GET"]),
        Route("/_sandbox", dashboard.front, methods=["GET"]),
        Route("/_sandbox/", dashboard.show, methods=["GET"]),
        Route("/_sandbox/objects/{id}", dashboard.object, methods=["GET"]),
    ]


class Dashboard:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def front(self, request: Request) -> Response:
        del request
        return RedirectResponse("/_sandbox/", 303)

    async def show(self, request: Request) -> Response:
        self._sandbox.do_what_is_due()
        wanted = request.query_params.get("request", "")
        return render(
            "dashboard.html",
            clock=self._sandbox.clock,
            sessions=self._newest("checkout.session"),
            payments=self._newest("payment_intent"),
            refunds=self._newest("refund"),
            endpoints=self._newest("webhook_endpoint"),
            events=self._events(),
            faults=self._sandbox.faults.waiting(),
            requests=list(self._sandbox.requests),
            wanted=wanted,
        )

    def _newest(self, object: str, limit: int = SHOWN_MAX) -> list[Json]:
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

    async def object(self, request: Request) -> Response:
        found = self._sandbox.store.find_anywhere(request.path_params["id"])
        if found is None:
            return render("not_found.html", status=404)
        account, record = found
        text = orjson.dumps(_hidden(record.body), option=orjson.OPT_INDENT_2).decode()
        return render("object.html", account=account, body=record.body, text=text)


def _hidden(value: Any) -> Any:
    """Client secrets stay out of pages that are looked at over somebody's shoulder."""
    if isinstance(value, dict):
        return {name: "…" if name in SECRET_FIELDS and inner else _hidden(inner) for name, inner in value.items()}
    return [_hidden(each) for each in value] if isinstance(value, list) else value
