"""Disputes: the bank takes the money, the seller answers, the bank decides; the balance follows to the cent."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from tests.sandbox.conftest import Client, Running, charge, events

DAY = 86_400
PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "charge.updated"]
OPENED = [*PAID, "charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.updated"]


def _disputed(client: Client, sandbox: Running, card: str = "pm_card_createDispute", amount: int = 10_000) -> Any:
    intent = charge(client, amount, card)
    sandbox.advance(5)
    return client.v1.disputes.list({"payment_intent": intent.id}).data[0]


def _told(client: Client) -> list[str]:
    """Without the payment's own money becoming available on the way."""
    return [each for each in events(client) if each != "balance.available"]


def _balance(client: Client) -> int:
    balance = client.v1.balance.retrieve()
    total = sum(each.amount for each in (*balance.available, *balance.pending))
    assert total == sum(each.net for each in client.v1.balance_transactions.list({"limit": 100}).data)
    return int(total)


def test_a_disputed_payment_leaves_the_balance_with_a_fee(client: Client, sandbox: Running) -> None:
    dispute = _disputed(client, sandbox)
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", 10_000)
    assert [(each.type, each.amount, each.fee, each.net) for each in dispute.balance_transactions] == [
        ("adjustment", -10_000, 1500, -11_500)
    ]
    assert client.v1.charges.retrieve(dispute.charge).disputed
    assert events(client) == OPENED
    assert _balance(client) == 9_680 - 11_500


def test_winning_evidence_brings_it_back_but_not_the_fee(client: Client, sandbox: Running) -> None:
    dispute = _disputed(client, sandbox)
    sent = client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    sandbox.advance(DAY)
    assert client.v1.disputes.retrieve(dispute.id).status == "won"
    assert events(client) == [
        *OPENED,
        "charge.dispute.updated",
        "charge.dispute.closed",
        "charge.dispute.funds_reinstated",
    ]
    assert _balance(client) == 9_680 - 1_500


@pytest.mark.parametrize("way", ["evidence", "close", "deadline"])
def test_a_dispute_is_lost_by_bad_evidence_by_giving_in_and_by_silence(client: Client, sandbox: Running, way: str) -> None:
    dispute = _disputed(client, sandbox)
    if way == "evidence":
        client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "losing_evidence"}})
    elif way == "close":
        assert client.v1.disputes.close(dispute.id).status == "lost"
    sandbox.advance(DAY if way == "evidence" else 10 * DAY)
    lost = client.v1.disputes.retrieve(dispute.id)
    assert (lost.status, lost.evidence_details.past_due) == ("lost", False)
    assert _told(client)[len(OPENED) :] == ["charge.dispute.updated"] * (way == "evidence") + ["charge.dispute.closed"]
    assert _balance(client) == 9_680 - 11_500


def test_evidence_can_be_staged_before_it_is_sent(client: Client, sandbox: Running) -> None:
    dispute = _disputed(client, sandbox, "pm_card_createDisputeProductNotReceived")
    staged = client.v1.disputes.update(dispute.id, {"evidence": {"shipping_carrier": "Mule"}, "submit": False})
    assert (staged.status, staged.reason, staged.evidence.shipping_carrier) == (
        "needs_response",
        "product_not_received",
        "Mule",
    )
    assert client.v1.disputes.update(dispute.id, {"submit": True}).status == "under_review"
    with pytest.raises(stripe.InvalidRequestError, match="no longer be changed"):
        client.v1.disputes.update(dispute.id, {"evidence": {"shipping_carrier": "Ox"}})
    assert client.v1.disputes.retrieve(dispute.id).evidence.shipping_carrier == "Mule"
    sandbox.advance(100 * DAY)
    assert client.v1.disputes.retrieve(dispute.id).status == "under_review"
    assert sandbox.post(f"/disputes/{dispute.id}/decide", outcome="won").status_code == 200
    assert client.v1.disputes.retrieve(dispute.id).status == "won"
    assert sandbox.post(f"/disputes/{dispute.id}/decide", outcome="lost").status_code == 400


def test_an_inquiry_moves_no_money_and_ends_when_refunded(client: Client, sandbox: Running) -> None:
    dispute = _disputed(client, sandbox, "pm_card_createDisputeInquiry")
    assert (dispute.status, dispute.is_charge_refundable) == ("warning_needs_response", True)
    assert dispute.balance_transactions == []
    client.v1.refunds.create({"charge": dispute.charge})
    sandbox.advance(1)
    assert client.v1.disputes.retrieve(dispute.id).status == "warning_closed"
    assert events(client) == [
        *PAID,
        "charge.dispute.created",
        "charge.updated",
        "refund.created",
        "charge.refunded",
        "charge.dispute.closed",
    ]
    assert _balance(client) == -320


def test_an_inquiry_can_become_a_dispute(client: Client, sandbox: Running) -> None:
    dispute = _disputed(client, sandbox, "pm_card_createDisputeInquiry")
    client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "escalate_inquiry_evidence"}})
    sandbox.advance(DAY)
    now = client.v1.disputes.retrieve(dispute.id)
    assert (now.status, now.payment_method_details.card.case_type) == ("needs_response", "chargeback")
    assert events(client)[-3:] == ["charge.dispute.updated", "charge.dispute.updated", "charge.dispute.funds_withdrawn"]
    assert _balance(client) == 9_680 - 11_500


def test_a_payment_charged_back_cannot_be_refunded_as_well(client: Client, sandbox: Running) -> None:
    dispute = _disputed(client, sandbox)
    with pytest.raises(stripe.InvalidRequestError, match="charged back") as refused:
        client.v1.refunds.create({"charge": dispute.charge})
    assert refused.value.code == "charge_disputed"
    assert client.v1.refunds.list({"charge": dispute.charge}).data == []


