"""Never a wrong 200: of every parameter that is taken, something comes; what nothing comes of is refused by name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.sandbox import parameters
from tests.sandbox.conftest import serve
from tests.sandbox.operations import LINE, SAFE, Case
from tests.sandbox.operations_of_billing import CASES
from tests.sandbox.operations_world import SETTINGS, Prepared, prepare

from farthing.sandbox import ids, placing, validation
from farthing.sandbox.account import Request
from farthing.sandbox.clock import Clock
from farthing.sandbox.errors import Refusal
from farthing.sandbox.resources import DIRECTORY
from farthing.sandbox.store import Record, Store
from farthing.sandbox.world import Sandbox

NOW = time.time() + 3 * 86_400
WATCHED = {
    "objects": ("account", "id", "body", "inner", "deleted"),
    "due": ("account", "at", "job", "subject"),
    "clock_due": ("account", "at", "job", "subject"),
}
LINES: Any = [{"price": "$price", "quantity": 1}]
# The same operations in other situations, where other parameters count.
MORE = [
    Case(
        "POST /v1/checkout/sessions",
        "",
        "",
        params={"mode": "subscription", "line_items": LINES, "success_url": SAFE, "customer": "$customer"},
    ),
    Case("POST /v1/checkout/sessions", "", "", params={"mode": "setup", "currency": "usd", "success_url": SAFE}),
    Case(
        "POST /v1/checkout/sessions",
        "",
        "",
        params={"mode": "payment", "line_items": [LINE], "success_url": SAFE, "customer": "$customer"},
    ),
    Case(
        "POST /v1/payment_intents",
        "",
        "",
        params={"amount": 1200, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa", "return_url": SAFE},
    ),
    Case("POST /v1/payment_intents", "", "", params={"amount": 1200, "currency": "usd"}),
    Case("POST /v1/subscriptions", "", "", params={"customer": "$customer", "items": LINES}),
    Case(
        "POST /v1/subscriptions/{subscription_exposed_id}",
        "",
        "",
        "$subscription",
        {"items": [{"id": "$item", "price": "$third_price"}]},
    ),
    Case("POST /v1/transfers/{id}/reversals", "", "", "$split_transfer", {"amount": 50}),
    Case("POST /v1/refunds", "", "", params={"payment_intent": "$split_payment", "amount": 100}),
    Case("POST /v1/invoices/create_preview", "", "", params={"subscription": "$subscription"}),
    Case(
        "POST /v1/invoices/create_preview",
        "",
        "",
        params={
            "subscription": "$subscription",
            "subscription_details": {"items": [{"id": "$item", "price": "$third_price"}]},
        },
    ),
    Case("POST /v1/invoices/create_preview", "", "", params={"subscription": "$subscription", "preview_mode": "recurring"}),
]
# Operations beyond the list.
BEYOND = [
    Case("POST /v1/subscriptions/{id}/pause", "", "", "$subscription", {"type": "subscription"}),
    Case("POST /v1/credit_notes", "", "", params={"invoice": "$paid_invoice", "amount": 100, "credit_amount": 100}),
    Case("POST /v1/credit_notes", "", "", params={"invoice": "$open_invoice", "amount": 100}),
    Case("POST /v1/transfers/{transfer}/reversals/{id}", "", "", "$transfer $reversal", {"metadata": {"a": "1"}}),
    Case("POST /v1/account_sessions", "", "", params={"account": "$seller", "components": {"payments": {"enabled": True}}}),
    Case(
        "POST /v1/shipping_rates",
        "",
        "",
        params={"display_name": "Ground", "type": "fixed_amount", "fixed_amount": {"amount": 500, "currency": "usd"}},
    ),
    Case("POST /v1/balance_settings", "", "", params={"payments": {"payouts": {"schedule": {"interval": "manual"}}}}),
]
# Taken, and rightly nothing comes of it in the situation of the case.
NOTHING_TO_DO: dict[str, dict[str, str]] = {
    "POST /v1/account_links": {"collection_options[future_requirements]": "no requirement lies in the future"},
    "POST /v1/credit_notes": {"email_type": "the sandbox sends no mail"},
    "POST /v1/invoices/{invoice}/pay": {"off_session": "the bank asks for nothing"},
    "POST /v1/payment_intents/{intent}/confirm": {
        "error_on_requires_action": "the bank asks for nothing",
        "off_session": "the bank asks for nothing",
    },
    "POST /v1/prices": {"transfer_lookup_key": "no key is asked for"},
    "POST /v1/prices/{price}": {"transfer_lookup_key": "no key is asked for"},
    "POST /v1/subscription_items/{item}": {"off_session": "the bank asks for nothing"},
    "POST /v1/subscriptions": {
        "off_session": "the bank asks for nothing",
        "trial_from_plan": "the price has no trial",
    },
    "POST /v1/subscriptions/{subscription_exposed_id}": {"off_session": "the bank asks for nothing"},
    "POST /v1/subscriptions/{id}/pause": {"bill_for[outstanding_usage_through][type]": "no price is metered"},
    "POST /v1/subscriptions/{subscription}/resume": {"proration_behavior": "the anchor is now: nothing is in proportion"},
}


@dataclass
class Desk:
    """The prepared world in this process, where a request is tried, looked at and taken back."""

    world: Prepared
    sandbox: Sandbox

    def try_out(self, case: Case, params: dict[str, Any]) -> tuple[Any, ...]:
        """(status, what came of it)"""
        store = self.sandbox.store
        try:
            with store.attempt(), ids.seeded("parameters"):
                raise _TakenBack(self._do(case, self._form(params)))
        except _TakenBack as done:
            return done.came_of_it
        except Refusal as refusal:
            return refusal.status, refusal.error.get("param"), str(refusal)

    def _do(self, case: Case, fields: dict[str, Any]) -> tuple[Any, ...]:
        account = self.sandbox.account_of(self.world.key, "http://127.0.0.1:9", Request())
        account = account.seat(self.world.known(case.on)) if case.on else account
        operation = DIRECTORY.find(case.method, case.path)
        assert operation, case.operation
        given, path = validation.check(operation[0].params, fields), self.world.ids(case)
        given.pop("expand", None)
        if case.method != "GET" and "/checkout/" not in case.path:
            account = placing.of_request(account, path, given)
        try:
            result = operation[0].answer(account, path, given)
        except Refusal as refusal:
            if not refusal.keeps:
                raise
            return 402, refusal.error.get("code")
        shown = orjson.dumps(result.body if isinstance(result, Record) else result)
        return 200, shown, self.sandbox.store.rows("SELECT * FROM changed ORDER BY rowid")

    def _form(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._form(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._form(each) for each in value]
        return str(value).lower() if isinstance(value, bool) else str(self.world.known(value))


class _TakenBack(Exception):
    def __init__(self, came_of_it: tuple[Any, ...]) -> None:
        self.came_of_it = came_of_it


class _Still(Clock):
    def now(self) -> float:
        return NOW


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    path: Path = tmp_path_factory.mktemp("parameters") / "state.sqlite3"
    with asyncio.Runner() as loop, closing(serve(str(path), SETTINGS)) as served:
        running = next(served)
        world = prepare(running, loop)
        document = running.http.get(f"{running.url}/_sandbox/snapshots/world").json()
    store = Store(":memory:")
    sandbox = Sandbox(store, _Still(store), SETTINGS)
    sandbox.restore(document)
    store.run("CREATE TEMP TABLE changed (what, a, b, c, d, e)")
    for table, columns in WATCHED.items():
        for verb, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            values = ", ".join([f"'{verb} {table}'", *(f"{row}.{each}" for each in columns), *["NULL"] * (5 - len(columns))])
            note = f"INSERT INTO changed VALUES ({values})"
            store.run(f"CREATE TEMP TRIGGER {verb}_{table} AFTER {verb} ON main.{table} BEGIN {note}; END")
    with store.transaction():
        yield Desk(world, sandbox)
    store.close()


ALL = [*CASES, *MORE, *BEYOND]
MANY = sorted({(case.method, case.path) for case in ALL})


@pytest.mark.parametrize("wanted", MANY, ids=" ".join)
def test_something_comes_of_every_parameter_that_is_taken(desk: Desk, wanted: tuple[str, str]) -> None:
    """In one situation at least: it changes the answer or what is kept, or it is refused for what it says."""
    cases = [case for case in ALL if (case.method, case.path) == wanted and not case.refused]
    ignored = [set(_ignored(desk, case)) for case in cases] or [set()]
    assert sorted(set.intersection(*ignored) - NOTHING_TO_DO.get(" ".join(wanted), {}).keys()) == []


def _ignored(desk: Desk, case: Case) -> Iterator[str]:
    plain, cls = desk.try_out(case, case.params), parameters.params_of(case)
    assert plain[0] == 200, plain
    assert desk.try_out(case, case.params) == plain, "it is not the same twice"
    for path, values in parameters.leaves(case):
        others = [each for each in values if parameters.there(case.params, path) != each]
        if others and all(desk.try_out(case, parameters.with_leaf(cls, case.params, path, each)) == plain for each in others):
            yield str(path[0]) + "".join(f"[{each}]" for each in path[1:])
