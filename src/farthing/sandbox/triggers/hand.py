"""What a recipe does things with: the API's own operations, as the account's own server would ask for them.

Nothing here writes an event. Everything a recipe does is in one transaction: it happens whole, or not at all.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

from farthing.sandbox import cashier, placing, validation
from farthing.sandbox.account import Account, Request
from farthing.sandbox.api import IN_REAL_TIME
from farthing.sandbox.errors import Refusal, malformed
from farthing.sandbox.ids import new_id
from farthing.sandbox.operations import Operation
from farthing.sandbox.resources import DIRECTORY, accounts, checkout_payment, disputes, onboarding, payment_methods
from farthing.sandbox.store import Json, Record
from farthing.sandbox.world import LoggedRequest, Sandbox

Overrides = Mapping[str, Json]
"""Noun of what is made → parameters to make it with instead."""
TURNS_MAX = 1_000
BUYER = cashier.purchase({"email": "ada@example.com", "name": "Ada Lovelace"}).buyer


class Hand:
    """One recipe's: it remembers what was made, and by which overrides."""

    def __init__(self, sandbox: Sandbox, account: Account, overrides: Overrides | None = None) -> None:
        self._sandbox = sandbox
        self._account = account
        self._overrides = dict(overrides or {})
        self._nouns: set[str] = set()
        self.made: list[Json] = []

    @property
    def now(self) -> int:
        return self._account.clock.seconds()

    # The API

    def post(self, path: str, params: Json | None = None, *, on: str | None = None) -> Json:
        """`on` is the connected account that it is done for. A refusal ends the recipe."""
        answer = self._ask("POST", path, params or {}, on)
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def decline(self, path: str, params: Json | None = None, *, on: str | None = None) -> Json:
        """A request that is to be refused, and leaves its traces: the error."""
        answer = self._ask("POST", path, params or {}, on)
        if not isinstance(answer, Refusal):
            raise malformed(f"POST {path} went well, although this event comes of its refusal.", param="overrides")
        return answer.error

    def delete(self, path: str, *, on: str | None = None) -> None:
        self._ask("DELETE", path, {}, on)

    def get(self, path: str, *, on: str | None = None) -> Json:
        answer = self._ask("GET", path, {}, on)
        assert not isinstance(answer, Refusal)
        return answer

    def _ask(self, method: str, path: str, params: Json, on: str | None) -> Json | Refusal:
        found = DIRECTORY.find(method, path)
        assert found is not None, f"{method} {path} is no operation"
        operation, ids = found
        if method == "POST" and "{" not in operation.path:
            params = self._overridden(operation, params)
        request = Request(new_id("req")[:18], str(uuid.uuid4()) if method == "POST" else None)
        account = self._seat(on, request)
        checked = validation.check(operation.params, _as_form(params))
        if method != "GET" and not path.startswith(IN_REAL_TIME):
            account = placing.of_request(account, ids, checked)
        answer = _answer(account, operation, ids, checked)
        self._log(request, method, path, answer)
        if method == "POST" and "{" not in operation.path and not isinstance(answer, Refusal) and "id" in answer:
            self.made.append({"object": answer["object"], "id": answer["id"]})
        return answer

    def _seat(self, on: str | None, request: Request) -> Account:
        account = self._account.seat(on) if on else self._account
        return self._sandbox.account(account.id, self._account.url, request)

    def _log(self, request: Request, method: str, path: str, answer: Json | Refusal) -> None:
        refused = isinstance(answer, Refusal)
        line = LoggedRequest(
            id=request.id or "",
            at=time.time(),
            account=self._account.id,
            method=method,
            path=path,
            status=answer.status if isinstance(answer, Refusal) else 200,
            took_ms=0,
            note="trigger, declined" if refused else "trigger",
        )
        self._sandbox.requests.appendleft(line)

    # What was asked to be otherwise

    def _overridden(self, operation: Operation, params: Json) -> Json:
        noun = noun_of(operation.path)
        self._nouns.add(noun)
        return _merged(params, self._overrides.get(noun, {}))

    def check_overrides(self) -> None:
        """Raises where one of them is about nothing that this recipe makes."""
        if idle := sorted(set(self._overrides) - self._nouns):
            makes = ", ".join(sorted(self._nouns)) or "nothing"
            raise malformed(f"This event needs no {idle[0]}. What can be overridden: {makes}.", param="overrides")

    # Time

    def hurry(self, id: str, *, on: str | None = None) -> None:
        """What waits for this object happens now; the sandbox's clock stays where it is."""
        self._sandbox.hurry(on or self._account.id, id)

    def pass_time(self, clock: str, to: int) -> None:
        """A test clock is advanced, and everything on the way has happened."""
        self.post(f"/v1/test_helpers/test_clocks/{clock}/advance", {"frozen_time": to})
        self.wait_for(clock)

    def wait_for(self, clock: str) -> None:
        for _ in range(TURNS_MAX):
            if self.get(f"/v1/test_helpers/test_clocks/{clock}")["status"] != "advancing":
                return
            self.hurry(clock)
        raise AssertionError(f"{clock} did not arrive")

    def spoil(self, clock: str) -> None:
        """Something that nobody knows how to do stands in this clock's calendar: it will break on its way."""
        self._account.store.later_on(self._account.id, clock, self.now, "nobody.knows", clock)

    # People, and their banks

    def buy(self, session: Json, method: str = "pm_card_visa") -> None:
        """As the buyer on the session's page."""
        account = self._seat(None, Request())
        record = account.get("checkout.session", session["id"])
        checkout_payment.pay(account, record, payment_methods.take(account, method), BUYER)

    def answer_bank(self, intent: Json, *, passed: bool) -> None:
        account = self._seat(None, Request())
        checkout_payment.authenticate(account, account.get(intent["object"], intent["id"]), passed=passed)

    def decide(self, dispute: Json, verb: str) -> None:
        account = self._seat(None, Request())
        disputes.end(account, account.get("dispute", dispute["id"]), verb)

    def onboard(self, seller: Json, outcome: str = "complete") -> None:
        account = self._seat(None, Request())
        onboarding.go_through(account, account.get("account", seller["id"]), outcome)

    def disconnect(self, seller: Json) -> None:
        """The seller takes the platform's access away."""
        account = self._seat(None, Request())
        accounts.leave(account, account.get("account", seller["id"]))


def _answer(account: Account, operation: Operation, ids: list[str], params: Json) -> Json | Refusal:
    """A refusal takes back what the verb wrote, unless what it wrote is the point of it (a declined charge)."""
    with account.store.attempt():
        try:
            result = operation.answer(account, ids, params)
        except Refusal as refusal:
            if not refusal.keeps:
                raise
            return refusal
    return result.body if isinstance(result, Record) else result


def noun_of(path: str) -> str:
    """`/v1/checkout/sessions` makes a checkout_session, `/v1/test_helpers/test_clocks` a test_clock."""
    parts = [part for part in path.strip("/").split("/")[1:] if part != "test_helpers"]
    return "_".join(parts).removesuffix("s")


def _merged(params: Json, over: Json) -> Json:
    """Objects by their keys, the rest whole."""
    merged = dict(params)
    for name, value in over.items():
        old = merged.get(name)
        merged[name] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _as_form(value: Any) -> Any:
    """As a form would carry it: every leaf a string."""
    if isinstance(value, dict):
        return {name: _as_form(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_form(each) for each in value]
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
