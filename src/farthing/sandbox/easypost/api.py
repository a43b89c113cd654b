"""The door of EasyPost's API: who asks, what for, faults on order; then one transaction and one answer."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import logging
import time
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope, Send

from farthing.sandbox import wire
from farthing.sandbox.account import Account
from farthing.sandbox.easypost import labels, shipments, trackers, webhooks
from farthing.sandbox.easypost.shapes import Wrong, not_there, table
from farthing.sandbox.faults import Fault, Kind
from farthing.sandbox.ids import new_id
from farthing.sandbox.store import Json, Record, StateUnwritable
from farthing.sandbox.wire import Answered, Asked
from farthing.sandbox.world import LoggedRequest, Sandbox

LOG = logging.getLogger("farthing.sandbox")
PREFIX = "/easypost"
API = f"{PREFIX}/v2"
LABELS = f"{PREFIX}/labels/"
TRACK = f"{PREFIX}/track/"
TEST_KEY = "EZTK"
BEFORE = {
    Kind.BEFORE: (500, "INTERNAL_SERVER_ERROR"),
    Kind.RATE_LIMIT: (429, "RATE_LIMITED"),
    Kind.REVOKED_KEY: (401, "APIKEY.INACTIVE"),
}


class _BrokenError(Exception):
    """Ordered by a fault."""


class EasyPost:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        path: str = scope["path"]
        answer: Answered | None = None
        try:
            asked = await wire.read(scope, receive)
            answer = await self._serve(asked)
        except wire.TooLarge:
            answer = _said(Wrong(413, "PAYLOAD.TOO_LARGE", "The request body is too large."))
        except _BrokenError:
            await wire.break_off(receive, send)
        except StateUnwritable as problem:
            answer = _said(Wrong(500, "INTERNAL_SERVER_ERROR", str(problem)))
        except Exception:
            LOG.exception("%s failed", path)
            answer = _said(Wrong(500, "INTERNAL_SERVER_ERROR", "Something broke in the sandbox; its log has more."))
        self._log(scope, answer, started)
        if answer is not None:
            await wire.write(send, answer)

    def _log(self, scope: Scope, answer: Answered | None, started: float) -> None:
        took = int((time.perf_counter() - started) * 1000)
        self._sandbox.requests.appendleft(
            LoggedRequest(
                id=new_id("req")[:18],
                at=time.time(),
                account=None,
                method=scope["method"],
                path=scope["path"],
                status=answer.status if answer else None,
                took_ms=took,
            )
        )

    async def _serve(self, asked: Asked) -> Answered:
        url = f"http://{asked.headers.get('host', 'localhost')}"
        if asked.path.startswith((LABELS, TRACK)):
            return self._file(asked)
        fault = self._sandbox.faults.take(asked.method, asked.path)
        await _fail_before(fault)
        try:
            if fault and fault.kind in BEFORE:
                status, code = BEFORE[fault.kind]
                raise Wrong(status, code, "A fault was ordered for this request.")
            if fault and fault.kind is Kind.HTML_502:
                return Answered(502, b"<html><h1>502 Bad Gateway</h1></html>\n", {"content-type": "text/html"})
            account = self._sandbox.account(account_of(_key(asked.headers.get("authorization", ""))), url)
            with self._sandbox.commit():
                answer = _answer(account, asked)
        except Wrong as wrong:
            answer = _said(wrong)
        if fault and fault.kind is Kind.LOST_RESPONSE:
            raise _BrokenError
        if fault and fault.kind is Kind.SLOW:
            await asyncio.sleep(fault.seconds)
        if fault and fault.kind in (Kind.AFTER, Kind.STICKY):
            return _said(Wrong(500, "INTERNAL_SERVER_ERROR", "A fault was ordered for this request."))
        return answer

    def _file(self, asked: Asked) -> Answered:
        """A label, as it is printed, or the page of a tracker: whoever has the address may look, as at EasyPost."""
        name, _, kind = asked.path.rpartition("/")[2].partition(".")
        found = self._sandbox.store.find_anywhere(name)
        if found is None or asked.method != "GET":
            return _said(not_there("file"))
        record = found[1]
        if asked.path.startswith(TRACK) and record["object"] == "Tracker":
            rows = [f"{each['datetime']}  {each['message']}" for each in record["tracking_details"]]
            text = "\n".join((f"{record['carrier']} {record['tracking_code']}: {record['status']}", "", *rows, ""))
            return Answered(200, text.encode(), {"content-type": "text/plain; charset=utf-8"})
        if record["object"] != "Shipment" or record["postage_label"] is None:
            return _said(not_there("label"))
        if kind == "pdf":
            return Answered(200, labels.pdf(record), {"content-type": "application/pdf"})
        return Answered(200, labels.png(record), {"content-type": "image/png"})


def account_of(key: str) -> str:
    return "easypost_" + hashlib.sha256(key.encode()).hexdigest()[:16]


def _answer(account: Account, asked: Asked) -> Answered:
    parts = asked.path.removeprefix(API).strip("/").split("/")
    fields = _fields(asked)
    match [asked.method, *parts]:
        case ["POST", "shipments"]:
            return _shown(shipments.create(account, table(fields, "shipment")), 201)
        case ["GET", "shipments", id]:
            return _shown(shipments.get(account, id))
        case ["POST", "shipments", id, "buy"]:
            return _shown(shipments.buy(account, id, fields))
        case ["POST", "shipments", id, "refund"]:
            return _shown(shipments.refund(account, id))
        case ["POST", "trackers"]:
            return _shown(trackers.create(account, table(fields, "tracker")), 201)
        case ["GET", "trackers"]:
            return _shown(trackers.listed(account, dict(parse_qsl(asked.query))))
        case ["GET", "trackers", id]:
            return _shown(trackers.get(account, id))
        case ["POST", "webhooks"]:
            return _shown(webhooks.create(account, table(fields, "webhook")), 201)
        case ["GET", "webhooks"]:
            return _shown(webhooks.listed(account))
        case ["DELETE", "webhooks", id]:
            webhooks.delete(account, id)
            return Answered(204, b"")
        case _:
            raise Wrong(404, "NOT_FOUND", f"The sandbox has no {asked.method} {asked.path} of EasyPost's.")


def _fields(asked: Asked) -> Json:
    if not asked.body:
        return {}
    try:
        found = orjson.loads(asked.body)
    except orjson.JSONDecodeError:
        raise Wrong(400, "BAD_REQUEST", "The request body must be JSON.") from None
    if not isinstance(found, dict):
        raise Wrong(400, "BAD_REQUEST", "The request body must be a JSON object.")
    return found


def _key(header: str) -> str:
    """The test key of `Bearer EZTK…`, or the user name of Basic. A live one has no business here."""
    kind, _, value = header.partition(" ")
    if kind.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode("latin-1").partition(":")[0]
        except (binascii.Error, ValueError):
            value = ""
    if not value.strip().startswith(TEST_KEY):
        raise Wrong(401, "APIKEY.INVALID", f"This sandbox takes API keys of the test mode alone: they begin with {TEST_KEY}.")
    return value.strip()


async def _fail_before(fault: Fault | None) -> None:
    if fault and fault.kind is Kind.TIMEOUT:
        await asyncio.sleep(fault.seconds)
    if fault and fault.kind in (Kind.TIMEOUT, Kind.RESET_BEFORE):
        raise _BrokenError


def _shown(found: Record | Json, status: int = 200) -> Answered:
    return Answered(status, orjson.dumps(found.body if isinstance(found, Record) else found))


def _said(wrong: Wrong) -> Answered:
    return Answered(wrong.status, orjson.dumps(wrong.body))
