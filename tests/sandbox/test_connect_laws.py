"""A law and a story of Connect: every account's books add up after anything, and one marketplace order from end to end."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sandbox.conftest import Client, Listener, Running, charge, events, eventually, new_session, serve
from tests.sandbox.connect import CAPABILITIES, DAY, balance_of, movements, new_seller, on, seller_events

from farthing.sandbox import Settings

STEPS = ("destination", "part", "direct", "plain", "transfer", "refund", "reverse", "fee", "payout", "cancel", "time")


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Charges settle within their own request's second, so that a sequence need not wait for each."""
    path: Path = tmp_path_factory.mktemp("laws") / "state.sqlite3"
    yield from serve(str(path), Settings(checks_answers=True, settles_after_seconds=0))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(STEPS), min_size=3, max_size=14), seed=st.integers(0, 2**32))
def test_whatever_happens_the_books_of_every_account_add_up(quick: Running, steps: list[str], seed: int) -> None:
    client, chance = quick.client(), random.Random(seed)
    sellers = [new_seller(client), new_seller(client, interval="daily")]
    for step in steps:
        # Some steps ask for more than there is; a refusal moves nothing.
        with contextlib.suppress(stripe.InvalidRequestError):
            _do(client, quick, step, chance, chance.choice(sellers))
        for whose in (None, *sellers):
            _adds_up(client, whose)


def _adds_up(client: Client, whose: str | None) -> None:
    found = client.v1.balance_transactions.list({"limit": 100}, on(whose) if whose else {}).data
    available, pending = balance_of(client, whose)
    assert sum(each.net for each in found if each.status == "available") == available
    assert sum(each.net for each in found if each.status == "pending") == pending
    assert all(each.net == each.amount - each.fee == each.amount - sum(f.amount for f in each.fee_details) for each in found)


def _do(  # noqa: C901 - one case a step
    client: Client, sandbox: Running, step: str, chance: random.Random, seller: str
) -> None:
    amount, card = chance.randrange(100, 50_000), chance.choice(("pm_card_visa", "pm_card_bypassPending"))
    match step:
        case "destination":
            to = {"destination": seller}
            charge(client, amount, card, transfer_data=to, application_fee_amount=chance.randrange(0, amount))
        case "part":
            charge(client, amount, card, transfer_data={"destination": seller, "amount": chance.randrange(1, amount)})
        case "direct":
            _direct(client, amount, card, seller, fee=chance.randrange(1, amount))
        case "plain":
            charge(client, amount, card)
        case "transfer":
            client.v1.transfers.create({"amount": amount, "currency": "usd", "destination": seller})
        case "refund":
            _refund(client, chance)
        case "reverse":
            if found := client.v1.transfers.list().data:
                client.v1.transfers.reversals.create(chance.choice(found).id, {"amount": amount})
        case "fee":
            if fees := client.v1.application_fees.list().data:
                client.v1.application_fees.refunds.create(chance.choice(fees).id, {"amount": chance.randrange(1, 500)})
        case "payout":
            client.v1.payouts.create({"amount": amount, "currency": "usd"}, on(seller))
        case "cancel":
            if payouts := client.v1.payouts.list({"status": "pending"}, on(seller)).data:
                client.v1.payouts.cancel(payouts[0].id, {}, on(seller))
        case _:
            sandbox.advance(chance.choice((3600, DAY, 3 * DAY)))


def _direct(client: Client, amount: int, card: str, seller: str, *, fee: int) -> Any:
    wanted: Any = {
        "amount": amount,
        "currency": "usd",
        "payment_method": card,
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "application_fee_amount": fee,
    }
    return client.v1.payment_intents.create(wanted, on(seller))


