"""Payments made on a seller's own account: its fees, its disputes, its refunds, and balances in several currencies."""

from __future__ import annotations

import json
from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import Client, Listener, Running, charge, error_of, events, eventually
from tests.sandbox.connect import CAPABILITIES, DAY, balance_of, direct, movements, new_seller, on, seller_events

EXPRESS: Any = {
    "losses": {"payments": "application"},
    "fees": {"payer": "application"},
    "requirement_collection": "stripe",
    "stripe_dashboard": {"type": "express"},
}


def _settled(client: Client, intent: Any, seller: str) -> Any:
    eventually(lambda: client.v1.charges.retrieve(intent.latest_charge, {}, on(seller)).balance_transaction)
    return client.v1.charges.retrieve(intent.latest_charge, {}, on(seller))


def test_a_dispute_of_a_direct_charge_is_the_sellers(client: Client, sandbox: Running, listener: Listener) -> None:
    client.v1.webhook_endpoints.create({"url": listener.url, "enabled_events": ["charge.dispute.created"], "connect": True})
    seller = new_seller(client)
    intent = direct(client, seller, 10_000, "pm_card_createDispute", application_fee_amount=1_000)
    _settled(client, intent, seller)
    sandbox.advance(5)
    assert client.v1.disputes.list().data == []
    dispute = client.v1.disputes.list({}, on(seller)).data[0]
    assert (dispute.amount, dispute.charge) == (10_000, intent.latest_charge)
    assert movements(client, seller) == [("charge", 10_000, 1_320, 8_680), ("adjustment", -10_000, 1_500, -11_500)]
    assert sum(balance_of(client, seller)) == -2_820
    assert movements(client)[0] == ("application_fee", 1_000, 0, 1_000)
    assert seller_events(client, seller)[-3:] == ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.updated"]
    eventually(lambda: listener.received)
    heard = json.loads(listener.received[0][1])
    assert (heard["account"], heard["data"]["object"]["id"]) == (seller, dispute.id)
    client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}}, on(seller))
    sandbox.advance(2 * DAY)
    assert client.v1.disputes.retrieve(dispute.id, {}, on(seller)).status == "won"
    assert sum(balance_of(client, seller)) == 7_180


def test_a_platform_that_pays_the_fees_pays_them_itself(client: Client, sandbox: Running) -> None:
    seller = client.v1.accounts.create({"controller": EXPRESS, "capabilities": CAPABILITIES}).id
    assert sandbox.post(f"/accounts/{seller}/onboard").status_code == 200
    _settled(client, direct(client, seller, 10_000, application_fee_amount=1_000), seller)
    assert movements(client, seller) == [("charge", 10_000, 1_000, 9_000)]
    assert movements(client) == [("stripe_fee", -320, 0, -320), ("application_fee", 1_000, 0, 1_000)]
    assert events(client) == ["application_fee.created"]


def test_a_refund_gives_its_share_of_the_fee_back_only_when_told_to(client: Client) -> None:
    seller = new_seller(client)
    made = _settled(client, direct(client, seller, 9_999, application_fee_amount=1_001), seller)
    client.v1.refunds.create({"charge": made.id, "amount": 3_333}, on(seller))
    assert client.v1.application_fees.retrieve(made.application_fee).amount_refunded == 0
    client.v1.refunds.create({"charge": made.id, "amount": 3_333, "refund_application_fee": True}, on(seller))
    assert client.v1.application_fees.retrieve(made.application_fee).amount_refunded == 667
    client.v1.refunds.create({"charge": made.id, "refund_application_fee": True}, on(seller))
    fee = client.v1.application_fees.retrieve(made.application_fee)
    assert (fee.amount_refunded, fee.refunded) == (1_001, True)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.application_fees.refunds.create(fee.id, {"amount": 1})
    assert error_of(refused).code == "application_fee_already_refunded"


