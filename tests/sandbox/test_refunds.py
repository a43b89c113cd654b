"""Refunds: in parts, in full, never too much, and those that the bank sends back."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import Client, Running, charge, events

DAY = 86_400


def _charge_of(client: Client, intent: Any) -> Any:
    return client.v1.charges.retrieve(str(intent.latest_charge))


def _sum_of_net(client: Client) -> int:
    return sum(each.net for each in client.v1.balance_transactions.list({"limit": 100}).data)


def _balance(client: Client) -> int:
    balance = client.v1.balance.retrieve()
    return sum(each.amount for each in (*balance.available, *balance.pending))


def test_two_partial_refunds_make_a_full_one(client: Client) -> None:
    intent = charge(client, 10_000)
    first = client.v1.refunds.create({"payment_intent": intent.id, "amount": 4000, "metadata": {"why": "chipped"}})
    assert (first.status, first.amount, first.metadata["why"]) == ("succeeded", 4000, "chipped")
    assert not _charge_of(client, intent).refunded
    rest = client.v1.refunds.create({"charge": str(intent.latest_charge)})
    assert rest.amount == 6000
    made = _charge_of(client, intent)
    assert (made.refunded, made.amount_refunded, made.status) == (True, 10_000, "succeeded")
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    assert events(client)[3:] == ["charge.updated", *["refund.created", "charge.refunded"] * 2]
    assert _balance(client) == _sum_of_net(client) == -320


def test_more_than_is_left_is_refused_and_nothing_moves(client: Client) -> None:
    intent = charge(client, 1000)
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 600})
    told = events(client)
    with pytest.raises(stripe.InvalidRequestError, match=r"\$5.00\) is greater than unrefunded amount on charge \(\$4.00"):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 500})
    assert _charge_of(client, intent).amount_refunded == 600
    assert events(client) == told
    client.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_already_refunded"
    assert _sum_of_net(client) == -59


def test_a_pending_refund_succeeds_later(client: Client, sandbox: Running) -> None:
    intent = charge(client, card="pm_card_pendingRefund")
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    sandbox.advance(DAY + 1)
    later = client.v1.refunds.retrieve(refund.id)
    assert (later.status, later.pending_reason) == ("succeeded", None)
    assert events(client)[-2:] == ["refund.updated", "charge.refund.updated"]


def test_the_end_of_a_pending_refund_says_that_there_was_no_reference_before(client: Client, sandbox: Running) -> None:
    client.v1.refunds.create({"payment_intent": charge(client, card="pm_card_pendingRefund").id})
    sandbox.advance(DAY)
    told = client.v1.events.list({"type": "refund.updated"}).data[0].data
    assert told.previous_attributes["destination_details"]["card"].to_dict() == {
        "reference": None,
        "reference_status": "pending",
    }
    assert told.object.destination_details.card.reference_status == "available"


def test_a_failing_refund_gives_the_money_back_to_the_balance(client: Client, sandbox: Running) -> None:
    intent = charge(client, 1000, card="pm_card_refundFail")
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    assert (refund.status, _sum_of_net(client)) == ("succeeded", -59)
    sandbox.advance(DAY + 1)
    failed = client.v1.refunds.retrieve(refund.id, {"expand": ["failure_balance_transaction"]})
    assert (failed.status, failed.failure_reason) == ("failed", "lost_or_stolen_card")
    assert (failed.failure_balance_transaction.type, failed.failure_balance_transaction.amount) == ("refund_failure", 1000)
    made = _charge_of(client, intent)
    assert (made.refunded, made.amount_refunded) == (False, 0)
    assert events(client)[-4:] == ["refund.updated", "charge.refund.updated", "refund.failed", "charge.updated"]
    assert _balance(client) == _sum_of_net(client) == 941
    assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 1000


def test_a_pending_refund_can_be_made_to_fail(client: Client) -> None:
    intent = charge(client, card="pm_card_pendingRefund")
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    assert client.v1.test_helpers.refunds.expire(refund.id).status == "failed"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.cancel(refund.id)
    assert client.v1.refunds.retrieve(refund.id).status == "failed"


def test_what_was_never_charged_cannot_be_refunded(client: Client) -> None:
    waiting = charge(client, capture_method="manual")
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": waiting.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({})
    assert refused.value.code == "parameter_missing"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"charge": "ch_none"})
    assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, "resource_missing", "charge")
    assert client.v1.refunds.list().data == []


def test_refunds_are_listed_by_charge_and_shown_on_it_when_expanded(client: Client) -> None:
    intent, other = charge(client), charge(client)
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 100})
    client.v1.refunds.create({"payment_intent": other.id})
    client.v1.refunds.update(refund.id, {"metadata": {"a": "b"}})
    assert [each.id for each in client.v1.refunds.list({"payment_intent": intent.id}).data] == [refund.id]
    assert "refunds" not in _charge_of(client, intent)
    expanded = client.v1.charges.retrieve(str(intent.latest_charge), {"expand": ["refunds"]})
    assert [each.metadata["a"] for each in expanded.refunds.data] == ["b"]