def _refund(client: Client, chance: random.Random) -> None:
    made = client.v1.charges.list().data
    if not made:
        return
    chosen = chance.choice(made)
    wanted: Any = {"charge": chosen.id, "amount": chance.randrange(1, chosen.amount + 1)}
    if chosen.transfer:
        wanted["reverse_transfer"] = chance.random() < 0.7
    if chosen.application_fee:
        wanted["refund_application_fee"] = chance.random() < 0.5
    client.v1.refunds.create(wanted)


def test_a_marketplace_order_from_onboarding_to_a_payout_that_came_back(
    client: Client, sandbox: Running, listener: Listener
) -> None:
    client.v1.webhook_endpoints.create({"url": listener.url, "enabled_events": ["*"], "connect": True})
    seller = client.v1.accounts.create(
        {
            "country": "US",
            "controller": {
                "losses": {"payments": "application"},
                "fees": {"payer": "application"},
                "requirement_collection": "stripe",
                "stripe_dashboard": {"type": "express"},
            },
            "capabilities": CAPABILITIES,
            "settings": {"payouts": {"schedule": {"interval": "manual"}}},
        }
    ).id
    assert sandbox.post(f"/accounts/{seller}/onboard", account_number="000111111113").status_code == 200
    onboarding = [
        "account.updated",
        "account.external_account.created",
        "account.updated",
        "capability.updated",
        "capability.updated",
        "account.updated",
    ]
    assert seller_events(client, seller) == onboarding

    session = new_session(client, 10_000, payment_intent_data={"transfer_group": "order_1"})
    assert sandbox.pay(session.id, card="4242424242424242").status_code == 200
    paid = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]}).payment_intent
    eventually(lambda: client.v1.charges.retrieve(paid.latest_charge).balance_transaction)
    transfer = client.v1.transfers.create(
        {"amount": 9000, "currency": "usd", "destination": seller, "source_transaction": paid.latest_charge}
    )
    assert (transfer.transfer_group, balance_of(client), balance_of(client, seller)) == ("order_1", (0, 680), (0, 9000))

    client.v1.transfers.reversals.create(transfer.id, {"amount": 1800})
    client.v1.refunds.create({"payment_intent": paid.id, "amount": 2000})
    assert (balance_of(client), balance_of(client, seller)) == ((0, 480), (0, 7200))

    sandbox.advance(2 * DAY + 1)
    assert (balance_of(client), balance_of(client, seller)) == ((480, 0), (7200, 0))
    payout = client.v1.payouts.create({"amount": 7200, "currency": "usd"}, on(seller))
    assert balance_of(client, seller) == (0, 0)
    sandbox.advance(2 * DAY + 1)
    assert client.v1.payouts.retrieve(payout.id, {}, on(seller)).status == "paid"
    sandbox.advance(DAY)
    failed = client.v1.payouts.retrieve(payout.id, {}, on(seller))
    assert (failed.status, failed.failure_code, balance_of(client, seller)) == ("failed", "account_closed", (7200, 0))

    assert [each for each in events(client) if not each.startswith(("product.", "price."))] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
        "charge.updated",
        "transfer.created",
        "transfer.reversed",
        "refund.created",
        "charge.refunded",
    ]
    story = [
        *onboarding,
        "balance.available",
        "payout.created",
        "payout.updated",
        "payout.paid",
        "payout.failed",
        "account.external_account.updated",
        "account.updated",
    ]
    assert seller_events(client, seller) == story
    assert movements(client) == [
        ("charge", 10_000, 320, 9680),
        ("transfer", -9000, 0, -9000),
        ("transfer_refund", 1800, 0, 1800),
        ("refund", -2000, 0, -2000),
    ]
    assert movements(client, seller) == [
        ("payment", 9000, 0, 9000),
        ("payment_refund", -1800, 0, -1800),
        ("payout", -7200, 0, -7200),
        ("payout_failure", 7200, 0, 7200),
    ]
    eventually(lambda: len(listener.received) == len(story))
    heard = [json.loads(body) for _, body in listener.received]
    assert sorted(each["type"] for each in heard) == sorted(story)
    assert {each["account"] for each in heard} == {seller}
