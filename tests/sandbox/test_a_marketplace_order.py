"""One marketplace order from a seller's onboarding to a payout that came back: every event, amount and balance."""

from __future__ import annotations

import json
from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import Client, Listener, Running, error_of, events, eventually, new_session
from tests.sandbox.connect import CAPABILITIES, DAY, balance_of, movements, on, seller_events

HOUR = 3600
EXPRESS: Any = {
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


def test_a_marketplace_order(client: Client, sandbox: Running, listener: Listener) -> None:
    client.v1.webhook_endpoints.create({"url": f"{listener.url}?platform", "enabled_events": ["*"]})
    client.v1.webhook_endpoints.create({"url": f"{listener.url}?sellers", "enabled_events": ["*"], "connect": True})
    platform: list[str] = []
    seller_s: list[str] = []

    # A seller comes, whose bank account will turn out to be closed.
    seller = client.v1.accounts.create(EXPRESS).id
    assert not client.v1.accounts.retrieve(seller).charges_enabled
    assert sandbox.post(f"/accounts/{seller}/onboard", account_number="000111111113").status_code == 200
    ready = client.v1.accounts.retrieve(seller)
    assert (ready.charges_enabled, ready.payouts_enabled, ready.details_submitted) == (True, True, True)
    seller_s += ["person.created", "account.updated", "account.external_account.created", "account.updated"]
    seller_s += ["person.updated", "capability.updated", "capability.updated", "account.updated"]
    assert seller_events(client, seller) == seller_s

    # A buyer pays 100.00, of which Stripe keeps 3.20.
    session = new_session(client, 10_000, payment_intent_data={"transfer_group": "order_1"})
    assert sandbox.pay(session.id, card="4000000000000259").status_code == 200
    paid = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]}).payment_intent
    eventually(lambda: client.v1.charges.retrieve(paid.latest_charge).balance_transaction)
    assert (balance_of(client), balance_of(client, seller)) == ((0, 9_680), (0, 0))
    platform += ["product.created", "price.created", "payment_intent.created", "charge.succeeded"]
    platform += ["payment_intent.succeeded", "checkout.session.completed", "charge.updated"]

    # The seller's share leaves at once, and matures with the payment.
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.create({"amount": 9_000, "currency": "usd", "destination": seller})
    assert error_of(refused).code == "balance_insufficient"
    transfer = client.v1.transfers.create(
        {"amount": 9_000, "currency": "usd", "destination": seller, "source_transaction": paid.latest_charge}
    )
    assert (transfer.transfer_group, transfer.source_transaction) == ("order_1", paid.latest_charge)
    assert (balance_of(client), balance_of(client, seller)) == ((0, 680), (0, 9_000))
    platform += ["transfer.created"]

    # The buyer gets 20.00 back, of which the seller gives 18.00.
    reversal = client.v1.transfers.reversals.create(transfer.id, {"amount": 1_800})
    refund = client.v1.refunds.create({"payment_intent": paid.id, "amount": 2_000})
    assert (reversal.amount, refund.status, refund.amount) == (1_800, "succeeded", 2_000)
    assert (balance_of(client), balance_of(client, seller)) == ((0, 480), (0, 7_200))
    assert client.v1.transfers.retrieve(transfer.id).amount_reversed == 1_800
    platform += ["transfer.reversed", "refund.created", "charge.refunded"]

    # And then disputes the rest: 80.00 and a fee of 15.00 are gone from the platform, the seller keeps the share.
    sandbox.advance(5)
    dispute = client.v1.disputes.list({"payment_intent": paid.id}).data[0]
    assert (dispute.status, dispute.amount, dispute.reason) == ("needs_response", 8_000, "fraudulent")
    assert (balance_of(client), balance_of(client, seller)) == ((-9_500, 480), (0, 7_200))
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": paid.id})
    assert error_of(refused).code == "charge_disputed"
    platform += ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.updated"]

    # The platform proves that all was well, and the bank believes it a day later.
    client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    sandbox.advance(DAY + HOUR)
    assert client.v1.disputes.retrieve(dispute.id).status == "won"
    assert balance_of(client) == (-1_500, 480)
    platform += ["charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_reinstated"]

    # Two days after the payment its money is there, and the seller takes the share out.
    sandbox.advance(DAY)
    assert (balance_of(client), balance_of(client, seller)) == ((-1_020, 0), (7_200, 0))
    platform += ["balance.available"]
    payout = client.v1.payouts.create({"amount": 7_200, "currency": "usd"}, on(seller))
    assert (payout.status, balance_of(client, seller)) == ("pending", (0, 0))
    sandbox.advance(HOUR + 1)
    assert client.v1.payouts.retrieve(payout.id, {}, on(seller)).status == "in_transit"
    sandbox.advance(2 * DAY)
    assert client.v1.payouts.retrieve(payout.id, {}, on(seller)).status == "paid"
    seller_s += ["balance.available", "payout.created", "payout.updated", "payout.paid"]
    assert seller_events(client, seller) == seller_s

    # Paid as it was, it comes back: the account was closed, and the seller must give another one.
    sandbox.advance(DAY)
    failed = client.v1.payouts.retrieve(payout.id, {"expand": ["failure_balance_transaction"]}, on(seller))
    assert (failed.status, failed.failure_code) == ("failed", "account_closed")
    assert (failed.failure_balance_transaction.type, failed.failure_balance_transaction.net) == ("payout_failure", 7_200)
    stopped = client.v1.accounts.retrieve(seller)
    assert (stopped.payouts_enabled, stopped.charges_enabled) == (False, True)
    assert stopped.requirements.past_due == ["external_account"]
    assert stopped.external_accounts.data[0].status == "errored"
    assert (balance_of(client), balance_of(client, seller)) == ((-1_020, 0), (7_200, 0))
    seller_s += ["payout.failed", "account.external_account.updated", "account.updated"]

    assert events(client) == platform
    assert seller_events(client, seller) == seller_s
    assert movements(client) == [
        ("charge", 10_000, 320, 9_680),
        ("transfer", -9_000, 0, -9_000),
        ("transfer_refund", 1_800, 0, 1_800),
        ("refund", -2_000, 0, -2_000),
        ("adjustment", -8_000, 1_500, -9_500),
        ("adjustment", 8_000, 0, 8_000),
    ]
    assert movements(client, seller) == [
        ("payment", 9_000, 0, 9_000),
        ("payment_refund", -1_800, 0, -1_800),
        ("payout", -7_200, 0, -7_200),
        ("payout_failure", 7_200, 0, 7_200),
    ]
    _everybody_was_told(listener, seller, platform, seller_s)


def _everybody_was_told(listener: Listener, seller: str, platform: list[str], seller_s: list[str]) -> None:
    """Each endpoint its own side of it, and nothing of the other."""
    eventually(lambda: len(listener.received) == len(platform) + len(seller_s))
    heard = [json.loads(body) for _, body in listener.received]
    assert sorted(each["type"] for each in heard if "account" not in each) == sorted(platform)
    assert sorted(each["type"] for each in heard if each.get("account") == seller) == sorted(seller_s)
