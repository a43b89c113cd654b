"""Money that is not there yet: transfers out of payments still on their way, and buyers who live on a test clock."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sandbox.billing import advance, new_clock, new_customer
from tests.sandbox.conftest import Client, Running, charge, events, eventually
from tests.sandbox.connect import DAY, balance_of, movements, new_seller, on


def _pass_on(client: Client, intent: Any, seller: str, amount: int) -> Any:
    return client.v1.transfers.create(
        {"amount": amount, "currency": "usd", "destination": seller, "source_transaction": intent.latest_charge}
    )


@pytest.mark.parametrize("comes", [True, False])
def test_a_transfer_out_of_a_debit_stands_or_falls_with_it(client: Client, sandbox: Running, comes: bool) -> None:
    seller = new_seller(client)
    intent = charge(client, 10_000, "pm_usBankAccount_success" if comes else "pm_usBankAccount_noAccount")
    transfer = _pass_on(client, intent, seller, 9_000)
    assert (balance_of(client), balance_of(client, seller)) == ((0, -9_000), (0, 9_000))
    sandbox.advance(4 * DAY + 60)
    after = client.v1.transfers.retrieve(transfer.id)
    assert (after.reversed, after.amount_reversed) == (not comes, 0 if comes else 9_000)
    assert balance_of(client) == ((0, 920) if comes else (0, 0))
    assert balance_of(client, seller) == ((0, 9_000) if comes else (0, 0))
    assert ("transfer.reversed" in events(client)) is not comes
    sandbox.advance(3 * DAY)
    assert balance_of(client, seller) == ((9_000, 0) if comes else (0, 0))


def test_a_seller_paid_by_a_buyer_on_a_clock_lives_in_the_sandbox_s_time(client: Client, sandbox: Running) -> None:
    seller, clock = new_seller(client), new_clock(client)
    customer = new_customer(client, clock)
    method = (
        customer.invoice_settings.default_payment_method or client.v1.customers.payment_methods.list(customer.id).data[0].id
    )
    intent = charge(client, 10_000, method, customer=customer.id, transfer_data={"destination": seller, "amount": 9_000})
    eventually(lambda: client.v1.charges.retrieve(intent.latest_charge).balance_transaction)
    later = _pass_on(client, charge(client, 10_000, method, customer=customer.id), seller, 1_000)
    own = client.v1.balance_transactions.list({"limit": 100}).data
    assert {each.available_on - clock.frozen_time for each in own} == {2 * DAY}
    assert (later.created, balance_of(client)) == (clock.frozen_time, (0, 9_360))
    told = client.v1.balance_transactions.list({}, on(seller)).data
    now = sandbox.http.get(f"{sandbox.url}/_sandbox/clock").json()["now"]
    assert all(abs(each.available_on - now - 2 * DAY) < 60 for each in told)
    advance(client, clock, clock.frozen_time + 3 * DAY)
    assert (balance_of(client), balance_of(client, seller)) == ((9_360, 0), (0, 10_000))
    sandbox.advance(3 * DAY)
    assert balance_of(client, seller) == (10_000, 0)
    assert movements(client, seller) == [("payment", 9_000, 0, 9_000), ("payment", 1_000, 0, 1_000)]


def test_everything_happens_at_its_own_time_whosever_it_is(client: Client, sandbox: Running) -> None:
    first, second = new_seller(client), new_seller(client, interval="daily")
    waiting = charge(client, 3_000, capture_method="manual")
    disputed = charge(client, 4_000, "pm_card_createDispute")
    for seller, amount in ((first, 2_000), (second, 1_000)):
        paid = charge(client, 9_000, "pm_card_bypassPending", transfer_data={"destination": seller, "amount": amount})
        eventually(lambda made=paid.latest_charge: client.v1.charges.retrieve(made).balance_transaction)  # type: ignore[misc]
    payout = client.v1.payouts.create({"amount": 2_000, "currency": "usd"}, on(first))
    sandbox.advance(5)
    dispute = client.v1.disputes.list({"payment_intent": disputed.id}).data[0]
    sandbox.advance(20 * DAY)
    assert _told_at(client, "payment_intent.canceled") == [waiting.created + 7 * DAY]
    assert _told_at(client, "charge.dispute.closed") == [dispute.evidence_details.due_by]
    assert _told_at(client, "payout.paid", on(first)) == [payout.arrival_date]
    automatic = client.v1.payouts.list({}, on(second)).data[0]
    assert automatic.created % DAY == 0
    assert _told_at(client, "payout.created", on(second)) == [automatic.created]
    assert _told_at(client, "payout.paid", on(second)) == [automatic.arrival_date]


def _told_at(client: Client, type: str, options: Any = None) -> list[int]:
    return [each.created for each in client.v1.events.list({"type": type}, options or {}).data]
