"""Money between a platform and its sellers: destination charges, direct charges, transfers, reversals and fees."""

from __future__ import annotations

import pytest
import stripe
from tests.sandbox.conftest import Client, Running, charge, error_of, events, eventually, new_session
from tests.sandbox.connect import CAPABILITIES, DAY, balance_of, movements, new_seller, on, seller_events


@pytest.fixture
def seller(client: Client) -> str:
    return new_seller(client)


def _settled(client: Client, intent: object, seller: str | None = None) -> object:
    options = on(seller) if seller else {}
    id = str(intent.latest_charge)  # type: ignore[attr-defined]
    eventually(lambda: client.v1.charges.retrieve(id, {}, options).balance_transaction)
    return client.v1.charges.retrieve(id, {}, options)


def test_a_destination_charge_moves_everything_and_the_fee_comes_back(client: Client, seller: str) -> None:
    intent = charge(client, 10_000, transfer_data={"destination": seller}, application_fee_amount=1000)
    made = _settled(client, intent)
    assert events(client) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "transfer.created",
        "application_fee.created",
        "charge.updated",
    ]
    assert movements(client) == [
        ("charge", 10_000, 320, 9680),
        ("transfer", -10_000, 0, -10_000),
        ("application_fee", 1000, 0, 1000),
    ]
    assert movements(client, seller) == [("payment", 10_000, 1000, 9000)]
    transfer = client.v1.transfers.retrieve(made.transfer)  # type: ignore[attr-defined]
    assert (transfer.amount, transfer.source_transaction, transfer.transfer_group) == (
        10_000,
        intent.latest_charge,
        f"group_{intent.id}",
    )
    fee = client.v1.application_fees.retrieve(made.application_fee)  # type: ignore[attr-defined]
    assert (fee.amount, fee.account, fee.charge, fee.originating_transaction) == (
        1000,
        seller,
        transfer.destination_payment,
        intent.latest_charge,
    )
    payment = client.v1.charges.retrieve(transfer.destination_payment, {"expand": ["balance_transaction"]}, on(seller))
    assert (payment.amount, payment.source_transfer) == (10_000, transfer.id)
    assert [each.type for each in payment.balance_transaction.fee_details] == ["application_fee"]


def test_a_destination_charge_may_move_only_a_part(client: Client, seller: str) -> None:
    intent = charge(client, 10_000, transfer_data={"destination": seller, "amount": 9000})
    _settled(client, intent)
    assert movements(client) == [("charge", 10_000, 320, 9680), ("transfer", -9000, 0, -9000)]
    assert movements(client, seller) == [("payment", 9000, 0, 9000)]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        charge(client, transfer_data={"destination": seller, "amount": 10}, application_fee_amount=10)
    assert refused.value.code == "parameters_exclusive"


def test_a_refund_takes_back_its_share_from_the_seller(client: Client, seller: str) -> None:
    intent = charge(client, 9999, transfer_data={"destination": seller}, application_fee_amount=1001)
    _settled(client, intent)
    told = len(events(client))
    wanted = {"payment_intent": intent.id, "reverse_transfer": True, "refund_application_fee": True}
    first = client.v1.refunds.create({**wanted, "amount": 3333})
    reversal = client.v1.transfers.retrieve(_transfer(client, intent)).reversals.data[0]
    assert (first.transfer_reversal, reversal.amount, reversal.source_refund) == (reversal.id, 3333, first.id)
    client.v1.refunds.create(wanted)
    assert (
        events(client)[told:]
        == [
            "refund.created",
            "charge.refunded",
            "transfer.reversed",
            "application_fee.refunded",
        ]
        * 2
    )
    transfer = client.v1.transfers.retrieve(_transfer(client, intent))
    assert (transfer.amount_reversed, transfer.reversed) == (9999, True)
    assert sum(balance_of(client, seller)) == 0
    assert sum(balance_of(client)) == -320
    assert [each[:2] for each in movements(client, seller)] == [
        ("payment", 9999),
        ("payment_refund", -3333),
        ("application_fee_refund", 333),
        ("payment_refund", -6666),
        ("application_fee_refund", 668),
    ]


