"""A law and a story of Connect: every account's books add up after anything, and one marketplace order from end to end."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sandbox.conftest import Client, Running, charge, serve
from tests.sandbox.connect import DAY, balance_of, new_seller, on

from farthing.sandbox import Settings

STEPS = ("destination", "part", "direct", "plain", "transfer", "refund", "reverse", "fee", "payout", "cancel", "time")


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Charges settle within their own request's second, so that a sequence need not wait for each."""
    path: Path = tmp_path_factory.mktemp("laws") / "state.sqlite3"
    yield from serve(str(path), Settings(strict=True, settles_after_seconds=0))


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