def test_each_currency_has_a_balance_of_its_own(client: Client, sandbox: Running) -> None:
    seller = new_seller(client)
    for amount, currency, card in ((10_000, "usd", "bypassPending"), (8_000, "eur", "bypassPending"), (6_000, "eur", "visa")):
        intent = charge(client, amount, f"pm_card_{card}", currency=currency)
        eventually(lambda made=intent.latest_charge: client.v1.charges.retrieve(made).balance_transaction)  # type: ignore[misc]
    balance = client.v1.balance.retrieve()
    assert [(each.currency, each.amount) for each in balance.available] == [("eur", 7_738), ("usd", 9_680)]
    assert [(each.currency, each.amount) for each in balance.pending] == [("eur", 5_796), ("usd", 0)]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.create({"amount": 7_739, "currency": "eur", "destination": seller})
    assert error_of(refused).code == "balance_insufficient"
    client.v1.transfers.create({"amount": 7_738, "currency": "eur", "destination": seller})
    there = client.v1.balance.retrieve({}, on(seller)).available
    assert [(each.currency, each.amount) for each in there] == [("eur", 7_738)]
    only = client.v1.balance_transactions.list({"currency": "eur"}).data
    assert sum(each.net for each in only) == 5_796
    sandbox.advance(2 * DAY + 1)
    assert [(each.currency, each.amount) for each in client.v1.balance.retrieve().available] == [("eur", 5_796), ("usd", 9_680)]


def test_a_platform_takes_what_a_seller_owes_it_from_the_sellers_balance(client: Client) -> None:
    seller, own = new_seller(client), client.v1.accounts.retrieve_current().id
    _settled(client, direct(client, seller, 10_000, "pm_card_bypassPending"), seller)
    wanted = {"currency": "usd", "destination": own, "description": "Last month's fees"}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.create({**wanted, "amount": 9_681}, on(seller))
    assert error_of(refused).code == "balance_insufficient"
    debit = client.v1.transfers.create({**wanted, "amount": 2_500}, on(seller))
    payment = client.v1.charges.retrieve(debit.destination_payment)
    assert (payment.amount, payment.source_transfer) == (2_500, debit.id)
    assert movements(client, seller) == [("charge", 10_000, 320, 9_680), ("transfer", -2_500, 0, -2_500)]
    assert movements(client) == [("payment", 2_500, 0, 2_500)]
    assert (balance_of(client), balance_of(client, seller)) == ((2_500, 0), (7_180, 0))
    assert seller_events(client, seller)[-1] == "transfer.created"
    standard = client.v1.accounts.create({"type": "standard", "capabilities": CAPABILITIES}).id
    with pytest.raises(stripe.InvalidRequestError, match="answers for its own losses"):
        client.v1.transfers.create({**wanted, "amount": 100}, on(standard))


def test_a_seller_is_paid_from_bank_accounts_when_allowed_to(client: Client, sandbox: Running) -> None:
    seller = new_seller(client)
    with pytest.raises(stripe.InvalidRequestError, match="ensure the provided type is activated"):
        direct(client, seller, 9_000, "pm_usBankAccount_success")
    assert movements(client, seller) == []
    asked = client.v1.accounts.capabilities.update(seller, "us_bank_account_ach_payments", {"requested": True})
    assert (asked.status, asked.requested) == ("active", True)
    intent = direct(client, seller, 9_000, "pm_usBankAccount_success", application_fee_amount=900)
    assert intent.status == "processing"
    sandbox.advance(4 * DAY + 60)
    assert movements(client, seller) == [("payment", 9_000, 972, 8_028)]
    assert movements(client) == [("application_fee", 900, 0, 900)]
    with pytest.raises(stripe.APIError) as missing:
        client.v1.accounts.update(seller, {"capabilities": {"treasury": {"requested": True}}})
    assert missing.value.http_status == 501


def test_a_seller_may_decline_cards_whose_checks_fail(client: Client) -> None:
    seller = new_seller(client)
    assert direct(client, seller, card="pm_card_cvcCheckFail").status == "succeeded"
    wanted = {"card_payments": {"decline_on": {"cvc_failure": True}}}
    shown = client.v1.accounts.update(seller, {"settings": wanted}).settings.card_payments.decline_on
    assert (shown.cvc_failure, shown.avs_failure) == (True, False)
    with pytest.raises(stripe.CardError) as declined:
        direct(client, seller, card="pm_card_cvcCheckFail")
    assert error_of(declined).code == "incorrect_cvc"
    assert direct(client, seller, card="pm_card_avsZipFail").status == "succeeded"