def _transfer(client: Client, intent: object) -> str:
    return str(client.v1.charges.retrieve(str(intent.latest_charge)).transfer)  # type: ignore[attr-defined]


def test_a_refund_leaves_the_seller_alone_unless_told_otherwise(client: Client, seller: str) -> None:
    intent = charge(client, 10_000, transfer_data={"destination": seller}, application_fee_amount=1000)
    _settled(client, intent)
    client.v1.refunds.create({"payment_intent": intent.id})
    assert sum(balance_of(client, seller)) == 9000
    assert sum(balance_of(client)) == 9680 - 10_000 + 1000 - 10_000
    plain = charge(client, 1000)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": plain.id, "reverse_transfer": True})
    assert error_of(refused).param == "reverse_transfer"
    assert client.v1.refunds.list({"payment_intent": plain.id}).data == []


def test_a_direct_charge_lives_on_the_seller(client: Client, seller: str) -> None:
    intent = client.v1.payment_intents.create(
        {
            "amount": 10_000,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "application_fee_amount": 1000,
        },
        on(seller),
    )
    made = _settled(client, intent, seller)
    assert intent.application.startswith("ca_")
    assert movements(client, seller) == [("charge", 10_000, 1320, 8680)]
    assert movements(client) == [("application_fee", 1000, 0, 1000)]
    assert events(client) == ["application_fee.created"]
    assert seller_events(client, seller)[-4:] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.updated",
    ]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.retrieve(intent.id)
    assert refused.value.http_status == 404
    client.v1.refunds.create({"charge": made.id, "refund_application_fee": True}, on(seller))  # type: ignore[attr-defined]
    assert sum(balance_of(client, seller)) == -320
    assert sum(balance_of(client)) == -320
    assert client.v1.balance.retrieve().connect_reserved[0].amount == 320


def test_a_transfer_needs_available_money_unless_a_charge_stands_behind_it(
    client: Client, sandbox: Running, seller: str
) -> None:
    intent = charge(client, 10_000)
    made = _settled(client, intent)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.create({"amount": 9000, "currency": "usd", "destination": seller})
    assert refused.value.code == "balance_insufficient"
    assert client.v1.transfers.list().data == []
    transfer = client.v1.transfers.create(
        {"amount": 6000, "currency": "usd", "destination": seller, "source_transaction": made.id}  # type: ignore[attr-defined]
    )
    assert transfer.transfer_group == f"group_{intent.id}"
    assert balance_of(client, seller) == (0, 6000)
    with pytest.raises(stripe.InvalidRequestError, match="must not exceed the source amount of"):
        client.v1.transfers.create(
            {"amount": 4001, "currency": "usd", "destination": seller, "source_transaction": made.id}  # type: ignore[attr-defined]
        )
    with pytest.raises(stripe.InvalidRequestError, match="must be the same as the transfer currency"):
        client.v1.transfers.create(
            {"amount": 100, "currency": "eur", "destination": seller, "source_transaction": made.id}  # type: ignore[attr-defined]
        )
    sandbox.advance(2 * DAY + 1)
    assert (balance_of(client, seller), balance_of(client)) == ((6000, 0), (3680, 0))
    assert client.v1.transfers.create({"amount": 3680, "currency": "usd", "destination": seller}).amount == 3680
    assert (balance_of(client, seller), balance_of(client)) == ((9680, 0), (0, 0))


def test_a_reversal_needs_the_sellers_money(client: Client, seller: str) -> None:
    _settled(client, charge(client, 10_000, card="pm_card_bypassPending"))
    transfer = client.v1.transfers.create({"amount": 5000, "currency": "usd", "destination": seller, "transfer_group": "o1"})
    reversal = client.v1.transfers.reversals.create(transfer.id, {"amount": 2000, "metadata": {"why": "late"}})
    assert (reversal.amount, reversal.transfer) == (2000, transfer.id)
    client.v1.payouts.create({"amount": 3000, "currency": "usd"}, on(seller))
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.transfers.reversals.create(transfer.id)
    assert refused.value.code == "balance_insufficient"
    now = client.v1.transfers.retrieve(transfer.id)
    assert (now.amount_reversed, now.reversed) == (2000, False)
    assert [each.id for each in client.v1.transfers.list({"transfer_group": "o1"}).data] == [transfer.id]
    assert events(client)[-2:] == ["transfer.created", "transfer.reversed"]
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.transfers.reversals.create(transfer.id, {"amount": 3001})