def test_one_payment_can_be_disputed_twice_in_parts(client: Client, sandbox: Running) -> None:
    charge(client, 9_999, "pm_card_createMultipleDisputes")
    sandbox.advance(5)
    assert sorted(each.amount for each in client.v1.disputes.list().data) == [4_999, 5_000]
    assert _balance(client) == 9_999 - 320 - 9_999 - 3_000


def _dispute(client: Client, sandbox: Running, intent: Any, **fields: Any) -> Any:
    answer = sandbox.post(f"/charges/{intent.latest_charge}/dispute", **fields)
    assert answer.status_code == 200, answer.text
    return client.v1.disputes.retrieve(answer.json()["id"])


def test_any_payment_can_be_disputed_by_a_control(client: Client, sandbox: Running) -> None:
    intent = charge(client, 10_000)
    dispute = _dispute(client, sandbox, intent, reason="subscription_canceled", amount=2500)
    shown = dispute.payment_method_details.card
    assert (dispute.status, dispute.reason, dispute.amount, shown.case_type) == (
        "needs_response",
        "subscription_canceled",
        2500,
        "chargeback",
    )
    assert events(client) == OPENED
    assert _balance(client) == 9_680 - 2_500 - 1_500
    for wrong in ({"reason": "weather"}, {"amount": 10_001}, {"amount": 0}, {"kind": "x"}, {}):
        assert sandbox.post(f"/charges/{intent.latest_charge}/dispute", **wrong).status_code == 400
    assert len(client.v1.disputes.list().data) == 1


def test_a_prevented_dispute_gives_the_money_back_without_a_fee(client: Client, sandbox: Running) -> None:
    intent = charge(client, 10_000)
    dispute = _dispute(client, sandbox, intent, kind="prevented")
    assert (dispute.status, dispute.balance_transactions, dispute.payment_method_details.card.case_type) == (
        "prevented",
        [],
        "resolution",
    )
    assert client.v1.charges.retrieve(intent.latest_charge).refunded
    assert events(client) == [
        *PAID,
        "refund.created",
        "charge.refunded",
        "charge.dispute.created",
        "charge.updated",
        "charge.dispute.closed",
    ]
    assert _balance(client) == -320
    sandbox.advance(20 * DAY)
    assert client.v1.disputes.retrieve(dispute.id).status == "prevented"


@pytest.mark.parametrize(("text", "status", "left"), [("winning_evidence", "won", 10_000), ("losing_evidence", "lost", 0)])
def test_a_decision_can_be_appealed(client: Client, sandbox: Running, text: str, status: str, left: int) -> None:
    dispute = _disputed(client, sandbox)
    client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    sandbox.advance(DAY)
    told = len(_told(client))
    assert sandbox.post(f"/disputes/{dispute.id}/decide", outcome="appealed").status_code == 200
    contested = client.v1.disputes.retrieve(dispute.id)
    assert (contested.status, contested.evidence_details.has_evidence) == ("appeal_needs_response", False)
    assert _balance(client) == 9_680 - 1_500 - 10_000
    sent = client.v1.disputes.update(dispute.id, {"evidence": {"appeal": {"card": {"reason_for_filing": text}}}})
    assert (sent.status, sent.evidence.appeal.card.reason_for_filing) == ("appeal_under_review", text)
    sandbox.advance(DAY)
    assert client.v1.disputes.retrieve(dispute.id).status == status
    assert _told(client)[told:] == [
        "charge.dispute.updated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.closed",
        *["charge.dispute.funds_reinstated"] * (status == "won"),
    ]
    assert _balance(client) == 9_680 - 1_500 - 10_000 + left


def test_an_appeal_before_the_bank_looked_at_the_evidence_leaves_nothing_broken_in_the_log(
    client: Client, sandbox: Running, caplog: pytest.LogCaptureFixture
) -> None:
    dispute = _disputed(client, sandbox)
    client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    for outcome in ("won", "appealed"):
        assert sandbox.post(f"/disputes/{dispute.id}/decide", outcome=outcome).status_code == 200
    sandbox.advance(DAY)
    assert client.v1.disputes.retrieve(dispute.id).status == "appeal_needs_response"
    assert [each.getMessage() for each in caplog.records if dispute.id in each.getMessage()] == []


def test_one_of_two_disputes_won_leaves_the_payment_charged_back(client: Client, sandbox: Running) -> None:
    intent = charge(client, 10_000, "pm_card_createMultipleDisputes")
    sandbox.advance(5)
    first, second = client.v1.disputes.list().data
    client.v1.disputes.update(first.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    sandbox.advance(DAY)
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 100})
    client.v1.disputes.close(second.id)
    assert _balance(client) == 10_000 - 320 - 5_000 - 3_000


def test_an_early_fraud_warning_disputes_nothing(client: Client, sandbox: Running) -> None:
    intent = charge(client, card="pm_card_createIssuerFraudRecord")
    sandbox.advance(5)
    warning = client.v1.radar.early_fraud_warnings.list({"payment_intent": intent.id}).data[0]
    assert client.v1.radar.early_fraud_warnings.retrieve(warning.id).actionable
    assert events(client) == [*PAID, "radar.early_fraud_warning.created"]
    assert client.v1.disputes.list().data == []


def test_what_was_refunded_before_is_not_disputed(client: Client, sandbox: Running) -> None:
    intent = charge(client, card="pm_card_createDispute")
    client.v1.refunds.create({"payment_intent": intent.id})
    sandbox.advance(5)
    assert client.v1.disputes.list().data == []
