"""Killed at any moment, under load: what was answered is there, what was not is done once, nothing goes untold."""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe
from tests.sandbox.conftest import Client, Listener, charge, eventually, holds_the_law
from tests.sandbox.test_process import process_of

KEY = "sk_test_killed"
ROUNDS = 5
BUYERS = 3
DAY = 86_400


@dataclass
class Life:
    """One life of the process: it ends with `kill`, and the next begins on the same file."""

    url: str
    kill: Callable[[], None]
    http: httpx.Client
    client: Client


@contextmanager
def _life(state: Path) -> Iterator[Life]:
    with process_of(state) as (process, url), httpx.Client(timeout=20) as http:
        wire = stripe.HTTPXClient(timeout=20, allow_sync_methods=True)

        def kill() -> None:
            process.kill()
            process.wait(10)

        sdk = stripe.StripeClient(KEY, base_addresses={"api": url}, max_network_retries=0, http_client=wire)
        try:
            yield Life(url, kill, http, sdk)
        finally:
            wire.close()  # type: ignore[no-untyped-call]


@dataclass
class Ledger:
    """What the buyers sent, and what they were told."""

    paid: dict[str, str] = field(default_factory=dict)
    """Order → payment intent, for what was answered."""
    refunded: dict[str, str] = field(default_factory=dict)
    """Payment intent → refund."""
    unanswered: list[tuple[str, str]] = field(default_factory=list)
    """What was asked for, and what for: sent, and no answer came."""


def _buy(life: Life, ledger: Ledger, chance: random.Random) -> None:
    """Pay and take back, one after the other, until nobody answers any more."""
    while True:
        if ledger.paid and chance.random() < 0.3:
            what, whom = "refund", chance.choice(list(ledger.paid.values()))
            if whom in ledger.refunded:
                continue
        else:
            what, whom = "pay", uuid.uuid4().hex
        try:
            _ask(life.client, ledger, what, whom)
        except stripe.APIConnectionError:
            ledger.unanswered.append((what, whom))
            return