def test_a_payment_that_came_by_transfer_is_not_refunded_by_the_seller(client: Client, seller: str) -> None:
    _settled(client, charge(client, 10_000, transfer_data={"destination": seller}))
    payment = client.v1.charges.list({}, on(seller)).data[0]
    with pytest.raises(stripe.APIError, match="reverse the transfer instead"):
        client.v1.refunds.create({"charge": payment.id}, on(seller))
    assert movements(client, seller) == [("payment", 10_000, 0, 10_000)]


def test_an_idempotency_key_belongs_to_one_account(client: Client, seller: str) -> None:
    first = client.v1.products.create({"name": "Tea"}, {"idempotency_key": "k"})
    again = client.v1.products.create({"name": "Tea"}, {"idempotency_key": "k"})
    other = client.v1.products.create({"name": "Tea"}, {"idempotency_key": "k", **on(seller)})
    assert (first.id == again.id, first.id == other.id) == (True, False)


def test_a_fee_is_given_back_in_parts(client: Client, seller: str) -> None:
    intent = charge(client, 10_000, transfer_data={"destination": seller}, application_fee_amount=1000)
    made = _settled(client, intent)
    fee = made.application_fee  # type: ignore[attr-defined]
    part = client.v1.application_fees.refunds.create(fee, {"amount": 300})
    client.v1.application_fees.refunds.update(fee, part.id, {"metadata": {"a": "b"}})
    assert client.v1.application_fees.refunds.retrieve(fee, part.id).metadata["a"] == "b"
    assert client.v1.application_fees.refunds.create(fee).amount == 700
    assert client.v1.application_fees.retrieve(fee).refunded
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.application_fees.refunds.create(fee)
    assert sum(balance_of(client, seller)) == 10_000


def test_a_seller_who_may_not_be_paid_is_refused(client: Client) -> None:
    unready = client.v1.accounts.create({"type": "express", "capabilities": CAPABILITIES}).id
    with pytest.raises(stripe.InvalidRequestError) as refused:
        charge(client, transfer_data={"destination": unready})
    assert refused.value.code == "insufficient_capabilities_for_transfer"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        charge(client, transfer_data={"destination": "acct_nobody"})
    assert (refused.value.code, refused.value.param) == ("resource_missing", "transfer_data[destination]")
    with pytest.raises(stripe.InvalidRequestError, match="cannot currently make live charges"):
        client.v1.payment_intents.create({"amount": 500, "currency": "usd"}, on(unready))
    with pytest.raises(stripe.InvalidRequestError, match="Can only apply an application_fee_amount"):
        charge(client, application_fee_amount=10)
    assert client.v1.payment_intents.list().data == []


def test_another_platform_has_no_access(client: Client, sandbox: Running, seller: str) -> None:
    other = sandbox.client()
    with pytest.raises(stripe.PermissionError) as refused:
        other.v1.balance.retrieve({}, on(seller))
    assert error_of(refused).code == "account_invalid"
    with pytest.raises(stripe.PermissionError):
        other.v1.accounts.retrieve(seller)
    assert other.v1.accounts.list().data == []


def test_a_checkout_session_pays_the_seller(client: Client, sandbox: Running, seller: str) -> None:
    wanted = {"transfer_data": {"destination": seller}, "application_fee_amount": 250, "transfer_group": "order_7"}
    session = new_session(client, payment_intent_data=wanted)
    assert sandbox.pay(session.id, card="4242424242424242").status_code == 200
    eventually(lambda: balance_of(client, seller) == (0, 2250))
    assert client.v1.transfers.list({"transfer_group": "order_7"}).data[0].amount == 2500
    with pytest.raises(stripe.InvalidRequestError):
        new_session(client, payment_intent_data={"transfer_data": {"destination": "acct_nobody"}})
