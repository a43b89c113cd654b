"""Payouts: by hand and by schedule, arriving, canceled, reversed, and coming back after they were paid."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import Client, Running, charge, eventually
from tests.sandbox.connect import DAY, balance_of, direct, movements, new_seller, on, seller_events

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


@pytest.mark.parametrize(
    ("schedule", "day", "delay"),
    [
        ({"interval": "monthly", "monthly_anchor": 31}, "last", 2),
        ({"interval": "monthly", "monthly_payout_days": [15]}, "15", 2),
        ({"interval": "weekly", "weekly_payout_days": ["wednesday"]}, "Wednesday", 2),
        ({"interval": "daily", "delay_days": 7}, "any", 7),
        ({"interval": "daily", "delay_days": "minimum"}, "any", 2),
    ],
)
def test_a_schedule_pays_on_its_day_what_its_delay_let_through(
    client: Client, sandbox: Running, schedule: Any, day: str, delay: int
) -> None:
    seller = new_seller(client, settings={"payouts": {"schedule": schedule}})
    shown = client.v1.accounts.retrieve(seller).settings.payouts.schedule
    assert (shown.interval, shown.delay_days) == (schedule["interval"], delay)
    direct(client, seller, 5000)
    eventually(lambda: client.v1.balance_transactions.list({}, on(seller)).data)
    booked = client.v1.balance_transactions.list({}, on(seller)).data[0]
    assert booked.available_on - booked.created == delay * DAY
    sandbox.advance((32 + delay) * DAY)
    payout = client.v1.payouts.list({}, on(seller)).data[-1]
    made = dt.datetime.fromtimestamp(payout.created, dt.UTC)
    said = {"last": (made + dt.timedelta(days=1)).day == 1, "15": made.day == 15, "any": True}
    assert said.get(day, made.strftime("%A") == day)
    assert (payout.amount, made.hour, payout.created >= booked.available_on) == (5000 - 175, 0, True)
    if schedule["interval"] == "daily":
        assert payout.created - booked.available_on <= DAY


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


def test_an_instant_payout_goes_to_a_debit_card_with_money_still_on_its_way(client: Client, sandbox: Running) -> None:
    seller = new_seller(client)
    charge(client, 10_000, transfer_data={"destination": seller, "amount": 9_000})
    eventually(lambda: balance_of(client, seller) == (0, 9_000))
    assert "instant_available" not in client.v1.balance.retrieve({}, on(seller))
    with pytest.raises(stripe.InvalidRequestError, match="does not support instant payouts"):
        _pay_out(client, seller, 1_000, method="instant")
    card = client.v1.accounts.external_accounts.create(
        seller, {"external_account": "tok_visa_debit_us_transferSuccess", "default_for_currency": True}
    )
    assert card.available_payout_methods == ["standard", "instant"]
    instant = client.v1.balance.retrieve({}, on(seller)).instant_available[0]
    assert (instant.amount, instant.net_available[0].amount, instant.net_available[0].destination) == (9_000, 8_911, card.id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _pay_out(client, seller, 8_912, method="instant")
    assert refused.value.code == "balance_insufficient"
    payout = _pay_out(client, seller, 8_911, method="instant")
    assert (payout.method, payout.arrival_date - payout.created) == ("instant", 1800)
    assert movements(client, seller)[-1] == ("payout", -8_911, 89, -9_000)
    assert balance_of(client, seller) == (-9_000, 9_000)
    sandbox.advance(HOUR)
    assert client.v1.payouts.retrieve(payout.id, {}, on(seller)).status == "paid"
    sandbox.advance(3 * DAY)
    assert balance_of(client, seller) == (0, 0)


def test_a_payout_to_a_card_comes_back_and_the_card_is_not_used_again(client: Client, sandbox: Running) -> None:
    seller = new_seller(client, external_account="tok_visa_debit_us_transferFail")
    _fund(client, seller)
    payout = _pay_out(client, seller)
    sandbox.advance(3 * DAY + 1)
    failed = client.v1.payouts.retrieve(payout.id, {}, on(seller))
    assert (failed.status, failed.failure_code, balance_of(client, seller)) == ("failed", "could_not_process", (5000, 0))
    card = client.v1.accounts.external_accounts.list(seller).data[0]
    assert (card.object, card.status) == ("card", "errored")
    assert client.v1.accounts.retrieve(seller).payouts_enabled is False
    client.v1.accounts.external_accounts.create(seller, {"external_account": "btok_us_verified"})
    assert client.v1.accounts.retrieve(seller).payouts_enabled
    with pytest.raises(stripe.InvalidRequestError, match="failed before"):
        _pay_out(client, seller, destination=card.id)


def test_a_bank_account_given_with_the_account_takes_the_place_of_the_old_one(client: Client) -> None:
    seller = new_seller(client)
    old = client.v1.accounts.retrieve(seller).external_accounts.data[0]
    told = len(seller_events(client, seller))
    now = client.v1.accounts.update(seller, {"external_account": "btok_us_verified_noAccount"}).external_accounts.data
    assert [(each.last4, each.default_for_currency) for each in now] == [("1116", True)]
    assert old.id != now[0].id
    assert seller_events(client, seller)[told:] == [
        "account.external_account.created",
        "account.external_account.deleted",
        "account.updated",
    ]


def test_the_schedule_leaves_a_minimum(client: Client, sandbox: Running) -> None:
    seller = new_seller(client, interval="daily")
    keep = {"payments": {"payouts": {"minimum_balance_by_currency": {"usd": 1500}}}}
    settings = client.v1.balance_settings.update(keep, on(seller))
    assert settings.payments.payouts.minimum_balance_by_currency["usd"] == 1500
    _fund(client, seller)
    sandbox.advance(DAY)
    assert [each.amount for each in client.v1.payouts.list({}, on(seller)).data] == [3500]
    assert balance_of(client, seller) == (1500, 0)
    client.v1.balance_settings.update({"payments": {"payouts": {"minimum_balance_by_currency": {"usd": ""}}}}, on(seller))
    _fund(client, seller, 100)
    sandbox.advance(DAY)
    assert balance_of(client, seller) == (0, 0)


def test_a_seller_below_zero_cannot_be_paid_out_and_the_platform_keeps_a_reserve(client: Client, sandbox: Running) -> None:
    seller = new_seller(client)
    intent = charge(client, 10_000, "pm_card_bypassPending", transfer_data={"destination": seller})
    eventually(lambda: balance_of(client, seller) == (10_000, 0))
    _pay_out(client, seller, 10_000)
    assert "connect_reserved" not in client.v1.balance.retrieve()
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 4_000, "reverse_transfer": True})
    assert balance_of(client, seller) == (-4_000, 0)
    held = client.v1.balance.retrieve()
    assert (held.connect_reserved[0].amount, balance_of(client)) == (4_000, (9_680 - 10_000 - 4_000, 0))
    booked = client.v1.balance_transactions.list({"type": "reserve_transaction"}).data
    assert [(each.net, each.reporting_category) for each in booked] == [(-4_000, "connect_reserved_funds")]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        _pay_out(client, seller, 1)
    assert refused.value.code == "balance_insufficient"
    charge(client, 3_000, "pm_card_bypassPending", transfer_data={"destination": seller})
    eventually(lambda: balance_of(client, seller) == (-1_000, 0))
    assert client.v1.balance.retrieve().connect_reserved[0].amount == 1_000
    charge(client, 3_000, "pm_card_bypassPending", transfer_data={"destination": seller})
    eventually(lambda: balance_of(client, seller) == (2_000, 0))
    assert client.v1.balance.retrieve().connect_reserved[0].amount == 0


def test_what_a_seller_owes_is_fetched_from_the_bank_account(client: Client, sandbox: Running) -> None:
    seller = new_seller(client, interval="daily")
    wanted = {"payments": {"debit_negative_balances": True}}
    assert client.v1.balance_settings.update(wanted, on(seller)).payments.debit_negative_balances
    intent = charge(client, 10_000, "pm_card_bypassPending", transfer_data={"destination": seller})
    eventually(lambda: balance_of(client, seller) == (10_000, 0))
    sandbox.advance(DAY)
    assert balance_of(client, seller) == (0, 0)
    client.v1.refunds.create({"payment_intent": intent.id, "reverse_transfer": True})
    assert balance_of(client, seller) == (-10_000, 0)
    sandbox.advance(DAY)
    fetched = client.v1.payouts.list({}, on(seller)).data[0]
    assert (fetched.amount, fetched.automatic, balance_of(client, seller)) == (-10_000, True, (0, 0))
    sandbox.advance(3 * DAY)
    assert client.v1.payouts.retrieve(fetched.id, {}, on(seller)).status == "paid"
    assert client.v1.balance.retrieve().connect_reserved[0].amount == 0


def test_only_an_automatic_payout_knows_what_it_pays_out(client: Client) -> None:
    seller = new_seller(client)
    _fund(client, seller)
    payout = _pay_out(client, seller)
    with pytest.raises(stripe.InvalidRequestError, match="not manual") as refused:
        client.v1.balance_transactions.list({"payout": payout.id}, on(seller))
    assert refused.value.param == "payout"


def test_the_platform_is_paid_out_by_hand(client: Client, sandbox: Running) -> None:
    intent = charge(client, 10_000, card="pm_card_bypassPending")
    eventually(lambda: client.v1.charges.retrieve(intent.latest_charge).balance_transaction)
    payout = client.v1.payouts.create({"amount": 9680, "currency": "usd"})
    sandbox.advance(2 * DAY + 1)
    assert client.v1.payouts.retrieve(payout.id).status == "paid"
    assert balance_of(client) == (0, 0)
