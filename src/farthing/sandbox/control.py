"""The controls under /_sandbox: pay a session without a browser, move the clock, order faults, reset, resend."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from farthing.sandbox import cashier
from farthing.sandbox.control_answers import answered, back, fields_of, refused, url_of
from farthing.sandbox.control_billing import billing_routes
from farthing.sandbox.control_declines import account_routes
from farthing.sandbox.control_disputes import dispute_routes
from farthing.sandbox.control_listeners import listener_routes
from farthing.sandbox.control_parcels import parcel_routes
from farthing.sandbox.control_state import moved, state_routes
from farthing.sandbox.control_triggers import trigger_routes
from farthing.sandbox.control_webhooks import webhook_routes
from farthing.sandbox.deliveries import Deliveries
from farthing.sandbox.errors import Refusal, malformed, no_such
from farthing.sandbox.faults import WAIT_DEFAULT_SECONDS, Fault, Kind
from farthing.sandbox.settings import API_VERSION
from farthing.sandbox.store import Json
from farthing.sandbox.world import ADVANCE_MAX_SECONDS, Sandbox

TIMES_MAX = 1_000


def control_routes(sandbox: Sandbox, deliveries: Deliveries) -> list[Route]:
    controls = Controls(sandbox, deliveries)
    return [
        Route("/_sandbox/health", controls.health, methods=["GET"]),
        Route("/_sandbox/reset", controls.reset, methods=["POST"]),
        Route("/_sandbox/clock", controls.clock, methods=["GET"]),
        Route("/_sandbox/clock/advance", controls.advance, methods=["POST"]),
        Route("/_sandbox/faults", controls.faults, methods=["GET", "POST", "DELETE"]),
        Route("/_sandbox/checkout/sessions/{id}/pay", controls.pay, methods=["POST"]),
        Route("/_sandbox/payment_intents/{id}/authenticate", controls.authenticate, methods=["POST"]),
        *account_routes(sandbox),
        *billing_routes(sandbox),
        *dispute_routes(sandbox),
        *state_routes(sandbox),
        *listener_routes(sandbox),
        *parcel_routes(sandbox),
        *trigger_routes(sandbox),
        *webhook_routes(sandbox, deliveries),
        Route("/_sandbox/events/{id}/resend", controls.resend, methods=["POST"]),
        Route("/_sandbox/events/{id}/deliveries", controls.deliveries, methods=["GET"]),
    ]


class Controls:
    def __init__(self, sandbox: Sandbox, deliveries: Deliveries) -> None:
        self._sandbox = sandbox
        self._deliveries = deliveries

    async def health(self, request: Request) -> Response:
        del request
        self._sandbox.store.rows("SELECT 1")
        return answered({"status": "ok", "stripe_version": API_VERSION, "clock": self._sandbox.clock.seconds()})

    async def reset(self, request: Request) -> Response:
        self._sandbox.reset()
        return back(request) or answered({"reset": True})

    async def clock(self, request: Request) -> Response:
        del request
        clock = self._sandbox.clock
        return answered({"now": clock.seconds(), "ahead_seconds": clock.ahead})

    async def advance(self, request: Request) -> Response:
        """Everything that falls due on the way has happened when this answers."""
        try:
            seconds = (await fields_of(request)).get("seconds")
            if not isinstance(seconds, int | float) or not 0 < seconds <= ADVANCE_MAX_SECONDS:
                raise malformed(f"Pass `seconds`, more than 0 and at most {ADVANCE_MAX_SECONDS}.", param="seconds")
        except Refusal as refusal:
            return refused(refusal)
        told = await moved(self._sandbox, seconds)
        return back(request) or answered(told)

    async def faults(self, request: Request) -> Response:
        faults = self._sandbox.faults
        try:
            if request.method == "POST":
                faults.order(_fault(await fields_of(request)))
            elif request.method == "DELETE":
                faults.clear()
        except Refusal as refusal:
            return refused(refusal)
        if request.method == "POST" and (onward := back(request)):
            return onward
        shown = [
            {"kind": each.kind, "method": each.method, "path": each.path, "times": each.times} for each in faults.waiting()
        ]
        return answered({"faults": shown})

    async def pay(self, request: Request) -> Response:
        """What the hosted page does with the same fields, in one call: three_d_secure is answered, too."""
        try:
            fields = await fields_of(request)
            outcome = cashier.pay(self._sandbox, request.path_params["id"], cashier.purchase(fields), url_of(request))
            if outcome.waits and fields.get("three_d_secure"):
                outcome = cashier.authenticate(
                    self._sandbox, outcome.intent["id"], passed=_passed(fields["three_d_secure"]), url=url_of(request)
                )
        except Refusal as refusal:
            return refused(refusal)
        return _outcome(outcome)

    async def authenticate(self, request: Request) -> Response:
        try:
            passed = _passed((await fields_of(request)).get("outcome", "complete"))
            outcome = cashier.authenticate(self._sandbox, request.path_params["id"], passed=passed, url=url_of(request))
        except Refusal as refusal:
            return refused(refusal)
        return _outcome(outcome)

    async def resend(self, request: Request) -> Response:
        event = request.path_params["id"]
        if self._sandbox.store.find_anywhere(event) is None:
            return refused(no_such("event", event))
        count = self._deliveries.resend(event)
        return back(request) or answered({"deliveries": count})

    async def deliveries(self, request: Request) -> Response:
        rows = self._sandbox.store.rows(
            "SELECT id, endpoint, status, attempts, next_at FROM deliveries WHERE event = ? ORDER BY id",
            request.path_params["id"],
        )
        shown = [dict(zip(("id", "endpoint", "status", "attempts", "next_at"), row, strict=True)) for row in rows]
        for each in shown:
            attempts = self._sandbox.store.rows(
                "SELECT at, status, problem, took_ms FROM attempts WHERE delivery = ? ORDER BY at", each["id"]
            )
            each["log"] = [dict(zip(("at", "status", "problem", "took_ms"), row, strict=True)) for row in attempts]
        return answered({"deliveries": shown})


def _fault(fields: Json) -> Fault:
    kind = str(fields.get("kind"))  # a form's 429 is a number by now
    if kind not in list(Kind):
        wrong = "Unknown kind of fault" if fields.get("kind") else "Which kind of fault? Say it with `kind`"
        raise malformed(f"{wrong}: choose one of {', '.join(Kind)}.", param="kind")
    times, seconds = fields.get("times", 1), fields.get("seconds", WAIT_DEFAULT_SECONDS)
    if not isinstance(times, int) or not 1 <= times <= TIMES_MAX or not isinstance(seconds, int | float):
        raise malformed(f"`times` must be a number from 1 to {TIMES_MAX}, `seconds` a number.", param="times")
    return Fault(Kind(kind), str(fields.get("method", "POST")), str(fields.get("path", "/v1/*")), times, seconds)


def _passed(word: Any) -> bool:
    if word not in ("complete", "fail"):
        raise malformed('Answer 3D Secure with "complete" or "fail".', param="three_d_secure")
    return bool(word == "complete")


def _outcome(outcome: cashier.Outcome) -> Response:
    """200 when paid, 202 when the bank's page is still to be answered, 402 with Stripe's error when declined."""
    if outcome.declined:
        return refused(outcome.declined)
    body = {
        "session": outcome.session,
        "payment_intent": outcome.intent,
        "redirect_to": outcome.redirect_to,
    }
    return answered(body, 202 if outcome.waits else 200)
