"""Payouts: by hand and by schedule, arriving, canceled, reversed, and coming back after they were paid."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import Client, Running, charge, eventually
from tests.sandbox.connect import DAY, balance_of, movements, new_seller, on, seller_events

HOUR = 3600


def _fund(client: Client, seller: str, amount: int = 5000) -> None:
    """Available at once."""
    intent = charge(client, 2 * amount, card="pm_card_bypassPending")
    eventually(lambda: client.v1.charges.retrieve(intent.latest_charge).balance_transaction)
    client.v1.transfers.create({"amount": amount, "currency": "usd", "destination": seller})


def _pay_out(client: Client, seller: str, amount: int = 5000, **params: Any) -> Any:
    return client.v1.payouts.create({"amount": amount, "currency": "usd", **params}, on(seller))


def test_a_payout_by_hand_arrives_two_days_later(client: Client, sandbox: Running) -> None:
    seller = new_seller(client)
    _fund(client, seller)
    payout = _pay_out(client, seller, 4000, metadata={"week": "7"})
    assert (payout.status, payout.automatic, payout.arrival_date - payout.created) == ("pending", False, 2 * DAY)
    assert balance_of(client, seller) == (1000, 0)
    sandbox.advance(HOUR + 1)
    assert client.v1.payouts.retrieve(payout.id, {}, on(seller)).status == "in_transit"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payouts.cancel(payout.id, {}, on(seller))
    sandbox.advance(2 * DAY)
    assert client.v1.payouts.retrieve(payout.id, {}, on(seller)).status == "paid"
    assert seller_events(client, seller)[-3:] == ["payout.created", "payout.updated", "payout.paid"]
    assert client.v1.payouts.list().data == []


def test_a_payout_needs_available_money(client: Client) -> None:
    seller = new_seller(client)
    charge(client, 5000, transfer_data={"destination": seller})
    eventually(lambda: balance_of(client, seller) == (0, 5000))
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _pay_out(client, seller)
    assert refused.value.code == "balance_insufficient"
    with pytest.raises(stripe.InvalidRequestError, match="external accounts in that currency"):
        _pay_out(client, seller, currency="eur")
    assert balance_of(client, seller) == (0, 5000)


def test_a_pending_payout_is_canceled_and_a_paid_one_reversed(client: Client, sandbox: Running) -> None:
    seller = new_seller(client)
    _fund(client, seller)
    canceled = client.v1.payouts.cancel(_pay_out(client, seller).id, {}, on(seller))
    assert (canceled.status, balance_of(client, seller)) == ("canceled", (5000, 0))
    paid = _pay_out(client, seller)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payouts.reverse(paid.id, {}, on(seller))
    sandbox.advance(2 * DAY + 1)
    back = client.v1.payouts.reverse(paid.id, {}, on(seller))
    assert (back.amount, back.original_payout) == (-5000, paid.id)
    assert client.v1.payouts.retrieve(paid.id, {}, on(seller)).reversed_by == back.id
    assert balance_of(client, seller) == (5000, 0)
    assert seller_events(client, seller)[-2:] == ["payout.created", "payout.updated"]


def test_a_payout_fails_after_it_was_paid_and_stops_the_next(client: Client, sandbox: Running) -> None:
    seller = new_seller(client, external_account="btok_us_verified_noAccount")
    _fund(client, seller)
    payout = _pay_out(client, seller)
    sandbox.advance(2 * DAY + 1)
    assert client.v1.payouts.retrieve(payout.id, {}, on(seller)).status == "paid"
    sandbox.advance(DAY)
    failed = client.v1.payouts.retrieve(payout.id, {"expand": ["failure_balance_transaction"]}, on(seller))
    assert (failed.status, failed.failure_code) == ("failed", "no_account")
    assert (failed.failure_balance_transaction.type, failed.failure_balance_transaction.net) == ("payout_failure", 5000)
    assert seller_events(client, seller)[-6:] == [
        "payout.created",
        "payout.updated",
        "payout.paid",
        "payout.failed",
        "account.external_account.updated",
        "account.updated",
    ]
    stopped = client.v1.accounts.retrieve(seller)
    assert (stopped.payouts_enabled, stopped.charges_enabled) == (False, True)
    assert stopped.requirements.currently_due == ["external_account"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _pay_out(client, seller)
    assert refused.value.code == "payouts_not_allowed"
    client.v1.accounts.update(seller, {"external_account": "btok_us_verified"})
    assert client.v1.accounts.retrieve(seller).payouts_enabled


def test_the_schedule_pays_out_what_became_available(client: Client, sandbox: Running) -> None:
    seller = new_seller(client, interval="daily")
    charge(client, 5000, transfer_data={"destination": seller}, application_fee_amount=500)
    eventually(lambda: balance_of(client, seller) == (0, 4500))
    sandbox.advance(3 * DAY)
    payout = client.v1.payouts.list({}, on(seller)).data[0]
    assert (payout.amount, payout.automatic, payout.reconciliation_status) == (4500, True, "in_progress")
    assert dt.datetime.fromtimestamp(payout.created, dt.UTC).hour == 0
    sandbox.advance(3 * DAY)
    assert client.v1.payouts.retrieve(payout.id, {}, on(seller)).reconciliation_status == "completed"
    assert seller_events(client, seller)[-5:] == [
        "balance.available",
        "payout.created",
        "payout.updated",
        "payout.paid",
        "payout.reconciliation_completed",
    ]
    inside = client.v1.balance_transactions.list({"payout": payout.id}, on(seller)).data
    assert [(each.type, each.net) for each in inside] == [("payout", -4500), ("payment", 4500)]
    assert movements(client, seller) == [("payment", 5000, 500, 4500), ("payout", -4500, 0, -4500)]


def test_the_schedule_is_set_with_the_balance_settings(client: Client, sandbox: Running) -> None:
    seller = new_seller(client)
    assert client.v1.balance_settings.retrieve({}, on(seller)).payments.payouts.schedule.interval == "manual"
    weekly = {"interval": "weekly", "weekly_payout_days": ["friday"]}
    wanted = {"payments": {"payouts": {"schedule": weekly}, "settlement_timing": {"delay_days_override": 5}}}
    settings = client.v1.balance_settings.update(wanted, on(seller))
    assert settings.payments.payouts.schedule.weekly_payout_days == ["friday"]
    assert settings.payments.settlement_timing.delay_days == 5
    shown = client.v1.accounts.retrieve(seller).settings.payouts.schedule
    assert (shown.interval, shown.weekly_payout_days) == ("weekly", ["friday"])
    intent = client.v1.payment_intents.create(
        {
            "amount": 900,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "return_url": "http://127.0.0.1:9",
        },
        on(seller),
    )
    eventually(lambda: client.v1.charges.retrieve(intent.latest_charge, {}, on(seller)).balance_transaction)
    booked = client.v1.balance_transactions.list({}, on(seller)).data[0]
    assert booked.available_on - booked.created == 5 * DAY
    _fund(client, seller)
    sandbox.advance(8 * DAY)
    payout = client.v1.payouts.list({}, on(seller)).data[0]
    assert dt.datetime.fromtimestamp(payout.created, dt.UTC).strftime("%A") == "Friday"


def test_a_debit_card_takes_payouts_and_a_credit_card_does_not(client: Client, sandbox: Running) -> None:
    seller = new_seller(client)
    card = client.v1.accounts.external_accounts.create(
        seller, {"external_account": "tok_visa_debit", "default_for_currency": True}
    )
    assert (card.object, card.brand, card.last4, card.default_for_currency) == ("card", "Visa", "5556", True)
    typed = {"object": "card", "number": "4242424242424242", "exp_month": 1, "exp_year": 2035}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.accounts.external_accounts.create(seller, {"external_account": typed})
    assert refused.value.code == "invalid_card_type"
    _fund(client, seller)
    payout = _pay_out(client, seller)
    assert (payout.destination, payout.type) == (card.id, "card")
    sandbox.advance(2 * DAY + 1)
    assert client.v1.payouts.retrieve(payout.id, {}, on(seller)).status == "paid"
    kinds = [each.object for each in client.v1.accounts.external_accounts.list(seller).data]
    assert kinds == ["bank_account", "card"]
    assert [each.id for each in client.v1.accounts.external_accounts.list(seller, {"object": "card"}).data] == [card.id]


def test_the_platform_is_paid_out_by_hand(client: Client, sandbox: Running) -> None:
    intent = charge(client, 10_000, card="pm_card_bypassPending")
    eventually(lambda: client.v1.charges.retrieve(intent.latest_charge).balance_transaction)
    payout = client.v1.payouts.create({"amount": 9680, "currency": "usd"})
    sandbox.advance(2 * DAY + 1)
    assert client.v1.payouts.retrieve(payout.id).status == "paid"
    assert balance_of(client) == (0, 0)
