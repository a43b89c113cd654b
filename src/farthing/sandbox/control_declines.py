"""The controls of one account, named by its key: declines on order, and how far its webhooks have come."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing.sandbox import declines
from farthing.sandbox.account import Account
from farthing.sandbox.control_answers import answered, fields_of, refused, url_of
from farthing.sandbox.errors import Refusal, malformed
from farthing.sandbox.seeds import key_of
from farthing.sandbox.world import Sandbox

# Also those of connected accounts, whose events the platform's endpoints hear.
TOLD = """
    SELECT deliveries.id, event, json_extract(told.body, '$.type'), endpoint, json_extract(hears.body, '$.url'),
           status, attempts, next_at, (SELECT max(rowid) FROM attempts WHERE delivery = deliveries.id)
    FROM deliveries
    JOIN objects AS told ON told.id = event AND told.account = deliveries.account
    JOIN objects AS hears ON hears.id = endpoint
    WHERE hears.account = ?
    ORDER BY deliveries.id
"""
NAMES = ("id", "event", "type", "endpoint", "url", "status", "attempts", "next_at")


def account_routes(sandbox: Sandbox) -> list[Route]:
    controls = AccountControls(sandbox)
    return [
        Route("/_sandbox/declines", controls.declines, methods=["GET", "POST", "DELETE"]),
        Route("/_sandbox/deliveries", controls.deliveries, methods=["GET"]),
    ]


class AccountControls:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def declines(self, request: Request) -> Response:
        try:
            fields = await fields_of(request) if request.method == "POST" else {}
            with self._sandbox.commit():
                account = self._account(request)
                if request.method == "POST":
                    code, times = fields.get("decline_code", "generic_decline"), fields.get("times", 1)
                    if not isinstance(code, str) or not isinstance(times, int):
                        raise malformed("`decline_code` must be a string, `times` a whole number.", param="decline_code")
                    declines.order(account, code, times)
                elif request.method == "DELETE":
                    declines.clear(account)
                return answered({"declines": declines.waiting(account)})
        except Refusal as refusal:
            return refused(refusal)

    async def deliveries(self, request: Request) -> Response:
        """Everything that was addressed to the endpoints of this account, with what their receivers said last."""
        try:
            account = self._account(request)
        except Refusal as refusal:
            return refused(refusal)
        shown = []
        for *known, last in self._sandbox.store.rows(TOLD, account.id):
            said = self._sandbox.store.rows("SELECT status, problem FROM attempts WHERE rowid = ?", last)
            answer = dict(zip(("answer", "problem"), said[0] if said else (None, None), strict=True))
            shown.append(dict(zip(NAMES, known, strict=True)) | answer)
        return answered({"deliveries": shown})

    def _account(self, request: Request) -> Account:
        """As the API is told: `Authorization: Bearer sk_test_…`."""
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        return self._sandbox.account_of(key_of({"key": key}), url_of(request))