def _ask(client: Client, ledger: Ledger, what: str, whom: str) -> None:
    options: Any = {"idempotency_key": f"{what}-{whom}"}
    if what == "pay":
        given: Any = {
            "amount": 1000,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "metadata": {"order": whom},
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
        ledger.paid[whom] = client.v1.payment_intents.create(given, options).id
    else:
        ledger.refunded[whom] = client.v1.refunds.create({"payment_intent": whom, "amount": 250}, options).id


def _check_law(client: Client) -> None:
    """What the balance says is what its transactions sum to, once the charges of a moment ago are booked."""
    eventually(lambda: holds_the_law(client))


def test_killed_under_load_again_and_again_it_keeps_its_word(tmp_path: Path, listener: Listener) -> None:
    state, ledger, chance = tmp_path / "state.sqlite3", Ledger(), random.Random(11)
    for number in range(ROUNDS):
        with _life(state) as life, ThreadPoolExecutor(BUYERS) as buyers:
            if not number:
                types: Any = ["payment_intent.succeeded", "refund.created"]
                life.client.v1.webhook_endpoints.create({"url": listener.url, "enabled_events": types})
            had = len(ledger.paid)
            for buyer in range(BUYERS):
                buyers.submit(_buy, life, ledger, random.Random(f"{number}/{buyer}"))
            eventually(lambda had=had: len(ledger.paid) >= had + chance.randrange(2, 20), 10)  # type: ignore[misc]
            life.kill()
    assert len(ledger.unanswered) == ROUNDS * BUYERS
    with _life(state) as life:
        _nothing_is_lost(life, ledger)
        _everything_is_told(life, listener)
        life.kill()


def _nothing_is_lost(life: Life, ledger: Ledger) -> None:
    for order, id in ledger.paid.items():
        intent = life.client.v1.payment_intents.retrieve(id)
        assert (intent.status, intent.metadata["order"]) == ("succeeded", order)
    for id in ledger.refunded.values():
        assert life.client.v1.refunds.retrieve(id).status == "succeeded"
    for what, whom in ledger.unanswered:
        _ask(life.client, ledger, what, whom)
        _ask(life.client, ledger, what, whom)
    orders = Counter(each.metadata["order"] for each in life.client.v1.payment_intents.list({"limit": 100}).auto_paging_iter())
    assert orders == Counter(ledger.paid.keys())
    refunds = Counter(each.payment_intent for each in life.client.v1.refunds.list({"limit": 100}).auto_paging_iter())
    assert refunds == Counter(ledger.refunded.keys())
    _check_law(life.client)


def _everything_is_told(life: Life, listener: Listener) -> None:
    types: Any = ["payment_intent.succeeded", "refund.created"]
    happened = {each.id for each in life.client.v1.events.list({"types": types, "limit": 100}).auto_paging_iter()}
    objects = Counter(
        each.data.object.id for each in life.client.v1.events.list({"types": types, "limit": 100}).auto_paging_iter()
    )
    assert set(objects.values()) == {1}
    assert life.http.post(f"{life.url}/_sandbox/webhooks/wait", json={"seconds": 15}).status_code == 200
    assert happened == {json.loads(body)["id"] for _, body in listener.received}


@pytest.mark.parametrize("moment", [0.0, 0.03, 0.2])
def test_a_test_clock_that_was_under_way_arrives_after_a_restart(tmp_path: Path, moment: float) -> None:
    state, now = tmp_path / "state.sqlite3", int(time.time())
    with _life(state) as life:
        v1 = life.client.v1
        clock = v1.test_helpers.test_clocks.create({"frozen_time": now})
        data: Any = {"currency": "usd", "unit_amount": 1000, "recurring": {"interval": "day"}, "product_data": {"name": "Tea"}}
        price = v1.prices.create(data)
        for _ in range(3):
            customer = v1.customers.create({"test_clock": clock.id})
            card = v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
            v1.subscriptions.create(
                {"customer": customer.id, "default_payment_method": card.id, "items": [{"price": price.id}]}
            )
        v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": now + 2 * DAY})
        time.sleep(moment)
        life.kill()
    with _life(state) as life:
        clocks = life.client.v1.test_helpers.test_clocks
        eventually(lambda: clocks.retrieve(clock.id).status == "ready", 20)
        assert clocks.retrieve(clock.id).frozen_time == now + 2 * DAY
        invoices = life.client.v1.invoices.list({"limit": 100}).data
        # One at the start, one after a day, and one that was just drawn up.
        assert Counter(each.customer for each in invoices) == dict.fromkeys({each.customer for each in invoices}, 3)
        assert sum(each.status == "paid" for each in invoices) == 6
        _check_law(life.client)
        life.kill()


@pytest.mark.parametrize("control", ["reset", "snapshots/then/restore", "snapshots"])
def test_what_replaces_everything_happens_whole_or_not_at_all(tmp_path: Path, control: str) -> None:
    state, chance = tmp_path / "state.sqlite3", random.Random(control)
    with _life(state) as life:
        for _ in range(20):
            charge(life.client)
        assert life.http.post(f"{life.url}/_sandbox/snapshots", json={"name": "then"}).status_code == 200
        for _ in range(30):
            charge(life.client)
        asked = threading.Thread(target=_ask_in_vain, args=(f"{life.url}/_sandbox/{control}",))
        asked.start()
        time.sleep(chance.uniform(0, 0.03))
        life.kill()
        asked.join()
    with _life(state) as life:
        left = len(list(life.client.v1.payment_intents.list({"limit": 100}).auto_paging_iter()))
        assert left in {"reset": (0, 50), "snapshots/then/restore": (20, 50), "snapshots": (50,)}[control]
        _check_law(life.client)
        assert life.http.post(f"{life.url}/_sandbox/snapshots/then/restore").status_code == 200
        assert len(life.client.v1.payment_intents.list({"limit": 100}).data) == 20
        assert charge(life.client).status == "succeeded"
        life.kill()


def _ask_in_vain(url: str) -> None:
    with suppress(httpx.HTTPError):
        httpx.post(url, timeout=10)


def test_killed_while_somebody_thinks_about_a_webhook_it_sends_it_again(tmp_path: Path, listener: Listener) -> None:
    state, free = tmp_path / "state.sqlite3", threading.Event()
    listener.before = lambda: free.wait(10)
    with _life(state) as life:
        life.client.v1.webhook_endpoints.create({"url": listener.url, "enabled_events": ["customer.created"]})
        customers = {life.client.v1.customers.create({}).id for _ in range(3)}
        eventually(lambda: len(listener.received) == 3)
        life.kill()
    free.set()
    with _life(state) as life:
        eventually(lambda: len(listener.received) == 6)
        told = Counter(json.loads(body)["data"]["object"]["id"] for _, body in listener.received)
        assert told == dict.fromkeys(customers, 2)
        life.kill()
