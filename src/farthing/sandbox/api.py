"""The door of the API: who asks, what for, whether they asked before; then one transaction and one answer."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from farthing.sandbox import conformance, errors, expand, faults, form, idempotency, placing, unmodeled, validation, wire
from farthing.sandbox.account import Account, Request
from farthing.sandbox.conformance import Nonconforming
from farthing.sandbox.errors import Refusal
from farthing.sandbox.faults import Fault, Kind
from farthing.sandbox.given import Given
from farthing.sandbox.ids import new_id
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import DIRECTORY
from farthing.sandbox.settings import API_VERSION
from farthing.sandbox.store import Json, Record, StateUnwritable
from farthing.sandbox.wire import Answered, Asked
from farthing.sandbox.world import LoggedRequest, Sandbox

LOG = logging.getLogger("farthing.sandbox")
BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"
# Buyers open a session's page in real time, whatever clock their customer lives on.
IN_REAL_TIME = "/v1/checkout/"
SEED_LENGTH_MAX = 100
KEY_SHOWN = 4
ID_FIRST = re.compile(rb'\{\s*"id":\s*"([a-z]+_[A-Za-z0-9_]{6,100})"')
KEY_PREFIXES = ("sk_test_", "rk_test_")


UNSENT = """
    SELECT count(*)
    FROM deliveries JOIN objects ON objects.id = event AND objects.account = deliveries.account
    WHERE json_extract(body, '$.request.id') = ? AND attempts = 0 AND next_at IS NOT NULL
"""


class ConnectionBroken(Exception):
    """Ordered by a fault."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, understood."""

    asked: Asked
    account: Account
    operation: Operation
    ids: list[str]
    fields: Json
    key: str | None
    fault: Fault | None

    @property
    def endpoint(self) -> str:
        return f"{self.asked.method} {self.asked.path}"

    @property
    def request(self) -> str:
        return self.account.request.id or ""


class Api:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._running: set[tuple[str, str]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, request = time.perf_counter(), new_id("req")[:18]
        asked: Asked | None = None
        try:
            asked = await wire.read(scope, receive)
            answer = await self._serve(asked, request)
        except wire.TooLarge:
            answer = _refused(Refusal(413, "The request body is too large."), "", request)
        except ConnectionBroken:
            self._log(scope, asked, request, None, started)
            await wire.break_off(receive, send)
            return
        except StateUnwritable as problem:
            LOG.error("%s", problem)
            answer = _refused(Refusal(500, str(problem), type="api_error", executed=False), "", request)
        except Exception:
            # Whatever it was, its transaction is gone; the caller gets Stripe's own apology and the log the reason.
            LOG.exception("%s failed", request)
            answer = _refused(errors.something_broke(), "", request)
        if asked and asked.headers.get("user-agent", "").startswith("curl/") and "content-type" not in answer.headers:
            answer.body = orjson.dumps(orjson.loads(answer.body), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        version = asked.headers.get("stripe-version", API_VERSION) if asked else API_VERSION
        answer.headers |= {"request-id": request, "stripe-version": version}
        self._log(scope, asked, request, answer, started)
        await wire.write(send, answer)

    def _log(self, scope: Scope, asked: Asked | None, request: str, answer: Answered | None, started: float) -> None:
        failed = answer and answer.status >= 400 and "content-type" not in answer.headers
        error = orjson.loads(answer.body).get("error", {}) if answer and failed else {}
        self._sandbox.requests.appendleft(
            LoggedRequest(
                id=request,
                at=time.time(),
                account=answer.headers.pop("account", None) if answer else None,
                method=scope["method"],
                path=asked.path if asked else scope["path"],
                status=answer.status if answer else None,
                took_ms=int((time.perf_counter() - started) * 1000),
                note=error.get("code") or error.get("type") or "",
                message=error.get("message") or "",
                param=error.get("param"),
                key=asked.headers.get("idempotency-key", "")[-KEY_SHOWN:] if asked else "",
                object=_object_of(answer.body) if answer and not failed else None,
            )
        )

    async def _serve(self, asked: Asked, request: str) -> Answered:
        url = f"http://{asked.headers.get('host', 'localhost')}"
        try:
            fault = self._sandbox.faults.take(asked.method, asked.path)
            await _fail_before(fault)
            if fault and fault.kind is Kind.HTML_502:
                return Answered(502, BAD_GATEWAY, {"content-type": "text/html"})
            call = self._understand(asked, request, url, fault)
        except Refusal as refusal:
            return _refused(refusal, url, request)
        answer = await self._run(call)
        answer.headers["account"] = call.account.id
        if call.key:
            answer.headers["idempotency-key"] = call.key
        return answer

    def _understand(self, asked: Asked, request: str, url: str, fault: Fault | None) -> Call:
        secret = _secret(asked.headers.get("authorization"))
        _check_version(asked.headers.get("stripe-version", API_VERSION))
        key = asked.headers.get("idempotency-key") if asked.method == "POST" else None
        account = self._sandbox.account_of(secret, url, Request(request, key))
        account = _acting(account, asked.headers.get("stripe-account", account.id))
        found = DIRECTORY.find(asked.method, asked.path)
        if found is None:
            known = unmodeled.knows(asked.method, asked.path)
            raise (errors.not_modeled if known else errors.unrecognized_url)(asked.method, asked.path)
        if key is not None:
            idempotency.check_key(key)
        fields = form.decode("&".join(part for part in (asked.query, _body_text(asked)) if part))
        return Call(asked, account, found[0], found[1], fields, key, fault)

    async def _run(self, call: Call) -> Answered:
        """Hold the idempotency key from the first moment to the answer; a second request meanwhile is told so."""
        held = (call.account.id, call.key) if call.key else None
        if held and (held in self._running or (call.fault and call.fault.kind is Kind.IN_USE)):
            return _refused(idempotency.in_use(held[1]), call.account.url, call.request)
        if held:
            self._running.add(held)
        try:
            answer = self._execute(call)
            await _fail_after(call.fault)
            if call.fault and call.fault.kind is Kind.WEBHOOK_FIRST:
                await self._after_webhooks(call.request, call.fault.seconds)
        finally:
            if held:
                self._running.discard(held)
        if call.fault and call.fault.kind is Kind.AFTER:
            return _refused(errors.something_broke(), call.account.url, call.request)
        answer.half = bool(call.fault and call.fault.kind is Kind.HALF_BODY)
        return answer

    async def _after_webhooks(self, request: str, seconds: float) -> None:
        """Until each webhook this request caused has been tried once."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._sandbox.store.rows(UNSENT, request)[0][0]:
            self._sandbox.sent.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._sandbox.sent.wait(), end - time.monotonic())

    def _execute(self, call: Call) -> Answered:
        """Everything a request does is in this one transaction, its remembered answer included."""
        fingerprint = idempotency.fingerprint(call.fields) if call.key else ""
        store, now = call.account.store, call.account.clock.now()
        try:
            with self._sandbox.commit():
                if said := self._sandbox.nonconforming.get(call.account.id):
                    return _nonconforming(said)
                if call.key and call.fault and call.fault.kind is Kind.PRUNED_KEY:
                    idempotency.forget(store, call.account.id, call.key)
                if call.key and (
                    found := idempotency.earlier(
                        store, call.account.id, call.key, endpoint=call.endpoint, params=fingerprint, now=now
                    )
                ):
                    return _replayed(found)
                params = validation.check(call.operation.params, call.fields)
                seed = call.asked.headers.get("sandbox-id-seed", call.account.settings.id_seed)[:SEED_LENGTH_MAX]
                with self._sandbox.ids_of(call.account.id, seed):
                    answer = self._answer(call, params)
                if call.key:
                    kept = idempotency.Answer(answer.status, answer.body, call.request)
                    idempotency.keep(
                        store, call.account.id, call.key, endpoint=call.endpoint, params=fingerprint, answer=kept, now=now
                    )
                    answer.headers["original-request"] = call.request
                return answer
        except Refusal as refusal:
            return _refused(refusal, call.account.url, call.request)
        except Nonconforming as problem:
            return _nonconforming(str(problem))

    def _answer(self, call: Call, params: Given) -> Answered:
        """A refusal takes back what the verb wrote, unless what it wrote is the point of it (a declined charge)."""
        paths = params.pop("expand", [])
        try:
            with call.account.store.attempt():
                self._sandbox.open_account(call.account)
                try:
                    account = call.account
                    if call.asked.method != "GET" and not call.asked.path.startswith(IN_REAL_TIME):
                        account = placing.of_request(account, call.ids, params)
                    result = call.operation.answer(account, call.ids, params)
                    body = _body(call.account, result, paths)
                except Refusal as refusal:
                    if not refusal.keeps:
                        raise
                    if call.account.settings.strict:
                        conformance.insist_inside(refusal.error)
                    return _made_sticky(call, _refused(refusal, call.account.url, call.request))
        except Refusal as refusal:
            if not refusal.executed:
                raise
            return _refused(refusal, call.account.url, call.request)
        if call.account.settings.strict:
            conformance.insist(body)
        return _made_sticky(call, Answered(200, orjson.dumps(body)))


def _acting(account: Account, id: str) -> Account:
    """The account of the Stripe-Account header: one connected to the key's own, or that one itself."""
    if id == account.id:
        return account
    connected = account.find("account", id)
    if connected is None or connected.body.get("deleted") or connected.inner.get("deauthorized"):
        raise errors.no_access(id)
    return account.seat(id)


def _body(account: Account, result: Record | Json, paths: list[str]) -> Json:
    body = result.body if isinstance(result, Record) else result
    return expand.expand(account, body, paths) if paths else body


def _made_sticky(call: Call, answer: Answered) -> Answered:
    if call.fault and call.fault.kind is Kind.STICKY:
        return _refused(errors.something_broke(), call.account.url, call.request)
    return answer


def _check_version(version: str) -> None:
    """Objects look different in another family of versions: better said now than found out in production."""
    if version.rpartition(".")[2] != API_VERSION.rpartition(".")[2]:
        raise errors.malformed(
            f"This sandbox speaks Stripe-Version {API_VERSION}; you asked for {version[:40]}. Set the client's API version to "
            f'it (stripe.api_version = "{API_VERSION}"), or take an SDK of this version: stripe-python 16.1, stripe-node 23.1.'
        )


async def _fail_before(fault: Fault | None) -> None:
    match fault.kind if fault else None:
        case Kind.RESET_BEFORE:
            raise ConnectionBroken
        case Kind.TIMEOUT:
            await asyncio.sleep(fault.seconds if fault else 0)
            raise ConnectionBroken
        case Kind.BEFORE:
            raise errors.something_broke()
        case Kind.RATE_LIMIT:
            raise errors.rate_limited()
        case Kind.LOCK_TIMEOUT:
            raise errors.locked()
        case Kind.REVOKED_KEY:
            raise errors.revoked_key()
        case _:
            pass


async def _fail_after(fault: Fault | None) -> None:
    match fault.kind if fault else None:
        case Kind.LOST_RESPONSE:
            raise ConnectionBroken
        case Kind.SLOW:
            await asyncio.sleep(fault.seconds if fault else faults.WAIT_DEFAULT_SECONDS)
        case _:
            pass


def _secret(header: str | None) -> str:
    """The key of `Bearer sk_test_…`, or the user name of Basic."""
    kind, _, value = (header or "").partition(" ")
    if kind.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode("latin-1").partition(":")[0]
        except (binascii.Error, ValueError):
            raise errors.no_key() from None
    elif kind.lower() != "bearer":
        raise errors.no_key()
    value = value.strip()
    if not value:
        raise errors.no_key()
    if not value.startswith(KEY_PREFIXES) or len(value) < len(KEY_PREFIXES[0]) + 1:
        raise errors.bad_key(value)
    return value


def _body_text(asked: Asked) -> str:
    try:
        return asked.body.decode("utf-8")
    except UnicodeDecodeError:
        raise errors.malformed("The request body must be UTF-8.") from None


def _replayed(found: idempotency.Answer) -> Answered:
    return Answered(found.status, found.body, {"idempotent-replayed": "true", "original-request": found.request})


def _refused(refusal: Refusal, url: str, request: str) -> Answered:
    reason = "resource-specific" if refusal.code == "lock_timeout" else "global-rate"
    headers = {"stripe-rate-limited-reason": reason} if refusal.status == 429 else {}
    if refusal.status == 501:
        headers = {"stripe-should-retry": "false"}
    log_url = {"request_log_url": f"{url}/_sandbox/requests/{request}"} if url and request else {}
    return Answered(refusal.status, _error_body({**refusal.error, **log_url}), headers)


def _nonconforming(message: str) -> Answered:
    return Answered(500, _error_body({"type": "api_error", "message": message}), {"stripe-should-retry": "false"})


def _object_of(body: bytes) -> str | None:
    """Its id stands first in what is made or changed: nothing has to be read again for the log."""
    found = ID_FIRST.match(body)
    return found[1].decode() if found else None


def _error_body(error: dict[str, Any]) -> bytes:
    return orjson.dumps({"error": error})
